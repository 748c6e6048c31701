/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An adapter that another process serves: over a socket here, one that the
 * caller has connected, or the standard streams of a command, such as ssh. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/options.h"
#include "core/pointer-bytes.h"
#include "remote/backend-remote.h"
#include "remote/connection.h"

#define MS 1000000u

struct remote {
    struct connection *connection;
    const void *guesser; /* who last asked for a read of a guessed length */
};

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

    remote_connection_free(r->connection);
    g_free(r);
}

static void describe(struct connection *c, struct i2cpt_bus_info *info)
{
    const struct wire_welcome *peer = remote_connection_peer(c);

    info->functionality = peer->functionality;
    info->frequency_hz = peer->frequency_hz;
    info->no_stream = !peer->stream;
    info->tells_phase = peer->capabilities & WIRE_TELLS_PHASE;
    info->hides_phase = peer->capabilities & WIRE_HIDES_PHASE;
    info->lines = remote_connection_lines(c);
}

static int remote_open(const struct i2cpt_options *o, void **priv,
                       struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct connection_options how = {
        .socket = i2cpt_options_string(o, "socket"),
        .command = i2cpt_options_string(o, "command"),
        .handed_fd = (int)i2cpt_options_number(o, "fd"),
        .connect_timeout_ms =
            (uint32_t)i2cpt_options_number(o, "connect-timeout-ms"),
        .reconnect = i2cpt_options_number(o, "reconnect"),
    };
    struct remote *r = g_new0(struct remote, 1);
    int ret;

    r->connection = remote_connection_new(&how);
    ret = remote_connection_open(r->connection, fault);
    if (ret) {
        remote_close(r);
        return ret;
    }
    describe(r->connection, info);
    *priv = r;
    return 0;
}

/* The time that is left, for the peer, which has another clock. */
static uint32_t left_ms(uint64_t deadline_ns)
{
    uint64_t now = i2cpt_now_ns();

    return deadline_ns > now
               ? (uint32_t)MIN((deadline_ns - now + MS - 1) / MS, 60000)
               : 1;
}

/* A request that the peer gives up at its deadline. */
static struct wire_out *begin(struct remote *r, enum wire_type type,
                              uint64_t deadline_ns)
{
    struct wire_out *out = remote_connection_begin(r->connection, type);

    remote_wire_put_u32(out, left_ms(deadline_ns));
    return out;
}

static int remote_transfer(void *priv, struct i2cpt_xfer *x)
{
    struct remote *r = priv;
    struct wire_out *out;
    struct connection *c = r->connection;
    struct wire_in in;
    int ret, result;

    if (x->marks & I2CPT_MARK_TOOK_FOLLOWS) {
        r->guesser = x->owner;
    }
    if (remote_wire_answer_max(x->msgs, x->n) > WIRE_FRAME_MAX) {
        return remote_connection_too_large(c, x->fault);
    }
    out = begin(r, WIRE_TRANSFER, x->deadline_ns);
    remote_wire_put_u32(out, x->marks);
    remote_wire_put_request(out, x->msgs, x->n);
    ret = remote_connection_ask(c, x->deadline_ns, &in, &result, x->fault);
    if (!ret && (x->fault->msg >= (int32_t)x->n ||
                 remote_wire_get_answer(&in, x->msgs, x->n))) {
        ret = remote_connection_gone(c, -EPROTO, x->deadline_ns, x->fault);
    }
    return remote_connection_end(c, ret ? ret : result);
}

static int remote_smbus(void *priv, struct i2cpt_smbus_call *call,
                        uint64_t deadline_ns, uint32_t marks,
                        struct i2cpt_fault *fault)
{
    struct i2cpt_smbus_call answer;
    struct remote *r = priv;
    struct wire_out *out;
    struct connection *c = r->connection;
    struct wire_in in;
    int ret, result;

    if (marks & I2CPT_MARK_TOOK_FOLLOWS) {
        r->guesser = call->owner;
    }
    out = begin(r, WIRE_SMBUS, deadline_ns);
    remote_wire_put_u32(out, marks);
    remote_wire_put_smbus(out, call);
    ret = remote_connection_ask(c, deadline_ns, &in, &result, fault);
    /* of another protocol, it would have been checked for that one */
    if (!ret && (remote_wire_get_smbus(&in, &answer) ||
                 answer.protocol != call->protocol)) {
        ret = remote_connection_gone(c, -EPROTO, deadline_ns, fault);
    }
    if (!ret && !result) {
        memcpy(call->block, answer.block, sizeof(call->block));
    }
    return remote_connection_end(c, ret ? ret : result);
}

/* The request was begun; each reply ends with a byte. */
static int stream_call(struct remote *r, uint64_t deadline_ns, uint8_t *byte,
                       struct i2cpt_fault *fault)
{
    struct connection *c = r->connection;
    struct wire_in in;
    int ret, result;

    ret = remote_connection_ask(c, deadline_ns, &in, &result, fault);
    if (ret) {
        return remote_connection_end(c, ret);
    }
    *byte = remote_wire_get_u8(&in);
    if (in.failed) {
        result = remote_connection_gone(c, -EPROTO, deadline_ns, fault);
    }
    return remote_connection_end(c, result);
}

static int remote_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct remote *r = priv;
    struct wire_out *out;
    uint8_t none;

    out = begin(r, WIRE_START, deadline_ns);
    remote_connection_streams(r->connection, true);
    remote_wire_put_u16(out, addr);
    remote_wire_put_u16(out, flags);
    return stream_call(r, deadline_ns, &none, fault);
}

static int remote_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct remote *r = priv;
    struct wire_out *out;
    uint8_t none;

    out = begin(r, WIRE_WRITE, deadline_ns);
    remote_wire_put_u8(out, byte);
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
    remote_connection_streams(r->connection, false);
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
    struct wire_out *out;
    struct connection *c = r->connection;

    if (remote_connection_peer(c)->version < 2) {
        return i2cpt_pointer_by_bytes(&pieces, priv, addr, bytes, n, byte,
                                      fault);
    }
    out = begin(r, WIRE_POINTER, deadline_ns);
    remote_connection_streams(c, true);
    remote_wire_put_u16(out, addr);
    remote_wire_put_u8(out, (uint8_t)n);
    remote_wire_put_bytes(out, bytes, n);
    return stream_call(r, deadline_ns, byte, fault);
}

/* The wire knows one client: of its last guess only. */
static void remote_took(void *priv, const void *owner, uint32_t n)
{
    struct remote *r = priv;

    if (owner == r->guesser) {
        remote_connection_tell(r->connection, WIRE_TOOK, n);
    }
}

static int remote_flush(void *priv)
{
    uint64_t deadline_ns = i2cpt_now_ns() + (uint64_t)1000 * MS;
    struct i2cpt_fault fault;
    struct remote *r = priv;
    struct connection *c = r->connection;
    struct wire_in in;
    int ret, result;

    remote_connection_begin(c, WIRE_FLUSH);
    ret = remote_connection_ask(c, deadline_ns, &in, &result, &fault);
    return remote_connection_end(c, ret ? ret : result);
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
