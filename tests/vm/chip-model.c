/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What data sheets say that the chips of board.txt do with a transfer. */
#include <errno.h>
#include <string.h>

#include "chip-model.h"

static struct chip_model *find(struct chip_model *chips, size_t n,
                               uint16_t addr)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (chips[i].addr == addr) {
            return &chips[i];
        }
    }
    return NULL;
}

/* In its write cycle an EEPROM does not hear its address. */
static int addressed(struct chip_model *c)
{
    if (c->busy) {
        c->busy--;
        return 0;
    }
    c->got = 0;
    return 1;
}

/* First the pointer, high byte first; then registers at once, or the page
 * buffer, which the pointer does not leave. */
static void take(struct chip_model *c, uint8_t byte)
{
    if (c->got < c->pointer_bytes) {
        c->pointer = (c->got++ ? c->pointer << 8 | byte : byte) % c->size;
        return;
    }
    if (!c->page) {
        c->mem[c->pointer] = byte;
        c->pointer = (c->pointer + 1) % c->size;
        return;
    }
    if (!c->dirty) {
        c->dirty = 1;
        c->base = c->pointer - c->pointer % c->page;
        memset(c->filled, 0, sizeof(c->filled));
    }
    c->buf[c->pointer % c->page] = byte;
    c->filled[c->pointer % c->page] = 1;
    c->pointer = c->base + (c->pointer + 1) % c->page;
}

static uint8_t give(struct chip_model *c)
{
    uint8_t byte = c->mem[c->pointer];

    c->pointer = (c->pointer + 1) % c->size;
    return byte;
}

/* STOP writes the page; a repeated START throws it away. */
static void finish(struct chip_model *c, int stop)
{
    uint32_t i;

    for (i = 0; c->dirty && stop && i < c->page; i++) {
        if (c->filled[i]) {
            c->mem[c->base + i] = c->buf[i];
        }
    }
    if (c->dirty && stop) {
        c->busy = c->cycle;
    }
    c->dirty = 0;
}

static int hits(const struct wrong *w, size_t msg, int byte)
{
    return w->kind && (size_t)w->msg == msg && w->byte == byte;
}

int model_transfer(struct chip_model *chips, size_t n_chips,
                   const struct i2cpt_msg *msgs, size_t n,
                   const struct wrong *wrong, uint8_t *in)
{
    struct chip_model *c = NULL;
    size_t i;
    uint32_t k;
    int ret = 0;

    for (i = 0; i < n && !ret; i++) {
        if (wrong->kind == UNPLUGGED && hits(wrong, i, -1)) {
            ret = -ENODEV; /* before the START: to the chip a STOP */
            break;
        }
        if (c) {
            finish(c, 0);
        }
        c = NULL;
        if (hits(wrong, i, -1)) {
            ret = -ENXIO;
            break;
        }
        c = find(chips, n_chips, msgs[i].addr);
        if (!c || !addressed(c)) {
            c = NULL;
            ret = -ENXIO;
        }
        for (k = 0; k < msgs[i].len && !ret; k++) {
            if (hits(wrong, i, (int)k)) {
                ret = wrong->kind == UNPLUGGED ? -ENODEV : -EIO;
                /* a target that drives SDA lets go of it a byte later */
                if (!k && msgs[i].flags & I2CPT_M_RD) {
                    give(c);
                }
            } else if (msgs[i].flags & I2CPT_M_RD) {
                *in++ = give(c);
            } else {
                take(c, msgs[i].buf[k]);
            }
        }
    }
    if (c) {
        finish(c, 1);
    }
    return ret;
}
