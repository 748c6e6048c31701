/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of a recording, as keys of the adapters that make it. */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "program/recording.h"
#include "common/tool.h"

/* The library's own lists have ':' between their parts. */
void program_recording_redact(struct recording *r, const char *what)
{
    g_autofree char *part = g_strdelimit(g_strdup(what), ":", '/');
    char *all =
        r->redact ? g_strconcat(r->redact, ":", part, NULL) : g_strdup(part);

    g_free(r->redact);
    r->redact = all;
}

bool program_recording_has_buses(const struct recording *r, unsigned n)
{
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *reader;
    bool several = n > 1;

    if (several || !r->append ||
        i2cpt_trace_reader_open(r->path, &reader, NULL)) {
        return several;
    }
    while (!several && i2cpt_trace_reader_next(reader, &line, NULL) == 1 &&
           (line->kind == I2CPT_TRACE_HEADER ||
            line->kind == I2CPT_TRACE_COMMENT ||
            line->kind == I2CPT_TRACE_BLANK)) {
        several = line->kind == I2CPT_TRACE_HEADER && line->bus >= 0;
    }
    i2cpt_trace_reader_free(reader);
    return several;
}

int program_recording_set(const struct recording *r, int64_t seen,
                          bool by_number, struct i2cpt_options *o,
                          struct i2cpt_fault *fault)
{
    char number[24];
    int ret = i2cpt_options_set(o, "record", r->path, fault);

    if (!ret && seen >= 0) {
        snprintf(number, sizeof(number), "%" PRId64, seen);
        ret = i2cpt_options_set(o, by_number ? "record-bus" : "record-seen-as",
                                number, fault);
    }
    if (!ret && r->append) {
        ret = i2cpt_options_set(o, "record-append", "on", fault);
    }
    if (!ret && r->redact) {
        ret = i2cpt_options_set(o, "record-redact", r->redact, fault);
    }
    ret = ret ? ret : i2cpt_options_set(o, "record-empty", "off", fault);
    return ret ? ret : i2cpt_options_set(o, "record-failure", "stop", fault);
}

/* What went wrong has been logged when it did. */
int program_recording_end(const struct recording *r, struct i2cpt_adapter *a,
                          const char *empty)
{
    struct stat st;
    bool stays = empty && strcmp(r->path, "-") && !stat(r->path, &st) &&
                 S_ISREG(st.st_mode) && st.st_size;

    if (empty && (*empty || stays)) {
        tool_complain("%s: %s%s%s", r->path, empty, *empty && stays ? "; " : "",
                      stays ? "what was there stays" : "");
    }
    return stays && !r->append ? 0 : i2cpt_trace_record_end(a, NULL);
}

/* What was recorded stays where the two are not of one session. */
int program_recording_merge(const struct recording *r)
{
    struct i2cpt_fault fault = {0};
    int ret =
        r->merge ? i2cpt_trace_merge(r->merge, r->path, r->path, &fault) : 0;

    if (ret < 0) {
        tool_complain("%s stays as recorded: %s", r->path, fault.text);
        return ret;
    }
    return 0;
}
