/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *         START ├────── 0x48 ───────┤ W  ACK ├───────── 00 ─────────┤ ACK
 *     SCL ───┐  ┌┐ ┌┐ ┌┐ ...
 *            └──┘└─┘└─┘└
 *     SDA ─┐  ┌──┐
 *          └──┘  └──
 *              1  0  0  1 ...
 */
#include "verbs/wave.h"

#include <glib.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/terminal.h"
#include "common/text.h"
#include "exporters/wire.h"

#define MARGIN    4  /* "SCL", and a blank */
#define BLOCK_MAX 32 /* columns of a byte with its ACK, at the most */

enum look { LOW, HIGH, RISE, FALL };

/* A label's characters, besides ASCII. */
enum { LEFT = 1, LINE, RIGHT };

struct column {
    uint8_t scl, sda; /* enum look */
    char label;       /* above */
    char bit;         /* below */
};

struct wave {
    FILE *to;
    const struct wave_style *style;
    bool scl, sda; /* levels */
    unsigned n;    /* columns of the band */
    struct column band[WAVE_WIDTH_MAX];
    unsigned n_block; /* columns that stay together */
    struct column block[BLOCK_MAX];
};

/* ----------------------------------------------------------------- printing */

static const char *glyph(const struct wave *w, uint8_t look, bool top)
{
    static const char *const box[2][4] = {
        {"─", " ", "┘", "└"}, /* bottom: LOW, HIGH, RISE, FALL */
        {" ", "─", "┌", "┐"},
    };
    static const char *const plain[2][4] = {
        {"_", " ", "/", "\\"},
        {" ", "_", " ", " "},
    };

    return w->style->utf8 ? box[top][look] : plain[top][look];
}

/* Blanks at a row's end are not printed. */
static void print_row(struct wave *w, const char *margin, bool sda, bool top)
{
    unsigned blanks = (unsigned)(MARGIN - strlen(margin));

    fputs(margin, w->to);
    for (unsigned i = 0; i < w->n; i++) {
        const struct column *c = &w->band[i];
        const char *text = glyph(w, sda ? c->sda : c->scl, top);
        if (*text == ' ') {
            blanks++;
            continue;
        }
        fprintf(w->to, "%*s%s", (int)blanks, "", text);
        blanks = 0;
    }
    putc('\n', w->to);
}

static void print_text(struct wave *w, bool label)
{
    static const char *const marks[2][4] = {{"", "|", "-", "|"},
                                            {"", "├", "─", "┤"}};
    unsigned blanks = MARGIN;

    for (unsigned i = 0; i < w->n; i++) {
        char c = label ? w->band[i].label : w->band[i].bit;
        if (c == ' ') {
            blanks++;
            continue;
        }
        fprintf(w->to, "%*s", (int)blanks, "");
        blanks = 0;
        if (c <= RIGHT) {
            fputs(marks[w->style->utf8][(int)c], w->to);
        } else {
            putc(c, w->to);
        }
    }
    putc('\n', w->to);
}

static void print_band(struct wave *w)
{
    if (!w->n) {
        return;
    }
    print_text(w, true);
    print_row(w, w->style->utf8 ? "SCL" : "", false, true);
    print_row(w, w->style->utf8 ? "" : "SCL", false, false);
    print_row(w, w->style->utf8 ? "SDA" : "", true, true);
    print_row(w, w->style->utf8 ? "" : "SDA", true, false);
    print_text(w, false);
    w->n = 0;
}

static void end_block(struct wave *w)
{
    if (w->n + w->n_block > w->style->width - MARGIN) {
        print_band(w);
    }
    memcpy(w->band + w->n, w->block, w->n_block * sizeof(w->block[0]));
    w->n += w->n_block;
    w->n_block = 0;
}

/* ------------------------------------------------------------------ drawing */

static enum look change(bool *from, bool to)
{
    enum look look = *from == to ? (to ? HIGH : LOW) : to ? RISE : FALL;

    *from = to;
    return look;
}

/* One column, at whose left the lines come to these levels. */
static void step(struct wave *w, bool scl, bool sda)
{
    w->block[w->n_block++] =
        (struct column){.scl = (uint8_t)change(&w->scl, scl),
                        .sda = (uint8_t)change(&w->sda, sda),
                        .label = ' ',
                        .bit = ' '};
}

/* A text in the middle of the columns from `from` on. */
static void label(struct wave *w, unsigned from, const char *text)
{
    unsigned n = w->n_block - from, len = (unsigned)strlen(text);
    unsigned at = from + (n - len) / 2;

    for (unsigned i = 0; i < len; i++) {
        w->block[at + i].label = text[i];
    }
}

/* The same within ├─── and ───┤. */
static void label_span(struct wave *w, unsigned from, const char *text)
{
    char spaced[BLOCK_MAX];

    for (unsigned i = from; i < w->n_block; i++) {
        w->block[i].label = i == from             ? LEFT
                            : i + 1 == w->n_block ? RIGHT
                                                  : LINE;
    }
    snprintf(spaced, sizeof(spaced), " %s ", text);
    label(w, from, spaced);
}

/* Three columns: SDA may change, SCL rises, SCL falls. */
static void draw_bit(struct wave *w, bool bit)
{
    step(w, false, bit);
    step(w, true, bit);
    w->block[w->n_block - 1].bit = bit ? '1' : '0';
    step(w, false, bit);
}

static void draw_bits(struct wave *w, uint8_t byte, int n)
{
    for (int i = 7; i >= 8 - n; i--) {
        draw_bit(w, byte >> i & 1);
    }
}

/* Five columns, so that the word fits. */
static void draw_ack(struct wave *w, bool nack)
{
    unsigned from = w->n_block;

    step(w, false, nack);
    step(w, false, nack);
    step(w, true, nack);
    w->block[w->n_block - 1].bit = nack ? '1' : '0';
    step(w, true, nack);
    step(w, false, nack);
    label(w, from, nack ? "NACK" : "ACK");
}

static void draw_start(struct wave *w, bool again)
{
    if (again) {
        step(w, false, true);
        step(w, true, true);
    }
    step(w, true, true);
    step(w, true, false);
    step(w, true, false);
    step(w, false, false);
    step(w, false, false);
    label(w, 0, again ? "Sr" : "START");
    end_block(w);
}

static void draw_stop(struct wave *w)
{
    step(w, false, false);
    step(w, true, false);
    step(w, true, true);
    step(w, true, true);
    step(w, true, true);
    label(w, 0, "STOP");
    end_block(w);
}

static void draw_address(struct wave *w, const struct wire_event *e)
{
    bool ten = e->msg->flags & I2CPT_M_TEN;
    char text[20];

    snprintf(text, sizeof(text), ten ? "0x%03x/10 high" : "0x%02x",
             e->msg->addr);
    draw_bits(w, e->byte, 7);
    label_span(w, 0, text);
    unsigned from = w->n_block;
    draw_bit(w, e->byte & 1);
    label(w, from, e->byte & 1 ? "R" : "W");
}

static void draw_data(struct wave *w, const struct wire_event *e)
{
    char text[20];

    if (e->kind == WIRE_LOW) {
        snprintf(text, sizeof(text), "0x%03x/10 low", e->msg->addr);
    } else if (e->mark & I2CPT_TRACE_REDACTED) {
        snprintf(text, sizeof(text), "??");
    } else {
        snprintf(text, sizeof(text), "%02x%s", e->byte,
                 e->mark & I2CPT_TRACE_VOLATILE ? "~" : "");
    }
    draw_bits(w, e->byte, 8);
    label_span(w, 0, text);
}

static void draw_event(void *user, const struct wire_event *e)
{
    struct wave *w = user;

    switch (e->kind) {
    case WIRE_START:
    case WIRE_RESTART:
        draw_start(w, e->kind == WIRE_RESTART);
        return;
    case WIRE_STOP:
        draw_stop(w);
        return;
    case WIRE_ADDRESS:
        draw_address(w, e);
        break;
    default:
        draw_data(w, e);
    }
    draw_ack(w, e->nack);
    end_block(w);
}

void verb_wave_draw(FILE *to, const struct wave_style *style,
                    const struct i2cpt_trace_line *line, uint64_t number)
{
    static const char *const remarks[] = {
        [WIRE_PLACED] = "it is not recorded where it failed: drawn as late as "
                        "it can be",
        [WIRE_CUT] = "ended by no NACK: drawn as far as is known",
        [WIRE_ABSENT] = "nothing of it is known to have been on the wire",
    };
    struct wave w = {.to = to, .style = style, .scl = true, .sda = true};
    char *text = tool_text_transfer(&line->transfer);

    fprintf(to, "transfer %" PRIu64 ", line %" PRIu64 ": %s\n", number,
            line->line, text);
    g_free(text);
    enum wire_truth truth = export_wire_walk(&line->transfer, draw_event, &w);
    print_band(&w);
    if (truth != WIRE_EXACT) {
        fprintf(to, "    (%s)\n", remarks[truth]);
    }
    putc('\n', to);
}

void verb_wave_style_of_terminal(struct wave_style *style)
{
    unsigned width = tool_terminal_columns(STDOUT_FILENO);

    setlocale(LC_CTYPE, "");
    style->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    width = width ? width : 80;
    style->width = CLAMP(width, WAVE_WIDTH_MIN, WAVE_WIDTH_MAX);
}
