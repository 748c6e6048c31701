/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest for tests of the passthrough, in short text, on the bus of
 * fake-bus.h.
 *
 * The guest is a list of words:
 *
 *   W48 R48 R48:6    START for writing, reading, with `expect` 6
 *   10               write a byte;  40x3: three of them
 *   r r6             read bytes
 *   n P Z D          nack, STOP, reset, drain
 *   +20              20 ms pass, timers fire
 *   !oox             more script
 *   =021122          what is read from now on
 *
 * Its answers: A, N, E for a negative one; bytes in hex, -- where NACKed.
 */
#ifndef PT_FAKE_H
#define PT_FAKE_H

#include "fake-bus.h"
#include "passthrough/passthrough.h"

enum pt_form { FORM_BLOCKING, FORM_WORKER, FORM_INSTANT, FORMS };

struct fake_guest {
    struct i2cpt_adapter *adapter;
    struct i2cpt_passthrough *pt;
    enum pt_form form;
    uint64_t now_ns, timer_ns;
    bool threads; /* another one may hold the lock */
    int completions, answer;
    uint8_t byte;
    char answers[4096];
};

/* `policy` is KEY=VALUE,...; without an address in it, 0x20, 0x48, 0x49 and
 * 0x50 are the guest's, and without transfer= it is transfer=message. */
void pt_guest_open(struct fake_guest *g, enum pt_form form,
                   const struct fake_config *config, const char *policy);
/* With another specification of it than timeout-ms=60000. */
void pt_guest_open_config(struct fake_guest *g, enum pt_form form,
                          const struct fake_config *config, const char *spec,
                          const char *policy);
/* On another adapter than the fake one. */
void pt_guest_open_spec(struct fake_guest *g, enum pt_form form,
                        const char *spec, const char *policy);
/* Run the words; the answers are appended to g->answers. */
void pt_guest_run(struct fake_guest *g, const char *words);
uint64_t pt_guest_count(struct fake_guest *g, enum i2cpt_counter which);
void pt_guest_close(struct fake_guest *g);

/* One event each, through to its answer. */
int pt_guest_start(struct fake_guest *g, uint16_t addr, uint16_t flags,
                   uint32_t expect);
int pt_guest_write(struct fake_guest *g, uint8_t byte);
int pt_guest_read(struct fake_guest *g, uint8_t *byte);
int pt_guest_stop(struct fake_guest *g);
void pt_guest_pass(struct fake_guest *g, uint64_t ns);

#endif
