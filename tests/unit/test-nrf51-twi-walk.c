/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nRF51 TWI engine under random guests and targets: what always holds. */
#include "controllers/nrf51-twi-engine.h"

#include "unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The target of the walks keeps its own view of the conversation and checks
 * each call against it.
 */
/* Check's own assertions note each call, which is slow in so many steps. */
#define must(condition)                     \
    do {                                    \
        if (!(condition)) {                 \
            ck_abort_msg("%s", #condition); \
        }                                   \
    } while (0)

struct walker {
    Nrf51TwiEngine engine;
    bool open;
    bool reading;
    bool pending;
    bool recv_pending;
    bool nacked;
    bool armed;
    bool irq;
    uint8_t next_byte;
    unsigned int sends; /* data bytes that went out */
    unsigned int recvs;
    unsigned int stops;
    unsigned int starts;
};

static struct walker walker;

static void walk_call(void)
{
    must(!walker.pending); /* one operation at a time */
    must(walker.armed);    /* always timed */
    walker.pending = true;
    walker.recv_pending = false;
    if (rand() % 4 == 0) {
        walker.pending = false;
        nrf51_twi_engine_answer(&walker.engine, NRF51_TWI_ACK,
                                walker.next_byte);
    }
}

static void walk_start(void *opaque, uint8_t address, bool is_read)
{
    must(address < 0x80);
    walker.open = true;
    walker.reading = is_read;
    walker.nacked = false;
    walker.starts++;
    walk_call();
}

static void walk_send(void *opaque, uint8_t byte)
{
    must(walker.open && !walker.reading && !walker.nacked);
    walker.sends++;
    walk_call();
}

static void walk_recv(void *opaque)
{
    must(walker.open && walker.reading && !walker.nacked);
    walker.recvs++;
    walk_call();
    walker.recv_pending = walker.pending;
}

static void walk_stop(void *opaque)
{
    must(walker.open);
    walker.open = false;
    walker.stops++;
    walk_call();
}

static void walk_cancel(void *opaque)
{
    walker.open = false;
    walker.pending = false;
    walker.armed = false;
}

static void walk_arm(void *opaque, int64_t wire_ns)
{
    must(!walker.pending);
    must(wire_ns > 0);
    walker.armed = true;
}

static void walk_irq(void *opaque, bool level)
{
    must(level != walker.irq);
    walker.irq = level;
}

static const Nrf51TwiOps walk_ops = {
    .start = walk_start,
    .send = walk_send,
    .recv = walk_recv,
    .stop = walk_stop,
    .cancel = walk_cancel,
    .arm = walk_arm,
    .irq = walk_irq,
};

static void walk_answer(bool may_nack)
{
    Nrf51TwiAnswer answer = NRF51_TWI_ACK;

    if (!walker.pending) {
        return;
    }
    if (may_nack && rand() % 16 == 0) {
        answer = rand() % 2 ? NRF51_TWI_NACK_ADDRESS : NRF51_TWI_NACK_DATA;
        walker.nacked = true;
    }
    walker.pending = false;
    nrf51_twi_engine_answer(&walker.engine, answer, walker.next_byte++);
}

static void walk_elapse(void)
{
    if (walker.armed) {
        walker.armed = false;
        nrf51_twi_engine_elapsed(&walker.engine);
    }
}

static void walk_guest(void)
{
    static const uint32_t offsets[] = {
        NRF51_TWI_STARTRX,  NRF51_TWI_STARTTX,  NRF51_TWI_STOP,
        NRF51_TWI_SUSPEND,  NRF51_TWI_RESUME,   NRF51_TWI_RESUME,
        NRF51_TWI_SHORTS,   NRF51_TWI_INTENSET, NRF51_TWI_INTENCLR,
        NRF51_TWI_TXD,      NRF51_TWI_TXD,      NRF51_TWI_RXDREADY,
        NRF51_TWI_STOPPED,  NRF51_TWI_TXDSENT,  NRF51_TWI_ERROR,
        NRF51_TWI_ERRORSRC, NRF51_TWI_ADDRESS,
    };
    uint32_t offset = offsets[(unsigned int)rand() % N(offsets)];
    uint32_t value = (uint32_t)rand();

    if (offset < NRF51_TWI_EVENTS) {
        value = 1;
    } else if (offset < NRF51_TWI_SHORTS) {
        value = 0;
    }
    switch (rand() % 256) {
    case 0:
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_POWER, 0);
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_POWER, 1);
        break;
    case 1:
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_ENABLE, 0);
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_PSELSCL, 3);
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_PSELSDA, 4);
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_ENABLE, 5);
        break;
    case 6:
        nrf51_twi_engine_write(&walker.engine, NRF51_TWI_PSELSDA, 0xffffffff);
        break;
    default:
        if (rand() % 3 == 0) {
            nrf51_twi_engine_read(&walker.engine, NRF51_TWI_RXD);
        } else {
            nrf51_twi_engine_write(&walker.engine, offset, value);
        }
        break;
    }
}

static void walk_check(void)
{
    const Nrf51TwiEngine *engine = &walker.engine;

    must(walker.irq == ((engine->events & engine->inten) != 0));
    must(!(engine->events & ~(uint32_t)NRF51_TWI_INT_ALL));
    must(engine->target_busy == walker.pending);
    must(!engine->wire_busy || walker.armed);
    if (engine->suspend_pending) { /* START and STOP find none */
        must(engine->state == NRF51_TWI_STATE_ADDRESS ||
             engine->state == NRF51_TWI_STATE_TX_BYTE ||
             engine->state == NRF51_TWI_STATE_RX_BYTE ||
             engine->state == NRF51_TWI_STATE_RX_GAP);
        must(engine->wire_busy || engine->target_busy);
    }
    if (engine->enable != NRF51_TWI_ENABLED) {
        must(engine->state == NRF51_TWI_STATE_IDLE);
        must(!walker.open && !walker.pending);
    }
    if (engine->state == NRF51_TWI_STATE_IDLE) {
        must(!walker.open && !walker.pending);
    }
}

/* From anywhere: what a driver does to end a transfer gets to STOPPED. */
static void walk_to_idle(void)
{
    Nrf51TwiEngine *engine = &walker.engine;

    if (engine->enable != NRF51_TWI_ENABLED) {
        return;
    }
    nrf51_twi_engine_write(engine, NRF51_TWI_SHORTS, 0);
    nrf51_twi_engine_write(engine, NRF51_TWI_STOPPED, 0);
    for (int i = 0; i < 32; i++) {
        if (engine->state != NRF51_TWI_STATE_STOPPING) {
            nrf51_twi_engine_write(engine, NRF51_TWI_STOP, 1);
        }
        walk_elapse();
        walk_answer(false);
        nrf51_twi_engine_read(engine, NRF51_TWI_RXD);
        nrf51_twi_engine_write(engine, NRF51_TWI_RESUME, 1);
        walk_check();
        if (engine->state == NRF51_TWI_STATE_IDLE) {
            break;
        }
    }
    must(engine->state == NRF51_TWI_STATE_IDLE);
    must(nrf51_twi_engine_read(engine, NRF51_TWI_STOPPED) == 1);
}

START_TEST(test_random_walk)
{
    srand((unsigned int)_i + 1);
    memset(&walker, 0, sizeof(walker));
    nrf51_twi_engine_init(&walker.engine, &walk_ops, NULL);
    for (int i = 0; i < 60000; i++) {
        switch (rand() % 4) {
        case 0:
            walk_answer(true);
            break;
        case 1:
            walk_elapse();
            break;
        default:
            walk_guest();
            break;
        }
        walk_check();
        if (i % 500 == 499) {
            walk_to_idle();
        }
    }
    ck_assert_uint_gt(walker.starts, 100);
    ck_assert_uint_gt(walker.sends, 100);
    ck_assert_uint_gt(walker.recvs, 100);
    ck_assert_uint_gt(walker.stops, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nrf51-twi-walk");
    TCase *walk = tcase_create("walk");

    tcase_add_loop_test(walk, test_random_walk, 0, 20);
    suite_add_tcase(suite, walk);
    return unit_run(suite);
}
