/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages on hosts that have SMBus commands only. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/fault.h"
#include "smbus/smbus-map.h"
#include "stub/stub.h"
#include "unit.h"
#include "wire.h"

/* ------------------------------------------------- which command is chosen */

static struct i2cpt_smbus_call seen;
static unsigned calls;
static int host_says;
static uint8_t host_counts;

/* A host that notes the command and answers 01 02 03 ..., blocks of so many. */
static int note(void *priv, struct i2cpt_smbus_call *call, uint64_t deadline_ns,
                uint32_t marks, struct i2cpt_fault *fault)
{
    bool block = call->protocol == I2CPT_SMBUS_BLOCK_DATA ||
                 call->protocol == I2CPT_SMBUS_BLOCK_PROC_CALL;
    uint8_t base = 1;

    ck_assert_uint_eq(deadline_ns, 77);
    ck_assert_uint_eq(marks, I2CPT_MARK_PROBE);
    seen = *call;
    calls++;
    if (host_says)
        return host_says;
    if (!call->read && call->protocol != I2CPT_SMBUS_PROC_CALL &&
        call->protocol != I2CPT_SMBUS_BLOCK_PROC_CALL)
        return 0;
    if (block)
        call->block[0] = host_counts;
    else if (call->protocol != I2CPT_SMBUS_I2C_BLOCK_DATA)
        base = 0;
    for (uint8_t i = base; i < 34; i++)
        call->block[i] = (uint8_t)(i - base + 1);
    return 0;
}

static const struct i2cpt_ops host = {.name = "host", .smbus = note};

static const char *const names[] = {"quick", "byte",       "byte-data",
                                    "word",  "call",       "block",
                                    "",      "block-call", "i2c-block"};

/* "word write pec 22: c8 07", with as many bytes of block[] as were given. */
static char *tell_call(const struct i2cpt_smbus_call *c, unsigned bytes)
{
    GString *s = g_string_new(NULL);

    g_string_printf(s, "%s %s%s%s %02x:", names[c->protocol],
                    c->read ? "read" : "write",
                    c->flags & I2CPT_CLIENT_PEC ? " pec" : "",
                    c->flags & I2CPT_CLIENT_TEN ? " ten" : "", c->command);
    for (unsigned i = 0; i < bytes; i++)
        g_string_append_printf(s, " %02x", c->block[i]);
    return g_string_free(s, FALSE);
}

static int map(const char *script, uint32_t functionality,
               struct i2cpt_msg **msgs, size_t *n, struct i2cpt_fault *fault)
{
    *msgs = wire_parse(script, n);
    struct i2cpt_xfer x = {.msgs = *msgs,
                           .n = *n,
                           .deadline_ns = 77,
                           .marks = I2CPT_MARK_PROBE,
                           .fault = fault};
    i2cpt_fault_clear(fault);
    calls = 0;
    host_says = 0;
    host_counts = 3;
    return smbus_map_transfer(&host, NULL, functionality, &x);
}

#define F(x) I2CPT_FUNC_SMBUS_##x
#define ALL  I2CPT_FUNC_SMBUS_EMUL_ALL

/* PECs of address 0x48, as written: 90 05 -> fa and so on, computed by long
 * division outside of this library. */
static const struct {
    const char *script;
    uint32_t functionality;
    const char *call;
    unsigned bytes;     /* of the call to compare */
    const char *answer; /* of the last read */
} shapes[] = {
    {"w", ALL, "quick write 00:"},
    {"r0", ALL, "quick read 00:"},
    {"w 05", ALL, "byte write 05:"},
    {"r1", ALL, "byte read 00:", 0, "01"},
    {"w 05 11", ALL, "byte-data write 05: 11", 1},
    {"w 05 r1", ALL, "byte-data read 05:", 0, "01"},
    {"w 05 11 22", ALL, "word write 05: 11 22", 2},
    {"w 05 r2", ALL, "word read 05:", 0, "01 02"},
    {"w 05 11 22 r2", ALL, "call write 05: 11 22", 2, "01 02"},
    {"w 05 r3", ALL, "i2c-block read 05: 03", 1, "01 02 03"},
    {"w 05 11 22 33", ALL, "i2c-block write 05: 03 11 22 33", 4},
    {"w 05 r?", ALL, "block read 05:", 0, "03 01 02 03"},
    {"w 05 01 22 r?", ALL, "block-call write 05: 01 22", 2, "03 01 02 03"},
    {"w 05 03 11 22 33 r?", ALL, "block-call write 05: 03 11 22 33", 4,
     "03 01 02 03"},
    /* the same wire by another command, where the plain one is missing */
    {"w 05 11", F(WRITE_I2C_BLOCK), "i2c-block write 05: 01 11", 2},
    {"w 05 r1", F(READ_I2C_BLOCK), "i2c-block read 05: 01", 1, "01"},
    {"w 05 r2", F(READ_I2C_BLOCK), "i2c-block read 05: 02", 1, "01 02"},
    {"w 05 11 22", F(WRITE_I2C_BLOCK), "i2c-block write 05: 02 11 22", 3},
    {"w 05 02 11 22", F(WRITE_BLOCK_DATA), "block write 05: 02 11 22", 3},
    /* PEC by software: right ones are seen */
    {"w 05 fa", F(WRITE_BYTE) | F(PEC), "byte write pec 05:"},
    {"w 05 11 9f", F(WRITE_BYTE_DATA) | F(PEC), "byte-data write pec 05: 11",
     1},
    {"w 05 11 22 3a", F(WRITE_WORD_DATA) | F(PEC), "word write pec 05: 11 22",
     2},
    {"w 05 02 11 22 91", F(WRITE_BLOCK_DATA) | F(PEC),
     "block write pec 05: 02 11 22", 3},
    {"r2", F(READ_BYTE) | F(PEC), "byte read pec 00:", 0, "01 f3"},
    {"w 05 r2", F(READ_BYTE_DATA) | F(PEC), "byte-data read pec 05:", 0,
     "01 65"},
    {"w 05 r3", F(READ_WORD_DATA) | F(PEC), "word read pec 05:", 0, "01 02 32"},
    {"w 05 r?+1", ALL, "block read pec 05:", 0, "03 01 02 03 61"},
    {"w 05 11 22 r3", ALL, "call write pec 05: 11 22", 2, "01 02 bf"},
    {"w 05 01 22 r?+1", ALL, "block-call write pec 05: 01 22", 2,
     "03 01 02 03 ed"},
};

START_TEST(shape)
{
    struct i2cpt_fault fault;
    struct i2cpt_msg *m;
    size_t n;
    int rc = map(shapes[_i].script, shapes[_i].functionality, &m, &n, &fault);
    char *call = tell_call(&seen, shapes[_i].bytes);

    ck_assert_msg(!rc, "%s: %s", shapes[_i].script, fault.text);
    ck_assert_uint_eq(calls, 1);
    ck_assert_str_eq(call, shapes[_i].call);
    if (shapes[_i].answer) {
        GString *got = g_string_new(NULL);
        for (uint32_t i = 0; i < m[n - 1].actual; i++)
            g_string_append_printf(got, "%s%02x", i ? " " : "",
                                   m[n - 1].buf[i]);
        ck_assert_str_eq(got->str, shapes[_i].answer);
        g_string_free(got, TRUE);
    }
    if (!(m[0].flags & I2CPT_M_RD))
        ck_assert_uint_eq(m[0].actual, m[0].len);
    g_free(call);
}
END_TEST

#define B8  " 00 01 02 03 04 05 06 07"
#define B32 B8 B8 B8 B8

static const struct {
    const char *script;
    uint32_t functionality;
    const char *text;
} refused[] = {
    {"w", ALL & ~F(QUICK),
     "a write of 0: the adapter lacks "
     "I2C_FUNC_SMBUS_QUICK"},
    {"w 05", ALL & ~F(WRITE_BYTE),
     "a write of 1: the adapter lacks "
     "I2C_FUNC_SMBUS_WRITE_BYTE"},
    {"r1", ALL & ~F(READ_BYTE),
     "a read of 1: the adapter lacks "
     "I2C_FUNC_SMBUS_READ_BYTE"},
    {"w 05 r1", ALL & ~(F(READ_BYTE_DATA) | F(READ_I2C_BLOCK)),
     "a write of 1, a read of 1: the adapter lacks "
     "I2C_FUNC_SMBUS_READ_BYTE_DATA"},
    {"w 05 r4", ALL & ~F(READ_I2C_BLOCK),
     "a write of 1, a read of 4: the adapter lacks "
     "I2C_FUNC_SMBUS_READ_I2C_BLOCK"},
    {"w 05 09 08 07 06", ALL & ~F(WRITE_I2C_BLOCK),
     "a write of 5: the adapter lacks I2C_FUNC_SMBUS_WRITE_I2C_BLOCK"},
    {"w 05 11 22 r2", ALL & ~F(PROC_CALL),
     "a write of 3, a read of 2: the adapter lacks I2C_FUNC_SMBUS_PROC_CALL"},
    {"w 05 r?", ALL & ~F(READ_BLOCK_DATA),
     "a write of 1, a read of 256: the adapter lacks "
     "I2C_FUNC_SMBUS_READ_BLOCK_DATA"},
    {"w 05 02 11 22 r?", ALL & ~F(BLOCK_PROC_CALL),
     "a write of 4, a read of 256: the adapter lacks "
     "I2C_FUNC_SMBUS_BLOCK_PROC_CALL"},
    {"w 05 r?+1", ALL & ~F(PEC),
     "a write of 1, a read of 257: the adapter lacks I2C_FUNC_SMBUS_PEC"},
    {"w 05 fb", F(WRITE_BYTE) | F(PEC), /* fa would be a PEC */
     "a write of 2: the adapter lacks I2C_FUNC_SMBUS_WRITE_BYTE_DATA"},
    /* no protocol has this shape */
    {"w 05 06 r1", ALL,
     "a write of 2, a read of 1: the adapter lacks I2C_FUNC_I2C"},
    {"r3", ALL, "a read of 3: the adapter lacks I2C_FUNC_I2C"},
    {"r?", ALL, "a read of 256: the adapter lacks I2C_FUNC_I2C"},
    {"w r1", ALL, "a write of 0, a read of 1: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 r0", ALL,
     "a write of 1, a read of 0: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 r33", ALL,
     "a write of 1, a read of 33: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 r70", ALL,
     "a write of 1, a read of 70: the adapter lacks I2C_FUNC_I2C"},
    {"w 05" B32 " 00", ALL, "a write of 34: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 21" B32 " 00", ALL, "a write of 35: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 00 r?", ALL,
     "a write of 2, a read of 256: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 00", F(WRITE_BLOCK_DATA),
     "a write of 2: the adapter lacks I2C_FUNC_SMBUS_WRITE_BYTE_DATA"},
    {"w 05", F(WRITE_I2C_BLOCK),
     "a write of 1: the adapter lacks I2C_FUNC_SMBUS_WRITE_BYTE"},
    {"w 05 w 06", ALL,
     "a write of 1, a write of 1: the adapter lacks I2C_FUNC_I2C"},
    {"r1 w 05", ALL,
     "a read of 1, a write of 1: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 @49 r1", ALL,
     "a write of 1, a read of 1: the adapter lacks I2C_FUNC_I2C"},
    {"w 05 r1 r1", ALL,
     "a write of 1, a read of 1, ...: the adapter lacks I2C_FUNC_I2C"},
};

START_TEST(refuse)
{
    struct i2cpt_fault fault;
    struct i2cpt_msg *m;
    size_t n;

    ck_assert_int_eq(
        map(refused[_i].script, refused[_i].functionality, &m, &n, &fault),
        -EOPNOTSUPP);
    ck_assert_str_eq(fault.text, refused[_i].text);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

/* The longest that there are. */
START_TEST(longest)
{
    struct i2cpt_fault fault;
    struct i2cpt_msg *m;
    size_t n;

    ck_assert_int_eq(map("w 05 r32", ALL, &m, &n, &fault), 0);
    ck_assert_uint_eq(m[1].buf[31], 32);
    ck_assert_int_eq(map("w 05" B32, ALL, &m, &n, &fault), 0);
    ck_assert_uint_eq(seen.block[0], 32);
    ck_assert_uint_eq(seen.block[32], 7);
    ck_assert_int_eq(map("w 05 20" B32, ALL, &m, &n, &fault), 0);
    ck_assert_uint_eq(seen.protocol, I2CPT_SMBUS_BLOCK_DATA);
    ck_assert_uint_eq(seen.block[0], 32);
    ck_assert_uint_eq(seen.block[32], 7);
    ck_assert_int_eq(map("w 05 20" B32 " r?", ALL, &m, &n, &fault), 0);
    ck_assert_uint_eq(seen.protocol, I2CPT_SMBUS_BLOCK_PROC_CALL);
}
END_TEST

static int map_one(struct i2cpt_msg *m, size_t n, int says,
                   struct i2cpt_fault *fault)
{
    struct i2cpt_xfer x = {
        .msgs = m, .n = n, .deadline_ns = 77, .marks = 1, .fault = fault};

    i2cpt_fault_clear(fault);
    host_says = says;
    return smbus_map_transfer(&host, NULL, ALL, &x);
}

/* Flags that no command has, and 10-bit addresses. */
START_TEST(flags)
{
    struct i2cpt_fault fault;
    uint8_t byte = 5;
    struct i2cpt_msg m = {.addr = 0x48, .len = 1, .buf = &byte};

    m.flags = I2CPT_M_IGNORE_NAK;
    ck_assert_int_eq(map_one(&m, 1, 0, &fault), -EOPNOTSUPP);
    m.flags = I2CPT_M_TEN;
    ck_assert_int_eq(map_one(&m, 1, 0, &fault), -EOPNOTSUPP);
    ck_assert(strstr(fault.text, "I2C_FUNC_10BIT_ADDR"));
    struct i2cpt_xfer x = {
        .msgs = &m, .n = 1, .deadline_ns = 77, .marks = 1, .fault = &fault};
    ck_assert_int_eq(
        smbus_map_transfer(&host, NULL, ALL | I2CPT_FUNC_10BIT_ADDR, &x), 0);
    ck_assert_uint_eq(seen.flags, I2CPT_CLIENT_TEN);
}
END_TEST

/* What the host says goes through, and nothing is taken for done. */
START_TEST(host_errors)
{
    static const int says[] = {-ENXIO,  -EIO,       -EREMOTEIO,
                               -EAGAIN, -ETIMEDOUT, -ENODEV};
    struct i2cpt_fault fault;
    uint8_t w = 5, r[2];
    struct i2cpt_msg m[] = {
        {.addr = 0x48, .len = 1, .buf = &w},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 2, .buf = r}};

    ck_assert_int_eq(map_one(m, 2, says[_i], &fault), says[_i]);
    ck_assert_uint_eq(m[0].actual, 0);
    ck_assert_uint_eq(m[1].actual, 0);
}
END_TEST

/* A wrong PEC is one where PEC was asked for; where the shape was only taken
 * for one with PEC, the message cannot be had. */
START_TEST(host_pec_errors)
{
    struct i2cpt_fault fault;
    uint8_t w[] = {5, 6, 7}, r[40] = {2};
    struct i2cpt_msg m[] = {
        {.addr = 0x48, .len = 3, .buf = w},
        {.addr = 0x48, .flags = I2CPT_M_RD, .len = 3, .buf = r}};

    ck_assert_int_eq(map_one(m, 2, -EBADMSG, &fault), -EOPNOTSUPP);
    ck_assert_str_eq(fault.text, "a write of 3, a read of 3: no PEC at its "
                                 "end; the adapter lacks I2C_FUNC_I2C");
    m[0].len = 1;
    m[1].flags |= I2CPT_M_RECV_LEN;
    m[1].len = 40;
    ck_assert_int_eq(map_one(m, 2, -EBADMSG, &fault), -EBADMSG);
    ck_assert_uint_eq(r[0], 2); /* a retry can say it again */
}
END_TEST

/* A block that does not fit what the message has room for: 3 bytes and their
 * count, where there is room for 2. */
START_TEST(block_too_long)
{
    struct i2cpt_fault fault;
    uint8_t w = 5, r[4] = {1};
    struct i2cpt_msg m[] = {{.addr = 0x48, .len = 1, .buf = &w},
                            {.addr = 0x48,
                             .flags = I2CPT_M_RD | I2CPT_M_RECV_LEN,
                             .len = 3,
                             .buf = r}};

    host_counts = 3;
    ck_assert_int_eq(map_one(m, 2, 0, &fault), -EPROTO);
    ck_assert_int_eq(fault.msg, 1);
    m[1].len = 4;
    ck_assert_int_eq(map_one(m, 2, 0, &fault), 0);
    ck_assert_uint_eq(m[1].actual, 4);
}
END_TEST

/* What a host says of a block is not believed. */
static const struct {
    uint8_t counts;
    int rc;
} blocks[] = {{0, -EPROTO},   {1, 0},        {2, 0},        {31, 0},
              {32, 0},        {33, -EPROTO}, {34, -EPROTO}, {127, -EPROTO},
              {128, -EPROTO}, {255, -EPROTO}};

START_TEST(block_counts)
{
    struct i2cpt_fault fault;
    uint8_t w = 5, r[258] = {1};
    struct i2cpt_msg m[] = {{.addr = 0x48, .len = 1, .buf = &w},
                            {.addr = 0x48,
                             .flags = I2CPT_M_RD | I2CPT_M_RECV_LEN,
                             .len = 256,
                             .buf = r}};
    uint8_t n = blocks[_i].counts;

    host_counts = n;
    ck_assert_int_eq(map_one(m, 2, 0, &fault), blocks[_i].rc);
    ck_assert_uint_eq(m[1].actual, blocks[_i].rc ? 0 : n + 1u);
    if (!blocks[_i].rc) {
        ck_assert_uint_eq(r[0], n);
        ck_assert_uint_eq(r[n], n); /* the last one */
        ck_assert_uint_eq(r[n + 1], 0);
    }
}
END_TEST

START_TEST(longest_reads)
{
    ck_assert_uint_eq(smbus_map_longest_read(ALL), 32);
    ck_assert_uint_eq(smbus_map_longest_read(ALL & ~F(READ_I2C_BLOCK)), 2);
    ck_assert_uint_eq(smbus_map_longest_read(F(READ_BYTE_DATA)), 1);
    ck_assert_uint_eq(smbus_map_longest_read(F(QUICK)), 0);
}
END_TEST

/* ----------------------------------- the same bytes on a chip either way */

#define CHIPS                                                                \
    "chip 0x48 registers\nreg 0 = 01 02 03 04 05 06\n"                       \
    "chip 0x0b smbus\nreg 0x10 type=byte = 5a\nreg 0x11 type=word = 34 12\n" \
    "reg 0x12 type=block = 61 62 63\nreg 0x14 type=call\n"                   \
    "reg 0x15 type=block-call\n"

static const char *const alike[] = {
    "w p r0 p @49 w p @49 r0", "w 02 p r1 p r1", "w 02 aa p w 02 r1",
    "w 02 aa bb p w 02 r2", "w 02 aa bb cc dd p w 01 r6", "w 00 r32",
    "@49 w 00 p @49 w 00 r1 p @49 r1", "@0b w 10 r1 p w 10 77 p w 10 r1 p r1",
    "@0b w 11 r2 p w 11 01 02 p w 11 r2",
    "@0b w 12 r? p w 12 02 78 79 p w 12 r?", "@0b w 14 01 02 r2",
    "@0b w 15 03 01 02 03 r?",
    /* with PEC */
    "@0b w 10 r2 p r2 p w 11 r3 p w 12 r?+1 p w 14 01 02 r3",
    "@0b w 15 03 01 02 03 r?+1", "@0b w 77 01", /* refused data */
};

START_TEST(same_bytes)
{
    struct i2cpt_adapter *i2c = wire_stub(CHIPS, "");
    struct i2cpt_adapter *smbus = wire_stub(CHIPS, ",functionality=smbus");
    char *want = g_strdup(wire(i2c, alike[_i]));

    ck_assert_str_eq(wire(smbus, alike[_i]), want);
    ck_assert(strstr(want, "EOPNOTSUPP") == NULL);
    g_free(want);
    i2cpt_adapter_unref(i2c);
    i2cpt_adapter_unref(smbus);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("smbus-map");
    TCase *t = tcase_create("map");

    tcase_add_loop_test(t, shape, 0, G_N_ELEMENTS(shapes));
    tcase_add_loop_test(t, refuse, 0, G_N_ELEMENTS(refused));
    tcase_add_test(t, longest);
    tcase_add_test(t, flags);
    tcase_add_loop_test(t, host_errors, 0, 6);
    tcase_add_test(t, host_pec_errors);
    tcase_add_test(t, block_too_long);
    tcase_add_loop_test(t, block_counts, 0, G_N_ELEMENTS(blocks));
    tcase_add_test(t, longest_reads);
    tcase_add_loop_test(t, same_bytes, 0, G_N_ELEMENTS(alike));
    suite_add_tcase(s, t);
    return unit_run(s);
}
