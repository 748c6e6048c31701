/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls an adapter in tests of the bus: this thread, another one, or by a
 * request. */
#ifndef CALLERS_H
#define CALLERS_H

#include <pthread.h>

#include "bus/calls.h"

/* Or the test fails. */
struct i2cpt_adapter *open_gate(const char *spec);

/* Register 0, two bytes of it. */
int read2(struct i2cpt_adapter *a, uint16_t addr, uint8_t *in,
          struct i2cpt_fault *fault);

/* The same, whatever the adapter's own timeout: a minute. */
int read2_patiently(struct i2cpt_adapter *a, uint16_t addr, uint8_t *in);

/* Until that thread of this process (its gettid()) waits in the kernel. Where
 * it does so for something else than is meant, a test sees less and does not
 * fail.
 */
void wait_asleep(int tid);

/* The same in a thread, which the test joins. */
struct waiter {
    struct i2cpt_adapter *adapter;
    uint16_t addr;
    uint8_t in[2];
    int ret;
    struct i2cpt_fault fault;
    pthread_t thread;
};
void waiter_start(struct waiter *w, struct i2cpt_adapter *a, uint16_t addr);

/* What a request's done() was told; it appends `letter` to `order`, and drops
 * the handle `unref`, where those are given. */
struct completion {
    int calls, result, code, msg, byte;
    struct i2cpt_adapter *unref;
    char *order;
    char letter;
};
void completed(struct i2cpt_request *r, int result,
               const struct i2cpt_fault *fault, void *user);
/* Until it was. */
void poll_dispatch(struct i2cpt_adapter *a, struct completion *c);

/* `value` is an address or a byte. */
int stream_op(struct i2cpt_adapter *a, enum i2cpt_op op, const void *owner,
              uint8_t value);

#endif
