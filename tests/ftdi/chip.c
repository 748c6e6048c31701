/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual chip's pins, FIFOs and time. */
#include <glib.h>
#include <string.h>

#include "chip-private.h"

/* -------------------------------------------------------------------- FIFOs */

static bool fifo_push(struct fifo *f, uint8_t byte)
{
    if (f->len == f->size) {
        return false;
    }
    f->bytes[(f->at + f->len++) % f->size] = byte;
    return true;
}

static bool fifo_pop(struct fifo *f, uint8_t *byte)
{
    if (!f->len) {
        return false;
    }
    *byte = f->bytes[f->at];
    f->at = (f->at + 1) % f->size;
    f->len--;
    return true;
}

static void tell(struct vchip *c)
{
    if (c->changed) {
        c->changed(c->changed_user);
    }
}

bool chip_out_pop(struct vchip *c, uint8_t *byte)
{
    return fifo_pop(&c->out, byte);
}

bool chip_in_push(struct vchip *c, uint8_t byte)
{
    return fifo_push(&c->in, byte);
}

static void wake(struct vchip *c)
{
    if (c->blocked) {
        c->blocked = false;
        wire_at(c->w, &c->run, wire_now(c->w));
    }
}

size_t vchip_fifo_size(const struct vchip *c)
{
    return c->in.size;
}

size_t vchip_out_room(const struct vchip *c)
{
    return c->out.size - c->out.len;
}

void vchip_out_put(struct vchip *c, const uint8_t *bytes, size_t n)
{
    bool room = true;

    if (!c->mpsse) {
        c->stray += (unsigned)n;
        return;
    }
    while (n--) {
        room = room && fifo_push(&c->out, *bytes++);
    }
    g_assert(room);
    wake(c);
}

size_t vchip_in_ready(const struct vchip *c)
{
    return c->in.len;
}

size_t vchip_in_take(struct vchip *c, uint8_t *bytes, size_t n)
{
    size_t taken = 0;

    while (taken < n && fifo_pop(&c->in, &bytes[taken])) {
        taken++;
    }
    c->flush_len -= MIN(taken, c->flush_len);
    if (!c->flush_len) {
        c->flush = false;
    }
    wake(c);
    return taken;
}

void vchip_purge_out(struct vchip *c)
{
    c->out.len = 0;
    if (c->config.purge_aborts && c->mpsse && c->state != FETCH) {
        c->state = FETCH;
        c->shift.active = false;
        wake(c);
    }
}

void vchip_purge_in(struct vchip *c)
{
    c->in.len = c->flush_len = 0;
    c->flush = false;
    wake(c);
}

bool vchip_flushing(const struct vchip *c)
{
    return c->flush;
}

void vchip_on_change(struct vchip *c, void (*changed)(void *user), void *user)
{
    c->changed = changed;
    c->changed_user = user;
}

/* --------------------------------------------------------------- time, pins */

uint64_t chip_ticks_ns(struct vchip *c, uint32_t ticks)
{
    uint64_t thirds = c->thirds + (uint64_t)ticks * 50; /* 16 2/3 ns each */

    c->thirds = (unsigned)(thirds % 3);
    return thirds / 3;
}

bool vchip_drives(const struct vchip *c, enum vchip_pin pin)
{
    uint8_t bit = (uint8_t)(1 << pin);
    bool clock = c->config.input_clock == VCHIP_DRIVES && pin == PIN_TCK &&
                 c->shift.active;

    if (c->serial) {
        return pin == PIN_TCK || pin == PIN_TDO; /* TXD, RTS# */
    }
    return c->mpsse && ((c->dir & bit) || clock) &&
           !(c->value & c->open_drain & bit);
}

bool vchip_pin(const struct vchip *c, enum vchip_pin pin)
{
    if (c->config.net[pin] != WIRE_NONE) {
        return wire_level(c->w, c->config.net[pin]);
    }
    return (vchip_drives(c, pin) ? c->value : c->inputs) >> pin & 1;
}

void vchip_set_input(struct vchip *c, unsigned pin, bool level)
{
    unsigned bit = 1u << pin;

    c->inputs = (uint16_t)(level ? c->inputs | bit : c->inputs & ~bit);
}

/* Pin by pin, the ones that pull low first: the pins change at one time. */
void chip_apply_pins(struct vchip *c)
{
    enum wire_drive drive;
    unsigned pin, low;

    for (low = 0; low < 2; low++) {
        for (pin = 0; pin < PINS; pin++) {
            drive = !vchip_drives(c, pin)                ? WIRE_RELEASE
                    : c->serial || (c->value >> pin & 1) ? WIRE_HIGH
                                                         : WIRE_LOW;
            if (c->config.net[pin] != WIRE_NONE &&
                (drive == WIRE_LOW) == !low) {
                wire_drive(c->w, c->drivers[pin], c->config.net[pin], drive);
            }
        }
    }
}

void chip_set_pin(struct vchip *c, enum vchip_pin pin, bool level)
{
    uint8_t bit = (uint8_t)(1 << pin);

    c->value = (uint8_t)(level ? c->value | bit : c->value & ~bit);
    chip_apply_pins(c);
}

/* ------------------------------------------------------------------- engine */

static void run(void *user)
{
    struct vchip *c = user;
    enum step step;

    if (!c->mpsse) {
        return;
    }
    do {
        step = chip_engine_step(c);
    } while (step == STEP_ON);
    if (step == STEP_TIME) {
        wire_at(c->w, &c->run, wire_now(c->w) + c->step_ns);
    } else {
        c->blocked = true;
    }
    tell(c);
}

static void edge(void *user, enum wire_line line, bool level)
{
    wake(user);
}

bool vchip_idle(const struct vchip *c)
{
    return c->state == FETCH && !c->out.len;
}

unsigned vchip_bad(const struct vchip *c)
{
    return c->bad;
}

bool vchip_has_engine(const struct vchip *c)
{
    return c->mpsse;
}

unsigned vchip_beginnings(const struct vchip *c)
{
    return c->beginnings;
}

unsigned vchip_stray(const struct vchip *c)
{
    return c->stray;
}

void vchip_set_mode(struct vchip *c, unsigned mode)
{
    if (c->mpsse && !mode) {
        chip_in_push(c, 0); /* what RXD makes of its line's change */
    }
    c->mpsse = mode == 2;
    c->serial = !mode;
    c->beginnings += c->mpsse;
    if (!c->mpsse) {
        c->stray += (unsigned)c->out.len;
        c->out.len = 0;
    }
    c->value = c->dir = c->open_drain = c->high_value = 0;
    c->high_dir = HIGH_DIR_UNKNOWN;
    chip_engine_reset(c);
    chip_apply_pins(c);
    c->blocked = false;
    wire_at(c->w, &c->run, wire_now(c->w));
}

struct vchip_config vchip_i2c(enum vchip_kind kind, enum vchip_pin stretch_pin)
{
    struct vchip_config config = {.kind = kind, .set_ns = 150};
    unsigned pin;

    for (pin = 0; pin < PINS; pin++) {
        config.net[pin] = WIRE_NONE;
    }
    config.net[PIN_TDI] = config.net[PIN_TDO] = WIRE_SDA;
    config.net[stretch_pin] = WIRE_SCL;
    config.net[PIN_TCK] = WIRE_SCL;
    return config;
}

struct vchip *vchip_new(struct wire *w, const struct vchip_config *config)
{
    static const size_t sizes[] = {1024, 4096, 2048};
    struct vchip *c = g_new0(struct vchip, 1);
    unsigned pin;

    c->w = w;
    c->config = *config;
    c->inputs = 0xffff;
    c->open_drain_able = config->kind == VCHIP_FT232H;
    c->out.size = c->in.size = sizes[config->kind];
    c->run = (struct wire_event){.fn = run, .user = c};
    for (pin = 0; pin < PINS; pin++) {
        if (config->net[pin] != WIRE_NONE) {
            c->drivers[pin] = wire_driver(w);
        }
    }
    wire_listen(w, edge, c);
    vchip_set_mode(c, 0);
    return c;
}

void vchip_free(struct vchip *c)
{
    if (c) {
        wire_cancel(c->w, &c->run);
        g_free(c);
    }
}
