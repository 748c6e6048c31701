/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apart from the benchmarks, since the virtual chip has a bench.h too. */
#include "ftdi-way.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ftdi/bench.h"

#define TIMEOUT_NS 1000000000u
/* The backend's default. */
#define LATENCY_MS 16

static void fail(const char *what, int code)
{
    fprintf(stderr, "i2cpt-bench: %s: %s\n", what, strerror(code));
    exit(EXIT_FAILURE);
}

static void transfer(struct mpsse_bus *bus, struct bench *b,
                     const struct ftdi_shape *shape)
{
    static uint8_t out[512], in[512];
    struct i2cpt_fault fault = {0};
    struct i2cpt_msg msgs[] = {
        {BENCH_EEPROM_ADDR, 0, shape->written, 0, out},
        {BENCH_EEPROM_ADDR, I2CPT_M_RD, shape->read, 0, in},
    };
    struct i2cpt_xfer x = {.msgs = msgs,
                           .n = shape->read ? 2 : 1,
                           .deadline_ns = i2cpt_now_ns() + TIMEOUT_NS,
                           .fault = &fault};
    int ret = mpsse_bus_transfer(bus, &x);

    if (ret || (shape->read && memcmp(in, b->targets[BENCH_EEPROM].mem,
                                      MIN(shape->read, 256)) != 0)) {
        fail(shape->name, ret ? -ret : EIO);
    }
}

struct ftdi_cost ftdi_way_cost(const struct ftdi_way *way,
                               uint32_t frequency_hz, bool batch,
                               const struct ftdi_shape *shape, unsigned n)
{
    struct vchip_config config = vchip_i2c((enum vchip_kind)way->chip, 0);
    struct bench *b = bench_new(&config, 100);
    struct i2cpt_fault fault = {0};
    struct ftdi_cost cost = {0};
    struct vusb_counts counts;
    struct mpsse_bus *bus;
    struct mpsse m;
    uint64_t begin_ns, clocks;
    unsigned i;
    int ret;

    for (i = 0; i < 256; i++) {
        b->targets[BENCH_EEPROM].mem[i] = (uint8_t)(i * 29 + 3);
    }
    vusb_set_latency(b->usb, LATENCY_MS);
    ret = mpsse_init(&m, way->chip, way->encoding, MPSSE_STRETCH_OFF,
                     frequency_hz);
    if (!ret) {
        ret = mpsse_bus_new(&m, &vusb_link, b->usb, batch,
                            i2cpt_now_ns() + TIMEOUT_NS, &bus, &fault);
    }
    if (ret) {
        fail(way->name, -ret);
    }
    vusb_forget_counts(b->usb);
    begin_ns = wire_now(b->wire);
    for (i = 0; i < n; i++) {
        transfer(bus, b, shape);
    }
    cost.elapsed_ns = wire_now(b->wire) - begin_ns;
    counts = vusb_counts(b->usb);
    cost.round_trips = counts.exchanges;
    cost.out_bytes = counts.out_bytes;
    cost.in_bytes = counts.in_bytes;
    cost.messages = n * (shape->read ? 2 : 1);
    cost.i2c_bytes = cost.messages + n * (shape->written + shape->read);
    clocks = 9 * (uint64_t)cost.i2c_bytes + cost.messages + n;
    cost.wire_ns = clocks * 1000000000u / m.scl_hz;
    mpsse_bus_free(bus);
    bench_free(b);
    return cost;
}
