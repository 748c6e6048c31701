/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nRF51 without an operating system: start, UART, timer, cases as TAP. */
#include "board.h"

#define UART_STARTTX 0x40002008
#define UART_TXDRDY  0x4000211c
#define UART_ENABLE  0x40002500
#define UART_TXD     0x4000251c

#define TIMER_START     0x40008000
#define TIMER_CAPTURE0  0x40008040
#define TIMER_COMPARE1  0x40008144
#define TIMER_INTENSET  0x40008304
#define TIMER_INTENCLR  0x40008308
#define TIMER_BITMODE   0x40008508
#define TIMER_PRESCALER 0x40008510
#define TIMER_CC0       0x40008540
#define TIMER_CC1       0x40008544

#define NVIC_ISER 0xe000e100
#define NVIC_ISPR 0xe000e200

#define SEMIHOSTING_EXIT     0x18
#define SEMIHOSTING_FINISHED 0x20026 /* ADP_Stopped_ApplicationExit */
#define SEMIHOSTING_FAILED   0x20024 /* ADP_Stopped_InternalError */

extern uint32_t data_start[], data_end[], data_load[];
extern uint32_t bss_start[], bss_end[], stack_top[];

int main(void);
void reset_handler(void);

static unsigned int cases, failures;

static void finish(uint32_t how)
{
    register uint32_t r0 __asm__("r0") = SEMIHOSTING_EXIT;
    register uint32_t r1 __asm__("r1") = how;

    __asm__ volatile("bkpt 0xab" : : "r"(r0), "r"(r1) : "memory");
    for (;;) {
    }
}

void reset_handler(void)
{
    uint32_t *from = data_load;

    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    board_init();
    main();
    tap_end();
}

static void unexpected(void)
{
    put_text("Bail out! unexpected exception\n");
    finish(SEMIHOSTING_FAILED);
}

__attribute__((weak)) void swi0_handler(void)
{
    unexpected();
}

__attribute__((weak)) void gpiote_handler(void)
{
    unexpected();
}

static void timer_handler(void)
{
    *reg(TIMER_COMPARE1) = 0;
    *reg(TIMER_INTENCLR) = 1u << 17;
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[] = {
    (vector)(uintptr_t)stack_top,
    reset_handler,
    unexpected, /* NMI */
    unexpected, /* HardFault */
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    unexpected, /* SVCall */
    0,
    0,
    unexpected, /* PendSV */
    unexpected, /* SysTick */
    unexpected, /* 0 POWER_CLOCK */
    unexpected, /* 1 RADIO */
    unexpected, /* 2 UART0 */
    twi0_handler,
    twi1_handler,
    unexpected, /* 5 */
    gpiote_handler,
    unexpected, /* 7 ADC */
    timer_handler,
    unexpected, /* 9 */
    unexpected, /* 10 */
    unexpected, /* 11 */
    unexpected, /* 12 */
    unexpected, /* 13 */
    unexpected, /* 14 */
    unexpected, /* 15 */
    unexpected, /* 16 */
    unexpected, /* 17 */
    unexpected, /* 18 */
    unexpected, /* 19 */
    swi0_handler,
};

void irq_enable(unsigned int irq)
{
    *reg(NVIC_ISER) = 1u << irq;
}

void irq_raise(unsigned int irq)
{
    *reg(NVIC_ISPR) = 1u << irq;
    __asm__ volatile("dsb; isb" : : : "memory");
}

static void put_char(char c)
{
    *reg(UART_TXDRDY) = 0;
    *reg(UART_TXD) = (uint8_t)c;
    while (!*reg(UART_TXDRDY)) {
    }
}

void put_text(const char *text)
{
    while (*text) {
        put_char(*text++);
    }
}

void put_number(uint32_t number)
{
    if (number >= 10) {
        put_number(number / 10);
    }
    put_char((char)('0' + number % 10));
}

void tap_case(bool good, const char *name)
{
    cases++;
    failures += !good;
    put_text(good ? "ok " : "not ok ");
    put_number(cases);
    put_text(" - ");
    put_text(name);
    put_text("\n");
}

void tap_end(void)
{
    put_text("1..");
    put_number(cases);
    put_text("\n");
    finish(failures ? SEMIHOSTING_FAILED : SEMIHOSTING_FINISHED);
}

uint32_t time_us(void)
{
    *reg(TIMER_CAPTURE0) = 1;
    return *reg(TIMER_CC0);
}

void board_init(void)
{
    *reg(UART_ENABLE) = 4;
    *reg(UART_STARTTX) = 1;
    *reg(TIMER_BITMODE) = 3;   /* 32 bits */
    *reg(TIMER_PRESCALER) = 4; /* 16 MHz / 2^4 */
    *reg(TIMER_START) = 1;
    irq_enable(IRQ_TIMER0);
}

bool wait_for(volatile bool *flag, uint32_t timeout_us)
{
    uint32_t begin_us = time_us();
    bool seen = false;

    *reg(TIMER_COMPARE1) = 0;
    *reg(TIMER_CC1) = begin_us + timeout_us;
    *reg(TIMER_INTENSET) = 1u << 17;
    while (!seen && time_us() - begin_us < timeout_us) {
        __asm__ volatile("cpsid i" : : : "memory");
        seen = *flag;
        if (!seen) {
            __asm__ volatile("wfi"); /* wakes although masked */
        }
        __asm__ volatile("cpsie i" : : : "memory");
    }
    *reg(TIMER_INTENCLR) = 1u << 17;
    return seen;
}
