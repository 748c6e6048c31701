/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message: direction, length, address, bytes. */
#include <string.h>

#include "core/fault.h"
#include "core/msg-flags.h"
#include "trace/parse.h"

/* Value of a hexadecimal digit + 1; 0: none. */
/* clang-format off */
static const uint8_t hex[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5,
    ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};
/* clang-format on */

/* 16 and above: no digit. */
static inline unsigned hex_of(char c)
{
    return (unsigned)hex[(unsigned char)c] - 1;
}

/* "@0x48", "@0x3ff/10"; nothing: the address of the message before. */
static int parse_address(struct parser *s, uint32_t index,
                         struct i2cpt_trace_msg *m)
{
    const char *at = s->p;
    unsigned value = 0, digits = 0;

    if (*s->p != '@') {
        if (!index) {
            return trace_parse_fail(
                s, at, "the first message needs an address, @0x48");
        }
        m->addr = m[-1].addr;
        m->flags |= m[-1].flags & I2CPT_M_TEN;
        return 0;
    }
    if (!skip_word(s, "@0x")) {
        return trace_parse_fail(s, at, "an address is written @0x48");
    }
    for (; hex_of(*s->p) < 16 && digits < 4; s->p++, digits++) {
        value = value * 16 + hex_of(*s->p);
    }
    if (!digits || digits > 3) {
        return trace_parse_fail(
            s, at, "an address has one to three hexadecimal digits");
    }
    if (skip_word(s, "/10")) {
        m->flags |= I2CPT_M_TEN;
    }
    if (value > (m->flags & I2CPT_M_TEN ? 0x3ffu : 0x7fu)) {
        return trace_parse_fail(s, at, "address 0x%x is above %s", value,
                                m->flags & I2CPT_M_TEN
                                    ? "0x3ff"
                                    : "0x7f (ten-bit ones end in /10)");
    }
    m->addr = (uint16_t)value;
    return 0;
}

static void mark_byte(struct parser *s, struct i2cpt_trace_msg *m, size_t at,
                      uint8_t kind)
{
    struct trace_slot *slot = s->slot;

    if (!slot->special) {
        slot->special = true;
        memset(slot->kinds, 0, slot->data_cap);
    }
    m->kinds = slot->kinds + (m->bytes - slot->data);
    slot->kinds[at] = kind;
}

/* Bytes, each after one space, at most `max`; stops before what is none. */
static int parse_bytes(struct parser *s, struct i2cpt_trace_msg *m, size_t max)
{
    uint8_t *data = s->slot->data;
    size_t used = s->used, end = used + max;
    const char *p = s->p;

    m->bytes = data + used;
    while (p[0] == ' ') {
        unsigned high = hex_of(p[1]), low;

        if (high >= 16) {
            if (p[1] != '?') {
                break;
            }
            if (p[2] != '?') {
                return trace_parse_fail(s, p + 2,
                                        "a redacted byte is written ??");
            }
            low = 0;
        } else {
            low = hex_of(p[2]);
            if (low >= 16) {
                return trace_parse_fail(s, p + 2,
                                        "a byte has two hexadecimal digits");
            }
        }
        if (used == end) {
            return trace_parse_fail(
                s, p + 1, "more bytes than the %zu that fit here", max);
        }
        if (high >= 16) {
            data[used] = 0xff;
            mark_byte(s, m, used, I2CPT_TRACE_REDACTED);
        } else {
            data[used] = (uint8_t)(high << 4 | low);
        }
        p += 3;
        if (*p == '~' && high < 16) {
            mark_byte(s, m, used, I2CPT_TRACE_VOLATILE);
            p++;
        }
        used++;
        if (*p != ' ' && *p != '\n') {
            return trace_parse_fail(s, p, "expected a space after the byte");
        }
    }
    m->n_bytes = (uint32_t)(used - s->used);
    s->used = used;
    s->p = p;
    return 0;
}

static int parse_flags(struct parser *s, struct i2cpt_trace_msg *m)
{
    for (; *s->p != 'w'; s->p++) {
        uint16_t flag;

        if (*s->p == 'r') {
            m->flags |= I2CPT_M_RD;
            return 0;
        }
        flag = i2cpt_msg_flag_of(*s->p);
        if (!flag) {
            return trace_parse_fail(s, s->p, "expected a message, as w1 or r2");
        }
        if (m->flags & flag) {
            return trace_parse_fail(s, s->p, "flag %c stands there twice",
                                    *s->p);
        }
        m->flags |= flag;
    }
    return 0;
}

static int parse_write(struct parser *s, uint32_t index,
                       struct i2cpt_trace_msg *m)
{
    const char *at;
    int ret = parse_address(s, index, m);

    if (ret) {
        return ret;
    }
    at = s->p;
    ret = parse_bytes(s, m, m->len);
    if (!ret && m->n_bytes != m->len) {
        return trace_parse_fail(s, at, "w%u needs %u byte%s, %u there", m->len,
                                m->len, i2cpt_fault_s(m->len), m->n_bytes);
    }
    return ret;
}

static int parse_read(struct parser *s, uint32_t index,
                      struct i2cpt_trace_msg *m)
{
    int ret = parse_address(s, index, m);

    m->bytes = s->slot->data + s->used;
    if (ret || s->p[0] != ' ' || s->p[1] != '=') {
        return ret;
    }
    s->p += 2;
    if (*s->p != ' ' && *s->p != '\n') {
        return trace_parse_fail(s, s->p, "expected a space after =");
    }
    return parse_bytes(s, m,
                       m->flags & I2CPT_M_RECV_LEN ? TRACE_BLOCK_MAX : m->len);
}

int trace_parse_msg(struct parser *s, uint32_t index)
{
    struct i2cpt_trace_msg *m;
    uint64_t len;
    int ret = trace_slot_reserve_msg(s->slot, index);

    if (ret) {
        return ret;
    }
    m = &s->slot->msgs[index];
    memset(m, 0, sizeof(*m));
    ret = parse_flags(s, m);
    if (ret) {
        return ret;
    }
    s->p++;
    if (m->flags & I2CPT_M_RD && *s->p == '?') {
        s->p++;
        m->flags |= I2CPT_M_RECV_LEN;
        m->len = skip_word(s, "+1") ? 2 : 1;
        return parse_read(s, index, m);
    }
    ret = parse_dec(s, "the length of the message", I2CPT_MSG_MAX, &len);
    if (ret) {
        return ret;
    }
    m->len = (uint32_t)len;
    return m->flags & I2CPT_M_RD ? parse_read(s, index, m)
                                 : parse_write(s, index, m);
}
