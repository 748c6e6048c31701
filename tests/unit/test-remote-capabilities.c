/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server's adapter is like, told over a connection: whether refusals say
 * where they were, which a passthrough's care goes by. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "bus/calls.h"
#include "i2cpt-backend.h"
#include "remote-peer.h"
#include "unit.h"

static int fake_open(void *user, const struct i2cpt_options *options,
                     void **instance, struct i2cpt_backend_info *info,
                     struct i2cpt_fault *fault)
{
    static const uint32_t flags[] = {0, I2CPT_BACKEND_TELLS_PHASE,
                                     I2CPT_BACKEND_HIDES_PHASE};

    info->functionality = I2CPT_FUNC_I2C;
    info->flags = flags[i2cpt_backend_number(options, "phase")];
    return 0;
}

static int fake_transfer(void *instance, struct i2cpt_backend_xfer *x)
{
    return -EREMOTEIO;
}

static int fake_start(void *instance, uint16_t addr, uint16_t flags,
                      uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    return 0;
}

static int fake_write(void *instance, uint8_t byte, uint64_t deadline_ns,
                      struct i2cpt_fault *fault)
{
    return 0;
}

static int fake_read(void *instance, uint8_t *byte, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    return 0;
}

static int fake_stop(void *instance, uint64_t deadline_ns,
                     struct i2cpt_fault *fault)
{
    return 0;
}

static void register_phases(void)
{
    static const struct i2cpt_backend_key_def keys[] = {
        {.name = "phase",
         .kind = I2CPT_BACKEND_KEY_CHOICE,
         .choices = "learned|told|hidden",
         .def = "learned"},
    };
    static const struct i2cpt_backend_ops ops = {
        .size = sizeof(ops),
        .name = "phases",
        .keys = keys,
        .key_size = sizeof(*keys),
        .n_keys = 1,
        .open = fake_open,
        .transfer = fake_transfer,
        .stream_start = fake_start,
        .stream_write = fake_write,
        .stream_read = fake_read,
        .stream_stop = fake_stop,
    };
    struct i2cpt_fault fault;

    ck_assert_msg(!i2cpt_backend_register(&ops, NULL, &fault), "%s",
                  fault.text);
}

static const struct {
    const char *spec;
    bool tells, hides;
} phases[] = {
    {"phases", false, false},
    {"phases,phase=told", true, false},
    {"phases,phase=hidden", false, true},
};

START_TEST(as_on_that_machine)
{
    struct server s = {0};
    struct i2cpt_adapter *a;

    register_phases();
    server_start(&s, phases[_i].spec, 1);
    a = server_client(&s, "");
    ck_assert_int_eq(bus_adapter_tells_phase(a), phases[_i].tells);
    ck_assert_int_eq(bus_adapter_hides_phase(a), phases[_i].hides);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

/* The server that is there after a lost connection has to be like the first. */
START_TEST(another_after_reconnecting)
{
    struct server s = {0};
    struct i2cpt_adapter *a;
    struct i2cpt_call bad = {
        .op = I2CPT_OP_STREAM_START, .addr = 0x50, .flags = I2CPT_M_STOP};
    struct i2cpt_fault fault;
    uint8_t in[2];

    register_phases();
    ck_assert_int_eq(i2cpt_adapter_open(phases[_i].spec, &s.other, &fault), 0);
    server_start(&s, phases[0].spec, 2);
    a = server_client(&s, ",reconnect=on");
    bad.owner = a;
    ck_assert_int_eq(remote_op(a, I2CPT_OP_STREAM_START, 0x50, NULL), 0);
    /* the server hangs up */
    ck_assert_int_eq(bus_call_run(a, &bad, &fault), _i ? -ENODEV : -ECANCELED);
    ck_assert_msg(strstr(fault.text, _i ? "another adapter" : "made again"),
                  "%s", fault.text);
    remote_op(a, I2CPT_OP_STREAM_STOP, 0, NULL);
    ck_assert_int_eq(remote_read(a, 0x50, 0, in, 2, NULL),
                     _i ? -ENODEV : -EREMOTEIO);
    i2cpt_adapter_unref(a);
    server_end(&s);
}
END_TEST

static const struct {
    size_t less;           /* bytes missing at WELCOME's end */
    uint32_t capabilities; /* what it says */
    uint32_t understood;
    int ret;
} welcomes[] = {
    {0, 0, 0, 0},
    {4, WIRE_TELLS_PHASE, 0, 0}, /* older than the field */
    {3, WIRE_TELLS_PHASE, 0, -EPROTO},
    {1, WIRE_TELLS_PHASE, 0, -EPROTO},
    {0, 0xfffffff0u | WIRE_HIDES_PHASE, 0xfffffff0u | WIRE_HIDES_PHASE, 0},
    {0, WIRE_TELLS_PHASE | WIRE_HIDES_PHASE, 0, -EPROTO},
};

START_TEST(welcome_of)
{
    struct wire_welcome w = {.version = WIRE_VERSION,
                             .functionality = I2CPT_FUNC_I2C,
                             .capabilities = welcomes[_i].capabilities,
                             .name = "any"},
                        got;
    struct wire_out o = {0};
    struct wire_in in;
    int more;

    for (more = 0; more <= (welcomes[_i].less ? 0 : 8); more += 8) {
        remote_wire_put_welcome(&o, &w);
        o.len -= welcomes[_i].less;
        remote_wire_put_bytes(&o, "and more", (size_t)more); /* of later ones */
        in = (struct wire_in){.data = o.data, .len = o.len};
        ck_assert_int_eq(remote_wire_get_welcome(&in, &got), welcomes[_i].ret);
        if (!welcomes[_i].ret) {
            ck_assert_uint_eq(got.capabilities, welcomes[_i].understood);
        }
        remote_wire_clear(&o);
    }
}
END_TEST

START_TEST(hello_of)
{
    static const uint8_t hello[] = "i2cpt\1\0\2\0\5\0\0\x80more";
    struct wire_in in = {.data = hello};
    uint32_t capabilities;
    uint16_t version;

    for (in.len = 9; in.len < sizeof(hello); in.len++) {
        bool whole = in.len == 9 || in.len >= 13;

        in.at = 0;
        in.failed = false;
        ck_assert_int_eq(remote_wire_get_hello(&in, &version, &capabilities),
                         whole ? 0 : -EPROTO);
        if (whole) {
            ck_assert_uint_eq(version, 2);
            ck_assert_uint_eq(capabilities, in.len == 9 ? 0 : 0x80000005u);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("remote-capabilities");
    TCase *c = tcase_create("remote-capabilities");

    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, as_on_that_machine, 0, 3);
    tcase_add_loop_test(c, another_after_reconnecting, 0, 3);
    tcase_add_loop_test(c, welcome_of, 0,
                        sizeof(welcomes) / sizeof(welcomes[0]));
    tcase_add_test(c, hello_of);
    suite_add_tcase(s, c);
    return unit_run(s);
}
