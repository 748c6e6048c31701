/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nrf51-twi driven by interrupt, as TAP on the UART. test-bare-metal.py puts
 * the chips in place: registers at 0x48 on twi0 (01 02 03 ... from 0) and at
 * 0x49 on twi1 (81 82 83 ...), and at 0x50 on twi0 one that refuses the second
 * byte of each write. Also on twi0: registers at 0x60 behind an adapter of
 * their own (c1 c2 c3 ...), and QEMU's tmp105 at 0x4a. Nobody is at 0x33.
 */
#include "board.h"
#include "twi.h"

#define CHIP        0x48
#define OTHER       0x49
#define GRUMPY      0x50
#define NOBODY      0x33
#define BEHIND      0x60
#define TMP105      0x4a
#define PATIENCE_US 60000000
#define LOOK_US     2000 /* long enough for 80 bytes at 400 kHz */

static const uint8_t pointer_0[] = {0};
static const uint8_t pointer_16[] = {16};

static bool counts_up(const uint8_t *bytes, unsigned int n, uint8_t first)
{
    for (unsigned int i = 0; i < n; i++) {
        if (bytes[i] != (uint8_t)(first + i)) {
            return false;
        }
    }
    return true;
}

/* Time in which an interrupt that must not come could come. */
static void look_on(void)
{
    static volatile bool never;

    wait_for(&never, LOOK_US);
}

static void test_write_and_read(void)
{
    static const uint8_t data[] = {16, 0xa0, 0xa1, 0xa2};

    tap_case(twi_run(&twi0, CHIP, data, 4, 0) && twi0.sent == 4 &&
                 !twi0.errorsrc,
             "TXDSENT: four bytes written");
    tap_case(twi0.irqs >= 5 && twi_count(&twi0, TXDSENT) == 4 &&
                 twi_count(&twi0, STOPPED) == 1,
             "TXDSENT: one interrupt for each byte, one STOPPED");
    tap_case(twi_run(&twi0, CHIP, pointer_16, 1, 3) && twi0.got == 3 &&
                 counts_up(twi0.rx, 3, 0xa0),
             "RXDREADY: the bytes come back");
    tap_case(twi_count(&twi0, RXDREADY) == 3 &&
                 twi_count(&twi0, SUSPENDED) == 2,
             "BB_SUSPEND after all bytes but the last, BB_STOP after that");
}

static void test_lengths(void)
{
    static const struct {
        unsigned int bytes;
        const char *name;
    } reads[] = {
        {1, "a read of 1 byte"},    {2, "a read of 2 bytes"},
        {6, "a read of 6 bytes"},   {16, "a read of 16 bytes"},
        {64, "a read of 64 bytes"},
    };

    for (unsigned int i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        unsigned int n = reads[i].bytes;
        bool good = twi_run(&twi0, CHIP, pointer_0, 1, n) && twi0.got == n;

        /* 16 to 18 were written by the test before */
        tap_case(good && counts_up(twi0.rx, n < 16 ? n : 16, 1) &&
                     (n < 64 || counts_up(twi0.rx + 19, 45, 20)),
                 reads[i].name);
    }
    tap_case(twi_run(&twi0, CHIP, pointer_0, 1, 0) &&
                 twi_run(&twi0, CHIP, 0, 0, 2) && counts_up(twi0.rx, 2, 1),
             "a read with no write before it in its transfer");
}

static void test_address_nack(void)
{
    tap_case(twi_run(&twi0, NOBODY, pointer_0, 1, 0) &&
                 twi0.errorsrc == ANACK && twi_count(&twi0, ERROR) == 1,
             "ERROR: ANACK at a write");
    tap_case(twi0.sent == 0 && twi_count(&twi0, TXDSENT) == 0,
             "no TXDSENT after ANACK");
    tap_case(twi_run(&twi0, NOBODY, 0, 0, 4) && twi0.errorsrc == ANACK &&
                 twi0.got == 0,
             "ERROR: ANACK at a read, no RXDREADY");
    tap_case(twi_run(&twi0, CHIP, pointer_0, 1, 1) && twi0.rx[0] == 1,
             "the bus works after ANACK");
}

static void test_data_nack(void)
{
    static const uint8_t data[] = {0, 1, 2, 3};

    tap_case(twi_run(&twi0, GRUMPY, data, 4, 0) && twi0.errorsrc == DNACK &&
                 twi_count(&twi0, ERROR) == 1,
             "ERROR: DNACK");
    tap_case(twi0.sent == 1 && twi_count(&twi0, TXDSENT) == 2,
             "DNACK: TXDSENT for the refused byte, and none after it");
    tap_case(twi_run(&twi0, CHIP, pointer_0, 1, 1) && twi0.rx[0] == 1,
             "the bus works after DNACK");
}

static void probe_hook(struct twi *twi, uint32_t event)
{
    if (event == STOPPED) {
        twi->errorsrc = twi_read(twi, ERRORSRC);
        twi->done = true;
    }
}

static bool probe(uint8_t address)
{
    twi_begin(&twi0, address);
    twi0.hook = probe_hook;
    twi_write(&twi0, INTEN, INT_STOPPED);
    twi_write(&twi0, STARTTX, 1);
    twi_write(&twi0, STOP, 1);
    return twi_wait(&twi0);
}

static void test_stop_behind_start(void)
{
    uint32_t found = 0;
    bool stopped = true;

    for (uint8_t address = 0x08; address < 0x78; address++) {
        stopped = probe(address) && stopped;
        found += twi0.errorsrc == 0 ? address : 0;
        twi_write(&twi0, ERRORSRC, twi0.errorsrc);
    }
    tap_case(stopped, "STOP right behind STARTTX: STOPPED at every address");
    tap_case(found == CHIP + GRUMPY + BEHIND + TMP105,
             "STOP right behind STARTTX: ANACK latched before STOPPED");
}

/* Read two bytes, then START instead of STOP before the last is read. */
static void restart_hook(struct twi *twi, uint32_t event)
{
    switch (event) {
    case RXDREADY:
        if (twi->got == 1) {
            twi_write(twi, STARTTX, 1);
        }
        twi->rx[twi->got++] = (uint8_t)twi_read(twi, RXD);
        if (twi->got == 2) {
            twi_write(twi, TXD, 16);
        }
        break;
    case TXDSENT:
        twi->sent++;
        twi_write(twi, STOP, 1);
        break;
    case STOPPED:
        twi->done = true;
        break;
    }
}

static void test_restart(void)
{
    twi_run(&twi0, CHIP, pointer_0, 1, 0);
    twi_begin(&twi0, CHIP);
    twi0.hook = restart_hook;
    twi_write(&twi0, STARTRX, 1);
    tap_case(twi_wait(&twi0) && twi0.got == 2 && counts_up(twi0.rx, 2, 1),
             "START before the last RXD is read: two bytes, not three");
    tap_case(twi0.sent == 1 && twi_count(&twi0, STOPPED) == 1,
             "START before the last RXD is read: repeated START, no STOP");
    tap_case(twi_run(&twi0, CHIP, 0, 0, 1) && twi0.rx[0] == 0xa0,
             "what was written after the repeated START arrived");
}

/*
 * One transfer through four targets: each START goes to the address of the
 * list, without a STOP before it, writes one byte and, at the end, reads two.
 */
static const uint8_t hops[] = {CHIP, TMP105, BEHIND, CHIP, GRUMPY, TMP105};
static const uint8_t hop_pointers[] = {5, 3, 0, 0, 9, 2};

static void hop_hook(struct twi *twi, uint32_t event)
{
    switch (event) {
    case TXDSENT:
        twi->sent++;
        if (twi->sent < sizeof(hops)) {
            twi_write(twi, ADDRESS, hops[twi->sent]);
            twi_write(twi, STARTTX, 1);
            twi_write(twi, TXD, hop_pointers[twi->sent]);
        } else {
            twi_write(twi, SHORTS, BB_SUSPEND);
            twi_write(twi, STARTRX, 1);
        }
        break;
    case RXDREADY:
        twi->rx[twi->got++] = (uint8_t)twi_read(twi, RXD);
        twi_write(twi, SHORTS, BB_STOP);
        twi_write(twi, RESUME, twi->got < 2);
        break;
    case ERROR:
        twi->errorsrc |= twi_read(twi, ERRORSRC);
        twi_write(twi, STOP, 1);
        break;
    case STOPPED:
        twi->done = true;
        break;
    }
}

static void test_hops(void)
{
    twi_begin(&twi0, hops[0]);
    twi0.hook = hop_hook;
    twi_write(&twi0, STARTTX, 1);
    twi_write(&twi0, TXD, hop_pointers[0]);
    tap_case(twi_wait(&twi0) && twi0.sent == sizeof(hops) && !twi0.errorsrc,
             "repeated STARTs to other addresses");
    tap_case(twi_count(&twi0, STOPPED) == 1 && twi0.got == 2 &&
                 twi0.rx[0] == 0x4b && twi0.rx[1] == 0x00,
             "after them a read from QEMU's tmp105: its register 2");
    tap_case(twi_run(&twi0, CHIP, 0, 0, 2) && counts_up(twi0.rx, 2, 1) &&
                 twi_run(&twi0, BEHIND, 0, 0, 2) && counts_up(twi0.rx, 2, 0xc1),
             "each target took the byte that was for it");
    tap_case(twi_run(&twi0, TMP105, pointer_0, 1, 2) && twi0.got == 2,
             "a target of QEMU's own, by interrupt");
}

static volatile bool seen;

static void note_hook(struct twi *twi, uint32_t event)
{
    if (event == SUSPENDED) {
        seen = true;
    } else if (event == STOPPED) {
        twi->done = true;
    }
}

static void test_suspend(void)
{
    twi_run(&twi0, CHIP, pointer_0, 1, 0);
    twi_begin(&twi0, CHIP);
    twi0.hook = note_hook;
    seen = false;
    twi_write(&twi0, SHORTS, BB_SUSPEND);
    twi_write(&twi0, STARTRX, 1);
    tap_case(wait_for(&seen, PATIENCE_US) && twi_count(&twi0, RXDREADY) == 1,
             "SUSPENDED comes before RXD is read");
    tap_case(twi_read(&twi0, RXD) == 1, "suspended: the byte is in RXD");
    look_on();
    tap_case(twi_count(&twi0, RXDREADY) == 1,
             "suspended: the next byte is withheld until RESUME");
    seen = false;
    twi_write(&twi0, RESUME, 1);
    tap_case(wait_for(&seen, PATIENCE_US) && twi_count(&twi0, RXDREADY) == 2,
             "RESUME: the next byte");
    seen = false;
    twi_write(&twi0, RESUME, 1);
    wait_for(&seen, PATIENCE_US);
    tap_case(twi_read(&twi0, ERRORSRC) == OVERRUN &&
                 twi_count(&twi0, ERROR) == 1 && twi_read(&twi0, RXD) == 3,
             "RESUME with RXD unread: OVERRUN, the newer byte stays");
    twi_write(&twi0, ERRORSRC, OVERRUN);
    twi_write(&twi0, RESUME, 1);
    twi_write(&twi0, STOP, 1);
    tap_case(twi_wait(&twi0) && twi_count(&twi0, RXDREADY) == 3,
             "RESUME and STOP: no further byte");
}

static void test_bb_stop_while_writing(void)
{
    twi_begin(&twi0, CHIP);
    twi0.hook = note_hook;
    twi_write(&twi0, SHORTS, BB_STOP);
    twi_write(&twi0, STARTTX, 1);
    twi_write(&twi0, TXD, 0);
    tap_case(twi_wait(&twi0) && twi_count(&twi0, TXDSENT) == 1 &&
                 twi_read(&twi0, BB) == 1,
             "BB_STOP while writing: STOP after the byte");
}

static void test_interrupt_mask(void)
{
    twi_begin(&twi0, CHIP);
    twi_write(&twi0, INTENCLR, ~0u);
    twi_write(&twi0, STARTTX, 1);
    twi_write(&twi0, STOP, 1);
    while (!twi_read(&twi0, STOPPED)) {
    }
    tap_case(twi0.irqs == 0, "INTENCLR: an event and no interrupt");
    twi_write(&twi0, INTENSET, INT_STOPPED);
    tap_case(twi_wait(&twi0) && twi0.irqs == 1,
             "INTENSET: the event that is there interrupts at once");
    tap_case(twi_read(&twi0, INTEN) == INT_STOPPED, "INTEN reads back");
}

static void read_on_hook(struct twi *twi, uint32_t event)
{
    if (event == RXDREADY) {
        twi_read(twi, RXD);
        seen = seen || twi_count(twi, RXDREADY) == 3;
    }
}

static void test_power(void)
{
    twi_begin(&twi0, CHIP);
    twi0.hook = read_on_hook;
    seen = false;
    twi_write(&twi0, STARTRX, 1);
    tap_case(wait_for(&seen, PATIENCE_US), "no SHORTS: reading RXD is the ACK");
    twi_write(&twi0, POWER, 0);
    twi_write(&twi0, POWER, 1);
    twi0.irqs = 0;
    tap_case(
        twi_read(&twi0, ENABLE) == 0 && twi_read(&twi0, INTEN) == 0 &&
            twi_read(&twi0, ERRORSRC) == 0 && twi_read(&twi0, RXDREADY) == 0 &&
            twi_read(&twi0, ADDRESS) == 0 && twi_read(&twi0, SHORTS) == 0 &&
            twi_read(&twi0, PSELSCL) == 0xffffffff &&
            twi_read(&twi0, PSELSDA) == 0xffffffff &&
            twi_read(&twi0, FREQUENCY) == 0x04000000,
        "POWER off and on in the middle of a read: reset values");
    look_on();
    tap_case(twi0.irqs == 0, "POWER: no interrupt comes after it");
    twi_write(&twi0, ADDRESS, CHIP);
    twi_write(&twi0, STARTTX, 1);
    look_on();
    tap_case(twi0.irqs == 0 && !twi_read(&twi0, STOPPED) &&
                 !twi_read(&twi0, ERROR),
             "tasks do nothing before ENABLE");
    twi_setup(&twi0);
    tap_case(twi_run(&twi0, CHIP, pointer_0, 1, 2) && counts_up(twi0.rx, 2, 1),
             "POWER: the bus is free for the next transfer");
    tap_case(probe(NOBODY) && twi_read(&twi0, ERRORSRC) == ANACK,
             "ERRORSRC stays until it is cleared");
    twi_write(&twi0, POWER, 0);
    twi_write(&twi0, POWER, 1);
    tap_case(twi_read(&twi0, ERRORSRC) == 0, "POWER clears ERRORSRC");
    twi_setup(&twi0);
}

static void test_pins(void)
{
    twi_write(&twi0, PSELSDA, 0xffffffff);
    tap_case(twi_run(&twi0, CHIP, pointer_0, 1, 0) && twi0.errorsrc == ANACK,
             "a pin disconnected: ANACK");
    twi_setup(&twi0);
}

static void test_both(void)
{
    bool good = true;

    twi_begin(&twi0, CHIP);
    tap_case(twi_run(&twi1, OTHER, pointer_0, 1, 3) &&
                 counts_up(twi1.rx, 3, 0x81) && twi0.irqs == 0,
             "TWI1: its own bus and its own interrupt");
    tap_case(twi_run(&twi1, CHIP, pointer_0, 1, 0) && twi1.errorsrc == ANACK,
             "TWI1: TWI0's chip is not there");
    for (unsigned int i = 0; i < 20; i++) {
        twi_start(&twi0, CHIP, pointer_0, 1, 16);
        twi_start(&twi1, OTHER, pointer_0, 1, 16);
        good = twi_wait(&twi0) && twi_wait(&twi1) && good;
        good = good && twi0.got == 16 && counts_up(twi0.rx, 16, 1);
        good = good && twi1.got == 16 && counts_up(twi1.rx, 16, 0x81);
    }
    tap_case(good, "both at the same time");
}

#define STORM_LOOPS 400
#define STORM_US    200      /* an address takes 25 */
#define NEVER_US    10000000 /* or it never comes */

/* What a busy host has made late, all at once: several thousand instructions,
 * and longer than an address is on the wire. */
void swi0_handler(void)
{
    uint32_t begin_us = time_us();

    for (volatile unsigned int i = 0; i < STORM_LOOPS; i++) {
    }
    while (time_us() - begin_us < STORM_US) {
    }
}

static bool poll(uint32_t event)
{
    uint32_t begin_us = time_us();
    bool came;

    do {
        came = twi_read(&twi0, event) != 0;
    } while (!came && time_us() - begin_us < NEVER_US);
    return came;
}

/* As MicroPython reads one byte, interrupted before it has written SHORTS. */
static bool read_interrupted(uint8_t *byte)
{
    twi_run(&twi0, CHIP, pointer_0, 1, 0);
    twi_begin(&twi0, CHIP);
    twi_write(&twi0, INTEN, 0);
    twi_write(&twi0, SHORTS, BB_SUSPEND);
    twi_write(&twi0, STARTRX, 1);
    irq_raise(IRQ_SWI0);
    twi_write(&twi0, SHORTS, BB_STOP);
    twi_write(&twi0, RESUME, 1);
    if (!poll(RXDREADY)) {
        return false;
    }
    *byte = (uint8_t)twi_read(&twi0, RXD);
    return poll(STOPPED);
}

static void test_late_interrupts(void)
{
    bool good = true;
    uint8_t byte = 0;

    irq_enable(IRQ_SWI0);
    for (unsigned int i = 0; i < 20; i++) {
        good = good && read_interrupted(&byte) && byte == 1;
    }
    tap_case(good, "late interrupts: between STARTRX and SHORTS");
    twi_write(&twi0, POWER, 0);
    twi_write(&twi0, POWER, 1);
    twi_setup(&twi0);
}

int main(void)
{
    twi_setup(&twi0);
    twi_setup(&twi1);
    irq_enable(IRQ_TWI0);
    irq_enable(IRQ_TWI1);
    test_write_and_read();
    test_lengths();
    test_address_nack();
    test_data_nack();
    test_stop_behind_start();
    test_restart();
    test_hops();
    test_suspend();
    test_bb_stop_while_writing();
    test_interrupt_mask();
    test_power();
    test_pins();
    test_both();
    test_late_interrupts();
    return 0;
}
