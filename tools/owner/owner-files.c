/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that PROGRAM has open: made, shared by who is in one, and gone. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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

/* A socket with the token's name, and a connection to it. */
static int open_token(const struct preload_token *token, int *ours)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + sizeof(*token);
    int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
    int fd = socket(AF_UNIX,
                    type | (token->flags & O_NONBLOCK ? SOCK_NONBLOCK : 0), 0);

    memcpy(name.sun_path + 1, token, sizeof(*token));
    *ours = socket(AF_UNIX, type, 0);
    if (fd >= 0 && *ours >= 0 && !bind(fd, (struct sockaddr *)&name, len) &&
        !listen(fd, 0) && !connect(*ours, (struct sockaddr *)&name, len)) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (*ours >= 0) {
        close(*ours);
    }
    return -EMFILE;
}

int owner_open_file(struct owner *o, uint32_t number, uint32_t flags)
{
    struct preload_token token = {.magic = PRELOAD_MAGIC,
                                  .bus = number,
                                  .flags = flags,
                                  .owner = o->number};
    int fd, ours, ret = owner_new_file(o, number, -1, &token.file);
    struct file *f;

    if (ret) {
        return ret;
    }
    fd = open_token(&token, &ours);
    if (fd < 0) {
        owner_close_file(o, token.file);
        return fd;
    }
    pthread_mutex_lock(&o->lock);
    f = g_hash_table_lookup(o->files, GUINT_TO_POINTER(token.file));
    f->fd = ours; /* nobody has heard of it yet who could close it */
    pthread_mutex_unlock(&o->lock);
    owner_wake_loop(o);
    return fd;
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
