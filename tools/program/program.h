/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PROGRAM of `record`, `replay` and `run`: an unmodified program that sees
 * adapters as /dev/i2c-N.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "i2cpt.h"

/* Exit statuses as the shell has them, and ours. */
enum {
    PROGRAM_OURS = 125,
    PROGRAM_NOT_EXECUTABLE = 126,
    PROGRAM_NOT_FOUND = 127,
    PROGRAM_SIGNAL = 128,
};

struct owner;

/*
 * Run argv[0], searched in PATH, with the owner's environment, until it and
 * every child of it that still has a bus open have ended. Returns its exit
 * status, 128 + N for a signal, or one of the above with a line on stderr.
 * Signals of the terminal go to PROGRAM, others are passed on; once PROGRAM has
 * ended, they end the wait for its children.
 */
int program_run(struct owner *o, char **argv);

#endif
