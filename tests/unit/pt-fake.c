/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend `fake` and a guest on a passthrough over it, both in short
 * text.
 */
#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "core/key.h"
#include "pt-fake.h"
#include "registry.h"
#include "unit.h"

/* ------------------------------------------------------------------ the bus */

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

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
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

static void fake_data(const char *hex)
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
    say("!%c", letter);
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
        say("%s%c%02x:%u", sep, block ? 'R' : 'r', msg->addr,
            block ? msg->buf[0] : msg->len);
        return;
    }
    say("%sw%02x:", sep, msg->addr);
    if (msg->len > 40) {
        say("*%u", msg->len);
        return;
    }
    for (i = 0; i < msg->len; i++) {
        say("%02x", msg->buf[i]);
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
    say("%s%s%s%s", x->marks & I2CPT_MARK_PROBE ? "?" : "",
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
    say(" ");
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

    say("smbus%u%s@%02x:%02x", call->protocol, call->read ? "r" : "w",
        call->addr, call->command);
    if (call->protocol == I2CPT_SMBUS_I2C_BLOCK_DATA) {
        say("/%u", call->block[0]);
    }
    say("%s%s%s", marks & I2CPT_MARK_PROBE ? "?" : "",
        marks & I2CPT_MARK_RESEND ? "&" : "",
        marks & I2CPT_MARK_TOOK_FOLLOWS ? "~" : "");
    ret = outcome(fault);
    say(" ");
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

    say(" ");
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
    say("S%02x%c", addr, flags & I2CPT_M_RD ? 'r' : 'w');
    ret = stream_outcome(fault);
    return ret;
}

static int fake_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    int ret;

    say("b%02x", byte);
    ret = stream_outcome(fault);
    return ret;
}

static int fake_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    int ret;

    say("r");
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

    say("P");
    ret = stream_outcome(fault);
    return ret;
}

static void fake_took(void *priv, const void *owner, uint32_t n)
{
    say("took%u ", n);
}

static int fake_flush(void *priv)
{
    say("flush ");
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

/* ---------------------------------------------------------------- the guest */

/* Hooks are called with no lock held: nobody else is there who could. */
static void check_unlocked(struct fake_guest *g)
{
    if (g->pt && !g->threads) {
        ck_assert_int_eq(pthread_mutex_trylock(&g->pt->lock), 0);
        pthread_mutex_unlock(&g->pt->lock);
    }
}

static uint64_t guest_now(void *user)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    return __atomic_load_n(&g->now_ns, __ATOMIC_RELAXED);
}

static void guest_timer(void *user, uint64_t when_ns)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    g->timer_ns = when_ns;
}

static void guest_complete(void *user, int answer, uint8_t byte)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    g->completions++;
    g->answer = answer;
    g->byte = byte;
}

static void guest_pause(void *user, uint64_t ns)
{
    struct fake_guest *g = user;

    check_unlocked(g);
    say(". ");
    g->now_ns += ns;
}

static struct i2cpt_policy *make_policy(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, ",", 0);
    bool addressed = strstr(text, "address=") || strstr(text, "addresses=") ||
                     strstr(text, "hostaddr=");
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;
    size_t i;

    i2cpt_policy_new(&policy);
    i2cpt_policy_set(policy, "transfer", "message", NULL);
    if (!addressed) {
        i2cpt_policy_set(policy, "addresses", "0x20:0x48:0x49:0x50", NULL);
    }
    for (i = 0; words[i]; i++) {
        char *value = strchr(words[i], '=');

        *value++ = 0;
        ck_assert_msg(!i2cpt_policy_set(policy, words[i], value, &fault), "%s",
                      fault.text);
    }
    return policy;
}

void pt_guest_open_spec(struct fake_guest *g, enum pt_form form,
                        const char *spec, const char *text)
{
    struct i2cpt_hooks hooks = {
        .size = sizeof(hooks),
        .user = g,
        .complete = form == FORM_BLOCKING ? NULL : guest_complete,
        .now_ns = guest_now,
        .timer = guest_timer,
    };
    struct i2cpt_policy *policy = make_policy(text);
    struct i2cpt_fault fault;

    memset(g, 0, sizeof(*g));
    g->form = form;
    g->now_ns = 1000000000;
    g->timer_ns = UINT64_MAX;
    ck_assert_msg(!i2cpt_adapter_open(spec, &g->adapter, &fault), "%s",
                  fault.text);
    ck_assert_msg(
        !i2cpt_passthrough_new(g->adapter, policy, &hooks, &g->pt, &fault),
        "%s", fault.text);
    i2cpt_pt_set_pause(g->pt, guest_pause, g);
    i2cpt_policy_free(policy);
}

void pt_guest_open(struct fake_guest *g, enum pt_form form,
                   const struct fake_config *config, const char *text)
{
    pt_guest_open_config(g, form, config, "fake,timeout-ms=60000", text);
}

void pt_guest_open_config(struct fake_guest *g, enum pt_form form,
                          const struct fake_config *config, const char *spec,
                          const char *text)
{
    i2cpt_extra_backend = &fake_ops;
    fake.config = *config;
    fake.instant = form == FORM_INSTANT;
    fake.log[0] = fake.script[0] = 0;
    fake.at = fake.size = 0;
    fake.then = NULL;
    fake.clock_ns = &g->now_ns;
    memset(fake.pos, 0, sizeof(fake.pos));
    pt_guest_open_spec(g, form, spec, text);
}

void pt_guest_close(struct fake_guest *g)
{
    i2cpt_passthrough_free(g->pt);
    i2cpt_adapter_unref(g->adapter);
    g->pt = NULL;
    g->adapter = NULL;
}

uint64_t pt_guest_count(struct fake_guest *g, enum i2cpt_counter which)
{
    return i2cpt_passthrough_counter(g->pt, which);
}

/* The answer now, or what complete() says. */
static int answer_of(struct fake_guest *g, int answer)
{
    int before = g->completions;

    if (answer != I2CPT_PENDING) {
        return answer;
    }
    ck_assert_int_ne(g->form, FORM_BLOCKING);
    while (g->completions == before) {
        ck_assert_int_ne(i2cpt_passthrough_wait(g->pt, 1000000), -EINVAL);
    }
    ck_assert_int_eq(g->completions, before + 1);
    return g->answer;
}

int pt_guest_start(struct fake_guest *g, uint16_t addr, uint16_t flags,
                   uint32_t expect)
{
    return answer_of(g, i2cpt_passthrough_start(g->pt, addr, flags, expect));
}

int pt_guest_write(struct fake_guest *g, uint8_t byte)
{
    return answer_of(g, i2cpt_passthrough_write(g->pt, byte));
}

int pt_guest_read(struct fake_guest *g, uint8_t *byte)
{
    int answer = i2cpt_passthrough_read(g->pt, byte);

    if (answer == I2CPT_PENDING) {
        answer = answer_of(g, answer);
        *byte = g->byte;
    }
    if (answer != I2CPT_ACK) {
        ck_assert_uint_eq(*byte, 0xff);
    }
    return answer;
}

int pt_guest_stop(struct fake_guest *g)
{
    return answer_of(g, i2cpt_passthrough_stop(g->pt));
}

void pt_guest_pass(struct fake_guest *g, uint64_t ns)
{
    uint64_t end = g->now_ns + ns;

    while (g->timer_ns <= end) {
        g->now_ns = MAX(g->now_ns, g->timer_ns);
        g->timer_ns = UINT64_MAX;
        i2cpt_passthrough_timer(g->pt);
    }
    g->now_ns = MAX(g->now_ns, end);
}

static void tell(struct fake_guest *g, int answer)
{
    g_strlcat(g->answers,
              answer < 0             ? "E"
              : answer == I2CPT_ACK  ? "A"
              : answer == I2CPT_NACK ? "N"
                                     : "?",
              sizeof(g->answers));
}

static void run_reads(struct fake_guest *g, unsigned n)
{
    char hex[3];
    uint8_t byte;
    int answer;

    while (n--) {
        answer = pt_guest_read(g, &byte);
        snprintf(hex, sizeof(hex), "%02x", byte);
        g_strlcat(g->answers,
                  answer < 0             ? "E"
                  : answer == I2CPT_NACK ? "--"
                                         : hex,
                  sizeof(g->answers));
    }
}

static void run_writes(struct fake_guest *g, const char *word)
{
    unsigned byte = 0, n = 1;

    ck_assert_msg(sscanf(word, "%2xx%u", &byte, &n) >= 1, "word '%s'", word);
    while (n--) {
        tell(g, pt_guest_write(g, (uint8_t)byte));
    }
}

static void run_start(struct fake_guest *g, const char *word)
{
    unsigned addr = 0, expect = 0;

    sscanf(word + 1, "%x:%u", &addr, &expect);
    tell(g, pt_guest_start(g, (uint16_t)addr, word[0] == 'R' ? I2CPT_M_RD : 0,
                           expect));
}

static void run_word(struct fake_guest *g, const char *word)
{
    switch (word[0]) {
    case 'W':
    case 'R':
        run_start(g, word);
        break;
    case 'r':
        run_reads(g, word[1] ? (unsigned)strtoul(word + 1, NULL, 10) : 1);
        break;
    case 'P':
        tell(g, pt_guest_stop(g));
        break;
    case 'n':
        i2cpt_passthrough_nack(g->pt);
        break;
    case 'Z':
        i2cpt_passthrough_reset(g->pt);
        break;
    case 'D':
        i2cpt_passthrough_drain(g->pt);
        break;
    case '+':
        pt_guest_pass(g, strtoul(word + 1, NULL, 10) * PT_NS_PER_MS);
        break;
    case '!':
        fake_script(word + 1);
        break;
    case '=':
        fake_data(word + 1);
        break;
    default:
        run_writes(g, word);
        break;
    }
}

void pt_guest_run(struct fake_guest *g, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 0);
    size_t i;

    for (i = 0; words[i]; i++) {
        if (*words[i]) {
            run_word(g, words[i]);
        }
    }
}
