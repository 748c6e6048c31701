/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapped ioctls: requests for lines of a GPIO chip. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "redirect/fuse-server.h"
#include "redirect/keeper-private.h"
#include "redirect/lines.h"
#include "redirect/memory.h"

enum { PATIENCE_MS = 500 };

struct answer redirect_answer_ioctl(struct keeper *k,
                                    const struct seccomp_notif *q)
{
    size_t unused;
    struct place place;

    redirect_places_find_open(&k->places, (pid_t)q->pid, (int)q->data.args[0],
                              &place);
    if (place.kind != PLACE_CHIP ||
        !gpiochip_makes_request((uint32_t)q->data.args[1], &unused)) {
        return (struct answer){ANSWER_CONTINUE, 0, 0};
    }
    return (struct answer){ANSWER_LINES, place.number, 0};
}

/* Who has closed the only descriptor of a request may ask for its lines again,
 * and the kernel tells the owner of the first by and by. 0 or -errno. */
static int ask_owner(int fd, struct lines_wish *wish)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    ssize_t n;

    for (unsigned i = 0; i <= PATIENCE_MS; i++) {
        wish->patient = i < PATIENCE_MS;
        n = write(fd, wish, sizeof(*wish));
        if (n >= 0 || errno != EAGAIN) {
            break;
        }
        nanosleep(&ms, NULL);
    }
    return n == (ssize_t)sizeof(*wish) ? 0 : -errno;
}

/* The owner's file for it, or -errno. */
static int open_file(const struct keeper *view, uint32_t number,
                     struct lines_wish *wish)
{
    char name[32];
    int fd, ret;

    snprintf(name, sizeof(name), FUSE_SERVER_LINES, number);
    fd = openat(view->start->fuse_root, name, O_RDWR | O_CLOEXEC);
    ret = fd < 0 ? -errno : ask_owner(fd, wish);
    if (!ret) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return ret == -ENOTCONN ? -ENODEV : ret;
}

/* Into PROGRAM, and its number into the struct; that this can be written is
 * found out before, as what was handed over cannot be taken back. */
static int hand_over(struct keeper *k, uint64_t id, int fd, uint64_t at,
                     const struct lines_call *call, const uint8_t *before)
{
    struct seccomp_notif_addfd add = {
        .id = id, .srcfd = (uint32_t)fd, .newfd_flags = O_CLOEXEC};
    int32_t number;
    int ret;

    if (ioctl(k->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id)) {
        return -errno;
    }
    ret = redirect_memory_write(call->tid, at, before, sizeof(number));
    if (ret) {
        return ret;
    }
    number = ioctl(k->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    return number < 0
               ? -errno
               : redirect_memory_write(call->tid, at, &number, sizeof(number));
}

int redirect_lines_request(struct keeper *k, struct keeper *view,
                           uint32_t number, uint64_t id,
                           const struct lines_call *call)
{
    struct lines_wish wish = {.code = call->code,
                              .compat = call->arch == AUDIT_ARCH_I386};
    size_t fd_at = 0;
    int fd, ret;

    gpiochip_makes_request(call->code, &fd_at);
    ret = redirect_memory_read(call->tid, call->arg, wish.data,
                               gpiochip_ioctl_size(call->code));
    if (ret) {
        return ret;
    }
    fd = open_file(view, number, &wish);
    if (fd < 0) {
        return fd;
    }
    ret = hand_over(k, id, fd, call->arg + fd_at, call, wish.data + fd_at);
    close(fd);
    return ret;
}
