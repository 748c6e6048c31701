/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vm-suite NAME BUS PRESENT ABSENT [smbus=ADDR] [DRIVER:TYPE]
 *
 * In a guest with a real kernel: every protocol on adapter BUS, by the library
 * and by i2c-tools, side by side. TAP; each line is one row of the table
 * adapter x protocol. Then names, a scan beside i2cdetect's, and an address
 * that a kernel driver has taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm-suite.h"

const char *adapter_name;
int bus;
struct i2cpt_adapter *adapter;
int failed, unsupported, same;
static int number;

void report(int ok, const char *format, ...)
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
    struct i2cpt_fault fault;
    uint16_t present, absent, smbus;
    char spec[80], *type;

    if (argc < 5 || !argv[2][0]) {
        printf("not ok 1 - %s | no such adapter\n", argc > 1 ? argv[1] : "?");
        return 1;
    }
    adapter_name = argv[1];
    bus = atoi(argv[2]);
    present = (uint16_t)strtoul(argv[3], NULL, 0);
    absent = (uint16_t)strtoul(argv[4], NULL, 0);
    smbus = present;
    if (argc > 5 && !strncmp(argv[5], "smbus=", 6)) {
        smbus = (uint16_t)strtoul(argv[5] + 6, NULL, 0);
        argc--;
        argv++;
    }
    type = argc > 5 ? strchr(argv[5], ':') : NULL;
    snprintf(spec, sizeof(spec), "i2c-dev,device=/dev/i2c-%d,timeout-ms=5000",
             bus);
    if (i2cpt_adapter_open(spec, &adapter, &fault)) {
        report(0, "open | %s", fault.text);
        return 1;
    }
    printf("# %s is %s, functionality 0x%08x\n", adapter_name,
           i2cpt_adapter_name(adapter), i2cpt_adapter_functionality(adapter));
    run_rows(present, absent, smbus);
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
