/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a process of its own between the owner of the adapters and
 * PROGRAM, in its own process group. It starts PROGRAM under the filter,
 * answers the calls that the filter traps, and stays until the last filtered
 * task is gone, longer than the owner if need be: whom a keeper leaves can open
 * nothing any more. It never waits for a transfer. As the nearest parent that
 * takes orphans it remains everybody's ancestor, which is what a kernel with
 * Yama's ptrace_scope=1 asks of those who read another's memory.
 */
#ifndef REDIRECT_KEEPER_H
#define REDIRECT_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "redirect/filter.h"

/* What the keeper tells the owner's process, one packet each. */
enum keeper_event_kind {
    KEEPER_STARTED,    /* number: the pid */
    KEEPER_ENDED,      /* number: PROGRAM's wait status */
    KEEPER_OTHER_BUS,  /* number: the bus; text: who opened it */
    KEEPER_SET_ID,     /* text: the program, whose privilege is lost */
    KEEPER_UNREADABLE, /* text: whose memory may not be looked at */
};

struct keeper_event {
    uint32_t kind;
    uint32_t number;
    char text[256];
};

/* How far PROGRAM came, on the pipe that closes when it runs. */
enum keeper_stage { KEEPER_FILTER = 1, KEEPER_MEMORY, KEEPER_EXEC };
struct keeper_failure {
    int stage, error;
};

struct keeper_start {
    int socket; /* to the owner's process, SOCK_SEQPACKET */
    int report; /* struct keeper_failure */
    int fuse_root;
    const char *tree;
    const uint32_t *buses;
    unsigned n;
    const uint32_t *chips; /* GPIO chips */
    unsigned n_chips, gpio_major;
    struct filter_options filter;
    const char *path;
    char **argv, **env;
    /* does not come back but with errno */
    void (*exec)(const char *path, char **argv, char **env);
};

/* In a child of the owner's process; does not return. */
void redirect_keeper_main(const struct keeper_start *start)
    __attribute__((noreturn));

#endif
