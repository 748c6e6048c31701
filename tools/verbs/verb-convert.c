/* SPDX-License-Identifier: GPL-2.0-or-later */
/* convert: from and to other formats. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/convert.h"
#include "common/output.h"
#include "common/text-in.h"
#include "common/tool.h"
#include "importers/import.h"
#include "verbs/line-option.h"

#define HEAD_MAX 4096 /* of a file, to guess by */

static bool is_trace(const char *head)
{
    return !strncmp(head, "i2cpt-trace ", strlen("i2cpt-trace "));
}

static const struct convert_format format_trace = {
    .name = "trace",
    .about = "the trace itself",
    .suffix = ".i2ct",
    .probe = is_trace,
};

static const struct convert_format format_vcd = {
    .name = "vcd",
    .about = "waveform of SCL and SDA, for sigrok, PulseView and GTKWave",
    .suffix = ".vcd",
    .probe = import_vcd_is_one,
    .looks_for = "edges of SCL and SDA that are a START and bytes",
    .import = import_vcd,
    .write = export_vcd,
};

static const struct convert_format *const formats[] = {
    &format_trace,         &export_format_pcap,   &format_vcd,
    &import_format_saleae, &import_format_ftrace, &import_format_sigrok,
};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static bool can_read(const struct convert_format *f)
{
    return f == &format_trace || f->import;
}

static bool can_write(const struct convert_format *f)
{
    return f == &format_trace || f->write;
}

/* ---------------------------------------------------------------- choosing */

static void list_formats(char *text, size_t size, bool out)
{
    size_t len = 0;

    for (size_t i = 0; i < N_FORMATS; i++) {
        if (out ? can_write(formats[i]) : can_read(formats[i])) {
            len += (size_t)snprintf(text + len, size - len, "%s%s",
                                    len ? ", " : "", formats[i]->name);
        }
    }
}

static const struct convert_format *named_format(const struct verb *verb,
                                                 const char *option,
                                                 const char *name)
{
    bool out = !strcmp(option, "--to");
    char list[256];

    for (size_t i = 0; i < N_FORMATS; i++) {
        if (!strcmp(formats[i]->name, name) &&
            (out ? can_write(formats[i]) : can_read(formats[i]))) {
            return formats[i];
        }
    }
    list_formats(list, sizeof(list), out);
    tool_usage(verb, "%s=%s: accepted are %s", option, name, list);
}

static bool has_suffix(const char *path, const char *suffix)
{
    size_t len = strlen(path), n = strlen(suffix);

    return len > n && !strcmp(path + len - n, suffix);
}

/* What the file begins with, as text; empty where it cannot be told. */
static void read_head(const char *path, char head[HEAD_MAX + 1])
{
    struct stat st;
    ssize_t n = 0;
    int fd;

    head[0] = 0;
    if (!strcmp(path, "-") || stat(path, &st) || !S_ISREG(st.st_mode)) {
        return; /* what is taken out of a pipe is gone */
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, head, HEAD_MAX);
        close(fd);
    }
    head[n > 0 ? n : 0] = 0;
}

static const struct convert_format *guess_input(const char *path)
{
    char head[HEAD_MAX + 1];

    read_head(path, head);
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (can_read(formats[i]) && formats[i]->probe(head)) {
            return formats[i];
        }
    }
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (can_read(formats[i]) && has_suffix(path, formats[i]->suffix)) {
            return formats[i];
        }
    }
    return NULL;
}

static const struct convert_format *guess_output(const char *path)
{
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (can_write(formats[i]) && has_suffix(path, formats[i]->suffix)) {
            return formats[i];
        }
    }
    return NULL;
}

static void choose(const struct verb *verb, const char *in, const char *out,
                   const struct convert_format **from,
                   const struct convert_format **to)
{
    char list[256];

    *from = *from ? *from : guess_input(in);
    if (!*from) {
        list_formats(list, sizeof(list), false);
        tool_usage(verb, "%s: of what format? --from says so: %s", in, list);
    }
    *to = *to ? *to : guess_output(out);
    if (!*to) {
        list_formats(list, sizeof(list), true);
        tool_usage(verb, "%s: to what format? --to says so: %s", out, list);
    }
    if (*from == *to) {
        tool_usage(verb, "%s and %s are both %s: nothing to convert", in, out,
                   (*to)->name);
    }
}

/* --------------------------------------------------------------- converting */

static void print_note(struct convert *c, const char *text)
{
    tool_complain("%s", text);
}

static int export_trace(struct convert *c, const struct convert_format *to,
                        const char *in, const char *out,
                        struct i2cpt_fault *fault)
{
    struct i2cpt_trace_reader *reader;

    int rc = i2cpt_trace_reader_open(in, &reader, fault);
    if (rc < 0) {
        return rc;
    }
    rc = to->write(c, reader, out, fault);
    if (!rc && !i2cpt_trace_reader_complete(reader)) {
        tool_complain("%s: truncated, no `end` line", in);
    }
    i2cpt_trace_reader_free(reader);
    return rc;
}

struct import {
    struct i2cpt_trace_writer *writer;
    struct tool_progress progress;
    uint64_t transfers;
};

/* Where the lines of an import go. */
static int put_line(void *user, const struct i2cpt_trace_line *line,
                    struct i2cpt_fault *fault)
{
    struct import *i = user;

    i->transfers += line->kind == I2CPT_TRACE_TRANSFER;
    tool_progress_step(&i->progress);
    return i2cpt_trace_writer_line(i->writer, line, fault);
}

static int import_file(struct convert *c, const struct convert_format *from,
                       const char *in, struct i2cpt_fault *fault)
{
    struct text_in text;

    int rc = tool_text_open(&text, in, fault);
    if (rc) {
        return rc;
    }
    rc = from->import(c, &text, fault);
    tool_text_close(&text);
    return rc;
}

static int import_to(struct convert *c, const struct convert_format *from,
                     const char *in, const char *out, struct i2cpt_fault *fault)
{
    struct import i = {.progress = {.what = "transfers"}};

    if (strcmp(in, "-") && access(in, R_OK)) { /* before OUT is touched */
        return tool_convert_error(fault, errno, "%s: %s", in, strerror(errno));
    }
    int rc = i2cpt_trace_writer_open(out, I2CPT_TRACE_WRITER_ON_END, &i.writer,
                                     fault);
    if (rc < 0) {
        return rc;
    }
    c->line = put_line;
    c->user = &i;
    rc =
        i2cpt_trace_writer_header(i.writer, "imported-from", from->name, fault);
    rc = rc ? rc : import_file(c, from, in, fault);
    tool_progress_clear(&i.progress);
    if (!rc && !i.transfers) {
        rc = tool_convert_error(
            fault, EINVAL, "%s: no transfer in it%s; looked for: %s", in,
            c->options.bus >= 0 ? " of this --bus" : "", from->looks_for);
    }
    rc = rc ? rc : i2cpt_trace_writer_end(i.writer, fault);
    i2cpt_trace_writer_free(i.writer);
    return rc;
}

/* By way of a trace. */
static int import_and_export(struct convert *c,
                             const struct convert_format *from,
                             const struct convert_format *to, const char *in,
                             const char *out, struct i2cpt_fault *fault)
{
    GError *error = NULL;
    char *name;

    int fd = g_file_open_tmp("i2cpt-XXXXXX.i2ct", &name, &error);
    if (fd < 0) {
        int rc = tool_convert_error(fault, EIO, "%s", error->message);
        g_error_free(error);
        return rc;
    }
    close(fd);
    int rc = import_to(c, from, in, name, fault);
    rc = rc ? rc : export_trace(c, to, name, out, fault);
    unlink(name);
    g_free(name);
    return rc;
}

static int convert(struct convert *c, const struct convert_format *from,
                   const struct convert_format *to, const char *in,
                   const char *out, struct i2cpt_fault *fault)
{
    return from == &format_trace ? export_trace(c, to, in, out, fault)
           : to == &format_trace
               ? import_to(c, from, in, out, fault)
               : import_and_export(c, from, to, in, out, fault);
}

/* ----------------------------------------------------------------- options */

/* Hz, with k or M. */
static uint64_t frequency(const struct verb *verb, const char *option,
                          const char *text, uint64_t most)
{
    uint64_t value = 0;
    const char *end = text;
    uint64_t scale = 1;

    bool good = tool_text_number(&end, 10, most, &value);
    if (good && *end) {
        scale = *end == 'k' ? 1000 : *end == 'M' ? 1000000 : 0;
        good = scale && !end[1];
    }
    if (!good || !value || value > most / scale) {
        tool_usage(verb, "%s=%s: accepted is 1 to %" PRIu64 " Hz, also as 400k",
                   option, text, most);
    }
    return value * scale;
}

static uint64_t duration(const struct verb *verb, const char *option,
                         const char *text)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};
    const char *end = text;
    uint64_t value;

    if (!strcmp(text, "off")) {
        return CONVERT_GAP_OFF;
    }
    if (tool_text_number(&end, 10, UINT64_MAX, &value)) {
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            if (!strcmp(end, units[i].unit) &&
                value <= UINT64_C(1000000000000000) / units[i].ns) {
                return value * units[i].ns;
            }
        }
    }
    tool_usage(verb, "%s=%s: accepted is off, or as 20us, 10ms, 2s", option,
               text);
}

static unsigned address_bits(const struct verb *verb, const char *text)
{
    if (strcmp(text, "7") && strcmp(text, "8")) {
        tool_usage(verb, "--address-bits=%s: accepted is 7 or 8", text);
    }
    return (unsigned)(*text - '0');
}

struct job {
    struct convert convert;
    const struct convert_format *from, *to;
    const char *in, *out;
};

static void set_option(const struct verb *verb, struct job *job, int letter)
{
    struct convert_options *o = &job->convert.options;

    switch (letter) {
    case 'F':
        job->from = named_format(verb, "--from", optarg);
        break;
    case 'T':
        job->to = named_format(verb, "--to", optarg);
        break;
    case 'f':
        o->frequency_hz =
            (uint32_t)frequency(verb, "--frequency", optarg, 10000000);
        break;
    case 'g':
        o->max_gap_ns = duration(verb, "--max-gap", optarg);
        break;
    case 'b':
        o->bus =
            (int32_t)tool_number(verb, "--bus", optarg, I2CPT_TRACE_BUS_MAX);
        break;
    case 'n':
        o->name = optarg;
        break;
    case 'a':
        o->address_bits = address_bits(verb, optarg);
        break;
    case 'j':
        o->join = true;
        break;
    case 'r':
        o->sample_rate_hz =
            frequency(verb, "--sample-rate", optarg, 10000000000);
        break;
    case 'c':
        o->scl = optarg;
        break;
    case 'd':
        o->sda = optarg;
        break;
    case 'l':
        verb_line_option(verb, o, optarg);
        break;
    }
}

static void parse_options(const struct verb *verb, int argc, char **argv,
                          struct job *job)
{
    static const struct option options[] = {
        {"from", required_argument, NULL, 'F'},
        {"to", required_argument, NULL, 'T'},
        {"frequency", required_argument, NULL, 'f'},
        {"max-gap", required_argument, NULL, 'g'},
        {"bus", required_argument, NULL, 'b'},
        {"name", required_argument, NULL, 'n'},
        {"address-bits", required_argument, NULL, 'a'},
        {"join", no_argument, NULL, 'j'},
        {"sample-rate", required_argument, NULL, 'r'},
        {"scl", required_argument, NULL, 'c'},
        {"sda", required_argument, NULL, 'd'},
        {"line", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int letter;

    while ((letter = tool_option(verb, argc, argv, ":h", options)) != -1) {
        set_option(verb, job, letter);
    }
    if (argc - optind < 2) {
        tool_usage(verb, "convert needs IN and OUT");
    }
    if (argc - optind > 2) {
        tool_usage(verb, "one word too many: '%s'", argv[optind + 2]);
    }
    job->in = argv[optind];
    job->out = argv[optind + 1];
}

static int run(const struct verb *verb, int argc, char **argv)
{
    struct job job = {
        .convert = {.options = {.max_gap_ns = CONVERT_GAP_NS, .bus = -1},
                    .note = print_note},
    };
    struct i2cpt_fault fault = {0};

    parse_options(verb, argc, argv, &job);
    if (strcmp(job.in, "-") && access(job.in, F_OK)) {
        tool_complain("%s: %s", job.in, strerror(errno));
        return TOOL_BROKEN;
    }
    choose(verb, job.in, job.out, &job.from, &job.to);
    if (job.convert.options.n_lines && job.from != &format_vcd) {
        tool_usage(verb,
                   "--line %s: %s is %s; lines are imported from vcd alone",
                   job.convert.options.lines[0].name, job.in, job.from->name);
    }
    if (tool_output_check("", job.out, job.in, &fault)) {
        tool_usage(verb, "%s", fault.text);
    }
    int rc = convert(&job.convert, job.from, job.to, job.in, job.out, &fault);
    return rc < 0 ? tool_fault(rc, &fault) : TOOL_FINE;
}

const struct verb verb_convert = {
    .name = "convert",
    .synopsis = "IN OUT [--from F] [--to F] [OPTION...]",
    .about = "Turn a trace into another format, or another format into a trace",
    .help =
        "Formats are told from the first lines and the names; - is the "
        "standard input\n"
        "or output, and then --from or --to says what it is:\n"
        "  trace   .i2ct\n"
        "  pcap    .pcap, out only: packets for tshark and Wireshark\n"
        "  vcd     .vcd: SCL and SDA, as sigrok, PulseView and GTKWave have "
        "them\n"
        "  saleae  .csv, in only: the I2C tables of Saleae's Logic 1 and 2\n"
        "  ftrace  in only: the kernel's i2c and smbus events as text\n"
        "  sigrok  in only: what sigrok-cli -P i2c prints, PulseView exports\n"
        "\n"
        "  --frequency HZ     to vcd: how fast SCL is (the trace's, else "
        "100k)\n"
        "  --max-gap TIME     to vcd: idle gaps are at most this long (10ms; "
        "off)\n"
        "  --bus N            to vcd, from ftrace: only this bus\n"
        "  --name NAME        from saleae, sigrok: this analyzer or decoder of "
        "several\n"
        "  --address-bits N   from saleae (Logic 1): 7, or 8 with R/W\n"
        "  --join             from saleae (Logic 1): a read right behind a "
        "write to\n"
        "                     the same address had a repeated START\n"
        "  --sample-rate HZ   from sigrok: what the sample numbers are\n"
        "  --scl, --sda NAME  from vcd: the wires\n"
        "  --line NAME=SIGNAL\n"
        "                     from vcd: an input line, as often as there are; "
        "NAME alone\n"
        "                     is the signal NAME; --line NAME.active-low=on: "
        "1 is low\n\n"
        "What the target cannot hold is said on stderr; docs/formats.md.\n\n"
        "Example:\n"
        "  i2cpt-replay convert capture.csv session.i2ct\n"
        "  i2cpt-replay convert capture.vcd session.i2ct --line drdy=D2\n"
        "  i2cpt-replay convert session.i2ct session.vcd\n"
        "  i2cpt-replay convert session.i2ct - --to pcap | tshark -r - -V\n",
    .run = run,
};
