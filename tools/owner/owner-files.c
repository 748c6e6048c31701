/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that PROGRAM has open: made, shared by who is in one, and gone. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "owner/owner-private.h"

#define FILES_MAX 65536u

struct owner_bus *owner_find_bus(struct owner *o, uint32_t number)
{
    guint i;

    for (i = 0; i < o->buses->len; i++) {
        struct owner_bus *b = &g_array_index(o->buses, struct owner_bus, i);

        if (b->number == number) {
            return b;
        }
    }
    return NULL;
}

void owner_free_file(struct file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    pthread_mutex_destroy(&f->lock);
    g_free(f);
}

struct file *owner_take_file(struct owner *o, uint32_t id)
{
    struct file *f;

    pthread_mutex_lock(&o->lock);
    f = g_hash_table_lookup(o->files, GUINT_TO_POINTER(id));
    if (f) {
        f->users++;
    }
    pthread_mutex_unlock(&o->lock);
    return f;
}

void owner_put_file(struct owner *o, struct file *f)
{
    bool last;

    pthread_mutex_lock(&o->lock);
    last = !--f->users && f->closed;
    pthread_mutex_unlock(&o->lock);
    if (last) {
        owner_free_file(f);
    }
}

void owner_wake_loop(struct owner *o)
{
    char c = 0;

    if (write(o->wake[1], &c, 1) < 0) {
        /* full: it is awake already */
    }
}

int owner_new_file(struct owner *o, uint32_t number, int fd, uint32_t *id)
{
    struct owner_bus *bus = owner_find_bus(o, number);
    struct file *f;

    if (!bus) {
        return -ENODEV;
    }
    f = g_new0(struct file, 1);
    f->dev.adapter = bus->adapter;
    f->dev.bus = number;
    f->fd = -1;
    pthread_mutex_init(&f->lock, NULL);
    pthread_mutex_lock(&o->lock);
    if (g_hash_table_size(o->files) >= FILES_MAX) {
        pthread_mutex_unlock(&o->lock);
        owner_free_file(f);
        return -EMFILE;
    }
    do {
        f->id = ++o->next_id;
    } while (g_hash_table_contains(o->files, GUINT_TO_POINTER(f->id)));
    *id = f->id;
    f->fd = fd;
    o->used = true;
    g_hash_table_insert(o->files, GUINT_TO_POINTER(f->id), f);
    pthread_mutex_unlock(&o->lock);
    return 0;
}

/* The token is in it already. */
int owner_open_file(struct owner *o, uint32_t number)
{
    struct preload_token token = {.magic = PRELOAD_MAGIC, .bus = number};
    int fds[2], ret;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
        return -errno;
    }
    ret = owner_new_file(o, number, fds[0], &token.file);
    if (ret) {
        close(fds[0]);
        close(fds[1]);
        return ret;
    }
    if (send(fds[0], &token, sizeof(token), MSG_NOSIGNAL) < 0) {
        close(fds[1]);
        owner_close_file(o, token.file);
        return -EMFILE;
    }
    owner_wake_loop(o);
    return fds[1];
}

void owner_close_file(struct owner *o, uint32_t id)
{
    struct file *f;
    bool last;

    pthread_mutex_lock(&o->lock);
    f = g_hash_table_lookup(o->files, GUINT_TO_POINTER(id));
    if (!f) {
        pthread_mutex_unlock(&o->lock);
        return;
    }
    g_hash_table_remove(o->files, GUINT_TO_POINTER(id));
    f->closed = true;
    last = !f->users;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    if (last) {
        owner_free_file(f);
    }
}
