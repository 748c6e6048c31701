/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pins as input lines on the virtual chip: which there are, what frames see of
 * them, and what a thread does when there are no frames. */
#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <string.h>

#include "../unit/unit.h"
#include "core/fault.h"
#include "core/options.h"
#include "ftdi/line-pins.h"
#include "ftdi/line-poll.h"
#include "lines/lines.h"
#include "rig.h"
#include "ways.h"

/* Every way, batch off and on, each with one of the frequencies; and every way
 * with the four that differ most. */
#define SOME_CONFIGS (WAYS * 2)
#define MORE_CONFIGS (WAYS * 4)

static struct rig_config some_config(int i)
{
    return config_of(i % WAYS, (i % WAYS + 3 * (i / WAYS)) % FREQUENCIES,
                     i / WAYS);
}

#define ALL_PINS 0xfff0u /* D4-7, C0-7 */
#define D_PINS   0x00f0u
enum { C3 = 11 };

static struct rig *rig;

static struct rig *open_with(struct rig_config config, uint16_t lines,
                             uint32_t poll_us)
{
    config.lines = lines;
    config.line_poll_us = poll_us;
    return rig_new(&config);
}

static void teardown(void)
{
    if (rig) {
        rig_free(rig);
        rig = NULL;
    }
}

/* ------------------------------------------------------------ names of pins */

#define NO_GPIO "gpiochip0/17" /* is somebody else's */
static const struct i2cpt_key no_keys[] = {{NULL}};
static const struct i2cpt_ops ftdi_names = {.name = "ftdi", .keys = no_keys};

static const struct {
    enum mpsse_chip chip;
    const char *name;
    enum mpsse_stretching stretching;
    const char *keys[3]; /* line.NAME, SOURCE */
    uint16_t pins;       /* 0: refused */
    const char *says;
} named[] = {
    {MPSSE_FT232H, "FT232H", 0, {"line.int", "ftdi:C3"}, 1u << C3, NULL},
    {MPSSE_FT232H, "FT232H", 0, {"line.int", "ftdi:D4"}, 0x0010, NULL},
    {MPSSE_FT232H, "FT232H", 0, {"line.D7", "ftdi"}, 0x0080, NULL},
    {MPSSE_FT2232H, "FT2232H", 0, {"line.C7", "ftdi"}, 0x8000, NULL},
    {MPSSE_FT4232H, "FT4232H", 0, {"line.a", "ftdi:D6"}, 0x0040, NULL},
    {MPSSE_FT232H,
     "FT232H",
     MPSSE_STRETCH_GPIO,
     {"line.a", "ftdi:D7"},
     0x0080,
     NULL},
    {MPSSE_FT232H,
     "FT232H",
     0,
     {"line.int", "ftdi:D0"},
     0,
     "line.int=ftdi:D0: this is an FT232H, and the pin is SCL of the bus; "
     "accepted is ftdi:D4, ftdi:D5, ftdi:D6, ftdi:D7, ftdi:C0, ftdi:C1, "
     "ftdi:C2, ftdi:C3, ftdi:C4, ftdi:C5, ftdi:C6, ftdi:C7"},
    {MPSSE_FT232H,
     "FT232H",
     0,
     {"line.int", "ftdi:D1"},
     0,
     "line.int=ftdi:D1: this is an FT232H, and the pin is SDA of the bus"},
    {MPSSE_FT232H,
     "FT232H",
     0,
     {"line.D2", "ftdi"},
     0,
     "line.D2=ftdi: this is an FT232H, and the pin is SDA of the bus"},
    {MPSSE_FT232H,
     "FT232H",
     0,
     {"line.int", "ftdi:D3"},
     0,
     "the pin is the engine's TMS"},
    {MPSSE_FT232H,
     "FT232H",
     MPSSE_STRETCH_GPIO,
     {"line.int", "ftdi:D5"},
     0,
     "with this clock-stretching the pin waits for SCL; accepted is ftdi:D4, "
     "ftdi:D6, ftdi:D7, ftdi:C0"},
    {MPSSE_FT232H,
     "FT232H",
     MPSSE_STRETCH_ADAPTIVE,
     {"line.int", "ftdi:D7"},
     0,
     "the pin waits for SCL; accepted is ftdi:D4, ftdi:D6, ftdi:C0"},
    {MPSSE_FT4232H,
     "FT4232H",
     0,
     {"line.int", "ftdi:C3"},
     0,
     "this is an FT4232H, and it has no pins C; accepted is ftdi:D4, ftdi:D5, "
     "ftdi:D6, ftdi:D7"},
    {MPSSE_FT232H, "FT232H", 0, {"line.int", "ftdi:C8"}, 0, "no such pin"},
    {MPSSE_FT232H, "FT232H", 0, {"line.int", "ftdi:c3"}, 0, "no such pin"},
    {MPSSE_FT232H, "FT232H", 0, {"line.int", "ftdi:"}, 0, "no such pin"},
    {MPSSE_FT232H, "FT232H", 0, {"line.int", "ftdi"}, 0, "no such pin"},
};

START_TEST(pins_have_names)
{
    struct i2cpt_options *o;
    struct i2cpt_fault fault = {0};
    uint16_t pins;
    int ret;

    i2cpt_options_new(&o);
    i2cpt_options_set_ops(o, &ftdi_names);
    i2cpt_options_put(o, "line.other", NO_GPIO, 0);
    ck_assert_int_eq(mpsse_line_pins(o, MPSSE_FT232H, "FT232H", 0, &pins, NULL),
                     0);
    ck_assert_uint_eq(pins, 0); /* nothing of ours: nothing to look at */
    i2cpt_options_put(o, named[_i].keys[0], named[_i].keys[1], 0);
    ret = mpsse_line_pins(o, named[_i].chip, named[_i].name,
                          named[_i].stretching, &pins, &fault);
    ck_assert_int_eq(ret, named[_i].pins ? 0 : -EINVAL);
    ck_assert_msg(!named[_i].says || strstr(fault.text, named[_i].says), "%s",
                  fault.text);
    if (!ret) {
        ck_assert_uint_eq(pins, named[_i].pins);
    }
    i2cpt_options_free(o);
}
END_TEST

/* ---------------------------------------------------- what a frame has seen */

#define SEEN_MOST 256

static struct {
    uint16_t pins[SEEN_MOST];
    uint64_t stamps_ns[SEEN_MOST];
    unsigned n;
} looks;

static void see(uint16_t pins, uint64_t stamp_ns, void *user)
{
    ck_assert_ptr_eq(user, &looks);
    ck_assert_uint_lt(looks.n, SEEN_MOST);
    ck_assert(!looks.n || stamp_ns >= looks.stamps_ns[looks.n - 1]);
    looks.pins[looks.n] = pins;
    looks.stamps_ns[looks.n++] = stamp_ns;
}

static void look_on(struct rig *r)
{
    memset(&looks, 0, sizeof(looks));
    mpsse_bus_on_look(r->bus, see, &looks);
}

static uint16_t last_seen(void)
{
    ck_assert_uint_gt(looks.n, 0);
    return looks.pins[looks.n - 1];
}

static const struct {
    enum mpsse_chip chip;
    uint16_t pins;
} widths[] = {
    {MPSSE_FT232H, ALL_PINS}, {MPSSE_FT2232H, ALL_PINS},
    {MPSSE_FT4232H, D_PINS},  {MPSSE_FT232H, D_PINS},
    {MPSSE_FT232H, 0xff00},
};

/* Each pin is itself and no other one, looked at alone and behind a transfer.
 */
START_TEST(each_pin_is_its_own)
{
    uint16_t pins = widths[_i].pins;
    unsigned pin, low;

    rig = open_with((struct rig_config){.chip = widths[_i].chip,
                                        .encoding = MPSSE_BYTEWISE,
                                        .frequency_hz = 400000},
                    pins, 5000);
    look_on(rig);
    for (pin = 0; pin < VCHIP_INPUTS; pin++) {
        low = pins & ~(1u << pin);
        if (!(pins >> pin & 1)) {
            continue;
        }
        vchip_set_input(rig->b->chip, pin, false);
        ck_assert_int_eq(mpsse_bus_look(rig->bus, RIG_TIMEOUT, &rig->fault), 0);
        ck_assert_uint_eq(last_seen(), low);
        ck_assert_int_eq(rig_transfer(rig, "w50 10 | r50 2"), 0);
        ck_assert_uint_eq(last_seen(), low);
        vchip_set_input(rig->b->chip, pin, true);
        ck_assert_int_eq(rig_transfer(rig, "w51"), -ENXIO); /* refused, too */
        ck_assert_uint_eq(last_seen(), pins);
    }
    ck_assert_uint_eq(vchip_bad(rig->b->chip), 2); /* AA, AB */
}
END_TEST

/* With a look behind every few bytes and without any: the same on the wire, the
 * same data, and as many round trips. */
static const char *const alike[] = {
    "w50 00 5ax80",
    "w50 00 | r50 80",
    "w50 10 | r50 0",
    "w51 00x40",
    "w50 01 | r50 ?",
    "w50 03 | r50 ?",
    "w50 20 5a | w50 20 | r50 1 | r0e 1",
    "w/2a5 07 | r/2a5 40",
};

static char *run_alike(struct rig *r, unsigned *exchanges)
{
    GString *all = g_string_new(NULL);
    g_autofree char *wire = NULL, *data = NULL;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(alike); i++) {
        g_string_append_printf(all, "%d ", rig_transfer(r, alike[i]));
        data = rig_data(r);
        g_string_append_printf(all, "%s; ", data);
        g_clear_pointer(&data, g_free);
    }
    wire = bench_text(r->b);
    *exchanges = vusb_counts(r->b->usb).exchanges;
    return g_string_free(g_string_append(all, wire), FALSE);
}

START_TEST(nothing_else_changes)
{
    struct rig_config config = some_config(_i);
    g_autofree char *with = NULL, *without = NULL;
    unsigned trips_with, trips_without;

    rig = open_with(config, 0, 0);
    without = run_alike(rig, &trips_without);
    teardown();
    rig = open_with(config,
                    config.chip == MPSSE_FT4232H ? 0x0040 : 0x0040 | 1u << C3,
                    MPSSE_POLL_MIN_US);
    look_on(rig);
    with = run_alike(rig, &trips_with);
    ck_assert_msg(!strcmp(with, without), "%s: %s\nnot %s", rig_name(&config),
                  with, without);
    ck_assert_uint_eq(trips_with, trips_without);
    ck_assert_uint_ge(looks.n, G_N_ELEMENTS(alike));
}
END_TEST

/* A pin moves while a message of 256 bytes is on the wire: told in order when
 * it is over, each level that stayed for poll_us, and stamped when it was so.
 */
#define DURING_POLL_US 1000u

static unsigned changes_to(bool level)
{
    unsigned n = 0, i;

    for (i = 0; i < looks.n; i++) {
        bool was = i ? looks.pins[i - 1] >> C3 & 1 : true;

        n += (looks.pins[i] >> C3 & 1) == level && was != level;
    }
    return n;
}

/* Of the last level, the stamp of who saw it first. */
static uint64_t first_stamp_ns(void)
{
    unsigned i = looks.n - 1;

    while (i && looks.pins[i - 1] == looks.pins[looks.n - 1]) {
        i--;
    }
    return looks.stamps_ns[i];
}

/* Pulses, of which each level stays for twice as long as from one look to the
 * next; then it falls and stays. */
static unsigned plan_moves(struct rig *r, unsigned bytes, uint64_t look_ns,
                           uint64_t symbol_ns)
{
    unsigned step = 9 * 2 * (unsigned)(look_ns / symbol_ns + 1);
    unsigned pulses = 0, at = 9;

    for (; at + 3 * step < 9 * bytes && pulses < 4; pulses++) {
        bench_move(r->b, at += step, C3, false);
        bench_move(r->b, at += step, C3, true);
    }
    bench_move(r->b, 9 * bytes, C3, false);
    return pulses + 1;
}

/* At the lowest frequency fewer bytes are in time. */
START_TEST(seen_during_a_transfer)
{
    struct rig_config config = config_of(_i % WAYS, _i / WAYS, _i & 1);
    unsigned bytes = config.frequency_hz > 10000 ? 256 : 64, way, falls;
    g_autofree char *write = g_strdup_printf("w50 00x%u", bytes + 1);
    g_autofree char *read = g_strdup_printf("w50 00 | r50 %u", bytes);
    uint64_t symbol_ns, look_ns, begin_ns;

    if (config.chip == MPSSE_FT4232H) {
        return; /* has no such pin */
    }
    rig = open_with(config, 1u << C3, DURING_POLL_US);
    symbol_ns = UINT64_C(9000000000) / rig_scl_hz(rig);
    look_ns = MAX(DURING_POLL_US * 1000, 8 * symbol_ns);
    for (way = 0; way < 2; way++) {
        bench_fresh(rig->b);
        look_on(rig);
        falls = plan_moves(rig, bytes, look_ns, symbol_ns);
        begin_ns = vusb_now(rig->b->usb);
        ck_assert_int_eq(rig_transfer(rig, way ? read : write), 0);
        ck_assert_uint_eq(last_seen(), 0);
        ck_assert_msg(changes_to(false) == falls,
                      "%s: %u of %u changes in %u looks", rig_name(&config),
                      changes_to(false), falls, looks.n);
        ck_assert_uint_ge(looks.stamps_ns[0], begin_ns);
        ck_assert_uint_ge(first_stamp_ns(), rig->b->moved_ns);
        if (config.encoding == MPSSE_PACKED) {
            ck_assert_uint_le(first_stamp_ns(),
                              rig->b->moved_ns + look_ns + 4 * VUSB_FRAME_NS);
        }
        vchip_set_input(rig->b->chip, C3, true);
    }
}
END_TEST

enum { REQUESTS = 3 };

struct pipeline {
    struct i2cpt_xfer x[REQUESTS];
    struct i2cpt_msg msgs[REQUESTS];
    struct i2cpt_fault faults[REQUESTS];
    uint8_t bufs[REQUESTS][32];
};

/* Writes of so many zeros. */
static void begin_all(struct pipeline *p, uint16_t len)
{
    unsigned i;

    for (i = 0; i < REQUESTS; i++) {
        p->msgs[i] = (struct i2cpt_msg){0x50, 0, len, 0, p->bufs[i]};
        p->x[i] = (struct i2cpt_xfer){.msgs = &p->msgs[i],
                                      .n = 1,
                                      .deadline_ns = UINT64_MAX / 2,
                                      .fault = &p->faults[i]};
        ck_assert(mpsse_bus_begin(rig->bus, &p->x[i]));
    }
}

/* Those on their way are told in their order. */
START_TEST(seen_in_a_pipeline)
{
    struct pipeline p = {0};
    unsigned i;

    rig = open_with((struct rig_config){.chip = MPSSE_FT232H,
                                        .encoding = MPSSE_PACKED,
                                        .frequency_hz = 400000},
                    1u << C3, 5000);
    look_on(rig);
    bench_move(rig->b, 9 * 33 + 20, C3, false); /* in the second one */
    bench_move(rig->b, 2 * 9 * 33 + 20, C3, true);
    begin_all(&p, 32);
    for (i = 0; i < REQUESTS; i++) {
        ck_assert_int_eq(mpsse_bus_collect(rig->bus, &p.x[i]), 0);
        ck_assert_uint_eq(looks.n, i + 1);
        ck_assert_uint_eq(last_seen() >> C3, i != 1);
    }
}
END_TEST

/* The bus is stuck before all of them, and they go out once more: what those
 * behind had seen before the first one did is not told after it. */
START_TEST(seen_in_a_stuck_pipeline)
{
    enum { CLOCKS = 28 };
    struct pipeline p = {0};
    unsigned i;

    rig = open_with((struct rig_config){.chip = MPSSE_FT232H,
                                        .encoding = MPSSE_PACKED,
                                        .frequency_hz = 400000},
                    1u << C3, 5000);
    look_on(rig);
    holder_hold_clocks(&rig->b->holder, REQUESTS * CLOCKS + 2);
    bench_move(rig->b, REQUESTS * CLOCKS + 9 + 20, C3, false);
    begin_all(&p, 2);
    for (i = 0; i < REQUESTS; i++) {
        ck_assert_int_eq(mpsse_bus_collect(rig->bus, &p.x[i]), 0);
        ck_assert_uint_eq(last_seen(), 0);
    }
    ck_assert_uint_eq(changes_to(false), 1);
    ck_assert_uint_eq(changes_to(true), 0);
    for (i = 1; i < looks.n; i++) {
        ck_assert_uint_ge(looks.stamps_ns[i], looks.stamps_ns[i - 1]);
    }
}
END_TEST

/* A stream may be open meanwhile, and goes on as if nothing had been. */
START_TEST(seen_in_a_stream)
{
    uint8_t byte;
    unsigned i;

    rig = open_with(some_config(_i), 0x0040, 5000);
    look_on(rig);
    ck_assert_int_eq(rig_stream_start(rig, 0x50, 0), 0);
    ck_assert_int_eq(rig_stream_write(rig, 0x10), 0);
    vchip_set_input(rig->b->chip, 6, false);
    ck_assert_int_eq(mpsse_bus_look(rig->bus, RIG_TIMEOUT, &rig->fault), 0);
    ck_assert_uint_eq(last_seen(), 0);
    ck_assert_int_eq(rig_stream_start(rig, 0x50, I2CPT_M_RD), 0);
    for (i = 0; i < 4; i++) {
        vchip_set_input(rig->b->chip, 6, i & 1);
        ck_assert_int_eq(rig_stream_read(rig, &byte), 0);
        ck_assert_uint_eq(byte, (uint8_t)(11 * (0x10 + i) + 1));
        ck_assert_uint_eq(last_seen() != 0, i & 1);
        ck_assert_int_eq(mpsse_bus_look(rig->bus, RIG_TIMEOUT, &rig->fault), 0);
    }
    ck_assert_int_eq(rig_stream_stop(rig), 0);
    ck_assert_uint_eq(last_seen(), 0x0040);
}
END_TEST

/* ------------------------------------------------------ looks that fail once
 */

static struct {
    struct mpsse_link real;
    int error; /* of the next exchange */
} breaks;

static int break_exchange(void *link, const uint8_t *out, size_t out_len,
                          uint8_t *in, size_t in_len, uint64_t deadline_ns)
{
    int error = breaks.error;

    breaks.error = 0;
    return error ? error
                 : breaks.real.exchange(link, out, out_len, in, in_len,
                                        deadline_ns);
}

static struct mpsse_bus *open_breakable(struct rig *r)
{
    static struct mpsse_link link;
    struct mpsse_bus *bus;

    breaks.real = link = vusb_link;
    breaks.error = 0;
    link.exchange = break_exchange;
    ck_assert_int_eq(mpsse_bus_new(&r->m, &link, r->b->usb, false,
                                   vusb_now(r->b->usb) + RIG_TIMEOUT, &bus,
                                   &r->fault),
                     0);
    return bus;
}

/* The stream has ended with it: nothing more of it goes out, and the next
 * transfer does. */
START_TEST(a_stream_is_told_of_its_end)
{
    g_autofree char *wire = NULL;
    uint8_t byte = 0;

    rig = open_with(nth_config(0), 0x0040, 5000);
    mpsse_bus_free(rig->bus);
    rig->bus = open_breakable(rig);
    ck_assert_int_eq(rig_stream_start(rig, 0x50, _i ? I2CPT_M_RD : 0), 0);
    breaks.error = -EIO;
    ck_assert_int_eq(mpsse_bus_look(rig->bus, RIG_TIMEOUT, &rig->fault), -EIO);
    wire_forget(rig->b->wire);
    ck_assert_int_eq(
        _i ? rig_stream_read(rig, &byte) : rig_stream_write(rig, 0x10), -EIO);
    ck_assert_ptr_nonnull(strstr(rig->fault.text, "reset"));
    ck_assert_int_eq(rig_stream_stop(rig), 0);
    wire = bench_text(rig->b);
    ck_assert_str_eq(wire, "");
    ck_assert_int_eq(rig_transfer(rig, "w50 10 | r50 2"), 0);
}
END_TEST

/* What comes next may be a repeated START: that is no first one. */
START_TEST(a_repeated_start_is_told_of_its_end)
{
    uint8_t byte = 0x10;

    rig = open_with(nth_config(0), 0x0040, 5000);
    mpsse_bus_free(rig->bus);
    rig->bus = open_breakable(rig);
    ck_assert_int_eq(rig_stream_start(rig, 0x50, 0), 0);
    ck_assert_int_eq(rig_stream_write(rig, byte), 0);
    breaks.error = -EIO;
    ck_assert_int_eq(mpsse_bus_look(rig->bus, RIG_TIMEOUT, &rig->fault), -EIO);
    ck_assert_int_eq(
        _i ? mpsse_bus_stream_pointer(rig->bus, 0x50, &byte, 1,
                                      vusb_now(rig->b->usb) + RIG_TIMEOUT,
                                      &byte, &rig->fault)
           : rig_stream_start(rig, 0x50, I2CPT_M_RD),
        -EIO);
    ck_assert_ptr_nonnull(strstr(rig->fault.text, "reset"));
    ck_assert_int_eq(rig_stream_stop(rig), 0);
    ck_assert_int_eq(rig_stream_start(rig, 0x50, 0), 0); /* told once */
    ck_assert_int_eq(rig_stream_stop(rig), 0);
    /* STOP came next: the one behind it is new */
    ck_assert_int_eq(rig_stream_start(rig, 0x50, 0), 0);
    breaks.error = -EIO;
    ck_assert_int_eq(mpsse_bus_look(rig->bus, RIG_TIMEOUT, &rig->fault), -EIO);
    ck_assert_int_eq(rig_stream_stop(rig), 0);
    ck_assert_int_eq(rig_stream_start(rig, 0x50, 0), 0);
    ck_assert_int_eq(rig_stream_stop(rig), 0);
}
END_TEST

/* --------------------------------------------------------------- the thread */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned n;
    bool level;
    unsigned exchanges; /* of the link, when it was told */
} heard = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};

static void hear(unsigned line, bool level, uint64_t stamp_ns, void *user)
{
    const struct rig *r = user;

    pthread_mutex_lock(&heard.lock);
    heard.n++;
    heard.level = level;
    heard.exchanges = vusb_counts(r->b->usb).exchanges;
    pthread_cond_signal(&heard.changed);
    pthread_mutex_unlock(&heard.lock);
}

static void wait_heard(unsigned n)
{
    pthread_mutex_lock(&heard.lock);
    while (heard.n < n) {
        pthread_cond_wait(&heard.changed, &heard.lock);
    }
    pthread_mutex_unlock(&heard.lock);
}

static atomic_uint warnings;
static char warned[200];

static void note_log(int level, const char *line, void *user)
{
    pthread_mutex_lock(&heard.lock);
    g_strlcpy(warned, line, sizeof(warned));
    atomic_fetch_add(&warnings, 1);
    pthread_cond_signal(&heard.changed);
    pthread_mutex_unlock(&heard.lock);
}

static void wait_warned(unsigned n)
{
    pthread_mutex_lock(&heard.lock);
    while (atomic_load(&warnings) < n) {
        pthread_cond_wait(&heard.changed, &heard.lock);
    }
    pthread_mutex_unlock(&heard.lock);
}

static struct lines_listener listener;

static struct mpsse_lines *start(struct rig *r, uint32_t poll_us)
{
    struct mpsse_lines_config c = {.pins = 1u << C3,
                                   .poll_us = poll_us,
                                   .timeout_ms = 200,
                                   .name = "ftdi at 1-5"};
    struct mpsse_lines *l;

    ck_assert_int_eq(mpsse_lines_new(r->bus, &c, RIG_TIMEOUT, &l, &r->fault),
                     0);
    heard.n = 0;
    atomic_store(&warnings, 0);
    i2cpt_set_log(note_log, NULL);
    listener = (struct lines_listener){hear, r, NULL};
    lines_listen(mpsse_lines_get(l), &listener, NULL);
    return l;
}

static void end(struct mpsse_lines *l)
{
    mpsse_lines_free(l);
    i2cpt_set_log(NULL, NULL);
}

static struct rig *open_c3(void)
{
    return open_with((struct rig_config){.chip = MPSSE_FT232H,
                                         .encoding = MPSSE_PACKED,
                                         .frequency_hz = 400000},
                     1u << C3, 500);
}

/* Nobody makes a transfer, and the first look behind the change tells it. */
START_TEST(an_idle_bus_is_looked_at)
{
    struct mpsse_lines *l;
    unsigned before, i;

    rig = open_c3();
    vchip_set_input(rig->b->chip, C3, false);
    l = start(rig, 500);
    ck_assert_uint_eq(lines_count(mpsse_lines_get(l)), 1);
    ck_assert_str_eq(lines_name(mpsse_lines_get(l), 0), "C3");
    ck_assert(!lines_level(mpsse_lines_get(l), 0)); /* as it was at first */
    for (i = 1; i <= 20; i++) {
        mpsse_lines_enter(l);
        vchip_set_input(rig->b->chip, C3, i & 1);
        before = vusb_counts(rig->b->usb).exchanges;
        mpsse_lines_leave(l, 0);
        wait_heard(i);
        ck_assert_uint_eq(heard.exchanges, before + 1);
        ck_assert_int_eq(heard.level, i & 1);
    }
    ck_assert_uint_eq(heard.n, 20);
    end(l);
}
END_TEST

/* Transfers, which see the pin themselves, and looks in between: none lost. */
START_TEST(transfers_go_on)
{
    struct mpsse_lines *l;
    unsigned i;

    rig = open_c3();
    l = start(rig, 500);
    for (i = 1; i <= 500; i++) {
        mpsse_lines_enter(l);
        bench_move(rig->b, 20, C3, !(i & 1));
        ck_assert_int_eq(rig_transfer(rig, "w50 10 | r50 4"), 0);
        mpsse_lines_leave(l, 0);
        ck_assert_uint_eq(lines_level(mpsse_lines_get(l), 0), !(i & 1));
        g_thread_yield();
    }
    ck_assert_uint_eq(heard.n, 500);
    end(l);
    ck_assert_uint_eq(atomic_load(&warnings), 0);
}
END_TEST

/* Who asks slowly is not looked for either: with the longest of times the
 * thread sleeps, and is ended out of that. */
START_TEST(no_look_before_its_time)
{
    struct mpsse_lines *l;
    unsigned before;

    rig = open_c3();
    l = start(rig, MPSSE_POLL_MAX_US);
    mpsse_lines_enter(l);
    before = vusb_counts(rig->b->usb).exchanges;
    vchip_set_input(rig->b->chip, C3, false);
    mpsse_lines_leave(l, 0);
    end(l);
    ck_assert_uint_eq(vusb_counts(rig->b->usb).exchanges, before);
}
END_TEST

/* Unplugged: by the thread's own look, or as somebody's call has found. */
START_TEST(gone_is_told_once)
{
    struct mpsse_lines *l;
    unsigned before = 0;

    rig = open_c3();
    l = start(rig, _i ? MPSSE_POLL_MAX_US : 500);
    mpsse_lines_enter(l);
    vusb_unplug_after(rig->b->usb, 0);
    if (_i) {
        ck_assert_int_eq(rig_transfer(rig, "w50 10"), -ENODEV);
        before = vusb_counts(rig->b->usb).exchanges;
    }
    mpsse_lines_leave(l, _i ? -ENODEV : 0);
    wait_warned(1);
    ck_assert_str_eq(warned,
                     "ftdi at 1-5: No such device; its lines stay as they are");
    if (_i) {
        ck_assert_uint_eq(vusb_counts(rig->b->usb).exchanges, before);
    }
    ck_assert(lines_level(mpsse_lines_get(l), 0));
    end(l);
    ck_assert_uint_eq(atomic_load(&warnings), 1);
    ck_assert_uint_eq(heard.n, 0);
}
END_TEST

/* One that fails is told, and the next one sees again. */
START_TEST(a_failed_look_is_told_once)
{
    struct mpsse_lines *l;

    rig = open_c3();
    mpsse_bus_free(rig->bus);
    rig->bus = open_breakable(rig);
    l = start(rig, 500);
    mpsse_lines_enter(l);
    breaks.error = -EIO;
    vchip_set_input(rig->b->chip, C3, false);
    mpsse_lines_leave(l, 0);
    wait_warned(1);
    wait_heard(1);
    ck_assert_ptr_nonnull(strstr(warned, "its lines cannot be looked at"));
    mpsse_lines_enter(l);
    ck_assert_int_eq(rig_transfer(rig, "w50 10 | r50 2"), 0);
    mpsse_lines_leave(l, 0);
    end(l);
    ck_assert_uint_eq(atomic_load(&warnings), 1);
}
END_TEST

START_TEST(cannot_begin_without_a_look)
{
    struct mpsse_lines_config c = {1u << C3, 500, 200, "ftdi"};
    struct mpsse_lines *l = NULL;

    rig = open_c3();
    vusb_unplug_after(rig->b->usb, 0);
    ck_assert_int_eq(
        mpsse_lines_new(rig->bus, &c, RIG_TIMEOUT, &l, &rig->fault), -ENODEV);
    ck_assert_ptr_null(l);
    mpsse_lines_enter(NULL);
    mpsse_lines_leave(NULL, -ENODEV);
    mpsse_lines_free(NULL);
    ck_assert_ptr_null(mpsse_lines_get(NULL));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse-lines");
    TCase *tcase = tcase_create("looks");

    rig_fixture(tcase);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 200);
    tcase_add_loop_test(tcase, pins_have_names, 0, (int)G_N_ELEMENTS(named));
    tcase_add_loop_test(tcase, each_pin_is_its_own, 0,
                        (int)G_N_ELEMENTS(widths));
    tcase_add_loop_test(tcase, nothing_else_changes, 0, SOME_CONFIGS);
    tcase_add_loop_test(tcase, seen_during_a_transfer, 0, MORE_CONFIGS);
    tcase_add_test(tcase, seen_in_a_pipeline);
    tcase_add_test(tcase, seen_in_a_stuck_pipeline);
    tcase_add_loop_test(tcase, seen_in_a_stream, 0, SOME_CONFIGS);
    tcase_add_loop_test(tcase, a_stream_is_told_of_its_end, 0, 2);
    tcase_add_loop_test(tcase, a_repeated_start_is_told_of_its_end, 0, 2);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("thread");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_set_timeout(tcase, 200);
    tcase_add_test(tcase, an_idle_bus_is_looked_at);
    tcase_add_test(tcase, transfers_go_on);
    tcase_add_test(tcase, no_look_before_its_time);
    tcase_add_loop_test(tcase, gone_is_told_once, 0, 2);
    tcase_add_test(tcase, a_failed_look_is_told_once);
    tcase_add_test(tcase, cannot_begin_without_a_look);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
