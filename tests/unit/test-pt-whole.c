/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMBus transactions that come as a whole: what goes over the wire for each,
 * and what the policy keeps back; lib/services/whole-smbus.c. */
#include <errno.h>

#include "pt-table.h"

#define PEC I2CPT_CLIENT_PEC

struct whole_row {
    const char *name;
    const char *policy;
    const char *before; /* the guest's events in bytes */
    uint8_t protocol, read;
    uint16_t address, flags;
    const char *out; /* hex */
    uint8_t in_size;
    const char *script, *data; /* of the fake bus */
    int ret;
    const char *in; /* hex */
    const char *wire;
    const char *counts;
};

#define P(name) I2CPT_SMBUS_##name

static const struct whole_row whole[] = {
    {"quick write", "", "", P(QUICK), 0, 0x48, 0, "", 0, "", "", 0, "",
     "w48:", "transactions=1 transfers=1 bytes-written=0"},
    {"quick read", "", "", P(QUICK), 1, 0x48, 0, "", 0, "", "", 0, "", "r48:0",
     NULL},
    {"send byte", "", "", P(BYTE), 0, 0x48, 0, "", 0, "", "", 0, "", "w48:07",
     "bytes-written=1"},
    {"receive byte", "", "", P(BYTE), 1, 0x48, 0, "", 1, "", "", 1, "a0",
     "r48:1", "bytes-read=1"},
    {"read byte", "", "", P(BYTE_DATA), 1, 0x48, 0, "", 1, "", "", 1, "a0",
     "w48:07+r48:1", "over-read=0 probes=0 bytes-written=1"},
    {"write byte", "", "", P(BYTE_DATA), 0, 0x48, 0, "11", 0, "", "", 0, "",
     "w48:0711", "bytes-written=2"},
    {"read word", "", "", P(WORD_DATA), 1, 0x48, 0, "", 2, "", "", 2, "a0a1",
     "w48:07+r48:2", NULL},
    {"write word", "", "", P(WORD_DATA), 0, 0x48, 0, "1122", 0, "", "", 0, "",
     "w48:071122", NULL},
    {"process call", "", "", P(PROC_CALL), 0, 0x48, 0, "1122", 2, "", "", 2,
     "a0a1", "w48:071122+r48:2", "bytes-written=3"},
    {"block write", "", "", P(BLOCK_DATA), 0, 0x48, 0, "112233", 0, "", "", 0,
     "", "w48:0703112233", "bytes-written=5"},
    {"block read: as long as the target says", "", "", P(BLOCK_DATA), 1, 0x48,
     0, "", 32, "", "021122", 2, "1122", "w48:07+R48:1", "over-read=0"},
    {"and no longer than there is room", "", "", P(BLOCK_DATA), 1, 0x48, 0, "",
     1, "", "021122", -EPROTO, "", "w48:07+R48:1", NULL},
    {"block process call", "", "", P(BLOCK_PROC_CALL), 0, 0x48, 0, "1122", 32,
     "", "021122", 2, "1122", "w48:07021122+R48:1", NULL},
    {"I2C block read", "", "", P(I2C_BLOCK_DATA), 1, 0x48, 0, "", 5, "", "", 5,
     "a0a1a2a3a4", "w48:07+r48:5", NULL},
    {"I2C block write", "", "", P(I2C_BLOCK_DATA), 0, 0x48, 0, "1122", 0, "",
     "", 0, "", "w48:071122", NULL},
    {"a PEC goes behind", "", "", P(BYTE_DATA), 0, 0x48, PEC, "11", 0, "", "",
     0, "", "w48:0711b5", NULL},
    {"and a wrong one is told", "", "", P(BYTE_DATA), 1, 0x48, PEC, "", 1, "",
     "1100", -EBADMSG, "", "w48:07+r48:2", NULL},
    {"the wire's address", "address=0x48,hostaddr=0x20", "", P(BYTE), 1, 0x48,
     0, "", 1, "", "", 1, "a0", "r20:1", NULL},
    {"an address of somebody else", "", "", P(BYTE), 1, 0x30, 0, "", 1, "", "",
     -EINVAL, "", "", "transactions=0"},
    {"refused at its address", "", "", P(BYTE), 0, 0x48, 0, "", 0, "x", "",
     -ENXIO, "", "w48:07!x", "nacks=1"},
    {"at a byte", "", "", P(WORD_DATA), 0, 0x48, 0, "1122", 0, "d", "", -EIO,
     "", "w48:071122!d", "nacks=1 late-faults=0"},
    {"what is open ends before", "", "W48 1 2", P(BYTE), 1, 0x48, 0, "", 1, "",
     "", 1, "a0", "w48:? w48:0102 r48:1", "transactions=2"},
    {"what was refused late is told, and not sent", "", "W48 1 2 !d P", P(BYTE),
     0, 0x48, 0, "", 0, "", "", -EIO, "", "w48:? w48:0102!d", "nacks=1"},
    {"but not of another address", "", "W48 1 2 !d P", P(BYTE), 1, 0x49, 0, "",
     1, "", "", 1, "a0", "w48:? w48:0102!d r49:1", NULL},
    {"posted writes go first", "posted-writes=on", "W48 1 2 P", P(BYTE), 1,
     0x48, 0, "", 1, "", "", 1, "a0", "w48:? w48:0102 flush r48:1", NULL},
    {"readonly: a register is read", "readonly=on", "", P(WORD_DATA), 1, 0x48,
     0, "", 2, "", "", 2, "a0a1", "w48:07+r48:2", "blocked=0"},
    {"not written", "readonly=on", "", P(BYTE_DATA), 0, 0x48, 0, "11", 0, "",
     "", -EACCES, "", "", "blocked=1"},
    {"nor a block", "readonly=on", "", P(BLOCK_DATA), 0, 0x48, 0, "11", 0, "",
     "", -EACCES, "", "", "blocked=1"},
    {"a process call writes", "readonly=on", "", P(PROC_CALL), 0, 0x48, 0,
     "1122", 2, "", "", -EACCES, "", "", "blocked=1"},
    {"R/W means nothing in it", "readonly=on", "", P(PROC_CALL), 1, 0x48, 0,
     "1122", 2, "", "", -EACCES, "", "", "blocked=1"},
    {"a block's count is a byte that is written", "readonly=on", "",
     P(BLOCK_PROC_CALL), 0, 0x48, 0, "11", 32, "", "021122", -EACCES, "", "",
     "blocked=1"},
    {"with pointers as long as that, it may", "readonly=on,pointer-bytes=3", "",
     P(BLOCK_PROC_CALL), 0, 0x48, 0, "11", 32, "", "021122", 2, "1122",
     "w48:070111+R48:1", "blocked=0"},
    {"a quick write is kept back", "readonly=on", "", P(QUICK), 0, 0x48, 0, "",
     0, "", "", 0, "", "", "blocked=1"},
    {"a byte sent alone waits for its read", "readonly=on", "", P(BYTE), 0,
     0x48, 0, "", 0, "", "", 0, "", "", "blocked=0 bytes-written=1"},
    {"a pointer that nobody reads, and a quick write", "readonly=on",
     "W48 33 P", P(QUICK), 0, 0x48, 0, "", 0, "", "", 0, "", "", "blocked=2"},
    {"another byte in its place", "readonly=on", "W48 33 P", P(BYTE), 0, 0x48,
     0, "", 0, "", "", 0, "", "", "blocked=1 bytes-written=2"},
    {"a pointer of two bytes, then receive byte: joined", "readonly=on",
     "W48 1 2 P", P(BYTE), 1, 0x48, 0, "", 1, "", "", 1, "a0", "w48:0102+r48:1",
     "blocked=0 bytes-written=2"},
    {"not with a PEC", "readonly=on", "W48 1 2 P", P(BYTE), 1, 0x48, PEC, "", 1,
     "", "", -EOPNOTSUPP, "", "", NULL},
    {"a pointer in bytes, then receive byte: joined", "readonly=on", "W48 33 P",
     P(BYTE), 1, 0x48, 0, "", 1, "", "", 1, "a0", "w48:33+r48:1", "blocked=0"},
    {"and lost where the read names its own", "readonly=on", "W48 33 P",
     P(BYTE_DATA), 1, 0x48, 0, "", 1, "", "", 1, "a0", "w48:07+r48:1",
     "blocked=1"},
    {"pointer-bytes=0: no command either", "readonly=on,pointer-bytes=0", "",
     P(BYTE_DATA), 1, 0x48, 0, "", 1, "", "", -EACCES, "", "", "blocked=1"},
};

static size_t from_hex(uint8_t *out, const char *hex)
{
    size_t n = strlen(hex) / 2, i;

    for (i = 0; i < n; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};

        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

static void run_whole(struct fake_guest *g, const struct whole_row *row)
{
    uint8_t out[256], in[256] = {0}, want[256];
    struct i2cpt_smbus_transaction t = {
        .size = sizeof(t),
        .address = row->address,
        .flags = row->flags,
        .protocol = row->protocol,
        .read = row->read,
        .command = 7,
        .out = out,
        .out_len = from_hex(out, row->out),
        .in = in,
        .in_size = row->in_size,
    };
    struct i2cpt_fault fault;
    int ret = i2cpt_passthrough_smbus(g->pt, &t, &fault);

    ck_assert_msg(ret == row->ret, "%s: %d, want %d (%s)", row->name, ret,
                  row->ret, fault.text);
    ck_assert_int_eq(fault.code, ret < 0 ? -ret : 0);
    if (ret > 0) {
        ck_assert_int_eq(ret, (int)from_hex(want, row->in));
        ck_assert_mem_eq(in, want, (size_t)ret);
    }
}

START_TEST(whole_row)
{
    const struct whole_row *row = &whole[_i];
    const struct pt_row counted = {.name = row->name};
    const struct fake_config config = {0};
    struct fake_guest g;
    g_autofree char *log = NULL;

    pt_guest_open(&g, FORM_BLOCKING, &config, row->policy);
    pt_guest_run(&g, row->before);
    fake_script(row->script);
    if (*row->data) {
        fake_data(row->data);
    }
    run_whole(&g, row);
    if (row->counts) {
        check_counts(&g, &counted, row->counts);
    }
    pt_guest_close(&g);
    log = g_strdup(fake_log());
    if (g_str_has_suffix(log, "flush")) {
        log[strlen(log) - 5] = 0; /* of the close */
    }
    g_strchomp(log);
    ck_assert_msg(!strcmp(log, row->wire), "%s:\nwire %s\nwant %s", row->name,
                  log, row->wire);
}
END_TEST

/* On a host that has commands only, with a chip that insists on a PEC: what no
 * guessing in bytes can do. */
START_TEST(commands_only)
{
    static const struct whole_row rows[] = {
        {"word", "", "", P(WORD_DATA), 0, 0x0b, PEC, "1234", 0, "", "", 0, ""},
        {"again", "", "", P(WORD_DATA), 1, 0x0b, PEC, "", 2, "", "", 2, "1234"},
    };
    char name[] = "/tmp/pt-whole-XXXXXX";
    struct fake_guest g;
    g_autofree char *spec = NULL;
    FILE *file = fdopen(mkstemp(name), "w");
    int i;

    fprintf(file, "chip 0x0b smbus pec=require\nreg 0x07 type=word = 00 00\n");
    fclose(file);
    spec = g_strdup_printf("stub,load=%s,functionality=smbus", name);
    pt_guest_open_spec(&g, FORM_BLOCKING, spec, "address=0x0b");
    for (i = 0; i < 2; i++) {
        run_whole(&g, &rows[i]);
    }
    pt_guest_close(&g);
    remove(name);
}
END_TEST

START_TEST(refused)
{
    static const struct {
        const char *name;
        struct i2cpt_smbus_transaction t;
    } rows[] = {
        {"size", {.size = 8, .address = 0x48}},
        {"protocol 6", {.protocol = 6}},
        {"read 2", {.read = 2}},
        {"reserved", {.reserved = 1}},
        {"flags", {.flags = I2CPT_CLIENT_TEN}},
        {"no byte", {.protocol = P(BYTE_DATA)}},
        {"half a word", {.protocol = P(WORD_DATA), .out_len = 1}},
        {"an empty block", {.protocol = P(BLOCK_DATA)}},
        {"a long one", {.protocol = P(BLOCK_DATA), .out_len = 256}},
        {"NULL", {.protocol = P(BLOCK_DATA), .out_len = 2}},
        {"no room", {.protocol = P(WORD_DATA), .read = 1, .in_size = 1}},
        {"room, but NULL", {.protocol = P(BYTE), .read = 1, .in_size = 1}},
        {"room for 256",
         {.protocol = P(BLOCK_DATA), .read = 1, .in_size = 256}},
    };
    const struct fake_config config = {0};
    struct fake_guest g;
    size_t i;

    pt_guest_open(&g, FORM_BLOCKING, &config, "");
    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct i2cpt_smbus_transaction t = rows[i].t;
        struct i2cpt_fault fault;

        t.size = t.size ? t.size : sizeof(t);
        t.address = 0x48;
        ck_assert_msg(i2cpt_passthrough_smbus(g.pt, &t, &fault) == -EINVAL,
                      "%s", rows[i].name);
        ck_assert_int_eq(fault.code, EINVAL);
        ck_assert_int_eq(i2cpt_passthrough_smbus(g.pt, &t, NULL), -EINVAL);
    }
    pt_guest_close(&g);
    ck_assert_str_eq(fake_log(), "flush"); /* of the close */
}
END_TEST

/* More room than the protocol has bytes is no shorter pointer. */
START_TEST(long_room)
{
    uint8_t out[2] = {0x11, 0x22}, in[2];
    const struct i2cpt_smbus_transaction t = {.size = sizeof(t),
                                              .address = 0x48,
                                              .protocol = P(PROC_CALL),
                                              .out = out,
                                              .out_len = SIZE_MAX,
                                              .in = in,
                                              .in_size = sizeof(in)};
    const struct fake_config config = {0};
    struct fake_guest g;

    pt_guest_open(&g, FORM_BLOCKING, &config, "readonly=on");
    ck_assert_int_eq(i2cpt_passthrough_smbus(g.pt, &t, NULL), -EACCES);
    pt_guest_close(&g);
    ck_assert_str_eq(fake_log(), "flush"); /* of the close */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pt-whole");
    TCase *tc = tcase_create("whole");

    PT_ROWS_ADD(tc, whole_row, whole);
    tcase_add_test(tc, commands_only);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, long_room);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
