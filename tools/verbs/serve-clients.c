/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients of a socket that is served: a thread each. */
#include "verbs/serve-clients.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    struct client *next;
    struct serve_clients *all;
    pthread_t thread;
    int fd;
    struct i2cpt_adapter *adapter; /* a handle of its own */
    unsigned number;               /* in a recording: from 1 */
    bool gone;                     /* under all->lock */
};

struct serve_clients {
    struct i2cpt_adapter *adapter;
    serve_client_fn serve;
    int pipe[2]; /* a byte for each that has gone: to poll, to write */
    pthread_mutex_t lock;
    /* of the main thread's */
    struct client *first;
    unsigned n, max; /* of them, and how many there may be */
    unsigned last;   /* number that was given */
    bool marks;      /* each in a recording */
};

struct serve_clients *verb_serve_clients_new(struct i2cpt_adapter *a,
                                             serve_client_fn serve,
                                             unsigned max, bool marks)
{
    struct serve_clients *all = calloc(1, sizeof(*all));

    if (!all) {
        return NULL;
    }
    all->adapter = a;
    all->serve = serve;
    all->max = max;
    all->marks = marks;
    if (pipe2(all->pipe, O_CLOEXEC | O_NONBLOCK)) {
        free(all);
        return NULL;
    }
    pthread_mutex_init(&all->lock, NULL);
    return all;
}

int verb_serve_clients_fd(const struct serve_clients *clients)
{
    return clients->pipe[0];
}

#ifdef SO_PEERCRED
/* False where the kernel does not say. */
static bool peer_of(int fd, unsigned long *uid, long *pid)
{
    struct ucred who;
    socklen_t size = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size)) {
        return false;
    }
    *uid = who.uid;
    *pid = who.pid;
    return true;
}
#else
static bool peer_of(int fd, unsigned long *uid, long *pid)
{
    return false;
}
#endif

/* Into the recording, if there is one: who it is, by what the kernel says. */
static void note_client(const struct client *c, bool comes)
{
    unsigned long uid;
    char text[100];
    long pid;

    if (!comes) {
        snprintf(text, sizeof(text), "%u gone", c->number);
    } else if (peer_of(c->fd, &uid, &pid)) {
        snprintf(text, sizeof(text), "%u uid=%lu pid=%ld", c->number, uid, pid);
    } else {
        snprintf(text, sizeof(text), "%u", c->number);
    }
    i2cpt_trace_record_event(c->adapter, "client", text, NULL);
}

static void *client_main(void *arg)
{
    struct client *c = arg;
    struct serve_clients *all = c->all;

    if (all->marks) {
        note_client(c, true);
    }
    all->serve(c->adapter, c->fd);
    if (all->marks) {
        note_client(c, false);
    }
    /* its peer sees the end now; the number stays ours for hang_up() */
    shutdown(c->fd, SHUT_RDWR);
    pthread_mutex_lock(&all->lock);
    c->gone = true;
    pthread_mutex_unlock(&all->lock);
    if (write(all->pipe[1], "", 1) < 0) {
        /* it is full, and so readable all the same */
    }
    return NULL;
}

static void free_client(struct client *c)
{
    i2cpt_adapter_unref(c->adapter);
    free(c);
}

static struct client *new_client(struct serve_clients *clients)
{
    struct client *c = calloc(1, sizeof(*c));

    if (!c) {
        return NULL;
    }
    c->all = clients;
    c->number = clients->last + 1;
    if (!clients->marks) {
        c->adapter = i2cpt_adapter_ref(clients->adapter);
    } else if (i2cpt_adapter_as_client(clients->adapter, c->number,
                                       &c->adapter)) {
        free(c);
        return NULL;
    }
    return c;
}

bool verb_serve_clients_accept(struct serve_clients *clients, int listener)
{
    struct client *c = clients->n < clients->max ? new_client(clients) : NULL;
    int fd;

    if (!c) {
        return false;
    }
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                    errno == ENOMEM;

        free_client(c);
        return !full;
    }
    c->fd = fd;
    if (pthread_create(&c->thread, NULL, client_main, c)) {
        close(fd);
        free_client(c);
        return false;
    }
    c->next = clients->first;
    clients->first = c;
    clients->n++;
    clients->last++;
    return true;
}

unsigned verb_serve_clients_reap(struct serve_clients *clients)
{
    struct client **at = &clients->first, *c;
    unsigned left = 0;
    char bytes[64];
    bool gone;

    while (read(clients->pipe[0], bytes, sizeof(bytes)) > 0) {
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
        free_client(c);
        clients->n--;
    }
    return left;
}

void verb_serve_clients_hang_up(struct serve_clients *clients)
{
    struct client *c;

    for (c = clients->first; c; c = c->next) {
        shutdown(c->fd, SHUT_RD);
    }
}

void verb_serve_clients_free(struct serve_clients *clients)
{
    close(clients->pipe[0]);
    close(clients->pipe[1]);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}
