/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "with-program.h"

/* The verdicts of all buses taken together. */
struct verdict {
    uint64_t consumed, remaining, mismatches, redacted;
    bool unknown; /* what remains cannot be found out */
    bool truncated;
    uint64_t next_line;
    char text[512];
};

/* ------------------------------------------------------------------- buses */

static int set(struct i2cpt_options *o, const char *key, const char *value,
               struct i2cpt_fault *fault)
{
    return value ? i2cpt_options_set(o, key, value, fault) : 0;
}

/* The transfers of `traced` in the trace as PROGRAM's bus `seen`. */
static int add_bus(struct buses *buses, const struct replay_options *r,
                   uint32_t traced, uint32_t seen)
{
    struct i2cpt_fault fault;
    struct i2cpt_options *o;
    char number[16], *spec;
    int ret = i2cpt_options_new(&o);

    snprintf(number, sizeof(number), "%" PRIu32, traced);
    ret = ret ? ret : set(o, "backend", "trace", &fault);
    ret = ret ? ret : set(o, "file", r->trace, &fault);
    ret = ret ? ret : set(o, "match", r->match, &fault);
    ret = ret ? ret : set(o, "end", r->end, &fault);
    ret = ret ? ret : set(o, "timing", r->timing, &fault);
    ret = ret ? ret : set(o, "truncated", "accept", &fault);
    ret = ret ? ret : set(o, "bus", traced ? number : NULL, &fault);
    if (ret) {
        tool_fault(ret, &fault);
    } else {
        spec = i2cpt_options_format(o);
        buses_add(buses, seen, spec);
        i2cpt_free(spec);
    }
    i2cpt_options_free(o);
    return ret;
}

static bool is_before_transfers(const struct i2cpt_trace_line *line)
{
    return line->kind == I2CPT_TRACE_HEADER ||
           line->kind == I2CPT_TRACE_COMMENT || line->kind == I2CPT_TRACE_BLANK;
}

/* A trace of several says so in its headers, "bus: N SPEC". */
static int add_buses(struct buses *buses, const struct replay_options *r)
{
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault;
    int ret = i2cpt_trace_reader_open(r->trace, &reader, &fault), told = 0;

    if (ret) {
        return tool_fault(ret, &fault);
    }
    while (!told &&
           (ret = i2cpt_trace_reader_next(reader, &line, &fault)) == 1 &&
           is_before_transfers(line)) {
        if (line->kind == I2CPT_TRACE_HEADER && line->bus >= 0) {
            told = add_bus(buses, r, (uint32_t)line->bus, (uint32_t)line->bus);
        }
    }
    i2cpt_trace_reader_free(reader);
    if (told) {
        return told;
    }
    if (ret < 0) {
        return tool_fault(ret, &fault);
    }
    return buses_count(buses) ? 0 : add_bus(buses, r, 0, r->bus);
}

/* ----------------------------------------------------------------- verdict */

static int judge(struct buses *buses, struct verdict *all)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_fault fault;
    unsigned i;
    int ret;

    for (i = 0; i < buses_count(buses); i++) {
        ret = i2cpt_trace_adapter_verdict(buses_adapter(buses, i), &v, &fault);
        if (ret) {
            return tool_fault(ret, &fault);
        }
        all->consumed += v.consumed;
        all->unknown |= v.remaining == I2CPT_TRACE_UNKNOWN;
        all->remaining += v.remaining == I2CPT_TRACE_UNKNOWN ? 0 : v.remaining;
        all->mismatches += v.mismatches;
        all->redacted += v.redacted;
        all->truncated |= v.truncated;
        if (!all->next_line || (v.next_line && v.next_line < all->next_line)) {
            all->next_line = v.next_line;
        }
        if (!all->text[0]) {
            memcpy(all->text, v.text, sizeof(all->text));
        }
    }
    return 0;
}

static const char *word(const struct verdict *v)
{
    return v->mismatches ? "mismatch" : v->remaining ? "unconsumed" : "same";
}

static void tell(const struct replay_options *r, const struct verdict *v)
{
    if (v->mismatches) {
        tool_complain("%s: %" PRIu64 " requests differ; the first: %s",
                      r->trace, v->mismatches, v->text);
    }
    if (v->remaining) {
        tool_complain("%s: %" PRIu64 " of %" PRIu64 " transfers were not asked "
                      "for, the first in line %" PRIu64,
                      r->trace, v->remaining, v->remaining + v->consumed,
                      v->next_line);
    }
    if (v->redacted) {
        tool_complain("%s: %" PRIu64 " redacted bytes were served as 0xff",
                      r->trace, v->redacted);
    }
    if (v->truncated) {
        tool_complain("%s: truncated, no `end` line", r->trace);
    }
}

static void put_json_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', to);
        }
        fprintf(to, (unsigned char)*text < 0x20 ? "\\u%04x" : "%c", *text);
    }
    fputc('"', to);
}

static int report(const struct replay_options *r, const struct verdict *v,
                  int status)
{
    FILE *to = fopen(r->report, "we");

    if (!to) {
        tool_complain("--report %s: %s", r->report, strerror(errno));
        return PROGRAM_OURS;
    }
    fputs("{\"trace\": ", to);
    put_json_text(to, r->trace);
    fprintf(to,
            ", \"verdict\": \"%s\", \"status\": %d, \"consumed\": %" PRIu64
            ", \"remaining\": %" PRIu64 ", \"mismatches\": %" PRIu64
            ", \"redacted\": %" PRIu64 ", \"truncated\": %s, \"first\": ",
            word(v), status, v->consumed, v->remaining, v->mismatches,
            v->redacted, v->truncated ? "true" : "false");
    put_json_text(to, v->text);
    fputs("}\n", to);
    if (fclose(to)) {
        tool_complain("--report %s: %s", r->report, strerror(errno));
        return PROGRAM_OURS;
    }
    return 0;
}

int replay_program(const struct replay_options *r)
{
    struct buses *buses = buses_new();
    struct verdict v = {0};
    int ret = add_buses(buses, r), status = PROGRAM_OURS;

    if (ret || buses_open(buses, NULL)) {
        goto out;
    }
    status = program_run(buses_owner(buses), r->argv);
    if (judge(buses, &v)) {
        status = PROGRAM_OURS;
        goto out;
    }
    tell(r, &v);
    if (!status && (v.mismatches || v.remaining)) {
        status = PROGRAM_OURS;
    }
    ret = r->report ? report(r, &v, status) : 0;
    status = ret && !status ? ret : status;
out:
    buses_free(buses);
    return status;
}
