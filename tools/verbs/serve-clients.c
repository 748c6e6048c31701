/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients of a socket that is served: a thread each. */
#include "verbs/serve-clients.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    struct client *next;
    struct serve_clients *all;
    pthread_t thread;
    int fd;
    bool gone; /* under all->lock */
};

struct serve_clients {
    struct i2cpt_adapter *adapter;
    serve_client_fn serve;
    int fd;
    pthread_mutex_t lock;
    struct client *first; /* of the main thread's */
};

struct serve_clients *serve_clients_new(struct i2cpt_adapter *a,
                                        serve_client_fn serve)
{
    struct serve_clients *all = calloc(1, sizeof(*all));

    if (!all) {
        return NULL;
    }
    all->adapter = a;
    all->serve = serve;
    all->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (all->fd < 0) {
        free(all);
        return NULL;
    }
    pthread_mutex_init(&all->lock, NULL);
    return all;
}

int serve_clients_fd(const struct serve_clients *clients)
{
    return clients->fd;
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    struct serve_clients *all = c->all;
    uint64_t one = 1;

    all->serve(all->adapter, c->fd);
    /* its peer sees the end now; the number stays ours for hang_up() */
    shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_lock(&all->lock);
    c->gone = true;
    pthread_mutex_unlock(&all->lock);
    if (write(all->fd, &one, sizeof(one)) < 0) {
        /* the counter is at its limit: readable all the same */
    }
    return NULL;
}

bool serve_clients_accept(struct serve_clients *clients, int listener)
{
    struct client *c = calloc(1, sizeof(*c));
    int fd;

    if (!c) {
        return false;
    }
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                    errno == ENOMEM;

        free(c);
        return !full;
    }
    c->all = clients;
    c->fd = fd;
    if (pthread_create(&c->thread, NULL, client_main, c)) {
        close(fd);
        free(c);
        return false;
    }
    c->next = clients->first;
    clients->first = c;
    return true;
}

unsigned serve_clients_reap(struct serve_clients *clients)
{
    struct client **at = &clients->first, *c;
    unsigned left = 0;
    uint64_t count;
    bool gone;

    if (read(clients->fd, &count, sizeof(count)) < 0) {
        /* EAGAIN: asked for without its being readable */
    }
    while ((c = *at)) {
        pthread_mutex_lock(&clients->lock);
        gone = c->gone;
        pthread_mutex_unlock(&clients->lock);
        if (!gone) {
            at = &c->next;
            left++;
            continue;
        }
        *at = c->next;
        pthread_join(c->thread, NULL);
        close(c->fd);
        free(c);
    }
    return left;
}

void serve_clients_hang_up(struct serve_clients *clients)
{
    struct client *c;

    for (c = clients->first; c; c = c->next) {
        shutdown(c->fd, SHUT_RD);
    }
}

void serve_clients_free(struct serve_clients *clients)
{
    close(clients->fd);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}
