/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes, in both forms: meson.build makes one program of each. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/wake.h"
#include "unit.h"

/* A time that no test waits for, and that 32 bits of seconds do not hold. */
#define FAR_NS  3600000000000000000ull
#define NEAR_NS 2000000ull

static bool is_readable(const struct i2cpt_wake *wake)
{
    struct pollfd p = {.fd = i2cpt_wake_fd(wake), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* It has to be some time. */
static void wait_readable(const struct i2cpt_wake *wake)
{
    struct pollfd p = {.fd = i2cpt_wake_fd(wake), .events = POLLIN};

    ck_assert_int_eq(poll(&p, 1, -1), 1);
}

static struct i2cpt_wake *make(void)
{
    struct i2cpt_wake *wake = i2cpt_wake_new();

    ck_assert_ptr_nonnull(wake);
    ck_assert(!is_readable(wake));
    return wake;
}

/* s signal, c clear; p, f, o a time that has passed, is far, none. The other
 * wake, which the first looks at, has capitals. What is said after each is
 * whether the first is readable. */
static const struct {
    const char *name, *steps, *readable;
} rows[] = {
    {"signal, clear", "scsc", "1010"},
    {"signals are not counted", "ssssc", "11110"},
    {"clear without a signal", "csc", "010"},
    {"a time that has passed", "po", "10"},
    {"a far time takes the place of one that has passed", "pf", "10"},
    {"both, either end first", "spcopsoc", "11101110"},
    {"a far time is not yet", "fo", "00"},
    {"the other's signal", "SC", "10"},
    {"the other's time", "PFO", "100"},
    {"one's own clear is not the other's", "SscC", "1110"},
    {"the other's clear is not one's own", "sSCc", "1110"},
    {"all of it", "sSpPcCoO", "11111110"},
};

static void step(struct i2cpt_wake *wake, char what)
{
    uint64_t now = i2cpt_now_ns();

    switch (what) {
    case 's':
        i2cpt_wake_signal(wake);
        break;
    case 'c':
        i2cpt_wake_clear(wake);
        break;
    default:
        i2cpt_wake_at(wake, what == 'p'   ? now
                            : what == 'f' ? now + FAR_NS
                                          : UINT64_MAX);
        break;
    }
}

START_TEST(states)
{
    struct i2cpt_wake *wake = make(), *other = make();
    const char *at;
    size_t i;

    ck_assert_int_eq(i2cpt_wake_look_at(wake, other), 0);
    for (i = 0; rows[_i].steps[i]; i++) {
        at = rows[_i].steps + i;
        step(g_ascii_isupper(*at) ? other : wake, g_ascii_tolower(*at));
        ck_assert_msg(is_readable(wake) == (rows[_i].readable[i] == '1'),
                      "%s: step %zu", rows[_i].name, i + 1);
    }
    i2cpt_wake_free(wake, 0);
    i2cpt_wake_free(other, 0);
}
END_TEST

START_TEST(time_comes)
{
    struct i2cpt_wake *wake = make(), *looker = make();
    uint64_t when = i2cpt_now_ns() + NEAR_NS;

    ck_assert_int_eq(i2cpt_wake_look_at(looker, wake), 0);
    i2cpt_wake_at(wake, when);
    wait_readable(looker);
    ck_assert_uint_ge(i2cpt_now_ns(), when);
    ck_assert(is_readable(wake));
    i2cpt_wake_at(wake, UINT64_MAX);
    ck_assert(!is_readable(wake) && !is_readable(looker));
    i2cpt_wake_free(looker, 0);
    i2cpt_wake_free(wake, 0);
}
END_TEST

/* One that has been there already is seen too; who has gone is not told. */
START_TEST(lookers_come_and_go)
{
    struct i2cpt_wake *wake = make(), *first = make(), *second = make(),
                      *third = make();

    i2cpt_wake_signal(wake);
    i2cpt_wake_look_at(first, wake);
    i2cpt_wake_look_at(second, wake);
    i2cpt_wake_look_at(third, wake);
    ck_assert(is_readable(first) && is_readable(second) && is_readable(third));
    i2cpt_wake_free(second, 0);
    i2cpt_wake_clear(wake);
    ck_assert(!is_readable(first) && !is_readable(third));
    i2cpt_wake_free(first, 0);
    i2cpt_wake_signal(wake);
    ck_assert(is_readable(third));
    i2cpt_wake_free(third, 0);
    i2cpt_wake_clear(wake);
    i2cpt_wake_signal(wake);
    i2cpt_wake_free(wake, 0);
}
END_TEST

static void *signals(void *arg)
{
    i2cpt_wake_signal(arg);
    return NULL;
}

static void *ticks(void *arg)
{
    int i;

    for (i = 0; i < 2000; i++) {
        i2cpt_wake_signal(arg);
        i2cpt_wake_at(arg, i2cpt_now_ns() + 1000);
        i2cpt_wake_clear(arg);
        i2cpt_wake_at(arg, UINT64_MAX);
    }
    return NULL;
}

START_TEST(wait_for_signal)
{
    struct i2cpt_wake *wake = make();
    pthread_t thread;

    i2cpt_wake_wait(wake, 0); /* comes back, with none */
    i2cpt_wake_at(wake, i2cpt_now_ns());
    i2cpt_wake_wait(wake, 1); /* a time is no signal, and no hindrance */
    ck_assert_int_eq(pthread_create(&thread, NULL, signals, wake), 0);
    i2cpt_wake_wait(wake, 3600 * 1000);
    pthread_join(thread, NULL);
    i2cpt_wake_free(wake, 0);
}
END_TEST

/* Two threads at one that a third wake looks at: in the end nothing is up. */
START_TEST(threads)
{
    struct i2cpt_wake *wake = make(), *looker = make();
    pthread_t thread[2];
    int i;

    i2cpt_wake_look_at(looker, wake);
    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ticks, wake), 0);
    }
    for (i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
    }
    ck_assert(!is_readable(wake) && !is_readable(looker));
    i2cpt_wake_signal(wake);
    ck_assert(is_readable(looker));
    i2cpt_wake_free(looker, 0);
    i2cpt_wake_free(wake, 0);
}
END_TEST

/* The child has no thread of it to wait for. */
START_TEST(after_fork)
{
    struct i2cpt_wake *wake = make();
    int status;
    pid_t pid;

    i2cpt_wake_at(wake, i2cpt_now_ns() + FAR_NS);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) {
        i2cpt_wake_free(wake, 1);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    i2cpt_wake_signal(wake);
    ck_assert(is_readable(wake));
    i2cpt_wake_free(wake, 0);
}
END_TEST

START_TEST(nobody)
{
    i2cpt_wake_signal(NULL);
    i2cpt_wake_clear(NULL);
    i2cpt_wake_at(NULL, 0);
    i2cpt_wake_free(NULL, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wake");
    TCase *c = tcase_create("wake");

    tcase_set_timeout(c, 100);
    tcase_add_loop_test(c, states, 0, G_N_ELEMENTS(rows));
    tcase_add_test(c, time_comes);
    tcase_add_test(c, lookers_come_and_go);
    tcase_add_test(c, wait_for_signal);
    tcase_add_test(c, threads);
    tcase_add_test(c, after_fork);
    tcase_add_test(c, nobody);
    suite_add_tcase(s, c);
    return unit_run(s);
}
