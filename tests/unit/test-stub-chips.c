/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every kind of chip of the stub, as transfers and as a stream: the same. */
#include <glib.h>
#include <string.h>

#include "stub/stub.h"
#include "unit.h"
#include "wire.h"

#define EEPROM "chip 0x50 eeprom size=1024 page=16 cycle-nacks=2\n"
#define SENSOR "reg 0 = 1a c0\nreg 1 = 60\nreg 3 type=readonly = 50 00\n"
#define SMBUS                                               \
    "reg 0x10 type=byte = 5a\nreg 0x11 type=word = 34 12\n" \
    "reg 0x12 type=block = 61 62 63\nreg 0x13 type=send\n"  \
    "reg 0x14 type=call\nreg 0x15 type=block-call\n"
#define MEASURE                                                   \
    "chip 0x44 measure\nreg 0x2c06 nacks=2 = 61 2b c3 6a 9f d2\n" \
    "reg 0x30a2\nreg 0xf32d = 80 10 e1\n"

static const struct row {
    const char *name, *chips, *script, *expected;
} rows[] = {
    {"registers: pointer goes on, wraps, and stays for the next read",
     "chip 0x48 registers\nreg 0xfe = 01 02\nreg 0 = 03 04",
     "w fe r4 p r1 p w ff aa bb p w fe r3", "= 01 02 03 04 = 00 ok = 01 aa bb"},
    {"registers: no auto-increment",
     "chip 0x48 registers increment=off\nreg 5 = 07 08",
     "w 05 r3 p w 05 01 02 p w 05 r1 p w 06 r1", "= 07 07 07 ok = 02 = 08"},
    {"registers: two reads in a transfer go on",
     "chip 0x48 registers\nreg 0 = 01 02 03", "w 00 r1 r2", "= 01 | 02 03"},
    {"registers: read-only", "chip 0x48 registers\nreg 1 type=readonly = 42 43",
     "w 00 01 02 03 04 p w 00 r4", "ok = 01 42 43 04"},
    {"registers: FIFO pops and repeats; the pointer stays",
     "chip 0x48 registers\nreg 8 type=fifo = 0a 0b 0c",
     "w 08 r2 p w 08 r2 p r1 p w 08 55 p w 08 r1",
     "= 0a 0b = 0c 0a = 0b ok = 0c"},
    {"registers: FIFO of its own counts up",
     "chip 0x48 registers\nreg 8 type=fifo", "w 08 r4", "= 00 01 02 03"},
    {"registers: auto-increment runs into a FIFO",
     "chip 0x48 registers\nreg 7 = 70\nreg 8 type=fifo", "w 07 r3 p w 08 r1",
     "= 70 00 01 = 02"},
    {"registers: clear on read",
     "chip 0x48 registers\nreg 3 type=clear-on-read = 81\nreg 4 = 11",
     "w 03 r2 p w 03 r2 p w 03 07 p w 03 r1", "= 81 11 = 00 11 ok = 07"},
    {"registers: absent target", "chip 0x48 registers", "@49 w 00 p @49 r1",
     "!ENXIO address 0 -1 !ENXIO address 0 -1"},
    {"registers: absent target after a repeated START", "chip 0x48 registers",
     "w 00 @49 r1", "!ENXIO address 1 -1"},
    {"registers: zero length", "chip 0x48 registers", "w p @49 w",
     "ok !ENXIO address 0 -1"},

    {"sensor: restarts at the MSB", "chip 0x48 sensor\n" SENSOR,
     "w 00 r5 p r2 p w 01 r3", "= 1a c0 1a c0 1a = 1a c0 = 60 60 60"},
    {"sensor: 0xff past the end", "chip 0x48 sensor past=ff\n" SENSOR,
     "w 00 r4 p w 01 r3", "= 1a c0 ff ff = 60 ff ff"},
    {"sensor: the next register past the end",
     "chip 0x48 sensor past=next\n" SENSOR, "w 00 r7",
     "= 1a c0 60 50 00 1a c0"},
    {"sensor: writing", "chip 0x48 sensor\n" SENSOR,
     "w 00 12 34 p w 00 r2 p w 03 ff ff p w 03 r2 p w 01 05 06 p r1",
     "ok = 12 34 ok = 50 00 ok = 06"},
    {"sensor: no such register", "chip 0x48 sensor\n" SENSOR,
     "w 02 r2 p w 02 11 p w 02 r1", "= ff ff ok = ff"},

    {"eeprom: 16-bit address, page, write cycle by attempts",
     EEPROM "reg 0x0100 = 01 02 03",
     "@50 w 01 00 r4 p w 00 20 aa bb p r1 p w 00 20 r1 p w 00 20 r3",
     "= 01 02 03 ff ok !ENXIO address 0 -1 !ENXIO address 0 -1 = aa bb ff"},
    {"eeprom: a page write wraps in its page", EEPROM,
     "@50 w 00 0e 01 02 03 p w p w p w 00 0e r3 p w 00 00 r2",
     "ok !ENXIO address 0 -1 !ENXIO address 0 -1 = 01 02 ff = 03 ff"},
    {"eeprom: more than a page keeps the last bytes",
     "chip 0x50 eeprom size=256 page=4", "@50 w 04 01 02 03 04 05 06 p w 04 r5",
     "ok = 05 06 03 04 ff"},
    {"eeprom: a repeated START drops the page",
     "chip 0x50 eeprom size=256 page=4\nchip 0x48 registers",
     "@50 w 04 11 @50 w 04 r1 p @50 w 04 22 @48 r1 p @50 w 04 r1",
     "= ff = 00 = ff"},
    {"eeprom: reading goes on over the end",
     "chip 0x50 eeprom size=256 page=8\nreg 0xff = 5a\nreg 0 = a5",
     "@50 w ff r3 p r1", "= 5a a5 ff = ff"},
    {"eeprom: no write cycle for an address alone", EEPROM,
     "@50 w 00 10 p r1 p w p r1", "ok = ff ok = ff"},
    {"eeprom: a read is no write cycle", EEPROM, "@50 w 00 10 r1 p r1",
     "= ff = ff"},

    {"smbus: byte, word, block", "chip 0x0b smbus\n" SMBUS,
     "@0b w 10 r1 p w 11 r2 p w 12 r? p w 12 r4",
     "= 5a = 34 12 = 03 61 62 63 = 03 61 62 63"},
    {"smbus: writing", "chip 0x0b smbus\n" SMBUS,
     "@0b w 10 01 p w 10 r1 p w 11 02 03 p w 11 r2 p w 12 02 78 79 p w 12 r?",
     "ok = 01 ok = 02 03 ok = 02 78 79"},
    {"smbus: incomplete writes do nothing", "chip 0x0b smbus\n" SMBUS,
     "@0b w 11 02 p w 11 r2 p w 12 02 78 p w 12 r?",
     "ok = 34 12 ok = 03 61 62 63"},
    {"smbus: receive byte is of the last command", "chip 0x0b smbus\n" SMBUS,
     "@0b w 11 p r1 p w 10 r1 p r1", "ok = 34 = 5a = 5a"},
    {"smbus: process calls", "chip 0x0b smbus\n" SMBUS,
     "@0b w 14 01 02 r2 p w 15 03 01 02 03 r? p w 15 03 01 r1",
     "= fe fd = 03 03 02 01 = ff"},
    {"smbus: unknown command", "chip 0x0b smbus\n" SMBUS, "@0b w 77 p w 77 r1",
     "!EIO data 0 0 !EIO data 0 0"},
    {"smbus: a block of none", "chip 0x0b smbus\n" SMBUS, "@0b w 12 00",
     "!EIO data 0 1"},
    {"smbus: a wrong PEC drops the write", "chip 0x0b smbus\n" SMBUS,
     "@0b w 10 01 00 p w 10 r1", "!EIO data 0 2 = 5a"},
    {"smbus: another chip's message before is none of its transaction",
     "chip 0x48 registers\nchip 0x0b smbus\n" SMBUS,
     "@0b w 10 r1 p @48 w 00 @0b r2 p w 11 @48 r1 @0b r1",
     "= 5a = 5a bd = 00 | 34"},
    {"smbus: PEC off", "chip 0x0b smbus pec=off\n" SMBUS,
     "@0b w 10 r2 p w 10 01 00", "= 5a ff !EIO data 0 2"},

    {"measure: refused until measured, then read once", MEASURE,
     "@44 w 2c 06 p r6 p r6 p r6 p r6",
     "ok !ENXIO address 0 -1 !ENXIO address 0 -1 = 61 2b c3 6a 9f d2 "
     "!ENXIO address 0 -1"},
    {"measure: refused after a repeated START", MEASURE,
     "@44 w 2c 06 r6 p r2 p r2",
     "!ENXIO address 1 -1 !ENXIO address 0 -1 "
     "= 61 2b"},
    {"measure: at once", MEASURE, "@44 w f3 2d r3 p r3",
     "= 80 10 e1 !ENXIO address 0 -1"},
    {"measure: nothing to read", MEASURE, "@44 r1 p w 30 a2 p r1",
     "!ENXIO address 0 -1 ok !ENXIO address 0 -1"},
    {"measure: unknown command; arguments; past the end", MEASURE,
     "@44 w 12 34 p w f3 2d 99 98 r5", "!EIO data 0 1 = 80 10 e1 ff ff"},
    {"measure: one byte commands",
     "chip 0x23 measure command=1\nreg 0x10 nacks=1 = 01 02",
     "@23 w 10 p r2 p r2", "ok !ENXIO address 0 -1 = 01 02"},

    {"fault: address, skip and count",
     "chip 0x48 registers\nfault nack skip=1 count=2", "w 00 p w 00 p r1 p r1",
     "ok !ENXIO address 0 -1 !ENXIO address 0 -1 = 00"},
    {"fault: address, reads only, always",
     "chip 0x48 registers\nfault nack on=read count=always at=address",
     "w 00 p r1 p w 00 r1 p r1",
     "ok !ENXIO address 0 -1 !ENXIO address 1 -1 !ENXIO address 0 -1"},
    {"fault: data byte k", "chip 0x48 registers\nfault nack at=2 count=always",
     "w 00 01 p w 00 02 03 p w 00 r4 p w 01 05 06 07 p w 00 r2",
     "ok !EIO data 0 2 = 02 00 00 00 !EIO data 0 2 = 02 05"},
    {"fault: in order", "chip 0x48 registers\nfault nack\nfault nack skip=1",
     "w p w p w p w", "!ENXIO address 0 -1 ok !ENXIO address 0 -1 ok"},
    {"fault: what one lets pass, the next one sees",
     "chip 0x48 registers\nfault nack skip=1\nfault nack", "w p w p w",
     "!ENXIO address 0 -1 !ENXIO address 0 -1 ok"},
    {"fault: arbitration lost in a read",
     "chip 0x48 registers\nfault arbitration-lost at=1 on=read", "w 00 r3 p r1",
     "!EAGAIN data 1 1 = 00"},
    {"fault: unplugged",
     "chip 0x48 registers\nfault unplug at=1 on=write skip=1",
     "w 00 01 p w 00 01 p w 00", "ok !ENODEV data 0 1 !ENODEV unknown -1 -1"},
};

static void same(const struct row *r,
                 const char *(*how)(struct i2cpt_adapter *, const char *))
{
    struct i2cpt_adapter *a = wire_stub(r->chips, "");
    const char *got = how(a, r->script);

    ck_assert_msg(!strcmp(got, r->expected), "%s:\n%s\nnot\n%s", r->name, got,
                  r->expected);
    i2cpt_adapter_unref(a);
}

START_TEST(chips_by_transfer)
{
    same(&rows[_i], wire);
}
END_TEST

START_TEST(chips_by_stream)
{
    same(&rows[_i], wire_stream);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stub-chips");
    TCase *t = tcase_create("chips");

    tcase_add_loop_test(t, chips_by_transfer, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(t, chips_by_stream, 0, G_N_ELEMENTS(rows));
    suite_add_tcase(s, t);
    return unit_run(s);
}
