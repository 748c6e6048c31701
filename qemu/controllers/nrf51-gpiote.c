/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nRF51 GPIOTE, which QEMU's -M microbit has no model of
 *
 *     -device nrf51-gpiote
 *
 * QEMU's GPIO has the pins and, from 8.2 on, DETECT, that no device takes; what
 * is here does with all of them. A pin's GPIO input is intercepted and the
 * GPIO's registers are looked at behind each write to them: levels come from
 * the first, what senses from the second.
 */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/log.h"

#include "controllers/nrf51-gpiote-engine.h"
#include "controllers/nrf51-soc.h"

#ifdef I2CPT_PLUGIN
#define trace_nrf51_gpiote_write(offset, value) ((void)0)
#define trace_nrf51_gpiote_pin(pin, level)      ((void)0)
#define trace_nrf51_gpiote_irq(level)           ((void)0)
#else
#include "trace.h"
#endif

#define TYPE_NRF51_GPIOTE "nrf51-gpiote"
OBJECT_DECLARE_SIMPLE_TYPE(Nrf51Gpiote, NRF51_GPIOTE)

#define BASE 0x40006000
#define IRQ  6
#define PINS 32

/* The GPIO's registers. */
#define GPIO_OUTSET    0x508
#define GPIO_OUTCLR    0x50c
#define GPIO_IN        0x510
#define GPIO_DIRSET    0x518
#define GPIO_PIN_CNF   0x700
#define INPUT_OFF(cnf) extract32(cnf, 1, 1)
#define SENSE(cnf)     extract32(cnf, 16, 2)
#define SENSE_HIGH     2
#define SENSE_LOW      3

struct Nrf51Gpiote {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    qemu_irq irq;
    Nrf51GpioteEngine engine;

    uint32_t driven, levels; /* from outside */
    const MemoryRegionOps *gpio_ops;
    void *gpio;
    MemoryRegionOps watched_ops;
};

/*
 * A machine has one nRF51, and that one GPIOTE; an intercepted input is told
 * nothing but its own number.
 */
static Nrf51Gpiote *the_one;

/* ------------------------------------------------------------------- pins */

static uint32_t gpio_read(Nrf51Gpiote *s, hwaddr offset)
{
    return s->gpio_ops->read(s->gpio, offset, 4);
}

/* QEMU's own DETECT passes over pins that nothing but a resistor drives. */
static bool detect(Nrf51Gpiote *s, uint32_t in)
{
    unsigned pin;

    for (pin = 0; pin < PINS; pin++) {
        uint32_t cnf = gpio_read(s, GPIO_PIN_CNF + 4 * pin);
        uint32_t level = extract32(in, pin, 1);

        if (!INPUT_OFF(cnf) && ((SENSE(cnf) == SENSE_HIGH && level) ||
                                (SENSE(cnf) == SENSE_LOW && !level))) {
            return true;
        }
    }
    return false;
}

static void look(Nrf51Gpiote *s)
{
    uint32_t in = gpio_read(s, GPIO_IN);

    nrf51_gpiote_engine_look(
        &s->engine, (in & ~s->driven) | (s->levels & s->driven), detect(s, in));
}

static void pin_changed(void *opaque, int pin, int level)
{
    qemu_irq *gpio_input = opaque;
    Nrf51Gpiote *s = the_one;

    trace_nrf51_gpiote_pin(pin, level);
    s->driven = deposit32(s->driven, pin, 1, level >= 0);
    s->levels = deposit32(s->levels, pin, 1, level > 0);
    qemu_set_irq(*gpio_input, level);
    look(s);
}

static void gpio_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned int size)
{
    Nrf51Gpiote *s = opaque;

    s->gpio_ops->write(s->gpio, offset, value, size);
    look(s);
}

static uint64_t gpio_read_watched(void *opaque, hwaddr offset,
                                  unsigned int size)
{
    Nrf51Gpiote *s = opaque;

    return s->gpio_ops->read(s->gpio, offset, size);
}

/* Its OUT and DIR have what a task does to a pin; silicon keeps them apart. */
static void engine_drive(void *opaque, unsigned pin, bool level)
{
    Nrf51Gpiote *s = opaque;

    s->gpio_ops->write(s->gpio, level ? GPIO_OUTSET : GPIO_OUTCLR, 1u << pin,
                       4);
    s->gpio_ops->write(s->gpio, GPIO_DIRSET, 1u << pin, 4);
    look(s);
}

static void engine_irq(void *opaque, bool level)
{
    Nrf51Gpiote *s = opaque;

    trace_nrf51_gpiote_irq(level);
    qemu_set_irq(s->irq, level);
}

static const Nrf51GpioteOps engine_ops = {
    .drive = engine_drive,
    .irq = engine_irq,
};

/* -------------------------------------------------------------- registers */

static bool is_known(hwaddr offset)
{
    if (nrf51_gpiote_engine_has_register(offset)) {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR,
                  "nrf51-gpiote: no register at offset 0x%" HWADDR_PRIx "\n",
                  offset);
    return false;
}

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned int size)
{
    Nrf51Gpiote *s = opaque;

    return is_known(offset) ? nrf51_gpiote_engine_read(&s->engine, offset) : 0;
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned int size)
{
    Nrf51Gpiote *s = opaque;

    if (is_known(offset)) {
        trace_nrf51_gpiote_write(offset, value);
        nrf51_gpiote_engine_write(&s->engine, offset, value);
    }
}

static const MemoryRegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .impl.min_access_size = 4,
    .impl.max_access_size = 4,
};

/* ------------------------------------------------------------------- life */

/* With the GPIO, which takes all pins for undriven then. */
static void nrf51_gpiote_reset_hold(Object *obj I2CPT_RESET_TYPE)
{
    Nrf51Gpiote *s = NRF51_GPIOTE(obj);

    s->driven = 0;
    s->engine.pins = 0;
    s->engine.detect = false;
    nrf51_gpiote_engine_reset(&s->engine);
}

static void watch_gpio(Nrf51Gpiote *s, MemoryRegion *registers)
{
    s->gpio_ops = registers->ops;
    s->gpio = registers->opaque;
    s->watched_ops = *registers->ops;
    s->watched_ops.read = gpio_read_watched;
    s->watched_ops.write = gpio_write;
    registers->ops = &s->watched_ops;
    registers->opaque = s;
}

static void intercept_pins(DeviceState *soc)
{
    qemu_irq pins[PINS];
    int pin;

    for (pin = 0; pin < PINS; pin++) {
        pins[pin] = qdev_get_gpio_in(soc, pin);
    }
    qemu_irq_intercept_in(pins, pin_changed, PINS);
}

static void nrf51_gpiote_realize(DeviceState *dev, Error **errp)
{
    Nrf51Gpiote *s = NRF51_GPIOTE(dev);
    Object *soc = nrf51_soc_find(dev, errp);

    if (!soc) {
        return;
    }
    if (the_one) {
        error_setg(errp, "nrf51-gpiote: is there already, one is enough");
        return;
    }
    the_one = s;
    watch_gpio(s,
               sysbus_mmio_get_region(SYS_BUS_DEVICE(nrf51_soc_gpio(soc)), 0));
    intercept_pins(DEVICE(soc));
    nrf51_soc_plug(soc, SYS_BUS_DEVICE(s), BASE, IRQ);
}

static void nrf51_gpiote_init(Object *obj)
{
    Nrf51Gpiote *s = NRF51_GPIOTE(obj);

    memory_region_init_io(&s->mmio, obj, &mmio_ops, s, TYPE_NRF51_GPIOTE,
                          NRF51_GPIOTE_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    nrf51_gpiote_engine_init(&s->engine, &engine_ops, s);
}

/* Its targets are chips of the host's. */
static const VMStateDescription nrf51_gpiote_vmstate = {
    .name = TYPE_NRF51_GPIOTE,
    .unmigratable = 1,
};

static void nrf51_gpiote_class_init(ObjectClass *klass, I2CPT_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "nRF51 GPIO tasks and events, for -M microbit";
    dc->realize = nrf51_gpiote_realize;
    dc->vmsd = &nrf51_gpiote_vmstate;
    dc->user_creatable = true;
    dc->hotpluggable = false;
    RESETTABLE_CLASS(klass)->phases.hold = nrf51_gpiote_reset_hold;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo nrf51_gpiote_info = {
    .name = TYPE_NRF51_GPIOTE,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(Nrf51Gpiote),
    .instance_init = nrf51_gpiote_init,
    .class_init = nrf51_gpiote_class_init,
};

static void nrf51_gpiote_register_types(void)
{
    type_register_static(&nrf51_gpiote_info);
    nrf51_soc_allow(TYPE_NRF51_GPIOTE);
}

i2cpt_type_init(nrf51_gpiote_register_types)
