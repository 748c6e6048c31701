/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `gate`, whose calls end when the test says so. */
#include "core/backend.h"
#include "core/fault.h"
#include "gate.h"
#include "core/key.h"
#include "core/options.h"
#include "registry.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool holding, terse;
static unsigned permits, entered, closed;
static int next_result;
static uint64_t deadline_ns;
static char logged[4096];
static struct i2cpt_ops ops;

static void add_log(const char *what, int value)
{
    size_t len = strlen(logged);

    if (value < 0) {
        snprintf(logged + len, sizeof(logged) - len, "%s ", what);
    } else {
        snprintf(logged + len, sizeof(logged) - len, "%s%02x ", what, value);
    }
}

static int gate_identify(const struct i2cpt_options *o, char **identity,
                         struct i2cpt_fault *fault)
{
    *identity = g_strdup_printf("gate:%s", i2cpt_options_string(o, "id"));
    return 0;
}

static int gate_open_backend(const struct i2cpt_options *o, void **priv,
                             struct i2cpt_bus_info *info,
                             struct i2cpt_fault *fault)
{
    if (i2cpt_options_number(o, "slow")) {
        pthread_mutex_lock(&lock);
        entered++;
        pthread_cond_broadcast(&changed);
        while (!permits) {
            pthread_cond_wait(&changed, &lock);
        }
        permits--;
        pthread_mutex_unlock(&lock);
    }
    if (i2cpt_options_number(o, "fail")) {
        return i2cpt_fault_text(fault, ENOENT, "fail=on: as asked");
    }
    info->functionality = I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL;
    *priv = &ops;
    return 0;
}

static void gate_close(void *priv)
{
    pthread_mutex_lock(&lock);
    closed++;
    pthread_mutex_unlock(&lock);
}

/* Begun and not collected, in order. */
static GQueue begun = G_QUEUE_INIT;
static uint16_t refused_addr;

static int perform(const char *what, struct i2cpt_xfer *x)
{
    size_t i;
    int ret;

    pthread_mutex_lock(&lock);
    entered++;
    deadline_ns = x->deadline_ns;
    pthread_cond_broadcast(&changed);
    while (holding && !permits) {
        pthread_cond_wait(&changed, &lock);
    }
    permits -= permits > 0;
    add_log(what, x->msgs[0].addr);
    if (x->msgs[0].flags & I2CPT_M_RECV_LEN) {
        add_log("N", x->msgs[0].buf[0]);
        x->msgs[0].buf[0] = 2; /* a count came before the fault */
    }
    ret = next_result;
    for (i = 0; !ret && i < x->n; i++) {
        x->msgs[i].actual = x->msgs[i].len;
        if (x->msgs[i].flags & I2CPT_M_RD) {
            memset(x->msgs[i].buf, 0x5a, x->msgs[i].len);
        }
    }
    pthread_mutex_unlock(&lock);
    return ret && !terse
               ? i2cpt_fault_set(x->fault, -ret, I2CPT_PHASE_ADDRESS, 0, -1)
               : ret;
}

/* The oldest of those begun, or one that has the bus to itself. */
static int gate_transfer(void *priv, struct i2cpt_xfer *x)
{
    g_assert(g_queue_is_empty(&begun));
    return perform("T", x);
}

static bool gate_begin(void *priv, struct i2cpt_xfer *x)
{
    bool refuses = x->msgs[0].addr == refused_addr;

    if (refuses) {
        return false;
    }
    g_queue_push_tail(&begun, x);
    pthread_mutex_lock(&lock);
    add_log("B", x->msgs[0].addr);
    pthread_mutex_unlock(&lock);
    return true;
}

static int gate_collect(void *priv, struct i2cpt_xfer *x)
{
    int ret;

    g_assert(g_queue_pop_head(&begun) == x);
    ret = perform("C", x);
    if (ret == -ENODEV) {
        g_queue_clear(&begun);
    }
    return ret;
}

static int locked_log(const char *what, int value)
{
    pthread_mutex_lock(&lock);
    add_log(what, value);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int gate_start(void *priv, uint16_t addr, uint16_t flags,
                      uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    return locked_log("S", addr);
}

static int stream_result(struct i2cpt_fault *fault)
{
    int ret;

    pthread_mutex_lock(&lock);
    ret = next_result;
    pthread_mutex_unlock(&lock);
    return ret ? i2cpt_fault_set(fault, -ret, I2CPT_PHASE_DATA, 0, 0) : 0;
}

static int gate_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    locked_log("W", byte);
    return stream_result(fault);
}

static int gate_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    *byte = 0xa5;
    return locked_log("R", -1);
}

static int gate_stop(void *priv, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    locked_log("E", -1);
    return stream_result(fault);
}

static bool gate_instant(void *priv)
{
    return true;
}

static const struct i2cpt_key keys[] = {
    {.name = "id", .kind = I2CPT_KEY_STRING, .def = "0"},
    {.name = "fail", .kind = I2CPT_KEY_SWITCH, .def = "off"},
    {.name = "frequency",
     .kind = I2CPT_KEY_FREQUENCY,
     .min = 10000,
     .max = 1000000,
     .def = "100k"},
    {.name = "mode", .kind = I2CPT_KEY_CHOICE, .choices = "slow|fast"},
    {.name = "slow", .kind = I2CPT_KEY_SWITCH, .def = "off"},
    {NULL},
};

void gate_install(enum gate_kind kind)
{
    bool streams = kind != GATE_NO_STREAM;

    ops = (struct i2cpt_ops){
        .name = "gate",
        .help = "for tests",
        .flags = kind == GATE_OUTLIVES ? I2CPT_OPS_OUTLIVES : 0,
        .keys = keys,
        .identify = gate_identify,
        .open = gate_open_backend,
        .close = gate_close,
        .transfer = gate_transfer,
        .begin = kind == GATE_PIPELINE ? gate_begin : NULL,
        .collect = kind == GATE_PIPELINE ? gate_collect : NULL,
        .stream_start = streams ? gate_start : NULL,
        .stream_write = streams ? gate_write : NULL,
        .stream_read = streams ? gate_read : NULL,
        .stream_stop = streams ? gate_stop : NULL,
        .instant = kind == GATE_INSTANT ? gate_instant : NULL,
    };
    i2cpt_extra_backend = &ops;
    pthread_mutex_lock(&lock);
    holding = terse = false;
    permits = entered = closed = 0;
    refused_addr = UINT16_MAX;
    g_queue_clear(&begun);
    next_result = 0;
    logged[0] = 0;
    pthread_mutex_unlock(&lock);
}

void gate_hold(bool hold)
{
    pthread_mutex_lock(&lock);
    holding = hold;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void gate_open(unsigned calls)
{
    pthread_mutex_lock(&lock);
    permits += calls;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void gate_wait_entered(unsigned n)
{
    pthread_mutex_lock(&lock);
    while (entered < n) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

void gate_result(int result)
{
    pthread_mutex_lock(&lock);
    next_result = result;
    pthread_mutex_unlock(&lock);
}

void gate_be_terse(void)
{
    terse = true;
}

void gate_refuse(uint16_t addr)
{
    refused_addr = addr;
}

unsigned gate_entered(void)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = entered;
    pthread_mutex_unlock(&lock);
    return n;
}

unsigned gate_closed(void)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = closed;
    pthread_mutex_unlock(&lock);
    return n;
}

const char *gate_log(void)
{
    static char copy[sizeof(logged)];

    pthread_mutex_lock(&lock);
    memcpy(copy, logged, sizeof(copy));
    pthread_mutex_unlock(&lock);
    return copy;
}

uint64_t gate_deadline_ns(void)
{
    uint64_t ns;

    pthread_mutex_lock(&lock);
    ns = deadline_ns;
    pthread_mutex_unlock(&lock);
    return ns;
}
