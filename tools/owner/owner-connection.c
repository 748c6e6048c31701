/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One process of PROGRAM's, which asks for its files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "owner/owner-private.h"

/*
 *   (none) -> SERVED    accepted: a thread answers its requests
 *   (none) -> (closed)  accepted while the owner is CLOSING, or no thread to be
 *                       had
 *   SERVED -> SERVED    a request, of whatever sense, has its reply
 *   SERVED -> (closed)  the peer has hung up, or sends less than a request
 *   SERVED -> (closed)  the owner is CLOSING
 */
struct connection {
    struct owner *owner;
    int fd;
    uint8_t in[PRELOAD_PACKET_MAX], out[PRELOAD_PACKET_MAX];
};

static bool send_reply(int fd, const void *data, size_t len, int pass)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {(void *)data, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *c;

    if (pass >= 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof(control.space);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof(int));
    }
    return sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0;
}

static bool do_open(struct connection *c, const struct preload_request *r)
{
    struct preload_reply reply = {0};
    int fd = owner_open_file(c->owner, r->file, (uint32_t)r->arg);
    bool ok;

    reply.result = fd < 0 ? fd : 0;
    ok = send_reply(c->fd, &reply, sizeof(reply), fd);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool do_call(struct connection *c, const struct preload_request *r,
                    size_t len)
{
    struct preload_reply reply = {.result = -EBADF};
    struct file *f = owner_take_file(c->owner, r->file);
    size_t n;

    if (!f) {
        return send_reply(c->fd, &reply, sizeof(reply), -1);
    }
    pthread_mutex_lock(&f->lock);
    n = owner_devfile_handle(&f->dev, c->in, len, c->out);
    pthread_mutex_unlock(&f->lock);
    owner_put_file(c->owner, f);
    return send_reply(c->fd, c->out, n, -1);
}

static void *connection_main(void *arg)
{
    struct connection *c = arg;
    struct owner *o = c->owner;
    struct preload_request request;
    bool ok = true;
    ssize_t n;

    while (ok) {
        do {
            n = recv(c->fd, c->in, sizeof(c->in), 0);
        } while (n < 0 && errno == EINTR);
        if (n < (ssize_t)sizeof(request)) {
            break;
        }
        memcpy(&request, c->in, sizeof(request));
        ok = request.op == PRELOAD_OPEN ? do_open(c, &request)
                                        : do_call(c, &request, (size_t)n);
    }
    pthread_mutex_lock(&o->lock);
    o->sockets = g_list_remove(o->sockets, GINT_TO_POINTER(c->fd));
    close(c->fd);
    g_free(c);
    o->connections--;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* A packet is bounded by the sender's buffer. */
static void size_buffers(int fd)
{
    int size = PRELOAD_PACKET_MAX;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Without descriptors left, whoever knocks would do so for ever: he is let in
 * by one that is kept for that, and out again. */
static void refuse(struct owner *o)
{
    int fd;

    if ((errno != EMFILE && errno != ENFILE) || o->spare < 0) {
        return;
    }
    close(o->spare);
    fd = accept4(o->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
    }
    o->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void owner_accept(struct owner *o)
{
    struct connection *c;
    pthread_t thread;
    int fd = accept4(o->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        refuse(o);
        return;
    }
    size_buffers(fd);
    c = g_try_malloc(sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    c->owner = o;
    c->fd = fd;
    pthread_mutex_lock(&o->lock);
    if (o->closing || pthread_create(&thread, NULL, connection_main, c)) {
        close(fd);
        g_free(c);
    } else {
        pthread_detach(thread);
        o->connections++;
        o->sockets = g_list_prepend(o->sockets, GINT_TO_POINTER(fd));
    }
    pthread_mutex_unlock(&o->lock);
}
