/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Back ends through the public table (i2cpt-backend.h): one that answers as it
 * is told, and what the library makes of it; back ends by name and from files.
 */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "i2cpt-backend.h"
#include "i2cpt-trace.h"
#include "told.h"
#include "unit.h"

/* ------------------------------------------------------------- its answers */

enum { WRITES = 0, READS = I2CPT_M_RD };

static const struct {
    struct told told;
    uint16_t flags;
    int ret;
    uint32_t actual;
    int32_t phase, msg, byte;
    const char *says;
} answers[] = {
    {{0}, READS, 0, 4, 0, -1, -1, ""},
    {{0}, WRITES, 0, 4, 0, -1, -1, ""},
    {{.short_by = 1}, READS, -EPROTO, 3, 0, -1, -1, "3 bytes in message 1"},
    {{.short_by = 4}, WRITES, -EPROTO, 0, 0, -1, -1, "0 bytes"},
    {{.beyond = 1}, READS, -EPROTO, 4, 0, -1, -1, "which has 4"},
    {{.beyond = UINT32_MAX - 4}, READS, -EPROTO, 4, 0, -1, -1, "4294967295"},
    {{.beyond = 9, .ret = -EIO}, WRITES, -EPROTO, 4, 0, -1, -1, "returned -5"},
    {{.ret = 1}, READS, -EPROTO, 4, 0, -1, -1, "returned 1;"},
    {{.ret = -9999}, READS, -EPROTO, 4, 0, -1, -1, "returned -9999"},
    {{.ret = -EIO}, READS, -EIO, 4, I2CPT_PHASE_DATA, 0, 1, ""},
    {{.ret = -EIO, .spoils_fault = true}, READS, -EIO, 4, 0, -1, -1, "???"},
    {{.spoils_fault = true}, READS, 0, 4, 0, -1, -1, ""},
    {{.spoils_msgs = true}, READS, 0, 4, 0, -1, -1, ""},
    {{.count = 2}, READS | I2CPT_M_RECV_LEN, 0, 3, 0, -1, -1, ""},
    {{.count = 3}, READS | I2CPT_M_RECV_LEN, 0, 4, 0, -1, -1, ""},
    {{.count = 0},
     READS | I2CPT_M_RECV_LEN,
     -EPROTO,
     1,
     0,
     -1,
     -1,
     "1 byte in"},
    {{.count = 4}, READS | I2CPT_M_RECV_LEN, -EPROTO, 4, 0, -1, -1, "5 bytes"},
    {{.count = 2, .short_by = 1},
     READS | I2CPT_M_RECV_LEN,
     -EPROTO,
     2,
     0,
     -1,
     -1,
     "2 bytes"},
};

START_TEST(test_answers)
{
    struct i2cpt_adapter *a;
    uint8_t command = 7, data[4] = {1};
    struct i2cpt_msg msgs[] = {
        {.addr = 0x48, .len = 1, .buf = &command},
        {.addr = 0x48, .flags = answers[_i].flags, .len = 4, .buf = data},
    };
    struct i2cpt_fault fault;
    int ret;

    told_begin();
    a = told_open(_i & 1 ? "retries=3,timeout-ms=60000" : NULL);
    told = answers[_i].told;
    ret = i2cpt_transfer(a, msgs, 2, &fault);
    ck_assert_msg(ret == answers[_i].ret, "%d %s", ret, fault.text);
    ck_assert_msg(strstr(fault.text, answers[_i].says), "%s", fault.text);
    ck_assert_int_eq(fault.code, -ret);
    ck_assert_int_eq(fault.phase, answers[_i].phase);
    ck_assert_int_eq(fault.msg, answers[_i].msg);
    ck_assert_int_eq(fault.byte, answers[_i].byte);
    ck_assert_uint_eq(msgs[1].actual, answers[_i].actual);
    ck_assert_uint_eq(msgs[1].len, 4);
    ck_assert_ptr_eq(msgs[1].buf, data);
    if (ret && answers[_i].flags & I2CPT_M_RECV_LEN) {
        ck_assert_uint_eq(data[0], 1);
    }
    ck_assert_uint_eq(told_saw.transfers, 1);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(test_many_messages)
{
    struct i2cpt_msg msgs[I2CPT_TRANSFER_MAX];
    struct i2cpt_adapter *a;
    uint8_t data[2];
    uint64_t before_ns;
    size_t i;

    told_begin();
    a = told_open("timeout-ms=300");
    for (i = 0; i < I2CPT_TRANSFER_MAX; i++) {
        msgs[i] = (struct i2cpt_msg){
            .addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = data};
    }
    before_ns = i2cpt_backend_now_ns();
    ck_assert_int_eq(i2cpt_transfer(a, msgs, I2CPT_TRANSFER_MAX, NULL), 0);
    ck_assert_uint_eq(msgs[I2CPT_TRANSFER_MAX - 1].actual, 2);
    ck_assert_uint_eq(told_saw.n, I2CPT_TRANSFER_MAX);
    ck_assert_uint_ge(told_saw.msg_size, sizeof(msgs[0]));
    ck_assert_uint_ge(told_saw.deadline_ns, before_ns + 300000000u);
    ck_assert_uint_le(told_saw.deadline_ns,
                      i2cpt_backend_now_ns() + 300000000u);
    i2cpt_adapter_unref(a);
}
END_TEST

/* After ENODEV nothing but close() is called. */
START_TEST(test_gone)
{
    struct i2cpt_adapter *a;
    struct i2cpt_msg m = {.addr = 0x48};

    told_begin();
    a = told_open(NULL);
    told.ret = -ENODEV;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -ENODEV);
    told.ret = 0;
    ck_assert_int_eq(i2cpt_transfer(a, &m, 1, NULL), -ENODEV);
    ck_assert_uint_eq(told_saw.transfers, 1);
    i2cpt_adapter_unref(a);
    ck_assert_uint_eq(told_saw.closed, 1);
}
END_TEST

/* ---------------------------------------------------------- SMBus commands */

enum smbus_call { BYTE, WORD, BLOCK, I2C_BLOCK, WRITE_WORD, WRITE_BLOCK };

static const struct {
    enum smbus_call call;
    size_t in_len;
    int ret; /* of our back end */
    int expected;
    size_t out_len, in_size;
    uint32_t lacks;
} smbus_calls[] = {
    {BYTE, 1, 0, 0x5a, 0, 1, 0},
    {BYTE, 0, 0, -EPROTO, 0, 1, 0},
    {BYTE, 2, 0, -EPROTO, 0, 1, 0},
    {WORD, 2, 0, 0x5a5a, 0, 2, 0},
    {WORD, 1, 0, -EPROTO, 0, 2, 0},
    {BLOCK, 32, 0, 32, 0, 32, 0},
    {BLOCK, 1, 0, 1, 0, 32, 0},
    {BLOCK, 0, 0, -EPROTO, 0, 32, 0},
    {BLOCK, 33, 0, -EPROTO, 0, 32, 0},
    {BLOCK, SIZE_MAX, 0, -EPROTO, 0, 32, 0},
    {I2C_BLOCK, 5, 0, 5, 0, 5, 0},
    {I2C_BLOCK, 4, 0, -EPROTO, 0, 5, 0},
    {I2C_BLOCK, 5, 1, -EPROTO, 0, 5, 0},
    {I2C_BLOCK, 5, -EREMOTEIO, -EREMOTEIO, 0, 5, 0},
    {I2C_BLOCK, 5, 0, -EOPNOTSUPP, 0, 0, I2CPT_FUNC_SMBUS_READ_I2C_BLOCK},
    {WRITE_WORD, 0, 0, 0, 2, 0, 0},
    {WRITE_WORD, 1, 0, -EPROTO, 2, 0, 0},
    {WRITE_BLOCK, 0, 0, 0, 3, 0, 0},
};

static int run_smbus(struct i2cpt_adapter *a, enum smbus_call call,
                     struct i2cpt_fault *fault)
{
    uint8_t block[32] = {1, 2, 3};

    switch (call) {
    case BYTE:
        return i2cpt_smbus_read_byte_data(a, 0x48, 0, 1, fault);
    case WORD:
        return i2cpt_smbus_read_word_data(a, 0x48, 0, 1, fault);
    case BLOCK:
        return i2cpt_smbus_read_block_data(a, 0x48, 0, 1, block, 32, fault);
    case I2C_BLOCK:
        return i2cpt_smbus_read_i2c_block(a, 0x48, 0, 1, block, 5, fault);
    case WRITE_WORD:
        return i2cpt_smbus_write_word_data(a, 0x48, 0, 1, 0x0201, fault);
    case WRITE_BLOCK:
        return i2cpt_smbus_write_block_data(a, 0x48, 0, 1, block, 3, fault);
    }
    return -EINVAL;
}

START_TEST(test_smbus)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    told_begin();
    told.functionality =
        I2CPT_FUNC_SMBUS_EMUL_ALL | I2CPT_FUNC_SMBUS_READ_BLOCK_DATA;
    told.functionality &= ~smbus_calls[_i].lacks;
    a = told_open(NULL);
    told.in_len = smbus_calls[_i].in_len;
    told.ret = smbus_calls[_i].ret;
    ck_assert_int_eq(run_smbus(a, smbus_calls[_i].call, &fault),
                     smbus_calls[_i].expected);
    ck_assert_uint_eq(told_saw.out_len, smbus_calls[_i].out_len);
    ck_assert_uint_eq(told_saw.in_size, smbus_calls[_i].in_size);
    ck_assert_int_eq(memcmp(told_saw.out, "\1\2\3", told_saw.out_len), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------- behind the library */

static struct i2cpt_passthrough *passthrough(struct i2cpt_adapter *a,
                                             const char *mode)
{
    struct i2cpt_policy *policy;
    struct i2cpt_passthrough *pt;

    i2cpt_policy_new(&policy);
    i2cpt_policy_set(policy, "address", "0x48", NULL);
    i2cpt_policy_set(policy, "transfer", mode, NULL);
    /* a busy machine is no guest that has gone quiet */
    i2cpt_policy_set(policy, "hold-timeout-ms", "60000", NULL);
    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, NULL, &pt, NULL), 0);
    i2cpt_policy_free(policy);
    return pt;
}

/* As a guest does. */
static uint8_t read_register(struct i2cpt_passthrough *pt)
{
    uint8_t byte;

    i2cpt_passthrough_start(pt, 0x48, 0, 0);
    i2cpt_passthrough_write(pt, 1);
    i2cpt_passthrough_start(pt, 0x48, I2CPT_M_RD, 0);
    ck_assert_int_eq(i2cpt_passthrough_read(pt, &byte), I2CPT_ACK);
    i2cpt_passthrough_stop(pt);
    return byte;
}

START_TEST(test_stream)
{
    struct i2cpt_adapter *a;
    struct i2cpt_passthrough *pt;

    told_begin();
    a = told_open(NULL);
    pt = passthrough(a, "stream");
    ck_assert_uint_eq(read_register(pt), 0x77);
    ck_assert_str_eq(told_saw.log, "Sw W Sr R P");
    told.ret = 77; /* no START says that */
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x48, 0, 0), I2CPT_NACK);
    i2cpt_passthrough_stop(pt);
    i2cpt_passthrough_free(pt);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A read ahead: what the guest took comes later, under the same number. */
START_TEST(test_took)
{
    struct i2cpt_adapter *a;
    struct i2cpt_passthrough *pt;

    told_begin();
    a = told_open(NULL);
    pt = passthrough(a, "message");
    ck_assert_uint_eq(read_register(pt), 0x5a);
    i2cpt_passthrough_free(pt);
    ck_assert(told_saw.marks & I2CPT_BACKEND_MARK_TOOK_FOLLOWS);
    ck_assert_uint_ne(told_saw.owner, 0);
    ck_assert_uint_eq(told_saw.took, 1);
    ck_assert_uint_eq(told_saw.took_n, 1);
    ck_assert_uint_eq(told_saw.took_owner, told_saw.owner);
    i2cpt_adapter_unref(a);
}
END_TEST

static const struct {
    int told, expected;
    const char *says;
} verdicts[] = {
    {0, 0, ""},
    {-EAGAIN, -EAGAIN, "not yet"},
    {5, -EPROTO, "verdict() returned 5"},
};

/* A caller whose header knows less gets that much. */
START_TEST(test_verdict)
{
    struct i2cpt_trace_verdict v = {.size = sizeof(v)}, before;
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    size_t i;

    told_begin();
    a = told_open(NULL);
    told.ret = verdicts[_i].told;
    ck_assert_int_eq(i2cpt_trace_adapter_verdict(a, &v, &fault),
                     verdicts[_i].expected);
    ck_assert_msg(strstr(fault.text, verdicts[_i].says), "%s", fault.text);
    ck_assert_uint_eq(v.size, sizeof(v));
    ck_assert_uint_eq(v.consumed, verdicts[_i].told ? 0 : 7);
    ck_assert_uint_eq(strlen(v.stalled),
                      verdicts[_i].told ? 0 : sizeof(v.stalled) - 1);
    for (i = 0; i < G_N_ELEMENTS(v.lines); i++) {
        ck_assert_uint_eq(strlen(v.lines[i].name),
                          verdicts[_i].told ? 0 : sizeof(v.lines[i].name) - 1);
    }
    memset(&v, 0x22, sizeof(v));
    before = v;
    v.size = before.size = offsetof(struct i2cpt_trace_verdict, remaining);
    i2cpt_trace_adapter_verdict(a, &v, &fault);
    ck_assert_uint_eq(v.consumed, verdicts[_i].told ? before.consumed : 7);
    ck_assert_int_eq(
        memcmp(&v.remaining, &before.remaining, sizeof(v) - v.size), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------------------ by name */

static struct i2cpt_adapter *open_spec(const char *spec, int expected)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), expected);
    return a;
}

static bool is_listed(const char *name)
{
    const char *known;
    size_t i;

    for (i = 0; (known = i2cpt_backend_name(i)); i++) {
        if (!strcmp(known, name)) {
            return true;
        }
    }
    return false;
}

START_TEST(test_by_name)
{
    struct i2cpt_backend_ops ops = told_table();
    struct i2cpt_key_info info = {.size = sizeof(info)};
    struct i2cpt_adapter *a, *b, *c;
    struct i2cpt_fault fault;

    told_begin();
    ck_assert_int_eq(i2cpt_backend_key("told", 0, &info), -ENOENT);
    ck_assert_int_eq(i2cpt_backend_register(&ops, &told_user, &fault), 0);
    ck_assert_int_eq(i2cpt_backend_register(&ops, &told_user, &fault), -EEXIST);
    ops.name = "stub";
    ck_assert_int_eq(i2cpt_backend_register(&ops, &told_user, &fault), -EEXIST);
    memset(&ops, 0, sizeof(ops)); /* it is copied */
    ck_assert(is_listed("told"));
    ck_assert_int_eq(i2cpt_backend_key("told", 0, &info), 0);
    ck_assert_str_eq(info.def, "100k");
    a = open_spec("told,bus=one", 0);
    b = open_spec("told,bus=one", 0);
    ck_assert_uint_eq(told_saw.opened, 1);
    c = open_spec("told,bus=two", 0);
    ck_assert_uint_eq(told_saw.opened, 2);
    ck_assert_str_eq(i2cpt_adapter_name(c), "told:two");
    open_spec("told,bus=one,speed=1k", -EINVAL);
    open_spec("told,bus=endless", -EPROTO);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(c);
    ck_assert_uint_eq(told_saw.closed, 2);
}
END_TEST

/* What list() of the back end "listed" finds, and says then. */
static const struct {
    const char *finds[3];
    int ret;         /* of list() */
    int more;        /* of found() */
    const char *sum; /* what the caller of i2cpt_list() hears of it */
    int says;        /* i2cpt_list() */
} lists[] = {
    {{"listed", "listed,speed=1k"},
     0,
     0,
     "[listed about][listed,speed=1k about]",
     0},
    {{"listed", "listed"}, 0, 7, "[listed about]", 7}, /* and it goes on */
    {{"listed", "listed"}, 3, 7, "[listed about]", 7},
    {{NULL, "listed"}, 0, 0, "[listed about]", 0},
    {{"", "listedd", "listed"}, 0, 0, "[listed about]", 0},
    {{"stub", "listed\n", "listed,speed=\033[m"}, 0, 0, "", 0},
    {{"listed"}, 3, 0, "[listed about]", -EPROTO},
    {{"listed"}, -100000, 0, "[listed about]", -EPROTO},
    {{"listed"}, -EIO, 0, "[listed about]", -EIO},
};
static int list_row;

static int fake_list(void *user, i2cpt_found_fn found, void *found_user)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(lists[0].finds); i++) {
        const char *spec = lists[list_row].finds[i];

        if (spec || i == 0) {
            found(spec, spec ? "about" : NULL, found_user);
        }
    }
    return lists[list_row].ret;
}

static int note_found(const char *spec, const char *about, void *user)
{
    if (g_str_has_prefix(spec, "listed")) {
        g_string_append_printf(user, "[%s %s]", spec, about);
        return lists[list_row].more;
    }
    return 0;
}

START_TEST(test_list)
{
    struct i2cpt_backend_ops ops = told_table();
    g_autoptr(GString) heard = g_string_new(NULL);
    struct i2cpt_fault fault;

    told_begin();
    list_row = _i;
    ops.name = "listed";
    ops.list = fake_list;
    ck_assert_int_eq(i2cpt_backend_register(&ops, &told_user, &fault), 0);
    ck_assert_int_eq(i2cpt_list(note_found, heard), lists[_i].says);
    ck_assert_str_eq(heard->str, lists[_i].sum);
}
END_TEST

static const struct {
    const char *paths;
    int ret;
    const char *says;
} loads[] = {
    {NULL, 0, ""},
    {"", 0, ""},
    {"thermometer.so", -EINVAL, "./thermometer.so"},
    {"/nonexistent/x.so", -EINVAL, "/nonexistent/x.so"},
    {"/dev/null", -EINVAL, "/dev/null"},
};

START_TEST(test_load)
{
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_backend_load(loads[_i].paths, &fault),
                     loads[_i].ret);
    ck_assert_msg(strstr(fault.text, loads[_i].says), "%s", fault.text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("foreign");
    TCase *c = tcase_create("foreign");

    tcase_add_loop_test(c, test_answers, 0, (int)G_N_ELEMENTS(answers));
    tcase_add_test(c, test_many_messages);
    tcase_add_test(c, test_gone);
    tcase_add_loop_test(c, test_smbus, 0, (int)G_N_ELEMENTS(smbus_calls));
    tcase_add_test(c, test_stream);
    tcase_add_test(c, test_took);
    tcase_add_loop_test(c, test_verdict, 0,
                        sizeof(verdicts) / sizeof(verdicts[0]));
    tcase_add_test(c, test_by_name);
    tcase_add_loop_test(c, test_list, 0, (int)G_N_ELEMENTS(lists));
    tcase_add_loop_test(c, test_load, 0, (int)G_N_ELEMENTS(loads));
    suite_add_tcase(s, c);
    return unit_run(s);
}
