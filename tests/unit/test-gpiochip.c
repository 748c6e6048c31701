/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tools/gpiochip: lines that nobody has, requests, and their events, by
 * scripts; what the structs are refused for is tests/tools/gpio-rows.txt's. */
#include <errno.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gpiochip/gpiochip.h"
#include "unit.h"

/*
 * "+0" line 0 becomes active, "-0" inactive; "r0" it is requested with rising
 * edges, "f0" falling, "b0" both, "v0" both by version 1, "n0" with none, "a0"
 * both and active-low; "c0" it is closed; "g0" its level; "e0" its events are
 * read: "/" and "\" with their numbers, or the errno.
 */
static const struct row {
    const char *name;
    bool hold;
    const char *script, *expected;
} rows[] = {
    {"EMPTY", false, "b0 e0", "EAGAIN"},
    {"EMPTY -> SOME, an edge that was asked for", false, "b0 +0 e0", "! /1"},
    {"EMPTY, one that was not", false, "r0 +0 -0 e0 f1 +1 -1 e1", "! /1 ! \\1"},
    {"SOME -> EMPTY, in order, all at once", false, "b0 +0 -0 +0 e0 e0",
     "! ! ! /1\\2/3 EAGAIN"},
    {"no events of a line that has none", false, "n0 +0 e0 g0", "EAGAIN 1"},
    {"a level that is set again is no change", false, "b0 +0 +0 e0", "! /1"},
    {"active-low", false, "a0 g0 +0 e0 g0", "1 ! \\1 0"},
    {"each line has its own", false, "b0 b1 +1 e0 e1", "! EAGAIN /1"},
    {"FULL -> FULL, version 2 drops the oldest", false,
     "b0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 e0",
     "! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! "
     "\\2/3\\4/5\\6/7\\8/9\\10/11\\12/13\\14/15\\16/17"},
    {"FULL -> FULL, version 1 the new one", false,
     "v0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 e0",
     "! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! /\\/\\/\\/\\/\\/\\/\\/\\"},
    {"nobody has it: the change is gone, the level is not", false,
     "+0 b0 g0 e0", "1 EAGAIN"},
    {"what was not read goes with the request", false, "b0 +0 c0 b0 e0",
     "! EAGAIN"},
    {"a taken line", false, "b0 b0 c0 b0", "EBUSY"},
    {"held until somebody has the line", true, "+0 -0 b0 e0 g0", "/1\\2 0"},
    {"of that line alone, in order", true, "+1 +0 -0 b0 e0 b1 e1", "/1\\2 /1"},
    {"and once", true, "+0 b0 e0 c0 b0 e0", "/1 EAGAIN"},
    {"held again when it is closed", true, "b0 +0 e0 c0 -0 b0 e0", "! /1 \\1"},
    {"of many the last, and the level is right", true,
     "+0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 -0 +0 b0 e0 g0",
     "/1\\2/3\\4/5\\6/7\\8/9\\10/11\\12/13\\14/15 1"},
};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static struct gpiochip *chip;
static struct gpiochip_request *requests[2];
static char said[1024];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
    size_t len = strlen(said);
    va_list args;

    va_start(args, format);
    vsnprintf(said + len, sizeof(said) - len, format, args);
    va_end(args);
}

static void event(void *user)
{
    say("! ");
}

static int request(unsigned line, uint64_t flags)
{
    struct gpio_v2_line_request r = {.num_lines = 1,
                                     .offsets = {line},
                                     .config.flags =
                                         GPIO_V2_LINE_FLAG_INPUT | flags};

    return gpiochip_request_new(chip, GPIO_V2_GET_LINE_IOCTL, &r, false,
                                &requests[line]);
}

static int request_v1(unsigned line)
{
    struct gpioevent_request r = {.lineoffset = line,
                                  .eventflags = GPIOEVENT_REQUEST_BOTH_EDGES};

    return gpiochip_request_new(chip, GPIO_GET_LINEEVENT_IOCTL, &r, false,
                                &requests[line]);
}

static void ask(char how, unsigned line)
{
    const uint64_t both =
        GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING;
    int ret = how == 'v'   ? request_v1(line)
              : how == 'b' ? request(line, both)
              : how == 'a' ? request(line, both | GPIO_V2_LINE_FLAG_ACTIVE_LOW)
              : how == 'r' ? request(line, GPIO_V2_LINE_FLAG_EDGE_RISING)
              : how == 'f' ? request(line, GPIO_V2_LINE_FLAG_EDGE_FALLING)
                           : request(line, 0);

    if (ret) {
        ck_assert_int_eq(ret, -EBUSY);
        say("EBUSY ");
    } else {
        gpiochip_request_watch(requests[line], event, NULL);
    }
}

static void read_events(unsigned line, bool v1)
{
    struct gpio_v2_line_event e[32];
    struct gpioevent_data old[32];
    size_t size = v1 ? sizeof(old[0]) : sizeof(e[0]);
    int n =
        gpiochip_request_read(requests[line], v1 ? (void *)old : e, 32 * size);

    if (n < 0) {
        ck_assert_int_eq(n, -EAGAIN);
        ck_assert(!gpiochip_request_readable(requests[line]));
        say("EAGAIN ");
        return;
    }
    for (size_t i = 0; i < (size_t)n / size; i++) {
        uint32_t id = v1 ? old[i].id : e[i].id;

        say("%c", id == GPIO_V2_LINE_EVENT_RISING_EDGE ? '/' : '\\');
        if (!v1) {
            say("%u", e[i].line_seqno);
            ck_assert_uint_eq(e[i].offset, line);
        }
    }
    say(" ");
}

static void say_level(unsigned line)
{
    struct gpio_v2_line_values v = {.mask = 1};

    ck_assert_int_eq(gpiochip_request_ioctl(requests[line],
                                            GPIO_V2_LINE_GET_VALUES_IOCTL, &v),
                     0);
    say("%d ", (int)v.bits);
}

static void step(const char *what, bool v1, uint64_t now_ns)
{
    unsigned line = (unsigned)(what[1] - '0');

    switch (what[0]) {
    case '+':
    case '-':
        gpiochip_changed(chip, line, what[0] == '+', now_ns);
        break;
    case 'c':
        gpiochip_request_free(requests[line]);
        requests[line] = NULL;
        break;
    case 'g':
        say_level(line);
        break;
    case 'e':
        read_events(line, v1);
        break;
    default:
        ask(what[0], line);
    }
}

START_TEST(a_row)
{
    const struct row *row = &rows[_i];
    uint64_t now_ns = 1;

    chip = gpiochip_new("gpiochip0", "unit", row->hold);
    gpiochip_add_line(chip, "a", false);
    gpiochip_add_line(chip, "b", false);
    for (const char *at = row->script; *at; at += at[2] ? 3 : 2) {
        step(at, row->script[0] == 'v', now_ns++);
    }
    if (*said) {
        said[strlen(said) - 1] = 0;
    }
    ck_assert_msg(!strcmp(said, row->expected), "%s: %s: %s", row->name, said,
                  row->expected);
    for (unsigned i = 0; i < 2; i++) {
        if (requests[i]) {
            gpiochip_request_free(requests[i]);
        }
    }
    gpiochip_free(chip);
}
END_TEST

/* A program for 32-bit x86 has events of 12 bytes in version 1. */
START_TEST(a_short_event)
{
    struct gpioevent_request r = {.eventflags = GPIOEVENT_REQUEST_RISING_EDGE};
    uint8_t bytes[32];

    chip = gpiochip_new("gpiochip0", "unit", false);
    gpiochip_add_line(chip, "a", false);
    ck_assert_int_eq(gpiochip_request_new(chip, GPIO_GET_LINEEVENT_IOCTL, &r,
                                          true, &requests[0]),
                     0);
    gpiochip_changed(chip, 0, true, 5);
    ck_assert_int_eq(gpiochip_request_read(requests[0], bytes, 11), -EINVAL);
    ck_assert_int_eq(gpiochip_request_read(requests[0], bytes, 12), 12);
    gpiochip_request_free(requests[0]);
    gpiochip_free(chip);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gpiochip");
    TCase *tc = tcase_create("chip");

    tcase_add_loop_test(tc, a_row, 0, ROWS);
    tcase_add_test(tc, a_short_event);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
