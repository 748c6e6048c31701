/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ftdi backend through the public API, over the real libftdi1 and libusb,
 * a fake usbfs and the virtual chip. */
#include <errno.h>
#include <string.h>

#include "../unit/unit.h"
#include "fake-dongle.h"
#include "ftdi/find.h"
#include "i2cpt.h"
#include "passthrough/policy.h"
#include "ftdi/backend-ftdi.h"

static struct fake_dongle *dongle;

static const struct dongle_config ft232h = {
    .kind = VCHIP_FT232H,
    .bus = 1,
    .address = 5,
    .serial = "FT1",
    .description = "C232HM",
};

static void setup(void)
{
    fake_dongle_setup();
}

static void teardown(void)
{
    if (dongle) {
        fake_dongle_free(dongle);
        dongle = NULL;
    }
    fake_dongle_teardown();
}

static int open_it(const char *spec, struct i2cpt_adapter **a,
                   struct i2cpt_fault *fault)
{
    /* A machine may have more to do, a guest is slow. */
    bool patient = !strstr(spec, "timeout-ms");
    char *text = g_strconcat(spec, patient ? ",timeout-ms=20000" : "", NULL);
    int ret = i2cpt_adapter_open(text, a, fault);

    g_free(text);
    return ret;
}

static struct i2cpt_adapter *open_fine(const char *spec)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_adapter *a;

    ck_assert_msg(!open_it(spec, &a, &fault), "%s: %s", spec, fault.text);
    return a;
}

static void expect_read(struct i2cpt_adapter *a, struct bench *b)
{
    uint8_t pointer = 0x10, data[4] = {0};
    struct i2cpt_msg msgs[] = {
        {.addr = BENCH_EEPROM_ADDR, .len = 1, .buf = &pointer},
        {.addr = BENCH_EEPROM_ADDR,
         .flags = I2CPT_M_RD,
         .len = sizeof(data),
         .buf = data},
    };
    struct i2cpt_fault fault = {0};

    memcpy(b->targets[BENCH_EEPROM].mem + 0x10, "\xde\xad\xbe\xef", 4);
    ck_assert_msg(!i2cpt_transfer(a, msgs, 2, &fault), "%d %s", fault.code,
                  fault.text);
    ck_assert_mem_eq(data, "\xde\xad\xbe\xef", 4);
    ck_assert_uint_eq(msgs[1].actual, 4);
}

/* `format` with the bus and the address that it has, in a static buffer. */
static const char *place(struct fake_dongle *d, const char *format)
    G_GNUC_FORMAT(2);
static const char *place(struct fake_dongle *d, const char *format)
{
    static char text[300];
    unsigned bus, address;

    fake_dongle_place(d, &bus, &address);
    g_snprintf(text, sizeof(text), format, bus, address);
    return text;
}

/* ------------------------------------------------------------------ opening */

static struct fake_dongle *second;

static void teardown_two(void)
{
    if (second) {
        fake_dongle_free(second);
        second = NULL;
    }
    teardown();
}

static void expect_refused(const char *spec, int error, const char *word)
{
    struct i2cpt_fault fault = {0};
    struct i2cpt_adapter *a = NULL;
    int ret = i2cpt_adapter_open(spec, &a, &fault);

    ck_assert_msg(ret == -error, "%s: %d %s", spec, ret, fault.text);
    ck_assert_msg(strstr(fault.text, word), "%s: '%s' lacks '%s'", spec,
                  fault.text, word);
}

static const struct dongle_config kinds[] = {
    {VCHIP_FT232H, 1, 5, "FT1", "C232HM"},
    {VCHIP_FT2232H, 1, 6, "FT2", "Dual RS232-HS"},
    {VCHIP_FT4232H, 2, 7, "FT4", "Quad RS232-HS"},
};

START_TEST(reads)
{
    static const char *const keys[] = {
        "",
        ",frequency=400k",
        ",frequency=1M,batch=on",
        ",encoding=bytewise",
        ",frequency=10k",
    };
    struct i2cpt_adapter *a;
    unsigned k;

    dongle = fake_dongle_new(&kinds[_i]);
    for (k = 0; k < G_N_ELEMENTS(keys); k++) {
        char *spec = g_strconcat("ftdi", keys[k], NULL);
        a = open_fine(spec);
        expect_read(a, fake_dongle_bench(dongle, 0));
        i2cpt_adapter_unref(a);
        g_free(spec);
    }
}
END_TEST

START_TEST(says_its_frequency)
{
    struct i2cpt_adapter *a;

    dongle = fake_dongle_new(&ft232h);
    a = open_fine("ftdi");
    ck_assert_str_eq(i2cpt_adapter_name(a), place(dongle, "ftdi:%u-%u:A"));
    ck_assert_uint_le(i2cpt_adapter_frequency_hz(a), 83333);
    ck_assert_uint_ge(i2cpt_adapter_frequency_hz(a), 80000);
    ck_assert_int_eq(i2cpt_adapter_has_stream(a), 1);
    i2cpt_adapter_unref(a);
}
END_TEST

static int note(const char *spec, const char *about, void *user)
{
    g_string_append_printf(user, "%s|%s\n", spec, about);
    return 0;
}

START_TEST(nothing_there)
{
    struct dongle_config plain = ft232h;

    fake_dongle_none();
    expect_refused("ftdi", ENODEV, "no FTDI dongle");
    plain.release = 0x0600; /* an FT232R has no MPSSE */
    dongle = fake_dongle_new(&plain);
    expect_refused("ftdi", ENODEV, "vendor=0x0403");
    expect_refused("ftdi", ENODEV, "the FT232R at USB bus");
}
END_TEST

/* The releases that Linux's ftdi_sio knows, and which of ours each is. */
static const struct {
    enum vchip_kind kind;
    uint16_t product, release;
    const char *name;
} relatives[] = {
    {VCHIP_FT2232H, 0x6040, 0x2800, "FT2233HP"},
    {VCHIP_FT4232H, 0x6041, 0x2900, "FT4233HP"},
    {VCHIP_FT2232H, 0x6042, 0x3000, "FT2232HP"},
    {VCHIP_FT4232H, 0x6043, 0x3100, "FT4232HP"},
    {VCHIP_FT232H, 0x6044, 0x3200, "FT233HP"},
    {VCHIP_FT232H, 0x6045, 0x3300, "FT232HP"},
    {VCHIP_FT4232H, 0x6048, 0x3600, "FT4232HA"},
};

START_TEST(newer_chips)
{
    GString *text = g_string_new(NULL);
    struct dongle_config c = ft232h;
    struct i2cpt_adapter *a;

    c.kind = relatives[_i].kind;
    c.product = relatives[_i].product;
    c.release = relatives[_i].release;
    dongle = fake_dongle_new(&c);
    ck_assert_int_eq(mpsse_ops.list(&mpsse_ops, note, text), 0);
    ck_assert_ptr_nonnull(strstr(text->str, relatives[_i].name));
    a = open_fine("ftdi,frequency=400k");
    expect_read(a, fake_dongle_bench(dongle, 0));
    i2cpt_adapter_unref(a);
    g_string_free(text, TRUE);
}
END_TEST

START_TEST(looks_for_what_was_asked)
{
    dongle = fake_dongle_new(&ft232h);
    expect_refused("ftdi,serial=FT9", ENODEV, "serial=FT9");
    expect_refused("ftdi,description=Bus Blaster", ENODEV,
                   "description=Bus Blaster");
    expect_refused("ftdi,product=0x6010", ENODEV, "product=0x6010");
    expect_refused("ftdi,vendor=0x1234", ENODEV, "vendor=0x1234");
    i2cpt_adapter_unref(open_fine("ftdi,serial=FT1,description=C232HM,"
                                  "vendor=0x0403,product=0x6014,interface=A"));
}
END_TEST

START_TEST(refuses_an_interface)
{
    static const struct {
        unsigned kind;
        const char *spec, *word;
    } table[] = {
        {0, "ftdi,interface=B", "no interface there; accepted is A"},
        {1, "ftdi,interface=C", "no interface there; accepted is A or B"},
        {2, "ftdi,interface=C", "no MPSSE there; accepted is A or B"},
        {1, "ftdi,encoding=packed", "encoding=packed"},
        {0, "ftdi,encoding=packed,clock-stretching=gpio", "bytewise"},
        {0, "ftdi,frequency=5k", "frequency=5k"},
        {0, "ftdi,latency-ms=0", "latency-ms=0"},
    };

    dongle = fake_dongle_new(&kinds[table[_i].kind]);
    expect_refused(table[_i].spec, EINVAL, table[_i].word);
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "");
}
END_TEST

static void count_warning(int level, const char *line, void *user)
{
    *(unsigned *)user += level == I2CPT_LOG_WARNING &&
                         strstr(line, "clock-stretching=adaptive") != NULL;
}

/* Asked for by name, packed is taken, and is not what is done. */
START_TEST(adaptive_is_not_packed)
{
    struct i2cpt_adapter *a;
    unsigned warnings = 0;

    dongle = fake_dongle_new(&(struct dongle_config){
        VCHIP_FT232H, 1, 5, "FT1", "C232HM", .stretch_pin = PIN_GPIOL3});
    i2cpt_set_log(count_warning, &warnings);
    a = open_fine("ftdi,clock-stretching=adaptive");
    ck_assert_uint_eq(warnings, 0);
    i2cpt_adapter_unref(a);
    a = open_fine("ftdi,clock-stretching=adaptive,encoding=packed");
    expect_read(a, fake_dongle_bench(dongle, 0));
    i2cpt_adapter_unref(a);
    i2cpt_set_log(NULL, NULL);
    ck_assert_uint_eq(warnings, 1);
}
END_TEST

START_TEST(another_has_it)
{
    libusb_context *usb;
    libusb_device_handle *h;
    struct i2cpt_adapter *b;

    dongle = fake_dongle_new(&kinds[1]);
    ck_assert_int_eq(libusb_init(&usb), 0);
    h = libusb_open_device_with_vid_pid(usb, 0x0403, 0x6010);
    ck_assert_ptr_nonnull(h);
    ck_assert_int_eq(libusb_claim_interface(h, 0), 0);
    expect_refused("ftdi", EBUSY, "another program uses this interface");
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "usbfs");
    b = open_fine("ftdi,interface=B");
    expect_read(b, fake_dongle_bench(dongle, 1));
    i2cpt_adapter_unref(b);
    ck_assert_int_eq(libusb_release_interface(h, 0), 0);
    i2cpt_adapter_unref(open_fine("ftdi"));
    libusb_close(h);
    libusb_exit(usb);
}
END_TEST

static int last_about(const char *spec, const char *about, void *user)
{
    g_string_assign(user, about);
    return 0;
}

START_TEST(no_permission)
{
    GString *about = g_string_new(NULL);

    dongle = fake_dongle_new(&ft232h);
    fake_dongle_forbid(dongle, true);
    expect_refused("ftdi", EACCES, "60-libi2cpt.rules");
    expect_refused("ftdi,serial=FT1", EACCES, "60-libi2cpt.rules");
    mpsse_ops.list(&mpsse_ops, last_about, about);
    fake_dongle_forbid(dongle, false);
    ck_assert_msg(g_str_has_suffix(about->str, ", not accessible"), "%s",
                  about->str);
    i2cpt_adapter_unref(open_fine("ftdi,serial=FT1"));
    g_string_free(about, TRUE);
}
END_TEST

/* Of the port that is used; the other one stays a serial port. */
START_TEST(driver_steps_aside)
{
    struct dongle_config c = kinds[_i];
    struct i2cpt_adapter *a;

    c.driver_bound = true;
    dongle = fake_dongle_new(&c);
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "ftdi_sio");
    a = open_fine("ftdi,latency-ms=7");
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "usbfs");
    if (_i) {
        ck_assert_str_eq(fake_dongle_driver(dongle, 1), "ftdi_sio");
    }
    ck_assert_uint_eq(fake_dongle_counts(dongle).latency_ms, 7);
    expect_read(a, fake_dongle_bench(dongle, 0));
    ck_assert(vchip_has_engine(fake_dongle_bench(dongle, 0)->chip));
    i2cpt_adapter_unref(a);
    ck_assert(!vchip_has_engine(fake_dongle_bench(dongle, 0)->chip));
    ck_assert_uint_eq(vchip_stray(fake_dongle_bench(dongle, 0)->chip), 0);
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "ftdi_sio");
}
END_TEST

/* The engine begins and ends by way of mode 0. Both FIFOs are emptied before
 * it, so that nothing leaves as characters, and behind it, so that none that
 * came in is taken for a reply. */
START_TEST(by_way_of_mode_0)
{
    struct dongle_counts opened, closed;
    struct i2cpt_adapter *a;
    struct bench *b;

    dongle = fake_dongle_new(&kinds[_i]);
    b = fake_dongle_bench(dongle, 0);
    vchip_set_mode(b->chip, 2); /* somebody has left it so */
    a = open_fine("ftdi");
    opened = fake_dongle_counts(dongle);
    ck_assert_msg(g_str_has_suffix(opened.requests, "oi0oi2"), "%s",
                  opened.requests);
    expect_read(a, b);
    i2cpt_adapter_unref(a);
    closed = fake_dongle_counts(dongle);
    ck_assert_msg(
        g_str_has_prefix(closed.requests + strlen(opened.requests), "oi0"),
        "%s", closed.requests);
    ck_assert(!vchip_has_engine(b->chip));
    ck_assert_uint_eq(vchip_stray(b->chip), 0);
}
END_TEST

START_TEST(several_dongles)
{
    struct dongle_config c = ft232h;
    struct i2cpt_adapter *a, *b;

    c.address = 9;
    c.serial = "FT9";
    dongle = fake_dongle_new(&ft232h);
    second = fake_dongle_new(&c);
    expect_refused("ftdi", EINVAL, "FT1 at ");
    expect_refused("ftdi", EINVAL, "FT9 at ");
    a = open_fine("ftdi,serial=FT1");
    b = open_fine("ftdi,serial=FT9");
    ck_assert_str_eq(i2cpt_adapter_name(b), place(second, "ftdi:%u-%u:A"));
    expect_read(b, fake_dongle_bench(second, 0));
    expect_read(a, fake_dongle_bench(dongle, 0));
    ck_assert_uint_eq(
        fake_dongle_bench(second, 0)->targets[BENCH_EEPROM].starts, 2);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
}
END_TEST

static int keep_spec(const char *spec, const char *about, void *user)
{
    g_ptr_array_add(user, g_strdup(spec));
    return 0;
}

/* No serial number, or the same: told apart by where they are. */
START_TEST(twins)
{
    static const char *const serials[] = {NULL, "FT1"};
    GPtrArray *specs = g_ptr_array_new_with_free_func(g_free);
    struct dongle_config c = ft232h;
    struct i2cpt_adapter *a, *b;

    c.serial = serials[_i];
    dongle = fake_dongle_new(&c);
    c.address = 9;
    second = fake_dongle_new(&c);
    expect_refused("ftdi", EINVAL, "location=");
    ck_assert_int_eq(mpsse_ops.list(&mpsse_ops, keep_spec, specs), 0);
    ck_assert_uint_eq(specs->len, 2);
    ck_assert_str_ne(specs->pdata[0], specs->pdata[1]);
    ck_assert_ptr_nonnull(strstr(specs->pdata[0], ",location="));
    a = open_fine(specs->pdata[0]);
    b = open_fine(specs->pdata[1]);
    expect_read(a, fake_dongle_bench(dongle, 0));
    expect_read(b, fake_dongle_bench(second, 0));
    ck_assert_uint_eq(
        fake_dongle_bench(second, 0)->targets[BENCH_EEPROM].starts, 2);
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    g_ptr_array_free(specs, TRUE);
}
END_TEST

START_TEST(refuses_a_location)
{
    static const char *const bad[] = {"1", "1:5", "-5", "1-5.", "a-b"};

    dongle = fake_dongle_new(&ft232h);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *spec = g_strconcat("ftdi,location=", bad[i], NULL);

        expect_refused(spec, EINVAL, "BUS-PORT[.PORT]");
        g_free(spec);
    }
    expect_refused("ftdi,location=99-1.2", ENODEV, "location=99-1.2");
}
END_TEST

START_TEST(two_ports)
{
    struct i2cpt_adapter *a, *b, *again;

    dongle = fake_dongle_new(&kinds[1]);
    a = open_fine("ftdi");
    b = open_fine("ftdi,interface=B,frequency=400k");
    again = open_fine("ftdi,serial=FT2,interface=B");
    expect_refused("ftdi,interface=B,frequency=100k", EINVAL, "frequency");
    expect_read(b, fake_dongle_bench(dongle, 1));
    ck_assert_uint_eq(
        fake_dongle_bench(dongle, 0)->targets[BENCH_EEPROM].starts, 0);
    expect_read(a, fake_dongle_bench(dongle, 0));
    expect_read(again, fake_dongle_bench(dongle, 1));
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(again);
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "");
}
END_TEST

START_TEST(lists)
{
    GString *text = g_string_new(NULL);
    struct dongle_config c = kinds[1];

    c.serial = "a,b";
    dongle = fake_dongle_new(&c);
    ck_assert_int_eq(mpsse_ops.list(&mpsse_ops, note, text), 0);
    ck_assert_str_eq(
        text->str, place(dongle, "ftdi,product=0x6010,serial=a,,b,interface=A|"
                                 "FT2232H at USB %1$u-%2$u, Dual RS232-HS\n"
                                 "ftdi,product=0x6010,serial=a,,b,interface=B|"
                                 "FT2232H at USB %1$u-%2$u, Dual RS232-HS\n"));
    i2cpt_adapter_unref(open_fine("ftdi,product=0x6010,serial=a,,b"));
    g_string_free(text, TRUE);
}
END_TEST

/* A serial number that is no word is nothing to type, or for a shell to read.
 */
START_TEST(lists_by_place_what_is_no_word)
{
    static const char *const serials[] = {"a b", "a\033[1m", "a\nb"};
    GString *text = g_string_new(NULL);
    struct dongle_config c = kinds[1];

    c.serial = serials[_i];
    dongle = fake_dongle_new(&c);
    ck_assert_int_eq(mpsse_ops.list(&mpsse_ops, note, text), 0);
    ck_assert_msg(g_str_has_prefix(text->str, "ftdi,product=0x6010,location="),
                  "%s", text->str);
    ck_assert_ptr_null(strstr(text->str, "serial="));
    g_string_free(text, TRUE);
}
END_TEST

/* ---------------------------------------------------------------- transfers */

static int write_to(struct i2cpt_adapter *a, uint16_t addr, unsigned len,
                    struct i2cpt_fault *fault)
{
    uint8_t data[300];
    struct i2cpt_msg m = {.addr = addr, .len = (uint16_t)len, .buf = data};
    unsigned i;

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7);
    }
    return i2cpt_transfer(a, &m, 1, fault);
}

START_TEST(faults_by_place)
{
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a;
    struct bench *b;

    dongle = fake_dongle_new(&kinds[_i]);
    b = fake_dongle_bench(dongle, 0);
    a = open_fine("ftdi,frequency=400k");
    ck_assert_int_eq(write_to(a, 0x33, 2, &fault), -ENXIO);
    ck_assert_int_eq(fault.phase, I2CPT_PHASE_ADDRESS);
    ck_assert_int_eq(fault.msg, 0);
    b->targets[BENCH_EEPROM].nack_at = 3; /* symbol 0 is the address */
    ck_assert_int_eq(write_to(a, BENCH_EEPROM_ADDR, 8, &fault), -EIO);
    ck_assert_int_eq(fault.phase, I2CPT_PHASE_DATA);
    ck_assert_int_eq(fault.byte, 2);
    b->targets[BENCH_EEPROM].nack_at = TARGET_NO_NACK;
    ck_assert_int_eq(write_to(a, BENCH_EEPROM_ADDR, 0, &fault), 0);
    expect_read(a, b);
    i2cpt_adapter_unref(a);
}
END_TEST

/* More than a packet and a FIFO hold, and an URB where there is time. */
START_TEST(long_messages)
{
    static uint8_t out[3000], in[20000];
    struct i2cpt_msg write = {BENCH_EEPROM_ADDR, 0, sizeof(out), 0, out};
    const uint16_t len = fake_dongle_is_slow() ? 5000 : sizeof(in);
    struct i2cpt_msg read = {BENCH_EEPROM_ADDR, I2CPT_M_RD, len, 0, in};
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a;
    struct bench *b;
    unsigned i;

    dongle = fake_dongle_new(&kinds[_i]);
    b = fake_dongle_bench(dongle, 0);
    a = open_fine("ftdi,frequency=1M,timeout-ms=50000");
    for (i = 0; i < sizeof(out); i++) {
        out[i] = (uint8_t)(i * 31 + i / 256);
    }
    ck_assert_msg(!i2cpt_transfer(a, &write, 1, &fault), "%s", fault.text);
    for (i = 0; i < 256; i++) {
        b->targets[BENCH_EEPROM].mem[i] = (uint8_t)(i ^ 0x5a);
    }
    b->targets[BENCH_EEPROM].pointer = 0;
    ck_assert_msg(!i2cpt_transfer(a, &read, 1, &fault), "%d %s", fault.code,
                  fault.text);
    for (i = 0; i < len; i++) {
        ck_assert_uint_eq(in[i], (uint8_t)(i ^ 0x5a));
    }
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(one_read_one_write_a_message)
{
    struct dongle_counts before, after;
    struct i2cpt_adapter *a;
    bool batch = _i;

    dongle = fake_dongle_new(&ft232h);
    a = open_fine(batch ? "ftdi,frequency=400k,batch=on"
                        : "ftdi,frequency=400k");
    before = fake_dongle_counts(dongle);
    expect_read(a, fake_dongle_bench(dongle, 0));
    after = fake_dongle_counts(dongle);
    ck_assert_uint_eq(after.bulk_out - before.bulk_out, batch ? 1 : 2);
    ck_assert_uint_eq(after.bulk_in - before.bulk_in, batch ? 1 : 2);
    i2cpt_adapter_unref(a);
}
END_TEST

START_TEST(streams)
{
    struct i2cpt_passthrough *pt;
    struct i2cpt_policy *policy;
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a;
    uint8_t byte;

    dongle = fake_dongle_new(&kinds[_i]);
    a = open_fine("ftdi,frequency=400k");
    ck_assert_int_eq(i2cpt_policy_new(&policy), 0);
    ck_assert_int_eq(i2cpt_policy_set(policy, "address", "0x50", &fault), 0);
    ck_assert_int_eq(i2cpt_policy_set(policy, "transfer", "stream", &fault), 0);
    ck_assert_int_eq(
        i2cpt_policy_set(policy, "hold-timeout-ms", "20000", &fault), 0);
    ck_assert_int_eq(i2cpt_passthrough_new(a, policy, NULL, &pt, &fault), 0);
    memcpy(fake_dongle_bench(dongle, 0)->targets[BENCH_EEPROM].mem + 0x20,
           "\x12\x34", 2);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x50, 0, 0), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_write(pt, 0x20), I2CPT_ACK);
    ck_assert_int_eq(i2cpt_passthrough_start(pt, 0x50, I2CPT_M_RD, 0),
                     I2CPT_ACK);
    i2cpt_passthrough_read(pt, &byte);
    ck_assert_uint_eq(byte, 0x12);
    i2cpt_passthrough_read(pt, &byte);
    ck_assert_uint_eq(byte, 0x34);
    ck_assert_int_eq(i2cpt_passthrough_stop(pt), I2CPT_ACK);
    i2cpt_passthrough_free(pt);
    i2cpt_policy_free(policy);
    expect_read(a, fake_dongle_bench(dongle, 0));
    i2cpt_adapter_unref(a);
}
END_TEST

/* A target that holds SCL for longer than the deadline, where the engine waits
 * for it: the deadline holds, and the bus serves again when it is let go. What
 * waits for a clock is given a purge and 97 first, whether that helps or not;
 * what may have lost its command's end is begun anew. */
START_TEST(stretched_too_long)
{
    static const struct {
        const char *spec;
        enum vchip_pin pin;
        bool at_once; /* by way of mode 0, without a try before */
    } table[] = {
        {"ftdi,clock-stretching=adaptive,timeout-ms=1000", PIN_GPIOL3, false},
        {"ftdi,clock-stretching=gpio,timeout-ms=1000", PIN_GPIOL1, true},
    };
    struct dongle_counts before, after;
    const char *rescue;
    struct dongle_config c = ft232h;
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a;
    struct bench *b;
    int ret, i;

    c.stretch_pin = table[_i].pin;
    dongle = fake_dongle_new(&c);
    b = fake_dongle_bench(dongle, 0);
    a = open_fine(table[_i].spec);
    expect_read(a, b);
    before = fake_dongle_counts(dongle);
    b->targets[BENCH_EEPROM].stretch[0] =
        (struct target_stretch){1, 0, 3000000000u};
    b->targets[BENCH_EEPROM].n_stretches = 1;
    ret = write_to(a, BENCH_EEPROM_ADDR, 4, &fault);
    ck_assert_msg(ret == -ETIMEDOUT, "%d %s", ret, fault.text);
    after = fake_dongle_counts(dongle);
    rescue = after.requests + strlen(before.requests);
    ck_assert_msg(g_str_has_prefix(rescue, "oi") &&
                      g_str_has_prefix(rescue + 2, "0") == table[_i].at_once,
                  "%s: %s", table[_i].spec, rescue);
    b->targets[BENCH_EEPROM].n_stretches = 0;
    for (i = 0; ret && i < 10; i++) {
        ret = write_to(a, BENCH_EEPROM_ADDR, 4, &fault);
    }
    ck_assert_msg(!ret, "%d %s", ret, fault.text);
    expect_read(a, b);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ----------------------------------------------------------------- unplugged
 */

static int session(struct i2cpt_adapter *a)
{
    uint8_t out[3] = {1, 2, 3}, in[3];
    struct i2cpt_msg msgs[] = {
        {BENCH_EEPROM_ADDR, 0, 3, 0, out},
        {BENCH_EEPROM_ADDR, I2CPT_M_RD, 3, 0, in},
    };
    struct i2cpt_fault fault;
    int ret, i;

    for (i = 0, ret = 0; i < (fake_dongle_is_slow() ? 1 : 3) && !ret; i++) {
        ret = i2cpt_transfer(a, msgs, 2, &fault);
    }
    return ret;
}

static unsigned open_files(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    g_dir_close(dir);
    return n;
}

/* After each URB of opening, three transfers and closing. */
START_TEST(unplugged_after_each_urb)
{
    struct dongle_config c = ft232h;
    struct i2cpt_fault fault;
    struct i2cpt_adapter *a;
    unsigned k, files = 0;
    bool gone = true;
    int ret;

    c.slow_hub = _i;
    dongle = fake_dongle_new(&c);
    i2cpt_adapter_unref(open_fine("ftdi"));
    for (k = 0; gone; k++) {
        fake_dongle_plug(dongle);
        files = k ? files : open_files();
        fake_dongle_unplug_after(dongle, k);
        ret = open_it("ftdi,frequency=400k", &a, &fault);
        if (!ret) {
            ret = session(a);
            gone = fake_dongle_unplugged(dongle);
            if (gone) {
                ck_assert_int_eq(session(a), -ENODEV);
            }
            i2cpt_adapter_unref(a);
        }
        /* 0 also where only the last URB was left to come */
        ck_assert_msg(!ret || (gone && ret == -ENODEV), "URB %u: %d %s", k, ret,
                      fault.text);
    }
    ck_assert_uint_gt(k, fake_dongle_is_slow() ? 20 : 30);
    /* umockdev closes its own ends somewhat later */
    ck_assert_uint_lt(open_files(), files + 10);
    fake_dongle_plug(dongle);
    a = open_fine("ftdi");
    expect_read(a, fake_dongle_bench(dongle, 0));
    i2cpt_adapter_unref(a);
}
END_TEST

/* What others do with the driver and the configuration, as usbfs answers. */
START_TEST(plain_detach)
{
    struct dongle_config c = ft232h;
    libusb_context *usb;
    libusb_device_handle *h;

    c.driver_bound = true;
    dongle = fake_dongle_new(&c);
    ck_assert_int_eq(libusb_init(&usb), 0);
    h = libusb_open_device_with_vid_pid(usb, 0x0403, 0x6014);
    ck_assert_ptr_nonnull(h);
    ck_assert_int_eq(libusb_set_configuration(h, 1), LIBUSB_ERROR_BUSY);
    ck_assert_int_eq(libusb_detach_kernel_driver(h, 0), 0);
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "");
    ck_assert_int_eq(libusb_detach_kernel_driver(h, 0), LIBUSB_ERROR_NOT_FOUND);
    ck_assert_int_eq(libusb_set_configuration(h, 1), 0);
    ck_assert_int_eq(libusb_set_configuration(h, 2), LIBUSB_ERROR_NOT_FOUND);
    ck_assert_int_eq(libusb_attach_kernel_driver(h, 0), 0);
    ck_assert_str_eq(fake_dongle_driver(dongle, 0), "ftdi_sio");
    libusb_close(h);
    libusb_exit(usb);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ftdi");
    TCase *tcase = tcase_create("ftdi");

    tcase_set_timeout(tcase, 200);
    tcase_add_checked_fixture(tcase, setup, teardown_two);
    tcase_add_loop_test(tcase, reads, 0, 3);
    tcase_add_test(tcase, says_its_frequency);
    tcase_add_test(tcase, nothing_there);
    tcase_add_loop_test(tcase, newer_chips, 0, (int)G_N_ELEMENTS(relatives));
    tcase_add_test(tcase, looks_for_what_was_asked);
    tcase_add_loop_test(tcase, refuses_an_interface, 0, 7);
    tcase_add_test(tcase, adaptive_is_not_packed);
    tcase_add_test(tcase, another_has_it);
    tcase_add_test(tcase, no_permission);
    tcase_add_test(tcase, several_dongles);
    tcase_add_test(tcase, refuses_a_location);
    tcase_add_test(tcase, two_ports);
    tcase_add_test(tcase, lists);
    tcase_add_loop_test(tcase, lists_by_place_what_is_no_word, 0, 3);
    tcase_add_loop_test(tcase, faults_by_place, 0, 3);
    tcase_add_loop_test(tcase, long_messages, 0, 3);
    tcase_add_loop_test(tcase, one_read_one_write_a_message, 0, 2);
    tcase_add_loop_test(tcase, streams, 0, 3);
    tcase_add_loop_test(tcase, stretched_too_long, 0, 2);
    tcase_add_loop_test(tcase, unplugged_after_each_urb, 0, 2);
    if (!fake_dongle_is_slow()) { /* of fake-usbfs.c, not of a kernel */
        tcase_add_test(tcase, plain_detach);
        /* vhci-dongle.c wants each to have a serial number */
        tcase_add_loop_test(tcase, twins, 0, 2);
    }
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("driver"); /* a guest has it only now */
    tcase_add_checked_fixture(tcase, setup, teardown_two);
    tcase_add_loop_test(tcase, by_way_of_mode_0, 0, 3);
    tcase_add_loop_test(tcase, driver_steps_aside, 0, 3);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
