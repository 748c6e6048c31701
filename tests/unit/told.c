/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The back end that answers as it is told; see the header. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-trace.h"
#include "told.h"
#include "unit.h"

struct told told;
struct told_saw told_saw;
int told_user;

/* Adds each line that told.lines names, and looks at what that gives. */
static void name_lines(struct i2cpt_backend_lines *lines)
{
    g_auto(GStrv) rows = g_strsplit(told.lines ? told.lines : "", " ", 0);
    char name[64];
    int level, ret, i;

    for (i = 0; rows[i]; i++) {
        ck_assert_int_eq(sscanf(rows[i], "%63[^+]+%d=%d", name, &level, &ret),
                         3);
        ck_assert_msg(i2cpt_backend_line_add(lines, name, level) == ret, "%s",
                      rows[i]);
    }
    told_saw.lines = lines;
}

static int fake_open(void *user, const struct i2cpt_options *options,
                     void **instance, struct i2cpt_backend_info *info,
                     struct i2cpt_fault *fault)
{
    ck_assert_ptr_eq(user, &told_user);
    ck_assert_ptr_eq(*instance, &told_user);
    ck_assert_uint_eq(info->size, sizeof(*info));
    told_saw.opened++;
    name_lines(info->lines);
    info->flags = told.flags;
    info->functionality = told.functionality;
    info->frequency_hz = (uint32_t)i2cpt_backend_number(options, "speed");
    return told.fails_to_open
               ? i2cpt_backend_fail(fault, ENODEV, 0, -1, -1, "nobody home")
               : told.ret;
}

static void fake_close(void *instance)
{
    told_saw.closed++;
}

static void spoil_fault(struct i2cpt_fault *fault)
{
    memset(fault, 0x7f, sizeof(*fault));
}

static void answer(struct i2cpt_backend_xfer *x, size_t i)
{
    struct i2cpt_msg *m = i2cpt_backend_msg(x, i);

    ck_assert_uint_eq(m->actual, 0);
    m->actual = m->len;
    if (m->flags & I2CPT_M_RECV_LEN) {
        m->actual = told.count + m->buf[0];
        m->buf[0] = told.count;
    } else if (m->flags & I2CPT_M_RD && m->len) {
        memset(m->buf, 0x5a, m->len);
    }
    if (i + 1 == x->n) {
        m->actual += told.beyond - told.short_by;
    }
    if (told.spoils_msgs) {
        m->len = UINT32_MAX;
        m->buf = NULL;
        m->addr = 0xffff;
    }
}

static int fake_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    size_t i;

    ck_assert_uint_eq(x->size, sizeof(*x));
    told_saw.transfers++;
    told_saw.marks = x->marks;
    told_saw.owner = x->owner;
    told_saw.n = x->n;
    told_saw.msg_size = x->msg_size;
    told_saw.deadline_ns = x->deadline_ns;
    for (i = 0; i < x->n; i++) {
        answer(x, i);
    }
    if (told.spoils_fault) {
        spoil_fault(x->fault);
        return told.ret;
    }
    return told.ret < 0 ? i2cpt_backend_fail(x->fault, -told.ret,
                                             I2CPT_PHASE_DATA, 0, 1, NULL)
                        : told.ret;
}

static int fake_smbus(void *instance, struct i2cpt_backend_smbus *call)
{
    ck_assert_uint_eq(call->size, sizeof(*call));
    told_saw.out_len = call->out_len;
    told_saw.in_size = call->in_size;
    memcpy(told_saw.out, call->out, MIN(call->out_len, sizeof(told_saw.out)));
    memset(call->in, 0x5a, call->in_size);
    call->in_len = told.in_len;
    return told.ret;
}

static int fake_start(void *instance, uint16_t addr, uint16_t flags,
                      uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    g_strlcat(told_saw.log, flags & I2CPT_M_RD ? "Sr " : "Sw ",
              sizeof(told_saw.log));
    return told.ret;
}

static int fake_write(void *instance, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    g_strlcat(told_saw.log, "W ", sizeof(told_saw.log));
    return 0;
}

static int fake_read(void *instance, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    g_strlcat(told_saw.log, "R ", sizeof(told_saw.log));
    *byte = 0x77;
    return 0;
}

static int fake_stop(void *instance, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    g_strlcat(told_saw.log, "P", sizeof(told_saw.log));
    return 0;
}

static void fake_took(void *instance, uint64_t owner, uint32_t n)
{
    told_saw.took++;
    told_saw.took_owner = owner;
    told_saw.took_n = n;
}

static int fake_verdict(void *instance, struct i2cpt_trace_verdict *out,
                        struct i2cpt_fault *fault)
{
    static const struct i2cpt_trace_verdict none;

    ck_assert_uint_eq(out->size, sizeof(*out));
    ck_assert_int_eq(
        memcmp(&out->truncated, &none.truncated,
               sizeof(none) - offsetof(struct i2cpt_trace_verdict, truncated)),
        0);
    memset(out, 0x41, sizeof(*out)); /* no text has an end */
    out->consumed = 7;
    return told.ret < 0
               ? i2cpt_backend_fail(fault, -told.ret, 0, -1, -1, "not yet")
               : told.ret;
}

static const struct i2cpt_backend_record_ops record_ops = {
    .size = sizeof(record_ops), .took = fake_took, .verdict = fake_verdict};

static int fake_identify(void *user, const struct i2cpt_options *options,
                         char *buf, size_t size, struct i2cpt_fault *fault)
{
    const char *bus = i2cpt_backend_text(options, "bus");

    if (bus && !strcmp(bus, "endless")) {
        memset(buf, 'x', size);
    } else if (bus) {
        g_strlcpy(buf, bus, size);
    }
    return 0;
}

/* An element of an author's header that has grown. */
struct longer_key {
    struct i2cpt_backend_key_def key;
    uint64_t more;
};
static const struct longer_key keys[] = {
    {{.name = "speed",
      .kind = I2CPT_BACKEND_KEY_FREQUENCY,
      .max = 1000000,
      .def = "100k"},
     1},
    {{.name = "bus", .flags = I2CPT_BACKEND_KEY_MAY_DIFFER}, 1},
};

struct i2cpt_backend_ops told_table(void)
{
    return (struct i2cpt_backend_ops){
        .size = sizeof(struct i2cpt_backend_ops),
        .name = "told",
        .keys = &keys[0].key,
        .key_size = sizeof(keys[0]),
        .n_keys = 2,
        .identify = fake_identify,
        .open = fake_open,
        .close = fake_close,
        .transfer = fake_transfer,
        .smbus = fake_smbus,
        .stream_start = fake_start,
        .stream_write = fake_write,
        .stream_read = fake_read,
        .stream_stop = fake_stop,
        .record = &record_ops,
    };
}

void told_begin(void)
{
    memset(&told_saw, 0, sizeof(told_saw));
    told = (struct told){.functionality =
                             I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL};
}

struct i2cpt_adapter *told_open(const char *with)
{
    struct i2cpt_backend_ops ops = told_table();
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    int ret = i2cpt_adapter_new(&ops, &told_user,
                                with ? with : "timeout-ms=60000", &a, &fault);

    ck_assert_msg(ret == 0, "%s", fault.text);
    return a;
}
