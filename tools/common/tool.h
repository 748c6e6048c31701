/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of i2cpt-replay share: how they are called and speak. */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "i2cpt.h"
#include "i2cpt-trace.h"

enum tool_exit {
    TOOL_FINE = 0,
    TOOL_DIFFERS = 1, /* a mismatch, or a failed check */
    TOOL_USAGE = 2,
    TOOL_BROKEN = 3, /* an adapter or a file */
    TOOL_OURS = 125, /* all of these where there is a PROGRAM */
};

struct verb {
    const char *name;
    const char *synopsis; /* after the name */
    const char *about;    /* one line, for the list of verbs */
    const char *help;     /* options and an example */
    int (*run)(const struct verb *verb, int argc, char **argv);
};

extern const struct verb verb_attach, verb_detach, verb_check, verb_diff,
    verb_stats, verb_convert, verb_ftdi_check, verb_list, verb_record,
    verb_replay, verb_run, verb_serve, verb_show;

/*
 * There is a PROGRAM, whose status may be any: what fails from here on, wrong
 * words and want of memory too, is TOOL_OURS. The other: where the words have a
 * `--`, before they are looked at.
 */
void tool_has_program(void);
void tool_look_for_program(char *const *argv);

/*
 * The next option's letter, or -1 after the last. Does --help, and ends the
 * program with TOOL_USAGE and a line where an option is wrong.
 */
int tool_option(const struct verb *verb, int argc, char **argv,
                const char *letters, const struct option *options);
/* The one operand that is left, or TOOL_USAGE as above. */
const char *tool_operand(const struct verb *verb, int argc, char **argv,
                         const char *what);
void tool_no_operand(const struct verb *verb, int argc, char **argv);
/* Does the words of a verb that takes --json and a TRACE, and opens it: what
 * i2cpt_trace_reader_open() said. */
int tool_open_trace(const struct verb *verb, int argc, char **argv, bool *json,
                    const char **path, struct i2cpt_trace_reader **reader,
                    struct i2cpt_fault *fault);
/* What an option says, decimal and at most that; or TOOL_USAGE as above. */
uint64_t tool_number(const struct verb *verb, const char *option,
                     const char *text, uint64_t most);
/* Ends the program with TOOL_USAGE and this line. */
void tool_usage(const struct verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* One line on stderr, without control characters. */
void tool_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* The line of a fault, or what the negative errno means; TOOL_BROKEN. */
int tool_fault(int rc, const struct i2cpt_fault *fault);

/* As many descriptors as may be, for one is used for each client and file of
 * PROGRAM; and PROGRAM has as many as we began with. */
void tool_raise_limits(void);
void tool_restore_limits(void);

/* Numbers of work that takes long, on a terminal's stderr and nowhere else. */
struct tool_progress {
    const char *what;
    uint64_t count;
    uint64_t next_ns;
    bool shown;
};
void tool_progress_step(struct tool_progress *p);
/* Wipes the line; before anything else is printed, and at the end. */
void tool_progress_clear(struct tool_progress *p);

#endif
