/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PROGRAM under the filter of redirect/. */
#include <errno.h>
#include <glib.h>

#include "common/tool.h"
#include "program/running.h"
#include "redirect/redirect.h"

static int limit(struct running *r, int ret, const char *what)
{
    r->limit = g_strdup_printf("%s: %s", what, g_strerror(-ret));
    return ret;
}

int running_by_seccomp(struct running *r)
{
    g_auto(GStrv) env = g_get_environ();
    struct redirect_program p = {.path = r->path,
                                 .argv = r->argv,
                                 .env = env,
                                 .exec = program_exec,
                                 .io_uring = r->options->io_uring};
    const char *what = "";
    int ret = redirect_new(&r->redirect, r->owner, &what);

    if (ret) {
        r->redirect = NULL;
        return limit(r, ret, what);
    }
    ret = redirect_start(r->redirect, &p, &r->pid, &what);
    if (ret < 0) {
        redirect_free(r->redirect);
        r->redirect = NULL;
        r->pid = 0;
        return limit(r, ret, what);
    }
    return ret;
}
