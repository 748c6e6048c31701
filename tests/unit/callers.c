/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Callers of the adapters that tests of the bus open. */
#include <glib.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "callers.h"
#include "core/clock.h"
#include "unit.h"

struct i2cpt_adapter *open_gate(const char *spec)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    /* what is not about a deadline must not miss one on a busy machine */
    char *all = g_strconcat(
        spec, strstr(spec, ",timeout-ms=") ? "" : ",timeout-ms=20000", NULL);

    ck_assert_msg(!i2cpt_adapter_open(all, &a, &fault), "%s: %s", all,
                  fault.text);
    g_free(all);
    return a;
}

int read2(struct i2cpt_adapter *a, uint16_t addr, uint8_t *in,
          struct i2cpt_fault *fault)
{
    uint8_t reg = 0;
    struct i2cpt_msg msgs[] = {
        {.addr = addr, .len = 1, .buf = &reg},
        {.addr = addr, .flags = I2CPT_M_RD, .len = 2, .buf = in},
    };

    return i2cpt_transfer(a, msgs, 2, fault);
}

int read2_patiently(struct i2cpt_adapter *a, uint16_t addr, uint8_t *in)
{
    uint8_t reg = 0;
    struct i2cpt_msg msgs[] = {
        {.addr = addr, .len = 1, .buf = &reg},
        {.addr = addr, .flags = I2CPT_M_RD, .len = 2, .buf = in},
    };
    struct i2cpt_call call = {.op = I2CPT_OP_TRANSFER,
                              .msgs = msgs,
                              .n = 2,
                              .deadline_ns = i2cpt_now_ns() + 60000000000u};

    return bus_call_run(a, &call, NULL);
}

/* The kernel's letter for what a thread does. */
static char state_of(int tid)
{
    char *path = g_strdup_printf("/proc/self/task/%d/stat", tid);
    char *text = NULL, state = '?';

    if (g_file_get_contents(path, &text, NULL, NULL) && strrchr(text, ')')) {
        state = strrchr(text, ')')[2];
    }
    g_free(text);
    g_free(path);
    return state;
}

void wait_asleep(int tid)
{
    while (state_of(tid) != 'S') {
        sched_yield();
    }
}

static void *waiter_main(void *arg)
{
    struct waiter *w = arg;

    w->ret = read2(w->adapter, w->addr, w->in, &w->fault);
    return NULL;
}

void waiter_start(struct waiter *w, struct i2cpt_adapter *a, uint16_t addr)
{
    w->adapter = a;
    w->addr = addr;
    ck_assert_int_eq(pthread_create(&w->thread, NULL, waiter_main, w), 0);
}

void completed(struct i2cpt_request *r, int result,
               const struct i2cpt_fault *fault, void *user)
{
    struct completion *c = user;

    c->calls++;
    c->result = result;
    c->code = fault->code;
    c->msg = fault->msg;
    c->byte = fault->byte;
    if (c->order) {
        strncat(c->order, &c->letter, 1);
    }
    if (c->unref) {
        i2cpt_adapter_unref(c->unref);
    }
}

void poll_dispatch(struct i2cpt_adapter *a, struct completion *c)
{
    struct pollfd p = {i2cpt_adapter_fd(a), POLLIN, 0};

    while (!c->calls) {
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        ck_assert_int_ge(i2cpt_dispatch(a), 0);
    }
}

int stream_op(struct i2cpt_adapter *a, enum i2cpt_op op, const void *owner,
              uint8_t value)
{
    struct i2cpt_call call = {
        .op = op, .owner = owner, .addr = value, .byte = value};

    return bus_call_run(a, &call, NULL);
}
