/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper's work:
 *
 *   orphaned -> served    a process has adopted it
 *   served -> orphaned    that process is gone, or has said what makes no sense
 *   served -> leaving     it says so
 *   orphaned -> leaving   nobody has come for long, or a signal has, and nobody
 *                         holds the node
 *   either -> leaving     the kernel has let go of the device
 */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "i2cpt.h"
#include "keeper/keeper.h"
#include "keeper/packets.h"
#include "keeper/session.h"
#include "nodes/holders.h"
#include "nodes/node.h"
#include "usbip/vhci.h"

#define CALLER_MS 500  /* for who knocks to say what for */
#define LOOK_MS   1000 /* orphaned: between looks at who holds the node */

enum state { ORPHANED, SERVED, LEAVING };

struct keeper {
    const struct keeper_config *config;
    enum state state;
    int adapter; /* the process that has it; or -1 */
    struct keeper_tiny tiny;
    char wanted[NODE_NAME_MAX + 1]; /* the name that its first process wants */
    struct node_name name;          /* and the link that it has made */
    uint32_t number;                /* of the last message */
    bool awaited; /* its answer has not come; nothing else is sent before */
    bool torn;    /* messages fail until a transfer begins */
    struct keeper_packet heard;
    uint8_t bytes[KEEPER_MESSAGE_MAX]; /* that it carries */
    int64_t orphaned_ms, look_ms;      /* since when; and when to look again */
};

static volatile sig_atomic_t told_to_go;

void keeper_go(int sig)
{
    (void)sig;
    told_to_go = 1;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---------------------------------------------------- the adapter's process */

static void lose(struct keeper *k)
{
    close(k->adapter);
    k->adapter = -1;
    k->awaited = false;
    k->torn = true;
    k->orphaned_ms = now_ms();
    k->state = ORPHANED;
}

/* One packet of the process that has it. */
static void hear(struct keeper *k)
{
    struct keeper_packet *p = &k->heard;

    if (keeper_recv(k->adapter, p, k->bytes, sizeof(k->bytes), 0)) {
        lose(k);
        return;
    }
    switch (p->kind) {
    case KEEPER_ANSWER:
        if (p->number == k->number) {
            k->awaited = false;
        }
        break;
    case KEEPER_NAMED:
        k->name = p->name;
        break;
    case KEEPER_LEAVE:
        k->state = LEAVING;
        break;
    default:
        lose(k);
    }
}

/* Whether the answer to the last message has come in time. */
static bool answered(struct keeper *k)
{
    int64_t until_ms = now_ms() + k->config->patience_ms, left_ms;

    while (k->awaited && (left_ms = until_ms - now_ms()) > 0) {
        struct pollfd fds[] = {{k->adapter, POLLIN, 0},
                               {k->config->kernel, 0, 0}};

        if (poll(fds, 2, (int)left_ms) <= 0) {
            continue;
        }
        if (fds[1].revents) {
            return false; /* it was unplugged */
        }
        hear(k);
        if (k->state != SERVED) {
            return false;
        }
    }
    return !k->awaited;
}

static int pass_on(struct keeper *k, const struct keeper_message *m)
{
    bool in = m->flags & I2CPT_M_RD;
    const struct keeper_packet p = {.kind = KEEPER_MESSAGE,
                                    .carried = in ? 0 : m->len,
                                    .number = ++k->number,
                                    .first = m->first,
                                    .last = m->last,
                                    .addr = m->addr,
                                    .flags = m->flags,
                                    .len = m->len};
    int result;

    if (keeper_send(k->adapter, &p, m->data)) {
        lose(k);
        return -EPIPE;
    }
    k->awaited = true;
    if (!answered(k)) {
        return -EPIPE;
    }
    result = k->heard.result;
    if (result > KEEPER_NACK ||
        (in && result >= 0 && k->heard.carried != m->len)) {
        lose(k);
        return -EPIPE;
    }
    if (in && result >= 0) {
        memcpy(m->data, k->bytes, m->len);
    }
    return result;
}

/* Nothing of a transfer goes on that has lost a message, and nothing waits
 * behind what is late. */
static int message(void *user, const struct keeper_message *m)
{
    struct keeper *k = user;
    int ret = -EPIPE;

    if (m->first) {
        k->torn = false;
    }
    if (k->state == SERVED && !k->torn && !k->awaited) {
        ret = pass_on(k, m);
    }
    k->torn = k->torn || ret < 0;
    return ret;
}

/* ----------------------------------------------------------------- the door */

static enum keeper_kind answer_to(const struct keeper *k,
                                  const struct keeper_packet *p)
{
    if (p->name.name[0] && strcmp(p->name.name, k->wanted)) {
        return KEEPER_OTHER;
    }
    if (k->state != ORPHANED) {
        return KEEPER_BUSY;
    }
    return p->kind == KEEPER_ADOPT ? KEEPER_WELCOME : KEEPER_FREE;
}

/* Who has connected: what it asks is answered, and it may stay. One of another
 * version sees by the answer that this is one. */
static void receive(struct keeper *k, int caller, int wait_ms)
{
    struct keeper_packet p, answer = {0};
    int ret;

    if (caller < 0) {
        return;
    }
    ret = keeper_recv(caller, &p, NULL, 0, wait_ms);
    if (ret == -EPROTO) {
        keeper_send(caller, &answer, NULL);
    }
    if (ret || (p.kind != KEEPER_ASK && p.kind != KEEPER_ADOPT)) {
        close(caller);
        return;
    }
    answer.kind = answer_to(k, &p);
    if (keeper_send(caller, &answer, NULL) || answer.kind != KEEPER_WELCOME) {
        close(caller);
        return;
    }
    k->adapter = caller;
    k->tiny.functionality = p.functionality;
    k->state = SERVED;
}

/* The first one says what its name shall be. */
static void receive_first(struct keeper *k)
{
    struct keeper_packet p;

    if (!keeper_recv(k->config->caller, &p, NULL, 0, k->config->first_ms) &&
        p.kind == KEEPER_NAMED) {
        strcpy(k->wanted, p.name.name);
        k->tiny.serial = k->wanted[0] ? k->wanted : NULL;
    }
    receive(k, k->config->caller, k->config->first_ms);
}

/* -------------------------------------------------------------- the process */

/* Whether it is time to go, for nobody comes, and nobody would mind; who that
 * would be is not looked for at each packet, of which a driver may send many.
 */
static bool is_given_up(struct keeper *k)
{
    g_autofree char *holders = NULL;
    int64_t now = now_ms();
    char id[32];
    int bus = -1;

    if ((!told_to_go && now - k->orphaned_ms < k->config->orphan_ms) ||
        now < k->look_ms) {
        return false;
    }
    k->look_ms = now + LOOK_MS;
    if (!usbip_bus_id(k->config->at.port, k->config->device_id, id,
                      sizeof(id))) {
        bus = node_bus(id);
    }
    holders = bus < 0 ? NULL : node_holders((unsigned)bus);
    return !holders;
}

/* What the kernel, the process that has it, and others say. */
static void step(struct keeper *k)
{
    struct pollfd fds[] = {{k->config->kernel, POLLIN, 0},
                           {k->config->door, POLLIN, 0},
                           {k->adapter, POLLIN, 0}};
    int n = poll(fds, 3, k->state == SERVED ? -1 : LOOK_MS);

    if (n > 0 && fds[2].revents) {
        hear(k);
    }
    if (n > 0 && fds[0].revents && k->state != LEAVING &&
        keeper_session_next(k->config->kernel, &k->tiny)) {
        k->state = LEAVING;
    }
    if (n > 0 && fds[1].revents) {
        receive(k, accept4(k->config->door, NULL, NULL, SOCK_CLOEXEC),
                CALLER_MS);
    }
    if (k->state == ORPHANED && is_given_up(k)) {
        k->state = LEAVING;
    }
}

/* What has not been read when a socket is closed would be an error at the other
 * end, before what stands there to be read. */
static void say_good_bye(struct keeper *k)
{
    const struct keeper_packet gone = {.kind = KEEPER_GONE};

    keeper_send(k->adapter, &gone, NULL);
    shutdown(k->adapter, SHUT_RDWR);
    while (recv(k->adapter, k->bytes, sizeof(k->bytes), MSG_DONTWAIT) > 0) {
    }
    close(k->adapter);
}

void keeper_run(const struct keeper_config *config)
{
    struct keeper *k = g_new0(struct keeper, 1);

    k->config = config;
    k->adapter = -1;
    k->orphaned_ms = now_ms();
    k->tiny.message = message;
    k->tiny.user = k;
    receive_first(k);
    while (k->state != LEAVING) {
        step(k);
    }
    node_name_remove(&k->name, config->at.folder);
    keeper_door_remove(&config->at);
    close(config->door);
    close(config->kernel);
    if (k->adapter >= 0) {
        say_good_bye(k);
    }
    g_free(k);
}
