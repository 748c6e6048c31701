/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every format shares: notes of what was left out, and the output. */
#include "common/convert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tool_convert_note(struct convert *c, uint64_t n, const char *thing,
                       const char *what)
{
    char text[256];

    if (n) {
        snprintf(text, sizeof(text), "%" PRIu64 " %s%s %s", n, thing,
                 n > 1 ? "s" : "", what);
        c->note(c, text);
    }
}

int tool_convert_error(struct i2cpt_fault *fault, int code, const char *format,
                       ...)
{
    va_list args;

    memset(fault, 0, sizeof(*fault));
    fault->code = code;
    fault->msg = fault->byte = -1;
    va_start(args, format);
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    return -code;
}
