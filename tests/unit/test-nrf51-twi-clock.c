/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The nRF51 TWI's time: what drivers rely on holds wherever the virtual CPU is
 * taken off its core. Each sequence of a driver is run once undisturbed, and
 * once for each of its instructions k with everything that is due completed
 * before k, as if the host had slept there for seconds.
 */
#include "controllers/nrf51-twi-clock.h"
#include "controllers/nrf51-twi-engine.h"

#include "unit.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_INSTRUCTION  62
#define INSTRUCTIONS_PER_OP 4
#define STALL_NS            INT64_C(10000000000)
#define POLL_WAIT_NS        50000
#define POLLS_MAX           10000

struct machine {
    Nrf51TwiEngine engine;
    Nrf51TwiClock clock;
    Nrf51TwiNow now;
    char log[256]; /* what the target was asked for, and what the guest saw */
};

static struct machine machine;

static void note(const char *what)
{
    size_t used = strlen(machine.log);

    snprintf(machine.log + used, sizeof(machine.log) - used, "%s%s",
             used ? " " : "", what);
}

static void machine_start(void *opaque, uint8_t address, bool is_read)
{
    note(is_read ? "Sr" : "Sw");
    nrf51_twi_engine_answer(&machine.engine, NRF51_TWI_ACK, 0);
}

static void machine_send(void *opaque, uint8_t byte)
{
    note("T");
    nrf51_twi_engine_answer(&machine.engine, NRF51_TWI_ACK, 0);
}

static void machine_recv(void *opaque)
{
    note("R");
    nrf51_twi_engine_answer(&machine.engine, NRF51_TWI_ACK, 0x5a);
}

static void machine_stop(void *opaque)
{
    note("P");
    nrf51_twi_engine_answer(&machine.engine, NRF51_TWI_ACK, 0);
}

static void machine_cancel(void *opaque)
{
    nrf51_twi_clock_disarm(&machine.clock);
}

static void machine_arm(void *opaque, int64_t wire_ns)
{
    nrf51_twi_clock_arm(&machine.clock, &machine.now, wire_ns);
}

static void machine_irq(void *opaque, bool level)
{
}

static const Nrf51TwiOps machine_ops = {
    .start = machine_start,
    .send = machine_send,
    .recv = machine_recv,
    .stop = machine_stop,
    .cancel = machine_cancel,
    .arm = machine_arm,
    .irq = machine_irq,
};

/* What the timer of a main loop does that is never late. */
static void complete_what_is_due(void)
{
    while (machine.clock.armed &&
           nrf51_twi_clock_left_ns(&machine.clock, &machine.now) <= 0) {
        nrf51_twi_clock_disarm(&machine.clock);
        nrf51_twi_engine_elapsed(&machine.engine);
    }
}

/* The guest works on for the time of an operation. */
static void work(void)
{
    int64_t ns = INSTRUCTIONS_PER_OP * NS_PER_INSTRUCTION;

    machine.now.virtual_ns += ns;
    machine.now.work += machine.clock.kind == NRF51_TWI_WORK_CPU_TIME
                            ? (uint64_t)ns
                            : INSTRUCTIONS_PER_OP;
    complete_what_is_due();
}

static void machine_setup(Nrf51TwiWork kind)
{
    memset(&machine, 0, sizeof(machine));
    machine.clock.kind = kind;
    nrf51_twi_engine_init(&machine.engine, &machine_ops, &machine);
    nrf51_twi_engine_write(&machine.engine, NRF51_TWI_PSELSCL, 0);
    nrf51_twi_engine_write(&machine.engine, NRF51_TWI_PSELSDA, 30);
    nrf51_twi_engine_write(&machine.engine, NRF51_TWI_FREQUENCY, 0x01980000);
    nrf51_twi_engine_write(&machine.engine, NRF51_TWI_ADDRESS, 0x48);
    nrf51_twi_engine_write(&machine.engine, NRF51_TWI_ENABLE,
                           NRF51_TWI_ENABLED);
}

/* ------------------------------------------------- what drivers rely on */

enum op_kind { OP_END, OP_WRITE, OP_READ, OP_POLL };

struct op {
    enum op_kind kind;
    uint32_t offset;
    uint32_t value;
};

/* clang-format off */
#define WRITE(reg, value) { OP_WRITE, NRF51_TWI_##reg, value }
#define TASK(reg)         { OP_WRITE, NRF51_TWI_##reg, 1 }
#define TAKE              { OP_READ, NRF51_TWI_RXD, 0 }
#define POLL(reg)         { OP_POLL, NRF51_TWI_##reg, 0 }

static const struct {
    const char *name;
    const char *log;
    struct op ops[24];
} drivers[] = {
    { "RESUME, then STOP",
      "Sr R P",
      { WRITE(SHORTS, 1), TASK(STARTRX), POLL(RXDREADY), TAKE, TASK(RESUME),
        TASK(STOP), POLL(STOPPED) } },
    { "RESUME with RXD unread, an event cleared, then STOP",
      "Sr R P",
      { WRITE(SHORTS, 1), TASK(STARTRX), POLL(SUSPENDED), TASK(RESUME),
        WRITE(SUSPENDED, 0), TASK(STOP), TAKE, POLL(STOPPED) } },
    { "SHORTS written after STARTRX",
      "Sr R P",
      { TASK(STARTRX), WRITE(SHORTS, 2), POLL(RXDREADY), TAKE,
        POLL(STOPPED) } },
    { "SHORTS switched after RESUME",
      "Sr R R P",
      { WRITE(SHORTS, 1), TASK(STARTRX), POLL(RXDREADY), TAKE,
        WRITE(RXDREADY, 0), TASK(RESUME), WRITE(SHORTS, 2), POLL(RXDREADY),
        TAKE, POLL(STOPPED) } },
    { "RESUME, then START",
      "Sr R Sw T P",
      { WRITE(SHORTS, 1), TASK(STARTRX), POLL(RXDREADY), TAKE, TASK(RESUME),
        WRITE(SHORTS, 0), TASK(STARTTX), WRITE(TXD, 1), POLL(TXDSENT),
        TASK(STOP), POLL(STOPPED) } },
    { "START after the last RXD was read",
      "Sr R Sw T P",
      { TASK(STARTRX), POLL(RXDREADY), TAKE, TASK(STARTTX), WRITE(TXD, 1),
        POLL(TXDSENT), TASK(STOP), POLL(STOPPED) } },
    { "STOP after the last RXD was read",
      "Sr R P",
      { TASK(STARTRX), POLL(RXDREADY), TAKE, TASK(STOP), POLL(STOPPED) } },
    { "BB_STOP while writing, written after the byte",
      "Sw T P",
      { TASK(STARTTX), WRITE(TXD, 1), WRITE(SHORTS, 2), POLL(STOPPED) } },
    { "BB_STOP while writing, RXDREADY and TXDSENT looked at first",
      "Sw T P",
      { TASK(STARTTX), WRITE(TXD, 1), { OP_READ, NRF51_TWI_RXDREADY, 0 },
        { OP_READ, NRF51_TWI_TXDSENT, 0 }, WRITE(SHORTS, 2),
        POLL(STOPPED) } },
};
/* clang-format on */

static void look(uint32_t offset)
{
    bool event = offset >= NRF51_TWI_EVENTS && offset < NRF51_TWI_SHORTS;

    if (event &&
        nrf51_twi_clock_look(&machine.clock, (offset - NRF51_TWI_EVENTS) / 4)) {
        machine.now.virtual_ns += POLL_WAIT_NS;
        nrf51_twi_clock_waited(&machine.clock, POLL_WAIT_NS);
    }
    complete_what_is_due();
}

static void poll_event(uint32_t offset)
{
    for (unsigned int i = 0; i < POLLS_MAX; i++) {
        look(offset);
        if (nrf51_twi_engine_read(&machine.engine, offset)) {
            return;
        }
        work();
    }
    note("hangs");
}

/* With a stall before operation `stall`; -1: none. */
static void drive(Nrf51TwiWork kind, const struct op *op, int stall)
{
    machine_setup(kind);
    for (int k = 0; op->kind != OP_END; op++, k++) {
        if (k == stall) {
            machine.now.virtual_ns += STALL_NS;
            complete_what_is_due();
        }
        if (op->kind == OP_WRITE) {
            nrf51_twi_engine_write(&machine.engine, op->offset, op->value);
        } else if (op->kind == OP_READ) {
            look(op->offset);
            nrf51_twi_engine_read(&machine.engine, op->offset);
        } else {
            poll_event(op->offset);
        }
        work();
    }
}

static int ops_of(const struct op *op)
{
    int n = 0;

    while (op[n].kind != OP_END) {
        n++;
    }
    return n;
}

static const Nrf51TwiWork kinds[] = {NRF51_TWI_WORK_INSTRUCTIONS,
                                     NRF51_TWI_WORK_CPU_TIME};

START_TEST(test_driver)
{
    const struct op *ops = drivers[_i].ops;

    for (size_t kind = 0; kind < N(kinds); kind++) {
        for (int k = -1; k < ops_of(ops); k++) {
            drive(kinds[kind], ops, k);
            ck_assert_msg(!strcmp(machine.log, drivers[_i].log),
                          "%s, work %zu, stalled before %d: %s",
                          drivers[_i].name, kind, k, machine.log);
        }
    }
}
END_TEST

/* The hook bites: by the virtual clock alone each of them goes wrong. */
START_TEST(test_virtual_clock_alone)
{
    const struct op *ops = drivers[_i].ops;
    int wrong = 0;

    for (int k = 0; k < ops_of(ops); k++) {
        drive(NRF51_TWI_WORK_NONE, ops, k);
        wrong += strcmp(machine.log, drivers[_i].log) != 0;
    }
    ck_assert_msg(wrong > 0, "%s", drivers[_i].name);
}
END_TEST

/* ------------------------------------------------- the clock by itself */

static const struct {
    const char *name;
    Nrf51TwiWork kind;
    int64_t wire_ns;
    Nrf51TwiNow now; /* from 0 */
    int64_t left_ns;
} times[] = {
    {"icount: the virtual clock alone",
     NRF51_TWI_WORK_NONE,
     90000,
     {90000, 0, false},
     0},
    {"not before the virtual clock",
     NRF51_TWI_WORK_INSTRUCTIONS,
     90000,
     {80000, 1000000, false},
     10000},
    {"not before the work",
     NRF51_TWI_WORK_INSTRUCTIONS,
     90000,
     {90000, 1440 - 16, false},
     1000},
    {"both", NRF51_TWI_WORK_INSTRUCTIONS, 90000, {90000, 1440, false}, 0},
    {"the least work",
     NRF51_TWI_WORK_INSTRUCTIONS,
     10000,
     {10000, 1024 - 160, false},
     10000},
    {"a guest that sleeps",
     NRF51_TWI_WORK_INSTRUCTIONS,
     90000,
     {90000, 0, true},
     0},
    {"a guest that sleeps, too early",
     NRF51_TWI_WORK_INSTRUCTIONS,
     90000,
     {89000, 0, true},
     1000},
    {"processor time",
     NRF51_TWI_WORK_CPU_TIME,
     90000,
     {90000, 1500000, false},
     500000},
    {"processor time, sleeping",
     NRF51_TWI_WORK_CPU_TIME,
     90000,
     {90000, 0, true},
     0},
};

START_TEST(test_left)
{
    Nrf51TwiClock clock = {.kind = times[_i].kind};
    Nrf51TwiNow start = {0, 0, false};

    nrf51_twi_clock_arm(&clock, &start, times[_i].wire_ns);
    ck_assert_msg(nrf51_twi_clock_left_ns(&clock, &times[_i].now) ==
                      times[_i].left_ns,
                  "%s", times[_i].name);
}
END_TEST

START_TEST(test_polling)
{
    Nrf51TwiClock clock = {.kind = NRF51_TWI_WORK_INSTRUCTIONS};
    Nrf51TwiNow now = {0, 0, false};

    nrf51_twi_clock_arm(&clock, &now, 90000);
    ck_assert(!nrf51_twi_clock_look(&clock, 2)); /* a look is no polling */
    ck_assert(!nrf51_twi_clock_look(&clock, 1));
    ck_assert(nrf51_twi_clock_look(&clock, 2));
    nrf51_twi_clock_waited(&clock, 50000);
    now.virtual_ns = 90000;
    ck_assert_int_eq(nrf51_twi_clock_left_ns(&clock, &now), 40000);
    nrf51_twi_clock_waited(&clock, 50000);
    ck_assert_int_eq(nrf51_twi_clock_left_ns(&clock, &now), 0);
    nrf51_twi_clock_arm(&clock, &now, 90000);
    ck_assert(!nrf51_twi_clock_look(&clock, 2));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nrf51-twi-clock");
    TCase *table = tcase_create("drivers");
    TCase *clock = tcase_create("clock");

    tcase_add_loop_test(table, test_driver, 0, N(drivers));
    tcase_add_loop_test(table, test_virtual_clock_alone, 0, N(drivers));
    suite_add_tcase(suite, table);
    tcase_add_loop_test(clock, test_left, 0, N(times));
    tcase_add_test(clock, test_polling);
    suite_add_tcase(suite, clock);
    return unit_run(suite);
}
