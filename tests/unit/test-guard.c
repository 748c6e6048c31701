/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* allow= and allow-writes=, in front of every call that a bus has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus/calls.h"
#include "core/fault.h"
#include "i2cpt-lines.h"
#include "unit.h"
#include "wire.h"

#define STUB "stub,chips=0x48:0x49:0x50:0x78"

static struct i2cpt_adapter *open_stub(const char *more)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char spec[200];

    snprintf(spec, sizeof(spec), STUB "%s", more);
    ck_assert_msg(!i2cpt_adapter_open(spec, &a, &fault), "%s", fault.text);
    return a;
}

/* ------------------------------------------------------------- transfers */

/* Messages in short: lengths below 16, R: a read, T: ten bits. */
#define W(addr, len) \
    {                \
        addr, len, 0 \
    }
#define R(addr, len)          \
    {                         \
        addr, len, I2CPT_M_RD \
    }
#define F(addr, len, flags) \
    {                       \
        addr, len, flags    \
    }

static const struct {
    const char *keys;
    int result;
    struct {
        uint16_t addr, len, flags;
    } msgs[3];
    size_t n;
} rows[] = {
    {",allow=0x48", 0, {W(0x48, 3)}, 1},
    {",allow=0x48", -EACCES, {W(0x50, 1)}, 1},
    {",allow=0x48", -EACCES, {R(0x49, 1)}, 1},
    {",allow=0x48", -EACCES, {W(0x49, 0)}, 1},
    {",allow=0x48", -EACCES, {W(0x48, 1), R(0x50, 1)}, 2},
    {",allow=0x48:0x4f-0x51", 0, {W(0x48, 1), R(0x50, 1)}, 2},
    {",allow=0x48", -EACCES, {F(0x48, 1, I2CPT_M_TEN)}, 1},
    {",allow=0x48/10", -EACCES, {W(0x48, 1)}, 1},
    {",allow=0x48/10", -ENXIO, {F(0x48, 1, I2CPT_M_TEN)}, 1},
    {",allow=0x48:0x150-0x151/10", -ENXIO, {F(0x151, 1, I2CPT_M_TEN)}, 1},
    {",allow-writes=pointer", 0, {R(0x48, 4)}, 1},
    {",allow-writes=pointer", 0, {W(0x48, 1), R(0x48, 2)}, 2},
    {",allow-writes=pointer", -EACCES, {W(0x48, 2), R(0x48, 2)}, 2},
    {",allow-writes=pointer-2", 0, {W(0x48, 2), R(0x48, 2)}, 2},
    {",allow-writes=pointer-2", -EACCES, {W(0x48, 3), R(0x48, 2)}, 2},
    {",allow-writes=pointer", -EACCES, {W(0x48, 1)}, 1},
    {",allow-writes=pointer", -EACCES, {W(0x48, 0)}, 1},
    {",allow-writes=pointer", -EACCES, {W(0x48, 0), R(0x48, 1)}, 2},
    {",allow-writes=pointer", -EACCES, {W(0x48, 1), R(0x49, 1)}, 2},
    {",allow-writes=pointer",
     -EACCES,
     {W(0x48, 1), F(0x48, 1, I2CPT_M_RD | I2CPT_M_TEN)},
     2},
    {",allow-writes=pointer", -EACCES, {R(0x48, 1), W(0x48, 1)}, 2},
    {",allow-writes=pointer", -EACCES, {W(0x48, 1), W(0x48, 1), R(0x48, 1)}, 3},
    /* what the wire would have as a write, or as its end */
    {",allow-writes=pointer",
     -EOPNOTSUPP,
     {F(0x48, 1, I2CPT_M_RD | I2CPT_M_REV_DIR_ADDR)},
     1},
    {",allow-writes=pointer",
     -EOPNOTSUPP,
     {F(0x48, 1, I2CPT_M_STOP), R(0x48, 1)},
     2},
    {",allow-writes=pointer",
     -EOPNOTSUPP,
     {W(0x48, 1), F(0x48, 1, I2CPT_M_NOSTART), R(0x48, 1)},
     3},
    {",allow=0x48,allow-writes=pointer", -EACCES, {R(0x49, 1)}, 1},
};

START_TEST(transfers)
{
    uint8_t bytes[3][16] = {{0}};
    struct i2cpt_msg msgs[3];
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a = open_stub(rows[_i].keys);
    size_t i;
    int ret;

    for (i = 0; i < rows[_i].n; i++) {
        msgs[i] = (struct i2cpt_msg){.addr = rows[_i].msgs[i].addr,
                                     .len = rows[_i].msgs[i].len,
                                     .flags = rows[_i].msgs[i].flags,
                                     .buf = bytes[i]};
    }
    ret = i2cpt_transfer(a, msgs, rows[_i].n, &fault);
    ck_assert_msg(ret == rows[_i].result, "row %d: %d, %s", _i, ret,
                  fault.text);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ----------------------------------------------------------------- SMBus */

static int quick(struct i2cpt_adapter *a, uint16_t addr, bool read)
{
    return i2cpt_smbus_quick(a, addr, 0, read, NULL);
}

static int native(struct i2cpt_adapter *a, uint16_t addr, uint8_t protocol,
                  bool read)
{
    struct i2cpt_smbus_call smbus = {
        .addr = addr, .protocol = protocol, .read = read, .block = {1}};
    struct i2cpt_call call = {
        .op = I2CPT_OP_SMBUS, .owner = &smbus, .smbus = &smbus};

    return bus_call_run(a, &call, NULL);
}

START_TEST(smbus_calls)
{
    struct i2cpt_adapter *a = open_stub(",allow=0x48");
    struct i2cpt_adapter *r = open_stub(",allow-writes=pointer");

    ck_assert_int_eq(quick(a, 0x48, false), 0);
    ck_assert_int_eq(quick(a, 0x49, false), -EACCES);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x49, 0, 0, NULL), -EACCES);
    ck_assert_int_ge(i2cpt_smbus_read_byte_data(r, 0x49, 0, 0, NULL), 0);
    ck_assert_int_lt(quick(r, 0x48, false), 0);
    ck_assert_int_lt(i2cpt_smbus_write_byte_data(r, 0x48, 0, 0, 1, NULL), 0);
    ck_assert(!(i2cpt_adapter_functionality(r) &
                (I2CPT_FUNC_SMBUS_QUICK | I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA |
                 I2CPT_FUNC_SMBUS_PROC_CALL)));
    /* as a client may send it, whatever it was told */
    if (native(a, 0x48, I2CPT_SMBUS_BYTE_DATA, true) != -EOPNOTSUPP) {
        ck_assert_int_eq(native(a, 0x48, I2CPT_SMBUS_BYTE_DATA, true), 0);
        ck_assert_int_eq(native(a, 0x49, I2CPT_SMBUS_BYTE_DATA, true), -EACCES);
        ck_assert_int_eq(native(r, 0x49, I2CPT_SMBUS_BYTE_DATA, false),
                         -EACCES);
    }
    i2cpt_adapter_unref(r);
    i2cpt_adapter_unref(a);
}
END_TEST

/* --------------------------------------------------------------- streams */

static int event(struct i2cpt_adapter *a, enum i2cpt_op op, uint16_t addr)
{
    struct i2cpt_call call = {.op = op, .owner = a, .addr = addr};

    call.n_pointer = 1;
    return bus_call_run(a, &call, NULL);
}

START_TEST(streams)
{
    struct i2cpt_adapter *a = open_stub(",allow=0x48");

    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_START, 0x48), 0);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_WRITE, 0), 0);
    /* a repeated START that is refused: the bytes behind it are nobody's */
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_START, 0x49), -EACCES);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_WRITE, 0), -EACCES);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_READ, 0), -EACCES);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_STOP, 0), 0);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_POINTER, 0x49), -EACCES);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_STOP, 0), 0);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_POINTER, 0x48), 0);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_READ, 0), 0);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_STOP, 0), 0);
    i2cpt_adapter_unref(a);
    /* where only reads are wanted, byte by byte is not offered */
    a = open_stub(",allow-writes=pointer");
    ck_assert_int_eq(i2cpt_adapter_has_stream(a), 0);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_START, 0x48), -EOPNOTSUPP);
    ck_assert_int_eq(event(a, I2CPT_OP_STREAM_POINTER, 0x48), -EOPNOTSUPP);
    i2cpt_adapter_unref(a);
}
END_TEST

/* --------------------------------------------------------------- opening */

/* They are of the adapter, not of a target. */
START_TEST(lines_are_let_through)
{
    struct i2cpt_adapter *a = wire_stub("chip 0x48 registers\nline int reg=0\n"
                                        "chip 0x50 registers\n",
                                        ",allow=0x50,allow-writes=pointer");
    static const uint8_t set[] = {0, 1};
    struct i2cpt_msg msg = {.addr = 0x48, .len = 2, .buf = (uint8_t *)set};
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_lines(a), 1);
    ck_assert_str_eq(i2cpt_adapter_line_name(a, 0), "int");
    ck_assert_int_eq(i2cpt_transfer(a, &msg, 1, &fault), -EACCES);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(lists_that_are_none)
{
    static const char *const lists[] = {
        "", "0x80", "x", "0x48:", "0x50-0x48", "0x400/10", "0x48/7"};
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;
    char spec[100];

    snprintf(spec, sizeof(spec), STUB ",allow=%s", lists[_i]);
    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "allow="));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guard");
    TCase *c = tcase_create("guard");

    tcase_add_loop_test(c, transfers, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(c, smbus_calls);
    tcase_add_test(c, streams);
    tcase_add_test(c, lines_are_let_through);
    tcase_add_loop_test(c, lists_that_are_none, 0, 7);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
