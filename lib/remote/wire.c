/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The remote protocol's frames and their fields (docs/remote.md). */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/check-msgs.h"
#include "core/fault.h"
#include "remote/wire.h"

/* ------------------------------------------------------------ plain values */

static uint8_t *room(struct wire_out *o, size_t n)
{
    size_t size = MAX(o->size, 256);
    uint8_t *data;

    if (o->failed || n > WIRE_FRAME_MAX - MIN(o->len, WIRE_FRAME_MAX)) {
        o->failed = true;
        return NULL;
    }
    while (size - o->len < n) {
        size *= 2;
    }
    if (size != o->size) {
        data = g_try_realloc(o->data, size);
        if (!data) {
            o->failed = true;
            return NULL;
        }
        o->data = data;
        o->size = size;
    }
    o->len += n;
    return o->data + o->len - n;
}

void remote_wire_put_bytes(struct wire_out *o, const void *p, size_t n)
{
    uint8_t *to = n ? room(o, n) : NULL;

    if (to) {
        memcpy(to, p, n);
    }
}

void remote_wire_put_u8(struct wire_out *o, uint8_t v)
{
    remote_wire_put_bytes(o, &v, 1);
}

void remote_wire_put_u16(struct wire_out *o, uint16_t v)
{
    const uint8_t bytes[] = {(uint8_t)v, (uint8_t)(v >> 8)};

    remote_wire_put_bytes(o, bytes, sizeof(bytes));
}

void remote_wire_put_u32(struct wire_out *o, uint32_t v)
{
    remote_wire_put_u16(o, (uint16_t)v);
    remote_wire_put_u16(o, (uint16_t)(v >> 16));
}

void remote_wire_put_text(struct wire_out *o, const char *text)
{
    size_t len = MIN(strlen(text), UINT16_MAX);

    remote_wire_put_u16(o, (uint16_t)len);
    remote_wire_put_bytes(o, text, len);
}

const uint8_t *remote_wire_get_bytes(struct wire_in *in, size_t n)
{
    const uint8_t *p = in->data + in->at;

    if (in->failed || n > in->len - in->at) {
        in->failed = true;
        return NULL;
    }
    in->at += n;
    return p;
}

uint8_t remote_wire_get_u8(struct wire_in *in)
{
    const uint8_t *p = remote_wire_get_bytes(in, 1);

    return p ? *p : 0;
}

uint16_t remote_wire_get_u16(struct wire_in *in)
{
    const uint8_t *p = remote_wire_get_bytes(in, 2);

    return p ? (uint16_t)(p[0] | p[1] << 8) : 0;
}

uint32_t remote_wire_get_u32(struct wire_in *in)
{
    uint32_t low = remote_wire_get_u16(in);

    return low | (uint32_t)remote_wire_get_u16(in) << 16;
}

/* A longer one is cut; control characters of a peer do not reach a terminal. */
void remote_wire_get_text(struct wire_in *in, char *text, size_t size)
{
    size_t len = remote_wire_get_u16(in), i, keep;
    const uint8_t *p = remote_wire_get_bytes(in, len);

    keep = p ? MIN(len, size - 1) : 0;
    for (i = 0; i < keep; i++) {
        text[i] = p[i] < 0x20 || p[i] == 0x7f ? '?' : (char)p[i];
    }
    text[keep] = 0;
}

/* Nothing missing, nothing left over. */
static int whole(const struct wire_in *in)
{
    return in->failed || in->at != in->len ? -EPROTO : 0;
}

/* ------------------------------------------------------------------ frames */

void remote_wire_begin(struct wire_out *o, enum wire_type type, uint32_t id)
{
    o->len = 0;
    o->failed = false;
    remote_wire_put_u32(o, 0);
    remote_wire_put_u8(o, (uint8_t)type);
    remote_wire_put_u32(o, id);
}

int remote_wire_end(struct wire_out *o)
{
    uint32_t length = (uint32_t)o->len - 4;
    unsigned i;

    if (o->failed) {
        return o->len > WIRE_FRAME_MAX / 2 ? -EMSGSIZE : -ENOMEM;
    }
    for (i = 0; i < 4; i++) {
        o->data[i] = (uint8_t)(length >> 8 * i);
    }
    return 0;
}

void remote_wire_clear(struct wire_out *o)
{
    g_free(o->data);
    memset(o, 0, sizeof(*o));
}

int remote_wire_get_head(const uint8_t bytes[WIRE_HEAD], struct wire_head *head)
{
    struct wire_in in = {.data = bytes, .len = WIRE_HEAD};

    head->length = remote_wire_get_u32(&in);
    head->type = remote_wire_get_u8(&in);
    head->id = remote_wire_get_u32(&in);
    return head->length < WIRE_HEAD - 4 || head->length > WIRE_FRAME_MAX ||
                   !head->type || head->type >= WIRE_TYPES
               ? -EPROTO
               : 0;
}

/* ---------------------------------------------------------------- messages */

void remote_wire_put_request(struct wire_out *o, const struct i2cpt_msg *msgs,
                             size_t n)
{
    size_t i;

    remote_wire_put_u16(o, (uint16_t)n);
    for (i = 0; i < n; i++) {
        remote_wire_put_u16(o, msgs[i].addr);
        remote_wire_put_u16(o, msgs[i].flags);
        remote_wire_put_u32(o, msgs[i].len);
        if (!(msgs[i].flags & I2CPT_M_RD)) {
            remote_wire_put_bytes(o, msgs[i].buf, msgs[i].len);
        } else if (msgs[i].flags & I2CPT_M_RECV_LEN) {
            remote_wire_put_u8(o, msgs[i].buf[0]);
        }
    }
}

/* One pass that only looks: how many bytes of buffers the messages need. */
static int measure(struct wire_in in, size_t n, size_t *bytes)
{
    uint16_t flags;
    uint32_t len;
    size_t i;

    *bytes = 0;
    for (i = 0; i < n; i++) {
        remote_wire_get_u16(&in);
        flags = remote_wire_get_u16(&in);
        len = remote_wire_get_u32(&in);
        *bytes += len;
        if (len > I2CPT_MSG_MAX || *bytes > WIRE_FRAME_MAX) {
            return -EPROTO;
        }
        if (!(flags & I2CPT_M_RD)) {
            remote_wire_get_bytes(&in, len);
        } else if (flags & I2CPT_M_RECV_LEN) {
            remote_wire_get_u8(&in);
        }
    }
    return whole(&in);
}

static uint8_t *get_message(struct wire_in *in, struct i2cpt_msg *m,
                            uint8_t *bytes)
{
    m->addr = remote_wire_get_u16(in);
    m->flags = remote_wire_get_u16(in);
    m->len = remote_wire_get_u32(in);
    m->actual = 0;
    m->buf = bytes;
    if (!(m->flags & I2CPT_M_RD)) {
        memcpy(bytes, remote_wire_get_bytes(in, m->len), m->len);
    } else if (m->flags & I2CPT_M_RECV_LEN && m->len) {
        bytes[0] = remote_wire_get_u8(in);
    } else if (m->flags & I2CPT_M_RECV_LEN) {
        remote_wire_get_u8(in);
    }
    return bytes + m->len;
}

int remote_wire_get_request(struct wire_in *in, struct i2cpt_msg **msgs,
                            size_t *n)
{
    struct i2cpt_msg *m;
    size_t bytes, i;
    uint8_t *at;
    int ret;

    *n = remote_wire_get_u16(in);
    if (in->failed || !*n || *n > I2CPT_TRANSFER_MAX) {
        return -EPROTO;
    }
    ret = measure(*in, *n, &bytes);
    if (ret) {
        return ret;
    }
    m = g_try_malloc0(*n * sizeof(*m) + bytes);
    if (!m) {
        return -ENOMEM;
    }
    at = (uint8_t *)(m + *n);
    for (i = 0; i < *n; i++) {
        at = get_message(in, &m[i], at);
    }
    if (i2cpt_check_msgs(m, *n, NULL)) {
        g_free(m);
        return -EPROTO;
    }
    *msgs = m;
    return 0;
}

void remote_wire_put_answer(struct wire_out *o, const struct i2cpt_msg *msgs,
                            size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        remote_wire_put_u32(o, msgs[i].actual);
        if (msgs[i].flags & I2CPT_M_RD) {
            remote_wire_put_bytes(o, msgs[i].buf, msgs[i].actual);
        }
    }
}

size_t remote_wire_answer_max(const struct i2cpt_msg *msgs, size_t n)
{
    /* a result's numbers, and a fault's text */
    size_t bytes = WIRE_HEAD + 19 + sizeof(((struct i2cpt_fault *)0)->text), i;

    for (i = 0; i < n; i++) {
        bytes += 4 + (msgs[i].flags & I2CPT_M_RD ? msgs[i].len : 0);
    }
    return bytes;
}

int remote_wire_get_answer(struct wire_in *in, struct i2cpt_msg *msgs, size_t n)
{
    struct wire_in look = *in;
    uint32_t actual;
    size_t i;

    for (i = 0; i < n; i++) {
        actual = remote_wire_get_u32(&look);
        if (actual > msgs[i].len) {
            return -EPROTO;
        }
        if (msgs[i].flags & I2CPT_M_RD) {
            remote_wire_get_bytes(&look, actual);
        }
    }
    if (whole(&look)) {
        return -EPROTO;
    }
    for (i = 0; i < n; i++) {
        msgs[i].actual = remote_wire_get_u32(in);
        if (msgs[i].flags & I2CPT_M_RD && msgs[i].actual) {
            memcpy(msgs[i].buf, remote_wire_get_bytes(in, msgs[i].actual),
                   msgs[i].actual);
        }
    }
    return 0;
}

void remote_wire_put_smbus(struct wire_out *o,
                           const struct i2cpt_smbus_call *call)
{
    remote_wire_put_u16(o, call->addr);
    remote_wire_put_u16(o, call->flags);
    remote_wire_put_u8(o, call->read);
    remote_wire_put_u8(o, call->protocol);
    remote_wire_put_u8(o, call->command);
    remote_wire_put_bytes(o, call->block, sizeof(call->block));
}

int remote_wire_get_smbus(struct wire_in *in, struct i2cpt_smbus_call *call)
{
    const uint8_t *block;

    call->addr = remote_wire_get_u16(in);
    call->flags = remote_wire_get_u16(in);
    call->read = remote_wire_get_u8(in);
    call->protocol = remote_wire_get_u8(in);
    call->command = remote_wire_get_u8(in);
    block = remote_wire_get_bytes(in, sizeof(call->block));
    if (whole(in) || call->read > 1 || !i2cpt_smbus_protocol(call->protocol) ||
        call->flags & ~(I2CPT_CLIENT_PEC | I2CPT_CLIENT_TEN) ||
        call->addr > (call->flags & I2CPT_CLIENT_TEN ? 0x3ff : 0x7f)) {
        return -EPROTO;
    }
    memcpy(call->block, block, sizeof(call->block));
    return i2cpt_smbus_protocol(call->protocol)->shape & I2CPT_SMBUS_BLOCK &&
                   call->block[0] > I2CPT_SMBUS_BLOCK_MAX
               ? -EPROTO
               : 0;
}

/* ----------------------------------------------------------------- results */

void remote_wire_put_result(struct wire_out *o, int result,
                            const struct i2cpt_fault *fault)
{
    remote_wire_put_u32(o, (uint32_t)result);
    remote_wire_put_u32(o, (uint32_t)-result);
    remote_wire_put_u8(o, (uint8_t)fault->phase);
    remote_wire_put_u32(o, (uint32_t)fault->msg);
    remote_wire_put_u32(o, (uint32_t)fault->byte);
    remote_wire_put_text(o, result < 0 ? fault->text : "");
}

/* Numbers of errno differ between systems: what a peer calls ETIMEDOUT may be
 * something else here. Only codes with a name cross as they are meant, and
 * Linux's numbers are the wire's; others become EIO. */
static int known_code(int32_t code)
{
    return i2cpt_error_name(code) ? code : EIO;
}

int remote_wire_get_result(struct wire_in *in, int *result,
                           struct i2cpt_fault *fault)
{
    int32_t got = (int32_t)remote_wire_get_u32(in);
    int32_t code = (int32_t)remote_wire_get_u32(in);
    uint8_t phase = remote_wire_get_u8(in);
    int32_t msg = (int32_t)remote_wire_get_u32(in);
    int32_t byte = (int32_t)remote_wire_get_u32(in);
    char text[sizeof(fault->text)];

    remote_wire_get_text(in, text, sizeof(text));
    if (in->failed || got > 0 || got < -65535 || phase > I2CPT_PHASE_STOP ||
        (got && code != -got)) {
        return -EPROTO;
    }
    *result = got ? -known_code(code) : 0;
    i2cpt_fault_clear(fault);
    if (got) {
        i2cpt_fault_text(fault, -*result, "%s", text);
        fault->phase = phase;
        fault->msg = MAX(msg, -1);
        fault->byte = MAX(byte, -1);
    }
    return 0;
}
