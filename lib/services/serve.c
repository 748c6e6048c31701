/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client of an adapter that is served to other processes. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "bus/calls.h"
#include "core/clock.h"
#include "core/fault.h"
#include "i2cpt-lines.h"
#include "remote/pipe-io.h"

/* A client that does not take its answer in this time is gone. */
#define SEND_NS 10000000000u
#define MS      1000000u

struct session {
    struct i2cpt_adapter *adapter;
    struct pipe_io io;
    struct wire_out out;
    bool open; /* a stream of ours; only its own requests may come then */
    /* the adapter once more, where the client hears of its lines; or NULL */
    struct i2cpt_adapter *lines;
    int lines_ret; /* of telling it */
};

static int reply(struct session *s, uint32_t id, int result,
                 const struct i2cpt_fault *fault)
{
    remote_wire_begin(&s->out, WIRE_REPLY, id);
    remote_wire_put_result(&s->out, result, fault);
    return 0;
}

static int send_frame(struct session *s, struct wire_out *frame)
{
    return remote_pipe_send(&s->io, frame, i2cpt_now_ns() + SEND_NS);
}

static void tell_change(struct i2cpt_adapter *a, unsigned line, int level,
                        uint64_t stamp_ns, void *user)
{
    struct session *s = user;
    uint64_t age_us = (i2cpt_now_ns() - stamp_ns) / 1000;
    const struct wire_change c = {
        .line = (uint8_t)line,
        .level = level,
        .age_us = (uint32_t)MIN(age_us, UINT32_MAX),
    };
    struct wire_out frame = {0};

    if (!s->lines_ret) {
        remote_wire_begin(&frame, WIRE_LINE, 0);
        remote_wire_put_change(&frame, &c);
        s->lines_ret = send_frame(s, &frame);
        remote_wire_clear(&frame);
    }
}

static int tell_changes(struct session *s)
{
    if (s->lines) {
        i2cpt_dispatch(s->lines);
    }
    return s->lines_ret;
}

/* A reply. What its request did to lines goes before it, so that the client has
 * their levels when it goes on. */
static int send_out(struct session *s)
{
    int ret = tell_changes(s);

    return ret ? ret : send_frame(s, &s->out);
}

/* 0 is our own timeout; what a client asks for beyond that is not granted. */
static uint64_t deadline(struct session *s, struct wire_in *in)
{
    uint32_t asked_ms = remote_wire_get_u32(in);
    uint32_t ours_ms = bus_adapter_timeout_ms(s->adapter);

    return i2cpt_now_ns() +
           (uint64_t)(asked_ms ? MIN(asked_ms, MAX(ours_ms, 60000)) : ours_ms) *
               MS;
}

static int do_transfer(struct session *s, uint32_t id, struct wire_in *in)
{
    struct i2cpt_call call = {.op = I2CPT_OP_TRANSFER, .owner = s};
    struct i2cpt_fault fault;
    int ret;

    call.deadline_ns = deadline(s, in);
    call.marks = remote_wire_get_u32(in);
    ret = s->open ? -EPROTO : remote_wire_get_request(in, &call.msgs, &call.n);
    if (ret) {
        return ret;
    }
    if (remote_wire_answer_max(call.msgs, call.n) > WIRE_FRAME_MAX) {
        ret = i2cpt_fault_text(
            &fault, EMSGSIZE, "an answer has at most %u bytes", WIRE_FRAME_MAX);
    } else {
        ret = bus_call_run(s->adapter, &call, &fault);
    }
    reply(s, id, ret, &fault);
    remote_wire_put_answer(&s->out, call.msgs, call.n);
    g_free(call.msgs);
    return send_out(s);
}

static int do_smbus(struct session *s, uint32_t id, struct wire_in *in)
{
    struct i2cpt_smbus_call smbus;
    struct i2cpt_call call = {
        .op = I2CPT_OP_SMBUS, .owner = s, .smbus = &smbus};
    struct i2cpt_fault fault;
    int ret;

    call.deadline_ns = deadline(s, in);
    call.marks = remote_wire_get_u32(in);
    ret = s->open ? -EPROTO : remote_wire_get_smbus(in, &smbus);
    if (ret) {
        return ret;
    }
    ret = bus_call_run(s->adapter, &call, &fault);
    reply(s, id, ret, &fault);
    remote_wire_put_smbus(&s->out, &smbus);
    return send_out(s);
}

static int get_pointer(struct wire_in *in, struct i2cpt_call *call)
{
    const uint8_t *bytes;

    call->addr = remote_wire_get_u16(in);
    call->n_pointer = remote_wire_get_u8(in);
    bytes = remote_wire_get_bytes(in, call->n_pointer);
    if (!bytes || !call->n_pointer || call->n_pointer > I2CPT_POINTER_MAX) {
        return -EPROTO;
    }
    memcpy(call->pointer, bytes, call->n_pointer);
    return 0;
}

static int do_stream(struct session *s, const struct wire_head *head,
                     struct wire_in *in)
{
    static const enum i2cpt_op ops[WIRE_TYPES] = {
        [WIRE_START] = I2CPT_OP_STREAM_START,
        [WIRE_WRITE] = I2CPT_OP_STREAM_WRITE,
        [WIRE_READ] = I2CPT_OP_STREAM_READ,
        [WIRE_STOP] = I2CPT_OP_STREAM_STOP,
        [WIRE_POINTER] = I2CPT_OP_STREAM_POINTER,
    };
    struct i2cpt_call call = {.op = ops[head->type], .owner = s};
    struct i2cpt_fault fault;
    int ret = 0;

    call.deadline_ns = deadline(s, in);
    if (head->type == WIRE_START) {
        call.addr = remote_wire_get_u16(in);
        call.flags = remote_wire_get_u16(in);
    } else if (head->type == WIRE_WRITE) {
        call.byte = remote_wire_get_u8(in);
    } else if (head->type == WIRE_POINTER) {
        call.flags = I2CPT_M_RD;
        ret = get_pointer(in, &call);
    }
    if (ret || in->failed || in->at != in->len ||
        call.flags & ~(I2CPT_M_RD | I2CPT_M_TEN) ||
        call.addr > (call.flags & I2CPT_M_TEN ? 0x3ff : 0x7f)) {
        return -EPROTO;
    }
    if (head->type == WIRE_STOP) {
        s->open = false;
    } else if (head->type == WIRE_START || head->type == WIRE_POINTER) {
        s->open = i2cpt_adapter_has_stream(s->adapter);
    }
    ret = bus_call_run(s->adapter, &call, &fault);
    reply(s, head->id, ret, &fault);
    remote_wire_put_u8(&s->out, call.byte);
    return send_out(s);
}

static int do_flush(struct session *s, uint32_t id)
{
    struct i2cpt_fault fault;
    int ret = bus_adapter_flush(s->adapter);

    i2cpt_fault_clear(&fault);
    fault.code = -ret;
    reply(s, id, ret, &fault);
    return send_out(s);
}

static int do_took(struct session *s, struct wire_in *in)
{
    uint32_t n = remote_wire_get_u32(in);

    if (in->failed) {
        return -EPROTO;
    }
    bus_adapter_took(s->adapter, s, n);
    return 0;
}

static uint32_t capabilities(const struct i2cpt_adapter *a)
{
    return (bus_adapter_tells_phase(a) ? WIRE_TELLS_PHASE : 0) |
           (bus_adapter_hides_phase(a) ? WIRE_HIDES_PHASE : 0);
}

/* From here on the client hears of lines. Where no descriptor is left for that,
 * it has none. */
static void begin_lines(struct session *s, struct wire_welcome *w)
{
    unsigned i;
    int n = i2cpt_adapter_lines(s->adapter);

    if (n <= 0 || s->lines || bus_adapter_again(s->adapter, &s->lines)) {
        return;
    }
    if (i2cpt_adapter_watch_lines(s->lines, tell_change, s)) {
        i2cpt_adapter_unref(s->lines);
        s->lines = NULL;
        return;
    }
    for (i = 0; i < (unsigned)n; i++) {
        g_strlcpy(w->lines[i].name, i2cpt_adapter_line_name(s->lines, i),
                  sizeof(w->lines[i].name));
        w->lines[i].level = i2cpt_adapter_line_level(s->lines, i);
    }
    w->n_lines = (unsigned)n;
}

static int welcome(struct session *s, const struct wire_head *head,
                   struct wire_in *in)
{
    struct wire_welcome w = {
        .functionality = i2cpt_adapter_functionality(s->adapter),
        .frequency_hz = i2cpt_adapter_frequency_hz(s->adapter),
        .timeout_ms = bus_adapter_timeout_ms(s->adapter),
        .stream = i2cpt_adapter_has_stream(s->adapter) != 0,
        .capabilities = capabilities(s->adapter),
    };
    uint32_t theirs = 0;
    int ret = head->type == WIRE_HELLO
                  ? remote_wire_get_hello(in, &w.version, &theirs)
                  : -EPROTO;

    if (ret && ret != -EOPNOTSUPP) {
        return ret;
    }
    if (ret) {
        w.version = WIRE_VERSION;
    } else if (theirs & WIRE_LINES) {
        begin_lines(s, &w);
    }
    /* To a version that we do not speak, ours is the answer all the same: the
     * client says it better than a closed pipe. */
    snprintf(w.name, sizeof(w.name), "%s", i2cpt_adapter_name(s->adapter));
    remote_wire_begin(&s->out, WIRE_WELCOME, head->id);
    remote_wire_put_welcome(&s->out, &w);
    return send_frame(s, &s->out);
}

/* Until something of a request is there; changes of lines go out meanwhile. */
static int wait_for_request(struct session *s)
{
    struct pollfd fds[] = {
        {.fd = s->io.in_fd, .events = POLLIN},
        {.fd = s->lines ? i2cpt_adapter_fd(s->lines) : -1, .events = POLLIN},
    };
    int ret = 0;

    while (s->lines && !ret && !fds[0].revents) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            ret = -errno;
        } else if (fds[1].revents) {
            ret = tell_changes(s);
        }
    }
    return ret;
}

static int one_request(struct session *s)
{
    struct wire_head head;
    struct wire_in in;
    int ret = wait_for_request(s);

    ret = ret ? ret : remote_pipe_receive(&s->io, &head, &in, UINT64_MAX);
    if (ret) {
        return ret;
    }
    switch (head.type) {
    case WIRE_HELLO:
        return welcome(s, &head, &in);
    case WIRE_TRANSFER:
        return do_transfer(s, head.id, &in);
    case WIRE_SMBUS:
        return do_smbus(s, head.id, &in);
    case WIRE_START:
    case WIRE_WRITE:
    case WIRE_READ:
    case WIRE_STOP:
    case WIRE_POINTER:
        return do_stream(s, &head, &in);
    case WIRE_TOOK:
        return do_took(s, &in);
    case WIRE_FLUSH:
        return do_flush(s, head.id);
    default:
        return -EPROTO;
    }
}

int i2cpt_serve(struct i2cpt_adapter *a, int in_fd, int out_fd)
{
    if (!a) {
        return -EINVAL;
    }

    struct session s = {.adapter = a};
    struct i2cpt_call stop = {.op = I2CPT_OP_STREAM_STOP, .owner = &s};
    struct wire_head head;
    struct wire_in in;
    int ret = remote_pipe_init(&s.io, in_fd, out_fd);

    if (!ret) {
        ret = remote_pipe_receive(&s.io, &head, &in, UINT64_MAX);
    }
    if (!ret) {
        ret = welcome(&s, &head, &in);
    }
    while (!ret) {
        ret = one_request(&s);
    }
    if (s.open) {
        bus_call_run(a, &stop, NULL);
    }
    i2cpt_adapter_unref(s.lines);
    remote_pipe_clear(&s.io);
    remote_wire_clear(&s.out);
    return ret == -EPIPE ? 0 : ret;
}
