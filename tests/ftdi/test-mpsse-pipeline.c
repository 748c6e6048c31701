/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/ftdi/mpsse-pipeline.c: what is begun while earlier ones are on the wire
 * does what it would have done one by one; and what a fault in the middle
 * leaves. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "../unit/unit.h"
#include "core/fault.h"
#include "rig.h"
#include "ways.h"

#define MOST 24u
/* Of real time, which nothing here is to run out of. */
#define LONG_NS 60000000000ull

/* Transfers and what became of them. */
struct item {
    struct rig text; /* for its messages and buffers only */
    struct i2cpt_xfer x;
    struct i2cpt_fault fault;
    int ret;
};

struct list {
    struct item items[MOST];
    unsigned n;
    unsigned begun; /* how many went through begin() */
};

static struct list *list_of(const char *const *texts, unsigned n)
{
    struct list *l = g_new0(struct list, 1);
    unsigned i;

    ck_assert_uint_le(n, MOST);
    l->n = n;
    for (i = 0; i < n; i++) {
        struct item *it = &l->items[i];

        rig_parse(&it->text, texts[i]);
        it->x = (struct i2cpt_xfer){.msgs = it->text.msgs,
                                    .n = it->text.n_msgs,
                                    .deadline_ns = LONG_NS, /* simulated */
                                    .fault = &it->fault};
        i2cpt_fault_clear(&it->fault);
    }
    return l;
}

/* As lib/bus/worker.c does it, all being queued from the beginning. */
static void run_list(struct rig *r, struct list *l, bool pipelined)
{
    unsigned first = 0, next = 0;
    bool gone = false;

    while (first < l->n) {
        while (pipelined && !gone && next < l->n &&
               mpsse_bus_begin(r->bus, &l->items[next].x)) {
            l->begun++;
            next++;
        }
        if (gone) {
            l->items[first].ret = -ENODEV;
        } else if (next == first) {
            l->items[first].ret = mpsse_bus_transfer(r->bus, &l->items[next].x);
            next++;
        } else {
            l->items[first].ret = mpsse_bus_collect(r->bus, &l->items[first].x);
        }
        gone = gone || l->items[first].ret == -ENODEV;
        first++;
    }
    if (!gone) {
        rig_settle(r);
    }
}

static void expect_same(const struct rig_config *c, const struct list *is,
                        const struct list *should)
{
    unsigned i;

    for (i = 0; i < is->n; i++) {
        const struct item *a = &is->items[i], *b = &should->items[i];
        char *data_a = rig_data(&a->text), *data_b = rig_data(&b->text);

        ck_assert_msg(
            a->ret == b->ret && a->fault.phase == b->fault.phase &&
                a->fault.msg == b->fault.msg && a->fault.byte == b->fault.byte,
            "%s: %u: %d phase %d msg %d byte %d, not %d", rig_name(c), i,
            a->ret, a->fault.phase, a->fault.msg, a->fault.byte, b->ret);
        ck_assert_msg(!strcmp(data_a, data_b), "%s: %u: %s, not %s",
                      rig_name(c), i, data_a, data_b);
        g_free(data_a);
        g_free(data_b);
    }
}

static struct rig *open_way(int way, uint32_t frequency_hz, bool batch)
{
    struct rig_config config = config_of(way, 0, batch);

    config.frequency_hz = frequency_hz;
    return rig_new(&config);
}

static void expect_works(struct rig *r)
{
    char *data;
    int ret = rig_transfer(r, "w50 05 | r50 2");

    data = rig_data(r);
    ck_assert_msg(!ret && !strcmp(data, "38 43"), "%s: then: %d %s %s",
                  rig_name(&r->config), ret, data, r->fault.text);
    g_free(data);
}

/* -------------------------------------------------------------------- order */

static const char *const texts[] = {
    "w50",
    "w50 10 aa bb cc",
    "w50 10 | r50 3",
    "w51 00",
    "r0e 2",
    "w48 01 12 34",
    "w48 01 | r48 2",
    "w51 00 | r51 2",
    "w50 00 | r51 2 | w50 00",
    "w50 01 | r50 ?",
    "w/2a5 07 | r/2a5 2",
    "w50 20 5ax16",
    "r50 40",
    "w50 20 | r50 16",
};

/* Random ones in a row: on the wire, and to their callers, as one by one. */
START_TEST(as_one_by_one)
{
    bool batch = _i / WAYS % 2;
    struct rig *a = open_way(_i % WAYS, 400000, batch);
    struct rig *b = open_way(_i % WAYS, 400000, batch);
    const char *chosen[MOST];
    GRand *rand = g_rand_new_with_seed((guint32)_i);
    struct list *is, *should;
    char *wire_a, *wire_b;
    unsigned i;

    for (i = 0; i < MOST; i++) {
        chosen[i] = texts[g_rand_int_range(rand, 0, (int)G_N_ELEMENTS(texts))];
    }
    is = list_of(chosen, MOST);
    should = list_of(chosen, MOST);
    run_list(a, is, true);
    run_list(b, should, false);
    wire_a = bench_text(a->b);
    wire_b = bench_text(b->b);
    ck_assert_str_eq(wire_a, wire_b);
    expect_same(&a->config, is, should);
    if (a->config.stretching == MPSSE_STRETCH_OFF) {
        ck_assert_uint_gt(vusb_counts(a->b->usb).most_at_once, 1);
    } else {
        ck_assert_uint_eq(is->begun, 0);
    }
    expect_works(a);
    g_free(wire_a);
    g_free(wire_b);
    g_free(is);
    g_free(should);
    g_rand_free(rand);
    rig_free(a);
    rig_free(b);
}
END_TEST

static const uint32_t times_hz[] = {100000, 400000, 1000000};

/* One behind the other at once, the times of UM10204 hold; t_BUF is short then.
 */
START_TEST(times)
{
    static const char *const two[] = {"w50 00 | r50 2", "w50 00 11"};
    const char *chosen[MOST];
    struct rig *r = open_way(_i % WAYS, times_hz[_i / WAYS], true);
    const struct wire_edge *edges;
    struct watch_times t;
    struct list *l;
    unsigned i;
    size_t n;

    for (i = 0; i < MOST; i++) {
        chosen[i] = two[i % 2];
    }
    l = list_of(chosen, MOST);
    run_list(r, l, true);
    edges = wire_edges(r->b->wire, &n);
    watch_times(edges, n, &t);
    for (i = 0; i < WATCH_TIMES; i++) {
        ck_assert_msg(t.min_ns[i] + 1 >= watch_least_ns(i, times_hz[_i / WAYS]),
                      "%s: %s is %u ns", rig_name(&r->config),
                      watch_time_name(i), (unsigned)t.min_ns[i]);
    }
    printf("# %s, %u Hz: t_BUF %u ns\n", rig_name(&r->config),
           times_hz[_i / WAYS], (unsigned)t.min_ns[T_BUF]);
    if (r->config.stretching == MPSSE_STRETCH_OFF) {
        ck_assert_uint_lt(t.min_ns[T_BUF], 60000);
    }
    g_free(l);
    rig_free(r);
}
END_TEST

/* ------------------------------------------------------------ faults inside */

static const char *const six[] = {
    "w50 40 01",      "w50 40 | r50 1", "w50 41 02",
    "w50 41 | r50 1", "w50 42 03",      "w50 42 | r50 1",
};
#define SIX ((int)G_N_ELEMENTS(six))

/* Not acknowledged, by address or data: nobody else notices. */
START_TEST(nack_inside)
{
    struct rig *r = open_way(0, 400000, true);
    const char *chosen[6];
    struct list *l;
    int i;

    memcpy(chosen, six, sizeof(six));
    chosen[_i] = "w51 00 | r50 1";
    l = list_of(chosen, 6);
    run_list(r, l, true);
    ck_assert_uint_eq(l->begun, 6);
    for (i = 0; i < SIX; i++) {
        ck_assert_int_eq(l->items[i].ret, i == _i ? -ENXIO : 0);
    }
    expect_works(r);
    g_free(l);
    rig_free(r);
}
END_TEST

/* A link that fails once, at its `fail_at`th receive. */
static unsigned receives, fail_at;
static int fail_with;

static int failing_receive(void *link, uint64_t deadline_ns)
{
    int ret = vusb_link.receive(link, deadline_ns);

    return !ret && receives++ == fail_at ? fail_with : ret;
}

/* The engine is reset: those behind cannot know, and say so. */
START_TEST(link_fails_inside)
{
    struct mpsse_link link = vusb_link;
    struct rig *r = open_way(0, 400000, true);
    struct i2cpt_fault fault;
    struct list *l = list_of(six, 6);
    int k = _i % 6, i;

    link.receive = failing_receive;
    mpsse_bus_free(r->bus);
    ck_assert_int_eq(mpsse_bus_new(&r->m, &link, r->b->usb, true,
                                   vusb_now(r->b->usb) + LONG_NS, &r->bus,
                                   &fault),
                     0);
    receives = 0;
    fail_at = (unsigned)k;
    fail_with = _i / 6 ? -ETIMEDOUT : -EIO;
    run_list(r, l, true);
    for (i = 0; i < SIX; i++) {
        const struct item *it = &l->items[i];

        ck_assert_int_eq(it->ret, i < k ? 0 : i == k ? fail_with : -EIO);
        ck_assert_int_eq(it->fault.code, -it->ret);
        ck_assert_int_eq(it->fault.phase, I2CPT_PHASE_UNKNOWN);
        ck_assert(i <= k ||
                  strstr(it->fault.text, "may have been on the wire"));
    }
    fail_at = UINT_MAX;
    expect_works(r);
    g_free(l);
    rig_free(r);
}
END_TEST

/* A link that for a while brings commands without their ends, and no reply. */
static unsigned broken_exchanges;

static int breaking_exchange(void *link, const uint8_t *out, size_t out_len,
                             uint8_t *in, size_t in_len, uint64_t deadline_ns)
{
    if (!broken_exchanges) {
        return vusb_link.exchange(link, out, out_len, in, in_len, deadline_ns);
    }
    broken_exchanges--;
    vusb_link.exchange(link, out, out_len / 2, in, 0, deadline_ns);
    return -ETIMEDOUT;
}

/* A rescue that fails too is made up for before the next thing that goes out:
 * a transfer, one in a list, a stream's START. */
START_TEST(rescue_comes_late)
{
    struct mpsse_link link = vusb_link;
    struct rig *r = open_way(0, 400000, true);
    struct i2cpt_fault fault;
    struct list *l = list_of(six, 6);

    link.exchange = breaking_exchange;
    mpsse_bus_free(r->bus);
    ck_assert_int_eq(mpsse_bus_new(&r->m, &link, r->b->usb, true,
                                   vusb_now(r->b->usb) + LONG_NS, &r->bus,
                                   &fault),
                     0);
    broken_exchanges = 2;
    ck_assert_int_eq(rig_transfer(r, "w50 05 | r50 2"), -ETIMEDOUT);
    ck_assert_uint_eq(broken_exchanges, 0);
    if (_i == 0) {
        expect_works(r);
    } else if (_i == 1) {
        run_list(r, l, true);
        ck_assert_int_eq(l->items[0].ret, 0);
        ck_assert_int_eq(l->items[5].ret, 0);
    } else {
        ck_assert_int_eq(rig_stream_start(r, 0x50, 0), 0);
        ck_assert_int_eq(rig_stream_stop(r), 0);
    }
    g_free(l);
    rig_free(r);
}
END_TEST

/*
 * SDA held low for so many clocks. Those that found it so and have nobody
 * behind them who did not go out again in their order; else they say so (!):
 * nothing overtakes.
 */
static const struct {
    unsigned clocks;
    const char *results;
} stucks[] = {
    {5, "!....."},   {30, "!!...."},  {60, "!!...."},
    {90, "!!!..."},  {130, "!!!!.."}, {165, "......"},
    {169, "......"}, {172, "......"}, {9999, "!!!!!!"},
};

START_TEST(stuck_inside)
{
    struct rig *r = open_way(0, 400000, true);
    struct list *l = list_of(six, 6);
    char results[7] = "", *wire, *at;
    unsigned i;

    ck_assert_int_eq(rig_transfer(r, "w50 40 00 00 00"), 0);
    holder_hold_clocks(&r->b->holder, stucks[_i].clocks);
    run_list(r, l, true);
    ck_assert_uint_eq(l->begun, 6);
    for (i = 0; i < l->n; i++) {
        int ret = l->items[i].ret;

        ck_assert_msg(!ret || ret == -EBUSY, "%u: %d", i, ret);
        results[i] = ret ? '!' : '.';
    }
    ck_assert_str_eq(results, stucks[_i].results);
    wire = bench_text(r->b);
    for (i = 0, at = wire; i < l->n; i++) {
        char *write = g_strdup_printf("S a0+ 4%x+ ", i / 2);

        if (!l->items[i].ret) {
            at = strstr(at, write);
            ck_assert_msg(at, "%u is not in its place: %s", i, wire);
            at++;
        }
        g_free(write);
    }
    g_free(wire);
    holder_release(&r->b->holder);
    expect_works(r);
    g_free(l);
    rig_free(r);
}
END_TEST

/* After each URB of opening and a pipeline. */
START_TEST(unplugged)
{
    struct rig_config config = config_of(0, 4, _i);
    int ret = 0;

    for (unsigned k = 0;; k++) {
        struct rig *r = rig_prepare(&config);
        struct list *l = list_of(six, 6);
        unsigned i = 0;

        vusb_unplug_after(r->b->usb, k);
        ret = rig_open(r);
        if (!ret) {
            run_list(r, l, true);
            while (i < l->n && !l->items[i].ret) {
                i++;
            }
            ret = i < l->n ? l->items[i].ret : 0;
            for (; i < l->n; i++) {
                ck_assert_int_eq(l->items[i].ret, -ENODEV);
            }
        }
        ck_assert(!ret || ret == -ENODEV);
        g_free(l);
        rig_free(r);
        if (!ret) {
            ck_assert_uint_gt(k, 10);
            break;
        }
    }
}
END_TEST

/* ------------------------------------------------------------------ refused */

START_TEST(room_in_the_chip)
{
    static const unsigned most[] = {3, 1, 0, 0, 7};
    const char *chosen[MOST];
    struct rig *r = open_way(_i, 1000000, true);
    struct list *l;
    unsigned i;

    for (i = 0; i < MOST; i++) {
        chosen[i] = "r50 256"; /* packed 291 of 1024, bytewise 516 of 4096 */
    }
    l = list_of(chosen, MOST);
    for (i = 0; i < MOST && mpsse_bus_begin(r->bus, &l->items[i].x); i++) {
    }
    ck_assert_uint_eq(i, most[_i]);
    while (i--) {
        struct item *it = &l->items[l->begun++];

        ck_assert_int_eq(mpsse_bus_collect(r->bus, &it->x), 0);
    }
    g_free(l);
    rig_free(r);
}
END_TEST

START_TEST(time_to_come_back)
{
    struct rig *r = open_way(0, 10000, true);
    const char *chosen[] = {"w50 00 11", "w50 00 11", "w50 00 11"};
    struct list *l = list_of(chosen, 3);

    /* 27 clocks of 100 us each */
    l->items[0].x.deadline_ns = vusb_now(r->b->usb) + 15000000;
    ck_assert(!mpsse_bus_begin(r->bus, &l->items[0].x));
    l->items[0].x.deadline_ns = vusb_now(r->b->usb) + LONG_NS;
    ck_assert(mpsse_bus_begin(r->bus, &l->items[0].x));
    l->items[1].x.deadline_ns = vusb_now(r->b->usb) + 20000000;
    ck_assert(!mpsse_bus_begin(r->bus, &l->items[1].x));
    ck_assert(mpsse_bus_begin(r->bus, &l->items[2].x));
    ck_assert_int_eq(mpsse_bus_collect(r->bus, &l->items[0].x), 0);
    ck_assert_int_eq(mpsse_bus_collect(r->bus, &l->items[2].x), 0);
    g_free(l);
    rig_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mpsse-pipeline");
    TCase *tc = tcase_create("mpsse-pipeline");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, as_one_by_one, 0, WAYS * 2 * 4);
    tcase_add_loop_test(tc, times, 0, WAYS * (int)G_N_ELEMENTS(times_hz));
    tcase_add_loop_test(tc, nack_inside, 0, SIX);
    tcase_add_loop_test(tc, link_fails_inside, 0, SIX * 2);
    tcase_add_loop_test(tc, rescue_comes_late, 0, 3);
    tcase_add_loop_test(tc, stuck_inside, 0, (int)G_N_ELEMENTS(stucks));
    tcase_add_loop_test(tc, unplugged, 0, 2);
    tcase_add_loop_test(tc, room_in_the_chip, 0, 5);
    tcase_add_test(tc, time_to_come_back);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
