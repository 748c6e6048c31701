/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire behind those registers: what is sent next, and when an event
 * comes.
 */
#include "controllers/nrf51-twi-wire.h"

#include <string.h>

#define LAST_PIN 31

/* Time on the wire, in bits; the ACK of a byte read is the gap after it. */
#define ADDRESS_BITS 10
#define TX_BITS      9
#define RX_BITS      8
#define GAP_BITS     1
#define STOP_BITS    1

/* Kinds of entries in todo; 0 is none. */
enum {
    TODO_NONE,
    TODO_TXD,
    TODO_START_TX,
    TODO_START_RX,
    TODO_STOP,
};

#define TODO_MAX (sizeof(((Nrf51TwiEngine *)0)->todo))

void nrf51_twi_update_irq(Nrf51TwiEngine *engine)
{
    bool level = (engine->events & engine->inten) != 0;

    if (level == engine->irq_level) {
        return;
    }
    engine->irq_level = level;
    engine->ops->irq(engine->opaque, level);
}

static void raise_events(Nrf51TwiEngine *engine, uint32_t events)
{
    engine->events |= events;
    nrf51_twi_update_irq(engine);
}

static void fail(Nrf51TwiEngine *engine, uint32_t source)
{
    engine->errorsrc |= source;
    raise_events(engine, NRF51_TWI_INT_ERROR);
}

/* todo: what waits for the next byte boundary */

static bool is_start(uint8_t kind)
{
    return kind == TODO_START_TX || kind == TODO_START_RX;
}

static void todo_remove(Nrf51TwiEngine *engine, unsigned int at)
{
    memmove(engine->todo + at, engine->todo + at + 1, TODO_MAX - at - 1);
    engine->todo[TODO_MAX - 1] = TODO_NONE;
}

static void todo_drop(Nrf51TwiEngine *engine, uint8_t kind)
{
    for (unsigned int i = 0; i < TODO_MAX; i++) {
        if (engine->todo[i] == kind) {
            todo_remove(engine, i);
        }
    }
}

/* A START replaces a START that waits; others of a kind are merged. */
static void todo_add(Nrf51TwiEngine *engine, uint8_t kind)
{
    unsigned int i = 0;

    while (engine->todo[i] != TODO_NONE) {
        if (engine->todo[i] == kind ||
            (is_start(engine->todo[i]) && is_start(kind))) {
            break;
        }
        i++;
    }
    engine->todo[i] = kind;
}

/* The next entry that can be executed now; TXD needs a write under way. */
static uint8_t todo_take(Nrf51TwiEngine *engine, bool with_txd)
{
    for (unsigned int i = 0; i < TODO_MAX; i++) {
        uint8_t kind = engine->todo[i];

        if (kind != TODO_NONE && (kind != TODO_TXD || with_txd)) {
            todo_remove(engine, i);
            return kind;
        }
    }
    return TODO_NONE;
}

static bool todo_has_task(const Nrf51TwiEngine *engine)
{
    for (unsigned int i = 0; i < TODO_MAX; i++) {
        if (engine->todo[i] > TODO_TXD) {
            return true;
        }
    }
    return false;
}

/* The wire */

static uint32_t frequency_hz(const Nrf51TwiEngine *engine)
{
    uint64_t hz = ((uint64_t)engine->frequency * 16000000) >> 32;

    if (hz < 1000) {
        return 1000;
    }
    return hz > 1000000 ? 1000000 : (uint32_t)hz;
}

static void begin(Nrf51TwiEngine *engine, Nrf51TwiState state, int bits)
{
    engine->state = state;
    engine->wire_busy = true;
    engine->target_busy = false;
    engine->answer = NRF51_TWI_ACK;
    engine->answer_byte = 0xff;
    engine->ops->arm(engine->opaque,
                     bits * (INT64_C(1000000000) / frequency_hz(engine)));
}

static void begin_start(Nrf51TwiEngine *engine, bool reading)
{
    engine->reading = reading;
    begin(engine, NRF51_TWI_STATE_ADDRESS, ADDRESS_BITS);
    if (engine->pselscl > LAST_PIN || engine->pselsda > LAST_PIN) {
        engine->answer = NRF51_TWI_NACK_ADDRESS;
        return;
    }
    engine->connected = true;
    engine->target_busy = true;
    engine->ops->start(engine->opaque, (uint8_t)engine->address, reading);
}

static void begin_stop(Nrf51TwiEngine *engine)
{
    begin(engine, NRF51_TWI_STATE_STOPPING, STOP_BITS);
    if (!engine->connected) {
        return;
    }
    engine->connected = false;
    engine->target_busy = true;
    engine->ops->stop(engine->opaque);
}

/* BB, and what SHORTS make of it, comes at the start of a data byte. */
static void byte_boundary(Nrf51TwiEngine *engine)
{
    raise_events(engine, NRF51_TWI_INT_BB);
    if (engine->shorts & NRF51_TWI_SHORT_BB_SUSPEND) {
        engine->suspend_pending = true;
    }
    if (engine->shorts & NRF51_TWI_SHORT_BB_STOP) {
        todo_add(engine, TODO_STOP);
    }
}

static void begin_send(Nrf51TwiEngine *engine)
{
    byte_boundary(engine);
    begin(engine, NRF51_TWI_STATE_TX_BYTE, TX_BITS);
    engine->target_busy = true;
    engine->ops->send(engine->opaque, (uint8_t)engine->txd);
}

static void begin_recv(Nrf51TwiEngine *engine)
{
    byte_boundary(engine);
    begin(engine, NRF51_TWI_STATE_RX_BYTE, RX_BITS);
    engine->target_busy = true;
    engine->ops->recv(engine->opaque);
}

static void execute(Nrf51TwiEngine *engine, uint8_t kind)
{
    switch (kind) {
    case TODO_TXD:
        begin_send(engine);
        break;
    case TODO_START_TX:
    case TODO_START_RX:
        begin_start(engine, kind == TODO_START_RX);
        break;
    case TODO_STOP:
        begin_stop(engine);
        break;
    }
}

/* Nothing is on the wire: begin what waits, if anything may. */
static void boundary(Nrf51TwiEngine *engine)
{
    uint8_t kind;

    if (engine->suspended) {
        return;
    }
    kind = todo_take(engine, engine->state == NRF51_TWI_STATE_TX_READY);
    if (kind != TODO_NONE) {
        execute(engine, kind);
    }
}

static void suspend(Nrf51TwiEngine *engine)
{
    engine->suspend_pending = false;
    engine->suspended = true;
    raise_events(engine, NRF51_TWI_INT_SUSPENDED);
}

/* The boundary before a byte is read, at the end of ADDRESS or RX_GAP. */
static void boundary_before_recv(Nrf51TwiEngine *engine)
{
    if (engine->suspend_pending) {
        engine->state = NRF51_TWI_STATE_RX_PAUSED;
        suspend(engine);
    } else if (todo_has_task(engine)) {
        boundary(engine);
    } else {
        begin_recv(engine);
    }
}

static void boundary_before_send(Nrf51TwiEngine *engine)
{
    engine->state = NRF51_TWI_STATE_TX_READY;
    if (engine->suspend_pending) {
        suspend(engine);
    }
    boundary(engine);
}

/* How what was on the wire ended */

static bool latch_nack(Nrf51TwiEngine *engine)
{
    if (engine->answer == NRF51_TWI_ACK) {
        return false;
    }
    fail(engine, engine->answer == NRF51_TWI_NACK_ADDRESS ? NRF51_TWI_ANACK
                                                          : NRF51_TWI_DNACK);
    return true;
}

static bool end_with_nack(Nrf51TwiEngine *engine)
{
    if (!latch_nack(engine)) {
        return false;
    }
    engine->state = NRF51_TWI_STATE_NACKED;
    engine->suspend_pending = false;
    todo_drop(engine, TODO_TXD);
    return true;
}

static void end_address(Nrf51TwiEngine *engine)
{
    if (end_with_nack(engine)) {
        boundary(engine);
    } else if (engine->reading) {
        boundary_before_recv(engine);
    } else {
        boundary_before_send(engine);
    }
}

static void end_send(Nrf51TwiEngine *engine)
{
    bool nack = end_with_nack(engine);

    raise_events(engine, NRF51_TWI_INT_TXDSENT);
    if (nack) {
        boundary(engine);
    } else {
        boundary_before_send(engine);
    }
}

static void end_recv(Nrf51TwiEngine *engine)
{
    if (end_with_nack(engine)) {
        boundary(engine);
        return;
    }
    if (engine->rxd_unread) {
        fail(engine, NRF51_TWI_OVERRUN);
    }
    engine->rxd = engine->answer_byte;
    engine->rxd_unread = true;
    engine->state = NRF51_TWI_STATE_RX_HELD;
    raise_events(engine, NRF51_TWI_INT_RXDREADY);
    if (engine->suspend_pending) {
        engine->state = NRF51_TWI_STATE_RX_PAUSED;
        suspend(engine);
    }
}

static void end_stop(Nrf51TwiEngine *engine)
{
    latch_nack(engine);
    engine->state = NRF51_TWI_STATE_IDLE;
    raise_events(engine, NRF51_TWI_INT_STOPPED);
    boundary(engine);
}

static void end_if_done(Nrf51TwiEngine *engine)
{
    if (engine->target_busy || engine->wire_busy) {
        return;
    }
    switch (engine->state) {
    case NRF51_TWI_STATE_ADDRESS:
        end_address(engine);
        break;
    case NRF51_TWI_STATE_TX_BYTE:
        end_send(engine);
        break;
    case NRF51_TWI_STATE_RX_BYTE:
        end_recv(engine);
        break;
    case NRF51_TWI_STATE_RX_GAP:
        boundary_before_recv(engine);
        break;
    case NRF51_TWI_STATE_STOPPING:
        end_stop(engine);
        break;
    default:
        break;
    }
}

void nrf51_twi_engine_answer(Nrf51TwiEngine *engine, Nrf51TwiAnswer answer,
                             uint8_t byte)
{
    if (!engine->target_busy) {
        return;
    }
    engine->target_busy = false;
    engine->answer = answer;
    engine->answer_byte = byte;
    end_if_done(engine);
}

void nrf51_twi_engine_elapsed(Nrf51TwiEngine *engine)
{
    if (!engine->wire_busy) {
        return;
    }
    engine->wire_busy = false;
    end_if_done(engine);
}

bool nrf51_twi_engine_in_flight(const Nrf51TwiEngine *engine)
{
    return engine->target_busy || engine->wire_busy;
}

/* What the guest asks for */

static void request(Nrf51TwiEngine *engine, uint8_t kind)
{
    todo_add(engine, kind);
    switch (engine->state) {
    case NRF51_TWI_STATE_IDLE:
    case NRF51_TWI_STATE_TX_READY:
    case NRF51_TWI_STATE_NACKED:
        boundary(engine);
        break;
    default:
        break;
    }
}

static void task_suspend(Nrf51TwiEngine *engine)
{
    switch (engine->state) {
    case NRF51_TWI_STATE_IDLE:
    case NRF51_TWI_STATE_NACKED:
    case NRF51_TWI_STATE_STOPPING:
        break;
    case NRF51_TWI_STATE_RX_HELD:
        engine->state = NRF51_TWI_STATE_RX_PAUSED;
        suspend(engine);
        break;
    case NRF51_TWI_STATE_TX_READY:
    case NRF51_TWI_STATE_RX_PAUSED:
        if (!engine->suspended) {
            suspend(engine);
        }
        break;
    default:
        engine->suspend_pending = true;
        break;
    }
}

static void task_resume(Nrf51TwiEngine *engine)
{
    if (!engine->suspended) {
        return;
    }
    engine->suspended = false;
    if (engine->state == NRF51_TWI_STATE_RX_PAUSED && !todo_has_task(engine)) {
        begin(engine, NRF51_TWI_STATE_RX_GAP, GAP_BITS);
    } else {
        boundary(engine);
    }
}

void nrf51_twi_wire_task(Nrf51TwiEngine *engine, uint32_t offset)
{
    switch (offset) {
    case NRF51_TWI_STARTRX:
        request(engine, TODO_START_RX);
        break;
    case NRF51_TWI_STARTTX:
        request(engine, TODO_START_TX);
        break;
    case NRF51_TWI_STOP:
        request(engine, TODO_STOP);
        break;
    case NRF51_TWI_SUSPEND:
        task_suspend(engine);
        break;
    case NRF51_TWI_RESUME:
        task_resume(engine);
        break;
    }
}

void nrf51_twi_wire_txd_written(Nrf51TwiEngine *engine)
{
    switch (engine->state) {
    case NRF51_TWI_STATE_NACKED:
        break;
    case NRF51_TWI_STATE_IDLE:
        todo_add(engine, TODO_TXD);
        break;
    default:
        request(engine, TODO_TXD);
        break;
    }
}

void nrf51_twi_wire_rxd_read(Nrf51TwiEngine *engine)
{
    engine->rxd_unread = false;
    if (engine->state == NRF51_TWI_STATE_RX_HELD) {
        if (todo_has_task(engine)) {
            boundary(engine);
        } else {
            begin(engine, NRF51_TWI_STATE_RX_GAP, GAP_BITS);
        }
    }
}

void nrf51_twi_wire_abandon(Nrf51TwiEngine *engine)
{
    bool active = engine->connected || engine->wire_busy || engine->target_busy;

    engine->state = NRF51_TWI_STATE_IDLE;
    engine->connected = false;
    engine->target_busy = false;
    engine->wire_busy = false;
    engine->suspend_pending = false;
    engine->suspended = false;
    engine->rxd_unread = false;
    memset(engine->todo, TODO_NONE, sizeof(engine->todo));
    if (active) {
        engine->ops->cancel(engine->opaque);
    }
}
