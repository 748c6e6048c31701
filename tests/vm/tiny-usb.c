/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tiny-usb FILE: an i2c-tiny-usb adapter on the virtual USB host controller
 * (vhci_hcd) of the machine that it runs on, so that the kernel's own driver
 * makes a /dev/i2c-N of it. Behind it are the chips of the stub backend that
 * FILE describes.
 *
 * One end of a socket pair goes to vhci_hcd, the other speaks USB/IP
 * (Documentation/usb/usbip_protocol.rst). The adapter's requests are those of
 * drivers/i2c/busses/i2c-tiny-usb.c. A data byte that is not acknowledged
 * stalls its request, which the driver reports as EIO. SIGTERM unplugs it; so
 * does a START to 0x7a, in the middle of the request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "private.h"

#define ATTACH  "/sys/devices/platform/vhci_hcd.0/attach"
#define UNPLUGS 0x7a /* no scan goes there */
#define MAX_LEN 65536u

/* USB/IP: all numbers big-endian, the setup packet as on the wire. */
enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

struct packet {
    uint32_t command, seqnum, devid, direction, ep;
    uint32_t a, length, c, d, e; /* meanings differ by command */
    uint8_t setup[8];
};

/* The adapter's own requests; the last has two flags. */
enum { ECHO = 0, GET_FUNC = 1, SET_DELAY = 2, GET_STATUS = 3, I2C_IO = 4 };
#define IO_BEGIN 1u
#define IO_END   2u
enum { STATUS_IDLE = 0, STATUS_ACK = 1, STATUS_NAK = 2 };

static struct i2cpt_adapter *chips;
static uint8_t status;
static int open_stream;
static uint8_t data[MAX_LEN];
static volatile sig_atomic_t unplugged;

static const uint8_t device_descriptor[] = {
    18,   1,    0x10, 0x01, 0xff, 0,    0, 64, /* USB 1.1, EP0 of 64 bytes */
    0x40, 0x1c, 0x34, 0x05, 0x00, 0x02, 0, 0,  /* 1c40:0534 */
    0,    1,
};
static const uint8_t config_descriptor[] = {
    9, 2, 18, 0, 1, 1, 0, 0x80, 50, /* one configuration */
    9, 4, 0,  0, 0, 0, 0, 0,    0,  /* one interface, EP0 alone */
};

static int read_all(int fd, void *buf, size_t len)
{
    uint8_t *at = buf;

    while (len) {
        ssize_t n = read(fd, at, len);

        if (n <= 0) {
            return -1;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static int write_all(int fd, const void *buf, size_t len)
{
    return write(fd, buf, len) == (ssize_t)len ? 0 : -1;
}

/* ------------------------------------------------------------ the I2C bus */

static int event(enum i2cpt_op op, uint16_t addr, uint16_t flags, uint8_t *byte)
{
    struct i2cpt_call call = {
        .op = op, .owner = &chips, .addr = addr, .flags = flags};
    struct i2cpt_fault fault;
    int ret;

    call.byte = *byte;
    ret = i2cpt_call_run(chips, &call, &fault);
    *byte = call.byte;
    return ret;
}

static void stop(void)
{
    uint8_t none = 0;

    if (open_stream) {
        event(I2CPT_OP_STREAM_STOP, 0, 0, &none);
        open_stream = 0;
    }
}

/* One message; the bytes that went over the wire, or -EPIPE for a stall. */
static int io(unsigned flags, uint16_t msg_flags, uint16_t addr, uint32_t len)
{
    enum i2cpt_op op =
        msg_flags & I2CPT_M_RD ? I2CPT_OP_STREAM_READ : I2CPT_OP_STREAM_WRITE;
    uint8_t none = 0;
    uint32_t i;

    if (flags & IO_BEGIN) {
        stop();
    }
    if (addr == UNPLUGS) {
        unplugged = 1;
        return -EPIPE;
    }
    open_stream = 1;
    if (event(I2CPT_OP_STREAM_START, addr,
              msg_flags & (I2CPT_M_RD | I2CPT_M_TEN), &none)) {
        status = STATUS_NAK;
        stop();
        return (int)len;
    }
    status = STATUS_ACK;
    for (i = 0; i < len; i++) {
        if (event(op, 0, 0, &data[i])) {
            stop();
            return -EPIPE;
        }
    }
    if (flags & IO_END) {
        stop();
    }
    return (int)len;
}

/* ------------------------------------------------------------------- USB */

static int answer_with(const void *bytes, size_t size, uint32_t len)
{
    uint32_t n = (uint32_t)size < len ? (uint32_t)size : len;

    memcpy(data, bytes, n);
    return (int)n;
}

static int vendor(const uint8_t *setup, uint32_t len)
{
    const uint32_t functionality =
        I2CPT_FUNC_I2C |
        (I2CPT_FUNC_SMBUS_EMUL_ALL & ~(I2CPT_FUNC_SMBUS_READ_BLOCK_DATA |
                                       I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL));
    const uint8_t func[] = {functionality & 0xff, functionality >> 8 & 0xff,
                            functionality >> 16 & 0xff, functionality >> 24};
    uint16_t value = (uint16_t)(setup[2] | setup[3] << 8);
    uint16_t index = (uint16_t)(setup[4] | setup[5] << 8);

    switch (setup[1]) {
    case ECHO:
        return answer_with(setup + 2, 2, len);
    case GET_FUNC:
        return answer_with(func, sizeof(func), len);
    case SET_DELAY:
        return 0;
    case GET_STATUS:
        return answer_with(&status, 1, len);
    default:
        return setup[1] < I2C_IO || setup[1] > (I2C_IO | IO_BEGIN | IO_END)
                   ? -EPIPE
                   : io(setup[1] & (IO_BEGIN | IO_END), value, index, len);
    }
}

static int standard(const uint8_t *setup, uint32_t len)
{
    static const uint8_t zero[2];

    switch (setup[1]) {
    case 0: /* GET_STATUS */
        return answer_with(zero, 2, len);
    case 6: /* GET_DESCRIPTOR */
        if (setup[3] == 1) {
            return answer_with(device_descriptor, sizeof(device_descriptor),
                               len);
        }
        if (setup[3] == 2) {
            return answer_with(config_descriptor, sizeof(config_descriptor),
                               len);
        }
        return -EPIPE;
    case 9:  /* SET_CONFIGURATION */
    case 11: /* SET_INTERFACE */
        return 0;
    default:
        return -EPIPE;
    }
}

static int submit(int fd, const struct packet *p)
{
    uint32_t len = ntohl(p->length);
    int in = ntohl(p->direction) == 1, ret;
    struct packet reply = {.command = htonl(RET_SUBMIT), .seqnum = p->seqnum};

    if (len > MAX_LEN || (!in && len && read_all(fd, data, len))) {
        return -1;
    }
    if (in) {
        memset(data, 0, len);
    }
    ret = (p->setup[0] & 0x60) == 0x40 ? vendor(p->setup, len)
                                       : standard(p->setup, len);
    if (unplugged) {
        return -1;
    }
    reply.a = htonl((uint32_t)(ret < 0 ? ret : 0)); /* status */
    reply.length = htonl((uint32_t)(ret < 0 ? 0 : ret));
    if (write_all(fd, &reply, sizeof(reply))) {
        return -1;
    }
    return in && ret > 0 ? write_all(fd, data, (size_t)ret) : 0;
}

/* Requests are answered in order, so what is unlinked is answered already. */
static int unlink_request(int fd, const struct packet *p)
{
    struct packet reply = {.command = htonl(RET_UNLINK), .seqnum = p->seqnum};

    return write_all(fd, &reply, sizeof(reply));
}

static void serve(int fd)
{
    struct packet p;
    int ret = 0;

    while (!ret && !unplugged && !read_all(fd, &p, sizeof(p))) {
        switch (ntohl(p.command)) {
        case CMD_SUBMIT:
            ret = submit(fd, &p);
            break;
        case CMD_UNLINK:
            ret = unlink_request(fd, &p);
            break;
        default:
            ret = -1;
        }
    }
}

static void on_term(int signal)
{
    unplugged = 1;
}

static int attach(int fd)
{
    char line[40];
    int attach_fd = open(ATTACH, O_WRONLY), n, ret;

    if (attach_fd < 0) {
        return -1;
    }
    n = snprintf(line, sizeof(line), "0 %d %u 2", fd, 1u << 16 | 2u);
    ret = write_all(attach_fd, line, (size_t)n);
    close(attach_fd);
    return ret;
}

int main(int argc, char **argv)
{
    struct sigaction term = {.sa_handler = on_term}; /* read() comes back */
    struct i2cpt_fault fault;
    char spec[200];
    int pair[2];

    if (argc != 2) {
        fprintf(stderr, "usage: tiny-usb FILE\n");
        return 2;
    }
    snprintf(spec, sizeof(spec), "stub,load=%s", argv[1]);
    if (i2cpt_adapter_open(spec, &chips, &fault)) {
        fprintf(stderr, "tiny-usb: %s\n", fault.text);
        return 1;
    }
    sigaction(SIGTERM, &term, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || attach(pair[0])) {
        perror("tiny-usb: " ATTACH);
        return 1;
    }
    close(pair[0]); /* the kernel has its own hold of it */
    serve(pair[1]);
    close(pair[1]);
    i2cpt_adapter_unref(chips);
    return 0;
}
