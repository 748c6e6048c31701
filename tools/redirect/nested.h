/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A `run` inside a `run`. The kernel allows one listener in a tree of tasks, so
 * the inner keeper asks the outer one to answer for it as well: it opens a name
 * that is not there but for those whom a keeper listens to, gets a socket, and
 * says which buses its PROGRAM shall see and who it is itself. From then on the
 * outer keeper answers whoever descends from it by what it was told, and where
 * that is silent, as before.
 */
#ifndef REDIRECT_NESTED_H
#define REDIRECT_NESTED_H

#include <linux/seccomp.h>

#include "redirect/answers.h"
#include "redirect/keeper.h"

#define NESTED_DOOR "/dev/i2cpt-outer-keeper"

/* In the inner keeper: a descriptor to hold while its PROGRAM runs; -ENOENT:
 * there is no outer one. */
int redirect_nested_ask(const struct keeper_start *start);

/* In the outer: the door was opened, answer with this. */
struct answer redirect_nested_open(struct keeper *k,
                                   const struct seccomp_notif *q);
/* The view of a task, held until redirect_nested_put_view(). */
struct keeper *redirect_nested_take_view(struct keeper *k, pid_t tid);
void redirect_nested_put_view(struct keeper *k, struct keeper *view);

#endif
