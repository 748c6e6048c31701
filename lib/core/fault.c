/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults and the names of their codes, for programs and for persons. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
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

/* What a person or a file gave is quoted in it, whatever it holds. */
static void one_line(char *text)
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

/* A text that found no room ends behind a whole word, and says so. */
static void mark_cut(char *text, size_t size)
{
    size_t end = size - 5, at = end;

    while (at > end - 40 && text[at] != ' ') {
        at--;
    }
    strcpy(text + (text[at] == ' ' ? at : end), " ...");
}

int i2cpt_fault_text(struct i2cpt_fault *fault, int code, const char *format,
                     ...)
{
    va_list ap;
    int len;

    if (fault) {
        i2cpt_fault_set(fault, code, I2CPT_PHASE_UNKNOWN, -1, -1);
        va_start(ap, format);
        len = vsnprintf(fault->text, sizeof(fault->text), format, ap);
        va_end(ap);
        if (len >= (int)sizeof(fault->text)) {
            mark_cut(fault->text, sizeof(fault->text));
        }
        one_line(fault->text);
    }
    return -code;
}
