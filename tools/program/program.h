/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PROGRAM of `record`, `replay` and `run`: an unmodified program that sees
 * adapters as /dev/i2c-N.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <glib.h>
#include <stdbool.h>

#include "common/tool.h"
#include "i2cpt.h"

/* Exit statuses as the shell has them, and ours. */
enum {
    PROGRAM_OURS = TOOL_OURS,
    PROGRAM_NOT_EXECUTABLE = 126,
    PROGRAM_NOT_FOUND = 127,
    PROGRAM_SIGNAL = 128,
};

/* How PROGRAM's /dev/i2c-N become ours. */
enum program_redirect {
    PROGRAM_AUTO,    /* at the system call where that can be */
    PROGRAM_SECCOMP, /* at the system call (redirect/redirect.h) */
    PROGRAM_PRELOAD, /* by the preloaded shim */
};

struct program_options {
    enum program_redirect redirect;
    uint32_t gpiochip; /* the first number of a chip, where it is given */
    bool gpiochip_given;
    bool io_uring; /* let PROGRAM have it, though it opens past the filter */
};

/* What --redirect says; false: not one of them. */
bool program_redirect_parse(const char *text, enum program_redirect *out);

struct owner;

/* What became of PROGRAM's redirect. */
struct program_report {
    const char *form; /* "seccomp" or "preload"; NULL: it did not start */
    GPtrArray *notes; /* the lines on stderr: who was not redirected, and why */
};
void program_report_clear(struct program_report *r);

/*
 * Run argv[0], searched in PATH, with the owner's environment, until it and
 * every child of it that still has a bus open have ended. Returns its exit
 * status, 128 + N for a signal, or one of the above with a line on stderr.
 * Signals of the terminal go to PROGRAM, others are passed on; once PROGRAM has
 * ended, they end the wait for its children.
 */
int program_run(struct owner *o, const struct program_options *options,
                char **argv, struct program_report *report);

/* In the process that becomes PROGRAM: signals as they were, and exec; errno
 * says why it came back. */
void program_exec(const char *path, char **argv, char **env);

#endif
