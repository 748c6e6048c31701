/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In the guest of vm-attach: a virtual FT232H on the kernel's virtual host
 * controller, with an LM75, a TMP102, a 24C02 and a DS1307 on its bus, of the
 * contents that attach-board.txt has. Until it is killed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake-dongle.h"

static const struct {
    uint16_t addr;
    enum target_kind kind;
    uint8_t bytes[8];
} chips[BENCH_TARGETS] = {
    {0x49, TARGET_SENSOR, {0x1a, 0xc0, 0x00, 0x00, 0x4b, 0x00, 0x50, 0x00}},
    {0x4a, TARGET_SENSOR, {0x0d, 0xa0, 0x60, 0xa0, 0x4b, 0x00, 0x50, 0x00}},
    {0x50, TARGET_EEPROM, {'H', 'e', 'l', 'l', 'o', 0xff, 0xff, 0xff}},
    {0x68, TARGET_EEPROM, {0x30, 0x45, 0x12, 0x01, 0x29, 0x11, 0x26, 0x00}},
};

int main(void)
{
    static const struct dongle_config config = {
        .kind = VCHIP_FT232H, .serial = "FT1", .description = "C232HM"};
    const struct vchip_config chip = vchip_i2c(VCHIP_FT232H, 0);
    struct fake_dongle *d;
    struct target *t;
    unsigned i;

    fake_dongle_setup();
    d = fake_dongle_new(&config);
    fake_dongle_rewire(d, &chip, 100);
    t = fake_dongle_bench(d, 0)->targets;
    for (i = 0; i < BENCH_TARGETS; i++) {
        t[i].addr = chips[i].addr;
        t[i].kind = chips[i].kind;
        t[i].ten_bit = false;
        memset(t[i].mem, 0xff, sizeof(t[i].mem));
        memcpy(t[i].mem, chips[i].bytes, sizeof(chips[i].bytes));
    }
    printf("plugged\n");
    fflush(stdout);
    for (;;) {
        pause();
    }
}
