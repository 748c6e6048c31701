/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the guest of vm-gpio, a kernel module: a gpiochip whose lines, inputs that
 * make interrupts, are toggled by a timer. In
 * /sys/module/gpio_toggle/parameters:
 *
 *   lines      which, a mask of bits; all of them change at each tick
 *   period_ns  from one tick to the next, however late one was
 *   edges      written: so many ticks from one period on; read: those to come
 *   start_ns   when the first tick was due, of CLOCK_MONOTONIC
 *   levels     what the lines are, a mask
 *   glitch     so many times a line changes just before it is read
 *
 * The chip goes, its lines requested or not, when the driver is unbound.
 */
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/version.h>

#define LINES 8
#define MUTE  7 /* makes no interrupts */

static unsigned long lines = 1, levels;
static unsigned long period_ns = NSEC_PER_MSEC;
static unsigned long long start_ns;
static unsigned edges_left, glitch;
module_param(lines, ulong, 0644);
module_param(levels, ulong, 0444);
module_param(period_ns, ulong, 0644);
module_param(start_ns, ullong, 0444);
module_param(glitch, uint, 0644);

static struct gpio_chip chip;
static struct hrtimer timer;
static bool bound;
static const char *const names[LINES] = {"sensor-int", "sensor-alert"};

static void toggle(unsigned offset)
{
    __change_bit(offset, &levels);
    generic_handle_domain_irq(chip.irq.domain, offset);
}

static enum hrtimer_restart tick(struct hrtimer *t)
{
    unsigned long mask = lines;
    unsigned offset;

    for_each_set_bit(offset, &mask, LINES)
    {
        toggle(offset);
    }
    edges_left--;
    hrtimer_forward(t, hrtimer_get_expires(t), ns_to_ktime(period_ns));
    return edges_left ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

static int set_edges(const char *text, const struct kernel_param *p)
{
    unsigned n;
    int ret = kstrtouint(text, 0, &n);

    if (ret || !n || !bound || edges_left) {
        return ret ? ret : -EBUSY;
    }
    edges_left = n;
    start_ns = ktime_get_ns() + period_ns;
    hrtimer_start(&timer, ns_to_ktime(start_ns), HRTIMER_MODE_ABS);
    return 0;
}

static const struct kernel_param_ops edges_ops = {.set = set_edges,
                                                  .get = param_get_uint};
module_param_cb(edges, &edges_ops, &edges_left, 0644);

static int get(struct gpio_chip *c, unsigned offset)
{
    unsigned long flags;
    int level;

    local_irq_save(flags); /* the guest has one CPU */
    if (glitch) {
        glitch--;
        toggle(offset);
    }
    level = test_bit(offset, &levels);
    local_irq_restore(flags);
    return level;
}

static int get_direction(struct gpio_chip *c, unsigned offset)
{
    return GPIO_LINE_DIRECTION_IN;
}

static int input(struct gpio_chip *c, unsigned offset)
{
    return 0;
}

static void mask(struct irq_data *d)
{
    gpiochip_disable_irq(&chip, irqd_to_hwirq(d));
}

static void unmask(struct irq_data *d)
{
    gpiochip_enable_irq(&chip, irqd_to_hwirq(d));
}

static int set_type(struct irq_data *d, unsigned type)
{
    return type == IRQ_TYPE_EDGE_BOTH ? 0 : -EINVAL;
}

static const struct irq_chip irqs = {.name = "gpio-toggle",
                                     .irq_mask = mask,
                                     .irq_unmask = unmask,
                                     .irq_set_type = set_type,
                                     .flags = IRQCHIP_IMMUTABLE,
                                     GPIOCHIP_IRQ_RESOURCE_HELPERS};

static void without_mute(struct gpio_chip *c, unsigned long *valid, unsigned n)
{
    clear_bit(MUTE, valid);
}

static void stop(void *unused)
{
    bound = false;
    hrtimer_cancel(&timer);
    edges_left = 0;
}

/* What goes with the driver goes in turn: the timer, then the chip. */
static int probe(struct platform_device *device)
{
    int ret;

    chip = (struct gpio_chip){.label = "gpio-toggle",
                              .parent = &device->dev,
                              .owner = THIS_MODULE,
                              .base = -1,
                              .ngpio = LINES,
                              .names = names,
                              .get = get,
                              .get_direction = get_direction,
                              .direction_input = input};
    gpio_irq_chip_set_chip(&chip.irq, &irqs);
    chip.irq.handler = handle_simple_irq;
    chip.irq.default_type = IRQ_TYPE_NONE;
    chip.irq.init_valid_mask = without_mute;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
    hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
    timer.function = tick;
#else
    hrtimer_setup(&timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
#endif
    ret = devm_gpiochip_add_data(&device->dev, &chip, NULL);
    bound = !ret;
    return ret ? ret : devm_add_action_or_reset(&device->dev, stop, NULL);
}

static struct platform_driver driver = {.probe = probe,
                                        .driver = {.name = "gpio-toggle"}};
static struct platform_device *device;

static int __init load(void)
{
    int ret = platform_driver_register(&driver);

    if (ret) {
        return ret;
    }
    device = platform_device_register_simple("gpio-toggle", 0, NULL, 0);
    if (IS_ERR(device)) {
        platform_driver_unregister(&driver);
        return PTR_ERR(device);
    }
    return 0;
}

static void __exit unload(void)
{
    platform_device_unregister(device);
    platform_driver_unregister(&driver);
}

module_init(load);
module_exit(unload);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A gpiochip that toggles its own lines, for tests");
