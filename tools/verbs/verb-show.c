/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace for a person to read, one line a transfer:
 *
 *     0.001200  120 us  0x77 W f4 2e 01          EIO in data byte 1
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/text-in.h"
#include "common/tool.h"
#include "verbs/trace-json.h"
#include "verbs/wave.h"

static void print_address(const struct i2cpt_trace_msg *m)
{
    printf(m->flags & I2CPT_M_TEN ? " 0x%03x/10" : " 0x%02x", m->addr);
}

static void print_bytes(const struct i2cpt_trace_msg *m)
{
    for (uint32_t i = 0; i < m->n_bytes; i++) {
        uint8_t kind = m->kinds ? m->kinds[i] : 0;

        if (kind & I2CPT_TRACE_REDACTED) {
            fputs(" ??", stdout);
        } else {
            printf(" %02x%s", m->bytes[i],
                   kind & I2CPT_TRACE_VOLATILE ? "~" : "");
        }
    }
}

static void print_message(const struct i2cpt_trace_msg *m,
                          const struct i2cpt_trace_msg *before)
{
    bool read = m->flags & I2CPT_M_RD;

    if (before) {
        fputs(" Sr", stdout);
    }
    if (!before || before->addr != m->addr ||
        (before->flags ^ m->flags) & I2CPT_M_TEN) {
        print_address(m);
    }
    fputs(read ? " R" : " W", stdout);
    if (m->flags & I2CPT_M_RECV_LEN) {
        fputs(" block", stdout);
    }
    if (!m->len) {
        fputs(" nothing", stdout);
    } else if (read && !(m->flags & I2CPT_M_RECV_LEN) && m->n_bytes < m->len) {
        printf(" %" PRIu32 " of %" PRIu32 ":", m->n_bytes, m->len);
    }
    print_bytes(m);
}

static void print_fault(const struct i2cpt_trace_transfer *t)
{
    const struct i2cpt_fault fault = {
        .code = t->code,
        .phase = t->phase,
        .msg = t->fault_msg,
        .byte = t->fault_byte,
    };
    char text[128];

    i2cpt_fault_describe(&fault, text, sizeof(text));
    printf("  ! %s", text);
}

static void print_marks(const struct i2cpt_trace_transfer *t)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } marks[] = {
        {I2CPT_TRACE_PROBE, "probe"},
        {I2CPT_TRACE_RESEND, "sent again, longer"},
        {I2CPT_TRACE_CONTINUE, "read on"},
        {I2CPT_TRACE_RESTART, "repeated START"},
    };

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (t->mark & marks[i].bit) {
            printf("  (%s)", marks[i].text);
        }
    }
    if (t->mark & I2CPT_TRACE_TOOK) {
        printf("  (the guest took %" PRIu32 ")", t->took);
    }
    if (t->words) {
        printf("  %s", t->words);
    }
}

static void print_transfer(const struct i2cpt_trace_line *line)
{
    const struct i2cpt_trace_transfer *t = &line->transfer;

    printf("%8" PRIu64 ".%06" PRIu64 " %7" PRIu64 " us ",
           line->stamp_ns / 1000000000, line->stamp_ns / 1000 % 1000000,
           (t->duration_ns + 500) / 1000);
    if (t->bus >= 0) {
        printf(" i2c-%" PRId32, t->bus);
    }
    for (uint32_t i = 0; i < t->n; i++) {
        print_message(&t->msgs[i], i ? &t->msgs[i - 1] : NULL);
    }
    if (t->code) {
        print_fault(t);
    }
    print_marks(t);
    putchar('\n');
}

static void print_line(const struct i2cpt_trace_line *line)
{
    switch (line->kind) {
    case I2CPT_TRACE_HEADER:
        printf("%s: %s\n", line->key, line->text);
        break;
    case I2CPT_TRACE_TRANSFER:
        print_transfer(line);
        break;
    case I2CPT_TRACE_EVENT:
        printf("%8" PRIu64 ".%06" PRIu64 "             %s %s\n",
               line->stamp_ns / 1000000000, line->stamp_ns / 1000 % 1000000,
               line->key, line->text);
        break;
    case I2CPT_TRACE_COMMENT:
        printf("#%s\n", line->text);
        break;
    }
}

struct view {
    bool wave, json;
    struct wave_style style;
    uint64_t first, last; /* transfers, from 1; 0: all */
};

static bool is_wanted(const struct view *v, const struct i2cpt_trace_line *line,
                      uint64_t number)
{
    return !v->first || (line->kind == I2CPT_TRACE_TRANSFER &&
                         number >= v->first && number <= v->last);
}

static void show_line(const struct view *v, const struct i2cpt_trace_line *line,
                      uint64_t number)
{
    if (!is_wanted(v, line, number)) {
        return;
    }
    if (!v->wave) {
        print_line(line);
    } else if (line->kind == I2CPT_TRACE_TRANSFER) {
        verb_wave_draw(stdout, &v->style, line, number);
    }
}

static int show(const char *path, struct i2cpt_trace_reader *reader,
                const struct view *v)
{
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    uint64_t n;
    int rc;

    while ((rc = i2cpt_trace_reader_next(reader, &line, &fault)) > 0) {
        show_line(v, line, i2cpt_trace_reader_transfers(reader));
    }
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    n = i2cpt_trace_reader_transfers(reader);
    if (v->first > n) {
        tool_complain("%s: no transfer %" PRIu64 "; there are %" PRIu64, path,
                      v->first, n);
        return TOOL_USAGE;
    }
    if (!i2cpt_trace_reader_complete(reader)) {
        tool_complain("%s: truncated, no `end` line", path);
    }
    return TOOL_FINE;
}

static int show_json(const char *path, struct i2cpt_trace_reader *reader,
                     const struct view *v)
{
    struct i2cpt_fault fault = {0};
    const struct i2cpt_trace_line *line;
    struct json j = {.to = stdout};
    int rc;

    tool_json_open(&j, NULL, '{');
    tool_json_string(&j, "trace", path);
    tool_json_open(&j, "lines", '[');
    while ((rc = i2cpt_trace_reader_next(reader, &line, &fault)) > 0) {
        if (is_wanted(v, line, i2cpt_trace_reader_transfers(reader))) {
            verb_json_line(&j, line);
        }
    }
    tool_json_close(&j, ']');
    tool_json_bool(&j, "complete", !rc && i2cpt_trace_reader_complete(reader));
    tool_json_close(&j, '}');
    return rc < 0 ? tool_fault(rc, &fault) : TOOL_FINE;
}

/* "N" or "N-M", from 1. */
static void parse_range(const struct verb *verb, const char *text,
                        struct view *v)
{
    const char *end = text;
    bool good = tool_text_number(&end, 10, INT64_MAX, &v->first) && v->first;

    v->last = v->first;
    if (good && tool_text_take(&end, "-")) {
        good = tool_text_number(&end, 10, INT64_MAX, &v->last);
    }
    if (!good || *end || v->last < v->first) {
        tool_usage(verb, "--transfer=%s: accepted is N or N-M, from 1", text);
    }
}

static int run(const struct verb *verb, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"wave", no_argument, NULL, 'w'},
        {"transfer", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault fault = {0};
    struct view view = {0};
    int letter;

    while ((letter = tool_option(verb, argc, argv, ":h", options)) != -1) {
        if (letter == 'j') {
            view.json = true;
        } else if (letter == 'w') {
            view.wave = true;
            verb_wave_style_of_terminal(&view.style);
        } else {
            parse_range(verb, optarg, &view);
        }
    }
    if (view.json && view.wave) {
        tool_usage(verb, "--json and --wave: accepted is one of them");
    }
    const char *path = tool_operand(verb, argc, argv, "a TRACE");
    int rc = i2cpt_trace_reader_open(path, &reader, &fault);
    if (rc < 0) {
        return tool_fault(rc, &fault);
    }
    int status =
        view.json ? show_json(path, reader, &view) : show(path, reader, &view);
    i2cpt_trace_reader_free(reader);
    return status;
}

const struct verb verb_show = {
    .name = "show",
    .synopsis = "[--json|--wave] [--transfer N|N-M] TRACE",
    .about = "Print a trace for a person to read",
    .help = "TRACE may be - for the standard input. One transfer a line: when "
            "it began\n"
            "(s), how long it took, the address, W and R with their bytes (~ "
            "volatile,\n"
            "?? redacted), Sr for a repeated START, ! and how it failed.\n\n"
            "  --json            headers, transfers and events as one JSON "
            "document\n"
            "  --wave            draw SCL and SDA of each transfer instead\n"
            "  --transfer N|N-M  only these transfers, counted from 1\n\n"
            "Example:\n"
            "  i2cpt-replay show session.i2ct | less\n"
            "  i2cpt-replay show session.i2ct --wave --transfer 3\n",
    .run = run,
};
