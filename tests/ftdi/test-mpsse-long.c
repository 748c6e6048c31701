/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that are longer than one command of the engine takes. */
#include <glib.h>
#include <string.h>

#include "../unit/unit.h"
#include "core/fault.h"
#include "rig.h"
#include "ways.h"

#define LONG_NS 20000000000ull /* simulated */

/* 58248 symbols of nine bits, address included, are 65529 bytes packed, and no
 * more go into one command. */
static const uint16_t lengths[] = {58246, 58247, 58248, 65535};
#define LENGTHS ((int)G_N_ELEMENTS(lengths))

START_TEST(long_message)
{
    uint16_t len = lengths[_i % LENGTHS];
    bool read = _i / LENGTHS;
    struct rig_config config = config_of(0, 2, false);
    struct rig *r = rig_new(&config);
    uint8_t *buf = g_malloc0(len);
    struct i2cpt_msg m = {.addr = BENCH_EEPROM_ADDR, .len = len, .buf = buf};
    struct i2cpt_xfer x = {.msgs = &m,
                           .n = 1,
                           .deadline_ns = vusb_now(r->b->usb) + LONG_NS,
                           .fault = &r->fault};
    int ret;

    m.flags = read ? I2CPT_M_RD : 0;
    ret = mpsse_bus_transfer(r->bus, &x);
    ck_assert_msg(!ret && m.actual == len, "%s: %u bytes: %d at %d, %u",
                  rig_name(&config), len, ret, r->fault.byte, m.actual);
    for (unsigned i = 0; read && i < len; i++) {
        ck_assert_uint_eq(buf[i], (uint8_t)(i * 11 + 1));
    }
    ck_assert_uint_eq(r->b->targets[BENCH_EEPROM].written, read ? 0 : len);
    ck_assert_uint_eq(r->b->targets[BENCH_EEPROM].read, read ? len : 0);
    g_free(buf);
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse-long");
    TCase *tc = tcase_create("mpsse-long");

    tcase_set_timeout(tc, 120);
    rig_fixture(tc);
    tcase_add_loop_test(tc, long_message, 0, 2 * LENGTHS);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
