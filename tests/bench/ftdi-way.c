/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apart from the benchmarks, since the virtual chip has a bench.h too. */
#include "../ftdi/bench.h"
#include "core/backend.h"
#include "ftdi-way.h"
#include "core/deadline-thread.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_NS 1000000000u
/* The backend's default. */
#define LATENCY_MS     16
#define LATENCY_MAX_MS 255

static void fail(const char *what, int code)
{
    fprintf(stderr, "i2cpt-bench: %s: %s\n", what, strerror(code));
    exit(EXIT_FAILURE);
}

/* One transfer's memory; there are as many as can be under way. */
struct item {
    uint8_t out[512], in[512];
    struct i2cpt_msg msgs[2];
    struct i2cpt_fault fault;
    struct i2cpt_xfer x;
};
static struct item items[MPSSE_DEPTH];

static struct i2cpt_xfer *prepare(const struct bench *b, unsigned i,
                                  const struct ftdi_shape *shape)
{
    struct item *it = &items[i % MPSSE_DEPTH];

    memset(it, 0, sizeof(*it));
    it->msgs[0] =
        (struct i2cpt_msg){BENCH_EEPROM_ADDR, 0, shape->written, 0, it->out};
    it->msgs[1] = (struct i2cpt_msg){BENCH_EEPROM_ADDR, I2CPT_M_RD, shape->read,
                                     0, it->in};
    it->x = (struct i2cpt_xfer){.msgs = it->msgs,
                                .n = shape->read ? 2 : 1,
                                .deadline_ns = vusb_now(b->usb) + TIMEOUT_NS,
                                .fault = &it->fault};
    return &it->x;
}

static void check(int ret, unsigned i, const struct bench *b,
                  const struct ftdi_shape *shape)
{
    if (ret || (shape->read &&
                memcmp(items[i % MPSSE_DEPTH].in, b->targets[BENCH_EEPROM].mem,
                       MIN(shape->read, 256)) != 0)) {
        fail(shape->name, ret ? -ret : EIO);
    }
}

/* All of them are queued from the beginning, as lib/bus/worker.c sees them. */
static void transfer_all(struct mpsse_bus *bus, struct bench *b,
                         const struct ftdi_shape *shape, unsigned n,
                         bool pipelined)
{
    unsigned first = 0, next = 0;
    int ret;

    while (first < n) {
        while (pipelined && next < MIN(n, first + MPSSE_DEPTH) &&
               mpsse_bus_begin(bus, prepare(b, next, shape))) {
            next++;
        }
        if (next == first) {
            ret = mpsse_bus_transfer(bus, prepare(b, next++, shape));
        } else {
            ret = mpsse_bus_collect(bus, &items[first % MPSSE_DEPTH].x);
        }
        check(ret, first++, b, shape);
    }
}

/* A dongle that is open. */
struct opened {
    struct bench *b;
    struct mpsse m;
    struct mpsse_bus *bus;
};

static struct opened open_way(const struct ftdi_way *way, uint32_t frequency_hz,
                              bool batch)
{
    struct vchip_config config = vchip_i2c((enum vchip_kind)way->chip, 0);
    struct opened o = {.b = bench_new(&config, 100)};
    struct i2cpt_fault fault = {0};
    unsigned i;
    int ret;

    for (i = 0; i < 256; i++) {
        o.b->targets[BENCH_EEPROM].mem[i] = (uint8_t)(i * 29 + 3);
    }
    vusb_set_latency(o.b->usb, LATENCY_MS);
    ret = mpsse_init(&o.m,
                     &(struct mpsse_config){.chip = way->chip,
                                            .encoding = way->encoding,
                                            .edges = way->edges,
                                            .frequency_hz = frequency_hz,
                                            .lines = way->lines,
                                            .line_poll_us = way->line_poll_us});
    if (!ret) {
        ret = mpsse_bus_new(&o.m, &vusb_link, o.b->usb, batch,
                            vusb_now(o.b->usb) + TIMEOUT_NS, &o.bus, &fault);
    }
    if (ret) {
        fail(way->name, -ret);
    }
    return o;
}

static void close_way(struct opened *o)
{
    mpsse_bus_free(o->bus);
    bench_free(o->b);
}

struct ftdi_cost ftdi_way_cost(const struct ftdi_way *way,
                               uint32_t frequency_hz, bool batch,
                               bool pipelined, const struct ftdi_shape *shape,
                               unsigned n)
{
    struct opened o = open_way(way, frequency_hz, batch);
    struct ftdi_cost cost = {0};
    struct vusb_counts counts;
    uint64_t begin_ns, clocks;

    vusb_forget_counts(o.b->usb);
    begin_ns = wire_now(o.b->wire);
    transfer_all(o.bus, o.b, shape, n, pipelined);
    cost.elapsed_ns = wire_now(o.b->wire) - begin_ns;
    counts = vusb_counts(o.b->usb);
    cost.round_trips = counts.exchanges;
    cost.out_bytes = counts.out_bytes;
    cost.in_bytes = counts.in_bytes;
    cost.messages = n * (shape->read ? 2 : 1);
    cost.i2c_bytes = cost.messages + n * (shape->written + shape->read);
    clocks = 9 * (uint64_t)cost.i2c_bytes + cost.messages + n;
    cost.wire_ns = clocks * 1000000000u / o.m.scl_hz;
    close_way(&o);
    return cost;
}

/* Looks that are due before then; a bus that is in use was looked at. */
static void look_until(struct opened *o, uint32_t poll_us, uint64_t *looked_ns,
                       uint64_t until_ns)
{
    struct i2cpt_fault fault;
    uint64_t due_ns;
    int ret;

    while ((due_ns = *looked_ns + poll_us * UINT64_C(1000)) < until_ns) {
        wire_run(o->b->wire, MAX(due_ns, wire_now(o->b->wire)));
        ret = mpsse_bus_look(o->bus, TIMEOUT_NS, &fault);
        if (ret) {
            fail("a look", -ret);
        }
        *looked_ns = wire_now(o->b->wire);
    }
}

uint64_t ftdi_way_answer_ns(const struct ftdi_way *way, uint32_t frequency_hz,
                            const struct ftdi_shape *shape, uint32_t pause_us,
                            unsigned n)
{
    struct opened o = open_way(way, frequency_hz, false);
    uint64_t looked_ns = wire_now(o.b->wire), sum_ns = 0, comes_ns;
    uint32_t random = 1;
    unsigned i;

    /* its empty packets come between where nobody has looked for long, which
     * would speak for the lines */
    vusb_set_latency(o.b->usb, LATENCY_MAX_MS);
    for (i = 0; i < n; i++) {
        random = random * 1664525 + 1013904223;
        comes_ns = TIMEOUT_NS + i * (uint64_t)pause_us * 8000 +
                   (uint64_t)pause_us * 4000 * (random >> 8) / (1u << 24);
        if (way->lines) {
            look_until(&o, way->line_poll_us, &looked_ns, comes_ns);
        }
        wire_run(o.b->wire, MAX(comes_ns, wire_now(o.b->wire)));
        check(mpsse_bus_transfer(o.bus, prepare(o.b, i, shape)), i, o.b, shape);
        looked_ns = wire_now(o.b->wire);
        sum_ns += looked_ns - comes_ns;
    }
    close_way(&o);
    return sum_ns;
}
