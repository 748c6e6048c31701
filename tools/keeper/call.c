/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a keeper. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "keeper/call.h"
#include "keeper/door.h"
#include "keeper/packets.h"

#define ANSWER_MS 10000 /* it may have a message on its way, and be busy */

static struct keeper_packet packet(enum keeper_kind kind, const char *name)
{
    struct keeper_packet p = {.kind = kind};

    snprintf(p.name.name, sizeof(p.name.name), "%s", name);
    return p;
}

/* The kind of the answer, or a negative errno. */
static int ask(int fd, const struct keeper_packet *p)
{
    struct keeper_packet answer;
    int ret = keeper_send(fd, p, NULL);

    ret = ret ? ret : keeper_recv(fd, &answer, NULL, 0, ANSWER_MS);
    return ret ? ret : (int)answer.kind;
}

static int adopt(int fd, const char *name, uint32_t functionality)
{
    struct keeper_packet p = packet(KEEPER_ADOPT, name);
    int ret;

    p.functionality = functionality;
    ret = ask(fd, &p);
    switch (ret) {
    case KEEPER_WELCOME:
        return 0;
    case KEEPER_BUSY:
        return -EBUSY;
    case KEEPER_OTHER:
        return -ENOENT;
    default:
        return ret < 0 ? ret : -EPROTO;
    }
}

int keeper_call_first(int fd, const char *name, uint32_t functionality)
{
    const struct keeper_packet p = packet(KEEPER_NAMED, name);
    int ret = keeper_send(fd, &p, NULL);

    return ret ? ret : adopt(fd, "", functionality);
}

int keeper_call_adopt(const char *folder, unsigned port, const char *name,
                      uint32_t functionality)
{
    int fd = keeper_door_knock(folder, port), ret;

    if (fd < 0) {
        return fd;
    }
    ret = adopt(fd, name, functionality);
    if (ret) {
        close(fd);
    }
    return ret ? ret : fd;
}

bool keeper_call_has(const char *folder, unsigned port, const char *name)
{
    const struct keeper_packet p = packet(KEEPER_ASK, name);
    int fd = keeper_door_knock(folder, port), ret;

    if (fd < 0) {
        return fd != -ENOENT;
    }
    ret = ask(fd, &p);
    close(fd);
    return ret != KEEPER_OTHER && ret != -EPIPE;
}

int keeper_call_named(int fd, const struct node_name *name)
{
    const struct keeper_packet p = {.kind = KEEPER_NAMED, .name = *name};

    return keeper_send(fd, &p, NULL);
}

int keeper_call_leave(int fd)
{
    const struct keeper_packet p = {.kind = KEEPER_LEAVE};

    return keeper_send(fd, &p, NULL);
}
