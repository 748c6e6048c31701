/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keeper's process: it starts PROGRAM, takes its calls in a few threads,
 * reaps, and ends with the last of PROGRAM's children. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "owner/owner.h"
#include "redirect/fuse-mount.h"
#include "redirect/fuse-server.h"
#include "redirect/keeper-private.h"
#include "redirect/lines.h"
#include "redirect/memory.h"
#include "redirect/nested.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      _IOW('!', 4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

enum { THREADS_MAX = 64, STUCK_MS = 100 };

/* ----------------------------------------------------------------- answers */

static void send_value(struct keeper *k, uint64_t id, int64_t value,
                       uint32_t flags)
{
    struct seccomp_notif_resp r = {.id = id, .flags = flags};

    if (value < 0) {
        r.error = (int)value;
    } else {
        r.val = value;
    }
    if (ioctl(k->listener, SECCOMP_IOCTL_NOTIF_SEND, &r)) {
        /* ENOENT: whoever called is gone */
    }
}

/* Into the caller, at the lowest free number, and that is the call's value. */
static void send_fd(struct keeper *k, uint64_t id, int fd, int flags)
{
    struct seccomp_notif_addfd add = {.id = id,
                                      .flags = SECCOMP_ADDFD_FLAG_SEND,
                                      .srcfd = (uint32_t)fd,
                                      .newfd_flags =
                                          (uint32_t)flags & O_CLOEXEC};

    if (ioctl(k->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0) {
        send_value(k, id, -errno, 0);
    }
    close(fd);
}

struct opening {
    struct keeper *keeper, *view;
    struct keeper *held; /* the view, or one inside of it */
    uint64_t id;
    struct answer answer;
    struct lines_call call; /* LINES */
};

static void name_of(const struct answer *a, char *to, size_t size)
{
    if (a->value < 0) {
        snprintf(to, size, FUSE_SERVER_DEV);
    } else if (a->kind == ANSWER_CHIP) {
        snprintf(to, size, FUSE_SERVER_CHIP, (unsigned)a->value);
    } else {
        snprintf(to, size, FUSE_SERVER_NODE, (unsigned)a->value);
    }
}

/* One of /dev, of a bus or of a chip. */
static void open_node(struct opening *o)
{
    struct keeper *k = o->keeper, *view = o->view;
    char name[32];
    int fd;

    name_of(&o->answer, name, sizeof(name));
    fd = openat(view->start->fuse_root, name, o->answer.flags | O_CLOEXEC);
    if (fd < 0) {
        send_value(k, o->id, errno == ENOTCONN ? -ENODEV : -errno, 0);
        return;
    }
    if (o->answer.value < 0) {
        view->places.has_dev = true;
    } else {
        view->places.has_nodes = true;
    }
    send_fd(k, o->id, fd, o->answer.flags);
}

/* It asks the owner, who answers soon, unless somebody has stopped it. */
static void *open_fuse(void *arg)
{
    struct opening *o = arg;

    if (o->answer.kind == ANSWER_LINES) {
        send_value(o->keeper, o->id,
                   redirect_lines_request(o->keeper, o->view,
                                          (uint32_t)o->answer.value, o->id,
                                          &o->call),
                   0);
    } else {
        open_node(o);
    }
    redirect_nested_put_view(o->keeper, o->held);
    free(o);
    return NULL;
}

/* Takes over `what`. */
static void start_opening(const struct opening *what)
{
    struct opening *o = malloc(sizeof(*o));
    pthread_t thread;

    if (!o) {
        send_value(what->keeper, what->id, -ENOMEM, 0);
        redirect_nested_put_view(what->keeper, what->held);
        return;
    }
    *o = *what;
    if (pthread_create(&thread, NULL, open_fuse, o)) {
        open_fuse(o);
    } else {
        pthread_detach(thread);
    }
}

static struct answer decide(struct keeper *k, const struct seccomp_notif *q,
                            enum trapped_kind kind)
{
    switch (kind) {
    case TRAPPED_NONE:
    case TRAPPED_REFUSED:
    case TRAPPED_IO_URING:
        break;
    case TRAPPED_ROOT:
        k->places.other_roots = true;
        break;
    case TRAPPED_OPEN:
    case TRAPPED_CREAT:
    case TRAPPED_OPENAT:
    case TRAPPED_OPENAT2:
        return redirect_answer_open(k, q, kind);
    case TRAPPED_IOCTL:
        return redirect_answer_ioctl(k, q);
    case TRAPPED_EXECVE:
    case TRAPPED_EXECVEAT:
        return redirect_answer_exec(k, q, kind);
    default:
        return redirect_answer_look(k, q, kind);
    }
    return (struct answer){ANSWER_CONTINUE, 0, 0};
}

static void serve(struct keeper *k, const struct seccomp_notif *q)
{
    enum trapped_kind kind =
        redirect_trapped_find(q->data.arch, (uint32_t)q->data.nr);
    struct keeper *held = redirect_nested_take_view(k, (pid_t)q->pid),
                  *view = held;
    struct answer a = decide(view, q, kind);

    /* what is nothing to the run it is in may be to one around it, whose
     * views last as long */
    while (a.kind == ANSWER_CONTINUE && view->outer) {
        view = view->outer;
        a = decide(view, q, kind);
    }
    switch (a.kind) {
    case ANSWER_CONTINUE:
        send_value(k, q->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
        break;
    case ANSWER_VALUE:
        send_value(k, q->id, a.value, 0);
        break;
    case ANSWER_NODE:
    case ANSWER_CHIP:
    case ANSWER_LINES:
        start_opening(
            &(struct opening){k,
                              view,
                              held,
                              q->id,
                              a,
                              {(pid_t)q->pid, q->data.arch,
                               (uint32_t)q->data.args[1], q->data.args[2]}});
        return;
    case ANSWER_FD:
        send_fd(k, q->id, (int)a.value, a.flags);
        break;
    }
    redirect_nested_put_view(k, held);
}

/* No filtered task is left, as the kernel says since 5.10 or so. */
static bool is_over(struct keeper *k)
{
    struct pollfd p = {.fd = k->listener};

    return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

static size_t notif_size(void)
{
    struct seccomp_notif_sizes sizes = {.seccomp_notif = 0};

    syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    return sizes.seccomp_notif > sizeof(struct seccomp_notif)
               ? sizes.seccomp_notif
               : sizeof(struct seccomp_notif);
}

static void *listen_main(void *arg)
{
    struct keeper *k = arg;
    size_t size = notif_size();
    struct seccomp_notif *q = malloc(size);

    while (q) {
        memset(q, 0, size);
        if (!ioctl(k->listener, SECCOMP_IOCTL_NOTIF_RECV, q)) {
            __atomic_add_fetch(&k->begun, 1, __ATOMIC_RELAXED);
            serve(k, q);
            __atomic_add_fetch(&k->done, 1, __ATOMIC_RELAXED);
        } else if ((errno != EINTR && errno != ENOENT) || is_over(k)) {
            break;
        }
    }
    free(q);
    return NULL;
}

/*
 * One thread listens, which is fastest (a second one costs a task switch more a
 * call). It looks at paths, and a path may lead into a file system that one of
 * PROGRAM's own processes serves, who is waiting for us by then: so when
 * nothing has been answered for a while, somebody else listens as well.
 */
static void *watch_listeners(void *arg)
{
    const struct timespec stuck = {.tv_nsec = STUCK_MS * 1000000L};
    struct keeper *k = arg;
    unsigned threads = 1, done, before = 0;
    pthread_t thread;

    for (;;) {
        nanosleep(&stuck, NULL);
        done = __atomic_load_n(&k->done, __ATOMIC_RELAXED);
        if (done == before && threads < THREADS_MAX &&
            __atomic_load_n(&k->begun, __ATOMIC_RELAXED) - done >= threads &&
            !pthread_create(&thread, NULL, listen_main, k)) {
            threads++;
        }
        before = done;
    }
    return NULL;
}

/* ----------------------------------------------------------------- process */

static void fail(const struct keeper_start *s, int stage, int error)
{
    struct keeper_failure f = {stage, error};

    if (write(s->report, &f, sizeof(f)) < 0) {
        /* then it looks as if it had run, and ended so */
    }
    _exit(127);
}

/* PROGRAM itself, up to exec. */
static void become_program(const struct keeper_start *s, int socket)
{
    int listener, ret;
    char go;

    if (read(socket, &go, 1) != 1) {
        _exit(127);
    }
    listener = redirect_filter_install(&s->filter);
    if (listener < 0) {
        fail(s, KEEPER_FILTER, -listener);
    }
    ret = redirect_fuse_mount_send_fd(socket, listener);
    if (ret) {
        fail(s, KEEPER_FILTER, -ret);
    }
    close(listener);
    close(socket);
    s->exec(s->path, s->argv, s->env);
    fail(s, KEEPER_EXEC, errno);
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* The owner's adapters, files and connections are none of ours: who closes
 * them there closes them. */
static void close_others(const int *keep, unsigned n)
{
    int sorted[8], from = 3;

    memcpy(sorted, keep, n * sizeof(*keep));
    qsort(sorted, n, sizeof(*sorted), compare_ints);
    for (unsigned i = 0; i < n; i++) {
        if (sorted[i] > from) {
            close_range((unsigned)from, (unsigned)sorted[i] - 1, 0);
        }
        from = sorted[i] >= from ? sorted[i] + 1 : from;
    }
    close_range((unsigned)from, ~0u, 0);
}

/* Out of the way of the terminal, of pipes that wait for their end, and of
 * folders that shall be unmounted. */
static void withdraw(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    setpgid(0, 0);
    prctl(PR_SET_NAME, "i2cpt-keeper", 0, 0, 0);
    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        dup2(null, fd);
    }
    close(null);
    if (chdir("/")) {
        /* then it pins the one it is in */
    }
}

/* Until the owner's process has gone. */
static void *watch_owner(void *arg)
{
    struct keeper *k = arg;
    char c;

    while (recv(k->start->socket, &c, sizeof(c), 0) > 0) {
    }
    k->owner_gone = true;
    return NULL;
}

static void start_threads(struct keeper *k)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, listen_main, k) ||
        pthread_create(&thread, NULL, watch_listeners, k) ||
        pthread_create(&thread, NULL, watch_owner, k)) {
        kill(k->program, SIGKILL); /* it could not be served */
    }
}

/* Everybody who is left without a parent becomes our child. */
static void reap(struct keeper *k)
{
    int status;
    pid_t pid;

    for (;;) {
        pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno != EINTR) {
            return;
        }
        if (pid == k->program) {
            redirect_keeper_tell(k, KEEPER_ENDED, (uint32_t)status, NULL);
        }
    }
}

/* What PROGRAM and its parent, the keeper, have to do with each other once it
 * runs. */
static void __attribute__((noreturn)) stay(struct keeper *k)
{
    const struct keeper_start *s = k->start;

    reap(k);
    if (k->owner_gone) {
        owner_remove_tree(s->tree); /* it was killed before it could */
    }
    _exit(0);
}

/* Inside of another run: its keeper answers. */
static void be_inner(struct keeper *k, int door)
{
    const struct keeper_start *s = k->start;
    int keep[] = {s->socket, door, owner_hold_tree(s->tree)};
    pthread_t thread;

    k->program = fork();
    if (!k->program) {
        s->exec(s->path, s->argv, s->env);
        fail(s, KEEPER_EXEC, errno);
    }
    if (k->program < 0) {
        fail(s, KEEPER_FILTER, errno);
    }
    close(s->report);
    redirect_keeper_tell(k, KEEPER_STARTED, (uint32_t)k->program, NULL);
    withdraw();
    close_others(keep, 3);
    if (pthread_create(&thread, NULL, watch_owner, k)) {
        /* then a folder may be left behind, should the owner be killed */
    }
    stay(k);
}

/* What can be done is found by doing: PROGRAM has a copy of our memory so far.
 * Whose paths cannot be read would open the real bus. */
static void look_at_program(const struct keeper *k, int socket)
{
    char unused;
    int ret =
        redirect_memory_read(k->program, (uintptr_t)k, &unused, sizeof(unused));

    if (ret) {
        kill(k->program, SIGKILL);
        waitpid(k->program, NULL, 0);
        fail(k->start, KEEPER_MEMORY, -ret);
    }
    if (send(socket, "", 1, MSG_NOSIGNAL) < 0) {
        /* then it has ended, and that is told soon */
    }
}

void redirect_keeper_main(const struct keeper_start *s)
{
    struct keeper k = {.start = s, .pid = getpid()};
    int sockets[2], ret = redirect_keeper_set_up(&k), door;
    __u64 flags = SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP;

    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    door = ret ? -1 : redirect_nested_ask(s);
    if (door >= 0) {
        be_inner(&k, door);
    }
    if (!ret && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets)) {
        ret = -errno;
    }
    if (ret) {
        fail(s, KEEPER_FILTER, -ret);
    }
    k.program = fork();
    if (!k.program) {
        close(sockets[0]);
        become_program(s, sockets[1]);
    }
    if (k.program < 0) {
        fail(s, KEEPER_FILTER, errno);
    }
    close(sockets[1]);
    look_at_program(&k, sockets[0]);
    close(s->report);
    redirect_keeper_tell(&k, KEEPER_STARTED, (uint32_t)k.program, NULL);
    k.listener = redirect_fuse_mount_receive_fd(sockets[0]);
    withdraw();
    if (k.listener >= 0) {
        int keep[] = {s->socket, s->fuse_root, k.places.tree, k.listener,
                      owner_hold_tree(s->tree)};

        close_others(keep, 5);
        ioctl(k.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags);
        start_threads(&k);
    }
    stay(&k);
}
