/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The remote protocol's server for each client of an export. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qemu/queue.h"
#include "qemu/thread.h"
#include "qemu/timer.h"

#include "export/export-clients.h"

#define AGAIN_MS 100 /* after there was no descriptor left */

typedef struct Client Client;
struct Client {
    ExportClients *all;
    struct i2cpt_adapter *adapter; /* a handle of its own: of its number */
    uint32_t number;
    int fd;
    QemuThread thread;
    bool gone; /* atomic: its thread is about to end */
    QLIST_ENTRY(Client) next;
};

struct ExportClients {
    struct i2cpt_adapter *adapter;
    int listener;
    unsigned n, max;
    uint32_t last; /* number that was given */
    QEMUBH *reap;
    QEMUTimer *again;
    QLIST_HEAD(, Client) list;
};

/* Into the recording, if there is one. */
static void note(const Client *c, const char *what)
{
    g_autofree char *text = g_strdup_printf("%u%s", c->number, what);

    i2cpt_trace_record_event(c->adapter, "client", text, NULL);
}

static void *client_main(void *opaque)
{
    Client *c = opaque;

    note(c, "");
    i2cpt_serve(c->adapter, c->fd, c->fd);
    note(c, " gone");
    shutdown(c->fd, SHUT_RDWR); /* its peer sees the end now */
    qatomic_set(&c->gone, true);
    qemu_bh_schedule(c->all->reap);
    return NULL;
}

static void free_client(Client *c)
{
    qemu_thread_join(&c->thread);
    QLIST_REMOVE(c, next);
    i2cpt_adapter_unref(c->adapter);
    close(c->fd);
    g_free(c);
}

static void accept_client(void *opaque);

/* Where there is room for one; QEMU calls as long as one stands there. */
static void listen_again(void *opaque)
{
    ExportClients *clients = opaque;

    if (clients->n < clients->max) {
        qemu_set_fd_handler(clients->listener, accept_client, NULL, clients);
    }
}

/* There is no descriptor left, for whatever reason: one may come back. */
static void pause_listening(ExportClients *clients)
{
    qemu_set_fd_handler(clients->listener, NULL, NULL, NULL);
    timer_mod(clients->again,
              qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + AGAIN_MS);
}

/* NULL where it cannot have a handle of its own, and so is hung up on. */
static Client *new_client(ExportClients *clients, int fd)
{
    Client *c = g_new0(Client, 1);

    c->all = clients;
    c->fd = fd;
    c->number = clients->last + 1;
    if (i2cpt_adapter_as_client(clients->adapter, c->number, &c->adapter)) {
        g_free(c);
        return NULL;
    }
    clients->last++;
    return c;
}

static void accept_client(void *opaque)
{
    ExportClients *clients = opaque;
    int fd = accept4(clients->listener, NULL, NULL, SOCK_CLOEXEC);
    Client *c;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) {
            pause_listening(clients);
        }
        return; /* or it has gone already */
    }
    c = new_client(clients, fd);
    if (!c) {
        close(fd);
        return;
    }
    QLIST_INSERT_HEAD(&clients->list, c, next);
    if (++clients->n == clients->max) {
        qemu_set_fd_handler(clients->listener, NULL, NULL, NULL);
    }
    qemu_thread_create(&c->thread, "i2c-export", client_main, c,
                       QEMU_THREAD_JOINABLE);
}

static void reap_gone(void *opaque)
{
    ExportClients *clients = opaque;
    Client *c, *next;

    QLIST_FOREACH_SAFE(c, &clients->list, next, next)
    {
        if (qatomic_read(&c->gone)) {
            free_client(c);
            clients->n--;
        }
    }
    listen_again(clients);
}

ExportClients *export_clients_new(struct i2cpt_adapter *adapter, int listener,
                                  unsigned max)
{
    ExportClients *clients = g_new0(ExportClients, 1);

    clients->adapter = adapter;
    clients->listener = listener;
    clients->max = max;
    clients->reap = qemu_bh_new(reap_gone, clients);
    clients->again = timer_new_ms(QEMU_CLOCK_REALTIME, listen_again, clients);
    QLIST_INIT(&clients->list);
    qemu_set_fd_handler(listener, accept_client, NULL, clients);
    return clients;
}

void export_clients_free(ExportClients *clients)
{
    Client *c, *next;

    qemu_set_fd_handler(clients->listener, NULL, NULL, NULL);
    QLIST_FOREACH(c, &clients->list, next)
    {
        shutdown(c->fd, SHUT_RDWR);
    }
    QLIST_FOREACH_SAFE(c, &clients->list, next, next)
    {
        free_client(c);
    }
    timer_free(clients->again);
    qemu_bh_delete(clients->reap);
    g_free(clients);
}
