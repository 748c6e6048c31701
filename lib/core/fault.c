/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults and the names of their codes, for programs and for persons. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"

static const struct {
    int code;
    const char *name;
    const char *meaning;
} errors[] = {
    {ENXIO, "ENXIO", "address not acknowledged"},
    {EIO, "EIO", "data byte not acknowledged"},
    {EREMOTEIO, "EREMOTEIO", "not acknowledged (the host does not say what)"},
    {EAGAIN, "EAGAIN", "arbitration lost to another controller"},
    {EBUSY, "EBUSY", "bus or address in use"},
    {ETIMEDOUT, "ETIMEDOUT", "timed out"},
    {EBADMSG, "EBADMSG", "wrong PEC"},
    {EPROTO, "EPROTO", "protocol error (block length out of range)"},
    {EOPNOTSUPP, "EOPNOTSUPP", "not supported by the adapter"},
    {ENODEV, "ENODEV", "adapter is gone"},
    {ECANCELED, "ECANCELED", "cancelled"},
    {EPERM, "EPERM", "handle came through fork()"},
    {EACCES, "EACCES", "permission denied"},
    {EINVAL, "EINVAL", "invalid argument"},
    {ENOENT, "ENOENT", "not found"},
    {ENOMEM, "ENOMEM", "out of memory"},
    {EALREADY, "EALREADY", "already completed"},
    {ENOSPC, "ENOSPC", "no space left"},
    {EMSGSIZE, "EMSGSIZE", "too long for one transfer"},
    {I2CPT_EMISMATCH, "EMISMATCH", "differs from the trace"},
};

const char *i2cpt_error_name(int code)
{
    size_t i;

    code = code < 0 ? -code : code;
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].code == code) {
            return errors[i].name;
        }
    }
    return NULL;
}

int i2cpt_error_from_name(const char *name)
{
    if (!name) {
        return -EINVAL;
    }

    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (!strcmp(errors[i].name, name)) {
            return errors[i].code;
        }
    }
    return -EINVAL;
}

static const char *error_meaning(int code)
{
    size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].code == code) {
            return errors[i].meaning;
        }
    }
    return strerror(code);
}

int i2cpt_fault_describe(const struct i2cpt_fault *fault, char *buf,
                         size_t size)
{
    if (!fault || (!buf && size)) {
        return -EINVAL;
    }

    static const char *const phases[] = {"", ", address phase", ", data phase",
                                         ", stop phase"};
    char where[64] = "", code[16];
    const char *name;
    int len = 0;

    if (fault->text[0]) {
        return snprintf(buf, size, "%s", fault->text);
    }
    if (!fault->code) {
        return snprintf(buf, size, "no fault");
    }
    if (fault->msg >= 0) {
        len = snprintf(where, sizeof(where), ", message %d", fault->msg);
    }
    if (fault->byte >= 0) {
        snprintf(where + len, sizeof(where) - (size_t)len, ", byte %d",
                 fault->byte);
    }
    name = i2cpt_error_name(fault->code);
    if (!name) {
        snprintf(code, sizeof(code), "errno %d", fault->code);
        name = code;
    }
    return snprintf(buf, size, "%s (%s%s%s)", error_meaning(fault->code), name,
                    phases[fault->phase & 3], where);
}

int i2cpt_fault_set(struct i2cpt_fault *fault, int code, int phase, int msg,
                    int byte)
{
    if (fault) {
        fault->code = code;
        fault->phase = phase;
        fault->msg = msg;
        fault->byte = byte;
        fault->text[0] = 0;
    }
    return -code;
}

void i2cpt_one_line(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            *text = '?';
        }
        if ((unsigned char)*text == 0xc2 && (unsigned char)text[1] >= 0x80 &&
            (unsigned char)text[1] < 0xa0) { /* U+0080 to U+009F */
            text[0] = text[1] = '?';
        }
    }
}

/* ---------------------------------------------- what is too long for a line */

#define WORD_LEAST 40 /* bytes that each word keeps */
#define DOTS       "..."

static bool is_inside_letter(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80; /* UTF-8 */
}

/*
 * Append a word of `len` bytes in at most `most`: begin and end of it, where
 * it is longer, with dots between.
 */
static char *put_word(char *to, const char *word, size_t len, size_t most)
{
    size_t head = len, tail = 0;

    if (len > most) {
        head = (most - strlen(DOTS)) / 2;
        tail = most - strlen(DOTS) - head;
        while (head && is_inside_letter(word[head])) {
            head--;
        }
        while (tail && is_inside_letter(word[len - tail])) {
            tail--;
        }
    }
    to = (char *)memcpy(to, word, head) + head;
    if (head < len) {
        to = stpcpy(to, DOTS);
        to = (char *)memcpy(to, word + len - tail, tail) + tail;
    }
    return to;
}

/* How long the text is with no word longer than that. */
static size_t length_with(const char *text, size_t most)
{
    size_t sum = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        sum += n < most ? n : most;
        text += n;
        n = strspn(text, " ");
        sum += n;
        text += n;
    }
    return sum;
}

/* The most that its words may keep so that the text has room. */
static size_t longest_word(const char *text, size_t room)
{
    size_t low = WORD_LEAST, high = room;

    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;

        if (length_with(text, middle) <= room) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/*
 * A sentence is whole, and so is a list of keys: what makes a text too long is
 * a path or a value, one long word, and that is shortened in its middle. One of
 * very many words ends behind a word, and says so.
 */
static void put_long(char *to, size_t size, const char *text)
{
    static const char more[] = " ...";
    const char *end = to + size - 1;
    size_t most = longest_word(text, size - 1);
    bool fits = length_with(text, most) < size;
    size_t n = strcspn(text, " "), blanks;

    to = put_word(to, text, n, most);
    for (text += n; *text; text += n) {
        blanks = strspn(text, " ");
        n = strcspn(text + blanks, " ");
        if (!fits && (size_t)(end - to) <
                         blanks + (n < most ? n : most) + strlen(more)) {
            to = stpcpy(to, more);
            break;
        }
        to = (char *)memcpy(to, text, blanks) + blanks;
        text += blanks;
        to = put_word(to, text, n, most);
    }
    *to = 0;
}

static void __attribute__((format(printf, 2, 0)))
put_text(struct i2cpt_fault *fault, const char *format, va_list ap)
{
    size_t size = sizeof(fault->text);
    va_list again;
    char *whole;
    int len;

    va_copy(again, ap);
    len = vsnprintf(fault->text, size, format, ap);
    if (len >= (int)size && vasprintf(&whole, format, again) >= 0) {
        put_long(fault->text, size, whole);
        free(whole);
    }
    va_end(again);
    i2cpt_one_line(fault->text);
}

static void __attribute__((format(printf, 2, 3)))
put(struct i2cpt_fault *fault, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    put_text(fault, format, ap);
    va_end(ap);
}

void i2cpt_fault_prefix(struct i2cpt_fault *fault, const char *prefix)
{
    struct i2cpt_fault before;

    i2cpt_fault_copy(&before, fault);
    put(fault, "%s%s", prefix, before.text);
}

void i2cpt_fault_copy(struct i2cpt_fault *to, const struct i2cpt_fault *from)
{
    memcpy(to, from, offsetof(struct i2cpt_fault, text));
    memcpy(to->text, from->text, strlen(from->text) + 1);
}

int i2cpt_fault_text(struct i2cpt_fault *fault, int code, const char *format,
                     ...)
{
    va_list ap;

    if (fault) {
        i2cpt_fault_set(fault, code, I2CPT_PHASE_UNKNOWN, -1, -1);
        va_start(ap, format);
        put_text(fault, format, ap);
        va_end(ap);
    }
    return -code;
}

int i2cpt_fault_null(struct i2cpt_fault *fault, const char *what)
{
    return i2cpt_fault_text(fault, EINVAL, "NULL is not accepted for %s", what);
}
