/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nRF51 TWI engine, transition by transition and register by register. */
#include "controllers/nrf51-twi-engine.h"

#include "unit.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* A target under the test's control that notes what it was asked for. */
struct bench {
    Nrf51TwiEngine engine;
    char log[256]; /* "S48w T10 S48r R R P X", X is cancel */
    int64_t armed_ns;
    bool irq;
    bool answer_at_once;
};

static struct bench bench;

static void note(const char *what)
{
    size_t used = strlen(bench.log);

    snprintf(bench.log + used, sizeof(bench.log) - used, "%s%s",
             used ? " " : "", what);
}

static void answer_if_at_once(uint8_t byte)
{
    if (bench.answer_at_once) {
        nrf51_twi_engine_answer(&bench.engine, NRF51_TWI_ACK, byte);
    }
}

static void bench_start(void *opaque, uint8_t address, bool is_read)
{
    char text[8];

    snprintf(text, sizeof(text), "S%02x%c", address, is_read ? 'r' : 'w');
    note(text);
    answer_if_at_once(0);
}

static void bench_send(void *opaque, uint8_t byte)
{
    char text[8];

    snprintf(text, sizeof(text), "T%02x", byte);
    note(text);
    answer_if_at_once(0);
}

static void bench_recv(void *opaque)
{
    note("R");
    answer_if_at_once(0x5a);
}

static void bench_stop(void *opaque)
{
    note("P");
    answer_if_at_once(0);
}

static void bench_cancel(void *opaque)
{
    note("X");
}

static void bench_arm(void *opaque, int64_t wire_ns)
{
    bench.armed_ns = wire_ns;
}

static void bench_irq(void *opaque, bool level)
{
    ck_assert(level != bench.irq);
    bench.irq = level;
}

static const Nrf51TwiOps bench_ops = {
    .start = bench_start,
    .send = bench_send,
    .recv = bench_recv,
    .stop = bench_stop,
    .cancel = bench_cancel,
    .arm = bench_arm,
    .irq = bench_irq,
};

static void write_reg(uint32_t offset, uint32_t value)
{
    nrf51_twi_engine_write(&bench.engine, offset, value);
}

static uint32_t read_reg(uint32_t offset)
{
    return nrf51_twi_engine_read(&bench.engine, offset);
}

static void bench_setup(void)
{
    memset(&bench, 0, sizeof(bench));
    nrf51_twi_engine_init(&bench.engine, &bench_ops, &bench);
}

static void bench_enable(void)
{
    write_reg(NRF51_TWI_PSELSCL, 0);
    write_reg(NRF51_TWI_PSELSDA, 30);
    write_reg(NRF51_TWI_FREQUENCY, 0x01980000);
    write_reg(NRF51_TWI_ADDRESS, 0x48);
    write_reg(NRF51_TWI_ENABLE, NRF51_TWI_ENABLED);
}

/* ------------------------------------------------- scripts of single steps */

enum step_kind {
    STEP_END,
    STEP_WRITE,  /* a: offset, b: value */
    STEP_READ,   /* a: offset, b: value expected */
    STEP_ANSWER, /* a: Nrf51TwiAnswer, b: byte */
    STEP_TIME,   /* the armed time has passed */
    STEP_STATE,  /* a: Nrf51TwiState expected */
    STEP_EVENTS, /* a: event bits expected; they are cleared */
    STEP_ERRORS, /* a: ERRORSRC expected; it is cleared */
    STEP_LOG,    /* text: what the target was asked for since the last one */
};

struct step {
    enum step_kind kind;
    uint32_t a;
    uint32_t b;
    const char *text;
};

/* clang-format off */
#define WRITE(reg, value) { STEP_WRITE, NRF51_TWI_##reg, value, NULL }
#define TASK(reg)         { STEP_WRITE, NRF51_TWI_##reg, 1, NULL }
#define READ(reg, value)  { STEP_READ, NRF51_TWI_##reg, value, NULL }
#define ACK               { STEP_ANSWER, NRF51_TWI_ACK, 0, NULL }
#define BYTE(value)       { STEP_ANSWER, NRF51_TWI_ACK, value, NULL }
#define ANACK             { STEP_ANSWER, NRF51_TWI_NACK_ADDRESS, 0, NULL }
#define DNACK             { STEP_ANSWER, NRF51_TWI_NACK_DATA, 0, NULL }
#define TIME              { STEP_TIME, 0, 0, NULL }
#define STATE(name)       { STEP_STATE, NRF51_TWI_STATE_##name, 0, NULL }
#define EVENTS(bits)      { STEP_EVENTS, bits, 0, NULL }
#define ERRORS(bits)      { STEP_ERRORS, bits, 0, NULL }
#define LOG(what)         { STEP_LOG, 0, 0, what }

#define E_STOPPED   NRF51_TWI_INT_STOPPED
#define E_RXDREADY  NRF51_TWI_INT_RXDREADY
#define E_TXDSENT   NRF51_TWI_INT_TXDSENT
#define E_ERROR     NRF51_TWI_INT_ERROR
#define E_BB        NRF51_TWI_INT_BB
#define E_SUSPENDED NRF51_TWI_INT_SUSPENDED

/* Prefixes of many scripts. */
#define ADDRESSED_TX TASK(STARTTX), ACK, TIME, STATE(TX_READY), LOG("S48w")
#define ADDRESSED_RX TASK(STARTRX), ACK, TIME, STATE(RX_BYTE), \
    EVENTS(E_BB), LOG("S48r R")
#define HELD_RX ADDRESSED_RX, BYTE(0x11), TIME, STATE(RX_HELD), \
    EVENTS(E_RXDREADY)
#define PAUSED_RX WRITE(SHORTS, 1), TASK(STARTRX), ACK, TIME, BYTE(0x11), \
    TIME, STATE(RX_PAUSED), EVENTS(E_BB | E_RXDREADY | E_SUSPENDED), \
    LOG("S48r R")

struct script {
    const char *name;
    struct step steps[48];
};

static const struct script scripts[] = {
    /* IDLE */
    { "idle, STOP: no target is told, STOPPED comes",
      { TASK(STOP), STATE(STOPPING), EVENTS(0), TIME, STATE(IDLE),
        EVENTS(E_STOPPED), LOG("") } },
    { "idle, SUSPEND and RESUME: nothing",
      { TASK(SUSPEND), TASK(RESUME), STATE(IDLE), EVENTS(0), ADDRESSED_TX } },
    { "idle, TXD before STARTTX is the first byte",
      { WRITE(TXD, 0x10), STATE(IDLE), LOG(""), TASK(STARTTX), LOG("S48w"),
        ACK, TIME, STATE(TX_BYTE), LOG("T10") } },
    { "a task written as 0 does nothing",
      { WRITE(STARTTX, 0), WRITE(STARTRX, 0), WRITE(STOP, 0), STATE(IDLE),
        LOG("") } },

    /* ADDRESS: answer and time, in both orders */
    { "address: the time is over first",
      { TASK(STARTTX), STATE(ADDRESS), TIME, STATE(ADDRESS), ACK,
        STATE(TX_READY), EVENTS(0) } },
    { "address: the answer comes first",
      { TASK(STARTTX), ACK, STATE(ADDRESS), TIME, STATE(TX_READY) } },
    { "address NACK, write: ERROR and ANACK, no TXDSENT, TXD dropped",
      { TASK(STARTTX), WRITE(TXD, 1), ANACK, EVENTS(0), ERRORS(0), TIME,
        STATE(NACKED), EVENTS(E_ERROR), ERRORS(NRF51_TWI_ANACK),
        LOG("S48w"), TASK(STOP), LOG("P"), TIME, EVENTS(0), ACK,
        EVENTS(E_STOPPED), STATE(IDLE), ADDRESSED_TX, EVENTS(0) } },
    { "address NACK, read",
      { TASK(STARTRX), TIME, EVENTS(0), ANACK, STATE(NACKED),
        EVENTS(E_ERROR), ERRORS(NRF51_TWI_ANACK), LOG("S48r") } },
    { "a late data NACK told at a repeated START",
      { ADDRESSED_TX, TASK(STARTRX), DNACK, TIME, STATE(NACKED),
        EVENTS(E_ERROR), ERRORS(NRF51_TWI_DNACK) } },
    { "address, STOP right after it waits for the answer",
      { TASK(STARTTX), TASK(STOP), LOG("S48w"), TIME, STATE(ADDRESS),
        EVENTS(0), ACK, STATE(STOPPING), LOG("P"), ACK, EVENTS(0), TIME,
        EVENTS(E_STOPPED), STATE(IDLE), ERRORS(0) } },
    { "a scan of nobody: ANACK is there before STOPPED",
      { TASK(STARTTX), TASK(STOP), TIME, EVENTS(0), ANACK, EVENTS(E_ERROR),
        ERRORS(NRF51_TWI_ANACK), STATE(STOPPING), LOG("S48w P"), ACK, TIME,
        EVENTS(E_STOPPED), STATE(IDLE) } },
    { "address, STOP while reading: no byte is read",
      { TASK(STARTRX), TASK(STOP), ACK, TIME, STATE(STOPPING),
        LOG("S48r P"), ACK, TIME, EVENTS(E_STOPPED) } },
    { "address, SUSPEND while reading: paused before the first byte",
      { TASK(STARTRX), TASK(SUSPEND), EVENTS(0), ACK, TIME,
        STATE(RX_PAUSED), EVENTS(E_SUSPENDED), LOG("S48r"), TASK(RESUME),
        STATE(RX_GAP), TIME, STATE(RX_BYTE), LOG("R") } },
    { "address, SUSPEND while writing",
      { TASK(STARTTX), WRITE(TXD, 7), TASK(SUSPEND), ACK, TIME,
        STATE(TX_READY), EVENTS(E_SUSPENDED), LOG("S48w"), TASK(RESUME),
        STATE(TX_BYTE), LOG("T07") } },

    /* TX_READY */
    { "ready, TXD: BB and the byte",
      { ADDRESSED_TX, WRITE(TXD, 0x10), STATE(TX_BYTE), EVENTS(E_BB),
        LOG("T10") } },
    { "ready, STOP",
      { ADDRESSED_TX, TASK(STOP), STATE(STOPPING), LOG("P"), ACK, TIME,
        EVENTS(E_STOPPED), STATE(IDLE) } },
    { "ready, STARTRX: repeated START, with the address of that moment",
      { ADDRESSED_TX, WRITE(ADDRESS, 0xd0), READ(ADDRESS, 0x50),
        TASK(STARTRX), STATE(ADDRESS), LOG("S50r") } },
    { "ready, SUSPEND: tasks and bytes wait for RESUME",
      { ADDRESSED_TX, TASK(SUSPEND), EVENTS(E_SUSPENDED), TASK(SUSPEND),
        EVENTS(0), WRITE(TXD, 3), TASK(STOP), STATE(TX_READY), LOG(""),
        TASK(RESUME), LOG("T03"), ACK, TIME, STATE(STOPPING), LOG("P") } },

    /* TX_BYTE */
    { "byte: TXDSENT only after the time and the ACK",
      { ADDRESSED_TX, WRITE(TXD, 1), EVENTS(E_BB), TIME, EVENTS(0), ACK,
        STATE(TX_READY), EVENTS(E_TXDSENT), LOG("T01") } },
    { "byte NACK: DNACK, ERROR and TXDSENT; later bytes are not sent",
      { ADDRESSED_TX, WRITE(TXD, 1), WRITE(TXD, 2), EVENTS(E_BB), DNACK,
        TIME, STATE(NACKED), EVENTS(E_ERROR | E_TXDSENT),
        ERRORS(NRF51_TWI_DNACK), WRITE(TXD, 3), LOG("T01"), TASK(STOP),
        LOG("P"), ACK, TIME, EVENTS(E_STOPPED), ADDRESSED_TX, EVENTS(0) } },
    { "byte, the next TXD is kept and follows",
      { ADDRESSED_TX, WRITE(TXD, 1), WRITE(TXD, 2), LOG("T01"), ACK, TIME,
        EVENTS(E_BB | E_TXDSENT), STATE(TX_BYTE), LOG("T02") } },
    { "byte, order of what was written meanwhile is kept",
      { ADDRESSED_TX, WRITE(TXD, 1), TASK(STARTTX), WRITE(TXD, 2),
        LOG("T01"), ACK, TIME, STATE(ADDRESS), LOG("S48w"), ACK, TIME,
        LOG("T02") } },
    { "byte, the other order: the byte before the repeated START",
      { ADDRESSED_TX, WRITE(TXD, 1), WRITE(TXD, 2), TASK(STARTRX), ACK, TIME,
        LOG("T01 T02"), ACK, TIME, STATE(ADDRESS), LOG("S48r") } },
    { "byte, a second START replaces the first",
      { ADDRESSED_TX, WRITE(TXD, 1), TASK(STARTTX), TASK(STARTRX),
        WRITE(TXD, 2), TASK(STOP), ACK, TIME, STATE(ADDRESS), LOG("T01 S48r"),
        ACK, TIME, STATE(STOPPING), LOG("P"), ACK, TIME, STATE(IDLE) } },
    { "byte, SUSPEND: after it",
      { ADDRESSED_TX, WRITE(TXD, 1), TASK(SUSPEND), WRITE(TXD, 2), ACK, TIME,
        EVENTS(E_BB | E_TXDSENT | E_SUSPENDED), STATE(TX_READY), LOG("T01"),
        TASK(RESUME), LOG("T02") } },
    { "byte, RESUME before the suspension counts for nothing",
      { ADDRESSED_TX, WRITE(TXD, 1), TASK(SUSPEND), TASK(RESUME), ACK, TIME,
        EVENTS(E_BB | E_TXDSENT | E_SUSPENDED) } },
    { "byte, short BB_STOP: STOP after it",
      { WRITE(SHORTS, 2), ADDRESSED_TX, WRITE(TXD, 1), ACK, TIME,
        EVENTS(E_BB | E_TXDSENT), STATE(STOPPING), LOG("T01 P") } },
    { "byte, short BB_SUSPEND: suspended after it",
      { WRITE(SHORTS, 1), ADDRESSED_TX, WRITE(TXD, 1), ACK, TIME,
        EVENTS(E_BB | E_TXDSENT | E_SUSPENDED), WRITE(TXD, 2), LOG("T01"),
        TASK(RESUME), LOG("T02") } },

    /* RX_BYTE, RX_HELD, RX_GAP */
    { "read: the byte is held until RXD is read, then ACK and the next",
      { HELD_RX, TIME, STATE(RX_HELD), LOG(""), READ(RXD, 0x11),
        STATE(RX_GAP), EVENTS(0), LOG(""), TIME, STATE(RX_BYTE),
        EVENTS(E_BB), LOG("R"), TIME, EVENTS(0), BYTE(0x22),
        EVENTS(E_RXDREADY), READ(RXD, 0x22) } },
    { "held, STOP before RXD is read: NACK and STOP after it",
      { HELD_RX, TASK(STOP), STATE(RX_HELD), LOG(""), READ(RXD, 0x11),
        STATE(STOPPING), LOG("P"), ACK, TIME, EVENTS(E_STOPPED) } },
    { "held, START before RXD is read: NACK and repeated START",
      { HELD_RX, TASK(STARTTX), STATE(RX_HELD), LOG(""), READ(RXD, 0x11),
        STATE(ADDRESS), LOG("S48w") } },
    { "gap, STOP: no further byte",
      { HELD_RX, READ(RXD, 0x11), TASK(STOP), STATE(RX_GAP), TIME,
        STATE(STOPPING), EVENTS(0), LOG("P") } },
    { "gap, SUSPEND",
      { HELD_RX, READ(RXD, 0x11), TASK(SUSPEND), TIME, STATE(RX_PAUSED),
        EVENTS(E_SUSPENDED), LOG("") } },
    { "held, SUSPEND: the ACK, and SUSPENDED, before RXD is read",
      { HELD_RX, TASK(SUSPEND), STATE(RX_PAUSED), EVENTS(E_SUSPENDED),
        READ(RXD, 0x11), STATE(RX_PAUSED), LOG("") } },
    { "read fails late with an address NACK",
      { ADDRESSED_RX, ANACK, TIME, STATE(NACKED), EVENTS(E_ERROR),
        ERRORS(NRF51_TWI_ANACK) } },
    { "reading RXD twice makes no second ACK",
      { HELD_RX, READ(RXD, 0x11), READ(RXD, 0x11), TIME, LOG("R") } },
    { "RXD may be read when idle",
      { READ(RXD, 0), STATE(IDLE), LOG("") } },
    { "TXD while reading waits for the next write",
      { HELD_RX, WRITE(TXD, 9), READ(RXD, 0x11), TIME, STATE(RX_BYTE),
        LOG("R"), TASK(STARTTX), BYTE(1), TIME, READ(RXD, 1), LOG("S48w"),
        ACK, TIME, LOG("T09") } },

    /* RX_PAUSED: figure 65 */
    { "paused: SUSPENDED before RXD is read, the next byte withheld",
      { PAUSED_RX, READ(RXD, 0x11), STATE(RX_PAUSED), LOG(""),
        TASK(RESUME), STATE(RX_GAP), TIME, LOG("R"), BYTE(0x22), TIME,
        EVENTS(E_BB | E_RXDREADY | E_SUSPENDED), READ(RXD, 0x22),
        ERRORS(0) } },
    { "paused, last byte: SHORTS to BB_STOP before RESUME",
      { PAUSED_RX, READ(RXD, 0x11), WRITE(SHORTS, 2), TASK(RESUME), TIME,
        LOG("R"), BYTE(0x22), TIME, STATE(RX_HELD), EVENTS(E_BB | E_RXDREADY),
        READ(RXD, 0x22), STATE(STOPPING), LOG("P"), ACK, TIME,
        EVENTS(E_STOPPED) } },
    { "paused, SHORTS changed in the gap still count",
      { PAUSED_RX, READ(RXD, 0x11), TASK(RESUME), WRITE(SHORTS, 2), TIME,
        BYTE(0x22), TIME, READ(RXD, 0x22), STATE(STOPPING), LOG("R P") } },
    { "paused, RESUME with RXD unread: OVERRUN, the newer byte stays",
      { PAUSED_RX, TASK(RESUME), TIME, BYTE(0x22), EVENTS(E_BB), TIME,
        EVENTS(E_ERROR | E_RXDREADY | E_SUSPENDED),
        ERRORS(NRF51_TWI_OVERRUN), READ(RXD, 0x22), LOG("R") } },
    { "paused, RXD read while the next byte comes: no OVERRUN",
      { PAUSED_RX, TASK(RESUME), TIME, READ(RXD, 0x11), BYTE(0x22), TIME,
        EVENTS(E_BB | E_RXDREADY | E_SUSPENDED), ERRORS(0),
        READ(RXD, 0x22) } },
    { "paused, RESUME then STOP: no further byte",
      { PAUSED_RX, READ(RXD, 0x11), TASK(RESUME), TASK(STOP), TIME,
        STATE(STOPPING), LOG("P"), ACK, TIME, EVENTS(E_STOPPED) } },
    { "paused, RESUME then STARTTX: repeated START",
      { PAUSED_RX, READ(RXD, 0x11), TASK(RESUME), TASK(STARTTX), TIME,
        STATE(ADDRESS), LOG("S48w") } },
    { "paused, STARTTX waits for RESUME",
      { PAUSED_RX, READ(RXD, 0x11), TASK(STARTTX), LOG(""), TASK(RESUME),
        STATE(ADDRESS), LOG("S48w") } },
    { "read of one byte, BB_STOP set before the byte begins",
      { TASK(STARTRX), WRITE(SHORTS, 2), TASK(RESUME), ACK, TIME, BYTE(0x5a),
        TIME, EVENTS(E_BB | E_RXDREADY), READ(RXD, 0x5a), STATE(STOPPING),
        LOG("S48r R P") } },

    /* NACKED, STOPPING */
    { "nacked, START: repeated START",
      { TASK(STARTTX), ANACK, TIME, STATE(NACKED), TASK(SUSPEND),
        TASK(STARTRX), STATE(ADDRESS), LOG("S48w S48r") } },
    { "stopping: a late NACK is latched, with STOPPED",
      { ADDRESSED_TX, TASK(STOP), TIME, EVENTS(0), DNACK, STATE(IDLE),
        EVENTS(E_ERROR | E_STOPPED), ERRORS(NRF51_TWI_DNACK) } },
    { "stopping, START and STOP: one after the other",
      { ADDRESSED_TX, TASK(STOP), TASK(STARTTX), TASK(STOP), LOG("P"), ACK,
        TIME, EVENTS(E_STOPPED), LOG("S48w"), ACK, TIME, LOG("P"), ACK, TIME,
        EVENTS(E_STOPPED), STATE(IDLE) } },
    { "stopping, TXD for the next transfer survives a late NACK",
      { ADDRESSED_TX, TASK(STOP), WRITE(TXD, 4), TASK(STARTTX), DNACK, TIME,
        LOG("P S48w"), ACK, TIME, LOG("T04") } },

    /* Letting go */
    { "POWER 0 while the address is out: the target is let go, all reset",
      { WRITE(INTENSET, E_ERROR), TASK(STARTTX), WRITE(POWER, 0),
        LOG("S48w X"), STATE(IDLE), READ(ENABLE, 0), READ(INTEN, 0),
        WRITE(ENABLE, 5), READ(ENABLE, 0), READ(POWER, 0), ACK, TIME,
        STATE(IDLE), EVENTS(0), WRITE(POWER, 1), READ(POWER, 1),
        READ(ENABLE, 0), READ(PSELSCL, 0xffffffff),
        READ(PSELSDA, 0xffffffff), READ(FREQUENCY, 0x04000000),
        READ(ADDRESS, 0), READ(SHORTS, 0) } },
    { "POWER 0 clears ERRORSRC and events",
      { TASK(STARTTX), ANACK, TIME, READ(ERRORSRC, NRF51_TWI_ANACK),
        READ(ERROR, 1), WRITE(POWER, 0), READ(ERRORSRC, 0), READ(ERROR, 0) } },
    { "POWER 0 when nothing is under way: no cancel",
      { WRITE(POWER, 0), LOG("") } },
    { "ENABLE 0 drops the transfer, registers stay",
      { ADDRESSED_TX, WRITE(ENABLE, 0), LOG("X"), STATE(IDLE),
        READ(ADDRESS, 0x48), TASK(STARTTX), LOG(""), WRITE(ENABLE, 5),
        ADDRESSED_TX } },
    { "an answer after the cancel is ignored",
      { TASK(STARTRX), WRITE(ENABLE, 0), WRITE(ENABLE, 5), ANACK, TIME,
        EVENTS(0), ERRORS(0) } },
    { "disconnected pins: ANACK, no target is called",
      { WRITE(PSELSDA, 0xffffffff), TASK(STARTTX), TIME, STATE(NACKED),
        EVENTS(E_ERROR), ERRORS(NRF51_TWI_ANACK), TASK(STOP), TIME,
        EVENTS(E_STOPPED), LOG("") } },
};
/* clang-format on */

static void run_step(const char *name, int at, const struct step *step)
{
    switch (step->kind) {
    case STEP_WRITE:
        write_reg(step->a, step->b);
        break;
    case STEP_READ:
        ck_assert_msg(read_reg(step->a) == step->b,
                      "%s, step %d: register %03x is %x, not %x", name, at,
                      step->a, read_reg(step->a), step->b);
        break;
    case STEP_ANSWER:
        nrf51_twi_engine_answer(&bench.engine, (Nrf51TwiAnswer)step->a,
                                (uint8_t)step->b);
        break;
    case STEP_TIME:
        nrf51_twi_engine_elapsed(&bench.engine);
        break;
    case STEP_STATE:
        ck_assert_msg(bench.engine.state == step->a,
                      "%s, step %d: state %d, not %d", name, at,
                      (int)bench.engine.state, (int)step->a);
        break;
    case STEP_EVENTS:
        ck_assert_msg(bench.engine.events == step->a,
                      "%s, step %d: events %x, not %x", name, at,
                      bench.engine.events, step->a);
        for (uint32_t bit = 0; bit < 32; bit++) {
            write_reg(NRF51_TWI_EVENTS + 4 * bit, 0);
        }
        ck_assert_uint_eq(bench.engine.events, 0);
        break;
    case STEP_ERRORS:
        ck_assert_msg(read_reg(NRF51_TWI_ERRORSRC) == step->a,
                      "%s, step %d: ERRORSRC %x, not %x", name, at,
                      read_reg(NRF51_TWI_ERRORSRC), step->a);
        write_reg(NRF51_TWI_ERRORSRC, step->a);
        ck_assert_uint_eq(read_reg(NRF51_TWI_ERRORSRC), 0);
        break;
    case STEP_LOG:
        ck_assert_msg(!strcmp(bench.log, step->text),
                      "%s, step %d: target was asked \"%s\", not \"%s\"", name,
                      at, bench.log, step->text);
        bench.log[0] = '\0';
        break;
    case STEP_END:
        break;
    }
}

START_TEST(test_transition)
{
    const struct script *script = &scripts[_i];

    bench_setup();
    bench_enable();
    for (int at = 0; script->steps[at].kind != STEP_END; at++) {
        run_step(script->name, at, &script->steps[at]);
    }
}
END_TEST

/* ---------------------------------------------------------------- registers */

static const struct {
    uint32_t offset;
    uint32_t reset;
    uint32_t written; /* after a write of all ones */
} registers[] = {
    {NRF51_TWI_SHORTS, 0, 3},
    {NRF51_TWI_INTEN, 0, NRF51_TWI_INT_ALL},
    {NRF51_TWI_ENABLE, 0, 7},
    {NRF51_TWI_PSELSCL, 0xffffffff, 0xffffffff},
    {NRF51_TWI_PSELSDA, 0xffffffff, 0xffffffff},
    {NRF51_TWI_TXD, 0, 0xff},
    {NRF51_TWI_RXD, 0, 0},
    {NRF51_TWI_FREQUENCY, 0x04000000, 0xffffffff},
    {NRF51_TWI_ADDRESS, 0, 0x7f},
    {NRF51_TWI_POWER, 1, 1},
    {NRF51_TWI_ERRORSRC, 0, 0},
    {NRF51_TWI_STARTRX, 0, 0},
    {NRF51_TWI_STARTTX, 0, 0},
    {NRF51_TWI_STOP, 0, 0},
    {NRF51_TWI_SUSPEND, 0, 0},
    {NRF51_TWI_RESUME, 0, 0},
    {NRF51_TWI_STOPPED, 0, 0},
    {NRF51_TWI_RXDREADY, 0, 0},
    {NRF51_TWI_TXDSENT, 0, 0},
    {NRF51_TWI_ERROR, 0, 0},
    {NRF51_TWI_BB, 0, 0},
    {NRF51_TWI_SUSPENDED, 0, 0},
    {NRF51_TWI_INTENSET, 0, NRF51_TWI_INT_ALL},
    {NRF51_TWI_INTENCLR, 0, 0},
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(test_register)
{
    bench_setup();
    ck_assert(nrf51_twi_engine_has_register(registers[_i].offset));
    ck_assert_uint_eq(read_reg(registers[_i].offset), registers[_i].reset);
    write_reg(registers[_i].offset, 0xffffffff);
    ck_assert_uint_eq(read_reg(registers[_i].offset), registers[_i].written);
    nrf51_twi_engine_reset(&bench.engine);
    ck_assert_uint_eq(read_reg(registers[_i].offset), registers[_i].reset);
}
END_TEST

START_TEST(test_no_other_registers)
{
    unsigned int known = 0;

    bench_setup();
    for (uint32_t offset = 0; offset < NRF51_TWI_SIZE; offset++) {
        if (nrf51_twi_engine_has_register(offset)) {
            known++;
            continue;
        }
        write_reg(offset, 0xffffffff);
        ck_assert_uint_eq(read_reg(offset), 0);
    }
    ck_assert_uint_eq(known, N(registers));
    for (unsigned int i = 0; i < N(registers); i++) {
        ck_assert_uint_eq(read_reg(registers[i].offset), registers[i].reset);
    }
}
END_TEST

START_TEST(test_tasks_before_enable)
{
    static const uint32_t tasks[] = {NRF51_TWI_STARTRX, NRF51_TWI_STARTTX,
                                     NRF51_TWI_STOP, NRF51_TWI_SUSPEND,
                                     NRF51_TWI_RESUME};

    for (uint32_t enable = 0; enable < 8; enable++) {
        bench_setup();
        bench_enable();
        write_reg(NRF51_TWI_ENABLE, enable);
        if (enable == NRF51_TWI_ENABLED) {
            continue;
        }
        for (unsigned int i = 0; i < N(tasks); i++) {
            write_reg(tasks[i], 1);
        }
        write_reg(NRF51_TWI_TXD, 1);
        nrf51_twi_engine_elapsed(&bench.engine);
        ck_assert_int_eq(bench.engine.state, NRF51_TWI_STATE_IDLE);
        ck_assert_uint_eq(bench.engine.events, 0);
        ck_assert_str_eq(bench.log, "");
        write_reg(NRF51_TWI_ENABLE, NRF51_TWI_ENABLED);
        bench.answer_at_once = true;
        write_reg(NRF51_TWI_STARTTX, 1);
        nrf51_twi_engine_elapsed(&bench.engine);
        ck_assert_str_eq(bench.log, "S48w"); /* TXD was not kept */
    }
}
END_TEST

START_TEST(test_interrupt_level)
{
    bench_setup();
    bench_enable();
    bench.answer_at_once = true;
    write_reg(NRF51_TWI_STOP, 1);
    nrf51_twi_engine_elapsed(&bench.engine);
    ck_assert(!bench.irq);
    write_reg(NRF51_TWI_INTENSET, NRF51_TWI_INT_STOPPED);
    ck_assert(bench.irq);
    write_reg(NRF51_TWI_INTENSET, NRF51_TWI_INT_ERROR);
    write_reg(NRF51_TWI_INTENCLR, NRF51_TWI_INT_STOPPED);
    ck_assert(!bench.irq);
    ck_assert_uint_eq(read_reg(NRF51_TWI_INTEN), NRF51_TWI_INT_ERROR);
    write_reg(NRF51_TWI_INTEN, NRF51_TWI_INT_STOPPED);
    ck_assert(bench.irq);
    write_reg(NRF51_TWI_STOPPED, 1); /* only 0 clears */
    ck_assert(bench.irq);
    write_reg(NRF51_TWI_STOPPED, 0);
    ck_assert(!bench.irq);
    write_reg(NRF51_TWI_STOP, 1);
    ck_assert(!bench.irq);
    nrf51_twi_engine_elapsed(&bench.engine);
    ck_assert(bench.irq);
    write_reg(NRF51_TWI_POWER, 0);
    ck_assert(!bench.irq);
}
END_TEST

/* Times on the wire: bits of each phase, and the clamped frequency. */
static const struct {
    uint32_t frequency;
    int64_t bit_min_ns;
    int64_t bit_max_ns;
} frequencies[] = {
    {0x01980000, 10000, 10050}, {0x04000000, 4000, 4000},
    {0x06680000, 2490, 2500},   {0, 1000000, 1000000},
    {0xffffffff, 1000, 1000},
};

START_TEST(test_times)
{
    int64_t bit;

    bench_setup();
    bench_enable();
    bench.answer_at_once = true;
    write_reg(NRF51_TWI_FREQUENCY, frequencies[_i].frequency);
    write_reg(NRF51_TWI_STARTTX, 1);
    bit = bench.armed_ns / 10;
    ck_assert_int_ge(bit, frequencies[_i].bit_min_ns);
    ck_assert_int_le(bit, frequencies[_i].bit_max_ns);
    nrf51_twi_engine_elapsed(&bench.engine);
    write_reg(NRF51_TWI_TXD, 0);
    ck_assert_int_eq(bench.armed_ns, 9 * bit);
    nrf51_twi_engine_elapsed(&bench.engine);
    write_reg(NRF51_TWI_STARTRX, 1);
    ck_assert_int_eq(bench.armed_ns, 10 * bit);
    nrf51_twi_engine_elapsed(&bench.engine);
    ck_assert_int_eq(bench.armed_ns, 8 * bit);
    nrf51_twi_engine_elapsed(&bench.engine);
    read_reg(NRF51_TWI_RXD);
    ck_assert_int_eq(bench.armed_ns, bit);
    write_reg(NRF51_TWI_STOP, 1);
    nrf51_twi_engine_elapsed(&bench.engine);
    ck_assert_int_eq(bench.armed_ns, bit);
    ck_assert_int_eq(bench.engine.state, NRF51_TWI_STATE_STOPPING);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nrf51-twi-engine");
    TCase *table = tcase_create("transitions");
    TCase *regs = tcase_create("registers");

    tcase_add_loop_test(table, test_transition, 0, N(scripts));
    suite_add_tcase(suite, table);
    tcase_add_loop_test(regs, test_register, 0, N(registers));
    tcase_add_test(regs, test_no_other_registers);
    tcase_add_test(regs, test_tasks_before_enable);
    tcase_add_test(regs, test_interrupt_level);
    tcase_add_loop_test(regs, test_times, 0, N(frequencies));
    suite_add_tcase(suite, regs);
    return unit_run(suite);
}
