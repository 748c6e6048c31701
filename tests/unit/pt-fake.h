/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bus and a guest for tests of the passthrough, both in short text.
 *
 * The bus is the backend `fake`. It logs what it is asked:
 *
 *   w48:1020+r48:34~   a transfer; its marks follow: ? probe, & resend,
 *                      > continue, ~ took follows; R48:1 is a RECV_LEN read
 *                      with one byte besides the block
 *   took2  flush       calls of those names
 *   S48w b10 r P       stream calls; S48r a START for reading
 *   .                  a pause between two tries
 *
 * and !X behind each that failed, X as in its script: one letter for each
 * transfer or stream call, and success when the script has ended.
 *
 *   o fine           x ENXIO, message 0     y ENXIO, message 1
 *   d EIO, byte 1    h EREMOTEIO            t ETIMEDOUT
 *   m EMISMATCH      u EOPNOTSUPP           p EPROTO
 *   z ENXIO of an address          i ENXIO, nothing known besides
 *
 * What is read is a0, a1, a2, ... from the start of each read message, or with
 * `continues` from where the last one ended.
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

#include "passthrough/passthrough.h"

struct fake_config {
    uint32_t functionality; /* 0: all */
    bool no_stream, continues;
    uint32_t frequency_hz;
    /* of the guest's clock: each transfer, and each byte and address of it */
    uint32_t transfer_us, byte_us;
};

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

void fake_script(const char *letters);
/* Behind stream call number `call` from here, counted from 0, and before it
 * returns: in the thread that makes it. */
void fake_then(int call, void (*then)(void *user), void *user);
/* Since the last open; whole only after pt_guest_close(). */
const char *fake_log(void);

#endif
