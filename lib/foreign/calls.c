/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls of the library's own table, made through a foreign one. A foreign
 * back end gets copies of everything but the bytes, so that what it changes
 * besides them is nothing to us.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/options.h"
#include "core/recv-len.h"
#include "foreign/foreign.h"
#include "i2cpt-trace.h"
#include "smbus/protocols.h"

_Static_assert(I2CPT_BACKEND_MARK_PROBE == I2CPT_MARK_PROBE &&
                   I2CPT_BACKEND_MARK_RESEND == I2CPT_MARK_RESEND &&
                   I2CPT_BACKEND_MARK_TOOK_FOLLOWS == I2CPT_MARK_TOOK_FOLLOWS &&
                   I2CPT_BACKEND_MARK_CONTINUE == I2CPT_MARK_CONTINUE &&
                   I2CPT_BACKEND_MARK_RESTART == I2CPT_MARK_RESTART &&
                   I2CPT_BACKEND_MARK_SPLIT == I2CPT_MARK_SPLIT &&
                   I2CPT_BACKEND_POINTER_MAX == I2CPT_POINTER_MAX,
               "the public table says the same");

static struct foreign *of_options(const struct i2cpt_options *o)
{
    return (struct foreign *)i2cpt_options_ops(o); /* `inner` is its first */
}

/* --------------------------------------------------------- open and close */

static int identify(const struct i2cpt_options *o, char **identity,
                    struct i2cpt_fault *fault)
{
    struct foreign *f = of_options(o);
    char text[FOREIGN_ID_MAX] = "";
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = f->ops.identify(f->user, o, text, sizeof(text), &theirs);
    ret = foreign_result(f, "identify", ret, 0, &theirs, fault);
    if (!ret && strnlen(text, sizeof(text)) == sizeof(text)) {
        ret = foreign_lie(f, fault, "identify() did not end its text");
    }
    if (!ret && text[0]) {
        *identity = g_strdup_printf("%s:%s", f->name, text);
    }
    return ret;
}

static void close_instance(void *priv)
{
    struct foreign_instance *in = priv;

    if (in->f->ops.close) {
        in->f->ops.close(in->priv);
    }
    foreign_lines_free(in->lines);
    foreign_unref(in->f);
    g_free(in);
}

static void take_info(struct foreign_instance *in,
                      const struct i2cpt_backend_info *from,
                      struct i2cpt_bus_info *info)
{
    info->functionality = from->functionality;
    info->frequency_hz = from->frequency_hz;
    info->no_stream = from->flags & I2CPT_BACKEND_NO_STREAM;
    info->tells_phase = from->flags & I2CPT_BACKEND_TELLS_PHASE;
    info->hides_phase = from->flags & I2CPT_BACKEND_HIDES_PHASE;
    in->functionality = from->functionality;
    in->instant = from->flags & I2CPT_BACKEND_INSTANT;
    info->lines = foreign_lines_named(in->lines);
}

static int open_instance(const struct i2cpt_options *o, void **priv,
                         struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct foreign *f = of_options(o);
    struct i2cpt_backend_info theirs = {.size = sizeof(theirs)};
    struct foreign_instance *in = g_new0(struct foreign_instance, 1);
    struct i2cpt_fault their_fault;
    int ret;

    i2cpt_fault_clear(&their_fault);
    in->f = foreign_ref(f);
    in->priv = f->user;
    theirs.lines = in->lines = foreign_lines_new();
    ret = f->ops.open(f->user, o, &in->priv, &theirs, &their_fault);
    ret = foreign_result(f, "open", ret, 0, &their_fault, fault);
    if (ret) {
        foreign_lines_free(in->lines);
        foreign_unref(f);
        g_free(in);
        return ret;
    }
    ret = foreign_check_info(f, &theirs, fault);
    if (ret) {
        close_instance(in);
        return ret;
    }
    take_info(in, &theirs, info);
    *priv = in;
    return 0;
}

/* -------------------------------------------------------------- transfers */

/* How many bytes a message can have: its own, or what its target counted. */
static int wrong_actual(const struct foreign *f, const struct i2cpt_xfer *x,
                        size_t i, uint32_t actual, int ret)
{
    const struct i2cpt_msg *m = &x->msgs[i];

    if (ret == 0 && m->flags & I2CPT_M_RECV_LEN) {
        return foreign_lie(f, x->fault,
                           "transfer() returned 0 with %u byte%s in message "
                           "%zu, whose count is %u",
                           (unsigned)actual, i2cpt_fault_s(actual), i,
                           (unsigned)m->buf[0]);
    }
    return foreign_lie(f, x->fault,
                       "transfer() returned %d with %u byte%s in message %zu, "
                       "which has %u",
                       ret, (unsigned)actual, i2cpt_fault_s(actual), i,
                       (unsigned)m->len);
}

static int check_actual(const struct foreign *f, const struct i2cpt_xfer *x,
                        const struct i2cpt_msg *msgs, const uint8_t *asked,
                        int ret)
{
    size_t i;

    for (i = 0; i < x->n; i++) {
        uint32_t actual = msgs[i].actual;

        if (actual > x->msgs[i].len ||
            (!ret && !foreign_actual_can_be(&x->msgs[i], actual, asked[i],
                                            x->marks, i + 1 == x->n))) {
            return wrong_actual(f, x, i, actual, ret);
        }
    }
    return ret;
}

static int call_transfer(struct foreign_instance *in, struct i2cpt_xfer *x,
                         struct i2cpt_msg *msgs)
{
    struct foreign *f = in->f;
    struct i2cpt_fault theirs;
    struct i2cpt_backend_xfer public = {
        .size = sizeof(public),
        .marks = x->marks,
        .msgs = msgs,
        .msg_size = sizeof(*msgs),
        .n = x->n,
        .deadline_ns = x->deadline_ns,
        .owner = (uint64_t)(uintptr_t)x->owner,
        .fault = &theirs,
    };
    uint8_t asked[I2CPT_TRANSFER_MAX];
    size_t i;
    int ret;

    i2cpt_fault_clear(&theirs);
    i2cpt_recv_len_keep(x->msgs, x->n, asked);
    memcpy(msgs, x->msgs, x->n * sizeof(*msgs));
    ret = f->ops.transfer(in->priv, &public);
    ret = foreign_result(f, "transfer", ret, x->n, &theirs, x->fault);
    ret = check_actual(f, x, msgs, asked, ret);
    for (i = 0; i < x->n; i++) {
        x->msgs[i].actual = MIN(msgs[i].actual, x->msgs[i].len);
    }
    if (ret) {
        i2cpt_recv_len_put_back(x->msgs, x->n, asked);
    }
    return ret;
}

static int transfer(void *priv, struct i2cpt_xfer *x)
{
    struct i2cpt_msg few[8], *many;
    int ret;

    if (x->n <= G_N_ELEMENTS(few)) {
        return call_transfer(priv, x, few);
    }
    many = g_try_new(struct i2cpt_msg, x->n);
    if (!many) {
        return i2cpt_fault_set(x->fault, ENOMEM, I2CPT_PHASE_UNKNOWN, -1, -1);
    }
    ret = call_transfer(priv, x, many);
    g_free(many);
    return ret;
}

/* ------------------------------------------------------------------ SMBus */

/* Where data begin in Linux's form, how much goes out, and comes at most. */
struct shape {
    size_t at, out, in;
    bool counted; /* the target says how much comes */
};

static struct shape shape_of(const struct i2cpt_smbus_protocol_info *p,
                             const struct i2cpt_smbus_call *call)
{
    struct shape s = {.at = p->shape & I2CPT_SMBUS_BLOCK ? 1 : 0};
    bool reads = smbus_reads(p, call->read);
    bool writes = !call->read || p->shape & I2CPT_SMBUS_CALL;
    size_t given = smbus_gives_count(p, call->read)
                       ? MIN(call->block[0], I2CPT_SMBUS_BLOCK_MAX)
                       : 0;

    s.counted = smbus_read_is_counted(p, call->read);
    if (writes) {
        s.out = s.at ? given : p->write_length;
    }
    if (reads) {
        s.in = s.at && !s.counted ? given : p->read_length;
    }
    return s;
}

static int take_smbus(const struct foreign *f,
                      const struct i2cpt_backend_smbus *public,
                      const struct shape *s, const uint8_t *in,
                      struct i2cpt_smbus_call *call, struct i2cpt_fault *fault)
{
    size_t least = s->counted ? 1 : s->in;

    if (public->in_len > s->in || public->in_len < least) {
        return foreign_lie(f, fault,
                           "smbus() says that %zu byte%s came; accepted is %zu "
                           "to %zu",
                           public->in_len, i2cpt_fault_s(public->in_len), least,
                           s->in);
    }
    memcpy(call->block + s->at, in, public->in_len);
    if (s->at && public->in_len) {
        call->block[0] = (uint8_t) public->in_len;
    }
    return 0;
}

static int smbus(void *priv, struct i2cpt_smbus_call *call,
                 uint64_t deadline_ns, uint32_t marks,
                 struct i2cpt_fault *fault)
{
    struct foreign_instance *inst = priv;
    struct foreign *f = inst->f;
    const struct i2cpt_smbus_protocol_info *p =
        i2cpt_smbus_protocol(call->protocol);
    uint8_t out[sizeof(call->block)], in[I2CPT_SMBUS3_BLOCK_MAX + 1] = {0};
    struct i2cpt_fault theirs;
    struct shape s;
    int ret;

    if (!p || smbus_needs(call) & ~inst->functionality) {
        return i2cpt_fault_text(fault, EOPNOTSUPP,
                                "back end %s: it has not got SMBus %s", f->name,
                                p ? p->name : "protocols of that number");
    }
    s = shape_of(p, call);
    memcpy(out, call->block + s.at, s.out);
    struct i2cpt_backend_smbus public = {
        .size = sizeof(public),
        .marks = marks,
        .addr = call->addr,
        .flags = call->flags,
        .protocol = call->protocol,
        .read = call->read,
        .command = call->command,
        .out = out,
        .out_len = s.out,
        .in = in,
        .in_size = s.in,
        .deadline_ns = deadline_ns,
        .owner = (uint64_t)(uintptr_t)call->owner,
        .fault = &theirs,
    };
    i2cpt_fault_clear(&theirs);
    ret = f->ops.smbus(inst->priv, &public);
    ret = foreign_result(f, "smbus", ret, 0, &theirs, fault);
    return ret ? ret : take_smbus(f, &public, &s, in, call, fault);
}

/* ---------------------------------------------------------------- streams */

static int stream_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->ops.stream_start(in->priv, addr, flags, deadline_ns, &theirs);
    return foreign_result(in->f, "stream_start", ret, 0, &theirs, fault);
}

static int stream_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->ops.stream_write(in->priv, byte, deadline_ns, &theirs);
    return foreign_result(in->f, "stream_write", ret, 0, &theirs, fault);
}

static int stream_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->ops.stream_read(in->priv, byte, deadline_ns, &theirs);
    return foreign_result(in->f, "stream_read", ret, 0, &theirs, fault);
}

static int stream_stop(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->ops.stream_stop(in->priv, deadline_ns, &theirs);
    return foreign_result(in->f, "stream_stop", ret, 0, &theirs, fault);
}

static int stream_pointer(void *priv, uint16_t addr, const uint8_t *bytes,
                          size_t n, uint64_t deadline_ns, uint8_t *byte,
                          struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->ops.stream_pointer(in->priv, addr, bytes, n, deadline_ns, byte,
                                    &theirs);
    return foreign_result(in->f, "stream_pointer", ret, 0, &theirs, fault);
}

/* -------------------------------------------------------------- the others */

static bool instant(void *priv)
{
    return ((struct foreign_instance *)priv)->instant;
}

static int list(const struct i2cpt_ops *ops, i2cpt_found_fn found, void *user)
{
    return foreign_list((const struct foreign *)ops, found, user);
}

static void took(void *priv, const void *owner, uint32_t n)
{
    struct foreign_instance *in = priv;

    in->f->record.took(in->priv, (uint64_t)(uintptr_t)owner, n);
}

static int flush(void *priv)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault none;

    i2cpt_fault_clear(&none);
    return foreign_result(in->f, "flush", in->f->record.flush(in->priv), 0,
                          &none, NULL);
}

static int end_record(void *priv, struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_fault theirs;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->record.end(in->priv, &theirs);
    return foreign_result(in->f, "end", ret, 0, &theirs, fault);
}

static void end_text(char *text, size_t size)
{
    text[size - 1] = '\0';
}

static int verdict(void *priv, struct i2cpt_trace_verdict *out,
                   struct i2cpt_fault *fault)
{
    struct foreign_instance *in = priv;
    struct i2cpt_trace_verdict v = {.size = sizeof(v)};
    struct i2cpt_fault theirs;
    size_t i;
    int ret;

    i2cpt_fault_clear(&theirs);
    ret = in->f->record.verdict(in->priv, &v, &theirs);
    ret = foreign_result(in->f, "verdict", ret, 0, &theirs, fault);
    if (ret) {
        return ret;
    }
    v.size = out->size;
    end_text(v.text, sizeof(v.text));
    end_text(v.expected, sizeof(v.expected));
    end_text(v.actual, sizeof(v.actual));
    end_text(v.stalled, sizeof(v.stalled));
    for (i = 0; i < G_N_ELEMENTS(v.lines); i++) {
        end_text(v.lines[i].name, sizeof(v.lines[i].name));
    }
    memcpy(out, &v, MIN(out->size, sizeof(v)));
    return 0;
}

void foreign_fill_inner(struct foreign *f)
{
    const struct i2cpt_backend_ops *ops = &f->ops;

    f->inner = (struct i2cpt_ops){
        .name = f->name,
        .help = f->help,
        .flags =
            (ops->flags & I2CPT_BACKEND_OUTLIVES ? I2CPT_OPS_OUTLIVES : 0) |
            (ops->flags & I2CPT_BACKEND_RETRIES ? I2CPT_OPS_RETRIES : 0),
        .keys = f->keys,
        .identify = ops->identify ? identify : NULL,
        .open = open_instance,
        .close = close_instance,
        .transfer = ops->transfer ? transfer : NULL,
        .smbus = ops->smbus ? smbus : NULL,
        .stream_start = ops->stream_start ? stream_start : NULL,
        .stream_write = ops->stream_write ? stream_write : NULL,
        .stream_read = ops->stream_read ? stream_read : NULL,
        .stream_stop = ops->stream_stop ? stream_stop : NULL,
        .stream_pointer = ops->stream_pointer ? stream_pointer : NULL,
        .instant = instant,
        .took = f->record.took ? took : NULL,
        .flush = f->record.flush ? flush : NULL,
        .end_record = f->record.end ? end_record : NULL,
        .verdict = f->record.verdict ? verdict : NULL,
        .list = ops->list ? list : NULL,
    };
}
