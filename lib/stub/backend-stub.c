/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend `stub`: targets in memory. It stands on nothing but this
 * library, and is the file to copy for a new backend: keys, open and close,
 * one function for each way in, and the table. docs/stub.md says how.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <glib.h>

#include "core/fault.h"
#include "core/options.h"
#include "stub/backend-stub.h"
#include "stub/stub.h"

#define FUNC_SMBUS I2CPT_FUNC_SMBUS_EMUL_ALL
#define FUNC_ALL                                                             \
    (I2CPT_FUNC_I2C | I2CPT_FUNC_10BIT_ADDR | I2CPT_FUNC_PROTOCOL_MANGLING | \
     I2CPT_FUNC_NOSTART | FUNC_SMBUS)
/* Controllers that cannot do RECV_LEN are common: no block reads. */
#define FUNC_I2C                                                         \
    (I2CPT_FUNC_I2C | (FUNC_SMBUS & ~(I2CPT_FUNC_SMBUS_READ_BLOCK_DATA | \
                                      I2CPT_FUNC_SMBUS_BLOCK_PROC_CALL)))

static const struct i2cpt_key keys[] = {
    {.name = "chips",
     .kind = I2CPT_KEY_STRING,
     .choices = "a list like 0x48:0x50-0x57",
     .help = "register files of 256 bytes at these addresses"},
    {.name = "load",
     .kind = I2CPT_KEY_STRING,
     .choices = "a file",
     .help = "text that describes chips (docs/stub.md)",
     .reads_file = true},
    {.name = "functionality",
     .kind = I2CPT_KEY_STRING,
     .choices = "all, i2c, smbus or I2C_FUNC_ bits as a number",
     .def = "all",
     .help = "what the adapter says that it can do"},
    {.name = "stream",
     .kind = I2CPT_KEY_SWITCH,
     .help = "whether bytes can be sent one by one; off with functionality "
             "without I2C and with faults=hidden, else on"},
    {.name = "faults",
     .kind = I2CPT_KEY_CHOICE,
     .choices = "exact|hidden",
     .def = "exact",
     .help = "hidden: every NACK is EREMOTEIO, phase unknown"},
    {.name = "frequency",
     .kind = I2CPT_KEY_FREQUENCY,
     .min = 1,
     .max = 5000000,
     .help = "SCL frequency that the adapter claims"},
    {.name = "byte-us",
     .kind = I2CPT_KEY_UINT,
     .max = 60000000,
     .def = "0",
     .help = "time that each byte takes, addresses included"},
    {.name = "transfer-us",
     .kind = I2CPT_KEY_UINT,
     .max = 60000000,
     .def = "0",
     .help = "time that each transfer takes, besides"},
    {.name = "unplug-after",
     .kind = I2CPT_KEY_UINT,
     .max = UINT32_MAX,
     .help = "transfers until the adapter is gone"},
    {.name = "arbitration-lost",
     .kind = I2CPT_KEY_UINT,
     .max = UINT32_MAX,
     .def = "0",
     .help = "so many STARTs lose the arbitration, then none"},
    {.name = NULL},
};

/* An opened instance; those with a name can be looked into by tests. */
struct stub {
    struct stub_bus bus;
    char *name;
    struct stub *next;
};

static pthread_mutex_t named_lock = PTHREAD_MUTEX_INITIALIZER;
static struct stub *named;

static void add_named(struct stub *s)
{
    pthread_mutex_lock(&named_lock);
    s->next = named;
    named = s;
    pthread_mutex_unlock(&named_lock);
}

static void remove_named(struct stub *s)
{
    pthread_mutex_lock(&named_lock);
    for (struct stub **p = &named; *p; p = &(*p)->next) {
        if (*p == s) {
            *p = s->next;
            break;
        }
    }
    pthread_mutex_unlock(&named_lock);
}

/* --------------------------------------------------------- open and close */

static int identify(const struct i2cpt_options *o, char **identity,
                    struct i2cpt_fault *fault)
{
    const char *name = i2cpt_options_string(o, "name");

    *identity = name ? g_strdup_printf("stub:%s", name) : NULL;
    return 0;
}

static int set_functionality(struct stub_bus *bus, const char *text,
                             struct i2cpt_fault *fault)
{
    uint64_t bits;

    if (!strcmp(text, "all"))
        bits = FUNC_ALL;
    else if (!strcmp(text, "i2c"))
        bits = FUNC_I2C;
    else if (!strcmp(text, "smbus"))
        bits = FUNC_SMBUS;
    else if (i2cpt_parse_uint(text, FUNC_ALL, &bits) || bits & ~FUNC_ALL)
        return i2cpt_fault_text(
            fault, EINVAL,
            "functionality=%.4096s: all, i2c, smbus or bits "
            "of 0x%08x",
            text, FUNC_ALL);
    bus->functionality = (uint32_t)bits;
    return 0;
}

static int set_stream(const struct stub_bus *bus, const struct i2cpt_options *o,
                      struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    bool can = bus->functionality & I2CPT_FUNC_I2C && !bus->hidden;
    bool want = i2cpt_options_has(o, "stream")
                    ? i2cpt_options_number(o, "stream") != 0
                    : can;

    if (want && !can)
        return i2cpt_fault_text(fault, EINVAL, "stream=on: off with %s",
                                bus->hidden ? "faults=hidden"
                                            : "functionality without I2C");
    info->no_stream = !want;
    return 0;
}

static int add_plain_chips(struct stub_bus *bus, const char *list,
                           struct i2cpt_fault *fault)
{
    uint8_t set[128] = {0};
    int rc = i2cpt_parse_addresses("chips", list, set, fault);

    for (uint16_t addr = 0; !rc && addr < 128; addr++) {
        struct stub_chip *chip;

        if (!set[addr])
            continue;
        rc = stub_chip_new(&stub_registers_kind, addr, false, NULL, &chip,
                           fault);
        if (!rc)
            rc = stub_chips_add(&bus->chips, chip, fault);
    }
    return rc;
}

static bool any_script(const struct stub_bus *bus)
{
    const struct stub_chips *chips = &bus->chips;
    bool any = bus->byte_us || bus->transfer_us || bus->lost_left;

    for (size_t i = 0; i < 128 + chips->n_ten; i++) {
        const struct stub_chip *c =
            i < 128 ? chips->seven[i] : chips->ten[i - 128];
        any |= c && (c->n_events || c->byte_us || c->transfer_us);
    }
    return any;
}

static int open_bus(struct stub_bus *bus, const struct i2cpt_options *o,
                    struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    const char *chips = i2cpt_options_string(o, "chips");
    const char *load = i2cpt_options_string(o, "load");

    bus->hidden = i2cpt_options_number(o, "faults") != 0;
    bus->byte_us = (uint32_t)i2cpt_options_number(o, "byte-us");
    bus->transfer_us = (uint32_t)i2cpt_options_number(o, "transfer-us");
    bus->lost_left = i2cpt_options_number(o, "arbitration-lost");
    bus->transfers_left = i2cpt_options_has(o, "unplug-after")
                              ? i2cpt_options_number(o, "unplug-after")
                              : STUB_ALWAYS;
    int rc =
        set_functionality(bus, i2cpt_options_string(o, "functionality"), fault);
    if (!rc)
        rc = set_stream(bus, o, info, fault);
    if (!rc && chips)
        rc = add_plain_chips(bus, chips, fault);
    if (!rc && load)
        rc = stub_load(load, &bus->chips, &bus->lines, fault);
    if (!rc && bus->lines)
        rc = stub_lines_start(bus->lines, fault);
    if (rc)
        return rc;
    bus->scripted = any_script(bus);
    info->lines = stub_lines_get(bus->lines);
    info->functionality = bus->functionality;
    info->frequency_hz = (uint32_t)i2cpt_options_number(o, "frequency");
    return 0;
}

static void stub_close(void *priv)
{
    struct stub *s = priv;

    remove_named(s);
    stub_lines_free(s->bus.lines);
    stub_chips_clear(&s->bus.chips);
    g_free(s->name);
    g_free(s);
}

static int stub_open(const struct i2cpt_options *o, void **priv,
                     struct i2cpt_bus_info *info, struct i2cpt_fault *fault)
{
    struct stub *s = g_new0(struct stub, 1);
    int rc = open_bus(&s->bus, o, info, fault);

    if (rc) {
        stub_close(s);
        return rc;
    }
    s->name = g_strdup(i2cpt_options_string(o, "name"));
    if (s->name)
        add_named(s);
    *priv = s;
    return 0;
}

/* -------------------------------------------------------------- the calls */

static int stub_transfer(void *priv, struct i2cpt_xfer *x)
{
    struct stub_bus *bus = &((struct stub *)priv)->bus;

    stub_lines_begin(bus->lines);
    int rc = stub_bus_transfer(bus, x);
    stub_lines_end(bus->lines);
    return rc;
}

static int stub_smbus(void *priv, struct i2cpt_smbus_call *call,
                      uint64_t deadline_ns, uint32_t marks,
                      struct i2cpt_fault *fault)
{
    struct stub_bus *bus = &((struct stub *)priv)->bus;

    stub_lines_begin(bus->lines);
    int rc = stub_bus_smbus(bus, call, deadline_ns, fault);
    stub_lines_end(bus->lines);
    return rc;
}

static int stream_start(void *priv, uint16_t addr, uint16_t flags,
                        uint64_t deadline_ns, struct i2cpt_fault *fault)
{
    struct stub_bus *bus = &((struct stub *)priv)->bus;

    stub_lines_begin(bus->lines);
    int rc = stub_bus_stream_start(bus, addr, flags, deadline_ns, fault);
    stub_lines_end(bus->lines);
    return rc;
}

static int stream_write(void *priv, uint8_t byte, uint64_t deadline_ns,
                        struct i2cpt_fault *fault)
{
    struct stub_bus *bus = &((struct stub *)priv)->bus;

    stub_lines_begin(bus->lines);
    int rc = stub_bus_stream_write(bus, byte, deadline_ns, fault);
    stub_lines_end(bus->lines);
    return rc;
}

static int stream_read(void *priv, uint8_t *byte, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct stub_bus *bus = &((struct stub *)priv)->bus;

    stub_lines_begin(bus->lines);
    int rc = stub_bus_stream_read(bus, byte, deadline_ns, fault);
    stub_lines_end(bus->lines);
    return rc;
}

static int stream_stop(void *priv, uint64_t deadline_ns,
                       struct i2cpt_fault *fault)
{
    struct stub_bus *bus = &((struct stub *)priv)->bus;

    stub_lines_begin(bus->lines);
    int rc = stub_bus_stream_stop(bus, deadline_ns, fault);
    stub_lines_end(bus->lines);
    return rc;
}

static bool chip_waits(const struct stub_chip *c)
{
    bool waits = c->byte_us || c->transfer_us;

    for (size_t i = 0; i < c->n_events; i++)
        waits |=
            c->events[i].what == STUB_HANG || c->events[i].what == STUB_STRETCH;
    return waits;
}

static bool instant(void *priv)
{
    const struct stub_bus *bus = &((struct stub *)priv)->bus;
    const struct stub_chips *chips = &bus->chips;
    bool waits = bus->byte_us || bus->transfer_us;

    for (size_t i = 0; i < 128; i++)
        waits |= chips->seven[i] && chip_waits(chips->seven[i]);
    for (size_t i = 0; i < chips->n_ten; i++)
        waits |= chip_waits(chips->ten[i]);
    return !waits;
}

const struct i2cpt_ops stub_ops = {
    .name = "stub",
    .help = "targets in memory, for tests",
    .keys = keys,
    .identify = identify,
    .open = stub_open,
    .close = stub_close,
    .transfer = stub_transfer,
    .smbus = stub_smbus,
    .stream_start = stream_start,
    .stream_write = stream_write,
    .stream_read = stream_read,
    .stream_stop = stream_stop,
    .instant = instant,
};

/* --------------------------------------------------------------- for tests */

static const struct stub_chip *named_chip(const char *name, uint16_t addr)
{
    for (const struct stub *s = named; s; s = s->next)
        if (!strcmp(s->name, name))
            return stub_chips_find(&s->bus.chips, addr, false);
    return NULL;
}

bool stub_counts(const char *name, uint16_t addr, struct i2cpt_stub_counts *out)
{
    pthread_mutex_lock(&named_lock);
    const struct stub_chip *chip = named_chip(name, addr);
    if (chip)
        *out = chip->counts;
    pthread_mutex_unlock(&named_lock);
    return chip != NULL;
}

size_t stub_peek(const char *name, uint16_t addr, uint32_t reg, uint8_t *buf,
                 size_t size)
{
    pthread_mutex_lock(&named_lock);
    const struct stub_chip *chip = named_chip(name, addr);
    size_t n = chip ? chip->kind->peek(chip, reg, buf, size) : 0;
    pthread_mutex_unlock(&named_lock);
    return n;
}
