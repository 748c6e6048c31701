/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bus for tests of the passthrough, in short text.
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
 *   z ENXIO, at an address         i ENXIO, nothing known besides
 *
 * What is read is a0, a1, a2, ... from the start of each read message, or with
 * `continues` from where the last one ended.
 */
#ifndef FAKE_BUS_H
#define FAKE_BUS_H

#include <glib.h>

#include "core/backend.h"

struct fake_config {
    uint32_t functionality; /* 0: all */
    bool no_stream, continues;
    uint32_t frequency_hz;
    /* of the guest's clock: each transfer, and each byte and address of it */
    uint32_t transfer_us, byte_us;
};

/* The next opening of `fake` has this, and an empty script and log. Time on the
 * wire is added to `clock_ns`. */
void fake_install(const struct fake_config *config, bool instant,
                  uint64_t *clock_ns);
/* What is read from now on, in hex. */
void fake_data(const char *hex);
void fake_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
void fake_script(const char *letters);
/* Behind stream call number `call` from here, counted from 0, and before it
 * returns: in the thread that makes it. */
void fake_then(int call, void (*then)(void *user), void *user);
/* Since the last open; whole only after pt_guest_close(). */
const char *fake_log(void);

#endif
