/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to the kernel and how, without a kernel: lib/i2c-dev/plan.c, the
 * conversions of lib/i2c-dev/uapi.c, the judging of lib/i2c-dev/host-errno.c.
 */
#include <errno.h>
#include <string.h>

#include "i2c-dev/host-errno.h"
#include "i2c-dev/plan.h"
#include "i2c-dev/native-smbus.h"
#include "i2c-dev/uapi.h"
#include "unit.h"

#define PLAIN (I2CPT_FUNC_I2C | I2CPT_FUNC_SMBUS_EMUL_ALL)
#define ALL                                               \
    (PLAIN | I2CPT_FUNC_10BIT_ADDR | I2CPT_FUNC_NOSTART | \
     I2CPT_FUNC_PROTOCOL_MANGLING)
#define STOP I2CPT_M_STOP
#define RD   I2CPT_M_RD

static uint8_t bytes[I2CPT_MSG_MAX];

static struct i2cpt_xfer xfer_of(struct i2cpt_msg *msgs, size_t n,
                                 struct i2cpt_fault *fault)
{
    memset(fault, 0, sizeof(*fault));
    fault->msg = fault->byte = -1;
    return (struct i2cpt_xfer){msgs, n, UINT64_MAX, 0, fault};
}

/* One message: what the kernel gets of it, or the text of the refusal. */
static const struct {
    uint32_t functionality;
    uint16_t flags;
    uint32_t len;
    size_t pieces; /* 0: refused */
    const char *text;
} singles[] = {
    {PLAIN, 0, 1, 1, NULL},
    {PLAIN, RD, 8192, 1, NULL},
    {PLAIN, 0, 8192, 1, NULL},
    {PLAIN, 0, 8193, 0, "I2C_FUNC_NOSTART"},
    {ALL, 0, 8193, 2, NULL},
    {ALL, 0, 16384, 2, NULL},
    {ALL, 0, 16385, 3, NULL},
    {ALL, 0, 42 * 8192, 42, NULL},
    {ALL, 0, 42 * 8192 + 1, 0, "i2c-dev takes 42"},
    {ALL, RD, 8193, 0, "read of 8193 bytes"},
    {PLAIN, 0, 0, 1, NULL},
    {PLAIN & ~I2CPT_FUNC_SMBUS_QUICK, 0, 0, 0, "I2C_FUNC_SMBUS_QUICK"},
    {PLAIN, I2CPT_M_TEN, 1, 0, "I2C_FUNC_10BIT_ADDR"},
    {ALL, I2CPT_M_TEN, 1, 1, NULL},
    {PLAIN, I2CPT_M_IGNORE_NAK, 1, 0, "I2C_FUNC_PROTOCOL_MANGLING"},
    {PLAIN, I2CPT_M_REV_DIR_ADDR, 1, 0, "I2C_FUNC_PROTOCOL_MANGLING"},
    {PLAIN, RD | I2CPT_M_NO_RD_ACK, 1, 0, "I2C_FUNC_PROTOCOL_MANGLING"},
    {PLAIN, STOP, 1, 0, "I2C_FUNC_PROTOCOL_MANGLING"},
    {ALL, I2CPT_M_IGNORE_NAK | STOP, 1, 1, NULL},
    {PLAIN, I2CPT_M_NOSTART, 1, 0, "I2C_FUNC_NOSTART"},
    {PLAIN & ~I2CPT_FUNC_SMBUS_READ_BLOCK_DATA, RD | I2CPT_M_RECV_LEN, 40, 0,
     "I2C_FUNC_SMBUS_READ_BLOCK_DATA"},
    {PLAIN, RD | I2CPT_M_RECV_LEN, 40, 1, NULL},
};

START_TEST(single)
{
    struct i2cpt_msg m = {0x50, singles[_i].flags, singles[_i].len, 0, bytes};
    struct i2cpt_fault fault;
    struct i2cpt_xfer x = xfer_of(&m, 1, &fault);
    struct plan plan;
    uint32_t sum = 0;
    size_t k;
    int ret;

    bytes[0] = 1;
    ret = i2cdev_plan_make(&plan, singles[_i].functionality, &x);
    if (!singles[_i].pieces) {
        ck_assert_int_eq(ret, -EOPNOTSUPP);
        ck_assert_int_eq(fault.code, EOPNOTSUPP);
        ck_assert_msg(strstr(fault.text, singles[_i].text) != NULL, "%s",
                      fault.text);
        return;
    }
    ck_assert_int_eq(ret, 0);
    ck_assert_uint_eq(plan.n, singles[_i].pieces);
    for (k = 0; k < plan.n; k++) {
        ck_assert_uint_eq(plan.msgs[k].addr, 0x50);
        ck_assert_uint_eq(plan.msgs[k].flags,
                          singles[_i].flags | (k ? I2CPT_M_NOSTART : 0));
        ck_assert_uint_le(plan.msgs[k].len, UAPI_MAX_LEN);
        if (!(m.flags & I2CPT_M_RECV_LEN)) {
            ck_assert_ptr_eq(plan.msgs[k].buf, bytes + sum);
        }
        sum += plan.msgs[k].len;
    }
    ck_assert_uint_eq(sum, m.flags & I2CPT_M_RECV_LEN ? 33 : m.len);
    i2cdev_plan_free(&plan);
}
END_TEST

/* A STOP flag belongs behind the last piece alone. */
START_TEST(stop_after_last_piece)
{
    struct i2cpt_msg m = {0x50, STOP, 8193, 0, bytes};
    struct i2cpt_fault fault;
    struct i2cpt_xfer x = xfer_of(&m, 1, &fault);
    struct plan plan;

    ck_assert_int_eq(i2cdev_plan_make(&plan, ALL, &x), 0);
    ck_assert_uint_eq(plan.n, 2);
    ck_assert_uint_eq(plan.msgs[0].flags, 0);
    ck_assert_uint_eq(plan.msgs[1].flags, I2CPT_M_NOSTART | STOP);
    i2cdev_plan_free(&plan);
}
END_TEST

/* Many messages: with STOP flags at the given places, the calls that follow. */
static const struct {
    size_t n;
    size_t stops[4]; /* indices + 1 */
    size_t cuts[4];  /* none: refused */
} manies[] = {
    {1, {0}, {1}},       {42, {0}, {42}},
    {43, {0}, {0}},      {43, {1}, {1, 42}},
    {43, {42}, {42, 1}}, {43, {10, 40}, {40, 3}},
    {43, {43}, {0}},     {84, {42}, {42, 42}},
    {85, {42}, {0}},     {85, {30, 60}, {30, 30, 25}},
};

START_TEST(many)
{
    struct i2cpt_msg msgs[100];
    struct i2cpt_fault fault;
    struct i2cpt_xfer x = xfer_of(msgs, manies[_i].n, &fault);
    struct plan plan;
    size_t k, at = 0;
    int ret;

    for (k = 0; k < manies[_i].n; k++) {
        msgs[k] = (struct i2cpt_msg){0x50, 0, 1, 0, bytes};
    }
    for (k = 0; k < 4 && manies[_i].stops[k]; k++) {
        msgs[manies[_i].stops[k] - 1].flags |= STOP;
    }
    ret = i2cdev_plan_make(&plan, ALL, &x);
    if (!manies[_i].cuts[0]) {
        ck_assert_int_eq(ret, -EOPNOTSUPP);
        ck_assert_msg(strstr(fault.text, "takes 42") != NULL, "%s", fault.text);
        return;
    }
    ck_assert_int_eq(ret, 0);
    for (k = 0; k < 4 && manies[_i].cuts[k]; k++) {
        ck_assert_uint_eq(i2cdev_plan_cut(&plan, at), manies[_i].cuts[k]);
        at += manies[_i].cuts[k];
    }
    ck_assert_uint_eq(at, manies[_i].n);
    i2cdev_plan_free(&plan);
}
END_TEST

/* Blocks: room of the caller's buffer, bytes besides, the count that came. */
static const struct {
    uint32_t len;
    uint8_t extra, count;
    int ret;
} blocks[] = {
    {33, 1, 32, 0}, {33, 1, 1, 0},          {34, 2, 32, 0},
    {4, 1, 3, 0},   {4, 1, 4, -EPROTO},     {4, 2, 3, -EPROTO},
    {4, 2, 2, 0},   {33, 1, 0, -EPROTO},    {255, 1, 33, -EPROTO},
    {2, 1, 1, 0},   {255, 1, 255, -EPROTO},
};

START_TEST(block)
{
    uint8_t buf[256] = {blocks[_i].extra};
    struct i2cpt_msg m = {0x0b, RD | I2CPT_M_RECV_LEN, blocks[_i].len, 0, buf};
    struct i2cpt_fault fault;
    struct i2cpt_xfer x = xfer_of(&m, 1, &fault);
    struct plan plan;

    ck_assert_int_eq(i2cdev_plan_make(&plan, PLAIN, &x), 0);
    ck_assert_uint_eq(plan.msgs[0].len, 32u + blocks[_i].extra);
    ck_assert_uint_eq(plan.msgs[0].buf[0], blocks[_i].extra);
    memset(plan.msgs[0].buf, 0x5a, plan.msgs[0].len);
    plan.msgs[0].buf[0] = blocks[_i].count;
    buf[m.len] = 0x77;
    ck_assert_int_eq(i2cdev_plan_finish(&plan, &x), blocks[_i].ret);
    ck_assert_uint_eq(buf[m.len], 0x77);
    if (blocks[_i].ret) {
        ck_assert_int_eq(fault.code, EPROTO);
        ck_assert_int_eq(fault.phase, I2CPT_PHASE_DATA);
        ck_assert_int_eq(fault.msg, 0);
    } else {
        ck_assert_uint_eq(m.actual, blocks[_i].count + blocks[_i].extra);
        ck_assert_uint_eq(buf[0], blocks[_i].count);
        ck_assert_uint_eq(buf[m.actual - 1], 0x5a);
    }
    i2cdev_plan_free(&plan);
}
END_TEST

START_TEST(two_blocks_in_one_transfer)
{
    uint8_t one[8] = {1}, two[8] = {2}, out[1] = {0};
    struct i2cpt_msg msgs[] = {
        {0x0b, RD | I2CPT_M_RECV_LEN, 8, 0, one},
        {0x0b, 0, 1, 0, out},
        {0x0b, RD | I2CPT_M_RECV_LEN, 8, 0, two},
    };
    struct i2cpt_fault fault;
    struct i2cpt_xfer x = xfer_of(msgs, 3, &fault);
    struct plan plan;

    ck_assert_int_eq(i2cdev_plan_make(&plan, PLAIN, &x), 0);
    memcpy(plan.msgs[0].buf, "\2ab", 3);
    memcpy(plan.msgs[2].buf, "\3cdeP", 5);
    ck_assert_int_eq(i2cdev_plan_finish(&plan, &x), 0);
    ck_assert_mem_eq(one, "\2ab", 3);
    ck_assert_mem_eq(two, "\3cdeP", 5);
    ck_assert_uint_eq(msgs[1].actual, 1);
    i2cdev_plan_free(&plan);
}
END_TEST

START_TEST(units)
{
    ck_assert_uint_eq(i2cdev_uapi_timeout_to_uapi(1), 1);
    ck_assert_uint_eq(i2cdev_uapi_timeout_to_uapi(10), 1);
    ck_assert_uint_eq(i2cdev_uapi_timeout_to_uapi(11), 2);
    ck_assert_uint_eq(i2cdev_uapi_timeout_to_uapi(60000), 6000);
    ck_assert_uint_eq(i2cdev_uapi_functionality_from_uapi(0x0fff8009),
                      0x0fff8009);
    /* FUNC_SLAVE and whatever comes later have no name in i2cpt.h. */
    ck_assert_uint_eq(i2cdev_uapi_functionality_from_uapi(0xffffffff),
                      0x1fff801f);
}
END_TEST

/* -errno of an ioctl, what it is given as. Path not there: cannot be lost. */
static const struct {
    int error;
    size_t n;
    bool address_only, nack_anywhere;
    int code, phase, msg;
} verdicts[] = {
    {-ENXIO, 1, false, false, ENXIO, I2CPT_PHASE_ADDRESS, 0},
    {-ENXIO, 2, false, false, ENXIO, I2CPT_PHASE_ADDRESS, -1},
    {-ENXIO, 1, false, true, ENXIO, I2CPT_PHASE_UNKNOWN, -1},
    {-ENXIO, 1, true, true, ENXIO, I2CPT_PHASE_ADDRESS, 0},
    {-EIO, 1, false, false, EIO, I2CPT_PHASE_UNKNOWN, -1},
    {-EREMOTEIO, 1, true, false, EREMOTEIO, I2CPT_PHASE_UNKNOWN, -1},
    {-EAGAIN, 1, false, false, EAGAIN, I2CPT_PHASE_UNKNOWN, -1},
    {-EBUSY, 1, false, false, EBUSY, I2CPT_PHASE_UNKNOWN, -1},
    {-ETIMEDOUT, 1, false, false, ETIMEDOUT, I2CPT_PHASE_UNKNOWN, -1},
    {-EBADMSG, 1, false, false, EBADMSG, I2CPT_PHASE_UNKNOWN, -1},
    {-EPROTO, 1, false, false, EPROTO, I2CPT_PHASE_UNKNOWN, -1},
    {-EOPNOTSUPP, 1, false, false, EOPNOTSUPP, I2CPT_PHASE_UNKNOWN, -1},
    {-EINVAL, 1, false, false, EINVAL, I2CPT_PHASE_UNKNOWN, -1},
    {-ENOMEM, 1, false, false, ENOMEM, I2CPT_PHASE_UNKNOWN, -1},
    {-ENODEV, 1, false, false, ENODEV, I2CPT_PHASE_UNKNOWN, -1},
    {-ESHUTDOWN, 1, false, false, ENODEV, I2CPT_PHASE_UNKNOWN, -1},
    {-EPIPE, 1, false, false, EIO, I2CPT_PHASE_UNKNOWN, -1},
};

START_TEST(verdict)
{
    static const struct host_driver blunt = {.nack_anywhere = true};
    char path[] = "/dev/null"; /* always there, never i2c-dev's */
    struct host_adapter a = {.path = path, .number = -1};
    struct request_shape shape = {verdicts[_i].n, verdicts[_i].address_only,
                                  UINT64_MAX};
    struct i2cpt_fault fault;

    a.rdev = 0x103;
    a.driver = verdicts[_i].nack_anywhere ? &blunt : NULL;
    memset(&fault, 0, sizeof(fault));
    ck_assert_int_eq(i2cdev_fault(&a, verdicts[_i].error, &shape, &fault),
                     -verdicts[_i].code);
    ck_assert_int_eq(fault.code, verdicts[_i].code);
    ck_assert_int_eq(fault.phase, verdicts[_i].phase);
    ck_assert_int_eq(fault.msg, verdicts[_i].msg);
    ck_assert_int_eq(fault.byte, -1);
}
END_TEST

/* Each protocol and direction wants one bit, and names it when it is missing;
 * and PEC's where the protocol has one. */
static const struct {
    uint8_t protocol, read;
    uint32_t functionality;
    const char *name;
    size_t messages;
} commands[] = {
    {I2CPT_SMBUS_QUICK, 0, 0x00010000, "SMBUS_QUICK", 1},
    {I2CPT_SMBUS_QUICK, 1, 0x00010000, "SMBUS_QUICK", 1},
    {I2CPT_SMBUS_BYTE, 1, 0x00020000, "SMBUS_READ_BYTE", 1},
    {I2CPT_SMBUS_BYTE, 0, 0x00040000, "SMBUS_WRITE_BYTE", 1},
    {I2CPT_SMBUS_BYTE_DATA, 1, 0x00080000, "SMBUS_READ_BYTE_DATA", 2},
    {I2CPT_SMBUS_BYTE_DATA, 0, 0x00100000, "SMBUS_WRITE_BYTE_DATA", 1},
    {I2CPT_SMBUS_WORD_DATA, 1, 0x00200000, "SMBUS_READ_WORD_DATA", 2},
    {I2CPT_SMBUS_WORD_DATA, 0, 0x00400000, "SMBUS_WRITE_WORD_DATA", 1},
    {I2CPT_SMBUS_PROC_CALL, 0, 0x00800000, "SMBUS_PROC_CALL", 2},
    {I2CPT_SMBUS_BLOCK_DATA, 1, 0x01000000, "SMBUS_READ_BLOCK_DATA", 2},
    {I2CPT_SMBUS_BLOCK_DATA, 0, 0x02000000, "SMBUS_WRITE_BLOCK_DATA", 1},
    {I2CPT_SMBUS_I2C_BLOCK_DATA, 1, 0x04000000, "SMBUS_READ_I2C_BLOCK", 2},
    {I2CPT_SMBUS_I2C_BLOCK_DATA, 0, 0x08000000, "SMBUS_WRITE_I2C_BLOCK", 1},
    {I2CPT_SMBUS_BLOCK_PROC_CALL, 0, 0x00008000, "SMBUS_BLOCK_PROC_CALL", 2},
};

START_TEST(command_needs)
{
    struct i2cpt_smbus_call call = {.addr = 0x50,
                                    .protocol = commands[_i].protocol,
                                    .read = commands[_i].read,
                                    .block = {1}};
    uint32_t has = commands[_i].functionality;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cdev_smbus_check_call(&call, has, &fault), 0);
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ~has, &fault), -EOPNOTSUPP);
    ck_assert_msg(strstr(fault.text, commands[_i].name) != NULL, "%s",
                  fault.text);
    call.flags = I2CPT_CLIENT_PEC;
    if (call.protocol == I2CPT_SMBUS_QUICK ||
        call.protocol == I2CPT_SMBUS_I2C_BLOCK_DATA) {
        ck_assert_int_eq(i2cdev_smbus_check_call(&call, has, &fault), 0);
    } else {
        ck_assert_int_eq(i2cdev_smbus_check_call(&call, has, &fault),
                         -EOPNOTSUPP);
        ck_assert_ptr_nonnull(strstr(fault.text, "I2C_FUNC_SMBUS_PEC"));
    }
    ck_assert_int_eq(
        i2cdev_smbus_check_call(&call, has | I2CPT_FUNC_SMBUS_PEC, &fault), 0);
    call.flags = I2CPT_CLIENT_TEN;
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, has, &fault), -EOPNOTSUPP);
    ck_assert_ptr_nonnull(strstr(fault.text, "I2C_FUNC_10BIT_ADDR"));
    ck_assert_uint_eq(i2cdev_smbus_shape(&call, 0).n, commands[_i].messages);
}
END_TEST

START_TEST(command_counts)
{
    struct i2cpt_smbus_call call = {.protocol = I2CPT_SMBUS_BLOCK_DATA};
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ALL, &fault), -EPROTO);
    call.block[0] = 33;
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ALL, &fault), -EPROTO);
    call.block[0] = 32;
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ALL, &fault), 0);
    call.read = 1;
    call.block[0] = 0; /* not known yet */
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ALL, &fault), 0);
    ck_assert_int_eq(i2cdev_smbus_check_answer(&call, &fault), -EPROTO);
    call.block[0] = 33;
    ck_assert_int_eq(i2cdev_smbus_check_answer(&call, &fault), -EPROTO);
    call.protocol = 6; /* I2C_SMBUS_I2C_BLOCK_BROKEN: long gone */
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ALL, &fault), -EINVAL);
    call.protocol = 9;
    ck_assert_int_eq(i2cdev_smbus_check_call(&call, ALL, &fault), -EINVAL);
}
END_TEST

#define N(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *suite = suite_create("i2c-dev-plan");
    TCase *tc = tcase_create("limits");

    tcase_add_loop_test(tc, single, 0, N(singles));
    tcase_add_test(tc, stop_after_last_piece);
    tcase_add_loop_test(tc, many, 0, N(manies));
    tcase_add_loop_test(tc, block, 0, N(blocks));
    tcase_add_test(tc, two_blocks_in_one_transfer);
    tcase_add_test(tc, units);
    suite_add_tcase(suite, tc);
    tc = tcase_create("answers");
    tcase_add_loop_test(tc, verdict, 0, N(verdicts));
    tcase_add_loop_test(tc, command_needs, 0, N(commands));
    tcase_add_test(tc, command_counts);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
