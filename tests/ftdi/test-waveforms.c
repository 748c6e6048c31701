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

/* A nanosecond for the rounding of the engine's 16 2/3 ns. */
static void check_times(struct rig *r)
{
    const struct wire_edge *edges;
    struct watch_times times;
    uint32_t hz = r->config.frequency_hz;
    char cell[40];
    size_t n;

    edges = wire_edges(r->b->wire, &n);
    watch_times(edges, n, &times);
    printf("# %-40s %6u", rig_name(&r->config), rig_scl_hz(r));
    for (int t = 0; t < WATCH_TIMES; t++) {
        g_snprintf(cell, sizeof(cell), "%" G_GUINT64_FORMAT "/%u",
                   times.min_ns[t], (unsigned)watch_least_ns(t, hz));
        printf(" %13s", cell);
    }
    putchar('\n');
    for (int t = 0; t < WATCH_TIMES; t++) {
        ck_assert_msg(times.min_ns[t] + 1 >= watch_least_ns(t, hz),
                      "%s: %s is %u ns, shorter than %u", rig_name(&r->config),
                      watch_time_name(t), (unsigned)times.min_ns[t],
                      (unsigned)watch_least_ns(t, hz));
    }
}

START_TEST(waveform)
{
    int speed = _i / ALL_CONFIGS;
    struct rig_config config = nth_config(_i % ALL_CONFIGS);
    struct rig *r;

    config.set_ns = speeds[speed].set_ns;
    config.two_halves = speeds[speed].two_halves;
    r = rig_new(&config);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        ck_assert_int_eq(rig_transfer(r, asked[i]),
                         strncmp(asked[i], "w51", 3) ? 0 : -ENXIO);
    }
    if (!_i) {
        print_head();
    }
    check_times(r);
    if (directory && !speed) {
        write_files(r, (unsigned)_i);
    }
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
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
