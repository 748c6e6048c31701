/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder that PROGRAM has open instead of /dev: what is in /dev, with the
 * nodes of redirected buses in place of the real ones. */
#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "redirect/fuse-private.h"
#include "redirect/fuse-server.h"
#include "redirect/node-name.h"

struct listing {
    GArray *entries; /* struct entry */
};

struct entry {
    uint64_t ino;
    uint32_t type;
    char name[256];
};

static bool is_hidden(struct owner *o, const char *name)
{
    int64_t bus = redirect_node_bus(name), chip = redirect_node_chip(name);

    return (bus >= 0 && owner_has_bus(o, (uint32_t)bus)) ||
           (chip >= 0 && owner_has_chip(o, (uint32_t)chip));
}

static void add(struct listing *l, uint64_t ino, uint32_t type,
                const char *name)
{
    struct entry e = {.ino = ino, .type = type};

    g_strlcpy(e.name, name, sizeof(e.name));
    g_array_append_val(l->entries, e);
}

static void add_ours(struct listing *l, struct owner *o)
{
    char name[32];

    for (unsigned i = 0; i < owner_bus_count(o); i++) {
        uint32_t bus = owner_nth_bus(o, i);

        snprintf(name, sizeof(name), FUSE_SERVER_NODE, bus);
        add(l, FUSE_SERVER_INO_NODE + (uint64_t)bus, DT_CHR, name);
    }
    for (unsigned i = 0; i < owner_chip_count(o); i++) {
        uint32_t chip = owner_nth_chip(o, i);

        snprintf(name, sizeof(name), FUSE_SERVER_CHIP, chip);
        add(l, FUSE_SERVER_INO_CHIP + (uint64_t)chip, DT_CHR, name);
    }
}

int redirect_fuse_folder_open(struct fuse_call *c)
{
    struct listing *l;
    struct dirent *entry;
    DIR *dev;

    if (c->head->nodeid != FUSE_SERVER_INO_DEV) {
        return -ENOENT;
    }
    l = g_new0(struct listing, 1);
    l->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    dev = opendir("/dev");
    while (dev && (entry = readdir(dev))) {
        if (!is_hidden(c->owner, entry->d_name)) {
            add(l, entry->d_ino, entry->d_type, entry->d_name);
        }
    }
    if (dev) {
        closedir(dev);
    }
    add_ours(l, c->owner);
    c->small.open = (struct fuse_open_out){.fh = (uintptr_t)l};
    c->out = &c->small.open;
    c->out_len = sizeof(c->small.open);
    return 0;
}

int redirect_fuse_folder_read(struct fuse_call *c)
{
    struct fuse_read_in in;
    const struct listing *l;
    size_t at = 0, max;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    l = (const struct listing *)(uintptr_t)in.fh;
    max = MIN(in.size, sizeof(c->room->answer));
    for (uint64_t i = in.offset; i < l->entries->len; i++) {
        const struct entry *e = &g_array_index(l->entries, struct entry, i);
        struct fuse_dirent d = {.ino = e->ino,
                                .off = i + 1,
                                .namelen = (uint32_t)strlen(e->name),
                                .type = e->type};
        size_t size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + d.namelen);

        if (size > max - at) {
            break;
        }
        memset(c->room->answer + at, 0, size);
        memcpy(c->room->answer + at, &d, FUSE_NAME_OFFSET);
        memcpy(c->room->answer + at + FUSE_NAME_OFFSET, e->name, d.namelen);
        at += size;
    }
    c->out = c->room->answer;
    c->out_len = at;
    return 0;
}

int redirect_fuse_folder_close(struct fuse_call *c)
{
    struct fuse_release_in in;
    struct listing *l;

    if (c->len < sizeof(in)) {
        return -EPROTO;
    }
    memcpy(&in, c->data, sizeof(in));
    l = (struct listing *)(uintptr_t)in.fh;
    g_array_unref(l->entries);
    g_free(l);
    return 0;
}
