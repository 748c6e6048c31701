/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* record-redact=: which bytes are not to be written down. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "record/redact.h"

#define ADDRESSES 1024u

/* What is known of a target's register pointer. */
struct pointer {
    bool known;
    uint8_t start; /* the register that was written last */
    uint32_t now;  /* and where reading on may have got to since */
};

struct redact {
    bool whole[ADDRESSES];
    uint8_t registers[ADDRESSES][256 / 8];
    struct pointer pointers[ADDRESSES];
    /* The message that a NOSTART one would go on with: whose it is, how much of
     * it has been written, and whether it has come to what is hidden. */
    uint16_t addr;
    uint32_t written;
    bool hidden;
};

static bool is_hidden(const struct redact *r, uint16_t addr, uint32_t reg)
{
    return reg < 256 && r->registers[addr][reg / 8] & 1u << reg % 8;
}

/* ----------------------------------------------------------------- parsing */

static int parse_part(struct redact *r, const char *part,
                      struct i2cpt_fault *fault)
{
    g_auto(GStrv) words = g_strsplit(part, "/", 2);
    uint64_t addr, reg;

    if (!words[0] || i2cpt_parse_uint(words[0], ADDRESSES - 1, &addr) ||
        (words[1] && i2cpt_parse_uint(words[1], 255, &reg))) {
        return i2cpt_fault_text(
            fault, EINVAL,
            "record-redact=%.4096s: accepted is an address, "
            "0 to 0x3ff, or ADDRESS/REGISTER with 0 to 255",
            part);
    }
    if (words[1]) {
        r->registers[addr][reg / 8] |= (uint8_t)(1u << reg % 8);
    } else {
        r->whole[addr] = true;
    }
    return 0;
}

int record_redact_parse(const char *text, struct redact **out,
                        struct i2cpt_fault *fault)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    struct redact *r = g_new0(struct redact, 1);
    guint i;

    for (i = 0; parts[i]; i++) {
        int ret = parse_part(r, parts[i], fault);

        if (ret) {
            g_free(r);
            return ret;
        }
    }
    *out = r;
    return 0;
}

void record_redact_free(struct redact *r)
{
    g_free(r);
}

/* ---------------------------------------------------------------- applying */

/* Of `n` bytes that begin with register `start`, the first that is hidden: a
 * byte may be a register, or a register wider than a byte, so that what comes
 * behind it is hidden too. */
static uint32_t first_hidden(const struct redact *r, uint16_t addr,
                             uint32_t start, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n && start + i < 256; i++) {
        if (is_hidden(r, addr, start + i)) {
            return i;
        }
    }
    return n;
}

/* Bytes of a write; the first of all since START is the register. */
static uint32_t of_write(struct redact *r, const struct i2cpt_trace_msg *m)
{
    struct pointer *p = &r->pointers[r->addr];
    uint32_t first = r->written || !m->n_bytes ? 0 : 1, from = first;

    if (first) {
        *p = (struct pointer){true, m->bytes[0], m->bytes[0]};
    }
    if (!r->whole[r->addr]) {
        from += first_hidden(r, r->addr,
                             p->start + (r->written ? r->written - 1 : 0),
                             m->n_bytes - first);
    }
    r->written += m->n_bytes;
    return from;
}

/* The chip may have begun with the register again, or have read on. */
static uint32_t of_read(struct redact *r, const struct i2cpt_trace_msg *m)
{
    struct pointer *p = &r->pointers[r->addr];
    uint32_t count = m->flags & I2CPT_M_RECV_LEN && m->n_bytes ? 1 : 0;
    uint32_t n = m->n_bytes - count, from = n, on;

    if (r->whole[r->addr]) {
        return count;
    }
    if (p->known) {
        from = first_hidden(r, r->addr, p->start, n);
        on = first_hidden(r, r->addr, p->now, n);
        from = MIN(from, on);
        p->now += n;
    }
    return count + from;
}

uint32_t record_redact_from(struct redact *r, const struct i2cpt_trace_msg *m)
{
    uint32_t from;

    if (m->addr >= ADDRESSES) {
        return 0;
    }
    if (!(m->flags & I2CPT_M_NOSTART)) {
        r->addr = m->addr; /* of a NOSTART one it says nothing */
        r->written = 0;
        r->hidden = false;
    }
    from = m->flags & I2CPT_M_RD ? of_read(r, m) : of_write(r, m);
    from = r->hidden ? 0 : from;
    r->hidden = r->hidden || from < m->n_bytes;
    return from;
}
