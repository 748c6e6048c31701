/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One JSON document, written as it comes: every --json and --report. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 16

struct json {
    FILE *to;
    int depth;
    bool more[JSON_DEPTH]; /* something stands before the next value */
};

/* `key` NULL: in an array, or the document itself. */
void tool_json_open(struct json *j, const char *key, char bracket);
void tool_json_close(struct json *j, char bracket); /* '}' or ']' */
void tool_json_string(struct json *j, const char *key, const char *text);
void tool_json_uint(struct json *j, const char *key, uint64_t value);
void tool_json_int(struct json *j, const char *key, int64_t value);
void tool_json_bool(struct json *j, const char *key, bool value);
/* Nanoseconds as seconds. */
void tool_json_seconds(struct json *j, const char *key, uint64_t ns);

#endif
