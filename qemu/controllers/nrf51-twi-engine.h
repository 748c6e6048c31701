/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nRF51 TWI master: registers and byte state machine, nothing of QEMU
 *
 * Written from the nRF51 Series Reference Manual v3.0.1, chapter 28, and from
 * how shipping drivers use it. What the manual leaves open is decided so:
 *
 * - Tasks and TXD writes that come while a byte is on the wire are kept in
 *   order (one of each kind) and executed at the next byte boundary. A byte
 *   that has begun is completed. So a STOP right after STARTTX waits for the
 *   address, and RESUME followed by STOP or START reads no further byte.
 * - RESUME counts only in the suspended state; a START or STOP task given
 *   there waits for it.
 * - After an address or data NACK nothing is sent any more until STOP or
 *   START; a byte waiting in TXD is dropped.
 * - A byte written to TXD before STARTTX is the first data byte.
 * - With a pin disconnected (PSELSCL or PSELSDA past 31) no target is called
 *   and every address is NACKed. Which pin is chosen makes no difference.
 * - With POWER 0, writes to other registers are ignored and all read as 0
 *   or their reset value.
 * - ENABLE other than 5 in the middle of a transfer drops it; the registers
 *   stay.
 */
#ifndef NRF51_TWI_ENGINE_H
#define NRF51_TWI_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    NRF51_TWI_STARTRX = 0x000,
    NRF51_TWI_STARTTX = 0x008,
    NRF51_TWI_STOP = 0x014,
    NRF51_TWI_SUSPEND = 0x01c,
    NRF51_TWI_RESUME = 0x020,
    NRF51_TWI_EVENTS = 0x100, /* the event of interrupt bit n is at +4n */
    NRF51_TWI_STOPPED = 0x104,
    NRF51_TWI_RXDREADY = 0x108,
    NRF51_TWI_TXDSENT = 0x11c,
    NRF51_TWI_ERROR = 0x124,
    NRF51_TWI_BB = 0x138,
    NRF51_TWI_SUSPENDED = 0x148,
    NRF51_TWI_SHORTS = 0x200,
    NRF51_TWI_INTEN = 0x300,
    NRF51_TWI_INTENSET = 0x304,
    NRF51_TWI_INTENCLR = 0x308,
    NRF51_TWI_ERRORSRC = 0x4c4,
    NRF51_TWI_ENABLE = 0x500,
    NRF51_TWI_PSELSCL = 0x508,
    NRF51_TWI_PSELSDA = 0x50c,
    NRF51_TWI_RXD = 0x518,
    NRF51_TWI_TXD = 0x51c,
    NRF51_TWI_FREQUENCY = 0x524,
    NRF51_TWI_ADDRESS = 0x588,
    NRF51_TWI_POWER = 0xffc,
    NRF51_TWI_SIZE = 0x1000,
};

/* Bits of INTEN; `events` uses the same ones. */
enum {
    NRF51_TWI_INT_STOPPED = 1u << 1,
    NRF51_TWI_INT_RXDREADY = 1u << 2,
    NRF51_TWI_INT_TXDSENT = 1u << 7,
    NRF51_TWI_INT_ERROR = 1u << 9,
    NRF51_TWI_INT_BB = 1u << 14,
    NRF51_TWI_INT_SUSPENDED = 1u << 18,
    NRF51_TWI_INT_ALL = 0x44286,
};

enum {
    NRF51_TWI_SHORT_BB_SUSPEND = 1u << 0,
    NRF51_TWI_SHORT_BB_STOP = 1u << 1,
};

enum {
    NRF51_TWI_OVERRUN = 1u << 0,
    NRF51_TWI_ANACK = 1u << 1,
    NRF51_TWI_DNACK = 1u << 2,
};

#define NRF51_TWI_ENABLED 5

/*
 * States, and what leads out of them. "Ends" means that the target has
 * answered and the time on the wire has passed, whichever comes later.
 *
 *   IDLE       START task: ADDRESS; STOP task: STOPPING with no target
 *   ADDRESS    ends with ACK, write: TX_READY; read: a boundary, then RX_BYTE
 *              ends with NACK: NACKED, ERROR
 *   TX_READY   TXD written: BB, TX_BYTE; START: ADDRESS; STOP: STOPPING;
 *              SUSPEND: SUSPENDED raised, all of these wait for RESUME
 *   TX_BYTE    ends with ACK: TX_READY, TXDSENT
 *              ends with NACK: NACKED, ERROR, TXDSENT
 *   RX_BYTE    ends, SUSPEND pending: RX_PAUSED, RXDREADY, SUSPENDED
 *              ends otherwise: RX_HELD, RXDREADY
 *              fails: NACKED, ERROR
 *   RX_HELD    RXD read, START or STOP pending: ADDRESS or STOPPING (a NACK)
 *              RXD read otherwise: RX_GAP (the ACK)
 *              SUSPEND: RX_PAUSED, SUSPENDED
 *   RX_PAUSED  RESUME, START or STOP pending: ADDRESS or STOPPING
 *              RESUME otherwise: RX_GAP
 *   RX_GAP     ends, SUSPEND pending: RX_PAUSED, SUSPENDED
 *              ends, START or STOP pending: ADDRESS or STOPPING
 *              ends otherwise: BB, RX_BYTE
 *   NACKED     START: ADDRESS; STOP: STOPPING
 *   STOPPING   ends: IDLE, late NACKs first, then STOPPED; a START that
 *              came meanwhile: ADDRESS
 *   any        POWER 0, ENABLE not 5, reset: IDLE, the target is let go
 *
 * SUSPEND is pending only in ADDRESS, TX_BYTE, RX_BYTE and RX_GAP, and each of
 * their ends looks at it, or with a NACK forgets it, before a START or STOP may
 * begin: so these two find none.
 */
typedef enum {
    NRF51_TWI_STATE_IDLE,
    NRF51_TWI_STATE_ADDRESS,
    NRF51_TWI_STATE_TX_READY,
    NRF51_TWI_STATE_TX_BYTE,
    NRF51_TWI_STATE_RX_BYTE,
    NRF51_TWI_STATE_RX_HELD,
    NRF51_TWI_STATE_RX_PAUSED,
    NRF51_TWI_STATE_RX_GAP,
    NRF51_TWI_STATE_NACKED,
    NRF51_TWI_STATE_STOPPING,
} Nrf51TwiState;

typedef enum {
    NRF51_TWI_ACK,
    NRF51_TWI_NACK_ADDRESS,
    NRF51_TWI_NACK_DATA,
} Nrf51TwiAnswer;

/*
 * What the engine asks for. start, send, recv and stop begin an operation of
 * the target; nrf51_twi_engine_answer() ends it, inside the call or later.
 * arm asks for nrf51_twi_engine_elapsed() after that time, always before the
 * operation that it goes with; a new arm replaces the one before. cancel:
 * operation and timer are off, no answer is expected any more.
 */
typedef struct {
    void (*start)(void *opaque, uint8_t address, bool is_read);
    void (*send)(void *opaque, uint8_t byte);
    void (*recv)(void *opaque);
    void (*stop)(void *opaque);
    void (*cancel)(void *opaque);
    void (*arm)(void *opaque, int64_t wire_ns);
    void (*irq)(void *opaque, bool level);
} Nrf51TwiOps;

/* To be embedded; the fields are the engine's own. */
typedef struct {
    const Nrf51TwiOps *ops;
    void *opaque;
    Nrf51TwiState state;
    bool reading;         /* direction of the conversation */
    bool connected;       /* the target was called for this conversation */
    bool target_busy;     /* an operation is not answered yet */
    bool wire_busy;       /* its time on the wire has not passed yet */
    bool suspend_pending; /* SUSPEND was triggered, no boundary yet */
    bool suspended;       /* nothing begins before RESUME */
    bool rxd_unread;
    bool irq_level;
    Nrf51TwiAnswer answer; /* of the operation that the wire still times */
    uint8_t answer_byte;
    uint8_t todo[3]; /* in order, each kind once, 0 at the end */
    uint32_t events; /* same bits as inten */
    uint32_t shorts;
    uint32_t inten;
    uint32_t errorsrc;
    uint32_t enable;
    uint32_t power;
    uint32_t pselscl;
    uint32_t pselsda;
    uint32_t rxd;
    uint32_t txd;
    uint32_t frequency;
    uint32_t address;
} Nrf51TwiEngine;

void nrf51_twi_engine_init(Nrf51TwiEngine *engine, const Nrf51TwiOps *ops,
                           void *opaque);

/* Power-on values, the target let go. */
void nrf51_twi_engine_reset(Nrf51TwiEngine *engine);

/* Offsets that name no register read as 0 and ignore writes. */
uint32_t nrf51_twi_engine_read(Nrf51TwiEngine *engine, uint32_t offset);
void nrf51_twi_engine_write(Nrf51TwiEngine *engine, uint32_t offset,
                            uint32_t value);
bool nrf51_twi_engine_has_register(uint32_t offset);

/* The target's answer; the byte counts after recv with ACK. */
void nrf51_twi_engine_answer(Nrf51TwiEngine *engine, Nrf51TwiAnswer answer,
                             uint8_t byte);

/* The time of the last arm has passed. */
void nrf51_twi_engine_elapsed(Nrf51TwiEngine *engine);

/* Something is under way that ends by an answer or by time. */
bool nrf51_twi_engine_in_flight(const Nrf51TwiEngine *engine);

#endif
