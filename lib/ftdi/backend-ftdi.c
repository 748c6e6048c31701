/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FTDI's dongles with an MPSSE. Which one: find.c; USB: link.c; I2C
 * as the engine's commands: mpsse.c, mpsse-bus.c; pins as input lines:
 * line-pins.c, line-poll.c.
 */
#include <errno.h>
#include <glib.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/key.h"
#include "core/log.h"
#include "core/options.h"
#include "ftdi/backend-ftdi.h"
#include "ftdi/examine.h"
#include "ftdi/line-pins.h"
#include "ftdi/line-poll.h"
#include "ftdi/link.h"

#define FUNCTIONALITY                                              \
    (I2CPT_FUNC_I2C | I2CPT_FUNC_10BIT_ADDR | I2CPT_FUNC_NOSTART | \
     I2CPT_FUNC_SMBUS_EMUL_ALL)

/* For the few exchanges of an opening. */
#define OPEN_NS 1000000000u

struct ftdi {
    struct ftdi_link *link;
    struct mpsse_bus *bus;
    struct mpsse_lines *lines; /* NULL: none were asked for */
    unsigned begun;            /* and not collected */
};

static const struct i2cpt_key keys[] = {
    {.name = "vendor",
     .kind = I2CPT_KEY_UINT,
     .max = 0xffff,
     .def = "0x0403",
     .help = "USB vendor number",
     .may_differ = true},
    {.name = "product",
     .kind = I2CPT_KEY_UINT,
     .max = 0xffff,
     .help = "USB product number; without it any chip with an MPSSE",
     .may_differ = true},
    {.name = "serial",
     .kind = I2CPT_KEY_STRING,
     .help = "the dongle's serial number",
     .may_differ = true},
    {.name = "description",
     .kind = I2CPT_KEY_STRING,
     .help = "the dongle's product string",
     .may_differ = true},
    {.name = "location",
     .kind = I2CPT_KEY_STRING,
     .help = "where it is plugged in: BUS-PORT[.PORT]",
     .may_differ = true},
    {.name = "interface",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "A|B|C|D",
     .def = "A",
     .help = "the chip's port",
     .may_differ = true},
    {.name = "frequency",
     .kind = I2CPT_KEY_FREQUENCY,
     .min = MPSSE_FREQUENCY_MIN_HZ,
     .max = MPSSE_FREQUENCY_MAX_HZ,
     .def = "100k",
     .help = "SCL at most so fast"},
    {.name = "latency-ms",
     .kind = I2CPT_KEY_UINT,
     .min = 1,
     .max = 255,
     .def = "16",
     .help = "the chip's latency timer"},
    {.name = "encoding",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "packed|bytewise",
     .help = "how bytes become commands; packed where the chip can"},
    {.name = "edges",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "set-bits|shifted",
     .def = "set-bits",
     .help = "how START and STOP are made: pins set again and again, or fewer "
             "bytes that no one has seen on silicon"},
    {.name = "batch",
     .kind = I2CPT_KEY_SWITCH,
     .def = "off",
     .help = "a transfer in one piece, past a NACK too"},
    {.name = "clock-stretching",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "off|adaptive|gpio",
     .def = "off",
     .help = "wait for SCL: needs it wired to AD7 (adaptive) or AD5 (gpio)"},
    {.name = "line-poll-us",
     .kind = I2CPT_KEY_UINT,
     .min = MPSSE_POLL_MIN_US,
     .max = MPSSE_POLL_MAX_US,
     .def = "10000",
     .help = "how often the pins of line.NAME=ftdi:PIN are looked at"},
    {NULL},
};

static struct ftdi_want want_of(const struct i2cpt_options *o)
{
    return (struct ftdi_want){
        .vendor = (uint16_t)i2cpt_options_number(o, "vendor"),
        .product = (uint16_t)i2cpt_options_number(o, "product"),
        .serial = i2cpt_options_string(o, "serial"),
        .description = i2cpt_options_string(o, "description"),
        .location = i2cpt_options_string(o, "location"),
        .interface = (unsigned)i2cpt_options_number(o, "interface"),
    };
}

static int identify(const struct i2cpt_options *o, char **identity,
                    struct i2cpt_fault *fault)
{
    struct ftdi_want want = want_of(o);
    struct ftdi_found found;
    libusb_context *usb;
    int ret;

    if (mpsse_usb_init(&usb)) {
        return i2cpt_fault_text(fault, ENODEV, "no USB on this machine");
    }
    ret = mpsse_find(usb, &want, &found, fault);
    if (!ret) {
        *identity = g_strdup_printf("ftdi:%d-%d:%c", found.bus, found.address,
                                    'A' + want.interface);
        mpsse_found_clear(&found);
    }
    libusb_exit(usb);
    return ret;
}

/* How the chip is driven, or which two keys do not go together. */
static int choose(const struct i2cpt_options *o, const struct ftdi_found *found,
                  struct mpsse *m, struct i2cpt_fault *fault)
{
    struct mpsse_config c = {
        .chip = found->chip,
        .stretching =
            (enum mpsse_stretching)i2cpt_options_number(o, "clock-stretching"),
        .edges = (enum mpsse_edges)i2cpt_options_number(o, "edges"),
        .frequency_hz = (uint32_t)i2cpt_options_number(o, "frequency"),
        .line_poll_us = (uint32_t)i2cpt_options_number(o, "line-poll-us"),
    };
    bool packs = mpsse_can_pack(c.chip, c.stretching);
    int ret =
        mpsse_line_pins(o, c.chip, found->name, c.stretching, &c.lines, fault);

    if (ret) {
        return ret;
    }
    c.encoding = packs ? MPSSE_PACKED : MPSSE_BYTEWISE;
    if (!i2cpt_options_has(o, "encoding")) {
        return mpsse_init(m, &c);
    }
    if (packs || i2cpt_options_number(o, "encoding")) {
        c.encoding = (enum mpsse_encoding)i2cpt_options_number(o, "encoding");
    } else if (c.chip == MPSSE_FT232H &&
               c.stretching == MPSSE_STRETCH_ADAPTIVE) {
        i2cpt_log(I2CPT_LOG_WARNING,
                  "ftdi: encoding=packed would misread targets that stretch; "
                  "with clock-stretching=adaptive it is bytewise");
    } else {
        return i2cpt_fault_text(
            fault, EINVAL,
            "encoding=packed: needs an FT232H (this is an %s) and no "
            "clock-stretching=gpio; accepted is bytewise",
            found->name);
    }
    return mpsse_init(m, &c);
}

static void ftdi_close(void *priv)
{
    struct ftdi *d = priv;

    mpsse_lines_free(d->lines);
    mpsse_bus_free(d->bus);
    if (d->link) {
        mpsse_link_close(d->link);
    }
    g_free(d);
}

/* What it is, in *m and *found. */
static int open_chip(struct ftdi *d, const struct i2cpt_options *o,
                     struct mpsse *m, struct ftdi_found *found,
                     struct i2cpt_fault *fault)
{
    struct ftdi_link_config config = {
        .want = want_of(o),
        .latency_ms = (uint8_t)i2cpt_options_number(o, "latency-ms"),
    };
    int ret = mpsse_link_open(&config, &d->link, found, fault);

    if (!ret) {
        ret = choose(o, found, m, fault);
    }
    if (!ret) {
        ret = mpsse_bus_new(m, &mpsse_link_ops, d->link,
                            i2cpt_options_number(o, "batch"),
                            i2cpt_now_ns() + OPEN_NS, &d->bus, fault);
    }
    return ret;
}

static int open_lines(struct ftdi *d, const struct i2cpt_options *o,
                      const struct mpsse *m, const struct ftdi_found *found,
                      struct i2cpt_fault *fault)
{
    g_autofree char *name = g_strdup_printf("ftdi at %s", found->location);
    struct mpsse_lines_config c = {
        .pins = m->lines,
        .poll_us = (uint32_t)i2cpt_options_number(o, "line-poll-us"),
        .timeout_ms = (uint32_t)i2cpt_options_number(o, "timeout-ms"),
        .name = name,
    };

    return m->lines ? mpsse_lines_new(d->bus, &c, OPEN_NS, &d->lines, fault)
                    : 0;
}

static int ftdi_open(const struct i2cpt_options *o, void **priv,
                     struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct ftdi *d = g_new0(struct ftdi, 1);
    struct ftdi_found found = {0};
    struct mpsse m;
    int ret = open_chip(d, o, &m, &found, fault);

    ret = ret ? ret : open_lines(d, o, &m, &found, fault);
    if (ret) {
        ftdi_close(d);
        return ret;
    }
    info->lines = mpsse_lines_get(d->lines);
    info->functionality = FUNCTIONALITY;
    info->frequency_hz = m.scl_hz;
    *priv = d;
    return 0;
}

static int examine(const struct i2cpt_options *o,
                   void (*line)(const char *text, void *user), void *user,
                   struct i2cpt_fault *fault)
{
    struct ftdi *d = g_new0(struct ftdi, 1);
    struct ftdi_found found = {0};
    struct mpsse m;
    int ret = open_chip(d, o, &m, &found, fault);

    if (!ret) {
        ret = mpsse_examine(d->link, &found, &m, line, user, fault);
    }
    ftdi_close(d);
    return ret;
}

static int ftdi_transfer(void *priv, struct i2cpt_xfer *x)
{
    struct ftdi *d = priv;
    int ret;

    mpsse_lines_enter(d->lines);
    ret = mpsse_bus_transfer(d->bus, x);
    mpsse_lines_leave(d->lines, ret);
    return ret;
}

/* Entered with the first one that is begun, left with the last that is
 * collected: all by the worker. */
static bool ftdi_begin(void *priv, struct i2cpt_xfer *x)
{
    struct ftdi *d = priv;
    bool begun;

    if (!d->begun) {
        mpsse_lines_enter(d->lines);
    }
    begun = mpsse_bus_begin(d->bus, x);
    d->begun += begun;
    if (!d->begun) {
        mpsse_lines_leave(d->lines, 0);
    }
    return begun;
}

/* After -ENODEV nobody comes for the others. */
static int ftdi_collect(void *priv, struct i2cpt_xfer *x)
{
    struct ftdi *d = priv;
    int ret = mpsse_bus_collect(d->bus, x);

    d->begun = ret == -ENODEV ? 0 : d->begun - 1;
    if (!d->begun) {
        mpsse_lines_leave(d->lines, ret);
    }
    return ret;
}

static int ftdi_stream_start(void *priv, uint16_t addr, uint16_t flags,
                             uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct ftdi *d = priv;
    int ret;

    mpsse_lines_enter(d->lines);
    ret = mpsse_bus_stream_start(d->bus, addr, flags, deadline_ns, fault);
    mpsse_lines_leave(d->lines, ret);
    return ret;
}

static int ftdi_stream_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                             struct i2cpt_fault *fault)
{
    struct ftdi *d = priv;
    int ret;

    mpsse_lines_enter(d->lines);
    ret = mpsse_bus_stream_write(d->bus, byte, deadline_ns, fault);
    mpsse_lines_leave(d->lines, ret);
    return ret;
}

static int ftdi_stream_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                            struct i2cpt_fault *fault)
{
    struct ftdi *d = priv;
    int ret;

    mpsse_lines_enter(d->lines);
    ret = mpsse_bus_stream_read(d->bus, byte, deadline_ns, fault);
    mpsse_lines_leave(d->lines, ret);
    return ret;
}

static int ftdi_stream_pointer(void *priv, uint16_t addr, const uint8_t *bytes,
                               size_t n, uint64_t deadline_ns, uint8_t *byte,
                               struct i2cpt_fault *fault)
{
    struct ftdi *d = priv;
    int ret;

    mpsse_lines_enter(d->lines);
    ret = mpsse_bus_stream_pointer(d->bus, addr, bytes, n, deadline_ns, byte,
                                   fault);
    mpsse_lines_leave(d->lines, ret);
    return ret;
}

static int ftdi_stream_stop(void *priv, uint64_t deadline_ns,
                            struct i2cpt_fault *fault)
{
    struct ftdi *d = priv;
    int ret;

    mpsse_lines_enter(d->lines);
    ret = mpsse_bus_stream_stop(d->bus, deadline_ns, fault);
    mpsse_lines_leave(d->lines, ret);
    return ret;
}

static int list(const struct i2cpt_ops *ops, i2cpt_found_fn found, void *user)
{
    return mpsse_list(found, user);
}

const struct i2cpt_ops mpsse_ops = {
    .name = "ftdi",
    .help = "an FTDI dongle: FT232H, FT2232H, FT4232H, HP and HA too",
    .keys = keys,
    .own_lines = "ftdi:PIN (D4 to D7, C0 to C7)",
    .identify = identify,
    .open = ftdi_open,
    .close = ftdi_close,
    .transfer = ftdi_transfer,
    .begin = ftdi_begin,
    .collect = ftdi_collect,
    .stream_start = ftdi_stream_start,
    .stream_write = ftdi_stream_write,
    .stream_read = ftdi_stream_read,
    .stream_stop = ftdi_stream_stop,
    .stream_pointer = ftdi_stream_pointer,
    .list = list,
    .examine = examine,
};
