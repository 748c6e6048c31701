/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PROGRAM under the filter of redirect/. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text-in.h"
#include "common/tool.h"
#include "owner/owner.h"
#include "preload/protocol.h"
#include "program/running.h"
#include "redirect/redirect.h"

static int limit(struct running *r, int ret, const char *what)
{
    r->limit = g_strdup_printf("%s: %s", what, g_strerror(-ret));
    return ret;
}

/* A shim of a run around this one stands before the system call: it shall
 * leave our buses alone. */
static char **without_ours(char **env, struct owner *o)
{
    g_auto(GStrv) before =
        g_strsplit(g_environ_getenv(env, ENV_BUSES) ?: "", ":", -1);
    g_autoptr(GString) left = g_string_new(NULL);

    if (!*before) {
        return env;
    }
    for (char **word = before; *word; word++) {
        const char *end = *word;
        uint64_t bus;

        if (!tool_text_number(&end, 10, OWNER_BUS_MAX, &bus) ||
            !owner_has_bus(o, (uint32_t)bus)) {
            g_string_append_printf(left, "%s%s", left->len ? ":" : "", *word);
        }
    }
    return g_environ_setenv(env, ENV_BUSES, left->str, TRUE);
}

int program_running_by_seccomp(struct running *r)
{
    g_auto(GStrv) env = without_ours(g_get_environ(), r->owner);
    struct redirect_program p = {.path = r->path,
                                 .argv = r->argv,
                                 .env = env,
                                 .exec = program_exec,
                                 .io_uring = r->options->io_uring};
    const char *what = "";
    int ret;

    if (access(r->path, R_OK) && errno == EACCES) {
        return limit(r, -EACCES,
                     "a look at the memory of a program that may be run and "
                     "not read");
    }
    ret = redirect_new(&r->redirect, r->owner, &what);
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
