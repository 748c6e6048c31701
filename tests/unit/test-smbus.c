/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMBus protocols: PEC, messages, both kinds of host, what a host lacks. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/recv-len.h"
#include "smbus/smbus-msgs.h"
#include "stub/stub.h"
#include "pt-fake.h"
#include "unit.h"
#include "wire.h"

/* --------------------------------------------------------------- protocols */

/* As linux/i2c.h numbers them, and with the names of its trace events. */
static const char *const protocol_names[] = {
    "QUICK",      "BYTE", "BYTE_DATA",       "WORD_DATA",      "PROC_CALL",
    "BLOCK_DATA", NULL,   "BLOCK_PROC_CALL", "I2C_BLOCK_DATA", NULL,
};

START_TEST(protocol_table)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(protocol_names); i++) {
        const struct i2cpt_smbus_protocol_info *p = i2cpt_smbus_protocol(i);

        ck_assert_pstr_eq(p ? p->name : NULL, protocol_names[i]);
        ck_assert(!p || i < I2CPT_SMBUS_PROTOCOLS);
    }
    ck_assert_ptr_null(i2cpt_smbus_protocol(UINT_MAX));
}
END_TEST

/* Each bit of SMBus functionality belongs to one row, and to one direction of
 * it unless both go out and in. */
START_TEST(protocol_bits)
{
    uint32_t all = I2CPT_FUNC_SMBUS_PEC | I2CPT_FUNC_SMBUS_READ_BLOCK_DATA |
                   I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL,
             seen = I2CPT_FUNC_SMBUS_PEC;

    for (unsigned i = 0; i < I2CPT_SMBUS_PROTOCOLS; i++) {
        const struct i2cpt_smbus_protocol_info *p = i2cpt_smbus_protocol(i);

        if (!p)
            continue;
        bool same = p->read_functionality == p->write_functionality;
        ck_assert_int_eq(same, !p->read_length || p->shape & I2CPT_SMBUS_CALL);
        ck_assert_uint_eq(
            seen & (p->read_functionality | p->write_functionality), 0);
        seen |= p->read_functionality | p->write_functionality;
    }
    ck_assert_uint_eq(seen, all | I2CPT_FUNC_SMBUS_EMUL_ALL);
}
END_TEST

/* ---------------------------------------------------------------- RECV_LEN */

/* Whatever a try has written over it, and however many messages there are. */
START_TEST(asked_is_kept)
{
    enum { N = 100 };
    struct i2cpt_msg msgs[N];
    uint8_t bytes[N], asked[N];
    int i;

    for (i = 0; i < N; i++) {
        bytes[i] = (uint8_t)(i % 2 + 1);
        msgs[i] = (struct i2cpt_msg){
            .flags = i % 3 ? I2CPT_M_RD : I2CPT_M_RD | I2CPT_M_RECV_LEN,
            .len = 1,
            .buf = &bytes[i]};
    }
    i2cpt_recv_len_keep(msgs, N, asked);
    memset(bytes, 0xee, N);
    i2cpt_recv_len_put_back(msgs, N, asked);
    for (i = 0; i < N; i++)
        ck_assert_int_eq(bytes[i], i % 3 ? 0xee : i % 2 + 1);
}
END_TEST

/* --------------------------------------------------------------------- PEC */

/* By hand: 0x01 shifted out of a register of eight bits is the polynomial, 07;
 * 0x80 becomes 07 0e 1c 38 70 e0 c7 89. F4 is the catalogue's check value of
 * this CRC, b4 07 b5 d2 3a the example of the MLX90614's data sheet; the others
 * by long division of the message as one polynomial. */
static const struct {
    const char *bytes;
    uint8_t pec;
} pecs[] = {
    {"", 0x00},
    {"01", 0x07},
    {"80", 0x89},
    {"31 32 33 34 35 36 37 38 39", 0xf4},
    {"b4 07 b5 d2 3a", 0x30},
    {"b4 22 c8 07", 0x05},
    {"16 10 17 5a", 0x0c},
};

static size_t hex(const char *text, uint8_t *buf)
{
    char **words = g_strsplit(text, " ", -1);
    size_t n = 0;

    for (; words[n] && *words[n]; n++)
        buf[n] = (uint8_t)strtoul(words[n], NULL, 16);
    g_strfreev(words);
    return n;
}

START_TEST(pec_of)
{
    uint8_t buf[16];
    size_t n = hex(pecs[_i].bytes, buf);

    ck_assert_uint_eq(i2cpt_smbus_pec(0, buf, n), pecs[_i].pec);
    for (size_t i = 0; i <= n; i++) { /* in two pieces */
        uint8_t crc = i2cpt_smbus_pec(0, buf, i);
        ck_assert_uint_eq(i2cpt_smbus_pec(crc, buf + i, n - i), pecs[_i].pec);
    }
}
END_TEST

/* ---------------------------------------------------------------- messages */

#define PEC I2CPT_CLIENT_PEC
#define TEN I2CPT_CLIENT_TEN

static const struct {
    struct i2cpt_smbus_call call;
    const char *messages;
} forms[] = {
    {{0x5a, 0, 0, I2CPT_SMBUS_QUICK}, "w"},
    {{0x5a, 0, 1, I2CPT_SMBUS_QUICK}, "r0"},
    {{0x5a, PEC, 0, I2CPT_SMBUS_QUICK}, "w"},
    {{0x5a, 0, 0, I2CPT_SMBUS_BYTE, 0x22}, "w 22"},
    {{0x5a, 0, 1, I2CPT_SMBUS_BYTE, 0x22}, "r1"},
    {{0x5a, PEC, 1, I2CPT_SMBUS_BYTE}, "r2"},
    {{0x00, PEC, 0, I2CPT_SMBUS_BYTE, 0x80}, "w 80 89"},
    {{0x5a, 0, 0, I2CPT_SMBUS_BYTE_DATA, 0x22, {0xc8}}, "w 22 c8"},
    {{0x5a, 0, 1, I2CPT_SMBUS_BYTE_DATA, 0x22}, "w 22 r1"},
    {{0x5a, PEC, 1, I2CPT_SMBUS_BYTE_DATA, 0x22}, "w 22 r2"},
    {{0x5a, 0, 0, I2CPT_SMBUS_WORD_DATA, 0x22, {0xc8, 0x07}}, "w 22 c8 07"},
    {{0x5a, PEC, 0, I2CPT_SMBUS_WORD_DATA, 0x22, {0xc8, 0x07}},
     "w 22 c8 07 05"},
    {{0x5a, 0, 1, I2CPT_SMBUS_WORD_DATA, 0x07}, "w 07 r2"},
    {{0x5a, PEC, 1, I2CPT_SMBUS_WORD_DATA, 0x07}, "w 07 r3"},
    {{0x5a, 0, 0, I2CPT_SMBUS_PROC_CALL, 0x07, {1, 2}}, "w 07 01 02 r2"},
    {{0x5a, PEC, 0, I2CPT_SMBUS_PROC_CALL, 0x07, {1, 2}}, "w 07 01 02 r3"},
    {{0x5a, 0, 0, I2CPT_SMBUS_BLOCK_DATA, 0x22, {2, 8, 9}}, "w 22 02 08 09"},
    {{0x00, PEC, 0, I2CPT_SMBUS_BLOCK_DATA, 0x00, {1, 0x80}}, "w 00 01 80 9c"},
    {{0x5a, 0, 1, I2CPT_SMBUS_BLOCK_DATA, 0x22}, "w 22 r?"},
    {{0x5a, PEC, 1, I2CPT_SMBUS_BLOCK_DATA, 0x22}, "w 22 r?+1"},
    {{0x5a, 0, 0, I2CPT_SMBUS_BLOCK_PROC_CALL, 0x22, {2, 8, 9}},
     "w 22 02 08 09 r?"},
    {{0x5a, PEC, 0, I2CPT_SMBUS_BLOCK_PROC_CALL, 0x22, {2, 8, 9}},
     "w 22 02 08 09 r?+1"},
    {{0x5a, 0, 0, I2CPT_SMBUS_I2C_BLOCK_DATA, 0x22, {2, 8, 9}}, "w 22 08 09"},
    {{0x5a, PEC, 0, I2CPT_SMBUS_I2C_BLOCK_DATA, 0x22, {2, 8, 9}}, "w 22 08 09"},
    {{0x5a, 0, 1, I2CPT_SMBUS_I2C_BLOCK_DATA, 0x22, {5}}, "w 22 r5"},
    {{0x5a, TEN, 1, I2CPT_SMBUS_BYTE_DATA, 0x22}, "w 22 r1"},
};

START_TEST(forms_as_messages)
{
    const struct i2cpt_smbus_call *call = &forms[_i].call;
    struct i2cpt_smbus_msgs m;
    size_t n;
    struct i2cpt_msg *want = wire_parse(forms[_i].messages, &n);
    uint16_t ten = call->flags & TEN ? I2CPT_M_TEN : 0;

    smbus_to_msgs(call, &m);
    ck_assert_uint_eq(m.n, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(m.msgs[i].addr, call->addr);
        ck_assert_uint_eq(m.msgs[i].flags, want[i].flags | ten);
        if (want[i].flags & I2CPT_M_RECV_LEN) {
            ck_assert_uint_eq(m.msgs[i].buf[0], want[i].buf[0]);
            ck_assert_uint_eq(m.msgs[i].len, 32u + want[i].buf[0]);
            continue;
        }
        ck_assert_uint_eq(m.msgs[i].len, want[i].len);
        if (!(want[i].flags & I2CPT_M_RD))
            ck_assert(!want[i].len ||
                      !memcmp(m.msgs[i].buf, want[i].buf, want[i].len));
    }
}
END_TEST

/* Answers that no target may give: each -EPROTO, and the call untouched. */
static const struct {
    struct i2cpt_smbus_call call;
    uint32_t actual;
    const char *bytes;
} answers[] = {
    {{0x5a, 0, 1, I2CPT_SMBUS_BYTE_DATA}, 0, ""},
    {{0x5a, PEC, 1, I2CPT_SMBUS_BYTE_DATA}, 0, ""},
    {{0x5a, 0, 1, I2CPT_SMBUS_WORD_DATA}, 1, "01"},
    {{0x5a, 0, 1, I2CPT_SMBUS_BLOCK_DATA}, 1, "00"},
    {{0x5a, 0, 1, I2CPT_SMBUS_BLOCK_DATA}, 3, "03 01 02"},
    {{0x5a, 0, 1, I2CPT_SMBUS_BLOCK_DATA}, 34, "21"},
    {{0x5a, 0, 1, I2CPT_SMBUS_I2C_BLOCK_DATA, 0, {3}}, 2, "01 02"},
};

START_TEST(bad_answers)
{
    struct i2cpt_smbus_call call = answers[_i].call;
    struct i2cpt_smbus_msgs m;
    struct i2cpt_fault fault;

    smbus_to_msgs(&call, &m);
    hex(answers[_i].bytes, m.in);
    m.msgs[m.n - 1].actual = answers[_i].actual;
    ck_assert_int_eq(smbus_from_msgs(&call, &m, &fault), -EPROTO);
    ck_assert(!memcmp(&call, &answers[_i].call, sizeof(call)));
}
END_TEST

/* Of a read that no write comes before: one byte is its PEC, and the text says
 * which. */
START_TEST(every_wrong_pec)
{
    static const uint8_t sent[] = {0x0b << 1 | 1, 0x5a};
    uint8_t right = i2cpt_smbus_pec(0, sent, sizeof(sent));
    struct i2cpt_smbus_call call = {0x0b, PEC, 1, I2CPT_SMBUS_BYTE};
    struct i2cpt_smbus_msgs m;
    struct i2cpt_fault fault;

    smbus_to_msgs(&call, &m);
    m.msgs[0].actual = 2;
    m.in[0] = 0x5a;
    m.in[1] = (uint8_t)_i;
    ck_assert_int_eq(smbus_from_msgs(&call, &m, &fault),
                     _i == right ? 0 : -EBADMSG);
    if (_i != right) {
        g_autofree char *want = g_strdup_printf("0x%02x is right", right);

        ck_assert_ptr_nonnull(strstr(fault.text, want));
    }
}
END_TEST

/* What was asked for is at most what there is room for, and what came is what
 * the caller is told. */
START_TEST(i2c_block_of_more_than_there_is)
{
    struct i2cpt_smbus_call call = {0x5a, 0,    1, I2CPT_SMBUS_I2C_BLOCK_DATA,
                                    0,    {255}};
    struct i2cpt_smbus_msgs m;
    struct i2cpt_fault fault;

    smbus_to_msgs(&call, &m);
    ck_assert_uint_eq(m.msgs[1].len, 32);
    m.msgs[1].actual = 32;
    ck_assert_int_eq(smbus_from_msgs(&call, &m, &fault), 0);
    ck_assert_uint_eq(call.block[0], 32);
}
END_TEST

/* --------------------------------------------------- protocols on the stub */

#define CHIP                                                \
    "reg 0x10 type=byte = 5a\nreg 0x11 type=word = 34 12\n" \
    "reg 0x12 type=block = 61 62 63\nreg 0x13 type=send\n"  \
    "reg 0x14 type=call\nreg 0x15 type=block-call\n"

static const struct {
    const char *pec, *functionality;
    uint16_t flags;
} hosts[] = {
    {"off", "all", 0},       {"off", "smbus", 0},
    {"accept", "all", 0},    {"accept", "smbus", 0},
    {"accept", "all", PEC},  {"accept", "smbus", PEC},
    {"require", "all", PEC}, {"require", "smbus", PEC},
};

static struct i2cpt_adapter *open_host(int i, const char *chip)
{
    char *text =
        g_strdup_printf("chip 0x0b smbus pec=%s\n%s", hosts[i].pec, chip);
    char *more =
        g_strdup_printf(",name=h,functionality=%s", hosts[i].functionality);
    struct i2cpt_adapter *a = wire_stub(text, more);

    g_free(text);
    g_free(more);
    return a;
}

static void check_stored(uint32_t reg, const char *bytes)
{
    uint8_t want[64], got[64];
    size_t n = hex(bytes, want);

    ck_assert_uint_eq(stub_peek("h", 0x0b, reg, got, sizeof(got)), n);
    ck_assert(!memcmp(want, got, n));
}

START_TEST(every_protocol)
{
    struct i2cpt_adapter *a = open_host(_i, CHIP);
    uint16_t f = hosts[_i].flags;
    struct i2cpt_stub_counts counts;
    const uint8_t out[] = {0x78, 0x79, 0x7a};
    uint8_t in[32];

    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x0b, f, 0, NULL), 0);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x0b, f, 1, NULL), 0);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x0c, f, 0, NULL), -ENXIO);
    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x0b, f, 0x10, NULL), 0x5a);
    ck_assert_int_eq(i2cpt_smbus_receive_byte(a, 0x0b, f, NULL), 0x5a);
    ck_assert_int_eq(i2cpt_smbus_send_byte(a, 0x0b, f, 0x13, NULL), 0);
    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x0b, f, 0x10, 1, NULL), 0);
    check_stored(0x10, "01");
    ck_assert_int_eq(i2cpt_smbus_read_word_data(a, 0x0b, f, 0x11, NULL),
                     0x1234);
    ck_assert_int_eq(
        i2cpt_smbus_write_word_data(a, 0x0b, f, 0x11, 0xabcd, NULL), 0);
    check_stored(0x11, "cd ab");
    ck_assert_int_eq(i2cpt_smbus_process_call(a, 0x0b, f, 0x14, 0x0ff1, NULL),
                     0xf00e);
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x0b, f, 0x12, in, sizeof(in), NULL), 3);
    ck_assert(!memcmp(in, "abc", 3));
    ck_assert_int_eq(
        i2cpt_smbus_write_block_data(a, 0x0b, f, 0x12, out, 2, NULL), 0);
    check_stored(0x12, "78 79");
    ck_assert_int_eq(i2cpt_smbus_block_process_call(a, 0x0b, f, 0x15, out, 3,
                                                    in, sizeof(in), NULL),
                     3);
    ck_assert(!memcmp(in, "zyx", 3));
    ck_assert(stub_counts("h", 0x0b, &counts));
    ck_assert_uint_eq(counts.sent, 1);
    ck_assert_uint_eq(counts.pec_errors, 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* I2C block reads and writes have no PEC, whatever the flags say. */
START_TEST(i2c_block)
{
    const char *const specs[] = {"stub,chips=0x48", "stub,chips=0x48,"
                                                    "functionality=smbus"};
    struct i2cpt_adapter *a = wire_open(specs[_i % 2]);
    uint16_t f = _i < 2 ? 0 : PEC;
    uint8_t in[4] = {0};

    ck_assert_int_eq(i2cpt_smbus_write_i2c_block(
                         a, 0x48, f, 3, (const uint8_t *)"\1\2\3", 3, NULL),
                     0);
    ck_assert_int_eq(i2cpt_smbus_read_i2c_block(a, 0x48, f, 2, in, 4, NULL), 4);
    ck_assert(!memcmp(in, "\0\1\2\3", 4));
    i2cpt_adapter_unref(a);
}
END_TEST

/* The target knows no PEC: its 0xff is not one. Nothing is handed out. */
START_TEST(wrong_pec)
{
    struct i2cpt_adapter *a = open_host(_i, CHIP);
    struct i2cpt_fault fault;
    uint8_t in[32];

    ck_assert_int_eq(i2cpt_smbus_read_byte_data(a, 0x0b, PEC, 0x10, &fault),
                     -EBADMSG);
    ck_assert_int_eq(fault.code, EBADMSG);
    ck_assert_str_eq(fault.text, "PEC 0xff from address 0x0b; 0x0c is right");
    ck_assert_int_eq(i2cpt_smbus_receive_byte(a, 0x0b, PEC, NULL), -EBADMSG);
    ck_assert_int_eq(i2cpt_smbus_read_word_data(a, 0x0b, PEC, 0x11, NULL),
                     -EBADMSG);
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x0b, PEC, 0x12, in, 32, NULL),
        -EBADMSG);
    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x0b, PEC, 0x10, 9, &fault),
                     -EIO);
    ck_assert_int_eq(fault.byte, 2);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A target that requires PEC drops a write without, and counts it. */
START_TEST(missing_pec)
{
    struct i2cpt_adapter *a = open_host(_i, CHIP);
    struct i2cpt_stub_counts counts;

    ck_assert_int_eq(i2cpt_smbus_write_byte_data(a, 0x0b, 0, 0x10, 9, NULL), 0);
    check_stored(0x10, "5a");
    ck_assert_int_eq(i2cpt_smbus_send_byte(a, 0x0b, 0, 0x13, NULL), 0);
    ck_assert(stub_counts("h", 0x0b, &counts));
    ck_assert_uint_eq(counts.pec_errors, 2);
    ck_assert_uint_eq(counts.sent, 0);
    /* a wrong one is refused, and drops the write too */
    ck_assert_str_eq(wire(a, "@0b w 10 09 00"), "!EIO data 0 2");
    check_stored(0x10, "5a");
    i2cpt_adapter_unref(a);
}
END_TEST

/* ----------------------------------------------------------- block lengths */

static char *block_of(unsigned n)
{
    GString *s = g_string_new("reg 0x12 type=block =");

    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(s, " %02x", i);
    g_string_append(s, "\nreg 0x15 type=block-call\n");
    return g_string_free(s, FALSE);
}

START_TEST(blocks_above_32)
{
    char *chip = block_of(255);
    struct i2cpt_adapter *a = open_host(_i, chip);
    bool i2c = !strcmp(hosts[_i].functionality, "all");
    uint16_t f = hosts[_i].flags;
    struct i2cpt_fault fault;
    uint8_t in[300], out[256] = {7};

    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x0b, f, 0x12, in, sizeof(in), &fault),
        i2c ? 255 : -EPROTO);
    if (i2c)
        ck_assert_uint_eq(in[254], 254);
    ck_assert_int_eq(
        i2cpt_smbus_write_block_data(a, 0x0b, f, 0x12, out, 255, &fault),
        i2c ? 0 : -EOPNOTSUPP);
    if (!i2c)
        ck_assert_str_eq(fault.text, "h: a block of 255 bytes: above 32 the "
                                     "adapter lacks I2C_FUNC_I2C");
    ck_assert_int_eq(i2cpt_smbus_block_process_call(a, 0x0b, f, 0x15, out, 255,
                                                    in, sizeof(in), NULL),
                     i2c ? 255 : -EOPNOTSUPP);
    ck_assert_int_eq(
        i2cpt_smbus_write_block_data(a, 0x0b, f, 0x12, out, 256, &fault),
        -EINVAL);
    ck_assert_int_eq(
        i2cpt_smbus_write_block_data(a, 0x0b, f, 0x12, out, 0, NULL), -EINVAL);
    ck_assert_int_eq(i2cpt_smbus_read_block_data(a, 0x0b, f, 0x12, in, 0, NULL),
                     -EINVAL);
    ck_assert_int_eq(
        i2cpt_smbus_block_process_call(a, 0x0b, f, 0x15, out, 1, in, 0, NULL),
        -EINVAL);
    i2cpt_adapter_unref(a);
    g_free(chip);
}
END_TEST

/* A block of 32 fits every host; a smaller buffer is -EPROTO, and what lies
 * behind it stays as it was. */
START_TEST(blocks_of_32)
{
    char *chip = block_of(32);
    struct i2cpt_adapter *a = open_host(_i, chip);
    uint16_t f = hosts[_i].flags;
    struct i2cpt_stub_counts counts;
    uint8_t in[33];

    memset(in, 0xee, sizeof(in));
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x0b, f, 0x12, in, 31, NULL), -EPROTO);
    ck_assert_uint_eq(in[0], 0xee);
    /* it was read to its end all the same */
    ck_assert(stub_counts("h", 0x0b, &counts));
    ck_assert_uint_eq(counts.read, f ? 34 : 33);
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(a, 0x0b, f, 0x12, in, 32, NULL), 32);
    ck_assert_uint_eq(in[31], 31);
    ck_assert_uint_eq(in[32], 0xee);
    ck_assert_int_eq(
        i2cpt_smbus_write_block_data(a, 0x0b, f, 0x12, in, 32, NULL), 0);
    i2cpt_adapter_unref(a);
    g_free(chip);
}
END_TEST

/* -------------------------------------------------------- what a host lacks */

enum which {
    QUICK,
    RECEIVE,
    SEND,
    READ_BYTE,
    WRITE_BYTE,
    READ_WORD,
    WRITE_WORD,
    CALL,
    READ_BLOCK,
    WRITE_BLOCK,
    BLOCK_CALL,
    READ_I2C,
    WRITE_I2C,
};

static int call_one(struct i2cpt_adapter *a, enum which which, uint16_t f,
                    struct i2cpt_fault *fault)
{
    uint8_t buf[32] = {0};

    switch (which) {
    case QUICK:
        return i2cpt_smbus_quick(a, 0x0b, f, 0, fault);
    case RECEIVE:
        return i2cpt_smbus_receive_byte(a, 0x0b, f, fault);
    case SEND:
        return i2cpt_smbus_send_byte(a, 0x0b, f, 0x13, fault);
    case READ_BYTE:
        return i2cpt_smbus_read_byte_data(a, 0x0b, f, 0x10, fault);
    case WRITE_BYTE:
        return i2cpt_smbus_write_byte_data(a, 0x0b, f, 0x10, 0, fault);
    case READ_WORD:
        return i2cpt_smbus_read_word_data(a, 0x0b, f, 0x11, fault);
    case WRITE_WORD:
        return i2cpt_smbus_write_word_data(a, 0x0b, f, 0x11, 0, fault);
    case CALL:
        return i2cpt_smbus_process_call(a, 0x0b, f, 0x14, 0, fault);
    case READ_BLOCK:
        return i2cpt_smbus_read_block_data(a, 0x0b, f, 0x12, buf, 32, fault);
    case WRITE_BLOCK:
        return i2cpt_smbus_write_block_data(a, 0x0b, f, 0x12, buf, 1, fault);
    case BLOCK_CALL:
        return i2cpt_smbus_block_process_call(a, 0x0b, f, 0x15, buf, 1, buf, 32,
                                              fault);
    case READ_I2C:
        return i2cpt_smbus_read_i2c_block(a, 0x0b, f, 0x10, buf, 1, fault);
    default:
        return i2cpt_smbus_write_i2c_block(a, 0x0b, f, 0x10, buf, 1, fault);
    }
}

static const struct {
    enum which which;
    uint32_t bit;
    const char *name;
} lacking[] = {
    {QUICK, I2CPT_FUNC_SMBUS_QUICK, "QUICK"},
    {RECEIVE, I2CPT_FUNC_SMBUS_READ_BYTE, "READ_BYTE"},
    {SEND, I2CPT_FUNC_SMBUS_WRITE_BYTE, "WRITE_BYTE"},
    {READ_BYTE, I2CPT_FUNC_SMBUS_READ_BYTE_DATA, "READ_BYTE_DATA"},
    {WRITE_BYTE, I2CPT_FUNC_SMBUS_WRITE_BYTE_DATA, "WRITE_BYTE_DATA"},
    {READ_WORD, I2CPT_FUNC_SMBUS_READ_WORD_DATA, "READ_WORD_DATA"},
    {WRITE_WORD, I2CPT_FUNC_SMBUS_WRITE_WORD_DATA, "WRITE_WORD_DATA"},
    {CALL, I2CPT_FUNC_SMBUS_PROC_CALL, "PROC_CALL"},
    {READ_BLOCK, I2CPT_FUNC_SMBUS_READ_BLOCK_DATA, "READ_BLOCK_DATA"},
    {WRITE_BLOCK, I2CPT_FUNC_SMBUS_WRITE_BLOCK_DATA, "WRITE_BLOCK_DATA"},
    {BLOCK_CALL, I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL, "BLOCK_PROC_CALL"},
    {READ_I2C, I2CPT_FUNC_SMBUS_READ_I2C_BLOCK, "READ_I2C_BLOCK"},
    {WRITE_I2C, I2CPT_FUNC_SMBUS_WRITE_I2C_BLOCK, "WRITE_I2C_BLOCK"},
};

static struct i2cpt_adapter *open_with(uint32_t functionality)
{
    char *more = g_strdup_printf(",name=f,functionality=0x%x", functionality);
    struct i2cpt_adapter *a = wire_stub("chip 0x0b smbus\n" CHIP, more);

    g_free(more);
    return a;
}

/* Without its bit a command is refused by name; with its bit alone it goes. */
START_TEST(native_command_missing)
{
    struct i2cpt_adapter *a =
        open_with(I2CPT_FUNC_SMBUS_EMUL_ALL & ~lacking[_i].bit);
    char *want = g_strdup_printf("f: the adapter lacks I2C_FUNC_SMBUS_%s",
                                 lacking[_i].name);
    struct i2cpt_fault fault;

    ck_assert_int_eq(call_one(a, lacking[_i].which, 0, &fault), -EOPNOTSUPP);
    ck_assert_str_eq(fault.text, want);
    i2cpt_adapter_unref(a);
    a = open_with(lacking[_i].bit);
    ck_assert_int_ge(call_one(a, lacking[_i].which, 0, &fault), 0);
    i2cpt_adapter_unref(a);
    g_free(want);
}
END_TEST

START_TEST(native_pec_missing)
{
    struct i2cpt_adapter *a =
        open_with(I2CPT_FUNC_SMBUS_EMUL_ALL & ~I2CPT_FUNC_SMBUS_PEC);
    enum which which = lacking[_i].which;
    bool none = which == QUICK || which == READ_I2C || which == WRITE_I2C;
    struct i2cpt_fault fault;
    int rc = call_one(a, which, PEC, &fault);

    if (none) {
        ck_assert_int_ge(rc, 0);
    } else {
        ck_assert_int_eq(rc, -EOPNOTSUPP);
        ck_assert_str_eq(fault.text, "f: the adapter lacks I2C_FUNC_SMBUS_PEC");
    }
    i2cpt_adapter_unref(a);
}
END_TEST

/* A plain I2C host does all but what takes more than plain messages. */
START_TEST(message_host_missing)
{
    struct i2cpt_adapter *a = open_with(I2CPT_FUNC_I2C);
    enum which which = lacking[_i].which;
    struct i2cpt_fault fault;
    int rc = call_one(a, which, 0, &fault);

    if (which == QUICK || which == READ_BLOCK || which == BLOCK_CALL) {
        ck_assert_int_eq(rc, -EOPNOTSUPP);
        ck_assert(strstr(fault.text, lacking[_i].name));
    } else {
        ck_assert_int_ge(rc, 0);
    }
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(bad_arguments)
{
    const char *const f[] = {"all", "smbus"};
    char *spec = g_strdup_printf("stub,functionality=%s", f[_i]);
    struct i2cpt_adapter *a = wire_open(spec);
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x80, 0, 0, &fault), -EINVAL);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x400, TEN, 0, &fault), -EINVAL);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x48, 0x100, 0, &fault), -EINVAL);
    ck_assert_int_eq(i2cpt_smbus_quick(a, 0x123, TEN, 0, &fault),
                     _i ? -EOPNOTSUPP : -ENXIO);
    if (_i)
        ck_assert(strstr(fault.text, "I2C_FUNC_10BIT_ADDR"));
    i2cpt_adapter_unref(a);
    g_free(spec);
}
END_TEST

/* A host that lies: its count is more than Linux's block has room for. */
START_TEST(lying_native_count)
{
    struct fake_config config = {.functionality =
                                     I2CPT_FUNC_SMBUS_READ_BLOCK_DATA};
    struct i2cpt_fault fault;
    struct fake_guest g;
    uint8_t in[256];

    memset(in, 0x77, sizeof(in));
    pt_guest_open(&g, FORM_BLOCKING, &config, "probe=off");
    pt_guest_run(&g, _i ? "=21ff" : "=c8ff");
    ck_assert_int_eq(
        i2cpt_smbus_read_block_data(g.adapter, 0x48, 0, 0x10, in, 255, &fault),
        -EPROTO);
    ck_assert_uint_eq(in[0], 0x77);
    pt_guest_close(&g);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("smbus");
    TCase *t = tcase_create("smbus");

    tcase_add_test(t, protocol_table);
    tcase_add_test(t, protocol_bits);
    tcase_add_test(t, asked_is_kept);
    tcase_add_loop_test(t, pec_of, 0, G_N_ELEMENTS(pecs));
    tcase_add_loop_test(t, forms_as_messages, 0, G_N_ELEMENTS(forms));
    tcase_add_loop_test(t, bad_answers, 0, G_N_ELEMENTS(answers));
    tcase_add_loop_test(t, every_wrong_pec, 0, 256);
    tcase_add_test(t, i2c_block_of_more_than_there_is);
    tcase_add_loop_test(t, every_protocol, 0, G_N_ELEMENTS(hosts));
    tcase_add_loop_test(t, i2c_block, 0, 4);
    tcase_add_loop_test(t, wrong_pec, 0, 2);
    tcase_add_loop_test(t, missing_pec, 6, 8);
    tcase_add_loop_test(t, blocks_above_32, 0, G_N_ELEMENTS(hosts));
    tcase_add_loop_test(t, blocks_of_32, 0, G_N_ELEMENTS(hosts));
    tcase_add_loop_test(t, native_command_missing, 0, G_N_ELEMENTS(lacking));
    tcase_add_loop_test(t, lying_native_count, 0, 2);
    tcase_add_loop_test(t, native_pec_missing, 0, G_N_ELEMENTS(lacking));
    tcase_add_loop_test(t, message_host_missing, 0, G_N_ELEMENTS(lacking));
    tcase_add_loop_test(t, bad_arguments, 0, 2);
    suite_add_tcase(s, t);
    return unit_run(s);
}
