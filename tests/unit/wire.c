/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transfers as text, run on an adapter, with their results as text. */
#include <check.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bus/calls.h"
#include "wire.h"

#define MSGS  8
#define BYTES 300

struct script {
    char **words;
    size_t at;
    uint16_t addr;
    struct i2cpt_msg msgs[MSGS];
    uint8_t bufs[MSGS][BYTES];
    size_t n;
};

static GString *out;

static void result(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void result(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(out, format, args);
    va_end(args);
}

static struct i2cpt_msg *add(struct script *s, uint16_t flags, uint32_t len)
{
    ck_assert_uint_lt(s->n, MSGS);
    struct i2cpt_msg *m = &s->msgs[s->n];

    *m = (struct i2cpt_msg){
        .addr = s->addr, .flags = flags, .len = len, .buf = s->bufs[s->n]};
    s->n++;
    return m;
}

static void word(struct script *s, const char *w)
{
    struct i2cpt_msg *m = s->n ? &s->msgs[s->n - 1] : NULL;

    if (w[0] == '@') {
        s->addr = (uint16_t)strtoul(w + 1, NULL, 16);
    } else if (!strcmp(w, "w")) {
        add(s, 0, 0);
    } else if (!strncmp(w, "r?", 2)) {
        bool pec = w[2] == '+';
        m = add(s, I2CPT_M_RD | I2CPT_M_RECV_LEN, pec ? 257 : 256);
        m->buf[0] = pec ? 2 : 1;
    } else if (w[0] == 'r') {
        add(s, I2CPT_M_RD, (uint32_t)atoi(w + 1));
    } else {
        ck_assert(m && !(m->flags & I2CPT_M_RD) && m->len < BYTES);
        m->buf[m->len++] = (uint8_t)strtoul(w, NULL, 16);
    }
}

/* The messages up to "p" or the end; false where there are none. */
static bool next(struct script *s)
{
    s->n = 0;
    while (s->words[s->at] && strcmp(s->words[s->at], "p"))
        word(s, s->words[s->at++]);
    if (s->words[s->at])
        s->at++;
    return s->n;
}

static void tell(const struct script *s, int rc,
                 const struct i2cpt_fault *fault)
{
    static const char *const phases[] = {"unknown", "address", "data", "stop"};
    bool any = false;

    if (out->len)
        result(" ");
    if (rc) {
        ck_assert_int_eq(fault->code, -rc);
        result("!%s %s %d %d", i2cpt_error_name(rc), phases[fault->phase],
               fault->msg, fault->byte);
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct i2cpt_msg *m = &s->msgs[i];

        if (!(m->flags & I2CPT_M_RD) || !m->actual)
            continue;
        result(any ? " |" : "=");
        any = true;
        for (uint32_t j = 0; j < m->actual; j++)
            result(" %02x", m->buf[j]);
    }
    if (!any)
        result("ok");
}

typedef int (*run_fn)(struct i2cpt_adapter *a, struct script *s,
                      struct i2cpt_fault *fault);

static const char *run(struct i2cpt_adapter *a, const char *text, run_fn fn)
{
    struct script s = {.words = g_strsplit(text, " ", -1), .addr = 0x48};
    struct i2cpt_fault fault;

    if (!out)
        out = g_string_new(NULL);
    g_string_truncate(out, 0);
    while (next(&s)) {
        int rc = fn(a, &s, &fault);
        tell(&s, rc, &fault);
    }
    g_strfreev(s.words);
    return out->str;
}

static int by_transfer(struct i2cpt_adapter *a, struct script *s,
                       struct i2cpt_fault *fault)
{
    return i2cpt_transfer(a, s->msgs, s->n, fault);
}

static int stream_msg(struct i2cpt_adapter *a, struct i2cpt_msg *m,
                      struct i2cpt_fault *fault)
{
    struct i2cpt_call c = {.op = I2CPT_OP_STREAM_START,
                           .owner = &out,
                           .addr = m->addr,
                           .flags = m->flags & I2CPT_M_RD};
    bool counted = m->flags & I2CPT_M_RECV_LEN;
    uint32_t len = counted ? 1 : m->len;
    int rc = bus_call_run(a, &c, fault);

    c.op = m->flags & I2CPT_M_RD ? I2CPT_OP_STREAM_READ : I2CPT_OP_STREAM_WRITE;
    while (!rc && m->actual < len) {
        uint8_t extra = m->buf[0];
        c.byte = m->buf[m->actual];
        rc = bus_call_run(a, &c, fault);
        if (rc)
            break;
        m->buf[m->actual++] = c.byte;
        if (counted && m->actual == 1)
            len = c.byte + extra;
    }
    return rc;
}

static int by_stream(struct i2cpt_adapter *a, struct script *s,
                     struct i2cpt_fault *fault)
{
    struct i2cpt_call stop = {.op = I2CPT_OP_STREAM_STOP, .owner = &out};
    int rc = 0;

    for (size_t i = 0; !rc && i < s->n; i++)
        rc = stream_msg(a, &s->msgs[i], fault);
    ck_assert_int_eq(bus_call_run(a, &stop, NULL), rc == -ENODEV ? rc : 0);
    return rc;
}

const char *wire(struct i2cpt_adapter *a, const char *script)
{
    return run(a, script, by_transfer);
}

const char *wire_stream(struct i2cpt_adapter *a, const char *script)
{
    return run(a, script, by_stream);
}

struct i2cpt_msg *wire_parse(const char *script, size_t *n)
{
    static struct script s;

    memset(&s, 0, sizeof(s));
    s.words = g_strsplit(script, " ", -1);
    s.addr = 0x48;
    ck_assert(next(&s));
    g_strfreev(s.words);
    *n = s.n;
    return s.msgs;
}

struct i2cpt_adapter *wire_open(const char *spec)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int rc = i2cpt_adapter_open(spec, &a, &fault);

    ck_assert_msg(!rc, "%s: %s", spec, fault.text);
    return a;
}

static char *file;

void wire_unlink(void)
{
    if (file)
        unlink(file);
    g_free(file);
    file = NULL;
}

const char *wire_file(const char *text)
{
    wire_unlink();
    int fd = g_file_open_tmp("i2cpt-XXXXXX", &file, NULL);

    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert(g_file_set_contents(file, text, -1, NULL));
    return file;
}

struct i2cpt_adapter *wire_stub(const char *text, const char *more)
{
    char *spec = g_strdup_printf("stub,load=%s%s", wire_file(text), more);
    struct i2cpt_adapter *a = wire_open(spec);

    g_free(spec);
    wire_unlink();
    return a;
}
