/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* learn-from=FILE: what a guest took before, out of a trace. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "i2cpt-trace.h"
#include "passthrough/learn.h"

/* What was last written to an address, and in which transfer. */
struct writes {
    uint64_t written; /* 0: never */
    uint64_t next;    /* the first transfer after it that read; 0: none yet */
    uint32_t len;
    uint8_t bytes[LEARN_KEY_MAX];
};

struct seed {
    struct i2cpt_learn *learn;
    struct writes writes[128];
    uint64_t transfer;
    /* the last read, which a %resend or a %continue may yet change */
    bool held;
    struct learn_key key;
    uint8_t key_bytes[LEARN_KEY_MAX];
    uint32_t taken;
    uint8_t first;
};

static void settle(struct seed *s)
{
    if (s->held && s->taken) {
        pt_learn_note(s->learn, &s->key, s->taken, s->first);
    }
    s->held = false;
}

static void see_write(struct seed *s, const struct i2cpt_trace_msg *msg)
{
    struct writes *w = &s->writes[msg->addr];

    if (msg->n_bytes) {
        w->len = msg->n_bytes;
        memcpy(w->bytes, msg->bytes, MIN(msg->n_bytes, LEARN_KEY_MAX));
        w->written = s->transfer;
        w->next = 0;
    }
}

static void see_read(struct seed *s, const struct i2cpt_trace_msg *msg,
                     uint32_t taken)
{
    struct writes *w = &s->writes[msg->addr];
    bool before = w->written && (!w->next || w->next == s->transfer);

    settle(s);
    if (!msg->n_bytes) {
        return;
    }
    s->held = true;
    s->key = (struct learn_key){msg->addr, before ? w->len : 0, s->key_bytes};
    memcpy(s->key_bytes, w->bytes, sizeof(w->bytes));
    s->taken = taken;
    s->first = msg->bytes[0];
    if (w->written != s->transfer && !w->next) {
        w->next = s->transfer;
    }
}

/* The passthrough's own second try: the key is the guest's, so stays. */
static bool amends(struct seed *s, const struct i2cpt_trace_transfer *t,
                   uint32_t taken)
{
    const struct i2cpt_trace_msg *last = &t->msgs[t->n - 1];

    if (!s->held || !(last->flags & I2CPT_M_RD) || last->addr != s->key.addr) {
        return false;
    }
    if (t->mark & I2CPT_TRACE_CONTINUE) {
        s->taken += taken;
        return true;
    }
    if (t->mark & I2CPT_TRACE_RESEND) {
        s->taken = taken;
        s->first = last->n_bytes ? last->bytes[0] : 0;
        return true;
    }
    return false;
}

static void see_transfer(struct seed *s, const struct i2cpt_trace_transfer *t)
{
    const struct i2cpt_trace_msg *last = &t->msgs[t->n - 1];
    uint32_t taken = t->mark & I2CPT_TRACE_TOOK ? t->took : last->n_bytes;
    uint32_t i;

    if ((t->mark & I2CPT_TRACE_PROBE) || t->code || amends(s, t, taken)) {
        return;
    }
    s->transfer++;
    for (i = 0; i < t->n; i++) {
        if ((t->msgs[i].flags & I2CPT_M_TEN) || t->msgs[i].addr > 0x7f) {
            continue;
        }
        if (!(t->msgs[i].flags & I2CPT_M_RD)) {
            see_write(s, &t->msgs[i]);
        } else {
            see_read(s, &t->msgs[i],
                     i == t->n - 1 ? taken : t->msgs[i].n_bytes);
        }
    }
}

int pt_learn_from(struct i2cpt_learn *learn, const char *path,
                  struct i2cpt_fault *fault)
{
    const struct i2cpt_trace_line *line;
    struct i2cpt_trace_reader *reader;
    struct i2cpt_fault why;
    struct seed *s;
    bool begun = false;
    int ret = i2cpt_trace_reader_open(path, &reader, &why);

    if (ret) {
        goto out;
    }
    s = g_new0(struct seed, 1);
    s->learn = learn;
    while ((ret = i2cpt_trace_reader_next(reader, &line, &why)) > 0) {
        if (line->kind == I2CPT_TRACE_TRANSFER) {
            see_transfer(s, &line->transfer);
        }
        begun |=
            line->kind == I2CPT_TRACE_TRANSFER || line->kind == I2CPT_TRACE_END;
    }
    settle(s);
    g_free(s);
    i2cpt_trace_reader_free(reader);
    if (!ret && !begun) {
        ret = i2cpt_fault_text(&why, EINVAL,
                               "truncated before its first transfer; accepted "
                               "is a trace with reads to learn from");
    }
out:
    return ret ? i2cpt_fault_text(fault, -ret, "learn-from=%.4096s: %.4096s",
                                  path, why.text)
               : 0;
}
