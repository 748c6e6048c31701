/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace once more on an adapter. What a recorded transfer asked for, and
 * whether it ended the same, are the library's to say. */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/output.h"
#include "common/text.h"
#include "common/tool.h"
#include "core/clock.h"
#include "program/with-program.h"

struct replay {
    const char *path;
    struct i2cpt_trace_reader *reader;
    struct i2cpt_adapter *adapter;
    bool keep_time, bus_given;
    int32_t bus;
    uint64_t began_ns;
    uint64_t transfers, differences, other_buses;
    uint64_t changes; /* of lines, which are not compared */
    char first[768];
    const char *report; /* a file, or NULL */
    struct tool_progress progress;
};

/* Not before the transfer's time in the recording. */
static void wait_until(const struct replay *r, uint64_t stamp_ns)
{
    i2cpt_sleep_until(r->began_ns + stamp_ns);
}

/* What came of it, as a trace would have it. */
static char *text_of_result(const struct i2cpt_trace_transfer *recorded,
                            const struct i2cpt_msg *msgs, int rc,
                            const struct i2cpt_fault *fault)
{
    struct i2cpt_trace_transfer t = *recorded;
    struct i2cpt_trace_msg *copy = g_new(struct i2cpt_trace_msg, t.n);
    char *text;

    for (uint32_t i = 0; i < t.n; i++) {
        copy[i] = recorded->msgs[i];
        if (copy[i].flags & I2CPT_M_RD) {
            copy[i].n_bytes = msgs[i].actual;
            copy[i].bytes = msgs[i].buf;
            copy[i].kinds = NULL;
        }
    }
    t.msgs = copy;
    t.code = -rc;
    t.phase = rc ? fault->phase : 0;
    t.fault_msg = rc ? fault->msg : -1;
    t.fault_byte = rc ? fault->byte : -1;
    text = tool_text_transfer(&t);
    g_free(copy);
    return text;
}

static void tell_difference(struct replay *r,
                            const struct i2cpt_trace_line *line,
                            const struct i2cpt_msg *msgs, int rc,
                            const struct i2cpt_fault *fault, const char *text)
{
    char *expected = tool_text_transfer(&line->transfer);
    char *got = text_of_result(&line->transfer, msgs, rc, fault);
    g_autofree char *path = tool_text_plain(r->path);

    tool_progress_clear(&r->progress);
    printf("%s:%" PRIu64 ": %s\n", path, line->line, text);
    tool_text_aligned(stdout, "  expected ", expected, "  got      ", got);
    if (!r->differences++) {
        snprintf(r->first, sizeof(r->first), "%s:%" PRIu64 ": %s", r->path,
                 line->line, text);
    }
    g_free(got);
    g_free(expected);
}

static int do_transfer(struct replay *r, const struct i2cpt_trace_line *line)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_msg *msgs;
    size_t n;
    char text[512];

    int rc = i2cpt_trace_request(&line->transfer, &msgs, &n);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    if (r->keep_time) {
        wait_until(r, line->stamp_ns);
    }
    rc = i2cpt_transfer(r->adapter, msgs, n, &fault);
    if (rc == -ENOMEM) {
        i2cpt_free(msgs);
        return tool_fault(rc, &fault);
    }
    if (!i2cpt_trace_compare(&line->transfer, msgs, n, rc, &fault, text,
                             sizeof(text))) {
        tell_difference(r, line, msgs, rc, &fault, text);
    }
    i2cpt_free(msgs);
    r->transfers++;
    return rc == -ENODEV || rc == -EPERM ? tool_fault(rc, &fault) : TOOL_FINE;
}

static bool is_change(const struct replay *r,
                      const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};

    return i2cpt_trace_irq_is(line, &irq) == 1 && MAX(irq.bus, 0) == r->bus;
}

static int do_trace(struct replay *r)
{
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    int rc, status = TOOL_FINE;

    while (status == TOOL_FINE &&
           (rc = i2cpt_trace_reader_next(r->reader, &line, &fault)) != 0) {
        if (rc < 0) {
            tool_progress_clear(&r->progress);
            return tool_fault(rc, &fault);
        }
        if (line->kind != I2CPT_TRACE_TRANSFER) {
            r->changes += is_change(r, line);
            continue;
        }
        /* Transfers without a prefix are those of bus 0. */
        int32_t bus = line->transfer.bus < 0 ? 0 : line->transfer.bus;
        if (bus != r->bus) {
            r->other_buses++;
            continue;
        }
        status = do_transfer(r, line);
        tool_progress_step(&r->progress);
    }
    tool_progress_clear(&r->progress);
    return status;
}

/* To have compared none of what was asked for is no success. */
static bool has_nothing_of_bus(const struct replay *r)
{
    return !r->transfers && (r->bus_given || r->other_buses);
}

static int report(const struct replay *r, int status)
{
    struct i2cpt_fault fault = {0};
    struct output out;
    int rc = tool_output_open(&out, r->report, &fault);

    if (rc) {
        return tool_fault(rc, &fault);
    }
    struct json j = {.to = out.to};
    tool_json_open(&j, NULL, '{');
    tool_json_string(&j, "trace", r->path);
    tool_json_string(&j, "verdict", *r->first ? "mismatch" : "same");
    tool_json_int(&j, "status", status);
    tool_json_uint(&j, "transfers", r->transfers);
    tool_json_uint(&j, "mismatches", r->differences);
    tool_json_string(&j, "first", r->first);
    tool_json_uint(&j, "changes_left_out", r->changes);
    tool_json_bool(&j, "truncated", !i2cpt_trace_reader_complete(r->reader));
    tool_json_close(&j, '}');
    rc = tool_output_close(&out, 0, &fault);
    return rc ? tool_fault(rc, &fault) : status;
}

static int replay(struct replay *r)
{
    r->began_ns = i2cpt_now_ns();
    g_autofree char *path = tool_text_plain(r->path);
    int status = do_trace(r);
    if (status != TOOL_FINE) {
        return status;
    }
    printf("%s: %" PRIu64 " transfer%s, %" PRIu64 " differ\n", path,
           r->transfers, tool_text_s(r->transfers), r->differences);
    if (r->other_buses) {
        tool_complain("%" PRIu64 " transfer%s of other buses than %" PRId32
                      " left out (--bus)",
                      r->other_buses, tool_text_s(r->other_buses), r->bus);
    }
    if (r->changes) {
        tool_complain("%s: %" PRIu64 " irq line%s left out: levels of lines "
                      "are not compared",
                      r->path, r->changes, tool_text_s(r->changes));
    }
    if (!i2cpt_trace_reader_complete(r->reader)) {
        tool_complain("%s: truncated, no `end` line", r->path);
    }
    if (has_nothing_of_bus(r)) {
        snprintf(r->first, sizeof(r->first), "%s: no transfer of bus %" PRId32,
                 r->path, r->bus);
        tool_complain("%s", r->first);
    }
    status = *r->first ? TOOL_DIFFERS : TOOL_FINE;
    return r->report ? report(r, status) : status;
}

int program_replay_on_adapter(const struct replay_options *options,
                              const char *spec)
{
    struct replay r = {
        .path = options->trace,
        .bus = (int32_t)options->bus,
        .bus_given = options->bus_given,
        .keep_time = options->timing && !strcmp(options->timing, "recorded"),
        .report = options->report,
        .progress = {.what = "transfers"},
    };
    struct i2cpt_fault fault = {0};

    int rc = i2cpt_trace_reader_open(r.path, &r.reader, &fault);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    rc = i2cpt_adapter_open(spec, &r.adapter, &fault);
    if (rc < 0) {
        i2cpt_trace_reader_free(r.reader);
        return tool_fault(rc, &fault);
    }
    int status = replay(&r);
    i2cpt_adapter_unref(r.adapter);
    i2cpt_trace_reader_free(r.reader);
    return status;
}
