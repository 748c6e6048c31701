/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a keeper begins with, what is needed for the answer to a call, and what
 * is told of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "redirect/keeper-private.h"
#include "redirect/memory.h"

int redirect_keeper_set_up(struct keeper *k)
{
    const struct keeper_start *s = k->start;
    int ret;

    k->places = (struct places){.fuse_root = s->fuse_root,
                                .tree_path = s->tree,
                                .buses = s->buses,
                                .n = s->n,
                                .chips = s->chips,
                                .n_chips = s->n_chips,
                                .gpio_major = s->gpio_major};
    k->places.tree = open(s->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (k->places.tree < 0 || fstat(k->places.tree, &k->began) ||
        stat("/dev", &k->dev)) {
        return -errno;
    }
    ret = redirect_places_init(&k->places);
    return ret;
}

void redirect_keeper_tell(struct keeper *k, enum keeper_event_kind kind,
                          uint32_t number, const char *text)
{
    struct keeper_event e = {.kind = kind, .number = number};

    snprintf(e.text, sizeof(e.text), "%s", text ? text : "");
    /* what is only said may be lost, what is waited for may not */
    if (send(k->start->socket, &e, sizeof(e),
             MSG_NOSIGNAL | (kind > KEEPER_ENDED ? MSG_DONTWAIT : 0)) < 0) {
        /* nobody is there to hear it */
    }
}

bool redirect_keeper_outer_has(const struct keeper *k, uint32_t bus)
{
    while ((k = k->outer)) {
        if (redirect_places_has_bus(&k->places, bus)) {
            return true;
        }
    }
    return false;
}

bool redirect_keeper_waits(struct keeper *k, const struct seccomp_notif *q)
{
    return !ioctl(k->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &q->id);
}

void redirect_keeper_name_task(pid_t tid, char *to, size_t size)
{
    char path[40], name[17] = "?";
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/comm", tid);
    f = fopen(path, "re");
    if (f) {
        if (fscanf(f, "%16[^\n]", name) != 1) {
            strcpy(name, "?");
        }
        fclose(f);
    }
    snprintf(to, size, "%s", name);
}

int redirect_keeper_read_path(struct keeper *k, const struct seccomp_notif *q,
                              unsigned arg, char *path)
{
    char who[64];
    int ret = redirect_memory_read_string((pid_t)q->pid, q->data.args[arg],
                                          path, PATH_MAX);

    if (ret == -EPERM) {
        redirect_keeper_name_task((pid_t)q->pid, who, sizeof(who));
        redirect_keeper_tell(k, KEEPER_UNREADABLE, 0, who);
    }
    return ret ? 1 : 0;
}
