/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages gathered into transfers, or sent on byte by byte. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "attach/transfers.h"

/* The kernel's own bounds are 42 messages of 8192 bytes for programs; drivers
 * have none. */
#define MESSAGES_MAX I2CPT_TRANSFER_MAX
#define BYTES_MAX    I2CPT_MSG_MAX

/* How long the driver may leave a stream open; it waits for 2 s itself. */
#define HOLD_MS "2000"

struct attach_transfers {
    struct i2cpt_adapter *adapter;
    struct i2cpt_passthrough *stream; /* NULL: the adapter has none */
    struct i2cpt_msg msgs[MESSAGES_MAX];
    size_t n; /* that are kept; the buffers are ours */
    size_t bytes;
    bool streaming; /* the transfer goes byte by byte from here on */
    bool failed;    /* it has: what follows of it is not sent */
};

static int open_stream(struct attach_transfers *t, struct i2cpt_fault *fault)
{
    static const char *const keys[][2] = {{"transfer", "stream"},
                                          {"addresses", "0x00-0x7f"},
                                          {"hold-timeout-ms", HOLD_MS}};
    struct i2cpt_policy *policy = NULL;
    size_t i;
    int ret = i2cpt_policy_new(&policy);

    for (i = 0; i < G_N_ELEMENTS(keys) && !ret; i++) {
        ret = i2cpt_policy_set(policy, keys[i][0], keys[i][1], fault);
    }
    ret = ret ? ret
              : i2cpt_passthrough_new(t->adapter, policy, NULL, &t->stream,
                                      fault);
    i2cpt_policy_free(policy);
    return ret;
}

int attach_transfers_new(struct i2cpt_adapter *a, struct attach_transfers **out,
                         struct i2cpt_fault *fault)
{
    struct attach_transfers *t = g_try_new0(struct attach_transfers, 1);
    int ret;

    memset(fault, 0, sizeof(*fault));
    if (!t) {
        return -ENOMEM;
    }
    t->adapter = i2cpt_adapter_ref(a);
    ret = i2cpt_adapter_has_stream(a) ? open_stream(t, fault) : 0;
    if (ret) {
        attach_transfers_free(t);
        return ret;
    }
    *out = t;
    return 0;
}

static void drop_kept(struct attach_transfers *t)
{
    while (t->n) {
        g_free(t->msgs[--t->n].buf);
    }
    t->bytes = 0;
}

void attach_transfers_reset(struct attach_transfers *t)
{
    drop_kept(t);
    if (t->streaming) {
        i2cpt_passthrough_stop(t->stream);
    }
    t->streaming = t->failed = false;
}

void attach_transfers_free(struct attach_transfers *t)
{
    attach_transfers_reset(t);
    i2cpt_passthrough_free(t->stream);
    i2cpt_adapter_unref(t->adapter);
    g_free(t);
}

/* An address that is not acknowledged, which is what drivers and programs look
 * for, can be told from all else; where the host does not say what was not
 * acknowledged, it is taken for the address. */
static int answer_of(int ret)
{
    switch (ret) {
    case 0:
        return KEEPER_ACK;
    case -ENXIO:
    case -EREMOTEIO:
        return KEEPER_NACK;
    default:
        return -EPIPE;
    }
}

/* ---------------------------------------------------------------- gathering */

/* A copy of a write, or room for a read. */
static int keep(struct attach_transfers *t, const struct keeper_message *m)
{
    struct i2cpt_msg *msg = &t->msgs[t->n];

    if (t->n == MESSAGES_MAX || m->len > BYTES_MAX - t->bytes) {
        return -E2BIG;
    }
    *msg =
        (struct i2cpt_msg){.addr = m->addr, .flags = m->flags, .len = m->len};
    msg->buf = m->len ? g_try_malloc0(m->len) : NULL;
    if (m->len && !msg->buf) {
        return -ENOMEM;
    }
    if (m->len && !(m->flags & I2CPT_M_RD)) {
        memcpy(msg->buf, m->data, m->len);
    }
    t->n++;
    t->bytes += m->len;
    return 0;
}

/* All that is kept, in one; what the last one read goes back. */
static int run_kept(struct attach_transfers *t, const struct keeper_message *m)
{
    struct i2cpt_fault fault;
    int ret = i2cpt_transfer(t->adapter, t->msgs, t->n, &fault);

    if (!ret && m->flags & I2CPT_M_RD && m->len) {
        memcpy(m->data, t->msgs[t->n - 1].buf, m->len);
    }
    drop_kept(t);
    return ret;
}

static int gather(struct attach_transfers *t, const struct keeper_message *m)
{
    int ret = keep(t, m);

    if (ret || !(m->last || m->flags & I2CPT_M_RD)) {
        return ret;
    }
    return run_kept(t, m);
}

/* ------------------------------------------------------------- byte by byte */

/* A NACK of the address, -ENXIO; of a byte, -EIO; or what the bus said. */
static int stream_fault(struct attach_transfers *t, int otherwise)
{
    struct i2cpt_fault fault;

    i2cpt_passthrough_fault(t->stream, &fault);
    return fault.code ? -fault.code : otherwise;
}

static int stream_message(struct attach_transfers *t, uint16_t addr,
                          uint16_t flags, uint8_t *data, uint32_t len)
{
    uint32_t i;
    int ret = i2cpt_passthrough_start(t->stream, addr, flags, len);

    if (ret) {
        return ret < 0 ? ret : stream_fault(t, -ENXIO);
    }
    for (i = 0; i < len && !ret; i++) {
        ret = flags & I2CPT_M_RD ? i2cpt_passthrough_read(t->stream, &data[i])
                                 : i2cpt_passthrough_write(t->stream, data[i]);
    }
    return ret > 0 ? stream_fault(t, -EIO) : ret;
}

static int stream(struct attach_transfers *t, const struct keeper_message *m)
{
    int ret =
        stream_message(t, m->addr, m->flags & I2CPT_M_RD, m->data, m->len);

    if (ret || m->last) {
        i2cpt_passthrough_stop(t->stream);
        t->streaming = false;
    }
    return ret;
}

/* What was kept, and from here on whatever comes. */
static int begin_stream(struct attach_transfers *t)
{
    size_t i;
    int ret = 0;

    t->streaming = true;
    for (i = 0; i < t->n && !ret; i++) {
        const struct i2cpt_msg *msg = &t->msgs[i];

        ret = stream_message(t, msg->addr, msg->flags, msg->buf, msg->len);
    }
    drop_kept(t);
    if (ret) {
        attach_transfers_reset(t);
    }
    return ret;
}

/* A stream has addresses of seven bits, and no other flags. */
static bool can_stream(const struct attach_transfers *t,
                       const struct keeper_message *m)
{
    size_t i;

    for (i = 0; i < t->n; i++) {
        if (t->msgs[i].flags) {
            return false;
        }
    }
    return t->stream && m->flags == I2CPT_M_RD && m->len && !m->last;
}

/* ------------------------------------------------------------------- either */

static int one_message(struct attach_transfers *t,
                       const struct keeper_message *m)
{
    int ret;

    if (!t->streaming && can_stream(t, m)) {
        ret = begin_stream(t);
        if (ret) {
            return ret;
        }
    }
    if (!t->streaming) {
        return gather(t, m);
    }
    if (m->flags & ~I2CPT_M_RD) {
        return -EOPNOTSUPP; /* ten bits after a read, in the middle of it */
    }
    return stream(t, m);
}

int attach_transfers_message(void *user, const struct keeper_message *m)
{
    struct attach_transfers *t = user;
    int ret;

    if (m->first) {
        attach_transfers_reset(t);
    }
    if (t->failed) {
        return -EPIPE;
    }
    ret = m->flags & I2CPT_M_RECV_LEN ? -EOPNOTSUPP : one_message(t, m);
    if (ret) {
        attach_transfers_reset(t);
        t->failed = true;
    }
    return answer_of(ret);
}
