/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads of which one runs at a time, and who is next. */
#ifndef FAKE_LOCK_H
#define FAKE_LOCK_H

#include "fake-qemu.h"

enum { FAKE_ACTORS = 4 };

/* Of the set bits of `able` one, as a number. */
typedef unsigned fake_choice(unsigned able, void *opaque);

/* One more for the next run, numbered from 0; a virtual CPU or not. */
void fake_actor(bool is_cpu, void (*body)(void *opaque), void *opaque);
/* Until all have ended; false where all that are left wait for each other. */
bool fake_run(fake_choice *choice, void *opaque);
/* Whoever is chosen goes on; it may be who calls. */
void fake_yield(void);

#endif
