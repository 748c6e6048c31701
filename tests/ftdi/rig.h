/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An I2C bus on a bench, every way that it can be set up, and transfers as
 * text. For Check tests, which are linked with one of two forms: rig-link.c,
 * where lib/ftdi/mpsse-bus.c stands on the model of USB, all in simulated time;
 * and rig-dongle.c, where the public API reaches the same model through
 * libftdi1 and libusb.
 */
#ifndef FTDI_RIG_H
#define FTDI_RIG_H

#include <check.h>

#include "core/backend.h"
#include "bench.h"
#include "ftdi/mpsse-bus.h"
#include "core/deadline-thread.h"

#define RIG_MSGS    8
#define RIG_TIMEOUT 200000000ull

struct rig_config {
    enum mpsse_chip chip;
    enum mpsse_encoding encoding;
    enum mpsse_stretching stretching;
    enum mpsse_edges edges;
    uint32_t frequency_hz;
    bool batch;
    uint16_t lines; /* as in mpsse_config; rig-link.c */
    uint32_t line_poll_us;
    unsigned set_ns; /* of the chip model; 0: its default */
    bool two_halves; /* likewise */
    enum vchip_input_clock input_clock;
    bool purge_aborts;
    unsigned rise_ns; /* of the wire */
    bool hangs;       /* the deadline will be waited for */
};

struct rig {
    struct rig_config config;
    struct bench *b;
    struct i2cpt_fault fault;
    struct i2cpt_msg msgs[RIG_MSGS];
    size_t n_msgs;
    uint8_t bufs[RIG_MSGS][512];

    /* rig-link.c */
    struct mpsse m;
    struct mpsse_bus *bus;
    /* rig-dongle.c */
    struct i2cpt_adapter *adapter;
};

/* What the form needs around the tests of a case. */
void rig_fixture(TCase *tc);
/* Whether libusb is in between, which takes so much time that not everything is
 * tried in every way. */
bool rig_is_slow(void);

/* The bus is open, nothing is on the wire's record. */
struct rig *rig_new(const struct rig_config *config);
/* The same in two steps, for what goes wrong in opening. */
struct rig *rig_prepare(const struct rig_config *config);
int rig_open(struct rig *r);
void rig_free(struct rig *r);

/* "FT232H packed adaptive 400000 Hz" in a static buffer. */
const char *rig_name(const struct rig_config *config);
/* What SCL really has. */
uint32_t rig_scl_hz(const struct rig *r);

/*
 * Messages apart by " | ": "w50 00 11", "r50 4" (length in decimal), "r50 ?"
 * (RECV_LEN, at most 32), "r50 ?1" (with a PEC), "w/2a5 00" (ten bits),
 * "w- 11" (NOSTART), "w50! 00" (IGNORE_NAK), "w50 00x300" (300 bytes 00).
 */
void rig_parse(struct rig *r, const char *text);
/* Until the engine has done what it was given: a reply may come, by the latency
 * timer, before STOP is over. At most 10 ms. */
void rig_settle(struct rig *r);
/* The parsed ones go out; r->fault says more. */
int rig_transfer(struct rig *r, const char *text);
/* What reads brought, "01 02 | 03", of `actual` bytes each; g_free() it. */
char *rig_data(const struct rig *r);

/* Byte by byte. */
int rig_stream_start(struct rig *r, uint16_t addr, uint16_t flags);
int rig_stream_write(struct rig *r, uint8_t byte);
int rig_stream_read(struct rig *r, uint8_t *byte);
int rig_stream_stop(struct rig *r);
/* A pointer and its read; with `late` the deadline passes behind its
 * beginning. */
int rig_stream_pointer(struct rig *r, uint16_t addr, const uint8_t *bytes,
                       size_t n, bool late, uint8_t *byte);

/* For the forms. */
struct vchip_config rig_chip(const struct rig_config *config);
int rig_run(struct rig *r);

#endif
