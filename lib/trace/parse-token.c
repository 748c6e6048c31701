/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a parser of a line says where it cannot go on. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "trace/parse.h"

int trace_parse_fail(struct parser *s, const char *at, const char *format, ...)
{
    va_list ap;

    s->error->column = (size_t)(at - s->begin);
    va_start(ap, format);
    vsnprintf(s->error->text, sizeof(s->error->text), format, ap);
    va_end(ap);
    return -EINVAL;
}
