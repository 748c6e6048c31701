/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of an adapter that are GPIO lines of the machine, behind a libgpiod
 * that has none: levels, edges, those that the kernel dropped, chips that go.
 */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fake-gpiod.h"
#include "i2cpt-backend.h"
#include "i2cpt-lines.h"
#include "config.h"
#include "unit.h"
#include "wire.h"

struct heard {
    GString *text;
    uint64_t last_ns;
    unsigned count;
};

static void hear(struct i2cpt_adapter *a, unsigned line, int level,
                 uint64_t stamp_ns, void *user)
{
    struct heard *h = user;

    ck_assert_uint_ge(stamp_ns, h->last_ns);
    g_string_append_printf(h->text, "%s%d ", i2cpt_adapter_line_name(a, line),
                           level);
    h->last_ns = stamp_ns;
    h->count++;
}

static void hear_so_many(struct i2cpt_adapter *a, struct heard *h, unsigned n)
{
    while (h->count < n) {
        struct pollfd p = {.fd = i2cpt_adapter_fd(a), .events = POLLIN};

        ck_assert_msg(poll(&p, 1, 60000) == 1, "%s", h->text->str);
        i2cpt_dispatch(a);
    }
}

static struct i2cpt_adapter *watched(const char *keys, struct heard *h)
{
    g_autofree char *spec = g_strconcat("stub,chips=0x48", keys, NULL);
    struct i2cpt_adapter *a = wire_open(spec);

    *h = (struct heard){.text = g_string_new(NULL)};
    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, h), 0);
    return a;
}

static void end(struct i2cpt_adapter *a, struct heard *h)
{
    i2cpt_adapter_unref(a);
    g_string_free(h->text, TRUE);
    ck_assert_uint_eq(fake_gpiod_open_count(), 0);
}

static const char *const same[] = {
    ",line.int=gpiochip7/1", ",line.int=/dev/gpiochip7/1",
    ",line.int=sensor-int", ",line.int=gpio:sensor-int",
    ",line.int=gpiochip7/0x1"};

START_TEST(one_line)
{
    struct heard h;
    struct i2cpt_adapter *a;
    uint64_t now;

    fake_gpiod_level(1, true);
    a = watched(same[_i], &h);
    now = i2cpt_backend_now_ns();
    ck_assert_int_eq(i2cpt_adapter_lines(a), 1);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    fake_gpiod_edge(1, false, now);
    fake_gpiod_edge(1, true, now + 1);
    fake_gpiod_edge(1, false, now + 2);
    hear_so_many(a, &h, 3);
    ck_assert_str_eq(h.text->str, "int0 int1 int0 ");
    ck_assert_uint_eq(h.last_ns, now + 2);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    end(a, &h);
}
END_TEST

START_TEST(turned_round_beside_others)
{
    struct heard h;
    struct i2cpt_adapter *a = watched(
        ",line.a=gpiochip7/0,line.b=gpiochip7/2,line.b.active-low=on", &h);
    uint64_t now = i2cpt_backend_now_ns();

    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 0);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 1), 1);
    fake_gpiod_edge(2, true, now);
    hear_so_many(a, &h, 1);
    fake_gpiod_edge(0, true, now + 1);
    hear_so_many(a, &h, 2);
    ck_assert_str_eq(h.text->str, "b0 a1 ");
    end(a, &h);
}
END_TEST

/* The kernel gives a line away once. */
START_TEST(one_source_two_names)
{
    struct heard h;
    struct i2cpt_adapter *a = watched(
        ",line.a=sensor-int,line.b=gpiochip7/1,line.b.active-low=on", &h);

    fake_gpiod_edge(1, true, i2cpt_backend_now_ns());
    hear_so_many(a, &h, 2);
    ck_assert_str_eq(h.text->str, "a1 b0 ");
    end(a, &h);
}
END_TEST

/* The stub's own line and one of the machine's. */
START_TEST(beside_the_back_ends_own)
{
    struct i2cpt_adapter *a =
        wire_stub("chip 0x48 registers\nline drdy reg=0\n",
                  ",line.own=stub:drdy,line.pin=gpiochip7/0");
    struct heard h = {.text = g_string_new(NULL)};

    ck_assert_int_eq(i2cpt_adapter_watch_lines(a, hear, &h), 0);
    wire(a, "w 00 01");
    hear_so_many(a, &h, 1);
    fake_gpiod_edge(0, true, i2cpt_backend_now_ns());
    hear_so_many(a, &h, 2);
    ck_assert_str_eq(h.text->str, "own1 pin1 ");
    end(a, &h);
}
END_TEST

/*
 * An edge that was dropped is known where the next one goes the same way, and
 * where the level is another one when no more edges are there. The kernel tells
 * of an edge a little later than the level shows it: then it is the edge that
 * is not told again.
 *
 * up, down: an edge; UP, DOWN: one whose way back had no room; a number: so
 * many have been told; later: no edge of before is on its way any more.
 */
static const struct {
    bool first;
    const char *steps, *told;
} orders[] = {
    {false, "up 1 up 3", "int1 int0 int1 "},
    {false, "up 1 down UP 4", "int1 int0 int1 int0 "},
    {false, "up 1 DOWN 3 up down 4", "int1 int0 int1 int0 "},
    {true, "up down 1", "int0 "}, /* the first look was ahead of its edge */
    /* there and back, which was one edge to the kernel */
    {true, "later up 2", "int0 int1 "},
    {false, "later down 2 down 4", "int1 int0 int1 int0 "},
};

static void step(const char *step, struct i2cpt_adapter *a, struct heard *h)
{
    bool up = g_ascii_tolower(step[0]) == 'u';
    uint64_t stamp_ns = i2cpt_backend_now_ns();

    if (!strcmp(step, "later")) {
        while (i2cpt_backend_now_ns() < stamp_ns + 110000000u) {
            poll(NULL, 0, 1);
        }
    } else if (g_ascii_isdigit(step[0])) {
        hear_so_many(a, h, (unsigned)atoi(step));
    } else if (g_ascii_isupper(step[0])) {
        fake_gpiod_short_edge(0, up, stamp_ns);
    } else {
        fake_gpiod_edge(0, up, stamp_ns);
    }
}

START_TEST(edges_and_levels)
{
    g_auto(GStrv) steps = g_strsplit(orders[_i].steps, " ", 0);
    struct heard h;
    struct i2cpt_adapter *a;
    unsigned i;

    fake_gpiod_level(0, orders[_i].first);
    a = watched(",line.int=gpiochip7/0", &h);
    for (i = 0; steps[i]; i++) {
        step(steps[i], a, &h);
    }
    ck_assert_str_eq(h.text->str, orders[_i].told);
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0),
                     h.text->str[h.text->len - 2] - '0');
    end(a, &h);
}
END_TEST

/* Edges from before it is open are none of its. */
START_TEST(edges_before_it)
{
    struct heard h;
    struct i2cpt_adapter *a;

    fake_gpiod_early_edges(0, false);
    a = watched(",line.int=gpiochip7/0", &h);
    fake_gpiod_edge(0, true, i2cpt_backend_now_ns());
    hear_so_many(a, &h, 1);
    ck_assert_str_eq(h.text->str, "int1 ");
    end(a, &h);
}
END_TEST

/* A clock on a line does not keep who opens it, nor who closes it. */
START_TEST(edges_without_end)
{
    struct heard h;
    struct i2cpt_adapter *a;

    fake_gpiod_early_edges(0, true);
    a = watched(",line.int=gpiochip7/0", &h);
    end(a, &h);
}
END_TEST

/* A clock of edges that is ahead of ours. */
START_TEST(stamps_to_come)
{
    struct heard h;
    struct i2cpt_adapter *a = watched(",line.int=gpiochip7/0", &h);

    fake_gpiod_edge(0, true, i2cpt_backend_now_ns() * 1000);
    hear_so_many(a, &h, 1);
    ck_assert_uint_le(h.last_ns, i2cpt_backend_now_ns());
    end(a, &h);
}
END_TEST

/* More at once than one read takes. */
START_TEST(a_thousand)
{
    struct heard h;
    struct i2cpt_adapter *a = watched(",line.int=gpiochip7/0", &h);
    uint64_t now = i2cpt_backend_now_ns();
    unsigned i;

    for (i = 1; i <= 1001; i++) {
        fake_gpiod_edge(0, i % 2, now + i);
    }
    hear_so_many(a, &h, 1001);
    ck_assert_uint_eq(h.last_ns, now + 1001);
    end(a, &h);
}
END_TEST

START_TEST(a_chip_goes)
{
    struct heard h;
    struct i2cpt_adapter *a =
        watched(",line.a=gpiochip7/0,line.b=gpiochip7/2", &h);

    fake_gpiod_edge(0, true, i2cpt_backend_now_ns());
    hear_so_many(a, &h, 1);
    fake_gpiod_unplug(0);
    fake_gpiod_edge(2, true, i2cpt_backend_now_ns());
    hear_so_many(a, &h, 2);
    ck_assert_str_eq(h.text->str, "a1 b1 ");
    ck_assert_int_eq(i2cpt_adapter_line_level(a, 0), 1);
    end(a, &h);
}
END_TEST

#ifdef I2CPT_GPIOD_2
#define KERNEL_OF_TODAY "Invalid argument"
#else
#define KERNEL_OF_TODAY "this build has libgpiod 1, which a kernel without"
#endif

static const struct {
    const char *keys;
    int ret;
    const char *says;
} refused[] = {
    {"line.int=gpiochip8/1", -ENOENT,
     "line.int=gpiochip8/1: /dev/gpiochip8, line 1: No such file"},
    {"line.int=gpiochip7/6", -EINVAL,
     "line.int=gpiochip7/6: /dev/gpiochip7 has no line 6; accepted is 0 to 5"},
    {"line.int=gpiochip7/5", -EINVAL,
     "line.int=gpiochip7/5: /dev/gpiochip7, line 5: " KERNEL_OF_TODAY},
    {"line.int=gpiochip7/3", -EBUSY, "line 3: in use by a program?"},
    {"line.int=gpiochip7/4", -ENXIO,
     "line 4: No such device or address; accepted is a line that makes"},
    {"line.a=gpiochip7/1,line.int=gpiochip7/3", -EBUSY, "line.int=gpio"},
    {"line.int=nothing", -EINVAL,
     "line.int=nothing: there is no such line; accepted is gpiochipN/OFFSET, "
     "or the name of a GPIO line"},
    {"line.int=gpiochip7/", -EINVAL, "there is no such line"},
    {"line.int=gpiochip7/99999999999", -EINVAL, "there is no such line"},
    {"line.int=gpiochipx/1", -EINVAL, "there is no such line"},
    {"line.int=gpiochip7", -EINVAL, "there is no such line"},
};

START_TEST(sources_are_refused)
{
    g_autofree char *spec =
        g_strconcat("stub,chips=0x48,", refused[_i].keys, NULL);
    struct i2cpt_adapter *a;
    struct i2cpt_fault fault;

    ck_assert_int_eq(i2cpt_adapter_open(spec, &a, &fault), refused[_i].ret);
    ck_assert_msg(strstr(fault.text, refused[_i].says), "%s", fault.text);
    ck_assert_uint_eq(fake_gpiod_open_count(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lines-gpio");
    TCase *tc = tcase_create("lines-gpio");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, one_line, 0, G_N_ELEMENTS(same));
    tcase_add_test(tc, turned_round_beside_others);
    tcase_add_test(tc, one_source_two_names);
    tcase_add_test(tc, beside_the_back_ends_own);
    tcase_add_loop_test(tc, edges_and_levels, 0, G_N_ELEMENTS(orders));
    tcase_add_test(tc, edges_before_it);
    tcase_add_test(tc, edges_without_end);
    tcase_add_test(tc, stamps_to_come);
    tcase_add_test(tc, a_thousand);
    tcase_add_test(tc, a_chip_goes);
    tcase_add_loop_test(tc, sources_are_refused, 0, G_N_ELEMENTS(refused));
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
