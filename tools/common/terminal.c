/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that wrap at the terminal's width, and their colours. */
#include <glib.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/terminal.h"
#include "common/text-in.h"

#define ROOM_LEAST 24 /* columns behind the indent, or nothing is wrapped */

unsigned tool_terminal_columns(int fd)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    uint64_t n;

    if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col) {
        return size.ws_col;
    }
    if (columns && tool_text_number(&columns, 10, UINT64_MAX, &n) &&
        !*columns) {
        return (unsigned)MIN(n, UINT_MAX);
    }
    return 0;
}

bool tool_terminal_parse_colour(const char *text, enum terminal_colour *out)
{
    static const char *const names[] = {
        [TERMINAL_AUTO] = "auto",
        [TERMINAL_ALWAYS] = "always",
        [TERMINAL_NEVER] = "never",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(text, names[i])) {
            *out = (enum terminal_colour)i;
            return true;
        }
    }
    return false;
}

bool tool_terminal_has_colour(int fd, enum terminal_colour wish)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (wish != TERMINAL_AUTO) {
        return wish == TERMINAL_ALWAYS;
    }
    return isatty(fd) && !(no && *no) && term && *term && strcmp(term, "dumb");
}

void tool_terminal_init(struct terminal *t, FILE *to, enum terminal_colour wish)
{
    *t = (struct terminal){
        .to = to,
        .width = isatty(fileno(to)) ? tool_terminal_columns(fileno(to)) : 0,
        .colour = tool_terminal_has_colour(fileno(to), wish),
    };
}

/* ------------------------------------------------------------------- words */

static unsigned columns_of(const char *text)
{
    unsigned n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80; /* UTF-8 */
    }
    return n;
}

static bool is_wrapped(const struct terminal *t)
{
    return t->width >= t->indent + ROOM_LEAST;
}

static void begin_line(struct terminal *t)
{
    fprintf(t->to, "\n%*s", (int)t->indent, "");
    t->column = t->indent;
}

/* As much as there is room for, on as many lines as it needs. */
static void put(struct terminal *t, const char *text)
{
    for (; *text; text++) {
        bool begins = ((unsigned char)*text & 0xc0) != 0x80;

        if (begins && is_wrapped(t) && t->column >= t->width) {
            begin_line(t);
        }
        putc(*text, t->to);
        t->column += begins;
    }
}

void tool_terminal_word(struct terminal *t, enum terminal_look look,
                        const char *format, ...)
{
    static const char *const sgr[] = {
        [LOOK_ADDRESS] = "36", [LOOK_WRITE] = "33", [LOOK_READ] = "32",
        [LOOK_TEXT] = "35",    [LOOK_FAULT] = "31", [LOOK_ASIDE] = "2",
    };
    g_autofree char *word = NULL;
    const char *text;
    va_list ap;

    va_start(ap, format);
    word = g_strdup_vprintf(format, ap);
    va_end(ap);
    text = word;
    if (is_wrapped(t) && t->column > t->indent &&
        t->column + columns_of(text) > t->width) {
        begin_line(t);
        text += strspn(text, " ");
    }
    if (t->colour && look != LOOK_PLAIN) {
        fprintf(t->to, "\033[%sm", sgr[look]);
    }
    put(t, text);
    if (t->colour && look != LOOK_PLAIN) {
        fputs("\033[0m", t->to);
    }
}

void tool_terminal_end_line(struct terminal *t)
{
    putc('\n', t->to);
    t->column = 0;
}
