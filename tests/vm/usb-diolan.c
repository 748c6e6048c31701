/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Diolan U2C-12. Its commands are those of drivers/i2c/busses/i2c-diolan-u2c.c:
 * several come in one bulk transfer, each is answered by one of its own, data
 * first and a code last. The driver reads block lengths itself (RECV_LEN), and
 * tells an address NACK from a data NACK, and a timeout.
 */
#include <string.h>

#include "i2cpt.h"
#include "usb-board.h"

enum {
    GET_VERSION = 0x0a,
    GET_SERIAL = 0x0b,
    START = 0x0c,
    STOP = 0x0d,
    REPEATED_START = 0x0e,
    PUT_BYTE_ACK = 0x13,
    GET_BYTE_ACK = 0x14,
    SET_SPEED = 0x1b,
    SET_CLK_SYNC = 0x24,
    SET_CLK_SYNC_TIMEOUT = 0x26,
};
enum { OK = 0, NOT_IMPLEMENTED = 6, NACK = 7, TIMEOUT = 9 };

static const uint8_t device_descriptor[] = {
    18,   1,    0x10, 0x01, 0xff, 0,    0, 64, /* USB 1.1, EP0 of 64 bytes */
    0xbf, 0x0a, 0x70, 0x33, 0x00, 0x02, 0, 0,  /* 0abf:3370 */
    0,    1,
};
static const uint8_t config_descriptor[] = {
    9, 2, 32,   0, 1,  1, 0, 0x80, 50, /* one configuration */
    9, 4, 0,    0, 2,  0, 0, 0,    0,  /* one interface, two endpoints: */
    7, 5, 0x02, 2, 64, 0, 0,           /* bulk out */
    7, 5, 0x84, 2, 64, 0, 0,           /* bulk in */
};

/* What waits to be fetched: length, bytes, code. */
static struct answer {
    uint8_t n, bytes[5];
} answers[256];
static uint8_t first, next;

static enum { IDLE, ADDRESSED, SENDING, DEAF } state;

static void answer(const uint8_t *bytes, uint8_t n, uint8_t code)
{
    struct answer *a = &answers[next++];

    if (n) {
        memcpy(a->bytes, bytes, n);
    }
    a->bytes[n] = code;
    a->n = (uint8_t)(n + 1);
}

static uint8_t code_of(enum wire result)
{
    return result == WIRE_ACK ? OK : result == WIRE_STUCK ? TIMEOUT : NACK;
}

/* The first byte after a START is the address. A target that has refused a
 * byte does not listen any more. */
static enum wire put_byte(uint8_t byte)
{
    enum wire ret = WIRE_NACK;

    if (state == ADDRESSED) {
        ret = wire_start(byte >> 1, byte & 1 ? I2CPT_M_RD : 0);
    } else if (state == SENDING) {
        ret = wire_write(byte);
    }
    state = ret ? DEAF : SENDING;
    return ret;
}

static enum wire get_byte(void)
{
    uint8_t byte = 0xff;
    enum wire ret = WIRE_ACK;

    if (state == SENDING) {
        ret = wire_read(&byte);
    }
    if (ret == WIRE_ACK) {
        answer(&byte, 1, OK);
    } else if (ret == WIRE_STUCK) {
        answer(NULL, 0, TIMEOUT);
    }
    return ret;
}

/* One command; how long it is, or what USB says. */
static int command(const uint8_t *c)
{
    static const uint8_t version[2] = {1, 2}, serial[4] = {42};
    enum wire ret;

    switch (c[0]) {
    case GET_VERSION:
        answer(version, 2, OK);
        return 1;
    case GET_SERIAL:
        answer(serial, 4, OK);
        return 1;
    case START:
    case REPEATED_START:
        state = ADDRESSED;
        answer(NULL, 0, OK);
        return 1;
    case STOP:
        wire_stop();
        state = IDLE;
        answer(NULL, 0, OK);
        return 1;
    case PUT_BYTE_ACK:
        ret = put_byte(c[1]);
        if (ret < WIRE_SILENT) {
            answer(NULL, 0, code_of(ret));
        }
        return ret < WIRE_SILENT ? 2 : wire_usb(ret);
    case GET_BYTE_ACK:
        ret = get_byte();
        return ret < WIRE_SILENT ? 2 : wire_usb(ret);
    case SET_SPEED:
    case SET_CLK_SYNC:
        answer(NULL, 0, OK);
        return 2;
    case SET_CLK_SYNC_TIMEOUT:
        answer(NULL, 0, OK);
        return 3;
    default:
        answer(NULL, 0, NOT_IMPLEMENTED);
        return 1;
    }
}

static int out(const uint8_t *data, uint32_t len)
{
    uint8_t commands[128 + 2] = {0};
    uint32_t i;
    int n;

    if (len > 128) {
        return USB_STALL;
    }
    memcpy(commands, data, len);
    first = next; /* what was not fetched belongs to a call that was given up */
    for (i = 0; i < len; i += (uint32_t)n) {
        n = command(commands + i);
        if (n == USB_SILENT) {
            break; /* it was taken, and nothing is answered */
        }
        if (n < 0) {
            return n;
        }
    }
    return (int)len;
}

static int in(uint8_t *data, uint32_t len)
{
    const struct answer *a = &answers[first];

    if (first == next) {
        return USB_SILENT;
    }
    if (len < a->n) {
        return USB_STALL;
    }
    memcpy(data, a->bytes, a->n);
    first++;
    return a->n;
}

static int control(const uint8_t *setup, uint8_t *data, uint32_t len)
{
    return USB_STALL;
}

static const struct usbip_description about = {
    .device = device_descriptor,
    .config = config_descriptor,
};

const struct usb_device usb_diolan = {
    .about = &about,
    .control = control,
    .out = out,
    .in = in,
};
