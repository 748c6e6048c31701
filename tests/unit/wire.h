/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers as text, so that tests of chips and mappings are tables.
 *
 *   w 00 1a      a write of these bytes        r2      a read of two
 *   r?           a block read (RECV_LEN)       r?+1    with a PEC
 *   @50          the address from here on      p       STOP: the next transfer
 *
 * wire() runs it and returns, for each transfer, "= 1a c0" with the bytes read,
 * "ok" where none were, or "!ENXIO address 0 -1" (phase, message, byte); joined
 * by blanks. Reads of one transfer are joined by " |". The text stays until the
 * next call.
 */
#ifndef WIRE_H
#define WIRE_H

#include "core/backend.h"
#include "core/deadline-thread.h"

const char *wire(struct i2cpt_adapter *a, const char *script);
/* The same, byte by byte through the stream calls. */
const char *wire_stream(struct i2cpt_adapter *a, const char *script);

/* Only the messages of a script with one transfer; they stay until the next
 * call. */
struct i2cpt_msg *wire_parse(const char *script, size_t *n);

/* Opens `spec` or fails the test. */
struct i2cpt_adapter *wire_open(const char *spec);
/* Opens a stub with this load= text, and `more` keys (",a=b" or ""). */
struct i2cpt_adapter *wire_stub(const char *text, const char *more);
/* A temporary file with this text; its name stays until the next call. */
const char *wire_file(const char *text);
void wire_unlink(void);

#endif
