/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names as the boards have them: D4 is AD4 (BD4 of port B), C3 is AC3. Which
 * chip has which: the data sheets' tables of MPSSE pins; pyftdi, whose GPIO
 * ports are 16 wide on FT232H and FT2232H and 8 on FT4232H. An FT232H's AC8 and
 * AC9 are out of the engine's reach.
 */
#include "ftdi/line-pins.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "core/backend.h"
#include "core/fault.h"
#include "core/line-key.h"
#include "ftdi/mpsse-codec.h"
#include "lines/chosen.h"

#define PORT_PINS 8u

void mpsse_pin_name(unsigned pin, char name[MPSSE_PIN_NAME_SIZE])
{
    name[0] = pin < PORT_PINS ? 'D' : 'C';
    name[1] = (char)('0' + pin % PORT_PINS);
    name[2] = 0;
}

/* Its number, or one that no pin has. */
static unsigned pin_of(const char *name)
{
    char known[MPSSE_PIN_NAME_SIZE];
    unsigned i;

    for (i = 0; i < MPSSE_LINE_PINS; i++) {
        mpsse_pin_name(i, known);
        if (!strcmp(name, known)) {
            break;
        }
    }
    return i;
}

static uint16_t waits_for_scl(enum mpsse_stretching stretching)
{
    static const uint16_t pins[] = {
        [MPSSE_STRETCH_OFF] = 0,
        [MPSSE_STRETCH_ADAPTIVE] = PIN_WAIT | PIN_RTCK,
        [MPSSE_STRETCH_GPIO] = PIN_WAIT,
    };

    return pins[stretching];
}

/* NULL: it can be a line. */
static const char *why_not(unsigned pin, enum mpsse_chip chip,
                           enum mpsse_stretching stretching)
{
    if (pin >= MPSSE_LINE_PINS) {
        return "there is no such pin";
    }
    if (pin >= PORT_PINS) {
        return chip == MPSSE_FT4232H ? "it has no pins C" : NULL;
    }
    switch (1u << pin) {
    case PIN_SCL:
        return "the pin is SCL of the bus";
    case PIN_SDA:
    case PIN_SDA_IN:
        return "the pin is SDA of the bus";
    case PIN_TMS:
        return "the pin is the engine's TMS";
    default:
        return waits_for_scl(stretching) >> pin & 1
                   ? "with this clock-stretching the pin waits for SCL"
                   : NULL;
    }
}

static int refuse(const char *key, const char *source, const char *why,
                  enum mpsse_chip chip, const char *chip_name,
                  enum mpsse_stretching stretching, struct i2cpt_fault *fault)
{
    g_autoptr(GString) accepted = g_string_new(NULL);
    char name[MPSSE_PIN_NAME_SIZE];
    unsigned i;

    for (i = 0; i < MPSSE_LINE_PINS; i++) {
        if (!why_not(i, chip, stretching)) {
            mpsse_pin_name(i, name);
            g_string_append_printf(accepted, "%sftdi:%s",
                                   accepted->len ? ", " : "", name);
        }
    }
    return i2cpt_fault_text(fault, EINVAL,
                            "%s=%.4096s: this is an %s, and %s; accepted is %s",
                            key, source, chip_name, why, accepted->str);
}

int mpsse_line_pins(const struct i2cpt_options *o, enum mpsse_chip chip,
                    const char *chip_name, enum mpsse_stretching stretching,
                    uint16_t *pins, struct i2cpt_fault *fault)
{
    char name[LINE_NAME_MAX + 1];
    const char *key, *source, *pin_name, *why;
    unsigned pin;
    size_t i;

    *pins = 0;
    for (i = 0; (key = i2cpt_options_given(o, i)); i++) {
        if (!i2cpt_line_key_source(key, name)) {
            continue;
        }
        source = i2cpt_options_string(o, key);
        pin_name =
            lines_chosen_own_name(i2cpt_options_ops(o)->name, source, name);
        if (!pin_name) {
            continue; /* a GPIO line of this machine */
        }
        pin = pin_of(pin_name);
        why = why_not(pin, chip, stretching);
        if (why) {
            return refuse(key, source, why, chip, chip_name, stretching, fault);
        }
        *pins |= (uint16_t)(1u << pin);
    }
    return 0;
}
