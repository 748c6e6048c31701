/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An adapter that another process serves: over a socket here, one that the
 * caller has connected, or the standard streams of a command, such as ssh. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/options.h"
#include "core/pointer-bytes.h"
#include "core/log.h"
#include "remote/backend-remote.h"
#include "remote/peer-lines.h"
#include "remote/pipe-io.h"

extern char **environ;

#define MS 1000000u
/* What the peer's answer may take on its way back beyond the deadline that it
 * was given itself. */
#define TRAVEL_NS 50000000u
/* What a command has to end in, each time that it is asked to. */
#define LEAVE_NS 500000000u
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
struct remote {
    struct pipe_io io;
    struct wire_out out;
    pid_t child; /* of command=, else 0 */
    uint32_t id;
    char *socket, *command;
    int handed_fd;   /* of fd=, while it is opened; */
    char handed[24]; /* its name */
    uint32_t connect_timeout_ms;
    bool reconnect;
    bool greeting;
    uint32_t capabilities; /* ours; once open, of lines only with `lines` */
    /* it was called again, and somebody else is there: for good */
    bool another;
    bool streams; /* a stream is open, */
    bool cut; /* and the connection was lost meanwhile, which nobody knows */
    uint64_t greet_until_ns;
    pid_t leaving; /* a child before that one, told to end; or 0 */
    struct wire_welcome peer;
    struct peer_lines *lines; /* NULL: the peer has none */
    const void *guesser; /* who last asked for a read of a guessed length */
};

/* -------------------------------------------------------------- connecting */

/* How long connect() may wait where a server's queue is full. */
static void bound_connect(int fd, uint64_t until_ns)
{
    uint64_t now = i2cpt_now_ns();
    uint64_t left_us = now < until_ns ? (until_ns - now) / 1000 : 0;
    struct timeval tv = {(time_t)(left_us / 1000000),
                         (suseconds_t)MAX(left_us % 1000000, 1)};

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static int connect_socket(const char *path, uint64_t until_ns,
                          struct i2cpt_fault *fault)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, ret;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "socket=%.4096s: longer than the %zu bytes that "
            "a socket's path may have",
            path, sizeof(addr.sun_path) - 1);
    }
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        bound_connect(fd, until_ns);
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
        ret = errno;
        if (fd >= 0) {
            close(fd);
        }
        return i2cpt_fault_text(fault, ret,
                                "socket=%.4096s: %s (is i2cpt-replay serve "
                                "--socket running?)",
                                path, g_strerror(ret));
    }
    return fd;
}

/* A descriptor of our own of a socket that the caller has connected. */
static int adopt_socket(int fd, struct i2cpt_fault *fault)
{
    socklen_t size = sizeof(int);
    int type = 0, ours;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) ||
        type != SOCK_STREAM) {
        return i2cpt_fault_text(fault, EINVAL,
                                "fd=%d: accepted is the number of a stream "
                                "socket of this process",
                                fd);
    }
    ours = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return ours < 0 ? i2cpt_fault_set(fault, errno, I2CPT_PHASE_UNKNOWN, -1, -1)
                    : ours;
}

static int spawn_with(const char *command, int fd, pid_t *child)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, defaults;
    int ret;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    /* A group of its own: an interrupt at the terminal is for us, and the
     * stream must outlive it until the last STOP is through. */
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
                                        POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    ret =
        posix_spawn(child, "/bin/sh", &actions, &attr, (char **)argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return -ret;
}

static int start_command(struct remote *r, struct i2cpt_fault *fault)
{
    int fds[2], ret;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        return i2cpt_fault_set(fault, errno, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    ret = spawn_with(r->command, fds[1], &r->child);
    close(fds[1]);
    if (ret) {
        close(fds[0]);
        r->child = 0;
        return i2cpt_fault_text(fault, -ret, "command=%.4096s: %s", r->command,
                                g_strerror(-ret));
    }
    return fds[0];
}

static void hang_up(struct remote *r)
{
    if (r->io.in_fd >= 0) {
        close(r->io.in_fd);
    }
    remote_pipe_clear(&r->io);
    r->io.in_fd = r->io.out_fd = -1;
    r->io.got = 0;
    r->greeting = false;
    remote_lines_kick(r->lines);
}

/* Whether it has gone by then. */
static bool reap(pid_t child, uint64_t until_ns)
{
    while (!waitpid(child, NULL, WNOHANG)) {
        if (i2cpt_now_ns() >= until_ns) {
            return false;
        }
        g_usleep(1000);
    }
    return true;
}

/* For good: what has not gone by itself is told to, then made to. */
static void end_child(pid_t child)
{
    uint64_t now = i2cpt_now_ns();

    if (reap(child, now + LEAVE_NS)) {
        return;
    }
    kill(-child, SIGTERM);
    if (!reap(child, now + 2 * LEAVE_NS)) {
        kill(-child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}

static void end_leaving(struct remote *r)
{
    if (r->leaving && !reap(r->leaving, 0)) {
        kill(-r->leaving, SIGKILL);
        waitpid(r->leaving, NULL, 0);
    }
    r->leaving = 0;
}

/* A child's input has ended: it goes by itself. One that has not by `until_ns`
 * is told to, and looked after later. */
static void disconnect(struct remote *r, uint64_t until_ns)
{
    hang_up(r);
    if (!r->child) {
        return;
    }
    end_leaving(r);
    if (!reap(r->child, until_ns)) {
        kill(-r->child, SIGTERM);
        r->leaving = r->child;
    }
    r->child = 0;
}

static const char *peer_name(const struct remote *r)
{
    return r->socket ? r->socket : r->command ? r->command : r->handed;
}

/* The WELCOME, until then: 0, or what the peer has done instead. */
static int receive_welcome(struct remote *r, uint64_t until_ns)
{
    struct wire_head head;
    struct wire_in in;
    int ret = remote_pipe_receive(&r->io, &head, &in, until_ns);

    if (!ret) {
        ret = head.type == WIRE_WELCOME ? remote_wire_get_welcome(&in, &r->peer)
                                        : -EPROTO;
    }
    if (!ret) {
        r->greeting = false;
    }
    return ret;
}

static int refused(struct remote *r, int ret, struct i2cpt_fault *fault)
{
    switch (ret) {
    case 0:
        return 0;
    case -ETIMEDOUT:
        return i2cpt_fault_text(fault, ETIMEDOUT,
                                "%.4096s: no answer in %u ms "
                                "(connect-timeout-ms)",
                                peer_name(r), r->connect_timeout_ms);
    case -EPIPE:
        return i2cpt_fault_text(fault, ENODEV,
                                "%.4096s: ended without an answer; it should "
                                "run i2cpt-replay serve --stdio",
                                peer_name(r));
    case -EOPNOTSUPP:
        return i2cpt_fault_text(fault, EPROTO,
                                "%.4096s: speaks version %u of i2cpt-replay "
                                "serve's protocol, this speaks %u to %u",
                                peer_name(r), r->peer.version, WIRE_LOWEST,
                                WIRE_VERSION);
    default:
        return i2cpt_fault_text(fault, EPROTO,
                                "%.4096s: does not speak version %u of "
                                "i2cpt-replay serve's protocol",
                                peer_name(r), WIRE_VERSION);
    }
}

/* Connect, and say HELLO. One that has ended may have said something first, so
 * that it is not looked at whether that arrives. */
static int greet(struct remote *r, uint64_t until_ns, struct i2cpt_fault *fault)
{
    int fd = r->socket    ? connect_socket(r->socket, until_ns, fault)
             : r->command ? start_command(r, fault)
                          : adopt_socket(r->handed_fd, fault);
    int ret;

    if (fd < 0) {
        return fd;
    }
    ret = remote_pipe_init(&r->io, fd, fd);
    if (ret) {
        return i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    r->greeting = true;
    r->greet_until_ns = i2cpt_now_ns() + (uint64_t)r->connect_timeout_ms * MS;
    remote_wire_begin(&r->out, WIRE_HELLO, ++r->id);
    remote_wire_put_hello(&r->out, r->capabilities);
    ret = remote_pipe_send(&r->io, &r->out, until_ns);
    return ret && ret != -EPIPE ? refused(r, ret, fault) : 0;
}

static int connect_peer(struct remote *r, struct i2cpt_fault *fault)
{
    uint64_t until_ns = i2cpt_now_ns() + (uint64_t)r->connect_timeout_ms * MS;
    int ret = greet(r, until_ns, fault);

    if (!ret) {
        ret = receive_welcome(r, until_ns);
        ret = ret ? refused(r, ret, fault) : 0;
    }
    return ret;
}

/* Numbers of descriptors are used again, sockets are not. */
static int identify_socket(int fd, char **identity, struct i2cpt_fault *fault)
{
    struct stat st;

    if (fstat(fd, &st)) {
        return i2cpt_fault_text(fault, EINVAL, "fd=%d: %s", fd,
                                g_strerror(errno));
    }
    *identity =
        g_strdup_printf("remote:socket %llu", (unsigned long long)st.st_ino);
    return 0;
}

static int remote_identify(const struct i2cpt_options *o, char **identity,
                           struct i2cpt_fault *fault)
{
    const char *socket = i2cpt_options_string(o, "socket");
    const char *command = i2cpt_options_string(o, "command");
    const char *fd = i2cpt_options_string(o, "fd");
    int given = !!socket + !!command + !!fd;

    if (given != 1) {
        return i2cpt_fault_text(fault, EINVAL,
                                "remote: give one of socket=PATH, "
                                "command=COMMAND and fd=NUMBER%s",
                                given ? ", not several" : "");
    }
    if (fd && i2cpt_options_number(o, "reconnect")) {
        return i2cpt_fault_text(fault, EINVAL,
                                "reconnect=on: a socket that was handed over "
                                "(fd=%s) cannot be connected again",
                                fd);
    }
    if (fd) {
        return identify_socket((int)i2cpt_options_number(o, "fd"), identity,
                               fault);
    }
    *identity = g_strdup_printf("remote:%s", socket ? socket : command);
    return 0;
}

static void remote_close(void *priv)
{
    struct remote *r = priv;

    remote_lines_free(r->lines);
    r->lines = NULL;
    hang_up(r);
    if (r->child) {
        end_child(r->child);
    }
    end_leaving(r);
    remote_wire_clear(&r->out);
    g_free(r->socket);
    g_free(r->command);
    g_free(r);
}

static struct peer_watch idle(void *user);

static int remote_open(const struct i2cpt_options *o, void **priv,
                       struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct remote *r = g_new0(struct remote, 1);
    int ret;

    r->socket = g_strdup(i2cpt_options_string(o, "socket"));
    r->command = g_strdup(i2cpt_options_string(o, "command"));
    r->handed_fd = (int)i2cpt_options_number(o, "fd");
    snprintf(r->handed, sizeof(r->handed), "fd=%d", r->handed_fd);
    r->reconnect = i2cpt_options_number(o, "reconnect");
    r->connect_timeout_ms =
        (uint32_t)i2cpt_options_number(o, "connect-timeout-ms");
    r->io.in_fd = r->io.out_fd = -1;
    r->capabilities = WIRE_CLIENT_CAPABILITIES;
    ret = connect_peer(r, fault);
    if (!ret) {
        ret = remote_lines_new(&r->peer, idle, r, &r->lines);
        ret =
            ret ? i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1) : 0;
    }
    if (ret) {
        remote_close(r);
        return ret;
    }
    info->functionality = r->peer.functionality;
    info->frequency_hz = r->peer.frequency_hz;
    info->no_stream = !r->peer.stream;
    info->tells_phase = r->peer.capabilities & WIRE_TELLS_PHASE;
    info->hides_phase = r->peer.capabilities & WIRE_HIDES_PHASE;
    info->lines = remote_lines_get(r->lines);
    if (!r->lines) {
        r->capabilities &= ~(uint32_t)WIRE_LINES; /* nobody would hear them */
    }
    *priv = r;
    return 0;
}

/* ---------------------------------------------------------------- requests */

static int still_away(struct remote *r, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(
        fault, ECANCELED,
        "%.4096s: the connection was lost, and could not be "
        "made again so far",
        peer_name(r));
}

static int lost_and_made_again(struct remote *r, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, ECANCELED,
                            "%.4096s: the connection was lost and made again; "
                            "what became of the transfer is not known",
                            peer_name(r));
}

static int become_another(const struct remote *r, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(
        fault, ENODEV, "%.4096s: another adapter is there now", peer_name(r));
}

/*
 * With reconnect=on never ENODEV, which is for good, but for a peer that has
 * become another adapter. A request waits for it no longer than it would for
 * its answer; the next one goes on where this one has left off.
 */
static int connect_again(struct remote *r, uint64_t until_ns,
                         struct i2cpt_fault *fault)
{
    struct wire_welcome before = r->peer;
    struct i2cpt_fault why;
    int ret;

    if (r->another) {
        return become_another(r, fault);
    }
    ret = r->greeting ? 0 : greet(r, until_ns, &why);
    if (!ret) {
        ret = receive_welcome(r, MIN(until_ns, r->greet_until_ns));
    }
    if (ret == -ETIMEDOUT && r->greeting &&
        i2cpt_now_ns() < r->greet_until_ns) {
        return still_away(r, fault);
    }
    if (ret) {
        r->peer = before;
        disconnect(r, until_ns);
        return still_away(r, fault);
    }
    if (r->peer.functionality != before.functionality ||
        (r->peer.capabilities ^ before.capabilities) &
            (WIRE_TELLS_PHASE | WIRE_HIDES_PHASE) ||
        !remote_lines_are(r->lines, &r->peer)) {
        disconnect(r, until_ns);
        r->another = true;
        return become_another(r, fault);
    }
    remote_lines_refresh(r->lines, &r->peer);
    return lost_and_made_again(r, fault);
}

static int gone(struct remote *r, int why, uint64_t deadline_ns,
                struct i2cpt_fault *fault)
{
    uint64_t now = i2cpt_now_ns();

    /* half the time for the old child to go, half for the new one to come */
    disconnect(r, now + (deadline_ns > now ? (deadline_ns - now) / 2 : 0));
    if (r->reconnect) {
        return connect_again(r, deadline_ns, fault);
    }
    return i2cpt_fault_text(
        fault, why == -EPROTO ? EPROTO : ENODEV, "%.4096s: %s", peer_name(r),
        why == -EPROTO ? "the peer broke the protocol" : "the peer is gone");
}

/* The time that is left, for the peer, which has another clock. */
static uint32_t left_ms(uint64_t deadline_ns)
{
    uint64_t now = i2cpt_now_ns();

    return deadline_ns > now
               ? (uint32_t)MIN((deadline_ns - now + MS - 1) / MS, 60000)
               : 1;
}

/* From here to end(), nobody else reads from the connection. */
static void begin(struct remote *r, enum wire_type type, uint64_t deadline_ns)
{
    remote_lines_hold(r->lines);
    remote_wire_begin(&r->out, type, ++r->id);
    remote_wire_put_u32(&r->out, left_ms(deadline_ns));
}

static int end(struct remote *r, int ret)
{
    remote_lines_let_go(r->lines);
    return ret;
}

/* One frame, a reply, or a change of a line, which is taken here. */
static int receive_one(struct remote *r, struct wire_head *head,
                       struct wire_in *in, uint64_t deadline_ns)
{
    int ret = remote_pipe_receive(&r->io, head, in, deadline_ns);

    if (ret) {
        return ret;
    }
    if (head->type == WIRE_LINE) {
        return remote_lines_take(r->lines, in);
    }
    return head->type != WIRE_REPLY || r->id - head->id > INT32_MAX ? -EPROTO
                                                                    : 0;
}

/* Receive the reply to the last request; those to earlier ones, given up at
 * their deadline, are passed over. A peer that sends and sends does not keep
 * us. */
static int receive(struct remote *r, struct wire_in *in, uint64_t deadline_ns)
{
    struct wire_head head;
    int ret;

    do {
        ret = receive_one(r, &head, in, deadline_ns);
    } while (!ret && (head.type != WIRE_REPLY || head.id != r->id) &&
             i2cpt_now_ns() < deadline_ns);
    return ret                                           ? ret
           : head.type == WIRE_REPLY && head.id == r->id ? 0
                                                         : -ETIMEDOUT;
}

/* What has come while nobody asked: changes of lines, and late replies. */
static int hear(struct remote *r)
{
    struct wire_head head;
    struct wire_in in;
    int ret = 0, left;

    for (left = CHANGES_AT_ONCE; !ret && left; left--) {
        ret = receive_one(r, &head, &in, 0);
    }
    return ret;
}

static void lost(struct remote *r, int why)
{
    i2cpt_log(
        I2CPT_LOG_WARNING, "%s: %s; its lines stay as they are%s", peer_name(r),
        why == -EPROTO ? "the peer broke the protocol" : "the peer is gone",
        r->reconnect ? " until it is back" : "");
    r->cut = r->streams;
    disconnect(r, i2cpt_now_ns());
}

/* The thread of peer-lines.c has nothing else to do than this. */
static struct peer_watch idle(void *user)
{
    struct remote *r = user;
    struct i2cpt_fault fault;
    bool retry;
    int ret;

    if (r->io.in_fd >= 0 && !r->greeting) {
        ret = hear(r);
        if (ret && ret != -ETIMEDOUT) {
            lost(r, ret);
        }
    } else if (r->reconnect && !r->another) {
        connect_again(r, i2cpt_now_ns() + RETRY_NS, &fault);
    }
    retry = r->reconnect && !r->another && (r->io.in_fd < 0 || r->greeting);
    return (struct peer_watch){r->io.in_fd, retry ? RETRY_MS : -1};
}

static int too_large(struct remote *r, struct i2cpt_fault *fault)
{
    return i2cpt_fault_text(fault, EMSGSIZE,
                            "%.4096s: request and answer of one transfer have "
                            "at most %u bytes over this connection",
                            peer_name(r), WIRE_FRAME_MAX);
}

static int ask(struct remote *r, uint64_t deadline_ns, struct wire_in *in,
               int *result, struct i2cpt_fault *fault)
{
    int ret;

    if (r->greeting) {
        return connect_again(r, deadline_ns, fault);
    }
    if (r->cut && r->io.in_fd >= 0) {
        r->cut = false;
        return lost_and_made_again(r, fault);
    }
    if (r->io.in_fd < 0) {
        return gone(r, -EPIPE, deadline_ns, fault);
    }
    ret = remote_pipe_send(&r->io, &r->out, deadline_ns);
    if (ret == -ETIMEDOUT || ret == -EPIPE) {
        return gone(r, -EPIPE, deadline_ns, fault);
    }
    if (ret == -EMSGSIZE) { /* nothing of it was sent */
        return too_large(r, fault);
    }
    if (!ret) {
        ret = receive(r, in, deadline_ns + TRAVEL_NS);
    }
    if (!ret) {
        ret = remote_wire_get_result(in, result, fault);
    }
    if (ret == -EPIPE || ret == -EPROTO) {
        return gone(r, ret, deadline_ns, fault);
    }
    return ret ? i2cpt_fault_set(fault, -ret, I2CPT_PHASE_UNKNOWN, -1, -1) : 0;
}

static int remote_transfer(void *priv, struct i2cpt_xfer *x)
{
    struct remote *r = priv;
    struct wire_in in;
    int ret, result;

    if (x->marks & I2CPT_MARK_TOOK_FOLLOWS) {
        r->guesser = x->owner;
    }
    if (remote_wire_answer_max(x->msgs, x->n) > WIRE_FRAME_MAX) {
        return too_large(r, x->fault);
    }
    begin(r, WIRE_TRANSFER, x->deadline_ns);
    remote_wire_put_u32(&r->out, x->marks);
    remote_wire_put_request(&r->out, x->msgs, x->n);
    ret = ask(r, x->deadline_ns, &in, &result, x->fault);
    if (!ret && (x->fault->msg >= (int32_t)x->n ||
                 remote_wire_get_answer(&in, x->msgs, x->n))) {
        ret = gone(r, -EPROTO, x->deadline_ns, x->fault);
    }
    return end(r, ret ? ret : result);
}

static int remote_smbus(void *priv, struct i2cpt_smbus_call *call,
                        uint64_t deadline_ns, uint32_t marks,
                        struct i2cpt_fault *fault)
{
    struct i2cpt_smbus_call answer;
    struct remote *r = priv;
    struct wire_in in;
    int ret, result;

    if (marks & I2CPT_MARK_TOOK_FOLLOWS) {
        r->guesser = call->owner;
    }
    begin(r, WIRE_SMBUS, deadline_ns);
    remote_wire_put_u32(&r->out, marks);
    remote_wire_put_smbus(&r->out, call);
    ret = ask(r, deadline_ns, &in, &result, fault);
    /* of another protocol, it would have been checked for that one */
    if (!ret && (remote_wire_get_smbus(&in, &answer) ||
                 answer.protocol != call->protocol)) {
        ret = gone(r, -EPROTO, deadline_ns, fault);
    }
    if (!ret && !result) {
        memcpy(call->block, answer.block, sizeof(call->block));
    }
    return end(r, ret ? ret : result);
}

/* The request is in r->out but for its end; each reply ends with a byte. */
static int stream_call(struct remote *r, uint64_t deadline_ns, uint8_t *byte,
                       struct i2cpt_fault *fault)
{
    struct wire_in in;
    int ret, result;

    ret = ask(r, deadline_ns, &in, &result, fault);
    if (ret) {
        return end(r, ret);
    }
    *byte = remote_wire_get_u8(&in);
    return end(r, in.failed ? gone(r, -EPROTO, deadline_ns, fault) : result);
}

static int remote_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct remote *r = priv;
    uint8_t none;

    begin(r, WIRE_START, deadline_ns);
    r->cut = r->cut && r->streams;
    r->streams = true;
    remote_wire_put_u16(&r->out, addr);
    remote_wire_put_u16(&r->out, flags);
    return stream_call(r, deadline_ns, &none, fault);
}

static int remote_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct remote *r = priv;
    uint8_t none;

    begin(r, WIRE_WRITE, deadline_ns);
    remote_wire_put_u8(&r->out, byte);
    return stream_call(r, deadline_ns, &none, fault);
}

static int remote_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct remote *r = priv;

    begin(r, WIRE_READ, deadline_ns);
    return stream_call(r, deadline_ns, byte, fault);
}

static int remote_stop(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct remote *r = priv;
    uint8_t none;

    begin(r, WIRE_STOP, deadline_ns);
    r->streams = false;
    return stream_call(r, deadline_ns, &none, fault);
}

static const struct i2cpt_ops pieces = {
    .stream_start = remote_start,
    .stream_write = remote_write,
    .stream_read = remote_read,
};

/* One request, so that the server sees it through whatever becomes of us. One
 * of version 1 knows only the pieces. */
static int remote_pointer(void *priv, uint16_t addr, const uint8_t *bytes,
                          size_t n, uint64_t deadline_ns, uint8_t *byte,
                          struct i2cpt_fault *fault)
{
    struct remote *r = priv;

    if (r->peer.version < 2) {
        return i2cpt_pointer_by_bytes(&pieces, priv, addr, bytes, n, byte,
                                      fault);
    }
    begin(r, WIRE_POINTER, deadline_ns);
    r->streams = true;
    remote_wire_put_u16(&r->out, addr);
    remote_wire_put_u8(&r->out, (uint8_t)n);
    remote_wire_put_bytes(&r->out, bytes, n);
    return stream_call(r, deadline_ns, byte, fault);
}

/* The wire knows one client: of its last guess only. */
static void remote_took(void *priv, const void *owner, uint32_t n)
{
    struct remote *r = priv;

    if (owner != r->guesser) {
        return;
    }
    remote_lines_hold(r->lines);
    remote_wire_begin(&r->out, WIRE_TOOK, 0);
    remote_wire_put_u32(&r->out, n);
    if (r->io.in_fd >= 0 && !r->greeting) {
        remote_pipe_send(&r->io, &r->out, i2cpt_now_ns() + TRAVEL_NS);
    }
    end(r, 0);
}

static int remote_flush(void *priv)
{
    uint64_t deadline_ns = i2cpt_now_ns() + (uint64_t)1000 * MS;
    struct i2cpt_fault fault;
    struct remote *r = priv;
    struct wire_in in;
    int ret, result;

    remote_lines_hold(r->lines);
    remote_wire_begin(&r->out, WIRE_FLUSH, ++r->id);
    ret = ask(r, deadline_ns, &in, &result, &fault);
    return end(r, ret ? ret : result);
}

static const struct i2cpt_key remote_keys[] = {
    {.name = "socket",
     .kind = I2CPT_KEY_STRING,
     .choices = "the path of a socket that i2cpt-replay serve has",
     .help = "connect to a server on this machine",
     .may_differ = true},
    {.name = "command",
     .kind = I2CPT_KEY_STRING,
     .choices = "a command whose standard streams are a server's",
     .help = "start a server, such as ssh pi i2cpt-replay serve ... --stdio",
     .may_differ = true},
    {.name = "fd",
     .kind = I2CPT_KEY_UINT,
     .max = INT_MAX,
     .help = "a stream socket of this process that is connected to a server",
     .may_differ = true},
    {.name = "connect-timeout-ms",
     .kind = I2CPT_KEY_UINT,
     .min = 1,
     .max = 600000,
     .def = "10000",
     .help = "bound of connecting and the first answer"},
    {.name = "reconnect",
     .kind = I2CPT_KEY_SWITCH,
     .def = "off",
     .help = "connect again when the peer was lost; off: ENODEV from then on"},
    {NULL},
};

const struct i2cpt_ops remote_ops = {
    .name = "remote",
    .help = "an adapter that another process serves, here or across ssh",
    .flags = I2CPT_OPS_RETRIES,
    .keys = remote_keys,
    .identify = remote_identify,
    .open = remote_open,
    .close = remote_close,
    .transfer = remote_transfer,
    .smbus = remote_smbus,
    .stream_start = remote_start,
    .stream_write = remote_write,
    .stream_read = remote_read,
    .stream_stop = remote_stop,
    .stream_pointer = remote_pointer,
    .took = remote_took,
    .flush = remote_flush,
};
