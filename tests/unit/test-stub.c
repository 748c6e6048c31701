/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stub as a backend: keys, load files, faults, delays, what tests see. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "bus/calls.h"
#include "core/clock.h"
#include "stub/stub.h"
#include "unit.h"
#include "wire.h"

/* --------------------------------------------------------- load file errors */

static const struct {
    const char *text, *error;
} bad_files[] = {
    {"chips 0x48 registers",
     ":1: line \"chips\"; chip, reg, fault, delay or line"},
    {"\n# comment\nreg 1", ":3: \"reg\" before the first chip"},
    {"fault nack", ":1: \"fault\" before the first chip"},
    {"delay byte-us=1", ":1: \"delay\" before the first chip"},
    {"chip", ":1: address \"\"; 0x00 to 0x7f, or with /10 0x000 to 0x3ff"},
    {"chip 0x80 registers",
     ":1: address \"0x80\"; 0x00 to 0x7f, or with /10 0x000 to 0x3ff"},
    {"chip 0x400/10 registers",
     ":1: address \"0x400\"; 0x00 to 0x7f, or with /10 0x000 to 0x3ff"},
    {"chip 0x48", ":1: kind \"\"; one of registers, sensor, eeprom, smbus, "
                  "measure"},
    {"chip 0x48 lm75", ":1: kind \"lm75\"; one of registers, sensor, eeprom, "
                       "smbus, measure"},
    {"chip 0x48 registers\nchip 0x48 sensor", ":2: two chips at address 0x48"},
    {"chip 0x148/10 registers\nchip 0x148/10 sensor",
     ":2: two chips at address 0x148"},
    {"chip 0x48 registers increment=maybe",
     ":1: increment=maybe: accepted is on|off"},
    {"chip 0x48 registers past=ff", ":1: unknown key \"past\"; there is "
                                    "increment"},
    {"chip 0x48 registers fast", ":1: \"fast\": KEY=VALUE expected"},
    {"chip 0x48 registers = 00", ":1: \"=\": only a reg line has data"},
    {"chip 0x48 registers\nreg", ":2: register \"\"; 0 to 0xff"},
    {"chip 0x48 registers\nreg 0x100 = 00",
     ":2: register \"0x100\"; 0 to 0xff"},
    {"chip 0x48 registers\nreg 0 = 0",
     ":2: byte \"0\"; two hexadecimal digits"},
    {"chip 0x48 registers\nreg 0 = 0x00",
     ":2: byte \"0x00\"; two hexadecimal digits"},
    {"chip 0x48 registers\nreg 0xff = 00 01",
     ":2: 2 bytes from register 0xff on; at most 1"},
    {"chip 0x48 registers\nreg 0 type=odd",
     ":2: type=odd: accepted is plain|readonly|fifo|clear-on-read"},
    {"chip 0x48 sensor\nreg 0", ":2: 0 bytes for register 0x00; 1 to 32"},
    {"chip 0x50 eeprom size=100", ":1: size=100: a power of two, 16 to 65536"},
    {"chip 0x50 eeprom size=8", ":1: size=8: accepted is 16 to 65536"},
    {"chip 0x50 eeprom page=48", ":1: page=48: a power of two, 1 to 256"},
    {"chip 0x50 eeprom size=16 page=32",
     ":1: page=32: a power of two, 1 to 16"},
    {"chip 0x50 eeprom pointer=1", ":1: pointer=1: 2 for a size above 256"},
    {"chip 0x50 eeprom size=256\nreg 0xff = 00 00",
     ":2: 2 bytes at 0x00ff: the EEPROM has 0x100"},
    {"chip 0x50 eeprom\nreg 0 type=plain",
     ":2: unknown key \"type\"; none here"},
    {"chip 0x0b smbus\nreg 0 type=word = 00",
     ":2: 1 byte for type=word; 2 to 2"},
    {"chip 0x44 measure\nreg 1\nreg 1", ":3: command 0x0001 twice"},
    {"chip 0x44 measure command=1\nreg 0x100",
     ":2: command 0x0100: at most 0xff with command=1"},
    {"chip 0x48 registers\nfault", ":2: fault=: accepted is "
                                   "nack|hang|arbitration-lost|unplug|stretch"},
    {"chip 0x48 registers\nfault nack at=-1",
     ":2: at=-1: accepted is 0 to 1048576"},
    {"chip 0x48 registers\nfault nack count=0",
     ":2: count=0: accepted is 1 to 4294967295"},
    {"chip 0x48 registers\nfault nack at=0 on=read",
     ":2: fault nack at=0 on=read: read bytes are acknowledged by the "
     "controller; on=write"},
    {"chip 0x48 registers\ndelay byte-ms=1",
     ":2: unknown key \"byte-ms\"; there is byte-us, transfer-us"},
};

START_TEST(bad_file)
{
    const char *path = wire_file(bad_files[_i].text);
    char *spec = g_strdup_printf("stub,load=%s", path);
    char *want = g_strdup_printf("%s%s", path, bad_files[_i].error);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), -EINVAL);
    ck_assert_str_eq(fault.text, want);
    ck_assert(!a);
    g_free(want);
    g_free(spec);
    wire_unlink();
}
END_TEST

/* Lines as long as may be; longer ones, NUL bytes, too many of something. */
START_TEST(limits)
{
    GString *text = g_string_new("chip 0x48 registers\n");
    struct i2cpt_adapter *a;

    for (unsigned i = 0; i < STUB_EVENTS_MAX; i++)
        g_string_append(text, "fault nack\n");
    a = wire_stub(text->str, "");
    i2cpt_adapter_unref(a);

    g_string_assign(text, "#");
    while (text->len < STUB_LINE_MAX - 1)
        g_string_append_c(text, 'x');
    a = wire_stub(text->str, "");
    i2cpt_adapter_unref(a);
    g_string_free(text, TRUE);
}
END_TEST

static void refused(const char *text, size_t len, const char *error)
{
    struct stub_chips chips = {.n_ten = 0};
    struct stub_lines *lines;
    struct i2cpt_fault fault;
    const char *path = wire_file("");
    char *want = g_strdup_printf("%s%s", path, error);

    ck_assert(g_file_set_contents(path, text, (gssize)len, NULL));
    ck_assert_int_eq(stub_load(path, &chips, &lines, &fault), -EINVAL);
    stub_lines_free(lines);
    ck_assert_str_eq(fault.text, want);
    stub_chips_clear(&chips);
    wire_unlink();
    g_free(want);
}

START_TEST(past_limits)
{
    GString *text = g_string_new("chip 0x48 registers\n");

    for (unsigned i = 0; i <= STUB_EVENTS_MAX; i++)
        g_string_append(text, "fault nack\n");
    refused(text->str, text->len, ":66: more than 64 fault lines for one chip");

    g_string_assign(text, "\n#");
    while (text->len < STUB_LINE_MAX + 1)
        g_string_append_c(text, 'x');
    refused(text->str, text->len, ":2: line longer than 4095 characters");

    g_string_truncate(text, 0);
    for (unsigned i = 0; i <= STUB_TEN_MAX; i++)
        g_string_append_printf(text, "chip %u/10 registers\n", i);
    refused(text->str, text->len,
            ":65: more than 64 chips at 10-bit addresses");
    refused("chip 0x48\0 registers", 20, ":1: a NUL byte in a text");
    g_string_free(text, TRUE);
}
END_TEST

START_TEST(good_file)
{
    struct i2cpt_adapter *a = wire_stub("# all kinds of blanks\r\n"
                                        "\tchip\t0x48  registers # comment\r\n"
                                        "  reg 0x01 =\t0a 0B\n"
                                        "reg 5 type=readonly\n"
                                        "reg 6 type=fifo =\n"
                                        "chip 0x123/10 sensor\nreg 0 = 07",
                                        "");
    uint8_t w = 0, r = 0;
    struct i2cpt_msg m[] = {
        {.addr = 0x123, .flags = I2CPT_M_TEN, .len = 1, .buf = &w},
        {.addr = 0x123, .flags = I2CPT_M_TEN | I2CPT_M_RD, .len = 1, .buf = &r},
    };

    ck_assert_str_eq(wire(a, "w 01 r2 p @23 w 00"),
                     "= 0a 0b !ENXIO address 0 -1");
    ck_assert_int_eq(i2cpt_transfer(a, m, 2, NULL), 0);
    ck_assert_uint_eq(r, 7);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------------------- keys */

static const struct {
    const char *spec;
    int rc;
    const char *error;
} bad_specs[] = {
    {"stub,load=/nonexistent/chips.txt", -ENOENT,
     "load=/nonexistent/chips.txt: No such file or directory"},
    {"stub,load=/", -EISDIR, "/:1: Is a directory"},
    {"stub,functionality=best", -EINVAL,
     "functionality=best: all, i2c, smbus or bits of 0x0fff801f"},
    {"stub,functionality=0x20", -EINVAL,
     "functionality=0x20: all, i2c, smbus or bits of 0x0fff801f"},
    {"stub,stream=on,functionality=smbus", -EINVAL,
     "stream=on: off with functionality without I2C"},
    {"stub,stream=on,faults=hidden", -EINVAL,
     "stream=on: off with faults=hidden"},
};

START_TEST(bad_spec)
{
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(bad_specs[_i].spec, &a, &fault),
                     bad_specs[_i].rc);
    ck_assert_str_eq(fault.text, bad_specs[_i].error);
}
END_TEST

static const struct {
    const char *keys;
    uint32_t functionality;
    int stream;
    bool instant;
} says[] = {
    {"", 0x0fff801f, 1, true},
    {",functionality=all", 0x0fff801f, 1, true},
    {",functionality=i2c", 0x0eff0009, 1, true},
    {",functionality=smbus", 0x0fff8008, 0, true},
    {",functionality=0x00010001", 0x00010001, 1, true},
    {",functionality=0x00010000", 0x00010000, 0, true},
    {",stream=off", 0x0fff801f, 0, true},
    {",stream=on", 0x0fff801f, 1, true},
    {",faults=hidden", 0x0fff801f, 0, true},
    {",arbitration-lost=2", 0x0fff801f, 1, true},
    {",byte-us=1", 0x0fff801f, 1, false},
    {",transfer-us=1", 0x0fff801f, 1, false},
};

START_TEST(what_it_says)
{
    char *spec = g_strdup_printf("stub,frequency=400k%s", says[_i].keys);
    struct i2cpt_adapter *a = wire_open(spec);

    ck_assert_uint_eq(i2cpt_adapter_functionality(a), says[_i].functionality);
    ck_assert_int_eq(i2cpt_adapter_has_stream(a), says[_i].stream);
    ck_assert_int_eq(bus_adapter_is_instant(a), says[_i].instant);
    ck_assert_uint_eq(i2cpt_adapter_frequency_hz(a), 400000);
    i2cpt_adapter_unref(a);
    g_free(spec);
}
END_TEST

static const struct {
    const char *line;
    bool instant;
} waiting[] = {
    {"fault nack", true},           {"fault hang", false},
    {"fault stretch", false},       {"delay byte-us=1", false},
    {"delay transfer-us=1", false},
};

START_TEST(instant_chips)
{
    const char *const addrs[] = {"0x48", "0x123/10"};
    for (size_t i = 0; i < 2; i++) {
        char *text = g_strdup_printf("chip %s registers\n%s", addrs[i],
                                     waiting[_i].line);
        struct i2cpt_adapter *a = wire_stub(text, "");

        ck_assert_int_eq(bus_adapter_is_instant(a), waiting[_i].instant);
        i2cpt_adapter_unref(a);
        g_free(text);
    }
}
END_TEST

START_TEST(chips_key)
{
    struct i2cpt_adapter *a = wire_open("stub,chips=0x48:0x50-0x51");

    ck_assert_str_eq(wire(a, "@47 w p @48 w p @49 w p @50 w p @51 w p @52 w"),
                     "!ENXIO address 0 -1 ok !ENXIO address 0 -1 ok ok "
                     "!ENXIO address 0 -1");
    i2cpt_adapter_unref(a);
}
END_TEST

/* One name, one bus; no name, a bus for each opening. */
START_TEST(identity)
{
    struct i2cpt_adapter *a = wire_open("stub,chips=0x48,name=one");
    struct i2cpt_adapter *b = wire_open("stub,chips=0x48,name=one");
    struct i2cpt_adapter *c = wire_open("stub,chips=0x48");
    struct i2cpt_adapter *d = wire_open("stub,chips=0x48");
    struct i2cpt_adapter *e;
    struct i2cpt_fault fault;

    ck_assert_str_eq(wire(a, "w 00 77"), "ok");
    ck_assert_str_eq(wire(b, "w 00 r1"), "= 77");
    ck_assert_str_eq(wire(c, "w 00 55"), "ok");
    ck_assert_str_eq(wire(d, "w 00 r1"), "= 00");
    ck_assert_str_eq(i2cpt_adapter_name(a), "one");
    ck_assert_int_eq(i2cpt_adapter_open("stub,chips=0x49,name=one", &e, &fault),
                     -EINVAL);
    ck_assert(strstr(fault.text, "chips"));
    i2cpt_adapter_unref(a);
    i2cpt_adapter_unref(b);
    i2cpt_adapter_unref(c);
    i2cpt_adapter_unref(d);
}
END_TEST

/* ------------------------------------------------------- faults and delays */

#define PLAIN "chip 0x48 registers\n"

static const struct {
    const char *text, *more, *script, *expected;
} faults[] = {
    /* phase hidden, as bcm2835 has it */
    {PLAIN "fault nack at=1 count=always", ",faults=hidden",
     "@49 w p @48 w 00 01 p w 00 @49 r1 p @48 w 00 r1",
     "!EREMOTEIO unknown -1 -1 !EREMOTEIO unknown -1 -1 "
     "!EREMOTEIO unknown -1 -1 = 00"},
    {PLAIN, ",unplug-after=2", "w p w p w p w",
     "ok ok !ENODEV address 0 -1 !ENODEV unknown -1 -1"},
    {PLAIN, ",unplug-after=0", "w", "!ENODEV address 0 -1"},
    {PLAIN, ",arbitration-lost=2", "w p w 00 p w",
     "!EAGAIN address 0 -1 !EAGAIN address 0 -1 ok"},
    {PLAIN, ",arbitration-lost=2,retries=2", "w 00 r1", "= 00"},
    {PLAIN "fault arbitration-lost at=1 on=write count=2", ",retries=1",
     "w 00 01 p w 00 01", "!EAGAIN data 0 1 ok"},
    {PLAIN "fault hang", ",timeout-ms=5", "w 00 p w 00",
     "!ETIMEDOUT address 0 -1 ok"},
    {PLAIN "fault hang at=1 on=read", ",timeout-ms=5", "w 00 r2 p r1",
     "!ETIMEDOUT data 1 1 = 00"},
    {PLAIN "delay byte-us=50000", ",timeout-ms=5", "w 00",
     "!ETIMEDOUT address 0 -1"},
    {PLAIN "delay transfer-us=50000", ",timeout-ms=5", "w 00",
     "!ETIMEDOUT address 0 -1"},
    {PLAIN "fault stretch at=0 stretch-us=50000", ",timeout-ms=5", "w 00 p w",
     "!ETIMEDOUT data 0 0 ok"},
    {PLAIN, ",byte-us=50000,timeout-ms=5", "@49 w", "!ETIMEDOUT address 0 -1"},
    {PLAIN, ",transfer-us=50000,timeout-ms=5", "w", "!ETIMEDOUT address 0 -1"},
    /* short ones are only late */
    {PLAIN "delay byte-us=20 transfer-us=30\nreg 0 = 01 02",
     ",byte-us=10,transfer-us=10,timeout-ms=60000", "w 00 r2", "= 01 02"},
    /* what the host refuses by itself */
    {PLAIN, ",functionality=0x1", "w", "!EOPNOTSUPP unknown -1 -1"},
    {PLAIN, ",functionality=i2c", "w 00 r?", "!EOPNOTSUPP unknown -1 -1"},
    {PLAIN, ",functionality=smbus", "w 00 01 r1", "!EOPNOTSUPP unknown -1 -1"},
    /* block counts: none, and more than there is room for */
    {PLAIN "reg 0 = 00 20", "", "w 00 r?", "!EPROTO data 1 0"},
    {PLAIN "reg 0 = 02 0a 0b 0c", "", "w 00 r? p w 00 r?+1",
     "= 02 0a 0b = 02 0a 0b 0c"},
};

START_TEST(fault)
{
    struct i2cpt_adapter *a = wire_stub(faults[_i].text, faults[_i].more);

    ck_assert_str_eq(wire(a, faults[_i].script), faults[_i].expected);
    i2cpt_adapter_unref(a);
}
END_TEST

/* A retry finds what RECV_LEN asks for where the caller has put it. */
START_TEST(retried_block)
{
    struct i2cpt_adapter *a =
        wire_stub(PLAIN "reg 0 = 03 0a 0b 0c\n"
                        "fault arbitration-lost at=2 on=read",
                  ",retries=1");

    ck_assert_str_eq(wire(a, "w 00 r?"), "= 03 0a 0b 0c");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Native SMBus commands are tried again as transfers are. */
START_TEST(retried_command)
{
    struct i2cpt_adapter *a = wire_open(
        "stub,chips=0x48,functionality=smbus,arbitration-lost=3,retries=1");
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_smbus_read_word_data(a, 0x48, 0, 0, &fault),
                     -EAGAIN);
    ck_assert_int_eq(i2cpt_smbus_read_word_data(a, 0x48, 0, 0, &fault), 0);
    ck_assert_int_eq(fault.code, 0);
    i2cpt_adapter_unref(a);
}
END_TEST

/* Delays are really waited for: both at the address and for each byte. Only a
 * lower bound, which no load of the machine can break. */
START_TEST(delays_last)
{
    struct i2cpt_adapter *a =
        wire_stub(PLAIN "delay byte-us=1000 transfer-us=2000",
                  ",byte-us=500,transfer-us=700,timeout-ms=60000");
    uint64_t before = i2cpt_now_ns();

    ck_assert_str_eq(wire(a, "w 00 r2"), "= 00 00");
    /* two addresses, three bytes; one transfer */
    ck_assert_uint_ge(i2cpt_now_ns() - before,
                      (5 * 1500 + 2700) * UINT64_C(1000));
    i2cpt_adapter_unref(a);
}
END_TEST

/* The write cycle by time: refused at once, taken when it is over. */
START_TEST(cycle_by_time)
{
    struct i2cpt_adapter *a =
        wire_stub("chip 0x50 eeprom size=256 cycle-ms=60000", "");

    ck_assert_str_eq(wire(a, "@50 w 00 01 p w 00 p r1"),
                     "ok !ENXIO address 0 -1 !ENXIO address 0 -1");
    i2cpt_adapter_unref(a);

    a = wire_stub("chip 0x50 eeprom size=256 cycle-ms=1", "");
    ck_assert_str_eq(wire(a, "@50 w 00 01"), "ok");
    while (strcmp(wire(a, "@50 w 00 r1"), "= 01"))
        ;
    i2cpt_adapter_unref(a);
}
END_TEST

/* Flags of messages: bus.c lets them through, here is what they do. */
START_TEST(mangling)
{
    struct i2cpt_adapter *a = wire_stub(PLAIN "fault nack at=2 count=always\n"
                                              "chip 0x50 eeprom size=256",
                                        "");
    uint8_t w[] = {0, 1}, more[] = {2, 3}, r[3];
    struct i2cpt_fault fault;
    struct i2cpt_msg m[] = {
        {.addr = 0x48, .len = 2, .buf = w},
        {.addr = 0x48, .flags = I2CPT_M_NOSTART, .len = 2, .buf = more},
    };

    /* byte 2 of the wire is byte 0 of the second message */
    ck_assert_int_eq(i2cpt_transfer(a, m, 2, &fault), -EIO);
    ck_assert_int_eq(fault.msg, 1);
    ck_assert_int_eq(fault.byte, 0);
    ck_assert_uint_eq(m[0].actual, 2);
    m[1].flags |= I2CPT_M_IGNORE_NAK;
    ck_assert_int_eq(i2cpt_transfer(a, m, 2, &fault), 0);
    ck_assert_str_eq(wire(a, "w 00 r3"), "= 01 03 00");

    /* STOP in between: the EEPROM keeps what a repeated START would drop */
    struct i2cpt_msg s[] = {
        {.addr = 0x50, .flags = I2CPT_M_STOP, .len = 2, .buf = w},
        {.addr = 0x50, .flags = I2CPT_M_RD, .len = 3, .buf = r},
    };
    ck_assert_int_eq(i2cpt_transfer(a, s, 2, &fault), 0);
    ck_assert_str_eq(wire(a, "@50 w 00 r1"), "= 01");

    /* a chip without a script that refuses by itself */
    struct i2cpt_adapter *b = wire_stub("chip 0x0b smbus\nreg 1 type=send", "");
    uint8_t bytes[] = {9, 1, 9};
    struct i2cpt_msg refused = {.addr = 0x0b, .len = 3, .buf = bytes};
    ck_assert_int_eq(i2cpt_transfer(b, &refused, 1, &fault), -EIO);
    ck_assert_int_eq(fault.byte, 0);
    ck_assert_uint_eq(refused.actual, 0);
    refused.flags = I2CPT_M_IGNORE_NAK;
    ck_assert_int_eq(i2cpt_transfer(b, &refused, 1, &fault), 0);
    ck_assert_int_eq(fault.code, 0);
    ck_assert_uint_eq(refused.actual, 3);
    i2cpt_adapter_unref(b);

    /* nobody there: bytes go nowhere, and come as 0xff */
    s[0].addr = s[1].addr = 0x49;
    s[0].flags = I2CPT_M_IGNORE_NAK;
    s[1].flags |= I2CPT_M_IGNORE_NAK;
    ck_assert_int_eq(i2cpt_transfer(a, s, 2, &fault), 0);
    ck_assert_uint_eq(r[2], 0xff);
    i2cpt_adapter_unref(a);
}
END_TEST

/* ------------------------------------------------------- what tests can see */

START_TEST(counts)
{
    struct i2cpt_stub_counts c;
    uint8_t buf[4];
    struct i2cpt_adapter *a = wire_stub(
        PLAIN "reg 8 type=fifo\nreg 9 type=clear-on-read\n"
              "chip 0x50 eeprom size=256 cycle-nacks=1\nreg 4 = 01 02",
        ",name=counted");

    wire(a, "w 08 r3 p w 09 r1 p @50 w 00 11 22 p r1 p @51 w");
    ck_assert(stub_counts("counted", 0x48, &c));
    ck_assert_uint_eq(c.starts, 4);
    ck_assert_uint_eq(c.nacks, 0);
    ck_assert_uint_eq(c.written, 2);
    ck_assert_uint_eq(c.read, 4);
    ck_assert_uint_eq(c.popped, 3);
    ck_assert_uint_eq(c.cleared, 1);
    ck_assert(stub_counts("counted", 0x50, &c));
    ck_assert_uint_eq(c.starts, 2);
    ck_assert_uint_eq(c.nacks, 1);
    ck_assert_uint_eq(c.written, 3);
    ck_assert_uint_eq(c.cycles, 1);
    ck_assert_uint_eq(stub_peek("counted", 0x50, 4, buf, 4), 4);
    ck_assert(!memcmp(buf, "\1\2\377\377", 4));
    ck_assert_uint_eq(stub_peek("counted", 0x50, 254, buf, 4), 2);
    ck_assert_uint_eq(stub_peek("counted", 0x50, 256, buf, 4), 0);
    ck_assert(!stub_counts("counted", 0x51, &c));
    i2cpt_adapter_unref(a);
    ck_assert(!stub_counts("counted", 0x48, &c));
}
END_TEST

/* ------------------------------------------------------------------ streams */

static int op(struct i2cpt_adapter *a, enum i2cpt_op what, uint16_t flags,
              uint8_t *byte, struct i2cpt_fault *fault)
{
    static const char owner;
    struct i2cpt_call c = {.op = what,
                           .owner = &owner,
                           .addr = 0x48,
                           .flags = flags,
                           .byte = byte ? *byte : 0};
    int rc = bus_call_run(a, &c, fault);

    if (byte)
        *byte = c.byte;
    return rc;
}

#define START(flags) op(a, I2CPT_OP_STREAM_START, flags, NULL, &fault)
#define WRITE(byte)  op(a, I2CPT_OP_STREAM_WRITE, 0, &(uint8_t){byte}, &fault)
#define READ(byte)   op(a, I2CPT_OP_STREAM_READ, 0, &byte, &fault)
#define STOP()       op(a, I2CPT_OP_STREAM_STOP, 0, NULL, &fault)

/* A read START with no byte taken clocks one; a transfer of none does not. */
START_TEST(stream_unread_byte)
{
    struct i2cpt_adapter *a =
        wire_stub(PLAIN "reg 8 type=fifo", ",name=stream");
    struct i2cpt_stub_counts c;
    struct i2cpt_fault fault;
    uint8_t byte = 0;

    ck_assert_int_eq(START(0), 0);
    ck_assert_int_eq(WRITE(8), 0);
    ck_assert_int_eq(START(I2CPT_M_RD), 0);
    ck_assert_int_eq(START(I2CPT_M_RD), 0);
    ck_assert_int_eq(READ(byte), 0);
    ck_assert_uint_eq(byte, 1);
    ck_assert_int_eq(START(I2CPT_M_RD), 0);
    ck_assert_int_eq(STOP(), 0);
    ck_assert(stub_counts("stream", 0x48, &c));
    ck_assert_uint_eq(c.popped, 3);
    ck_assert_str_eq(wire(a, "r0 p r1"), "ok = 03");
    i2cpt_adapter_unref(a);
}
END_TEST

/* Faults count messages from the first START; a refused byte may be followed
 * by others; where nobody answers, SDA is high. */
START_TEST(stream_faults)
{
    struct i2cpt_adapter *a =
        wire_stub(PLAIN "fault nack skip=2\nfault nack at=1", "");
    struct i2cpt_fault fault;
    uint8_t byte = 0;

    ck_assert_int_eq(START(0), 0);
    ck_assert_int_eq(WRITE(0), 0);
    ck_assert_int_eq(WRITE(1), -EIO);
    ck_assert_int_eq(fault.msg, 0);
    ck_assert_int_eq(fault.byte, 1);
    ck_assert_int_eq(WRITE(2), 0);
    ck_assert_int_eq(START(0), 0);
    ck_assert_int_eq(START(I2CPT_M_RD), -ENXIO);
    ck_assert_int_eq(fault.msg, 2);
    ck_assert_int_eq(READ(byte), 0);
    ck_assert_uint_eq(byte, 0xff);
    ck_assert_int_eq(WRITE(2), -EIO);
    ck_assert_int_eq(STOP(), 0);
    ck_assert_int_eq(START(I2CPT_M_RD), 0);
    ck_assert_int_eq(WRITE(2), -EIO); /* the wrong direction */
    ck_assert_int_eq(fault.msg, 0);
    ck_assert_int_eq(STOP(), 0);
    ck_assert_str_eq(wire(a, "w 00 r1"), "= 02");
    i2cpt_adapter_unref(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stub");
    TCase *t = tcase_create("load");

    tcase_add_loop_test(t, bad_file, 0, G_N_ELEMENTS(bad_files));
    tcase_add_test(t, limits);
    tcase_add_test(t, past_limits);
    tcase_add_test(t, good_file);
    suite_add_tcase(s, t);

    t = tcase_create("keys");
    tcase_add_loop_test(t, bad_spec, 0, G_N_ELEMENTS(bad_specs));
    tcase_add_loop_test(t, what_it_says, 0, G_N_ELEMENTS(says));
    tcase_add_loop_test(t, instant_chips, 0, G_N_ELEMENTS(waiting));
    tcase_add_test(t, chips_key);
    tcase_add_test(t, identity);
    suite_add_tcase(s, t);

    t = tcase_create("wire");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, fault, 0, G_N_ELEMENTS(faults));
    tcase_add_test(t, retried_block);
    tcase_add_test(t, retried_command);
    tcase_add_test(t, delays_last);
    tcase_add_test(t, cycle_by_time);
    tcase_add_test(t, mangling);
    tcase_add_test(t, counts);
    tcase_add_test(t, stream_unread_byte);
    tcase_add_test(t, stream_faults);
    suite_add_tcase(s, t);
    return unit_run(s);
}
