/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other side: i2c-tools, or the kernel's ioctl itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vm-suite.h"

#define TRACE "/tmp/strace"

void say_bytes(struct outcome *o, const uint8_t *bytes, size_t n)
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

void say_error(struct outcome *o, int error)
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

void run_tool(struct outcome *o, const char *command, int word)
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

/* ------------------------------------------------------------ the ioctl */

static int call(int fd, uint16_t addr, int pec,
                struct i2c_smbus_ioctl_data *args)
{
    if (ioctl(fd, I2C_SLAVE, (unsigned long)addr) < 0 ||
        ioctl(fd, I2C_PEC, (unsigned long)pec) < 0 ||
        ioctl(fd, I2C_SMBUS, args) < 0) {
        return -errno;
    }
    return 0;
}

/* i2c-dev does not ask a driver whether it knows the protocol, or PEC. */
static int knows(int fd, uint32_t protocol, int pec)
{
    unsigned long funcs = 0, needed = protocol == I2C_SMBUS_PROC_CALL
                                          ? I2C_FUNC_SMBUS_PROC_CALL
                                          : I2C_FUNC_SMBUS_BLOCK_PROC_CALL;

    if (ioctl(fd, I2C_FUNCS, &funcs) < 0) {
        return 0;
    }
    return (funcs & needed) && (!pec || (funcs & I2C_FUNC_SMBUS_PEC));
}

void run_ioctl(struct outcome *o, uint16_t addr, uint32_t protocol,
               uint8_t command, int pec, const uint8_t *bytes)
{
    union i2c_smbus_data data;
    struct i2c_smbus_ioctl_data args = {.read_write = I2C_SMBUS_WRITE,
                                        .command = command,
                                        .size = protocol,
                                        .data = &data};
    char path[40];
    uint8_t word[2];
    int fd, ret;

    memcpy(data.block, bytes, sizeof(data.block));
    if (protocol == I2C_SMBUS_PROC_CALL) {
        data.word = (uint16_t)(bytes[0] | bytes[1] << 8);
    }
    snprintf(path, sizeof(path), "/dev/i2c-%d", bus);
    fd = open(path, O_RDWR | O_CLOEXEC);
    ret = knows(fd, protocol, pec) ? call(fd, addr, pec, &args) : -EOPNOTSUPP;
    close(fd);
    if (ret) {
        /* as with i2c-tools: ENODEV is i2c-stub's word for nobody there */
        say_error(o, ret == -ENODEV ? -EREMOTEIO : ret);
    } else if (protocol == I2C_SMBUS_PROC_CALL) {
        word[0] = data.word & 0xff;
        word[1] = (uint8_t)(data.word >> 8);
        say_bytes(o, word, 2);
    } else {
        say_bytes(o, data.block + 1, data.block[0]);
    }
}
