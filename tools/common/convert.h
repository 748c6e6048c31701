/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other formats than the trace: what each can do, and what they share. A trace
 * is read and written by the library only; a format turns lines of a trace
 * into something else, or something else into lines of a trace.
 */
#ifndef CONVERT_H
#define CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "i2cpt-trace.h"

#define CONVERT_GAP_NS  10000000u /* --max-gap */
#define CONVERT_HZ      100000u   /* --frequency, where the trace has none */
#define CONVERT_GAP_OFF UINT64_MAX

/* An input line of a trace, 1 to 31 letters, digits, '_' and '-'. */
#define CONVERT_LINES_MAX 32u
struct convert_line {
    char name[32];
    const char *signal; /* of the capture; NULL: of the same name */
    bool named, turned; /* of the options: what was said of it */
    bool active_low;
};

struct convert_options {
    uint32_t frequency_hz;   /* 0: the trace's own, or CONVERT_HZ */
    uint64_t max_gap_ns;     /* CONVERT_GAP_OFF: as long as they were */
    int32_t bus;             /* -1: the trace has one only */
    uint64_t sample_rate_hz; /* 0: not known */
    unsigned address_bits;   /* 7 or 8; 0: not said */
    bool join;
    const char *name; /* of one analyzer among several; NULL: the first */
    const char *scl, *sda;
    struct convert_line lines[CONVERT_LINES_MAX];
    unsigned n_lines;
};

/* What one conversion works with. Notes are what the target format cannot hold
 * or the source did not tell, one line each, for stderr at the end. */
struct convert {
    struct convert_options options;
    int (*line)(void *user, const struct i2cpt_trace_line *line,
                struct i2cpt_fault *fault); /* where an import's lines go */
    void *user;
    void (*note)(struct convert *c, const char *text);
};

/* "N things what": nothing where N is 0. */
void tool_convert_note(struct convert *c, uint64_t n, const char *thing,
                       const char *what);
/* Fills the fault, returns -code. */
int tool_convert_error(struct i2cpt_fault *fault, int code, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

struct text_in;

struct convert_format {
    const char *name;
    const char *about;
    const char *suffix; /* ".pcap" */
    /* Whether a file that begins with this text (NUL-terminated) is one. */
    bool (*probe)(const char *head);
    /* NULL where it goes the other way only. */
    int (*import)(struct convert *c, struct text_in *text,
                  struct i2cpt_fault *fault);
    const char *looks_for; /* of an import: what a transfer is made of */
    int (*write)(struct convert *c, struct i2cpt_trace_reader *reader,
                 const char *path, struct i2cpt_fault *fault);
};

extern const struct convert_format export_format_pcap, import_format_saleae,
    import_format_ftrace, import_format_sigrok;

/* The half of a VCD that draws. */
int export_vcd(struct convert *c, struct i2cpt_trace_reader *reader,
               const char *path, struct i2cpt_fault *fault);

#endif
