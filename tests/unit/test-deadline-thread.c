/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/deadline-thread.c, by a clock that stands until the test moves
 * it. */
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "core/deadline-thread.h"
#include "callers.h"
#include "unit.h"

#define HOUR_NS  UINT64_C(3600000000000)
#define NEVER_NS UINT64_MAX

static struct i2cpt_timer *timer;
static _Atomic uint64_t clock_ns, again_ns;
static atomic_uint looks, fires;
static atomic_int tid;
static atomic_bool gated; /* the next look waits for `go` */
static sem_t looked, go, fired;

static uint64_t look(void *user)
{
    uint64_t now_ns = clock_ns;
    bool wait = atomic_exchange(&gated, false);

    ck_assert_ptr_eq(user, &timer);
    tid = gettid();
    looks++;
    sem_post(&looked);
    if (wait) {
        sem_wait(&go);
    }
    return now_ns;
}

static void fire(void *user)
{
    uint64_t again = atomic_exchange(&again_ns, NEVER_NS);

    ck_assert_ptr_eq(user, &timer);
    fires++;
    if (again != NEVER_NS) {
        i2cpt_timer_set(timer, again);
    }
    sem_post(&fired);
}

static void setup(void)
{
    clock_ns = HOUR_NS;
    again_ns = NEVER_NS;
    sem_init(&looked, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&fired, 0, 0);
    timer = i2cpt_timer_new(fire, look, &timer);
}

static void teardown(void)
{
    i2cpt_timer_free(timer, false);
}

/* Until it has nothing to do; one that polls never comes to that. */
static void settle(void)
{
    unsigned before;

    do {
        before = looks;
        wait_asleep(tid);
    } while (looks != before);
}

/* Once, and no more than that. */
static void check_fires(unsigned n)
{
    while (fires < n) {
        sem_wait(&fired);
    }
    settle();
    ck_assert_uint_eq(fires, n);
}

START_TEST(what_is_due_fires_once)
{
    static const uint64_t when_ns[] = {0, 1, HOUR_NS - 1, HOUR_NS};

    i2cpt_timer_set(timer, when_ns[_i]);
    check_fires(1);
    ck_assert_uint_eq(looks, 1);
    i2cpt_timer_set(timer, when_ns[_i]);
    check_fires(2);
}
END_TEST

/* Nor does it look until then; an earlier one takes its place. */
START_TEST(what_is_not_due_does_not)
{
    static const uint64_t when_ns[] = {2 * HOUR_NS, 3 * HOUR_NS,
                                       1000000 * HOUR_NS};

    i2cpt_timer_set(timer, when_ns[_i]);
    sem_wait(&looked);
    settle();
    ck_assert_uint_eq(fires, 0);
    ck_assert_uint_le(looks, 3);
    i2cpt_timer_set(timer, HOUR_NS);
    check_fires(1);
}
END_TEST

START_TEST(what_becomes_due_fires)
{
    gated = true;
    i2cpt_timer_set(timer, HOUR_NS + 1000);
    sem_wait(&looked);
    clock_ns += 1000;
    sem_post(&go);
    check_fires(1);
}
END_TEST

/* What was set while it looked at the clock is what counts. */
static const struct {
    uint64_t first_ns, then_ns;
    unsigned fires;
} changes[] = {
    {2 * HOUR_NS, HOUR_NS, 1}, {HOUR_NS, 2 * HOUR_NS, 0},
    {HOUR_NS, NEVER_NS, 0},    {2 * HOUR_NS, NEVER_NS, 0},
    {HOUR_NS, 1, 1},
};

START_TEST(changed_meanwhile)
{
    gated = true;
    i2cpt_timer_set(timer, changes[_i].first_ns);
    sem_wait(&looked);
    i2cpt_timer_set(timer, changes[_i].then_ns);
    sem_post(&go);
    check_fires(changes[_i].fires);
    i2cpt_timer_set(timer, 0);
    check_fires(changes[_i].fires + 1);
}
END_TEST

START_TEST(set_by_what_it_calls)
{
    again_ns = HOUR_NS;
    i2cpt_timer_set(timer, HOUR_NS);
    check_fires(2);
}
END_TEST

START_TEST(no_thread_for_nothing)
{
    i2cpt_timer_set(timer, NEVER_NS);
    ck_assert_uint_eq(looks, 0);
    i2cpt_timer_set(timer, NEVER_NS);
    ck_assert_uint_eq(looks, 0);
    ck_assert_int_eq(tid, 0);
}
END_TEST

/* teardown() is the test: it does not wait for the hour. */
START_TEST(freed_while_it_waits)
{
    i2cpt_timer_set(timer, 2 * HOUR_NS);
    sem_wait(&looked);
    if (_i) {
        settle();
    }
}
END_TEST

static atomic_int freer;

static void *free_main(void *arg)
{
    freer = gettid();
    teardown();
    return arg;
}

/* The same while it looks, whatever it sees. */
START_TEST(freed_while_it_looks)
{
    pthread_t thread;

    gated = true;
    i2cpt_timer_set(timer, _i ? HOUR_NS : 2 * HOUR_NS);
    sem_wait(&looked);
    ck_assert_int_eq(pthread_create(&thread, NULL, free_main, NULL), 0);
    while (!freer) {
        sched_yield();
    }
    wait_asleep(freer); /* in pthread_join() */
    sem_post(&go);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(fires, 0);
    timer = NULL;
}
END_TEST

int main(void)
{
    Suite *s = suite_create("deadline-thread");
    TCase *t = tcase_create("deadline-thread");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_loop_test(t, what_is_due_fires_once, 0, 4);
    tcase_add_loop_test(t, what_is_not_due_does_not, 0, 3);
    tcase_add_test(t, what_becomes_due_fires);
    tcase_add_loop_test(t, changed_meanwhile, 0, 5);
    tcase_add_test(t, set_by_what_it_calls);
    tcase_add_test(t, no_thread_for_nothing);
    tcase_add_loop_test(t, freed_while_it_waits, 0, 2);
    tcase_add_loop_test(t, freed_while_it_looks, 0, 2);
    suite_add_tcase(s, t);
    return unit_run(s);
}
