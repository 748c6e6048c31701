/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A value change dump (IEEE 1364, 18) of SCL and SDA as the transfers were on
 * the wire, and of the input lines that the header names. The trace does not
 * say when each edge was: a transfer begins at its stamp, or behind the one
 * before it, and has the bits of one frequency; a line changes where it stands.
 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/convert.h"
#include "common/output.h"
#include "exporters/wire.h"

#define HZ_MAX 10000000u

enum line { SCL, SDA };
#define LINES_MAX 32u

/* An input line, as far as it is drawn. */
struct drawn {
    bool known, level;
    uint64_t written_ns; /* its last value, as the file's times are */
};

struct vcd {
    FILE *file;
    struct convert *convert;
    uint64_t now_ns;     /* in the dump */
    uint64_t end_ns;     /* of the last transfer, in the trace */
    uint64_t written_ns; /* the last time that is in the file */
    uint64_t unit_ns;    /* of the file's times */
    uint64_t quarter_ns; /* of a bit */
    int32_t bus;         /* -1: not known yet */
    bool level[2];
    char *lines; /* their names, as the header has them */
    char **names;
    struct drawn drawn[LINES_MAX];
    bool begun; /* behind the levels that lines begin with */
    uint64_t placed, cut, absent, gaps, redacted, events;
};

/* ------------------------------------------------------------------- edges */

static void put_time(struct vcd *v)
{
    uint64_t at_ns = v->now_ns / v->unit_ns;

    if (at_ns != v->written_ns) {
        fprintf(v->file, "#%" PRIu64 "\n", at_ns);
        v->written_ns = at_ns;
    }
}

static void set(struct vcd *v, enum line line, bool level)
{
    if (v->level[line] != level) {
        put_time(v);
        fprintf(v->file, "%d%c\n", level, line == SCL ? 'c' : 'd');
        v->level[line] = level;
    }
}

static void wait(struct vcd *v, unsigned quarters)
{
    v->now_ns += quarters * v->quarter_ns;
}

/* SCL is low before and after, as after a START; SDA changes while it is. */
static void put_bit(struct vcd *v, bool bit)
{
    set(v, SDA, bit);
    wait(v, 1);
    set(v, SCL, true);
    wait(v, 2);
    set(v, SCL, false);
    wait(v, 1);
}

static void put_start(struct vcd *v)
{
    set(v, SDA, true);
    wait(v, 1);
    set(v, SCL, true);
    wait(v, 2);
    set(v, SDA, false);
    wait(v, 2);
    set(v, SCL, false);
    wait(v, 1);
}

static void put_stop(struct vcd *v)
{
    set(v, SDA, false);
    wait(v, 1);
    set(v, SCL, true);
    wait(v, 2);
    set(v, SDA, true);
    wait(v, 4);
}

static void put_event(void *user, const struct wire_event *e)
{
    struct vcd *v = user;

    switch (e->kind) {
    case WIRE_START:
    case WIRE_RESTART:
        put_start(v);
        return;
    case WIRE_STOP:
        put_stop(v);
        return;
    default:
        for (int i = 7; i >= 0; i--) {
            put_bit(v, e->byte >> i & 1);
        }
        put_bit(v, e->nack);
        v->redacted += !!(e->mark & I2CPT_TRACE_REDACTED);
    }
}

/* --------------------------------------------------------------- transfers */

/* Let the time between the transfers pass, at most --max-gap of it. */
static void put_gap(struct vcd *v, uint64_t stamp_ns)
{
    uint64_t gap_ns = stamp_ns > v->end_ns ? stamp_ns - v->end_ns : 0;

    if (gap_ns > v->convert->options.max_gap_ns) {
        gap_ns = v->convert->options.max_gap_ns;
        v->gaps++;
    }
    v->now_ns += gap_ns;
}

static int check_bus(struct vcd *v, const struct i2cpt_trace_line *line,
                     struct i2cpt_fault *fault)
{
    int32_t bus = line->transfer.bus < 0 ? 0 : line->transfer.bus;

    if (v->bus < 0) {
        v->bus = bus;
    }
    if (v->bus == bus) {
        return 1;
    }
    return v->convert->options.bus >= 0
               ? 0
               : tool_convert_error(fault, EINVAL,
                                    "line %" PRIu64 ": a second bus, %" PRId32
                                    "; --bus %" PRId32
                                    " or another chooses one",
                                    line->line, bus, v->bus);
}

static int line_of(const struct vcd *v, const char *name)
{
    int i;

    for (i = 0; v->names[i] && i < (int)LINES_MAX; i++) {
        if (!strcmp(v->names[i], name)) {
            return i;
        }
    }
    return -1;
}

/* All is idle for a while before the first thing that happens. */
static void put_lead(struct vcd *v)
{
    if (!v->begun) {
        wait(v, 4);
    }
    v->begun = true;
}

static void put_level(struct vcd *v, int i, bool level)
{
    fprintf(v->file, "%dl%d\n", level, i);
    v->drawn[i].known = true;
    v->drawn[i].level = level;
    v->drawn[i].written_ns = v->written_ns;
}

/* What a line begins with stands at the dump's beginning; what begins with a
 * change was the other way before it, from the last time that was written. Two
 * changes of a line have two times, or readers see the last one alone. */
static void put_change(struct vcd *v, int i, uint64_t stamp_ns, bool level)
{
    struct drawn *d = &v->drawn[i];

    if (d->known && d->level == level) {
        return;
    }
    if (!d->known && !stamp_ns && !v->begun) {
        put_level(v, i, level);
        return;
    }
    put_lead(v);
    put_gap(v, stamp_ns);
    v->end_ns = MAX(v->end_ns, stamp_ns);
    if (!d->known) {
        put_level(v, i, !level);
    }
    if (v->now_ns / v->unit_ns == d->written_ns) {
        wait(v, 1);
    }
    put_time(v);
    put_level(v, i, level);
}

/* Whether it is one, of this bus, whose line is drawn. */
static bool put_irq(struct vcd *v, const struct i2cpt_trace_line *line)
{
    struct i2cpt_trace_irq irq = {.size = sizeof(irq)};
    int i;

    if (i2cpt_trace_irq_is(line, &irq) != 1 ||
        MAX(irq.bus, 0) != MAX(v->bus, 0)) {
        return false;
    }
    i = line_of(v, irq.name);
    if (i >= 0) {
        put_change(v, i, line->stamp_ns, irq.level);
    }
    return i >= 0;
}

static int put_transfer(struct vcd *v, const struct i2cpt_trace_line *line,
                        struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;

    int rc = check_bus(v, line, fault);
    if (rc < 1) {
        return rc;
    }
    put_lead(v);
    put_gap(v, line->stamp_ns);
    uint64_t began_ns = v->now_ns;
    enum wire_truth truth = export_wire_walk(t, put_event, v);
    v->placed += truth == WIRE_PLACED;
    v->cut += truth == WIRE_CUT;
    v->absent += truth == WIRE_ABSENT;
    uint64_t end_ns = line->stamp_ns + (v->now_ns - began_ns);
    v->end_ns = end_ns > v->end_ns ? end_ns : v->end_ns;
    return 0;
}

/* ------------------------------------------------------------------ the file
 */

/* The coarsest that has at least two of them in a quarter bit: readers such as
 * sigrok make a sample of each. */
static uint64_t choose_unit(uint64_t quarter_ns)
{
    uint64_t unit_ns = 1;

    while (unit_ns * 20 <= quarter_ns && unit_ns < 1000000) {
        unit_ns *= 10;
    }
    return unit_ns;
}

/* In a scope of their own, beside the wires of the bus. */
static void put_names(struct vcd *v)
{
    guint i;

    v->names = g_strsplit(v->lines ? v->lines : "", " ", LINES_MAX + 1);
    if (v->names[0]) {
        fputs("$scope module lines $end\n", v->file);
    }
    for (i = 0; v->names[i] && i < LINES_MAX; i++) {
        fprintf(v->file, "$var wire 1 l%u %s $end\n", i, v->names[i]);
    }
    fprintf(v->file, "%s$enddefinitions $end\n#0\n$dumpvars\n1c\n1d\n",
            i ? "$upscope $end\n" : "");
    while (i--) {
        fprintf(v->file, "xl%u\n", i);
    }
    fputs("$end\n", v->file);
}

static int begin(struct vcd *v, uint32_t header_hz, struct i2cpt_fault *fault)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } units[] = {{1, "1 ns"},      {10, "10 ns"},    {100, "100 ns"},
                 {1000, "1 us"},   {10000, "10 us"}, {100000, "100 us"},
                 {1000000, "1 ms"}};
    uint32_t hz = v->convert->options.frequency_hz;
    size_t i = 0;

    hz = hz ? hz : header_hz ? header_hz : CONVERT_HZ;
    if (hz > HZ_MAX) {
        return tool_convert_error(fault, EINVAL,
                                  "frequency %" PRIu32 ": vcd draws 1 to %u Hz "
                                  "(--frequency)",
                                  hz, HZ_MAX);
    }
    v->quarter_ns = UINT64_C(250000000) / hz;
    v->unit_ns = choose_unit(v->quarter_ns);
    while (units[i].ns != v->unit_ns) {
        i++;
    }
    fprintf(v->file,
            "$comment i2cpt-replay convert, SCL drawn at %" PRIu32
            " Hz $end\n$timescale %s $end\n$scope module i2c $end\n"
            "$var wire 1 c SCL $end\n$var wire 1 d SDA $end\n"
            "$upscope $end\n",
            hz, units[i].text);
    put_names(v);
    return 0;
}

/* Of a trace of one bus; one that is none leaves 0. */
static void note_frequency(const struct i2cpt_trace_line *line, uint32_t *hz)
{
    uint64_t value = 0;
    int32_t bus = -1;
    int ret =
        i2cpt_trace_header_number(line, "frequency", UINT32_MAX, &bus, &value);

    if (ret && bus < 0) {
        *hz = ret > 0 ? (uint32_t)value : 0;
    }
}

/* "lines", or "lines-N" of the bus that is drawn. */
static void note_lines(struct vcd *v, const struct i2cpt_trace_line *line)
{
    int32_t bus = -1;

    if (i2cpt_trace_header_is(line, "lines", &bus) &&
        (!v->lines || bus == v->bus) && MAX(bus, 0) == MAX(v->bus, 0)) {
        g_free(v->lines);
        v->lines = g_strdup(line->text);
    }
}

static int put_all(struct vcd *v, struct i2cpt_trace_reader *reader,
                   struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_line *line;
    uint32_t header_hz = 0;
    bool begun = false;
    int rc;

    while ((rc = i2cpt_trace_reader_next(reader, &line, fault)) > 0) {
        note_frequency(line, &header_hz);
        note_lines(v, line);
        if (line->kind != I2CPT_TRACE_TRANSFER &&
            line->kind != I2CPT_TRACE_EVENT) {
            continue;
        }
        rc = begun ? 0 : begin(v, header_hz, fault);
        begun = true;
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            rc = rc < 0 ? rc : put_transfer(v, line, fault);
        } else {
            v->events += rc < 0 || !put_irq(v, line);
        }
        if (rc < 0 || ferror(v->file)) {
            return rc;
        }
    }
    rc = rc < 0 || begun ? rc : begin(v, header_hz, fault);
    if (!rc) {
        put_lead(v);
        wait(v, 8);
        put_time(v);
    }
    return rc;
}

static void put_notes(struct vcd *v)
{
    struct convert *c = v->convert;

    tool_convert_note(c, v->gaps, "idle gap",
                      "shortened (--max-gap off keeps them)");
    tool_convert_note(c, v->placed, "transfer",
                      "failed at a place that the trace "
                      "does not tell: drawn as late as it can be");
    tool_convert_note(c, v->cut, "transfer",
                      "ended by no NACK, which lines do not "
                      "show: drawn as far as is known");
    tool_convert_note(c, v->absent, "transfer",
                      "left out: failed with nothing known "
                      "to have been on the wire");
    tool_convert_note(c, v->redacted, "redacted byte", "drawn as ff");
    tool_convert_note(
        c, v->events, "event",
        "left out (clients, lines that the header does not name)");
}

int export_vcd(struct convert *c, struct i2cpt_trace_reader *reader,
               const char *path, struct i2cpt_fault *fault)
{
    struct vcd v = {.convert = c, .bus = c->options.bus, .level = {true, true}};

    struct output out;

    int rc = tool_output_open(&out, path, fault);
    if (rc < 0) {
        return rc;
    }
    v.file = out.to;
    rc = put_all(&v, reader, fault);
    g_strfreev(v.names);
    g_free(v.lines);
    rc = tool_output_close(&out, rc, fault);
    if (!rc) {
        put_notes(&v);
    }
    return rc;
}
