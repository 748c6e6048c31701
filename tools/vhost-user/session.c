/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vhost-user session. The one queue goes through
 *
 *   set up      SET_VRING_NUM, _ADDR, _BASE, _CALL, _ERR
 *   running     from SET_VRING_KICK on, while it is enabled and mapped
 *   set up      GET_VRING_BASE
 *
 * and whatever the guest wrote into it can make it broken until then.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "i2cpt-backend.h"
#include "vhost-user/i2c.h"
#include "vhost-user/protocol.h"
#include "vhost-user/session.h"

#define BIT(n) (UINT64_C(1) << (n))

#define FEATURE_INDIRECT  BIT(28)
#define FEATURE_EVENT_IDX BIT(29)
#define FEATURE_PROTOCOL  BIT(30) /* of vhost-user, not of the device */
#define FEATURE_VERSION_1 BIT(32)
#define FEATURES                                                \
    (BIT(VIRTIO_I2C_F_ZERO_LENGTH_REQUEST) | FEATURE_INDIRECT | \
     FEATURE_EVENT_IDX | FEATURE_PROTOCOL | FEATURE_VERSION_1)

#define PROTOCOL_MQ        BIT(0)
#define PROTOCOL_REPLY_ACK BIT(3)
#define PROTOCOL_FEATURES  (PROTOCOL_MQ | PROTOCOL_REPLY_ACK)

#define VRING_NO_FD  0x100u /* of SET_VRING_KICK and the like */
#define VRING_INDEX  0xffu
#define GROUP_MS     1000 /* for the rest of a group to come */
#define PEER_SECONDS 10   /* for the rest of a message, or to take one */

struct session {
    int fd;
    uint64_t features, protocol_features;
    struct guest_memory memory;
    struct i2c_device *device;
    struct ring ring;
    int kick, call, err; /* -1: none */
    bool enabled;
    bool started;    /* between SET_VRING_KICK and GET_VRING_BASE */
    bool taken_over; /* and what waits in it has yet to be refused */
    bool known;      /* this ring has been started in this session before */
    bool told_broken;
    uint32_t group;         /* that waits; 0: none */
    int64_t group_until_ms; /* for its rest to come */
};

static int64_t now_ms(void)
{
    return (int64_t)(i2cpt_backend_now_ns() / 1000000);
}

/* ---------------------------------------------------------------- the queue */

static void set_fd(int *place, int fd)
{
    if (*place >= 0) {
        close(*place);
    }
    *place = fd;
    if (fd >= 0) {
        /* whatever it is: it never makes us wait */
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
}

static void notify(int fd)
{
    const uint64_t one = 1;

    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0) {
        /* it has been told, and has not looked yet; or it is gone */
    }
}

static bool running(const struct session *s)
{
    return s->started && s->enabled && s->ring.desc;
}

static void run_queue(struct session *s)
{
    uint16_t before = s->ring.used_idx;
    uint32_t group;

    if (!running(s)) {
        return;
    }
    if (s->taken_over) {
        s->taken_over = false;
        vhost_i2c_refuse(s->device, &s->ring, &s->memory);
    }
    group = vhost_i2c_run(s->device, &s->ring, &s->memory);
    if (group && group == s->group && now_ms() >= s->group_until_ms) {
        vhost_i2c_expire(s->device, &s->ring, &s->memory);
        group = 0;
    }
    if (vhost_ring_wants_call(&s->ring, before)) {
        notify(s->call);
    }
    if (group != s->group) {
        s->group = group;
        s->group_until_ms = now_ms() + GROUP_MS;
    }
    if (s->ring.broken && !s->told_broken) {
        s->told_broken = true;
        notify(s->err);
    }
}

/*
 * Chains that wait in a ring which ran before this session did were taken by
 * somebody who has answered nothing: whether they were on the wire nobody
 * knows. They get an error, and are never run again. A ring that begins at 0
 * is a driver's new one.
 */
static void start_queue(struct session *s)
{
    s->started = true;
    if (!vhost_ring_map(&s->ring, &s->memory)) {
        return;
    }
    vhost_ring_start(&s->ring);
    s->told_broken = false;
    if (!s->known && s->ring.used_idx != 0) {
        s->taken_over = true;
        s->ring.next = s->ring.used_idx;
    }
    s->known = true;
    run_queue(s);
}

/* A group that is not whole has not been run: it will be there again. */
static void stop_queue(struct session *s)
{
    s->ring.next = (uint16_t)(s->ring.next - vhost_i2c_forget(s->device));
    s->group = 0;
    s->started = false;
    vhost_ring_unmap(&s->ring);
    set_fd(&s->kick, -1);
}

/* ----------------------------------------------------------------- messages */

static int set_memory(struct session *s, struct vhost_user_message *m)
{
    uint32_t n = m->body.memory.n, i;
    int ret = 0;

    if (m->size < 8 || n > GUEST_REGIONS_MAX || n != m->n_fds ||
        m->size < 8 + n * sizeof(m->body.memory.regions[0])) {
        return -EPROTO;
    }
    vhost_ring_unmap(&s->ring);
    vhost_memory_clear(&s->memory);
    for (i = 0; i < n && !ret; i++) {
        struct guest_region r = {.guest = m->body.memory.regions[i].guest,
                                 .vmm = m->body.memory.regions[i].vmm,
                                 .size = m->body.memory.regions[i].size};

        ret = vhost_memory_add(&s->memory, r, m->body.memory.regions[i].offset,
                               m->fds[i]);
    }
    if (ret) {
        vhost_memory_clear(&s->memory);
    } else if (s->started && vhost_ring_map(&s->ring, &s->memory)) {
        run_queue(s);
    }
    return ret;
}

static int set_num(struct session *s, const struct vhost_user_message *m)
{
    uint32_t n = m->body.vring.value;

    if (s->started || !n || n > RING_NUM_MAX || n & (n - 1)) {
        return -EINVAL;
    }
    s->ring.num = (uint16_t)n;
    return 0;
}

static int set_address(struct session *s, const struct vhost_user_message *m)
{
    if (m->size < sizeof(m->body.address) || s->started) {
        return -EINVAL;
    }
    s->ring.vmm_desc = m->body.address.desc;
    s->ring.vmm_avail = m->body.address.avail;
    s->ring.vmm_used = m->body.address.used;
    s->ring.has_addresses = true;
    return 0;
}

/* KICK, CALL and ERR: a descriptor, or none and a mark that says so. */
static int set_vring_fd(struct session *s, struct vhost_user_message *m,
                        int *place)
{
    int fd = vhost_user_take_fd(m, 0);

    if ((fd < 0) != !!(m->body.number & VRING_NO_FD)) {
        if (fd >= 0) {
            close(fd);
        }
        return -EPROTO;
    }
    set_fd(place, fd);
    if (place == &s->kick && !s->started) {
        start_queue(s);
    } else if (place == &s->call) {
        notify(s->call); /* what the old one was not asked for */
    }
    return 0;
}

static void set_features(struct session *s, uint64_t features)
{
    s->features = features;
    s->ring.event_idx = features & FEATURE_EVENT_IDX;
    vhost_i2c_set_features(s->device, features);
    if (!(features & FEATURE_PROTOCOL)) {
        s->enabled = true; /* and no message will say so */
    }
}

static int set_enabled(struct session *s, bool on)
{
    s->enabled = on;
    run_queue(s);
    return 0;
}

static int get_base(struct session *s, struct vhost_user_message *m)
{
    stop_queue(s);
    m->body.vring.value = s->ring.next;
    return vhost_user_reply(s->fd, m, sizeof(m->body.vring));
}

static int reply_number(struct session *s, struct vhost_user_message *m,
                        uint64_t number)
{
    m->body.number = number;
    return vhost_user_reply(s->fd, m, sizeof(m->body.number));
}

/* What asks something is answered with it; else 1. */
static int answered(struct session *s, struct vhost_user_message *m)
{
    switch (m->request) {
    case VHOST_USER_GET_FEATURES:
        return reply_number(s, m, FEATURES);
    case VHOST_USER_GET_PROTOCOL_FEATURES:
        return reply_number(s, m, PROTOCOL_FEATURES);
    case VHOST_USER_GET_QUEUE_NUM:
        return reply_number(s, m, 1);
    case VHOST_USER_GET_VRING_BASE:
        return m->size < 8 || m->body.vring.index ? -EPROTO : get_base(s, m);
    default:
        return 1;
    }
}

/* All that is about a queue begins with its number, and there is one queue. */
static int do_vring(struct session *s, struct vhost_user_message *m)
{
    if (m->size < 8 || m->body.vring.index & VRING_INDEX) {
        return -EINVAL;
    }
    switch (m->request) {
    case VHOST_USER_SET_VRING_NUM:
        return set_num(s, m);
    case VHOST_USER_SET_VRING_ADDR:
        return set_address(s, m);
    case VHOST_USER_SET_VRING_BASE:
        if (s->started) {
            return -EINVAL;
        }
        s->ring.next = (uint16_t)m->body.vring.value;
        return 0;
    case VHOST_USER_SET_VRING_KICK:
        return set_vring_fd(s, m, &s->kick);
    case VHOST_USER_SET_VRING_CALL:
        return set_vring_fd(s, m, &s->call);
    case VHOST_USER_SET_VRING_ERR:
        return set_vring_fd(s, m, &s->err);
    case VHOST_USER_SET_VRING_ENABLE:
        return set_enabled(s, m->body.vring.value != 0);
    default:
        return -EOPNOTSUPP;
    }
}

static int do_message(struct session *s, struct vhost_user_message *m)
{
    switch (m->request) {
    case VHOST_USER_SET_FEATURES:
        if (m->size != 8 || m->body.number & ~FEATURES) {
            return -EINVAL;
        }
        set_features(s, m->body.number);
        return 0;
    case VHOST_USER_SET_PROTOCOL_FEATURES:
        if (m->size != 8 || m->body.number & ~PROTOCOL_FEATURES) {
            return -EINVAL;
        }
        s->protocol_features = m->body.number;
        return 0;
    case VHOST_USER_SET_OWNER:
        return 0;
    case VHOST_USER_RESET_OWNER:
        set_enabled(s, false);
        return 0;
    case VHOST_USER_SET_MEM_TABLE:
        return set_memory(s, m);
    default:
        return do_vring(s, m);
    }
}

/*
 * A VMM that asked for it hears that something was refused; one that did not
 * would go on as if nothing were, and is hung up on.
 */
static int one_message(struct session *s)
{
    struct vhost_user_message m;
    int ret = vhost_user_receive(s->fd, &m), done;

    if (!ret) {
        ret = answered(s, &m);
        if (ret > 0) {
            done = do_message(s, &m);
            ret = done ? -EPROTO : 0;
            if (m.wants_reply && s->protocol_features & PROTOCOL_REPLY_ACK) {
                ret = reply_number(s, &m, done ? 1 : 0);
            }
        }
    }
    vhost_user_close_fds(&m);
    return ret;
}

/* ---------------------------------------------------------------- the loop */

static void on_kick(struct session *s)
{
    uint64_t count;
    ssize_t n = read(s->kick, &count, sizeof(count));

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        set_fd(&s->kick, -1); /* nothing will come of it any more */
        return;
    }
    run_queue(s);
}

static int wait_ms(const struct session *s)
{
    int64_t left = s->group_until_ms - now_ms();

    return !s->group || !running(s) ? -1 : left < 0 ? 0 : (int)left;
}

static int loop(struct session *s)
{
    int ret = 0;

    while (!ret) {
        struct pollfd fds[] = {{s->fd, POLLIN, 0},
                               {running(s) ? s->kick : -1, POLLIN, 0}};
        int n = poll(fds, 2, wait_ms(s));

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0 && fds[1].revents) {
            on_kick(s);
        }
        if (n > 0 && fds[0].revents) {
            ret = one_message(s);
        }
        if (s->group && now_ms() >= s->group_until_ms) {
            run_queue(s);
        }
        if (s->memory.lost) {
            s->ring.broken = true;
            notify(s->err);
            return -EFAULT;
        }
    }
    return ret == -EPIPE ? 0 : ret;
}

int vhost_user_serve(struct i2cpt_adapter *a, int fd)
{
    const struct timeval patience = {.tv_sec = PEER_SECONDS};
    struct session s = {.fd = fd, .kick = -1, .call = -1, .err = -1};
    int ret;

    s.device = vhost_i2c_new(a);
    if (!s.device) {
        return -ENOMEM;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    vhost_memory_watch(&s.memory);
    ret = loop(&s);
    stop_queue(&s);
    set_fd(&s.call, -1);
    set_fd(&s.err, -1);
    vhost_memory_watch(NULL);
    vhost_memory_clear(&s.memory);
    vhost_i2c_free(s.device);
    return ret == -EAGAIN ? -EPROTO : ret;
}
