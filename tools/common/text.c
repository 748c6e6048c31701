/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where two requests differ, and how a replay went, for a person. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"
#include "common/text.h"

#define WIDTH  100 /* columns of a line, about */
#define BEFORE 6   /* words before the first difference */
#define AROUND 2   /* lines before and after */
#define PLACES 3   /* that a request is named in */

/* ----------------------------------------------------------------- as text */

char *tool_text_transfer(const struct i2cpt_trace_transfer *t)
{
    const struct i2cpt_trace_line line = {
        .size = sizeof(line), .kind = I2CPT_TRACE_TRANSFER, .transfer = *t};
    int length = i2cpt_trace_line_format(&line, NULL, 0);
    char *text, *p;

    if (length == -EINVAL) {
        return g_strdup("(too long)");
    }
    if (length < 0) {
        tool_memory_end();
    }
    text = g_malloc((gsize)length + 1);
    if (i2cpt_trace_line_format(&line, text, (gsize)length + 1) != length) {
        tool_memory_end();
    }
    p = strchr(strchr(text, ' ') + 1, ' ') + 1; /* stamp and duration */
    memmove(text, p, strlen(p) + 1);
    return text;
}

void tool_text_make_plain(char *text)
{
    char *p = text;

    while (*p) {
        gunichar c = g_utf8_get_char_validated(p, -1);
        bool valid = c < (gunichar)-2;
        gsize n = valid ? (gsize)g_utf8_skip[*(guchar *)p] : 1;

        if (valid && !g_unichar_iscntrl(c)) {
            memmove(text, p, n);
            text += n;
        } else {
            *text++ = '?';
        }
        p += n;
    }
    *text = 0;
}

char *tool_text_plain(const char *text)
{
    char *copy = g_strdup(text);

    tool_text_make_plain(copy);
    return copy;
}

char *tool_text_request(const struct i2cpt_trace_transfer *t)
{
    struct i2cpt_trace_transfer asked = *t;
    g_autofree struct i2cpt_trace_msg *msgs =
        g_new(struct i2cpt_trace_msg, t->n); /* at most 1024, the reader says */
    uint32_t i;

    for (i = 0; i < t->n; i++) {
        msgs[i] = t->msgs[i];
        if (msgs[i].flags & I2CPT_M_RD) {
            msgs[i].n_bytes = 0;
        }
    }
    asked.msgs = msgs;
    asked.bus = -1;
    asked.mark = 0;
    asked.code = asked.phase = 0;
    asked.words = NULL;
    return tool_text_transfer(&asked);
}

#define WORD_MAX 24u /* longer ones are not alike */

unsigned tool_text_distance(const char *a, const char *b)
{
    unsigned d[WORD_MAX + 1][WORD_MAX + 1];
    size_t n = strlen(a), m = strlen(b), i, k;

    if (n > WORD_MAX || m > WORD_MAX) {
        return UINT_MAX;
    }
    for (i = 0; i <= n; i++) {
        for (k = 0; k <= m; k++) {
            if (!i || !k) {
                d[i][k] = (unsigned)(i + k);
                continue;
            }
            d[i][k] = MIN(MIN(d[i - 1][k], d[i][k - 1]) + 1,
                          d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
                a[i - 2] == b[k - 1]) {
                d[i][k] = MIN(d[i][k], d[i - 2][k - 2] + 1);
            }
        }
    }
    return d[n][m];
}

/* ----------------------------------------------------------------- aligned */

static bool is_byte(const char *word, char kind)
{
    return kind == '?'
               ? !strcmp(word, "??")
               : strlen(word) == 2 + (kind == '~') &&
                     g_ascii_isxdigit(word[0]) && g_ascii_isxdigit(word[1]) &&
                     (kind != '~' || word[2] == '~');
}

static bool is_any_byte(const char *word)
{
    return is_byte(word, '?') || is_byte(word, '~') || is_byte(word, 0);
}

/* Bytes that are volatile or redacted are not compared. */
static bool is_same(const char *a, const char *b)
{
    return !strcmp(a, b) || (is_any_byte(a) && is_any_byte(b) &&
                             !(is_byte(a, 0) && is_byte(b, 0)));
}

bool tool_text_same(const char *a, const char *b)
{
    g_auto(GStrv) x = g_strsplit(a, " ", -1);
    g_auto(GStrv) y = g_strsplit(b, " ", -1);
    guint i;

    for (i = 0; x[i] && y[i] && is_same(x[i], y[i]); i++) {
    }
    return !x[i] && !y[i];
}

static guint first_difference(char **a, char **b)
{
    guint i;

    for (i = 0; a[i] && b[i] && is_same(a[i], b[i]); i++) {
    }
    return i;
}

static void add_padded(GString *s, const char *word, int width)
{
    g_string_append_printf(s, " %-*s", width, word);
}

static void put_line(FILE *to, const char *name, GString *s)
{
    while (s->len && s->str[s->len - 1] == ' ') {
        g_string_truncate(s, s->len - 1);
    }
    if (s->len) {
        fprintf(to, "%s%s\n", name, s->str);
    }
    g_string_free(s, TRUE);
}

void tool_text_aligned(FILE *to, const char *first_name, const char *first,
                       const char *second_name, const char *second)
{
    g_auto(GStrv) a = g_strsplit(first, " ", -1);
    g_auto(GStrv) b = g_strsplit(second, " ", -1);
    guint at = first_difference(a, b), i = at > BEFORE ? at - BEFORE : 0;
    guint n_a = g_strv_length(a), n_b = g_strv_length(b);
    g_autofree char *blank = g_strnfill(strlen(second_name), ' ');
    GString *above = g_string_new(i ? " ..." : "");
    GString *below = g_string_new(above->str);
    GString *marks = g_string_new(i ? "    " : "");

    for (; i < MAX(n_a, n_b) && above->len < WIDTH; i++) {
        const char *p = i < n_a ? a[i] : "", *q = i < n_b ? b[i] : "";
        int width = (int)MAX(strlen(p), strlen(q));
        g_autofree char *under = g_strnfill((gsize)width, '^');

        add_padded(above, p, width);
        add_padded(below, q, width);
        add_padded(marks, is_same(p, q) ? "" : under, width);
    }
    if (i < n_a) {
        g_string_append(above, " ...");
    }
    if (i < n_b) {
        g_string_append(below, " ...");
    }
    put_line(to, first_name, above);
    put_line(to, second_name, below);
    put_line(to, blank, marks);
}

/* ------------------------------------------------------------- in the file */

static struct i2cpt_trace_reader *open_again(const char *path)
{
    struct i2cpt_trace_reader *r;
    struct stat st;

    if (stat(path, &st) || !S_ISREG(st.st_mode) ||
        i2cpt_trace_reader_open(path, &r, NULL)) {
        return NULL;
    }
    return r;
}

static void put_numbered(FILE *to, char mark,
                         const struct i2cpt_trace_line *line)
{
    g_autofree char *text = line->kind == I2CPT_TRACE_TRANSFER
                                ? tool_text_transfer(&line->transfer)
                                : g_strdup("");

    if (line->kind != I2CPT_TRACE_TRANSFER) {
        char other[WIDTH];

        i2cpt_trace_line_format(line, other, sizeof(other));
        g_free(text);
        text = g_strdup(other);
    }
    fprintf(to, "  %c %7" PRIu64 "  %.*s%s\n", mark, line->line, WIDTH, text,
            strlen(text) > WIDTH ? " ..." : "");
}

/* Where a request stands besides the line at hand. */
static void put_places(FILE *to, const uint64_t *places, uint64_t n)
{
    guint i;

    if (!n) {
        fputs("  the request that came stands nowhere in the trace\n", to);
        return;
    }
    fputs("  the request that came stands in line", to);
    for (i = 0; i < MIN(n, PLACES); i++) {
        fprintf(to, "%s %" PRIu64, i ? "," : "", places[i]);
    }
    if (n > PLACES) {
        fprintf(to, " and %" PRIu64 " more", n - PLACES);
    }
    fputc('\n', to);
}

bool tool_text_around(FILE *to, const char *path, uint64_t number,
                      const char *request)
{
    struct i2cpt_trace_reader *r = open_again(path);
    const struct i2cpt_trace_line *line;
    uint64_t places[PLACES], n = 0;

    while (r && i2cpt_trace_reader_next(r, &line, NULL) == 1) {
        bool near = number && line->line + AROUND >= number &&
                    line->line <= number + AROUND;

        if (near) {
            put_numbered(to, line->line == number ? '>' : ' ', line);
        } else if (!request && line->line > number) {
            break;
        }
        if (request && line->kind == I2CPT_TRACE_TRANSFER) {
            g_autofree char *text = tool_text_request(&line->transfer);

            if (!strcmp(text, request)) {
                if (n < PLACES) {
                    places[n] = line->line;
                }
                n++;
            }
        }
    }
    if (r && request) {
        put_places(to, places, n);
    }
    i2cpt_trace_reader_free(r);
    return n;
}

void tool_text_lines(FILE *to, const char *path, const uint64_t *numbers,
                     size_t n)
{
    struct i2cpt_trace_reader *r = open_again(path);
    const struct i2cpt_trace_line *line;
    size_t i = 0;

    while (r && i < n && numbers[i] &&
           i2cpt_trace_reader_next(r, &line, NULL) == 1) {
        if (line->line == numbers[i]) {
            put_numbered(to, ' ', line);
            i++;
        }
    }
    i2cpt_trace_reader_free(r);
}
