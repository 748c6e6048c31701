/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * i2ctransfer's arguments. A word that describes a message is followed by as
 * many words of data as a write has bytes, or fewer where the last one ends in
 * a suffix that says how to go on.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "core/msg-flags.h"
#include "i2cpt-trace.h"

struct words {
    char **word;
    size_t i;
};

/* What a number ends with: nothing, or a character that `ends` has. */
static int parse_number(const char *p, unsigned long max, const char *ends,
                        unsigned long *out, const char **end)
{
    char *stop;

    if (!g_ascii_isdigit(*p)) {
        return -EINVAL;
    }
    errno = 0;
    *out = strtoul(p, &stop, 0);
    if (errno || *out > max || (*stop && !strchr(ends, *stop))) {
        return -EINVAL;
    }
    *end = stop;
    return 0;
}

static const char *parse_letters(const char *p, uint16_t *flags)
{
    uint16_t flag;

    for (; *p && *p != 'r' && *p != 'w'; p++) {
        flag = i2cpt_msg_flag_of(*p);
        if (!flag) {
            return NULL;
        }
        *flags |= flag;
    }
    return p;
}

/* "r2", "w1@0x48", "r?"; *has_addr tells whether it named one. */
static int parse_desc(const char *word, struct i2cpt_msg *m, bool *has_addr,
                      struct i2cpt_fault *fault)
{
    const char *p = parse_letters(word, &m->flags);
    unsigned long len = 0, addr;

    if (!p || !*p) {
        return i2cpt_fault_text(
            fault, EINVAL, "%.4096s: expected a message, {r|w}LENGTH[@addr]",
            word);
    }
    if (*p++ == 'r') {
        m->flags |= I2CPT_M_RD;
    }
    if (*p == '?' && m->flags & I2CPT_M_RD) {
        p++;
        m->flags |= I2CPT_M_RECV_LEN;
        len = I2CPT_SMBUS3_BLOCK_MAX + 1;
    } else if (parse_number(p, I2CPT_MSG_MAX, "@", &len, &p)) {
        return i2cpt_fault_text(fault, EINVAL, "%.4096s: a length is 0 to %u%s",
                                word, I2CPT_MSG_MAX,
                                m->flags & I2CPT_M_RD ? ", or ?" : "");
    }
    m->len = (uint32_t)len;
    *has_addr = *p == '@';
    if (*p && *p != '@') {
        return i2cpt_fault_text(
            fault, EINVAL, "%.4096s: expected @ADDRESS after the length", word);
    }
    if (!*has_addr) {
        return 0;
    }
    if (parse_number(p + 1, 0x7f, "", &addr, &p)) {
        return i2cpt_fault_text(fault, EINVAL,
                                "%.4096s: an address is 0x00 to 0x7f", word);
    }
    m->addr = (uint16_t)addr;
    return 0;
}

/* The rest of a write, from its last given byte on. */
static void fill_up(uint8_t *buf, uint32_t len, uint8_t byte, char suffix)
{
    uint32_t i;

    for (i = 0; i < len; i++) {
        if (suffix == '+') {
            byte++;
        } else if (suffix == '-') {
            byte--;
        } else if (suffix == 'p') {
            /* the sequence of i2ctransfer(8): 0p is 0x00, 0x50, 0xb0, ... */
            byte = (uint8_t)((byte ^ 27) + 13);
            byte = (uint8_t)(byte << 1 | byte >> 7);
        }
        buf[i] = byte;
    }
}

static int parse_data(struct words *w, const struct i2cpt_msg *m,
                      struct i2cpt_fault *fault)
{
    uint32_t i;

    for (i = 0; i < m->len; i++) {
        const char *word = w->word[w->i], *end;
        unsigned long value;

        if (!word) {
            return i2cpt_fault_text(
                fault, EINVAL,
                "bytes of data missing: %u (a suffix = + - p fills up)",
                m->len - i);
        }
        if (parse_number(word, 255, "=+-p", &value, &end) || (*end && end[1])) {
            return i2cpt_fault_text(
                fault, EINVAL, "%.4096s: data is 0 to 255, or 0x00 to 0xff",
                word);
        }
        w->i++;
        m->buf[i] = (uint8_t)value;
        if (*end) {
            fill_up(m->buf + i + 1, m->len - i - 1, (uint8_t)value, *end);
            return 0;
        }
    }
    return 0;
}

static int parse_message(struct words *w, struct i2cpt_msg *m, bool first,
                         struct i2cpt_fault *fault)
{
    const char *word = w->word[w->i++];
    bool has_addr = false;
    int ret;

    memset(m, 0, sizeof(*m));
    ret = parse_desc(word, m, &has_addr, fault);
    if (ret) {
        return ret;
    }
    if (!has_addr) {
        if (first) {
            return i2cpt_fault_text(fault, EINVAL,
                                    "%.4096s: the first message needs @ADDRESS",
                                    word);
        }
        m->addr = m[-1].addr;
    }
    m->buf = g_try_malloc0(m->len ? m->len : 1);
    if (!m->buf) {
        return i2cpt_fault_text(fault, ENOMEM, "%.4096s: no memory", word);
    }
    if (m->flags & I2CPT_M_RECV_LEN) {
        m->buf[0] = 1;
    }
    return m->flags & I2CPT_M_RD ? 0 : parse_data(w, m, fault);
}

/* Messages with buffers of their own, as one piece. */
static int join(const struct i2cpt_msg *msgs, size_t n, struct i2cpt_msg **out)
{
    size_t i, size = n * sizeof(*msgs);
    uint8_t *buf;

    for (i = 0; i < n; i++) {
        size += msgs[i].len;
    }
    *out = g_try_malloc(size);
    if (!*out) {
        return -ENOMEM;
    }
    memcpy(*out, msgs, n * sizeof(*msgs));
    buf = (uint8_t *)(*out + n);
    for (i = 0; i < n; i++) {
        memcpy(buf, msgs[i].buf, msgs[i].len);
        (*out)[i].buf = buf;
        buf += msgs[i].len;
    }
    return 0;
}

static int parse_all(struct words *w, struct i2cpt_msg **out, size_t *n,
                     struct i2cpt_fault *fault)
{
    struct i2cpt_msg *msgs = g_new0(struct i2cpt_msg, I2CPT_TRANSFER_MAX);
    size_t i, count = 0;
    int ret = 0;

    while (!ret && w->word[w->i]) {
        if (!*w->word[w->i]) { /* spaces in a row */
            w->i++;
        } else if (count == I2CPT_TRANSFER_MAX) {
            ret = i2cpt_fault_text(fault, EINVAL, "more than %u messages",
                                   I2CPT_TRANSFER_MAX);
        } else {
            ret = parse_message(w, &msgs[count], !count, fault);
            count++;
        }
    }
    if (!ret && !count) {
        ret = i2cpt_fault_text(fault, EINVAL, "no message");
    }
    if (!ret) {
        ret = join(msgs, count, out);
        *n = count;
    }
    for (i = 0; i < count; i++) {
        g_free(msgs[i].buf);
    }
    g_free(msgs);
    return ret;
}

int i2cpt_transfer_parse(const char *text, struct i2cpt_msg **msgs, size_t *n,
                         struct i2cpt_fault *fault)
{
    if (!text || !msgs || !n) {
        return i2cpt_fault_null(fault, "text, msgs or n");
    }

    struct words w = {NULL, 0};
    gchar *spaced = g_strdelimit(g_strdup(text), "\t\r\n", ' ');
    int ret;

    *msgs = NULL;
    *n = 0;
    i2cpt_fault_clear(fault);
    w.word = g_strsplit(g_strstrip(spaced), " ", -1);
    ret = parse_all(&w, msgs, n, fault);
    g_strfreev(w.word);
    g_free(spaced);
    return ret;
}
