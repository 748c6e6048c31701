/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into any program, behind umockdev's own preload library: the
 * program finds a virtual FT232H plugged in, whatever else its machine has.
 * What was on the bus is a VCD in the file that I2CPT_FAKE_DONGLE names when
 * the program ends. I2CPT_FAKE_INPUT_CLOCK=none: see enum vchip_input_clock.
 * With I2CPT_FAKE_DRIVER the kernel's serial driver has it at first.
 * I2CPT_FAKE_PROGRAM is that program: scripts that start it, and programs that
 * it starts, have none of it. I2CPT_FAKE_LM75: its sensor has what an LM75 of
 * 26.5 degrees has after power-up. I2CPT_FAKE_MOVES: PIN:LEVEL:CLOCKS and a
 * blank each, pins beside the bus that move when SCL has risen so often since
 * the move before.
 */
#include <errno.h> /* program_invocation_short_name */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-dongle.h"

static struct dongle_config config = {
    .kind = VCHIP_FT232H,
    .bus = 1,
    .address = 5,
    .serial = "FT1",
    .description = "C232HM",
};
static struct fake_dongle *dongle;
static char *path;

static void become_lm75(void)
{
    static const uint8_t registers[] = {0x1a, 0x80, 0, 0, 0x4b, 0, 0x50, 0};

    memcpy(fake_dongle_bench(dongle, 0)->targets[BENCH_SENSOR].mem, registers,
           sizeof(registers));
}

static void plan_moves(const char *moves)
{
    unsigned pin, level, clocks, sum = 0;
    int n;

    for (; sscanf(moves, "%u:%u:%u %n", &pin, &level, &clocks, &n) == 3;
         moves += n) {
        sum += clocks;
        bench_move(fake_dongle_bench(dongle, 0), sum, pin, level);
    }
}

static __attribute__((constructor)) void plug(void)
{
    const char *wanted = getenv("I2CPT_FAKE_DONGLE");
    const char *program = getenv("I2CPT_FAKE_PROGRAM");
    struct vchip_config chip;

    if (!wanted || !program || strcmp(program, program_invocation_short_name)) {
        return;
    }
    path = g_strdup(wanted);
    unsetenv("I2CPT_FAKE_DONGLE");
    unsetenv("LD_PRELOAD");
    config.driver_bound = getenv("I2CPT_FAKE_DRIVER") != NULL;
    fake_dongle_setup();
    dongle = fake_dongle_new(&config);
    wanted = getenv("I2CPT_FAKE_INPUT_CLOCK");
    chip = vchip_i2c(config.kind, 0);
    chip.input_clock =
        wanted && !strcmp(wanted, "none") ? VCHIP_NONE : VCHIP_PASSES;
    fake_dongle_rewire(dongle, &chip, 100);
    if (getenv("I2CPT_FAKE_LM75")) {
        become_lm75();
    }
    if (getenv("I2CPT_FAKE_MOVES")) {
        plan_moves(getenv("I2CPT_FAKE_MOVES"));
    }
}

/* Beside it, with `.engine` behind its name: how often the engine was begun,
 * and what it did not know. */
static void write_counts(void)
{
    const struct vchip *chip = fake_dongle_bench(dongle, 0)->chip;
    char *name = g_strconcat(path, ".engine", NULL);
    FILE *f = fopen(name, "we");

    if (f) {
        fprintf(f, "%u %u\n", vchip_beginnings(chip), vchip_bad(chip));
        fclose(f);
    }
    g_free(name);
}

static __attribute__((destructor)) void export_vcd(void)
{
    int ret;

    if (!dongle) {
        return;
    }
    write_counts();
    ret = wire_write_vcd(fake_dongle_bench(dongle, 0)->wire, path, 300000);
    if (ret) {
        fprintf(stderr, "%s: %s\n", path, strerror(-ret));
    }
    fake_dongle_free(dongle);
    fake_dongle_teardown();
    g_free(path);
}
