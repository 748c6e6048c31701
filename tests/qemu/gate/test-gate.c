/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is let into a controller and when, whoever gets the big lock: CPUs that
 * have it before anybody else whenever they want it, and orders drawn at
 * random. controller-gate.c itself is compiled in.
 */
#include "fake-lock.h"
#include "unit.h"

#include "targets/controller-gate.h"

enum { CPUS = 3, SETTLER = CPUS, ACCESSES = 20 };

static Object controller;
static MemoryRegion region;
static I2CGate *gate;
static bool inside, begun, settled;
static unsigned done, overtaken, settled_after;

/* The controller: its bus is slow, and nobody else may come in meanwhile. */
static void write_register(void *opaque, hwaddr addr, uint64_t data,
                           unsigned size)
{
    ck_assert_msg(!inside, "two accesses at once");
    inside = true;
    overtaken += begun && !settled;
    if (i2c_gate_leave(gate)) {
        fake_yield();
        i2c_gate_return(gate);
    }
    inside = false;
    done++;
}

static const MemoryRegionOps ops = {.write = write_register};

static MemTxResult write_as(bool own)
{
    MemTxAttrs attrs = {.requester_id = !own};
    MemTxResult result;

    bql_lock();
    result = region.ops->write_with_attrs(region.opaque, 0, 0, 4, attrs);
    bql_unlock();
    return result;
}

static void cpu(void *opaque)
{
    int i;

    for (i = 0; i < ACCESSES; i++) {
        ck_assert_uint_eq(write_as(true), MEMTX_OK);
    }
}

/* As a reset or an end does, in the middle of somebody's transfer. */
static void settler(void *opaque)
{
    while (!i2c_gate_is_left(gate) && done < CPUS * ACCESSES) {
        fake_yield();
    }
    bql_lock();
    begun = i2c_gate_is_left(gate);
    i2c_gate_settle(gate);
    ck_assert(!i2c_gate_is_left(gate));
    settled = true;
    settled_after = done;
    bql_unlock();
}

static void begin(void)
{
    region = (MemoryRegion){.ops = &ops, .terminates = true};
    controller = (Object){.region = &region};
    gate = i2c_gate_get(&controller);
    ck_assert_ptr_nonnull(gate);
}

/* Between its settling and its end a CPU is before it whenever one can be. */
static unsigned cpus_first(unsigned able, void *opaque)
{
    if (able & 1u << SETTLER && !begun && i2c_gate_is_left(gate)) {
        return SETTLER;
    }
    return (unsigned)__builtin_ctz(able);
}

START_TEST(who_settles_goes_before_the_next_access)
{
    int i;

    for (i = 0; i < CPUS; i++) {
        fake_actor(true, cpu, NULL);
    }
    fake_actor(false, settler, NULL);
    ck_assert_msg(fake_run(cpus_first, NULL), "all wait for each other");
    ck_assert(begun && settled);
    ck_assert_uint_eq(overtaken, 0);
    ck_assert_uint_eq(settled_after, 1);
    ck_assert_uint_eq(done, CPUS * ACCESSES);
}
END_TEST

static unsigned at_random(unsigned able, void *opaque)
{
    unsigned n =
        (unsigned)g_rand_int_range(opaque, 0, __builtin_popcount(able));

    while (n--) {
        able &= able - 1;
    }
    return (unsigned)__builtin_ctz(able);
}

START_TEST(in_any_order)
{
    unsigned seed;
    int i;

    for (seed = 0; seed < 100; seed++) {
        g_autoptr(GRand) rng = g_rand_new_with_seed(seed);

        begun = settled = false;
        done = overtaken = 0;
        for (i = 0; i < CPUS; i++) {
            fake_actor(true, cpu, NULL);
        }
        fake_actor(false, settler, NULL);
        ck_assert_msg(fake_run(at_random, rng),
                      "seed %u: all wait for each other", seed);
        ck_assert_msg(!overtaken && done == CPUS * ACCESSES,
                      "seed %u: %u of %u accesses, %u before who settles", seed,
                      done, CPUS * ACCESSES, overtaken);
    }
}
END_TEST

static MemTxResult refused;

static void debugger(void *opaque)
{
    while (!i2c_gate_is_left(gate)) {
        fake_yield();
    }
    refused = write_as(*(bool *)opaque);
}

static unsigned others_first(unsigned able, void *opaque)
{
    return able & 2 && i2c_gate_is_left(gate) ? 1
                                              : (unsigned)__builtin_ctz(able);
}

/* What is no CPU's own access does not wait for one that is away. */
START_TEST(others_are_refused)
{
    bool own = _i;

    fake_actor(true, cpu, NULL);
    fake_actor(!own, debugger, &own); /* no CPU; a CPU that is not its own */
    ck_assert(fake_run(others_first, NULL));
    ck_assert_uint_eq(refused, MEMTX_ACCESS_ERROR);
    ck_assert_uint_eq(done, ACCESSES);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("gate");
    TCase *c = tcase_create("gate");

    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, begin, NULL);
    tcase_add_test(c, who_settles_goes_before_the_next_access);
    tcase_add_test(c, in_any_order);
    tcase_add_loop_test(c, others_are_refused, 0, 2);
    suite_add_tcase(s, c);
    return unit_run(s);
}
