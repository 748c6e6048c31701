/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a trapped call is answered. */
#ifndef REDIRECT_ANSWERS_H
#define REDIRECT_ANSWERS_H

#include <linux/seccomp.h>
#include <stdbool.h>

#include "redirect/places.h"
#include "redirect/trapped.h"

struct keeper;

enum answer_kind {
    ANSWER_CONTINUE, /* the kernel does it */
    ANSWER_VALUE,    /* this, or -errno */
    ANSWER_NODE,     /* the open file of a bus, with these flags */
    ANSWER_CHIP,     /* of a GPIO chip */
    ANSWER_LINES,    /* a request for lines of one */
    ANSWER_FD,       /* this descriptor, which is closed then */
};

struct answer {
    enum answer_kind kind;
    int64_t value; /* VALUE; NODE: the bus; CHIP, LINES: its number; FD */
    int flags;     /* NODE, CHIP, FD: of open(2) */
};

struct answer redirect_answer_open(struct keeper *k,
                                   const struct seccomp_notif *q,
                                   enum trapped_kind kind);
struct answer redirect_answer_look(struct keeper *k,
                                   const struct seccomp_notif *q,
                                   enum trapped_kind kind);
struct answer redirect_answer_ioctl(struct keeper *k,
                                    const struct seccomp_notif *q);
struct answer redirect_answer_exec(struct keeper *k,
                                   const struct seccomp_notif *q,
                                   enum trapped_kind kind);

#endif
