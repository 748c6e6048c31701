/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers of traces of several buses. */
#ifndef I2CPT_TRACE_HEADERS_H
#define I2CPT_TRACE_HEADERS_H

#include <stddef.h>
#include <stdint.h>

/* Room for a name, "functionality-1048575". */
#define TRACE_HEADER_NAME 48

/* N of "N SPEC", the text of a header `bus`; -1 where it is not so. */
int32_t trace_bus_of(const char *text);
/* The key of bus `bus`, or with -1 of the only one. */
void trace_header_name(char *buf, size_t size, const char *key, int32_t bus);

#endif
