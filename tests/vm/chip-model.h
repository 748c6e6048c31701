/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the chips of board.txt are expected to do, written from data sheets and
 * not from lib/stub-*.c: a register file, and 24Cxx EEPROMs with pages and
 * write cycles. A transfer is run on them as it would be on a wire.
 */
#ifndef CHIP_MODEL_H
#define CHIP_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "i2cpt.h"

struct chip_model {
    uint16_t addr;
    uint32_t size;          /* a power of two */
    uint32_t page;          /* 0: registers, no pages and no write cycle */
    unsigned pointer_bytes; /* 1 or 2 */
    unsigned cycle;         /* address NACKs after a page was written */
    uint8_t mem[32768];
    uint32_t pointer;
    unsigned busy; /* NACKs still to come */
    unsigned got;  /* bytes of this message */
    uint32_t base; /* of the page that is being filled */
    uint8_t buf[64];
    uint8_t filled[64];
    int dirty;
};

/* Where something is to go wrong; kind 0 for nothing. */
enum { FINE = 0, NACKED, UNPLUGGED };
struct wrong {
    int kind, msg, byte; /* byte -1: at the address */
};

/*
 * Run a transfer: 0 and what is read in `in` (one message after the other), or
 * the negative errno that i2c-tiny-usb makes of it.
 */
int model_transfer(struct chip_model *chips, size_t n_chips,
                   const struct i2cpt_msg *msgs, size_t n,
                   const struct wrong *wrong, uint8_t *in);

#endif
