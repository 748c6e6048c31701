/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usb-board MODEL FILE: a USB I2C adapter on the virtual host controller of
 * this machine, so that the kernel's own driver for it makes a /dev/i2c-N.
 * Behind it are the chips of the stub backend that FILE describes; they stay
 * as they are while the adapter is unplugged. MODEL is one of the table below.
 *
 * It does what standard input says, one line each, and answers with a line
 * "ok" or "failed"; at end of file it ends.
 *   plug, unplug
 *   trouble KIND MSG BYTE   once, in the next transfer, at byte BYTE of message
 *                           MSG, or at its address with -1. KIND: nack, stuck,
 *                           silent, unplug
 *   peek ADDR REG           64 bytes of a chip, in hex, past the bus
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus/calls.h"
#include "stub/stub.h"
#include "usb-board.h"

#define NAME   "board"
#define NOBODY 0x7b

static const struct {
    const char *name;
    const struct usb_device *device;
} models[] = {
    {"tiny", &usb_tiny},
    {"osif", &usb_osif},
    {"diolan", &usb_diolan},
};

static struct i2cpt_adapter *chips;

/* ------------------------------------------------------------ the I2C bus */

static const char *const kinds[] = {
    [WIRE_NACK] = "nack",
    [WIRE_STUCK] = "stuck",
    [WIRE_SILENT] = "silent",
    [WIRE_GONE] = "unplug",
};

static struct {
    enum wire kind; /* WIRE_ACK: none */
    int msg, byte;
} trouble;

static int open_transfer, msg, byte_at;

static enum wire event(enum i2cpt_op op, uint16_t addr, uint16_t flags,
                       uint8_t *byte)
{
    struct i2cpt_call call = {
        .op = op, .owner = &chips, .addr = addr, .flags = flags};
    struct i2cpt_fault fault;
    int ret;

    call.byte = *byte;
    ret = bus_call_run(chips, &call, &fault);
    *byte = call.byte;
    return !ret ? WIRE_ACK : ret == -ETIMEDOUT ? WIRE_STUCK : WIRE_NACK;
}

static enum wire troubled(void)
{
    enum wire kind = WIRE_ACK;

    if (trouble.kind && msg == trouble.msg && byte_at == trouble.byte) {
        kind = trouble.kind;
        trouble.kind = WIRE_ACK;
    }
    if (kind == WIRE_GONE) {
        wire_stop(); /* both lines go up */
    }
    return kind;
}

enum wire wire_start(uint16_t addr, uint16_t flags)
{
    uint8_t none = 0;
    enum wire ret;

    msg = open_transfer ? msg + 1 : 0;
    byte_at = -1;
    ret = troubled();
    open_transfer = 1;
    byte_at = 0;
    if (ret == WIRE_NACK) {
        addr = NOBODY; /* the START itself is there */
    }
    return ret > WIRE_NACK ? ret
                           : event(I2CPT_OP_STREAM_START, addr, flags, &none);
}

enum wire wire_write(uint8_t byte)
{
    enum wire ret = troubled();

    byte_at++;
    return ret ? ret : event(I2CPT_OP_STREAM_WRITE, 0, 0, &byte);
}

enum wire wire_read(uint8_t *byte)
{
    enum wire ret = troubled();

    byte_at++;
    return ret ? ret : event(I2CPT_OP_STREAM_READ, 0, 0, byte);
}

void wire_stop(void)
{
    uint8_t none = 0;

    if (open_transfer) {
        event(I2CPT_OP_STREAM_STOP, 0, 0, &none);
        open_transfer = 0;
        trouble.kind = WIRE_ACK; /* it was for this transfer */
    }
}

int wire_usb(enum wire result)
{
    switch (result) {
    case WIRE_GONE:
        return USB_GONE;
    case WIRE_SILENT:
        return USB_SILENT;
    default:
        return USB_STALL;
    }
}

/* --------------------------------------------------------------- commands */

static int usb = -1;

static int plug(void)
{
    if (usb < 0) {
        usb = usb_plug();
    }
    return usb < 0 ? -1 : 0;
}

static void unplug(void)
{
    if (usb >= 0) {
        close(usb);
        usb = -1;
    }
    wire_stop();
}

static int set_trouble(const char *line)
{
    char kind[10];
    size_t i;

    if (sscanf(line, "trouble %9s %d %d", kind, &trouble.msg, &trouble.byte) !=
        3) {
        return -1;
    }
    for (i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!strcmp(kind, kinds[i])) {
            trouble.kind = (enum wire)i;
            return 0;
        }
    }
    return -1;
}

static int peek(const char *line)
{
    unsigned addr, reg;
    uint8_t bytes[64];
    size_t n, i;

    if (sscanf(line, "peek %x %x", &addr, &reg) != 2) {
        return -1;
    }
    n = stub_peek(NAME, (uint16_t)addr, reg, bytes, sizeof(bytes));
    printf("ok ");
    for (i = 0; i < n; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('\n');
    return 1;
}

static void command(const char *line)
{
    int ret = -1;

    errno = EINVAL;
    if (!strcmp(line, "plug\n")) {
        ret = plug();
    } else if (!strcmp(line, "unplug\n")) {
        unplug();
        ret = 0;
    } else if (!strncmp(line, "trouble ", 8)) {
        ret = set_trouble(line);
    } else if (!strncmp(line, "peek ", 5)) {
        ret = peek(line);
    }
    if (ret < 0) {
        printf("failed: %s\n", strerror(errno));
    } else if (!ret) {
        puts("ok");
    }
    fflush(stdout);
}

static void serve(const struct usb_device *device)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.events = POLLIN}};
    char line[100];

    for (;;) {
        fds[1].fd = usb;
        if (poll(fds, 2, -1) < 0) {
            return;
        }
        if (fds[0].revents) {
            /* Unbuffered: poll() must not miss a line that is here already. */
            if (!fgets(line, sizeof(line), stdin)) {
                return;
            }
            command(line);
        } else if (fds[1].revents && usb_serve(usb, device)) {
            unplug();
        }
    }
}

int main(int argc, char **argv)
{
    struct i2cpt_fault fault;
    char spec[200];
    size_t i;

    for (i = 0; argc == 3 && i < sizeof(models) / sizeof(models[0]); i++) {
        if (strcmp(argv[1], models[i].name)) {
            continue;
        }
        snprintf(spec, sizeof(spec), "stub,name=" NAME ",load=%s", argv[2]);
        if (i2cpt_adapter_open(spec, &chips, &fault)) {
            fprintf(stderr, "usb-board: %s\n", fault.text);
            return 1;
        }
        setvbuf(stdin, NULL, _IONBF, 0);
        serve(models[i].device);
        unplug();
        i2cpt_adapter_unref(chips);
        return 0;
    }
    fprintf(stderr, "usage: usb-board tiny|osif|diolan FILE\n");
    return 2;
}
