/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session that is recorded and then replayed: its files, its adapters, and
 * the guest's passthrough. */
#ifndef SESSION_H
#define SESSION_H

#include <glib.h>

#include "i2cpt.h"

/* A folder of this test's own, with what becomes its trace and its chips. */
struct session_files {
    char *dir, *trace, *load;
};
/* `chips`: NULL leaves the file to the test. */
void session_begin(struct session_files *f, const char *chips);
void session_end(struct session_files *f);

/* The adapter of that specification, or the test fails. */
struct i2cpt_adapter *session_open(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* The blocking form, with `keys` (name, value, ..., NULL) and a clock of its
 * own, which the machine's load does not move: 1 us later each time it is
 * looked at. No timer is ever called. */
struct i2cpt_passthrough *session_guest(struct i2cpt_adapter *a,
                                        const char *addresses,
                                        const char *const *keys,
                                        uint64_t *clock_ns);

#endif
