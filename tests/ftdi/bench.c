/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual chip wired to its targets, a holder and a rival. */
#include "bench.h"

static void move_due(struct bench *b)
{
    const struct bench_move *m;

    for (; b->next_move < b->n_moves; b->next_move++) {
        m = &b->moves[b->next_move];
        if (m->clocks > b->clocks) {
            return;
        }
        vchip_set_input(b->chip, m->pin, m->level);
        b->moved_ns = wire_now(b->wire);
    }
    b->n_moves = b->next_move = 0;
}

static void clocked(void *user, enum wire_line line, bool level)
{
    struct bench *b = user;

    b->clocks += line == WIRE_SCL && level;
    move_due(b);
}

void bench_move(struct bench *b, unsigned clocks, unsigned pin, bool level)
{
    g_assert(b->n_moves < BENCH_MOVES);
    b->moves[b->n_moves++] = (struct bench_move){
        .clocks = b->clocks + clocks, .pin = pin, .level = level};
    move_due(b);
}

struct bench *bench_new(const struct vchip_config *config, unsigned rise_ns)
{
    struct bench *b = g_new0(struct bench, 1);

    b->wire = wire_new(rise_ns);
    b->chip = vchip_new(b->wire, config);
    b->usb = vusb_new(b->wire, b->chip);
    vusb_set_latency(b->usb, 1);
    target_init(&b->targets[BENCH_EEPROM], b->wire, TARGET_EEPROM,
                BENCH_EEPROM_ADDR, false);
    target_init(&b->targets[BENCH_SENSOR], b->wire, TARGET_SENSOR,
                BENCH_SENSOR_ADDR, false);
    target_init(&b->targets[BENCH_FIFO], b->wire, TARGET_FIFO, BENCH_FIFO_ADDR,
                false);
    target_init(&b->targets[BENCH_TEN], b->wire, TARGET_EEPROM, BENCH_TEN_ADDR,
                true);
    holder_init(&b->holder, b->wire);
    rival_init(&b->rival, b->wire);
    wire_listen(b->wire, clocked, b);
    return b;
}

void bench_free(struct bench *b)
{
    if (b) {
        vusb_free(b->usb);
        vchip_free(b->chip);
        wire_free(b->wire);
        g_free(b);
    }
}

void bench_fresh(struct bench *b)
{
    unsigned i;

    for (i = 0; i < BENCH_TARGETS; i++) {
        target_fresh(&b->targets[i]);
    }
    wire_forget(b->wire);
}

char *bench_text(const struct bench *b)
{
    size_t n;
    const struct wire_edge *edges = wire_edges(b->wire, &n);

    return watch_text(edges, n);
}
