/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The redirect in the owner's process: it makes mount and server, starts the
 * keeper and hears what it has to say. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "owner/owner.h"
#include "redirect/fuse-mount.h"
#include "redirect/fuse-server.h"
#include "redirect/keeper.h"
#include "redirect/redirect.h"

struct redirect {
    struct owner *owner;
    struct fuse_mount mount;
    struct fuse_server *server;
    int socket; /* to the keeper; -1: none */
    GPtrArray *lines;
};

int redirect_new(struct redirect **out, struct owner *o, const char **what)
{
    struct redirect *r = g_new0(struct redirect, 1);
    int ret = redirect_fuse_mount_new(&r->mount, what);

    if (ret) {
        g_free(r);
        return ret;
    }
    r->owner = o;
    r->socket = -1;
    *what = "threads";
    ret = redirect_fuse_server_new(&r->server, o, r->mount.server);
    if (ret) {
        close(r->mount.root);
        close(r->mount.server);
        g_free(r);
        return ret;
    }
    r->lines = g_ptr_array_new_with_free_func(g_free);
    *out = r;
    return 0;
}

void redirect_free(struct redirect *r)
{
    /* first, so that nobody waits for an answer that will not come */
    redirect_fuse_server_free(r->server);
    close(r->mount.server);
    close(r->mount.root);
    if (r->socket >= 0) {
        close(r->socket);
    }
    g_ptr_array_unref(r->lines);
    g_free(r);
}

/* ------------------------------------------------------------------- lines */

static void add_line(struct redirect *r, char *line)
{
    guint i;

    for (i = 0; i < r->lines->len; i++) {
        if (!strcmp(line, g_ptr_array_index(r->lines, i))) {
            g_free(line);
            return;
        }
    }
    g_ptr_array_add(r->lines, line);
}

static void hear(struct redirect *r, const struct keeper_event *e)
{
    switch (e->kind) {
    case KEEPER_OTHER_BUS:
        add_line(r, g_strdup_printf("/dev/i2c-%u was opened, which is not "
                                    "redirected: first by %s",
                                    e->number, e->text));
        break;
    case KEEPER_SET_ID:
        add_line(r, g_strdup_printf("%s ran without the privilege of its "
                                    "file: where a filter is installed by an "
                                    "ordinary user, set-id programs and file "
                                    "capabilities have none",
                                    e->text));
        break;
    case KEEPER_UNREADABLE:
        add_line(r, g_strdup_printf("%s: its memory may not be looked at, so "
                                    "what it opened was not redirected",
                                    e->text));
        break;
    default:
        break;
    }
}

void redirect_lines(struct redirect *r,
                    void (*each)(const char *line, void *user), void *user)
{
    guint i;

    for (i = 0; i < r->lines->len; i++) {
        each(g_ptr_array_index(r->lines, i), user);
    }
}

/* ------------------------------------------------------------------ keeper */

static bool next_event(struct redirect *r, struct keeper_event *e)
{
    ssize_t n;

    do {
        n = recv(r->socket, e, sizeof(*e), 0);
    } while (n < 0 && errno == EINTR);
    if (n != sizeof(*e)) {
        return false;
    }
    e->text[sizeof(e->text) - 1] = 0;
    return true;
}

static void start_keeper(struct redirect *r, const struct redirect_program *p,
                         int socket, int report)
{
    uint32_t *buses = g_new(uint32_t, owner_bus_count(r->owner));
    uint32_t *chips = g_new(uint32_t, owner_chip_count(r->owner));
    struct keeper_start s = {
        .socket = socket,
        .report = report,
        .fuse_root = r->mount.root,
        .tree = owner_folder(r->owner),
        .buses = buses,
        .n = owner_bus_count(r->owner),
        .chips = chips,
        .n_chips = owner_chip_count(r->owner),
        .gpio_major = owner_gpio_major(r->owner),
        .filter = {.io_uring = p->io_uring,
                   .execve = redirect_filter_needs_no_new_privs(),
                   .gpio = owner_chip_count(r->owner) > 0},
        .path = p->path,
        .argv = p->argv,
        .env = p->env,
        .exec = p->exec,
    };
    unsigned i;

    for (i = 0; i < s.n; i++) {
        buses[i] = owner_nth_bus(r->owner, i);
    }
    for (i = 0; i < s.n_chips; i++) {
        chips[i] = owner_nth_chip(r->owner, i);
    }
    redirect_keeper_main(&s);
}

/* How far PROGRAM came: as redirect_start() returns it. */
static int read_report(int report, const char **what)
{
    struct keeper_failure f;
    ssize_t n;

    do {
        n = read(report, &f, sizeof(f));
    } while (n < 0 && errno == EINTR);
    if (n != sizeof(f)) {
        return 0;
    }
    *what = f.stage == KEEPER_MEMORY
                ? "a look at the program's memory (kernel.yama.ptrace_scope, "
                  "CAP_SYS_PTRACE)"
                : "a seccomp filter that notifies";
    return f.stage == KEEPER_EXEC ? f.error : -f.error;
}

int redirect_start(struct redirect *r, const struct redirect_program *p,
                   pid_t *pid, const char **what)
{
    struct keeper_event e;
    int sockets[2], report[2], ret;
    pid_t keeper;

    *what = "the keeper's process";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
        return -errno;
    }
    if (pipe2(report, O_CLOEXEC)) {
        ret = -errno;
        close(sockets[0]);
        close(sockets[1]);
        return ret;
    }
    /* should the keeper be killed, PROGRAM is ours to wait for */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    keeper = fork();
    if (!keeper) {
        close(sockets[0]);
        close(report[0]);
        start_keeper(r, p, sockets[1], report[1]);
    }
    ret = keeper < 0 ? -errno : 0;
    close(sockets[1]);
    close(report[1]);
    r->socket = sockets[0];
    if (!ret && (!next_event(r, &e) || e.kind != KEEPER_STARTED)) {
        ret = read_report(report[0], what);
        ret = ret ? ret : -ECHILD;
    } else if (!ret) {
        *pid = (pid_t)e.number;
        ret = read_report(report[0], what);
    }
    close(report[0]);
    return ret;
}

int redirect_wait(struct redirect *r, pid_t pid)
{
    struct keeper_event e;
    int status;

    while (next_event(r, &e)) {
        if (e.kind == KEEPER_ENDED) {
            return (int)e.number;
        }
        hear(r, &e);
    }
    add_line(r, g_strdup("the keeper was killed: whatever was left of the "
                         "program could open no file any more"));
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return 0;
        }
    }
    return status;
}
