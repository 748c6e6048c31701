/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON, written member by member. */
#include <glib.h>
#include <inttypes.h>

#include "common/json.h"

/* Trace text is UTF-8 already, names of files need not be. */
static void put_text(struct json *j, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    const char *p;

    fputc('"', j->to);
    for (p = valid; *p; p++) {
        if ((unsigned char)*p < 0x20) {
            fprintf(j->to, "\\u%04x", (unsigned)*p);
        } else if (*p == '"' || *p == '\\') {
            fprintf(j->to, "\\%c", *p);
        } else {
            fputc(*p, j->to);
        }
    }
    fputc('"', j->to);
}

/* What stands before a value. */
static void begin(struct json *j, const char *key)
{
    if (j->more[j->depth]) {
        fputc(',', j->to);
    }
    /* one line for each value of the outermost arrays and objects */
    if (j->depth && j->depth < 3) {
        fprintf(j->to, "\n%*s", j->depth * 2, "");
    } else if (j->more[j->depth]) {
        fputc(' ', j->to);
    }
    j->more[j->depth] = true;
    if (key) {
        put_text(j, key);
        fputs(": ", j->to);
    }
}

void tool_json_open(struct json *j, const char *key, char bracket)
{
    begin(j, key);
    fputc(bracket, j->to);
    g_assert(j->depth + 1 < JSON_DEPTH);
    j->depth++;
    j->more[j->depth] = false;
}

void tool_json_close(struct json *j, char bracket)
{
    bool some = j->more[j->depth];

    j->depth--;
    if (some && j->depth < 2) {
        fprintf(j->to, "\n%*s", j->depth * 2, "");
    }
    fputc(bracket, j->to);
    if (!j->depth) {
        fputc('\n', j->to);
    }
}

void tool_json_string(struct json *j, const char *key, const char *text)
{
    begin(j, key);
    put_text(j, text);
}

void tool_json_uint(struct json *j, const char *key, uint64_t value)
{
    begin(j, key);
    fprintf(j->to, "%" PRIu64, value);
}

void tool_json_int(struct json *j, const char *key, int64_t value)
{
    begin(j, key);
    fprintf(j->to, "%" PRId64, value);
}

void tool_json_bool(struct json *j, const char *key, bool value)
{
    begin(j, key);
    fputs(value ? "true" : "false", j->to);
}

void tool_json_seconds(struct json *j, const char *key, uint64_t ns)
{
    begin(j, key);
    fprintf(j->to, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}
