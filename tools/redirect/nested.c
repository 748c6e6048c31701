/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both sides of a `run` inside a `run`: how the inner keeper asks, and what the
 * outer one knows of those who did. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redirect/fuse-mount.h"
#include "redirect/keeper-private.h"
#include "redirect/nested.h"

enum { BUSES_MAX = 256, CHIPS_MAX = 256, ANCESTORS_MAX = 256 };

/* What is asked, one packet; then one each for the mount and the socket of
 * events. A byte comes back, 0: it is so. */
struct wish {
    uint32_t n;
    uint32_t buses[BUSES_MAX];
    char tree[128];
    uint32_t n_chips, gpio_major;
    uint32_t chips[CHIPS_MAX];
};

int redirect_nested_ask(const struct keeper_start *start)
{
    int door = open(NESTED_DOOR, O_RDWR | O_CLOEXEC);
    struct wish wish = {.n = start->n,
                        .n_chips = start->n_chips,
                        .gpio_major = start->gpio_major};
    char refused = 1;

    if (door < 0) {
        return -errno;
    }
    if (start->n <= BUSES_MAX && start->n_chips <= CHIPS_MAX &&
        strlen(start->tree) < sizeof(wish.tree)) {
        memcpy(wish.buses, start->buses, start->n * sizeof(*start->buses));
        memcpy(wish.chips, start->chips,
               start->n_chips * sizeof(*start->chips));
        strcpy(wish.tree, start->tree);
        if (send(door, &wish, sizeof(wish), MSG_NOSIGNAL) != sizeof(wish) ||
            redirect_fuse_mount_send_fd(door, start->fuse_root) ||
            redirect_fuse_mount_send_fd(door, start->socket) ||
            recv(door, &refused, 1, 0) != 1) {
            refused = 1;
        }
    }
    if (refused) {
        close(door);
        return -EBUSY;
    }
    return door;
}

/* ---------------------------------------------------------------- the outer */

/* One who asked, as a keeper of its own that has no listener. */
struct inner {
    struct keeper keeper;
    struct keeper_start start;
    struct wish wish;
    int door;
    pid_t pid;      /* of the inner keeper: its descendants see this */
    unsigned users; /* those who answer by it, and the list; lock */
    struct inner *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void put_locked(struct inner *i)
{
    while (i && !--i->users) {
        struct keeper *outer = i->keeper.outer;

        close(i->door);
        close(i->start.socket);
        close(i->start.fuse_root);
        close(i->keeper.places.tree);
        free(i);
        i = outer->outer ? (struct inner *)outer : NULL; /* first member */
    }
}

static void leave(struct inner *i)
{
    struct keeper *outermost = i->keeper.outermost;
    struct inner **at;

    pthread_mutex_lock(&lock);
    for (at = &outermost->inner; *at && *at != i; at = &(*at)->next) {
    }
    if (*at) {
        *at = i->next;
    }
    put_locked(i);
    pthread_mutex_unlock(&lock);
}

/* Until the inner keeper is gone, and its PROGRAM with it. */
static void stay(struct inner *i)
{
    struct pollfd p[] = {{.fd = i->door}, {.fd = i->start.socket}};

    while (!p[0].revents) {
        if (poll(p, 2, -1) < 0 && errno != EINTR) {
            break;
        }
        if (p[1].revents) { /* its owner is gone: buses are, nothing else */
            i->keeper.owner_gone = true;
            p[1].fd = -1;
            p[1].revents = 0;
        }
    }
}

static int take_in(struct inner *i)
{
    struct keeper *outermost = i->keeper.outermost;
    ssize_t n = recv(i->door, &i->wish, sizeof(i->wish), 0);
    int ret;

    if (n != sizeof(i->wish) || i->wish.n > BUSES_MAX ||
        i->wish.n_chips > CHIPS_MAX ||
        !memchr(i->wish.tree, 0, sizeof(i->wish.tree))) {
        return -EINVAL;
    }
    i->start.buses = i->wish.buses;
    i->start.n = i->wish.n;
    i->start.chips = i->wish.chips;
    i->start.n_chips = i->wish.n_chips;
    i->start.gpio_major = i->wish.gpio_major;
    i->start.tree = i->wish.tree;
    i->start.fuse_root = redirect_fuse_mount_receive_fd(i->door);
    i->start.socket = redirect_fuse_mount_receive_fd(i->door);
    if (i->start.fuse_root < 0 || i->start.socket < 0) {
        return -EBADF;
    }
    ret = redirect_keeper_set_up(&i->keeper);
    if (ret) {
        return ret;
    }
    pthread_mutex_lock(&lock);
    i->users++;
    i->next = outermost->inner;
    outermost->inner = i;
    pthread_mutex_unlock(&lock);
    return 0;
}

static void *inner_main(void *arg)
{
    struct inner *i = arg;
    int ret = take_in(i);
    char refused = ret != 0;

    if (send(i->door, &refused, 1, MSG_NOSIGNAL) == 1 && !ret) {
        stay(i);
    }
    if (!ret) {
        leave(i);
    }
    pthread_mutex_lock(&lock);
    put_locked(i);
    pthread_mutex_unlock(&lock);
    return NULL;
}

struct answer redirect_nested_open(struct keeper *k,
                                   const struct seccomp_notif *q)
{
    struct inner *i = calloc(1, sizeof(*i));
    pthread_t thread;
    int sockets[2];

    if (!i) {
        return (struct answer){ANSWER_VALUE, -ENOMEM, 0};
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
        free(i);
        return (struct answer){ANSWER_VALUE, -errno, 0};
    }
    i->users = 1;
    i->door = sockets[0];
    i->pid = (pid_t)q->pid;
    i->start.socket = i->start.fuse_root = i->keeper.places.tree = -1;
    i->keeper.start = &i->start;
    i->keeper.outer = k;
    i->keeper.outermost = k->outermost ? k->outermost : k;
    i->keeper.listener = k->listener;
    if (k->outer) { /* it is an inner one itself, and held by whoever asks */
        pthread_mutex_lock(&lock);
        ((struct inner *)k)->users++;
        pthread_mutex_unlock(&lock);
    }
    if (pthread_create(&thread, NULL, inner_main, i)) {
        close(sockets[1]);
        pthread_mutex_lock(&lock);
        put_locked(i);
        pthread_mutex_unlock(&lock);
        return (struct answer){ANSWER_VALUE, -EAGAIN, 0};
    }
    pthread_detach(thread);
    return (struct answer){ANSWER_FD, sockets[1], O_CLOEXEC};
}

/* ------------------------------------------------------------------ whose */

static pid_t parent_of(pid_t pid)
{
    char path[40], text[256];
    const char *at;
    size_t n;
    int parent = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (!f) {
        return 0;
    }
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = 0;
    at = strrchr(text, ')'); /* behind the name, which may have any */
    return at && sscanf(at, ") %*c %d", &parent) == 1 ? parent : 0;
}

struct keeper *redirect_nested_take_view(struct keeper *k, pid_t tid)
{
    struct inner *i = NULL;

    if (!__atomic_load_n(&k->inner, __ATOMIC_RELAXED)) {
        return k;
    }
    for (int n = 0; n < ANCESTORS_MAX && tid > 1 && tid != k->pid; n++) {
        pthread_mutex_lock(&lock);
        for (i = k->inner; i && i->pid != tid; i = i->next) {
        }
        if (i) {
            i->users++;
        }
        pthread_mutex_unlock(&lock);
        if (i) {
            return &i->keeper;
        }
        tid = parent_of(tid);
    }
    return k;
}

void redirect_nested_put_view(struct keeper *k, struct keeper *view)
{
    if (view == k) {
        return;
    }
    pthread_mutex_lock(&lock);
    put_locked((struct inner *)view);
    pthread_mutex_unlock(&lock);
}
