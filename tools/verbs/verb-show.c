/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace for a person to read, one line a transfer:
 *
 *     2  0.001200  120 us  0x77 W f4 2e 01  ! data byte not acknowledged
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/terminal.h"
#include "common/text-in.h"
#include "common/tool.h"
#include "verbs/trace-json.h"
#include "verbs/wave.h"

/* Where a line that is too long goes on: a transfer's below its address. */
#define INDENT_TRANSFER 36
#define INDENT_OTHER    2

static void print_bytes(struct terminal *t, const struct i2cpt_trace_msg *m)
{
    for (uint32_t i = 0; i < m->n_bytes; i++) {
        uint8_t kind = m->kinds ? m->kinds[i] : 0;

        if (kind & I2CPT_TRACE_REDACTED) {
            tool_terminal_word(t, LOOK_PLAIN, " ??");
        } else {
            tool_terminal_word(t, LOOK_PLAIN, " %02x%s", m->bytes[i],
                               kind & I2CPT_TRACE_VOLATILE ? "~" : "");
        }
    }
}

/* The character that a byte is, 0 for none. */
static char character_of(const struct i2cpt_trace_msg *m, uint32_t i)
{
    bool known = !m->kinds || !(m->kinds[i] & I2CPT_TRACE_REDACTED);

    return known && m->bytes[i] >= ' ' && m->bytes[i] < 0x7f ? (char)m->bytes[i]
                                                             : 0;
}

/* Two in a row may be a text; one is mostly none. */
static bool looks_like_text(const struct i2cpt_trace_msg *m)
{
    for (uint32_t i = 1; i < m->n_bytes; i++) {
        if (character_of(m, i) && character_of(m, i - 1)) {
            return true;
        }
    }
    return false;
}

static void print_text(struct terminal *t, const struct i2cpt_trace_msg *m)
{
    g_autofree char *text = g_malloc(m->n_bytes + 1);

    for (uint32_t i = 0; i < m->n_bytes; i++) {
        char c = character_of(m, i);

        text[i] = c ? c : '.';
    }
    text[m->n_bytes] = 0;
    tool_terminal_word(t, LOOK_TEXT, " |%s|", text);
}

static void print_message(struct terminal *t, const struct i2cpt_trace_msg *m,
                          const struct i2cpt_trace_msg *before)
{
    bool read = m->flags & I2CPT_M_RD;

    if (before) {
        tool_terminal_word(t, LOOK_PLAIN, " Sr");
    }
    if (!before || before->addr != m->addr ||
        (before->flags ^ m->flags) & I2CPT_M_TEN) {
        tool_terminal_word(t, LOOK_ADDRESS,
                           m->flags & I2CPT_M_TEN ? " 0x%03x/10" : " 0x%02x",
                           m->addr);
    }
    tool_terminal_word(t, read ? LOOK_READ : LOOK_WRITE, read ? " R" : " W");
    if (m->flags & I2CPT_M_RECV_LEN) {
        tool_terminal_word(t, LOOK_PLAIN, " block");
    }
    if (!m->len) {
        tool_terminal_word(t, LOOK_PLAIN, " nothing");
    } else if (read && !(m->flags & I2CPT_M_RECV_LEN) && m->n_bytes < m->len) {
        tool_terminal_word(t, LOOK_PLAIN, " %" PRIu32 " of %" PRIu32 ":",
                           m->n_bytes, m->len);
    }
    print_bytes(t, m);
    if (looks_like_text(m)) {
        print_text(t, m);
    }
}

/* A sentence may be broken between its words. */
static void print_words(struct terminal *t, enum terminal_look look,
                        const char *before, const char *sentence,
                        const char *behind)
{
    g_auto(GStrv) words = g_strsplit(sentence, " ", -1);

    if (!words[0]) {
        tool_terminal_word(t, look, "%s%s", before, behind);
    }
    for (guint i = 0; words[i]; i++) {
        tool_terminal_word(t, look, "%s%s%s", i ? " " : before, words[i],
                           words[i + 1] ? "" : behind);
    }
}

static void print_fault(struct terminal *t,
                        const struct i2cpt_trace_transfer *x)
{
    const struct i2cpt_fault fault = {
        .code = x->code,
        .phase = x->phase,
        .msg = x->fault_msg,
        .byte = x->fault_byte,
    };
    char text[128];

    i2cpt_fault_describe(&fault, text, sizeof(text));
    print_words(t, LOOK_FAULT, "  ! ", text, "");
}

static void print_marks(struct terminal *t,
                        const struct i2cpt_trace_transfer *x)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } marks[] = {
        {I2CPT_TRACE_PROBE, "probe"},
        {I2CPT_TRACE_RESEND, "sent again, longer"},
        {I2CPT_TRACE_CONTINUE, "read on"},
        {I2CPT_TRACE_RESTART, "repeated START"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (x->mark & marks[i].bit) {
            print_words(t, LOOK_ASIDE, "  (", marks[i].text, ")");
        }
    }
    if (x->mark & I2CPT_TRACE_TOOK) {
        g_autofree char *took =
            g_strdup_printf("the guest took %" PRIu32, x->took);

        print_words(t, LOOK_ASIDE, "  (", took, ")");
    }
    if (x->words) {
        print_words(t, LOOK_ASIDE, "  ", x->words, "");
    }
}

static void print_stamp(struct terminal *t, const struct i2cpt_trace_line *line)
{
    tool_terminal_word(t, LOOK_PLAIN, "%7" PRIu64 ".%06" PRIu64,
                       line->stamp_ns / 1000000000,
                       line->stamp_ns / 1000 % 1000000);
}

static void print_transfer(struct terminal *t,
                           const struct i2cpt_trace_line *line, uint64_t number)
{
    const struct i2cpt_trace_transfer *x = &line->transfer;

    tool_terminal_word(t, LOOK_ASIDE, "%6" PRIu64, number);
    print_stamp(t, line);
    tool_terminal_word(t, LOOK_PLAIN, " %7" PRIu64 " us ",
                       (x->duration_ns + 500) / 1000);
    if (x->bus >= 0) {
        tool_terminal_word(t, LOOK_PLAIN, " i2c-%" PRId32, x->bus);
    }
    for (uint32_t i = 0; i < x->n; i++) {
        print_message(t, &x->msgs[i], i ? &x->msgs[i - 1] : NULL);
    }
    if (x->code) {
        print_fault(t, x);
    }
    print_marks(t, x);
    tool_terminal_end_line(t);
}

static void print_line(struct terminal *t, const struct i2cpt_trace_line *line,
                       uint64_t number)
{
    t->indent =
        line->kind == I2CPT_TRACE_TRANSFER ? INDENT_TRANSFER : INDENT_OTHER;
    switch (line->kind) {
    case I2CPT_TRACE_HEADER:
        print_words(t, LOOK_ASIDE, "", line->key, ": ");
        print_words(t, LOOK_ASIDE, "", line->text, "");
        tool_terminal_end_line(t);
        break;
    case I2CPT_TRACE_TRANSFER:
        print_transfer(t, line, number);
        break;
    case I2CPT_TRACE_EVENT:
        tool_terminal_word(t, LOOK_PLAIN, "%6s", "");
        print_stamp(t, line);
        tool_terminal_word(t, LOOK_PLAIN, "%12s %s %s", "", line->key,
                           line->text);
        tool_terminal_end_line(t);
        break;
    case I2CPT_TRACE_COMMENT:
        print_words(t, LOOK_ASIDE, "#", line->text, "");
        tool_terminal_end_line(t);
        break;
    }
}

struct view {
    bool wave, json;
    struct wave_style style;
    enum terminal_colour colour;
    struct terminal *out;
    uint64_t first, last; /* transfers, from 1; 0: all */
};

static bool is_wanted(const struct view *v, const struct i2cpt_trace_line *line,
                      uint64_t number)
{
    return !v->first || (line->kind == I2CPT_TRACE_TRANSFER &&
                         number >= v->first && number <= v->last);
}

static void show_line(const struct view *v, const struct i2cpt_trace_line *line,
                      uint64_t number)
{
    if (!is_wanted(v, line, number)) {
        return;
    }
    if (!v->wave) {
        print_line(v->out, line, number);
    } else if (line->kind == I2CPT_TRACE_TRANSFER) {
        verb_wave_draw(stdout, &v->style, line, number);
    }
}

/* Whether there is one of those that were asked for. */
static int check_range(const char *path, struct i2cpt_trace_reader *reader,
                       const struct view *v)
{
    uint64_t n = i2cpt_trace_reader_transfers(reader);

    if (v->first > n) {
        tool_complain("%s: no transfer %" PRIu64 "; there are %" PRIu64, path,
                      v->first, n);
        return TOOL_USAGE;
    }
    return TOOL_FINE;
}

static int show(const char *path, struct i2cpt_trace_reader *reader,
                struct view *v)
{
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    struct terminal out;
    int rc;

    tool_terminal_init(&out, stdout, v->colour);
    v->out = &out;
    while ((rc = i2cpt_trace_reader_next(reader, &line, &fault)) > 0) {
        show_line(v, line, i2cpt_trace_reader_transfers(reader));
    }
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    if (check_range(path, reader, v)) {
        return TOOL_USAGE;
    }
    if (!i2cpt_trace_reader_complete(reader)) {
        tool_complain("%s: truncated, no `end` line", path);
    }
    return TOOL_FINE;
}

static int show_json(const char *path, struct i2cpt_trace_reader *reader,
                     const struct view *v)
{
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    struct json j = {.to = stdout};
    int rc;

    tool_json_open(&j, NULL, '{');
    tool_json_string(&j, "trace", path);
    tool_json_open(&j, "lines", '[');
    while ((rc = i2cpt_trace_reader_next(reader, &line, &fault)) > 0) {
        if (is_wanted(v, line, i2cpt_trace_reader_transfers(reader))) {
            verb_json_line(&j, line);
        }
    }
    tool_json_close(&j, ']');
    tool_json_bool(&j, "complete", !rc && i2cpt_trace_reader_complete(reader));
    tool_json_close(&j, '}');
    return rc < 0 ? tool_fault(rc, &fault) : check_range(path, reader, v);
}

/* "N" or "N-M", from 1. */
static void parse_range(const struct verb *verb, const char *text,
                        struct view *v)
{
    const char *end = text;
    bool good = tool_text_number(&end, 10, INT64_MAX, &v->first) && v->first;

    v->last = v->first;
    if (good && tool_text_take(&end, "-")) {
        good = tool_text_number(&end, 10, INT64_MAX, &v->last);
    }
    if (!good || *end || v->last < v->first) {
        tool_usage(verb, "--transfer=%s: accepted is N or N-M, from 1", text);
    }
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"wave", no_argument, NULL, 'w'},
        {"transfer", required_argument, NULL, 't'},
        {"color", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault = {0};
    struct view view = {0};
    int letter;

    while ((letter = tool_option(verb, argc, argv, ":h", options)) != -1) {
        if (letter == 'j') {
            view.json = true;
        } else if (letter == 'w') {
            view.wave = true;
            verb_wave_style_of_terminal(&view.style);
        } else if (letter == 'c') {
            if (!tool_terminal_parse_colour(optarg, &view.colour)) {
                tool_usage(verb,
                           "--color=%s: accepted is auto, always or never",
                           optarg);
            }
        } else {
            parse_range(verb, optarg, &view);
        }
    }
    if (view.json && view.wave) {
        tool_usage(verb, "--json and --wave: accepted is one of them");
    }
    const char *path = tool_operand(verb, argc, argv, "a TRACE");
    int rc = i2cpt_trace_reader_open(path, &reader, &fault);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    int status =
        view.json ? show_json(path, reader, &view) : show(path, reader, &view);
    i2cpt_trace_reader_free(reader);
    return status;
}

const struct verb verb_show = {
    .name = "show",
    .synopsis = "[--json|--wave] [--transfer N|N-M] [--color WHEN] TRACE",
    .about = "Print a trace for a person to read",
    .help =
        "TRACE may be - for the standard input. One transfer a line: its "
        "number, when it\n"
        "began (s), how long it took, the address, W and R with their bytes "
        "(~ volatile,\n"
        "?? redacted) and |what they say| where that looks like text, Sr for a "
        "repeated\n"
        "START, ! and how it failed. On a terminal it is wrapped and in "
        "colours, unless\n"
        "NO_COLOR is set.\n\n"
        "  --json            headers, transfers and events as one JSON "
        "document\n"
        "  --wave            draw SCL and SDA of each transfer instead\n"
        "  --transfer N|N-M  only these transfers, counted from 1\n"
        "  --color WHEN      auto, always or never\n\n"
        "Example:\n"
        "  i2cpt-replay show session.i2ct | less\n"
        "  i2cpt-replay show --color=always session.i2ct | less -R\n"
        "  i2cpt-replay show session.i2ct --wave --transfer 3\n",
    .run = run,
};
