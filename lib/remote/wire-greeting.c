/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the two ends of the remote protocol greet each other, and input lines:
 * what WELCOME says of them, and their changes. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "remote/wire.h"

static const char magic[5] = {'i', '2', 'c', 'p', 't'};

static void put_lines(struct wire_out *o, const struct wire_welcome *w)
{
    unsigned i;

    remote_wire_put_u8(o, (uint8_t)w->n_lines);
    for (i = 0; i < w->n_lines; i++) {
        remote_wire_put_text(o, w->lines[i].name);
        remote_wire_put_u8(o, w->lines[i].level);
    }
}

static bool is_there(const struct wire_welcome *w, const char *name)
{
    unsigned i;

    for (i = 0; i < w->n_lines; i++) {
        if (!strcmp(w->lines[i].name, name)) {
            return true;
        }
    }
    return false;
}

static int get_line(struct wire_in *in, struct wire_welcome *w)
{
    struct wire_line *line = &w->lines[w->n_lines];
    char name[LINES_NAME_MAX + 2]; /* one that is too long shows */
    uint8_t level;

    remote_wire_get_text(in, name, sizeof(name));
    level = remote_wire_get_u8(in);
    if (in->failed || level > 1 || !i2cpt_line_name_is_good(name) ||
        is_there(w, name)) {
        return -EPROTO;
    }
    g_strlcpy(line->name, name, sizeof(line->name));
    line->level = level;
    w->n_lines++;
    return 0;
}

static int get_lines(struct wire_in *in, struct wire_welcome *w)
{
    unsigned n = remote_wire_get_u8(in);
    int ret = 0;

    if (!n || n > LINES_MAX) {
        return -EPROTO;
    }
    while (!ret && n--) {
        ret = get_line(in, w);
    }
    return ret;
}

void remote_wire_put_hello(struct wire_out *o, uint32_t capabilities)
{
    remote_wire_put_bytes(o, magic, sizeof(magic));
    remote_wire_put_u16(o, WIRE_LOWEST);
    remote_wire_put_u16(o, WIRE_VERSION);
    remote_wire_put_u32(o, capabilities);
}

/* At the end of HELLO and WELCOME; an older end has them not. */
static uint32_t get_capabilities(struct wire_in *in)
{
    return !in->failed && in->at < in->len ? remote_wire_get_u32(in) : 0;
}

int remote_wire_get_hello(struct wire_in *in, uint16_t *version,
                          uint32_t *capabilities)
{
    const uint8_t *p = remote_wire_get_bytes(in, sizeof(magic));
    uint16_t low = remote_wire_get_u16(in), high = remote_wire_get_u16(in);

    *capabilities = get_capabilities(in);
    if (!p || memcmp(p, magic, sizeof(magic)) || in->failed || low > high) {
        return -EPROTO;
    }
    *version = MIN(high, WIRE_VERSION);
    return low > WIRE_VERSION || high < WIRE_LOWEST ? -EOPNOTSUPP : 0;
}

void remote_wire_put_welcome(struct wire_out *o, const struct wire_welcome *w)
{
    remote_wire_put_u16(o, w->version);
    remote_wire_put_u32(o, w->functionality);
    remote_wire_put_u32(o, w->frequency_hz);
    remote_wire_put_u8(o, w->stream);
    remote_wire_put_u32(o, w->timeout_ms);
    remote_wire_put_text(o, w->name);
    remote_wire_put_u32(o, w->capabilities | (w->n_lines ? WIRE_LINES : 0));
    if (w->n_lines) {
        put_lines(o, w);
    }
}

int remote_wire_get_welcome(struct wire_in *in, struct wire_welcome *w)
{
    w->version = remote_wire_get_u16(in);
    if (!in->failed &&
        (w->version < WIRE_LOWEST || w->version > WIRE_VERSION)) {
        return -EOPNOTSUPP; /* what follows may be anything */
    }
    w->functionality = remote_wire_get_u32(in);
    w->frequency_hz = remote_wire_get_u32(in);
    w->stream = remote_wire_get_u8(in) != 0;
    w->timeout_ms = remote_wire_get_u32(in);
    remote_wire_get_text(in, w->name, sizeof(w->name));
    w->capabilities = get_capabilities(in);
    if (in->failed || (w->capabilities & WIRE_TELLS_PHASE &&
                       w->capabilities & WIRE_HIDES_PHASE)) {
        return -EPROTO;
    }
    w->n_lines = 0;
    return w->capabilities & WIRE_LINES ? get_lines(in, w) : 0;
}

void remote_wire_put_change(struct wire_out *o, const struct wire_change *c)
{
    remote_wire_put_u8(o, c->line);
    remote_wire_put_u8(o, c->level);
    remote_wire_put_u32(o, c->age_us);
}

int remote_wire_get_change(struct wire_in *in, struct wire_change *c)
{
    uint8_t level;

    c->line = remote_wire_get_u8(in);
    level = remote_wire_get_u8(in);
    c->level = level;
    c->age_us = remote_wire_get_u32(in);
    return in->failed || in->at != in->len || level > 1 || c->line >= LINES_MAX
               ? -EPROTO
               : 0;
}
