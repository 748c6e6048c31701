/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest without an operating system on mcimx6ul-evk that does nothing but
 * read registers of two bytes: of each target in its table for so many ticks of
 * QEMU's processor time, round by round. It tells by semihosting how many reads
 * there were. guest-rate.py writes the table.
 */
#include <stdbool.h>
#include <stdint.h>

/* i.MX 6UltraLite reference manual, chapter I2C: 16 bits each. */
#define I2C1      0x021a0000u
#define I2C_I2CR  (*(volatile uint16_t *)(I2C1 + 0x08))
#define I2C_I2SR  (*(volatile uint16_t *)(I2C1 + 0x0c))
#define I2C_I2DR  (*(volatile uint16_t *)(I2C1 + 0x10))
#define I2CR_IEN  0x80
#define I2CR_MSTA 0x20
#define I2CR_MTX  0x10
#define I2CR_TXAK 0x08
#define I2CR_RSTA 0x04
#define I2SR_RXAK 0x01

/* Semihosting for AArch32. The clock is QEMU's own processor time, in
 * hundredths of a second. */
#define SYS_WRITE0 0x04
#define SYS_CLOCK  0x10
#define SYS_EXIT   0x18
#define STOPPED    0x20026 /* ADP_Stopped_ApplicationExit */

#define BATCH 100 /* reads between two looks at the clock */

struct table {
    uint32_t ticks, rounds, n;
    struct {
        uint32_t address, value;
    } target[16];
};
#define TABLE ((const struct table *)0x81000000u)

extern uint32_t stack_top[];
void start(void);

static uint32_t semihosting(uint32_t what, uint32_t parameter)
{
    register uint32_t r0 __asm__("r0") = what;
    register uint32_t r1 __asm__("r1") = parameter;

    __asm__ volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
    return r0;
}

static void put_text(const char *text)
{
    semihosting(SYS_WRITE0, (uint32_t)text);
}

static void put_number(uint32_t number)
{
    char text[12], *at = text + sizeof(text);

    *--at = 0;
    *--at = ' ';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    put_text(at);
}

static bool send(uint8_t byte)
{
    I2C_I2DR = byte;
    return !(I2C_I2SR & I2SR_RXAK);
}

/* As a driver does it; -1 where somebody does not acknowledge. */
static int32_t read_register(uint8_t address, uint8_t pointer)
{
    int32_t value = -1;

    I2C_I2CR = I2CR_IEN | I2CR_MSTA | I2CR_MTX;
    if (send((uint8_t)(address << 1)) && send(pointer)) {
        I2C_I2CR = I2CR_IEN | I2CR_MSTA | I2CR_MTX | I2CR_RSTA;
        if (send((uint8_t)(address << 1 | 1))) {
            I2C_I2CR = I2CR_IEN | I2CR_MSTA;
            (void)I2C_I2DR; /* begins the first byte */
            I2C_I2CR = I2CR_IEN | I2CR_MSTA | I2CR_TXAK;
            value = (I2C_I2DR & 0xff) << 8;
            I2C_I2CR = I2CR_IEN;
            return value | (I2C_I2DR & 0xff);
        }
    }
    I2C_I2CR = I2CR_IEN;
    return value;
}

static uint32_t next_tick(void)
{
    uint32_t now = semihosting(SYS_CLOCK, 0), next;

    do {
        next = semihosting(SYS_CLOCK, 0);
    } while (next == now);
    return next;
}

/* "ADDRESS READS TICKS", or what went wrong. */
static void measure(uint8_t address, uint32_t expected)
{
    uint32_t reads = 0, begin = next_tick(), now;

    do {
        for (int i = 0; i < BATCH; i++) {
            if ((uint32_t)read_register(address, 0) != expected) {
                put_number(address);
                put_text("says something else\n");
                return;
            }
        }
        reads += BATCH;
        now = semihosting(SYS_CLOCK, 0);
    } while (now - begin < TABLE->ticks);
    put_number(address);
    put_number(reads);
    put_number(now - begin);
    put_text("\n");
}

__attribute__((used, noreturn)) static void run(void)
{
    for (uint32_t round = 0; round < TABLE->rounds; round++) {
        for (uint32_t i = 0; i < TABLE->n; i++) {
            measure((uint8_t)TABLE->target[i].address, TABLE->target[i].value);
        }
    }
    semihosting(SYS_EXIT, STOPPED);
    for (;;) {
    }
}

__attribute__((naked, section(".text.start"))) void start(void)
{
    __asm__ volatile("ldr sp, =stack_top\n"
                     "b run\n");
}
