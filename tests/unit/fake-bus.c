/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend `fake`, scripted and logged in short text. */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "fake-bus.h"
#include "registry.h"
#include "unit.h"

static struct {
    pthread_mutex_t lock;
    struct fake_config config;
    bool instant;
    char log[1 << 16];
    char script[256];
    size_t at;
    uint8_t data[256];
    size_t size;
    size_t pos[128];
    uint16_t addr; /* of the stream */
    int byte;
    int calls, at_call; /* of the stream, and which `then` comes behind */
    void (*then)(void *user);
    void *then_user;
    uint64_t *clock_ns; /* the guest's */
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fake_say(const char *format, ...)
{
    size_t len;
    va_list ap;

    pthread_mutex_lock(&fake.lock);
    len = strlen(fake.log);
    va_start(ap, format);
    vsnprintf(fake.log + len, sizeof(fake.log) - len, format, ap);
    va_end(ap);
    pthread_mutex_unlock(&fake.lock);
}

const char *fake_log(void)
{
    return g_strchomp(fake.log);
}

void fake_script(const char *letters)
{
    pthread_mutex_lock(&fake.lock);
    g_strlcat(fake.script, letters, sizeof(fake.script));
    pthread_mutex_unlock(&fake.lock);
}

void fake_data(const char *hex)
{
    pthread_mutex_lock(&fake.lock);
    for (fake.size = 0; hex[0] && hex[1]; hex += 2) {
        fake.data[fake.size++] = (uint8_t)(g_ascii_xdigit_value(hex[0]) * 16 +
                                           g_ascii_xdigit_value(hex[1]));
    }
    pthread_mutex_unlock(&fake.lock);
}

static char next_letter(void)
{
    char c;

    pthread_mutex_lock(&fake.lock);
    c = fake.script[fake.at];
    fake.at += c != 0;
    pthread_mutex_unlock(&fake.lock);
    return c ? c : 'o';
}

static int outcome(struct i2cpt_fault *fault)
{
    static const struct {
        char letter;
        int code, phase, msg, byte;
    } outcomes[] = {
        {'x', ENXIO, I2CPT_PHASE_ADDRESS, 0, -1},
        {'y', ENXIO, I2CPT_PHASE_ADDRESS, 1, -1},
        {'z', ENXIO, I2CPT_PHASE_ADDRESS, -1, -1},
        {'i', ENXIO, I2CPT_PHASE_UNKNOWN, -1, -1},
        {'d', EIO, I2CPT_PHASE_DATA, 0, 1},
        {'h', EREMOTEIO, I2CPT_PHASE_UNKNOWN, -1, -1},
        {'t', ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1, -1},
        {'m', I2CPT_EMISMATCH, I2CPT_PHASE_UNKNOWN, -1, -1},
        {'u', EOPNOTSUPP, I2CPT_PHASE_UNKNOWN, -1, -1},
        {'p', EPROTO, I2CPT_PHASE_DATA, 0, 0},
    };
    char letter = next_letter();
    size_t i;

    if (letter == 'o') {
        return 0;
    }
    fake_say("!%c", letter);
    for (i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        if (outcomes[i].letter == letter) {
            return i2cpt_fault_set(fault, outcomes[i].code, outcomes[i].phase,
                                   outcomes[i].msg, outcomes[i].byte);
        }
    }
    ck_abort_msg("no outcome '%c'", letter);
    return -EINVAL;
}

static uint8_t next_byte(uint16_t addr)
{
    size_t pos = fake.pos[addr & 0x7f]++;

    return fake.size ? fake.data[pos % fake.size] : (uint8_t)(0xa0 + pos);
}

static void fill(struct i2cpt_msg *msg)
{
    uint32_t i, n = msg->len, extra = msg->len ? msg->buf[0] : 0;

    if (!fake.config.continues) {
        fake.pos[msg->addr & 0x7f] = 0;
    }
    for (i = 0; i < n; i++) {
        msg->buf[i] = next_byte(msg->addr);
        if (!i && (msg->flags & I2CPT_M_RECV_LEN)) {
            n = MIN(msg->buf[0] + extra, msg->len);
        }
    }
    msg->actual = n;
}

static void say_msg(const struct i2cpt_msg *msg, const char *sep)
{
    bool block = msg->flags & I2CPT_M_RECV_LEN;
    uint32_t i;

    if (msg->flags & I2CPT_M_RD) {
        fake_say("%s%c%02x:%u", sep, block ? 'R' : 'r', msg->addr,
                 block ? msg->buf[0] : msg->len);
        return;
    }
    fake_say("%sw%02x:", sep, msg->addr);
    if (msg->len > 40) {
        fake_say("*%u", msg->len);
        return;
    }
    for (i = 0; i < msg->len; i++) {
        fake_say("%02x", msg->buf[i]);
    }
}

/* The wire takes its time, also in the worker. */
static void pass(const struct i2cpt_xfer *x)
{
    uint64_t us = fake.config.transfer_us;
    size_t i;

    for (i = 0; i < x->n; i++) {
        us += (1 + (uint64_t)x->msgs[i].len) * fake.config.byte_us;
    }
    if (us) {
        __atomic_fetch_add(fake.clock_ns, us * 1000, __ATOMIC_RELAXED);
    }
}

static int fake_transfer(void *priv, struct i2cpt_xfer *x)
{
    size_t i;
    int ret;

    for (i = 0; i < x->n; i++) {
        say_msg(&x->msgs[i], i ? "+" : "");
    }
    fake_say("%s%s%s%s", x->marks & I2CPT_MARK_PROBE ? "?" : "",
             x->marks & I2CPT_MARK_RESEND ? "&" : "",
             x->marks & I2CPT_MARK_CONTINUE ? ">" : "",
             x->marks & I2CPT_MARK_TOOK_FOLLOWS ? "~" : "");
    ret = outcome(x->fault);
    for (i = 0; !ret && i < x->n; i++) {
        x->msgs[i].actual = x->msgs[i].len;
        if (x->msgs[i].flags & I2CPT_M_RD) {
            fill(&x->msgs[i]);
        }
    }
    pass(x);
    fake_say(" ");
    return ret;
}

/* Native commands, where the test leaves plain I2C out. */
static int fake_smbus(void *priv, struct i2cpt_smbus_call *call,
                      uint64_t deadline_ns, uint32_t marks,
                      struct i2cpt_fault *fault)
{
    bool counted = call->protocol == I2CPT_SMBUS_I2C_BLOCK_DATA ||
                   call->protocol == I2CPT_SMBUS_BLOCK_DATA;
    uint32_t i, n;
    int ret;

    fake_say("smbus%u%s@%02x:%02x", call->protocol, call->read ? "r" : "w",
             call->addr, call->command);
    if (call->protocol == I2CPT_SMBUS_I2C_BLOCK_DATA) {
        fake_say("/%u", call->block[0]);
    }
    fake_say("%s%s%s", marks & I2CPT_MARK_PROBE ? "?" : "",
             marks & I2CPT_MARK_RESEND ? "&" : "",
             marks & I2CPT_MARK_TOOK_FOLLOWS ? "~" : "");
    ret = outcome(fault);
    fake_say(" ");
    if (ret || (!call->read && call->protocol != I2CPT_SMBUS_PROC_CALL)) {
        return ret;
    }
    fake.pos[call->addr & 0x7f] = 0;
    if (call->protocol == I2CPT_SMBUS_BLOCK_DATA) {
        call->block[0] = next_byte(call->addr);
    }
    n = counted ? call->block[0] : 2;
    /* a host that lies in its count has no more room than another */
    for (i = 0; i < n && i + counted < sizeof(call->block); i++) {
        call->block[i + counted] = next_byte(call->addr);
    }
    return 0;
}

void fake_then(int call, void (*then)(void *user), void *user)
{
    fake.calls = 0;
    fake.at_call = call;
    fake.then = then;
    fake.then_user = user;
}

/* A call of the stream is over, but has not returned. */
static int stream_outcome(struct i2cpt_fault *fault)
{
    int ret = outcome(fault);

    fake_say(" ");
    if (fake.then && fake.calls++ == fake.at_call) {
        fake.then(fake.then_user);
    }
    return ret;
}

static int fake_start(void *priv, uint16_t addr, uint16_t flags,
                      uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    int ret;

    fake.addr = addr;
    if (!fake.config.continues) {
        fake.pos[addr & 0x7f] = 0;
    }
    fake_say("S%02x%c", addr, flags & I2CPT_M_RD ? 'r' : 'w');
    ret = stream_outcome(fault);
    return ret;
}

static int fake_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    int ret;

    fake_say("b%02x", byte);
    ret = stream_outcome(fault);
    return ret;
}

static int fake_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    int ret;

    fake_say("r");
    ret = stream_outcome(fault);
    if (!ret) {
        *byte = next_byte(fake.addr);
    }
    return ret;
}

static int fake_stop(void *priv, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    int ret;

    fake_say("P");
    ret = stream_outcome(fault);
    return ret;
}

static void fake_took(void *priv, const void *owner, uint32_t n)
{
    fake_say("took%u ", n);
}

static int fake_flush(void *priv)
{
    fake_say("flush ");
    return 0;
}

static int fake_open(const struct i2cpt_options *o, void **priv,
                     struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    info->functionality = fake.config.functionality
                              ? fake.config.functionality
                              : I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL;
    info->no_stream = fake.config.no_stream;
    info->frequency_hz = fake.config.frequency_hz;
    *priv = &fake;
    return 0;
}

static void fake_close(void *priv)
{
}

static bool fake_instant(void *priv)
{
    return fake.instant;
}

static const struct i2cpt_key fake_keys[] = {{.name = NULL}};

static const struct i2cpt_ops fake_ops = {
    .name = "fake",
    .help = "for tests",
    .keys = fake_keys,
    .open = fake_open,
    .close = fake_close,
    .transfer = fake_transfer,
    .smbus = fake_smbus,
    .stream_start = fake_start,
    .stream_write = fake_write,
    .stream_read = fake_read,
    .stream_stop = fake_stop,
    .took = fake_took,
    .flush = fake_flush,
    .instant = fake_instant,
};

void fake_install(const struct fake_config *config, bool instant,
                  uint64_t *clock_ns)
{
    i2cpt_extra_backend = &fake_ops;
    fake.config = *config;
    fake.instant = instant;
    fake.log[0] = fake.script[0] = 0;
    fake.at = fake.size = 0;
    fake.then = NULL;
    fake.clock_ns = clock_ns;
    memset(fake.pos, 0, sizeof(fake.pos));
}
