/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to a peer: made, lost, made again; and what is asked over it.
 */
#include <errno.h>
#include <glib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "remote/connection.h"
#include "remote/peer-lines.h"
#include "remote/pipe-io.h"
#include "remote/reach.h"

#define MS 1000000u
/* What the peer's answer may take on its way back beyond the deadline that it
 * was given itself. */
#define TRAVEL_NS 50000000u
/* Of a lost connection with lines: how often it is tried when nobody asks for
 * anything, and how long each time. */
#define RETRY_MS 500
#define RETRY_NS 20000000u
/* So many changes are taken before who waits for the connection has its turn.
 */
#define CHANGES_AT_ONCE 64

/* clang-format off */
/*
 * The connection (`io.in_fd`, `greeting`):
 *
 *   (none)   -> UP        at opening: connected, and welcomed in time
 *   (none)   -> (none)    at opening: not so, and the opening fails
 *   UP       -> UP        a reply came, or its deadline passed: the next request
 *                         passes over it when it comes late
 *   UP       -> DOWN      the peer has hung up, or broke the protocol, or took
 *                         only a part of a frame until the deadline
 *   UP       -> DOWN      likewise while nothing is asked, where the peer has
 *                         lines; said once, and their levels stay as they are
 *   DOWN     -> DOWN      without reconnect=: each request says ENODEV
 *   DOWN     -> GREETING  with it, and lines: every half a second, too
 *   DOWN     -> DOWN      with it: the request connects again, does not get
 *                         there, says ECANCELED
 *   DOWN     -> GREETING  with it: connected, HELLO is sent
 *   GREETING -> GREETING  no WELCOME by the request's deadline: ECANCELED, and
 *                         the next request waits on
 *   GREETING -> DOWN      none in connect-timeout-ms, or something else came
 *   GREETING -> DOWN      a WELCOME of another adapter: ENODEV
 *   GREETING -> UP        WELCOME: ECANCELED for this request, whose transfer may
 *                         have been made; the next one goes out
 */
/* clang-format on */
struct connection {
    struct pipe_io io;
    struct wire_out out;
    struct reach reach;
    uint32_t id;
    uint32_t connect_timeout_ms;
    bool reconnect;
    bool greeting;
    uint32_t capabilities; /* ours; once open, of lines only with `lines` */
    /* it was called again, and somebody else is there: for good */
    bool another;
    bool streams; /* a stream is open, */
    bool cut; /* and the connection was lost meanwhile, which nobody knows */
    uint64_t greet_until_ns;
    struct wire_welcome peer;
    struct peer_lines *lines; /* NULL: the peer has none */
};

static void hang_up(struct connection *c)
{
    if (c->io.in_fd >= 0) {
        close(c->io.in_fd);
    }
    remote_pipe_clear(&c->io);
    c->io.in_fd = c->io.out_fd = -1;
    c->io.got = 0;
    c->greeting = false;
    remote_lines_kick(c->lines);
}

static void disconnect(struct connection *c, uint64_t until_ns)
{
    hang_up(c);
    remote_reach_leave(&c->reach, until_ns);
}

/* The WELCOME, until then: 0, or what the peer has done instead. */
static int receive_welcome(struct connection *c, uint64_t until_ns)
{
    struct wire_head head;
    struct wire_in in;
    int ret = remote_pipe_receive(&c->io, &head, &in, until_ns);

    if (!ret) {
        ret = head.type == WIRE_WELCOME ? remote_wire_get_welcome(&in, &c->peer)
                                        : -EPROTO;
    }
    if (!ret) {
        c->greeting = false;
    }
    return ret;
}

static int refused(struct connection *c, int ret, struct i2cpt_fault *fault)
{
    switch (ret) {
    case 0:
        return 0;
    case -ETIMEDOUT:
        return i2cpt_fault_text(fault, ETIMEDOUT,
                                "%.4096s: no answer in %u ms "
                                "(connect-timeout-ms)",
                                remote_reach_name(&c->reach),
                                c->connect_timeout_ms);
    case -EPIPE:
        return i2cpt_fault_text(fault, ENODEV,
                                "%.4096s: ended without an answer; it should "
                                "run i2cpt-replay serve --stdio",
                                remote_reach_name(&c->reach));
    case -EOPNOTSUPP:
        return i2cpt_fault_text(fault, EPROTO,
                                "%.4096s: speaks version %u of i2cpt-replay "
                                "serve's protocol, this speaks %u to %u",
                                remote_reach_name(&c->reach), c->peer.version,
                                WIRE_LOWEST, WIRE_VERSION);
    default:
        return i2cpt_fault_text(fault, EPROTO,
                                "%.4096s: does not speak version %u of "
                                "i2cpt-replay serve's protocol",
                                remote_reach_name(&c->reach), WIRE_VERSION);
    }
}

/* Connect, and say HELLO. One that has ended may have said something first, so
 * that it is not looked at whether that arrives. */
static int greet(struct connection *c, uint64_t until_ns,
                 struct i2cpt_fault *fault)
{
    int fd = remote_reach(&c->reach, until_ns, fault);
    int ret;

    if (fd < 0) {
        return fd;
    }
    ret = remote_pipe_init(&c->io, fd, fd);
    if (ret) {
        return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    c->greeting = true;
    c->greet_until_ns = i2cpt_now_ns() + (uint64_t)c->connect_timeout_ms * MS;
    remote_wire_begin(&c->out, WIRE_HELLO, ++c->id);
    remote_wire_put_hello(&c->out, c->capabilities);
    ret = remote_pipe_send(&c->io, &c->out, until_ns);
    return ret && ret != -EPIPE ? refused(c, ret, fault) : 0;
}

static int connect_peer(struct connection *c, struct i2cpt_fault *fault)
{
    uint64_t until_ns = i2cpt_now_ns() + (uint64_t)c->connect_timeout_ms * MS;
    int ret = greet(c, until_ns, fault);

    if (!ret) {
        ret = receive_welcome(c, until_ns);
        ret = ret ? refused(c, ret, fault) : 0;
    }
    return ret;
}

static int still_away(struct connection *c, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(
        fault, ECANCELED,
        "%.4096s: the connection was lost, and could not be "
        "made again so far",
        remote_reach_name(&c->reach));
}

static int lost_and_made_again(struct connection *c, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, ECANCELED,
                            "%.4096s: the connection was lost and made again; "
                            "what became of the transfer is not known",
                            remote_reach_name(&c->reach));
}

static int become_another(const struct connection *c, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, ENODEV,
                            "%.4096s: another adapter is there now",
                            remote_reach_name(&c->reach));
}

/*
 * With reconnect=on never ENODEV, which is for good, but for a peer that has
 * become another adapter. A request waits for it no longer than it would for
 * its answer; the next one goes on where this one has left off.
 */
static int connect_again(struct connection *c, uint64_t until_ns,
                         struct i2cpt_fault *fault)
{
    struct wire_welcome before = c->peer;
    struct i2cpt_fault why;
    int ret;

    if (c->another) {
        return become_another(c, fault);
    }
    ret = c->greeting ? 0 : greet(c, until_ns, &why);
    if (!ret) {
        ret = receive_welcome(c, MIN(until_ns, c->greet_until_ns));
    }
    if (ret == -ETIMEDOUT && c->greeting &&
        i2cpt_now_ns() < c->greet_until_ns) {
        return still_away(c, fault);
    }
    if (ret) {
        c->peer = before;
        disconnect(c, until_ns);
        return still_away(c, fault);
    }
    if (c->peer.functionality != before.functionality ||
        (c->peer.capabilities ^ before.capabilities) &
            (WIRE_TELLS_PHASE | WIRE_HIDES_PHASE) ||
        !remote_lines_are(c->lines, &c->peer)) {
        disconnect(c, until_ns);
        c->another = true;
        return become_another(c, fault);
    }
    remote_lines_refresh(c->lines, &c->peer);
    return lost_and_made_again(c, fault);
}

int remote_connection_gone(struct connection *c, int why, uint64_t deadline_ns,
                           struct i2cpt_fault *fault)
{
    uint64_t now = i2cpt_now_ns();

    /* half the time for the old child to go, half for the new one to come */
    disconnect(c, now + (deadline_ns > now ? (deadline_ns - now) / 2 : 0));
    if (c->reconnect) {
        return connect_again(c, deadline_ns, fault);
    }
    return i2cpt_fault_text(fault, why == -EPROTO ? EPROTO : ENODEV,
                            "%.4096s: %s", remote_reach_name(&c->reach),
                            why == -EPROTO ? "the peer broke the protocol"
                                           : "the peer is gone");
}

struct wire_out *remote_connection_begin(struct connection *c,
                                         enum wire_type type)
{
    remote_lines_hold(c->lines);
    remote_wire_begin(&c->out, type, ++c->id);
    return &c->out;
}

int remote_connection_end(struct connection *c, int ret)
{
    remote_lines_let_go(c->lines);
    return ret;
}

/* One frame, a reply, or a change of a line, which is taken here. */
static int receive_one(struct connection *c, struct wire_head *head,
                       struct wire_in *in, uint64_t deadline_ns)
{
    int ret = remote_pipe_receive(&c->io, head, in, deadline_ns);

    if (ret) {
        return ret;
    }
    if (head->type == WIRE_LINE) {
        return remote_lines_take(c->lines, in);
    }
    return head->type != WIRE_REPLY || c->id - head->id > INT32_MAX ? -EPROTO
                                                                    : 0;
}

/* Receive the reply to the last request; those to earlier ones, given up at
 * their deadline, are passed over. A peer that sends and sends does not keep
 * us. */
static int receive(struct connection *c, struct wire_in *in,
                   uint64_t deadline_ns)
{
    struct wire_head head;
    int ret;

    do {
        ret = receive_one(c, &head, in, deadline_ns);
    } while (!ret && (head.type != WIRE_REPLY || head.id != c->id) &&
             i2cpt_now_ns() < deadline_ns);
    return ret                                           ? ret
           : head.type == WIRE_REPLY && head.id == c->id ? 0
                                                         : -ETIMEDOUT;
}

/* What has come while nobody asked: changes of lines, and late replies. */
static int hear(struct connection *c)
{
    struct wire_head head;
    struct wire_in in;
    int ret = 0, left;

    for (left = CHANGES_AT_ONCE; !ret && left; left--) {
        ret = receive_one(c, &head, &in, 0);
    }
    return ret;
}

static void lost(struct connection *c, int why)
{
    i2cpt_log(I2CPT_LOG_WARNING, "%s: %s; its lines stay as they are%s",
              remote_reach_name(&c->reach),
              why == -EPROTO ? "the peer broke the protocol"
                             : "the peer is gone",
              c->reconnect ? " until it is back" : "");
    c->cut = c->streams;
    disconnect(c, i2cpt_now_ns());
}

/* The thread of peer-lines.c has nothing else to do than this. */
static struct peer_watch idle(void *user)
{
    struct connection *c = user;
    struct i2cpt_fault fault;
    bool retry;
    int ret;

    if (c->io.in_fd >= 0 && !c->greeting) {
        ret = hear(c);
        if (ret && ret != -ETIMEDOUT) {
            lost(c, ret);
        }
    } else if (c->reconnect && !c->another) {
        connect_again(c, i2cpt_now_ns() + RETRY_NS, &fault);
    }
    retry = c->reconnect && !c->another && (c->io.in_fd < 0 || c->greeting);
    return (struct peer_watch){c->io.in_fd, retry ? RETRY_MS : -1};
}

struct connection *remote_connection_new(const struct connection_options *o)
{
    struct connection *c = g_new0(struct connection, 1);

    remote_reach_init(&c->reach, o->socket, o->command, o->handed_fd);
    c->reconnect = o->reconnect;
    c->connect_timeout_ms = o->connect_timeout_ms;
    c->io.in_fd = c->io.out_fd = -1;
    c->capabilities = WIRE_CLIENT_CAPABILITIES;
    return c;
}

int remote_connection_open(struct connection *c, struct i2cpt_fault *fault)
{
    int ret = connect_peer(c, fault);

    if (ret) {
        return ret;
    }
    ret = remote_lines_new(&c->peer, idle, c, &c->lines);
    if (ret) {
        return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    if (!c->lines) {
        c->capabilities &= ~(uint32_t)WIRE_LINES; /* nobody would hear them */
    }
    return 0;
}

void remote_connection_free(struct connection *c)
{
    remote_lines_free(c->lines);
    c->lines = NULL;
    hang_up(c);
    remote_reach_clear(&c->reach);
    remote_wire_clear(&c->out);
    g_free(c);
}

const struct wire_welcome *remote_connection_peer(const struct connection *c)
{
    return &c->peer;
}

struct i2cpt_lines *remote_connection_lines(struct connection *c)
{
    return remote_lines_get(c->lines);
}

int remote_connection_too_large(struct connection *c, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EMSGSIZE,
                            "%.4096s: request and answer of one transfer have "
                            "at most %u bytes over this connection",
                            remote_reach_name(&c->reach), WIRE_FRAME_MAX);
}

int remote_connection_ask(struct connection *c, uint64_t deadline_ns,
                          struct wire_in *in, int *result,
                          struct i2cpt_fault *fault)
{
    int ret;

    if (c->greeting) {
        return connect_again(c, deadline_ns, fault);
    }
    if (c->cut && c->io.in_fd >= 0) {
        c->cut = false;
        return lost_and_made_again(c, fault);
    }
    if (c->io.in_fd < 0) {
        return remote_connection_gone(c, -EPIPE, deadline_ns, fault);
    }
    ret = remote_pipe_send(&c->io, &c->out, deadline_ns);
    if (ret == -ETIMEDOUT || ret == -EPIPE) {
        return remote_connection_gone(c, -EPIPE, deadline_ns, fault);
    }
    if (ret == -EMSGSIZE) { /* nothing of it was sent */
        return remote_connection_too_large(c, fault);
    }
    if (!ret) {
        ret = receive(c, in, deadline_ns + TRAVEL_NS);
    }
    if (!ret) {
        ret = remote_wire_get_result(in, result, fault);
    }
    if (ret == -EPIPE || ret == -EPROTO) {
        return remote_connection_gone(c, ret, deadline_ns, fault);
    }
    return ret ? i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1) : 0;
}

void remote_connection_streams(struct connection *c, bool open)
{
    if (open) {
        c->cut = c->cut && c->streams;
    }
    c->streams = open;
}

void remote_connection_tell(struct connection *c, enum wire_type type,
                            uint32_t n)
{
    remote_lines_hold(c->lines);
    remote_wire_begin(&c->out, type, 0);
    remote_wire_put_u32(&c->out, n);
    if (c->io.in_fd >= 0 && !c->greeting) {
        remote_pipe_send(&c->io, &c->out, i2cpt_now_ns() + TRAVEL_NS);
    }
    remote_connection_end(c, 0);
}
