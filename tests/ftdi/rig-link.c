/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rig on the model of USB. */
#include "core/fault.h"
#include "rig.h"

void rig_fixture(TCase *tc)
{
}

bool rig_is_slow(void)
{
    return false;
}

struct rig *rig_prepare(const struct rig_config *config)
{
    struct vchip_config chip = rig_chip(config);
    struct rig *r = g_new0(struct rig, 1);

    r->config = *config;
    r->b = bench_new(&chip, config->rise_ns);
    ck_assert_int_eq(
        mpsse_init(&r->m,
                   &(struct mpsse_config){config->chip, config->encoding,
                                          config->stretching, config->edges,
                                          config->frequency_hz, config->lines,
                                          config->line_poll_us}),
        0);
    return r;
}

static uint64_t deadline(const struct rig *r)
{
    return vusb_now(r->b->usb) + RIG_TIMEOUT;
}

int rig_open(struct rig *r)
{
    i2cpt_fault_clear(&r->fault);
    return mpsse_bus_new(&r->m, &vusb_link, r->b->usb, r->config.batch,
                         deadline(r), &r->bus, &r->fault);
}

void rig_free(struct rig *r)
{
    mpsse_bus_free(r->bus);
    bench_free(r->b);
    g_free(r);
}

uint32_t rig_scl_hz(const struct rig *r)
{
    return r->m.scl_hz;
}

int rig_run(struct rig *r)
{
    struct i2cpt_xfer x = {r->msgs, r->n_msgs, deadline(r), 0, &r->fault};

    return mpsse_bus_transfer(r->bus, &x);
}

void rig_settle(struct rig *r)
{
    uint64_t until_ns = wire_now(r->b->wire) + 10 * 1000000;

    while (!vchip_idle(r->b->chip) && wire_step(r->b->wire, until_ns)) {
    }
}

int rig_stream_start(struct rig *r, uint16_t addr, uint16_t flags)
{
    return mpsse_bus_stream_start(r->bus, addr, flags, deadline(r), &r->fault);
}

int rig_stream_write(struct rig *r, uint8_t byte)
{
    return mpsse_bus_stream_write(r->bus, byte, deadline(r), &r->fault);
}

int rig_stream_read(struct rig *r, uint8_t *byte)
{
    return mpsse_bus_stream_read(r->bus, byte, deadline(r), &r->fault);
}

int rig_stream_stop(struct rig *r)
{
    return mpsse_bus_stream_stop(r->bus, deadline(r), &r->fault);
}

int rig_stream_pointer(struct rig *r, uint16_t addr, const uint8_t *bytes,
                       size_t n, bool late, uint8_t *byte)
{
    return mpsse_bus_stream_pointer(
        r->bus, addr, bytes, n, late ? vusb_now(r->b->usb) + 1 : deadline(r),
        byte, &r->fault);
}
