/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The redirect at the system call: PROGRAM runs under a filter that leads what
 * opens a path to the keeper (keeper.h), and the file that is opened there in
 * place of /dev/i2c-N is one of a FUSE mount that the owner serves
 * (fuse-server.h). docs/redirect.md.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include <stdbool.h>
#include <sys/types.h>

struct owner;
struct redirect;

struct redirect_program {
    const char *path;
    char **argv, **env;
    void (*exec)(const char *path, char **argv, char **env);
    bool io_uring; /* let it have io_uring, which opens past the filter */
};

/* Mount and serve. 0, or -errno and what it was that this machine lacks. */
int redirect_new(struct redirect **out, struct owner *o, const char **what);
/*
 * 0, `pid` is the running PROGRAM; -errno of the keeper or the filter, with
 * what it was; or the positive errno of exec.
 */
int redirect_start(struct redirect *r, const struct redirect_program *p,
                   pid_t *pid, const char **what);
/* Until PROGRAM has ended: its wait status. Takes in what is said of it. */
int redirect_wait(struct redirect *r, pid_t pid);
/* What was said: lines, `user` for `each`. */
void redirect_lines(struct redirect *r,
                    void (*each)(const char *line, void *user), void *user);
void redirect_free(struct redirect *r);

#endif
