/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request for lines of a GPIO chip: PROGRAM's ioctl is trapped, for what
 * serves files can put no descriptor into a process. The keeper opens a file
 * for it, writes there what PROGRAM asks for, and hands it over. */
#ifndef REDIRECT_LINES_H
#define REDIRECT_LINES_H

#include <stdint.h>
#include <sys/types.h>

#include "gpiochip/gpiochip.h"

struct keeper;

/* What the keeper writes. */
struct lines_wish {
    uint32_t code;
    uint32_t compat;  /* by a program for 32-bit x86 */
    uint32_t patient; /* EAGAIN where a line is perhaps just being given back */
    uint8_t data[GPIOCHIP_STRUCT_MAX];
};

/* A trapped ioctl. */
struct lines_call {
    pid_t tid;
    uint32_t arch, code;
    uint64_t arg;
};

/* In the keeper, for chip `number` of `view`: the call's value. It waits for
 * the owner. */
int redirect_lines_request(struct keeper *k, struct keeper *view,
                           uint32_t number, uint64_t id,
                           const struct lines_call *call);

#endif
