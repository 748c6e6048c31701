/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the keeper: its process (keeper.c), the answers to calls
 * that open (answer-open.c) and that look (answer-look.c), and what these need
 * (keeper-call.c). */
#ifndef REDIRECT_KEEPER_PRIVATE_H
#define REDIRECT_KEEPER_PRIVATE_H

#include <linux/seccomp.h>
#include <sys/stat.h>

#include "redirect/answers.h"
#include "redirect/keeper.h"
#include "redirect/places.h"

struct inner;

struct keeper {
    const struct keeper_start *start;
    struct keeper *outer;     /* a run around this one; NULL: none */
    struct keeper *outermost; /* who listens; NULL: this one */
    struct inner *inner;      /* runs inside of this one: nested.c */
    pid_t pid;                /* of this process */
    struct places places;
    struct stat dev;   /* of /dev */
    struct stat began; /* times of our nodes */
    int listener;
    pid_t program;
    volatile bool owner_gone;
    unsigned begun, done; /* calls; atomic */
};

/* keeper-call.c */
/* What `start` says; 0 or -errno. */
int redirect_keeper_set_up(struct keeper *k);
/* Whether a run around this one has that bus. */
bool redirect_keeper_outer_has(const struct keeper *k, uint32_t bus);
void redirect_keeper_tell(struct keeper *k, enum keeper_event_kind kind,
                          uint32_t number, const char *text);
/* Whether the call still waits: before its task's memory is written. */
bool redirect_keeper_waits(struct keeper *k, const struct seccomp_notif *q);
/* The name that a task has in ps. */
void redirect_keeper_name_task(pid_t tid, char *to, size_t size);
/* A path argument: 0; 1: the kernel shall say what is wrong with it. */
int redirect_keeper_read_path(struct keeper *k, const struct seccomp_notif *q,
                              unsigned arg, char *path);

#endif
