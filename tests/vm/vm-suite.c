/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-suite NAME BUS PRESENT ABSENT [DRIVER:TYPE]
 *
 * In a guest with a real kernel: every protocol on adapter BUS, by the library
 * and by i2c-tools, side by side. TAP; each line is one row of the table
 * adapter x protocol. A tool's errno is what strace saw of its last transfer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "i2cpt.h"

#define TRACE "/tmp/strace"

static const char *adapter_name;
static int bus;
static struct i2cpt_adapter *adapter;
static int number, failed, unsupported, same;

static void report(int ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void report(int ok, const char *format, ...)
{
    va_list ap;

    failed += !ok;
    printf("%sok %d - %s | ", ok ? "" : "not ", ++number, adapter_name);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

/* What either side came to: bytes in hex, an errno, or "unsupported". */
struct outcome {
    char text[400];
};

static void say_bytes(struct outcome *o, const uint8_t *bytes, size_t n)
{
    size_t i, at = 0;

    o->text[0] = 0;
    for (i = 0; i < n && at < sizeof(o->text) - 4; i++) {
        at += (size_t)sprintf(o->text + at, "%s%02x", i ? " " : "", bytes[i]);
    }
    if (!n) {
        strcpy(o->text, "done");
    }
}

static void say_error(struct outcome *o, int error)
{
    const char *name = i2cpt_error_name(error);

    if (error == -EOPNOTSUPP) {
        name = "unsupported";
    }
    snprintf(o->text, sizeof(o->text), "%s", name ? name : "?");
}

/* ------------------------------------------------------------- i2c-tools */

/* The errno of the last transfer in strace's file; 0: it went well; -1: there
 * was none, the tool has refused by itself. */
static int traced_error(char *name, size_t size)
{
    FILE *file = fopen(TRACE, "r");
    char line[1000];
    int ret = -1;

    while (file && fgets(line, sizeof(line), file)) {
        char *result = strrchr(line, '=');

        if (!result ||
            (!strstr(line, ", 0x720,") && !strstr(line, ", 0x707,"))) {
            continue; /* neither I2C_SMBUS nor I2C_RDWR */
        }
        ret = 0;
        if (sscanf(result, "= -1 %39[A-Z0-9]", name) == 1) {
            ret = 1;
        }
    }
    if (file) {
        fclose(file);
    }
    return ret;
}

/* Hex numbers of a tool's output; words (mode w) are low byte first here. */
static size_t parse_output(char *text, int word, uint8_t *bytes, size_t max)
{
    size_t n = 0;
    char *token = strtok(text, " \n");

    for (; token && n < max; token = strtok(NULL, " \n")) {
        unsigned value;

        if (sscanf(token, "0x%x", &value) != 1) {
            continue;
        }
        bytes[n++] = value & 0xff;
        if (word) {
            bytes[n++] = (uint8_t)(value >> 8);
        }
    }
    return n;
}

static void run_tool(struct outcome *o, const char *command, int word)
{
    char line[600], text[2000] = "", name[40] = "";
    uint8_t bytes[300];
    size_t n;
    FILE *pipe;
    int error;

    unlink(TRACE);
    snprintf(line, sizeof(line),
             "strace -qq -X raw -e trace=ioctl -o " TRACE " %s 2>&1", command);
    pipe = popen(line, "r");
    n = fread(text, 1, sizeof(text) - 1, pipe);
    text[n] = 0;
    pclose(pipe);
    error = traced_error(name, sizeof(name));
    /* The tool warns and goes on, but then there is no PEC on the wire. */
    if (strstr(text, "not seem to support PEC")) {
        strcpy(o->text, "unsupported");
        return;
    }
    if (error < 0) {
        strcpy(o->text, strstr(text, "not have") || strstr(text, "capab")
                            ? "unsupported"
                            : "the tool made no transfer");
        return;
    }
    if (error) {
        /* i2c-stub's word for a target that is not there: i2cpt.h has ENODEV
         * for adapters alone. */
        snprintf(o->text, sizeof(o->text), "%s",
                 !strcmp(name, "EOPNOTSUPP") ? "unsupported"
                 : !strcmp(name, "ENODEV")   ? "EREMOTEIO"
                                             : name);
        return;
    }
    n = parse_output(text, word, bytes, 256);
    say_bytes(o, bytes, n);
}

/* ------------------------------------------------------------------ table */

typedef int (*ours_fn)(uint16_t addr, uint8_t *out, struct i2cpt_fault *fault);

#define PEC I2CPT_CLIENT_PEC

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

/* `tool` with the bus and the address put in. I2C rows are for adapters that
 * take messages: i2ctransfer refuses the others where we map what can be. */
static const struct row {
    const char *name, *tool;
    ours_fn ours;
    int word, writes, i2c;
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

static void registers_after(uint16_t addr, struct outcome *o)
{
    uint8_t regs[REGS];
    int i;

    for (i = 0; i < REGS; i++) {
        regs[i] = (uint8_t)i2cpt_smbus_read_byte_data(
            adapter, addr, 0, (uint8_t)(0x10 + i), NULL);
    }
    say_bytes(o, regs, REGS);
}

static void run_row(const struct row *row, uint16_t addr, int present)
{
    struct outcome ours, tool, ours_regs = {""}, tool_regs = {""};
    struct i2cpt_fault fault;
    char command[200];
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
        registers_after(addr, &ours_regs);
    }
    prepare(addr);
    snprintf(command, sizeof(command), row->tool, bus, addr);
    run_tool(&tool, command, row->word);
    if (row->writes && present && ret >= 0) {
        registers_after(addr, &tool_regs);
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

/* ------------------------------------------------------------------- scan */

static void detect(char *cells)
{
    char line[300], command[100];
    FILE *pipe;

    memset(cells, ' ', 128);
    snprintf(command, sizeof(command), "i2cdetect -y %d 2>&1", bus);
    pipe = popen(command, "r");
    while (fgets(line, sizeof(line), pipe)) {
        unsigned row, column;

        if (sscanf(line, "%2x:", &row) != 1 || row > 0x70 || line[2] != ':') {
            continue;
        }
        for (column = 0; column < 16; column++) {
            size_t at = 4 + 3 * column;

            if (at < strlen(line)) {
                cells[row + column] = line[at] == ' ' ? ' ' : line[at];
            }
        }
    }
    pclose(pipe);
}

static void run_scan(const char *what, int expected_busy)
{
    int16_t result[128];
    struct i2cpt_fault fault;
    char cells[128];
    int addr, differs = 0, found, busy = 0;

    detect(cells);
    found = i2cpt_scan(adapter, 0x08, 0x77, I2CPT_PROBE_AUTO, result, &fault);
    for (addr = 0x08; addr <= 0x77; addr++) {
        char ours = result[addr] == 1        ? 'y'
                    : result[addr] == -EBUSY ? 'U'
                    : result[addr] == 0      ? '-'
                                             : ' ';
        char tool = cells[addr];

        if (tool != '-' && tool != 'U' && tool != ' ') {
            tool = 'y';
        }
        busy += ours == 'U';
        if (ours != tool) {
            printf("# 0x%02x: ours %c (%d), i2cdetect %c\n", addr, ours,
                   result[addr], tool);
            differs++;
        }
    }
    report(!differs && found > 0 && busy == expected_busy,
           "scan %s | %d found, %d busy, %d differ from i2cdetect", what, found,
           busy, differs);
}

/* ----------------------------------------------------------- busy address */

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

    if (fd >= 0) {
        close(fd);
    }
    return n == (ssize_t)strlen(text) ? 0 : -1;
}

static void run_busy(uint16_t addr, const char *driver, const char *type)
{
    char path[80], spec[80], text[40];
    struct i2cpt_adapter *forced;
    struct i2cpt_fault fault = {0};
    int ret;

    snprintf(path, sizeof(path), "/sys/bus/i2c/devices/i2c-%d/new_device", bus);
    snprintf(text, sizeof(text), "%s 0x%02x\n", type, addr);
    /* What was free a moment ago is asked about again by a new opening. */
    i2cpt_adapter_unref(adapter);
    report(!write_file(path, text), "kernel driver %s takes 0x%02x", driver,
           addr);
    snprintf(spec, sizeof(spec), "i2c-dev,device=/dev/i2c-%d", bus);
    ret = i2cpt_adapter_open(spec, &adapter, &fault);
    if (!ret) {
        ret = i2cpt_smbus_read_byte_data(adapter, addr, 0, 0, &fault);
    }
    report(ret == -EBUSY && strstr(fault.text, driver), "busy | %s",
           fault.text);
    run_scan("with a driver", 1);
    i2cpt_adapter_unref(adapter);
    adapter = NULL;
    strcat(spec, ",force=on");
    ret = i2cpt_adapter_open(spec, &forced, &fault);
    if (!ret) {
        ret = i2cpt_smbus_read_byte_data(forced, addr, 0, 0, &fault);
        i2cpt_adapter_unref(forced);
    }
    report(ret >= 0, "busy, force=on | %s", ret < 0 ? fault.text : "read");
    snprintf(path, sizeof(path), "/sys/bus/i2c/devices/i2c-%d/delete_device",
             bus);
    snprintf(text, sizeof(text), "0x%02x\n", addr);
    write_file(path, text);
}

/* The same adapter by link and by name is one: two openings may not differ. */
static void run_names(void)
{
    char path[80], name[100] = "", spec[160];
    struct i2cpt_adapter *b = NULL;
    struct i2cpt_fault fault;
    FILE *file;
    int ret;

    snprintf(path, sizeof(path), "/dev/i2c-%d", bus);
    unlink("/tmp/link");
    ret = symlink(path, "/tmp/link");
    ret |= i2cpt_adapter_open("i2c-dev,device=/tmp/link,force=on", &b, &fault);
    report(ret == -EINVAL && strstr(fault.text, "force"),
           "a link is the same adapter | %s", fault.text);
    snprintf(path, sizeof(path), "/sys/class/i2c-dev/i2c-%d/name", bus);
    file = fopen(path, "r");
    if (file && fgets(name, sizeof(name), file)) {
        name[strcspn(name, "\n")] = 0;
    }
    snprintf(spec, sizeof(spec), "i2c-dev,device=name:%s", name);
    ret = i2cpt_adapter_open(spec, &b, &fault);
    if (ret == -EINVAL) { /* vexpress-a9 has two of one name */
        snprintf(path, sizeof(path), "/dev/i2c-%d", bus);
        report(strstr(fault.text, "unique") && strstr(fault.text, path),
               "opened as name:%s | %s", name, fault.text);
        return;
    }
    report(!ret && !strcmp(i2cpt_adapter_name(b), i2cpt_adapter_name(adapter)),
           "opened as name:%s | %s", name, ret ? fault.text : "same");
    i2cpt_adapter_unref(b);
}

int main(int argc, char **argv)
{
    char spec[80], *type = argc > 5 ? strchr(argv[5], ':') : NULL;
    struct i2cpt_fault fault;
    uint16_t present, absent;
    uint32_t functionality;
    size_t i;

    if (argc < 5 || !argv[2][0]) {
        printf("not ok 1 - %s | no such adapter\n", argc > 1 ? argv[1] : "?");
        return 1;
    }
    adapter_name = argv[1];
    bus = atoi(argv[2]);
    present = (uint16_t)strtoul(argv[3], NULL, 0);
    absent = (uint16_t)strtoul(argv[4], NULL, 0);
    snprintf(spec, sizeof(spec), "i2c-dev,device=/dev/i2c-%d,timeout-ms=5000",
             bus);
    if (i2cpt_adapter_open(spec, &adapter, &fault)) {
        report(0, "open | %s", fault.text);
        return 1;
    }
    functionality = i2cpt_adapter_functionality(adapter);
    printf("# %s is %s, functionality 0x%08x\n", adapter_name,
           i2cpt_adapter_name(adapter), functionality);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!rows[i].i2c || (functionality & I2CPT_FUNC_I2C)) {
            run_row(&rows[i], present, 1);
            if (!wedges(&rows[i])) {
                run_row(&rows[i], absent, 0);
            }
        }
    }
    run_names();
    run_scan("without drivers", 0);
    if (type) {
        *type++ = 0;
        run_busy(present, argv[5], type);
    }
    i2cpt_adapter_unref(adapter);
    printf("# %s: %d same, %d unsupported on both, %d failed\n", adapter_name,
           same, unsupported, failed);
    return failed != 0;
}
