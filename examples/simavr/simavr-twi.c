/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real, remote or recorded targets on the TWI of an AVR that simavr runs:
 *
 *     simavr-twi firmware.elf i2c-dev,device=/dev/i2c-1 [POLICY-KEY=VALUE]...
 *
 * simavr tells the bus's events by an IRQ and is answered by another, from
 * within: the passthrough's blocking form fits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <i2cpt.h>
#include <simavr/avr_twi.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

static const char addresses[] = "0x33:0x44:0x48:0x50";

struct bus {
    struct i2cpt_passthrough *pt;
    avr_irq_t *irq;    /* ours: TWI_IRQ_INPUT and TWI_IRQ_OUTPUT */
    uint8_t addressed; /* by the last START, with its R/W bit; 0: nobody */
};

static void answer(struct bus *bus, uint8_t what, uint8_t address, uint8_t data)
{
    avr_raise_irq(bus->irq + TWI_IRQ_INPUT,
                  avr_twi_irq_msg(what, address, data));
}

static void on_start(struct bus *bus, uint8_t address)
{
    uint16_t flags = address & 1 ? I2CPT_M_RD : 0;
    int ret = i2cpt_passthrough_start(bus->pt, address >> 1, flags, 0);

    bus->addressed = 0;
    if (ret == I2CPT_ACK) {
        bus->addressed = address;
        answer(bus, TWI_COND_ACK, address, 1);
    }
}

/* The controller wants a byte, and says whether it is to be the last one. */
static void on_read(struct bus *bus, uint8_t msg)
{
    uint8_t byte;

    i2cpt_passthrough_read(bus->pt, &byte);
    if (!(msg & TWI_COND_ACK)) {
        i2cpt_passthrough_nack(bus->pt);
    }
    answer(bus, TWI_COND_READ, bus->addressed, byte);
}

static void on_event(avr_irq_t *irq, uint32_t value, void *param)
{
    struct bus *bus = param;
    avr_twi_msg_irq_t event = {.u.v = value};
    uint8_t msg = event.u.twi.msg;

    (void)irq;
    if (msg & TWI_COND_STOP) {
        i2cpt_passthrough_stop(bus->pt);
        bus->addressed = 0;
    }
    if (msg & TWI_COND_START) {
        on_start(bus, event.u.twi.addr);
    }
    if (!bus->addressed) {
        return;
    }
    if (msg & TWI_COND_WRITE &&
        i2cpt_passthrough_write(bus->pt, event.u.twi.data) == I2CPT_ACK) {
        answer(bus, TWI_COND_ACK, bus->addressed, 1);
    }
    if (msg & TWI_COND_READ) {
        on_read(bus, msg);
    }
}

static void on_uart(avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)param;
    putchar((int)value);
}

static void connect(avr_t *avr, struct bus *bus)
{
    static const char *names[] = {"twi.in", "twi.out"};
    uint32_t flags = 0;

    bus->irq = avr_alloc_irq(&avr->irq_pool, 0, 2, names);
    avr_irq_register_notify(bus->irq + TWI_IRQ_OUTPUT, on_event, bus);
    avr_connect_irq(bus->irq + TWI_IRQ_INPUT,
                    avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT));
    avr_connect_irq(avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_OUTPUT),
                    bus->irq + TWI_IRQ_OUTPUT);
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(
        avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT),
        on_uart, NULL);
}

/* docs/policy.md has the keys. */
static int set_policy(struct i2cpt_policy *policy, char **settings,
                      struct i2cpt_fault *fault)
{
    int rc = i2cpt_policy_set(policy, "addresses", addresses, fault);

    for (; !rc && *settings; settings++) {
        char *value = strchr(*settings, '=');

        if (value) {
            *value++ = 0;
        }
        rc = i2cpt_policy_set(policy, *settings, value ? value : "", fault);
    }
    return rc;
}

static int attach(struct i2cpt_adapter *adapter, struct bus *bus,
                  char **settings, struct i2cpt_fault *fault)
{
    struct i2cpt_policy *policy;
    int rc = i2cpt_policy_new(&policy);

    if (!rc) {
        rc = set_policy(policy, settings, fault);
    }
    if (!rc) {
        rc = i2cpt_passthrough_new(adapter, policy, NULL, &bus->pt, fault);
    }
    i2cpt_policy_free(policy);
    return rc;
}

/* An ATmega328P at 16 MHz with this program; NULL where there is none. */
static avr_t *load(const char *path)
{
    elf_firmware_t firmware = {0};
    avr_t *avr;

    if (elf_read_firmware(path, &firmware)) {
        fprintf(stderr, "simavr-twi: cannot read %s\n", path);
        return NULL;
    }
    avr = avr_make_mcu_by_name("atmega328p");
    if (!avr) {
        fprintf(stderr, "simavr-twi: this simavr has no atmega328p\n");
        return NULL;
    }
    avr_init(avr);
    avr->frequency = 16000000;
    avr_load_firmware(avr, &firmware);
    return avr;
}

static int run(avr_t *avr)
{
    int state = cpu_Running;

    while (state != cpu_Done && state != cpu_Crashed) {
        state = avr_run(avr);
    }
    return state == cpu_Done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct i2cpt_adapter *adapter;
    struct i2cpt_fault fault;
    struct bus bus = {0};
    int status = EXIT_FAILURE;

    if (argc < 3) {
        fprintf(stderr, "usage: simavr-twi FIRMWARE.elf ADAPTER "
                        "[POLICY-KEY=VALUE]...\n");
        return 2;
    }
    avr_t *avr = load(argv[1]);
    if (!avr) {
        return EXIT_FAILURE;
    }
    if (i2cpt_adapter_open(argv[2], &adapter, &fault)) {
        fprintf(stderr, "simavr-twi: %s\n", fault.text);
        return EXIT_FAILURE;
    }
    if (attach(adapter, &bus, argv + 3, &fault)) {
        fprintf(stderr, "simavr-twi: %s\n", fault.text);
    } else {
        connect(avr, &bus);
        status = run(avr);
        i2cpt_passthrough_free(bus.pt);
    }
    i2cpt_adapter_unref(adapter);
    return status;
}
