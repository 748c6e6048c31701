/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FTDI's MPSSE engine at its pins, from FTDI's application notes (AN_108,
 * AN_135, AN_255): commands in, pins moved in simulated time, replies out. It
 * knows nothing of I2C and shares no code with lib/ftdi/mpsse.c, which it
 * judges.
 *
 * What the notes leave open, and what is taken here so that a codec that leans
 * on it fails:
 *   - a command's own time: `set_ns` for each of 80 and 82, for others one
 *     engine tick a byte;
 *   - what bits of a reply byte mean that was not filled: left from before;
 *   - the engine after its reset: divided by 5, two phases;
 *   - 8E's clock with three phases: three half periods, or two (`two_halves`);
 *   - adaptive clocking: RTCK (GPIOL3) must equal TCK before TCK changes, as
 *     AN_108 says, at each edge, also where TCK's pin is an input; a phase's
 *     time begins when RTCK has followed.
 *   - clocked commands while TCK is an input: `input_clock`;
 *   - which of AC0-7 are inputs when MPSSE mode begins: half of them;
 *   - combinations of shift bits that AN_108 does not list are bad opcodes.
 */
#ifndef FTDI_CHIP_H
#define FTDI_CHIP_H

#include "wire.h"

enum vchip_kind { VCHIP_FT232H, VCHIP_FT2232H, VCHIP_FT4232H };

/* A clocked command while TCK's pin is an input. */
enum vchip_input_clock {
    VCHIP_PASSES, /* its time passes, the pin is silent */
    VCHIP_NONE,   /* no time passes */
    VCHIP_DRIVES, /* the pin is driven all the same */
};

/* AD0-7 by FTDI's names. */
enum vchip_pin {
    PIN_TCK,
    PIN_TDI,
    PIN_TDO,
    PIN_TMS,
    PIN_GPIOL0,
    PIN_GPIOL1,
    PIN_GPIOL2,
    PIN_GPIOL3,
    PINS,
};

struct vchip_config {
    enum vchip_kind kind;
    enum wire_line net[PINS]; /* WIRE_NONE: not connected, weak pull-up */
    unsigned set_ns;          /* 50 or more; see docs/ftdi-model.md */
    bool two_halves;
    enum vchip_input_clock input_clock;
    bool purge_aborts; /* a purge ends the command that waits, too */
    bool i2c_only; /* commands that FTDI's notes on I2C do not use are bad */
};

/* AD0 to SCL, AD1 and AD2 to SDA; `stretch_pin` (0: none) to SCL. */
struct vchip_config vchip_i2c(enum vchip_kind kind, enum vchip_pin stretch_pin);

struct vchip;

struct vchip *vchip_new(struct wire *w, const struct vchip_config *config);
void vchip_free(struct vchip *c);

/* Bit modes of the SIO interface: 0, a serial port, whose TXD and RTS# are
 * driven high, and 2, MPSSE from its beginning, AD0-7 inputs. Neither
 * empties a FIFO: what a serial port is left of commands goes out as characters
 * (vchip_stray()), and one that comes in when it begins stays for the engine.
 */
#define VCHIP_NO_POWER 0x100u
void vchip_set_mode(struct vchip *c, unsigned mode);
bool vchip_has_engine(const struct vchip *c);
/* How often MPSSE was begun, and characters that left a serial port. */
unsigned vchip_beginnings(const struct vchip *c);
unsigned vchip_stray(const struct vchip *c);

/* Host's side of the two FIFOs. `changed` is called after the engine took or
 * gave bytes. */
size_t vchip_fifo_size(const struct vchip *c);
size_t vchip_out_room(const struct vchip *c);
void vchip_out_put(struct vchip *c, const uint8_t *bytes, size_t n);
size_t vchip_in_ready(const struct vchip *c);
size_t vchip_in_take(struct vchip *c, uint8_t *bytes, size_t n);
void vchip_purge_out(struct vchip *c);
void vchip_purge_in(struct vchip *c);
/* 87 was executed and not everything from before it was taken. */
bool vchip_flushing(const struct vchip *c);
void vchip_on_change(struct vchip *c, void (*changed)(void *user), void *user);

/* Whether the engine waits for nothing but its next command. */
bool vchip_idle(const struct vchip *c);
/* Level of a pin as the engine reads it; whether it is an output that drives.
 */
bool vchip_pin(const struct vchip *c, enum vchip_pin pin);
bool vchip_drives(const struct vchip *c, enum vchip_pin pin);
/* What is wired to pins that are on no net, AD0-7 by 0 to 7 and AC0-7 by 8 to
 * 15: 1 at first, by their weak pull-ups. Any time, also while the engine runs.
 */
#define VCHIP_INPUTS 16u
void vchip_set_input(struct vchip *c, unsigned pin, bool level);
/* Bad opcodes answered so far. */
unsigned vchip_bad(const struct vchip *c);

#endif
