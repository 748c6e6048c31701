/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every protocol, by the library and by somebody else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vm-suite.h"

typedef int (*ours_fn)(uint16_t addr, uint8_t *out, struct i2cpt_fault *fault);

#define PEC I2CPT_CLIENT_PEC

/* Linux's numbers of what is called by ioctl */
#define SMBUS_PROC_CALL       4u
#define SMBUS_BLOCK_PROC_CALL 7u

#define SMBUS_TO 0x21 /* the SMBus chip takes blocks there */
#define CALL_BLOCK          \
    {                       \
        3, 0xa1, 0xa2, 0xa3 \
    }

static const uint8_t call_bytes[] = CALL_BLOCK;

static int one_byte(int ret, uint8_t *out)
{
    out[0] = (uint8_t)ret;
    return ret < 0 ? ret : 1;
}

static int one_word(int ret, uint8_t *out)
{
    out[0] = ret & 0xff;
    out[1] = (uint8_t)(ret >> 8);
    return ret < 0 ? ret : 2;
}

static int quick(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_quick(adapter, a, 0, 0, f);
}

static int receive(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_byte(i2cpt_smbus_receive_byte(adapter, a, 0, f), out);
}

static int send(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_send_byte(adapter, a, 0, 0x10, f);
}

static int read_byte(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_byte(i2cpt_smbus_read_byte_data(adapter, a, 0, 0x11, f), out);
}

static int read_byte_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_byte(i2cpt_smbus_read_byte_data(adapter, a, PEC, 0x11, f), out);
}

static int write_byte(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_byte_data(adapter, a, 0, 0x12, 0x5a, f);
}

static int write_byte_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_byte_data(adapter, a, PEC, 0x12, 0x6b, f);
}

static int read_word(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_word(i2cpt_smbus_read_word_data(adapter, a, 0, 0x12, f), out);
}

static int write_word(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_word_data(adapter, a, 0, 0x12, 0x1234, f);
}

static int read_block(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_read_block_data(adapter, a, 0, 0x12, out, 32, f);
}

static int write_block(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_block_data(adapter, a, 0, 0x12,
                                        (const uint8_t *)"\3\4\5", 3, f);
}

static int read_i2c_block(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    int ret = i2cpt_smbus_read_i2c_block(adapter, a, 0, 0x12, out, 8, f);

    return ret < 0 ? ret : 8;
}

static int write_i2c_block(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_i2c_block(adapter, a, 0, 0x12,
                                       (const uint8_t *)"\6\7\x08", 3, f);
}

static int transfer(uint16_t a, const uint8_t *w, uint32_t wlen, uint8_t *out,
                    uint32_t rlen, struct i2cpt_fault *f)
{
    struct i2cpt_msg msgs[] = {
        {a, 0, wlen, 0, (uint8_t *)w},
        {a, I2CPT_M_RD, rlen, 0, out},
    };
    int ret = i2cpt_transfer(adapter, msgs, rlen ? 2 : 1, f);

    return ret < 0 ? ret : (int)rlen;
}

static int w1_r8(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return transfer(a, (const uint8_t *)"\x12", 1, out, 8, f);
}

static int w4(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return transfer(a, (const uint8_t *)"\x12\x21\x22\x23", 4, out, 0, f);
}

static int w0(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return transfer(a, NULL, 0, out, 0, f);
}

static int r4(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    struct i2cpt_msg m = {a, I2CPT_M_RD, 4, 0, out};
    int ret = i2cpt_transfer(adapter, &m, 1, f);

    return ret < 0 ? ret : 4;
}

static int w1_block(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    uint8_t reg = 0x12, in[40] = {1};
    struct i2cpt_msg msgs[] = {
        {a, 0, 1, 0, &reg},
        {a, I2CPT_M_RD | I2CPT_M_RECV_LEN, 33, 0, in},
    };
    int ret = i2cpt_transfer(adapter, msgs, 2, f);

    memcpy(out, in, 33);
    return ret < 0 ? ret : (int)msgs[1].actual;
}

static int read_block_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_read_block_data(adapter, a, PEC, 0x12, out, 32, f);
}

static int write_block_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_block_data(adapter, a, PEC, 0x12,
                                        (const uint8_t *)"\3\4\5", 3, f);
}

/* What an SMBus chip has at these commands: board.txt, address 0x0c. */

static int smbus_word_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_word(i2cpt_smbus_read_word_data(adapter, a, PEC, 0x02, f), out);
}

static int smbus_block_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_read_block_data(adapter, a, PEC, 0x20, out, 32, f);
}

static int smbus_write_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_write_block_data(adapter, a, PEC, SMBUS_TO,
                                        (const uint8_t *)"\7\6\5", 3, f);
}

static int call(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_word(i2cpt_smbus_process_call(adapter, a, 0, 0x30, 0x1234, f),
                    out);
}

static int call_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return one_word(i2cpt_smbus_process_call(adapter, a, PEC, 0x30, 0x1234, f),
                    out);
}

static int block_call(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_block_process_call(adapter, a, 0, 0x31, call_bytes + 1,
                                          3, out, 32, f);
}

static int block_call_pec(uint16_t a, uint8_t *out, struct i2cpt_fault *f)
{
    return i2cpt_smbus_block_process_call(adapter, a, PEC, 0x31, call_bytes + 1,
                                          3, out, 32, f);
}

/* `tool` with the bus and the address put in. I2C rows are for adapters that
 * take messages: i2ctransfer refuses the others where we map what can be. */
static const struct row {
    const char *name, *tool;
    ours_fn ours;
    int word, writes, i2c;
    enum { ANY, SMBUS, CALL, BLOCK_CALL } chip; /* calls have no tool */
    int pec;                                    /* of a call */
} rows[] = {
    {"quick", "i2cdetect -y -q %d %2$#x %2$#x", quick},
    {"send byte", "i2cset -y %d %#x 0x10 c", send, 0, 1},
    {"receive byte", "i2cget -y %d %#x", receive},
    {"read byte data", "i2cget -y %d %#x 0x11 b", read_byte},
    {"read byte data PEC", "i2cget -y %d %#x 0x11 bp", read_byte_pec},
    {"write byte data", "i2cset -y %d %#x 0x12 0x5a b", write_byte, 0, 1},
    {"write byte data PEC", "i2cset -y %d %#x 0x12 0x6b bp", write_byte_pec, 0,
     1},
    {"read word data", "i2cget -y %d %#x 0x12 w", read_word, 1},
    {"write word data", "i2cset -y %d %#x 0x12 0x1234 w", write_word, 0, 1},
    {"write block data", "i2cset -y %d %#x 0x12 3 4 5 s", write_block, 0, 1},
    {"read block data", "i2cget -y %d %#x 0x12 s", read_block},
    {"write I2C block", "i2cset -y %d %#x 0x12 6 7 8 i", write_i2c_block, 0, 1},
    {"read I2C block", "i2cget -y %d %#x 0x12 i 8", read_i2c_block},
    {"w4", "i2ctransfer -y %d w4@%#x 0x12 0x21 0x22 0x23", w4, 0, 1, 1},
    {"w1 r8", "i2ctransfer -y %d w1@%#x 0x12 r8", w1_r8, 0, 0, 1},
    {"r4", "i2ctransfer -y %d r4@%#x", r4, 0, 0, 1},
    {"w0", "i2ctransfer -y %d w0@%#x", w0, 0, 0, 1},
    {"w1 r?", "i2ctransfer -y %d w1@%#x 0x12 r?", w1_block, 0, 0, 1},
    {"write block data PEC", "i2cset -y %d %#x 0x12 3 4 5 sp", write_block_pec,
     0, 1},
    {"read block data PEC", "i2cget -y %d %#x 0x12 sp", read_block_pec},
    {"SMBus chip: word PEC", "i2cget -y %d %#x 0x02 wp", smbus_word_pec, 1,
     .chip = SMBUS},
    {"SMBus chip: block PEC", "i2cget -y %d %#x 0x20 sp", smbus_block_pec,
     .chip = SMBUS},
    {"SMBus chip: write block PEC", "i2cset -y %d %#x 0x21 7 6 5 sp",
     smbus_write_pec, 0, 1, .chip = SMBUS},
    {"process call", NULL, call, .chip = CALL},
    {"process call PEC", NULL, call_pec, .chip = CALL, .pec = 1},
    {"block process call", NULL, block_call, .chip = BLOCK_CALL},
    {"block process call PEC", NULL, block_call_pec, .chip = BLOCK_CALL,
     .pec = 1},
};

/* The last byte of an I2C block read does not come from the chip in QEMU's
 * i801: it counts up from one reading to the next. */
static void forget_last(const struct row *row, struct outcome *o)
{
    if (row->ours == read_i2c_block && !strcmp(adapter_name, "i801") &&
        strlen(o->text) == 8 * 3 - 1) {
        strcpy(o->text + 7 * 3, "..");
    }
}

/* QEMU's i801 stays busy for ever after an I2C block write to nobody, whoever
 * sent it. */
static int wedges(const struct row *row)
{
    return row->ours == write_i2c_block && !strcmp(adapter_name, "i801");
}

#define REGS 10 /* from 0x10 on */

/* The same beginning for both sides: known registers, pointer at the first. */
static void prepare(uint16_t addr)
{
    static const uint8_t regs[REGS] = {0x81, 0x82, 0x02, 0x84, 0x85,
                                       0x86, 0x87, 0x88, 0x89, 0x8a};
    int i;

    for (i = 0; i < REGS; i++) {
        i2cpt_smbus_write_byte_data(adapter, addr, 0, (uint8_t)(0x10 + i),
                                    regs[i], NULL);
    }
    i2cpt_smbus_send_byte(adapter, addr, 0, 0x10, NULL);
}

static void registers_after(const struct row *row, uint16_t addr,
                            struct outcome *o)
{
    uint8_t regs[REGS + 32] = {0};
    int i;

    if (row->chip == SMBUS) {
        i = i2cpt_smbus_read_word_data(adapter, addr, 0, SMBUS_TO, NULL);
        snprintf(o->text, sizeof(o->text), "%04x", (unsigned)i & 0xffff);
        return;
    }
    for (i = 0; i < REGS; i++) {
        regs[i] = (uint8_t)i2cpt_smbus_read_byte_data(
            adapter, addr, 0, (uint8_t)(0x10 + i), NULL);
    }
    say_bytes(o, regs, REGS);
}

static void run_other(const struct row *row, uint16_t addr, struct outcome *o)
{
    static const uint8_t word[34] = {0x34, 0x12}, block[34] = CALL_BLOCK;
    char command[200];

    if (row->chip == CALL) {
        run_ioctl(o, addr, SMBUS_PROC_CALL, 0x30, row->pec, word);
    } else if (row->chip == BLOCK_CALL) {
        run_ioctl(o, addr, SMBUS_BLOCK_PROC_CALL, 0x31, row->pec, block);
    } else {
        snprintf(command, sizeof(command), row->tool, bus, addr);
        run_tool(o, command, row->word);
    }
}

static void run_row(const struct row *row, uint16_t addr, int present)
{
    struct outcome ours, tool, ours_regs = {""}, tool_regs = {""};
    struct i2cpt_fault fault;
    uint8_t out[256];
    int ret, equal;

    prepare(addr);
    ret = row->ours(addr, out, &fault);
    if (ret < 0) {
        say_error(&ours, ret);
    } else {
        say_bytes(&ours, out, (size_t)ret);
    }
    if (row->writes && present && ret >= 0) {
        registers_after(row, addr, &ours_regs);
    }
    prepare(addr);
    run_other(row, addr, &tool);
    if (row->writes && present && ret >= 0) {
        registers_after(row, addr, &tool_regs);
    }
    if (!strcmp(row->name, "quick") && ret >= 0 && tool.text[0] != 'E') {
        strcpy(tool.text, ours.text); /* i2cdetect prints a table */
    }
    forget_last(row, &ours);
    forget_last(row, &tool);
    equal = !strcmp(ours.text, tool.text) &&
            !strcmp(ours_regs.text, tool_regs.text);
    /* i2ctransfer does not look, and drivers without RECV_LEN read a byte. */
    if (row->ours == w1_block && !strcmp(ours.text, "unsupported") &&
        !(i2cpt_adapter_functionality(adapter) &
          I2CPT_FUNC_SMBUS_READ_BLOCK_DATA)) {
        strcpy(tool.text, ours.text);
        equal = 1;
    }
    if (equal && !strcmp(ours.text, "unsupported")) {
        unsupported++;
        report(1, "%s, %s | unsupported on both", row->name,
               present ? "present" : "absent");
        return;
    }
    same += equal;
    if (equal) {
        report(1, "%s, %s | same: %s", row->name,
               present ? "present" : "absent", ours.text);
    } else {
        report(0, "%s, %s | differs: ours %s [%s], tool %s [%s] (%s)",
               row->name, present ? "present" : "absent", ours.text,
               ours_regs.text, tool.text, tool_regs.text, fault.text);
    }
}

void run_rows(uint16_t present, uint16_t absent, uint16_t smbus)
{
    uint32_t functionality = i2cpt_adapter_functionality(adapter);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        if ((row->i2c && !(functionality & I2CPT_FUNC_I2C)) ||
            (row->chip == SMBUS && smbus == present)) {
            continue;
        }
        run_row(row, row->chip ? smbus : present, 1);
        if (!wedges(row)) {
            run_row(row, absent, 0);
        }
    }
}
