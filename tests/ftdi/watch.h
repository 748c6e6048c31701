/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the edges on the wire say: the transfers, and the times of UM10204. */
#ifndef FTDI_WATCH_H
#define FTDI_WATCH_H

#include <glib.h>

#include "wire.h"

/*
 * "S 90+ 00+ Sr 91+ c0+ ff- P": START, bytes with their acknowledge bit,
 * repeated START, STOP; "~3" three bits of a byte that was not finished.
 * Transfers are apart by a space too. The caller frees the string.
 */
char *watch_text(const struct wire_edge *edges, size_t n);

enum watch_time {
    T_HD_STA,
    T_SU_STA,
    T_SU_STO,
    T_BUF,
    T_LOW,
    T_HIGH,
    T_SU_DAT,
    T_HD_DAT,
    T_PERIOD,
    WATCH_TIMES,
};

/* Shortest of each in ns, UINT64_MAX where it did not occur. */
struct watch_times {
    uint64_t min_ns[WATCH_TIMES];
};

void watch_times(const struct wire_edge *edges, size_t n,
                 struct watch_times *out);
const char *watch_time_name(enum watch_time t);
/* UM10204 table 10: the least for the mode that has this SCL frequency. */
uint64_t watch_least_ns(enum watch_time t, uint32_t scl_hz);

#endif
