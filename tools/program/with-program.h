/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `record` with a PROGRAM, `replay` with one and on an adapter. */
#ifndef WITH_PROGRAM_H
#define WITH_PROGRAM_H

#include "program/buses.h"
#include "program/program.h"
#include "program/recording.h"

/* Takes over `buses`. Returns what the verb shall exit with. */
int program_record(struct buses *buses, const struct recording *recording,
                   char **argv);

struct replay_options {
    const char *trace;
    /* NULL: the backend's default */
    const char *match, *mux, *end, *timing;
    const char *report; /* a file for the verdict, or NULL */
    uint32_t bus;
    bool bus_given; /* or else as the trace says it was seen */
    struct program_options program;
    char **argv;
};
/* Both return what the verb shall exit with. */
int program_replay(const struct replay_options *r);
/* Not match, mux, end and argv. */
int program_replay_on_adapter(const struct replay_options *r, const char *spec);

#endif
