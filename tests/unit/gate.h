/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A backend whose calls end when the test says so: `gate,id=NAME`; with slow=on
 * its opening too, which counts as entered and waits for gate_open(). Each call
 * is logged as one letter and its address or byte; with hold=on a transfer to
 * address A waits for gate_open() once per call, whatever its deadline is.
 */
#ifndef GATE_H
#define GATE_H

#include "core/backend.h"
#include "core/deadline-thread.h"

enum gate_kind {
    GATE_PLAIN,
    GATE_OUTLIVES,
    GATE_INSTANT,
    GATE_PIPELINE,
    GATE_NO_STREAM
};

void gate_install(enum gate_kind kind);
void gate_hold(bool hold);          /* transfers wait from now on */
void gate_open(unsigned calls);     /* let that many go on */
void gate_wait_entered(unsigned n); /* until n transfers have ever begun */
void gate_result(int result);       /* of transfers, stream writes and STOPs */
void gate_be_terse(void); /* no word on where, of transfers; before opening */
/* GATE_PIPELINE: what begins so is not begun behind others; before opening. */
void gate_refuse(uint16_t addr);
unsigned gate_entered(void);
uint64_t gate_deadline_ns(void); /* of the last transfer */
unsigned gate_closed(void);      /* how often close() was called */
const char *gate_log(void); /* "T48 S50 W01 R E ", pipelined "B48 C48 "; N01:
                               RECV_LEN with buf[0] 1 */

#endif
