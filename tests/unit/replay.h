/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and their answers as one line of text each. */
#ifndef REPLAY_H
#define REPLAY_H

#include "core/backend.h"
#include "i2cpt-trace.h"
#include "core/deadline-thread.h"

/*
 * Do what `step` says and put what came of it into out[256].
 *
 *   "m w1@0x48 0x00 r2"   a transfer; "ok 1a c0", or "EIO data 0 1" (phase,
 *                         message, byte; - where not known)
 *   "g ..."  its last read is a guess      "p ..."  a probe
 *   "R ..."  sent again  "G ..." sent again, a guess   "P ..." probe again
 *   "C ..."  reads on
 *   "e ..."  a repeated START follows, perhaps  "b ..."  it began with one
 *   "x ..."  both
 *   "k 2"    the guest took 2; ""
 *   "s W48 00 11 R48 . . P"  a stream: START write and read, bytes written,
 *                            "." a byte read, P STOP; "a a a a 1a c0 a", or in
 *                            the place of an answer the error's name
 */
void replay_step(struct i2cpt_adapter *a, const char *step, char *out);

/* "2/3": asked for and all; then what is not 0: mismatches=, absent=,
 * redacted=, split=, joined=, next= (the line of the first that was not asked
 * for). */
void replay_verdict(struct i2cpt_adapter *a, char *out);

#define REPLAY_STEPS 16
struct replay_scenario {
    const char *name;
    const char *keys; /* of the adapter */
    /* transfers; a stamp and a duration come before each. Or a header
     * "restarts: any" */
    const char *lines;
    const char *steps[REPLAY_STEPS][2];
    const char *verdict;
};
/* Each step has to come to what is expected, and so has the verdict. */
void replay_scenario(const struct replay_scenario *s);

/* A trace of such lines; its path, for replay_drop(). */
char *replay_write(const char *lines);
void replay_drop(char *path);
struct i2cpt_adapter *replay_open(const char *path, const char *keys);

#endif
