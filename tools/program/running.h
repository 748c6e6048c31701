/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PROGRAM on its way, in either form of the redirect. */
#ifndef RUNNING_H
#define RUNNING_H

#include <sys/types.h>

#include "program/program.h"

struct redirect;

struct running {
    struct owner *owner;
    const struct program_options *options;
    char **argv;
    const char *path;          /* of argv[0], or argv[0] */
    struct redirect *redirect; /* seccomp; NULL: preload */
    struct program_report *report;
    char *limit; /* why it is preload, where seccomp was wanted; or NULL */
    pid_t pid;
};

enum { RUNNING_REFUSED = -1 }; /* with a line on stderr */

/* Each returns 0 when PROGRAM runs, the errno of exec, or RUNNING_REFUSED.
 * program_running_by_seccomp(): -errno and `limit` where this machine cannot.
 */
int program_running_by_seccomp(struct running *r);
int program_running_by_preload(struct running *r);
/* Its wait status. */
int program_running_wait(struct running *r);
/* What there is to say once it and its children have ended. */
void program_running_tell(struct running *r);
void program_running_free(struct running *r);

#endif
