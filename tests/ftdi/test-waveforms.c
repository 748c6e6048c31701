/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same transfers on every chip, encoding, way of stretching and frequency:
 * the times of UM10204 on the wire as a table, and with a directory as argument
 * each waveform as VCD with the list of what was asked, for judge-vcd.py.
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "rig.h"
#include "ways.h"

static const char *directory;

static const char *const asked[] = {
    "w50",
    "w50 10",
    "w50 20 00 ff 55 aa",
    "w50 20 | r50 4",
    "w48 01 | r48 2",
    "r0e 3",
    "w51 00",
    "w50 30 5ax16",
    "w50 30 | r50 16",
    "w48 02 12 34 | w48 02 | r48 2",
    "w50 00 | r50 32",
};

/* What only times differ by: the chip's own speed, where notes are silent. */
static const struct {
    unsigned set_ns;
    bool two_halves;
} speeds[] = {{150, false}, {150, true}, {500, false}};

static void write_files(struct rig *r, unsigned number)
{
    char *path = g_strdup_printf("%s/%03u.vcd", directory, number);
    char *list = g_strdup_printf("%s/%03u.txt", directory, number);
    FILE *f = fopen(list, "we");

    ck_assert_int_eq(wire_write_vcd(r->b->wire, path, 300000), 0);
    ck_assert_ptr_nonnull(f);
    fprintf(f, "%s\n%u\n", rig_name(&r->config), r->config.frequency_hz);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        fprintf(f, "%s\n", asked[i]);
    }
    ck_assert_int_eq(fclose(f), 0);
    g_free(path);
    g_free(list);
}

static void print_head(void)
{
    printf("# %-40s %6s", "ns; least on the wire / UM10204's least", "SCL Hz");
    for (int t = 0; t < WATCH_TIMES; t++) {
        printf(" %13s", watch_time_name(t));
    }
    putchar('\n');
}

/* A nanosecond for the rounding of the engine's 16 2/3 ns. The time that is too
 * short, or -1. */
static int short_time(struct rig *r, struct watch_times *times)
{
    const struct wire_edge *edges;
    size_t n;
    int t;

    edges = wire_edges(r->b->wire, &n);
    watch_times(edges, n, times);
    for (t = WATCH_TIMES - 1; t >= 0; t--) {
        if (times->min_ns[t] + 1 < watch_least_ns(t, r->config.frequency_hz)) {
            break;
        }
    }
    return t;
}

static void check_times(struct rig *r)
{
    struct watch_times times;
    uint32_t hz = r->config.frequency_hz;
    char cell[40];
    int bad = short_time(r, &times);

    printf("# %-40s %6u", rig_name(&r->config), rig_scl_hz(r));
    for (int t = 0; t < WATCH_TIMES; t++) {
        g_snprintf(cell, sizeof(cell), "%" G_GUINT64_FORMAT "/%u",
                   times.min_ns[t], (unsigned)watch_least_ns(t, hz));
        printf(" %13s", cell);
    }
    putchar('\n');
    ck_assert_msg(bad < 0, "%s: %s is %u ns, shorter than %u",
                  rig_name(&r->config), watch_time_name(bad),
                  (unsigned)times.min_ns[bad],
                  (unsigned)watch_least_ns(bad, hz));
}

/* Whether all of them went as they should. */
static bool run_all(struct rig *r)
{
    bool good = true;

    for (size_t i = 0; i < G_N_ELEMENTS(asked) && good; i++) {
        good = rig_transfer(r, asked[i]) ==
               (strncmp(asked[i], "w51", 3) ? 0 : -ENXIO);
    }
    return good;
}

static void check_waveform(const struct rig_config *config, int number)
{
    struct rig *r = rig_new(config);

    ck_assert_msg(run_all(r), "%s", rig_name(config));
    if (!number) {
        print_head();
    }
    check_times(r);
    if (directory && number >= 0) {
        write_files(r, (unsigned)number);
    }
    rig_free(r);
}

START_TEST(waveform)
{
    int speed = _i / ALL_CONFIGS;
    struct rig_config config = nth_config(_i % ALL_CONFIGS);

    config.set_ns = speeds[speed].set_ns;
    config.two_halves = speeds[speed].two_halves;
    check_waveform(&config, speed ? -1 : _i);
}
END_TEST

START_TEST(waveform_of_the_other_chip)
{
    struct rig_config config = nth_other(_i);

    check_waveform(&config, -1);
}
END_TEST

/* On such chips shifted edges are no edges: so it is those chips, and these
 * measurements, that would show it of the default. */
START_TEST(shifted_needs_the_clock)
{
    int way = DEFAULT_WAYS + _i % (WAYS - DEFAULT_WAYS);
    struct rig_config config = config_of(way, 0, false);
    struct watch_times times;
    struct rig *r;

    config.input_clock = _i / (WAYS - DEFAULT_WAYS) ? VCHIP_DRIVES : VCHIP_NONE;
    r = rig_prepare(&config);
    ck_assert_msg(rig_open(r) || !run_all(r) || short_time(r, &times) >= 0,
                  "%s: is as it should be", rig_name(&config));
    rig_free(r);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("waveforms");
    TCase *tc = tcase_create("waveforms");

    directory = argc > 1 ? argv[1] : NULL;
    setvbuf(stdout, NULL, _IOLBF, 0);
    tcase_set_timeout(tc, 60);
    rig_fixture(tc);
    tcase_add_loop_test(tc, waveform, 0, ALL_CONFIGS * (rig_is_slow() ? 1 : 3));
    tcase_add_loop_test(tc, waveform_of_the_other_chip, 0, OTHER_CONFIGS);
    tcase_add_loop_test(tc, shifted_needs_the_clock, 0,
                        rig_is_slow() ? 0 : 2 * (WAYS - DEFAULT_WAYS));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
