/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rig on libftdi1 and libusb, by the public API and lib/private.h's calls
 * for single bytes. */
#include <string.h>

#include "core/backend.h"
#include "bus/calls.h"
#include "fake-dongle.h"
#include "core/fault.h"
#include "rig.h"
#include "core/deadline-thread.h"

/* A guest is slow, and its host may have more to do. */
#define PATIENCE_MS 20000u

static const struct dongle_config kinds[] = {
    {VCHIP_FT232H, 1, 5, "FT1", "C232HM"},
    {VCHIP_FT2232H, 1, 6, "FT2", "Dual RS232-HS"},
    {VCHIP_FT4232H, 1, 7, "FT4", "Quad RS232-HS"},
};
static struct fake_dongle *dongles[G_N_ELEMENTS(kinds)];
/* Where a test has failed, it has not closed it. */
static struct i2cpt_adapter *left_open;

static void plug_all(void)
{
    size_t i;

    fake_dongle_setup();
    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        dongles[i] = fake_dongle_new(&kinds[i]);
    }
}

static void unplug_all(void)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        fake_dongle_free(dongles[i]);
    }
    fake_dongle_teardown();
}

/* A guest's kernel takes its time, and there the tests do not fork. */
void rig_fixture(TCase *tc)
{
    if (fake_dongle_is_slow()) {
        tcase_add_unchecked_fixture(tc, plug_all, unplug_all);
    } else {
        tcase_add_checked_fixture(tc, plug_all, unplug_all);
    }
}

bool rig_is_slow(void)
{
    return true;
}

struct rig *rig_prepare(const struct rig_config *config)
{
    struct vchip_config chip = rig_chip(config);
    struct rig *r = g_new0(struct rig, 1);

    if (left_open) {
        i2cpt_adapter_unref(left_open);
        left_open = NULL;
    }
    r->config = *config;
    fake_dongle_rewire(dongles[config->chip], &chip, config->rise_ns);
    r->b = fake_dongle_bench(dongles[config->chip], 0);
    return r;
}

int rig_open(struct rig *r)
{
    static const unsigned products[] = {0x6014, 0x6010, 0x6011};
    static const char *const encodings[] = {"packed", "bytewise"};
    static const char *const stretchings[] = {"off", "adaptive", "gpio"};
    static const char *const edges[] = {"set-bits", "shifted"};
    const struct rig_config *c = &r->config;
    char spec[200];
    int ret;

    g_snprintf(spec, sizeof(spec),
               "ftdi,product=0x%04x,encoding=%s,clock-stretching=%s,edges=%s,"
               "batch=%s,frequency=%u,timeout-ms=%u",
               products[c->chip], encodings[c->encoding],
               stretchings[c->stretching], edges[c->edges],
               c->batch ? "on" : "off", c->frequency_hz,
               c->hangs ? (unsigned)(RIG_TIMEOUT / 1000000) : PATIENCE_MS);
    i2cpt_fault_clear(&r->fault);
    ret = i2cpt_adapter_open(spec, &r->adapter, &r->fault);
    left_open = ret ? NULL : r->adapter;
    return ret;
}

void rig_free(struct rig *r)
{
    if (r->adapter) {
        i2cpt_adapter_unref(r->adapter);
    }
    left_open = NULL;
    g_free(r);
}

uint32_t rig_scl_hz(const struct rig *r)
{
    return i2cpt_adapter_frequency_hz(r->adapter);
}

int rig_run(struct rig *r)
{
    return i2cpt_transfer(r->adapter, r->msgs, r->n_msgs, &r->fault);
}

/* The dongle has settled before it gives its last reply. */
void rig_settle(struct rig *r)
{
}

static int stream(struct rig *r, enum i2cpt_op op, uint16_t addr,
                  uint16_t flags, uint8_t *byte)
{
    struct i2cpt_call call = {
        .op = op, .owner = r, .addr = addr, .flags = flags, .byte = *byte};
    int ret = bus_call_run(r->adapter, &call, &r->fault);

    *byte = call.byte;
    return ret;
}

int rig_stream_start(struct rig *r, uint16_t addr, uint16_t flags)
{
    uint8_t none = 0;

    return stream(r, I2CPT_OP_STREAM_START, addr, flags, &none);
}

int rig_stream_write(struct rig *r, uint8_t byte)
{
    return stream(r, I2CPT_OP_STREAM_WRITE, 0, 0, &byte);
}

int rig_stream_read(struct rig *r, uint8_t *byte)
{
    return stream(r, I2CPT_OP_STREAM_READ, 0, 0, byte);
}

int rig_stream_stop(struct rig *r)
{
    uint8_t none = 0;

    return stream(r, I2CPT_OP_STREAM_STOP, 0, 0, &none);
}

/* By the machine's clock nothing is late behind a beginning for certain. */
int rig_stream_pointer(struct rig *r, uint16_t addr, const uint8_t *bytes,
                       size_t n, bool late, uint8_t *byte)
{
    struct i2cpt_call call = {.op = I2CPT_OP_STREAM_POINTER,
                              .owner = r,
                              .addr = addr,
                              .n_pointer = (uint8_t)n};
    int ret;

    memcpy(call.pointer, bytes, n);
    ret = bus_call_run(r->adapter, &call, &r->fault);
    *byte = call.byte;
    return ret;
}
