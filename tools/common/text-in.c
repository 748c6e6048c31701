/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, fields and numbers of files that other programs wrote. */
#include "common/text-in.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/convert.h"

#define SECONDS_MAX UINT64_C(9000000000) /* in ns it fits 63 bits */

int tool_text_open(struct text_in *t, const char *path,
                   struct i2cpt_fault *fault)
{
    bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "re");

    if (!file) {
        return tool_convert_error(fault, errno, "%s: %s", path,
                                  strerror(errno));
    }
    tool_text_over(t, file, standard ? "<stdin>" : path);
    t->close = !standard;
    return 0;
}

void tool_text_over(struct text_in *t, FILE *file, const char *name)
{
    *t = (struct text_in){.file = file, .name = strdup(name)};
}

void tool_text_close(struct text_in *t)
{
    if (t->close) {
        fclose(t->file);
    }
    free(t->buf);
    free(t->name);
    *t = (struct text_in){0};
}

static int put(struct text_in *t, char c, struct i2cpt_fault *fault)
{
    if (t->len == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 256;
        char *buf = realloc(t->buf, cap);
        if (!buf) {
            return tool_convert_error(fault, ENOMEM, "no memory for a line");
        }
        t->buf = buf;
        t->cap = cap;
    }
    t->buf[t->len] = c;
    return 0;
}

int tool_text_next(struct text_in *t, struct i2cpt_fault *fault)
{
    int c = 0, rc = 0;

    t->len = 0;
    t->line++;
    while (!rc && (c = getc_unlocked(t->file)) != EOF && c != '\n') {
        if (!c) {
            return tool_convert_error(
                fault, EINVAL, "%s:%" PRIu64 ":%zu: a NUL; text is accepted",
                t->name, t->line, t->len + 1);
        }
        if (t->len == TEXT_LINE_MAX) {
            return tool_convert_error(
                fault, EINVAL, "%s:%" PRIu64 ":%u: longer than %u bytes",
                t->name, t->line, TEXT_LINE_MAX + 1, TEXT_LINE_MAX);
        }
        rc = put(t, (char)c, fault);
        t->len++;
    }
    if (rc) {
        return rc;
    }
    if (c == EOF && ferror(t->file)) {
        return tool_convert_error(fault, errno ? errno : EIO, "%s: %s", t->name,
                                  strerror(errno ? errno : EIO));
    }
    if (c == EOF && !t->len) {
        t->line--; /* what is still to be said belongs to the last one */
        return 0;
    }
    if (t->len && t->buf[t->len - 1] == '\r') {
        t->len--;
    }
    rc = put(t, 0, fault);
    return rc ? rc : 1;
}

int tool_text_error(const struct text_in *t, const char *at,
                    struct i2cpt_fault *fault, const char *format, ...)
{
    char text[sizeof(fault->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return tool_convert_error(fault, EINVAL, "%s:%" PRIu64 ":%zu: %s", t->name,
                              t->line, (size_t)(at - t->buf) + 1, text);
}

/* -------------------------------------------------------- words and numbers */

bool tool_text_take(const char **p, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*p, word, len)) {
        return false;
    }
    *p += len;
    return true;
}

void tool_text_skip_space(const char **p)
{
    *p += strspn(*p, " \t");
}

static unsigned digit(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 16;
}

bool tool_text_number(const char **p, unsigned base, uint64_t most,
                      uint64_t *value)
{
    const char *at = *p;
    uint64_t sum = 0;

    for (; digit(*at) < base; at++) {
        unsigned d = digit(*at);
        if (d > most || sum > (most - d) / base) {
            return false;
        }
        sum = sum * base + d;
    }
    if (at == *p) {
        return false;
    }
    *p = at;
    *value = sum;
    return true;
}

bool tool_text_any_number(const char **p, bool decimal, uint64_t most,
                          uint64_t *value)
{
    const char *at = *p;
    unsigned base = tool_text_take(&at, "0x") || tool_text_take(&at, "0X") ? 16
                    : tool_text_take(&at, "0b") || tool_text_take(&at, "0B")
                        ? 2
                        : 10;

    if ((base == 10 && !decimal) || !tool_text_number(&at, base, most, value)) {
        return false;
    }
    *p = at;
    return true;
}

/* Ten to the power, no further than a double of that size could matter. */
static bool take_exponent(const char **p, int *power)
{
    uint64_t value;

    if (!tool_text_take(p, "e") && !tool_text_take(p, "E")) {
        *power = 0;
        return true;
    }
    bool negative = tool_text_take(p, "-");
    if (!negative) {
        tool_text_take(p, "+");
    }
    if (!tool_text_number(p, 10, 40, &value)) {
        return false;
    }
    *power = negative ? -(int)value : (int)value;
    return true;
}

bool tool_text_seconds(const char **p, int64_t *ns)
{
    const char *at = *p;
    bool negative = tool_text_take(&at, "-");
    uint64_t sum = 0;
    int power, places = 0;

    if (digit(*at) > 9) {
        return false;
    }
    for (; digit(*at) < 10; at++) {
        if (sum > UINT64_C(100000000000000000)) {
            return false;
        }
        sum = sum * 10 + digit(*at);
    }
    if (*at == '.') {
        for (at++; digit(*at) < 10; at++) {
            if (sum <= UINT64_C(100000000000000000)) {
                sum = sum * 10 + digit(*at);
                places++;
            }
        }
    }
    if (!take_exponent(&at, &power)) {
        return false;
    }
    for (power += 9 - places; power < 0 && sum; power++) {
        sum /= 10; /* finer than a nanosecond */
    }
    for (; power > 0 && sum; power--) {
        if (sum > SECONDS_MAX * 100000000) {
            return false;
        }
        sum *= 10;
    }
    if (sum > SECONDS_MAX * 1000000000) {
        return false;
    }
    *ns = negative ? -(int64_t)sum : (int64_t)sum;
    *p = at;
    return true;
}
