# SPDX-License-Identifier: LGPL-2.1-or-later
"""nrf51-gpiote: each transition of its channels and of PORT, by registers and
pins, as qemu/controllers/nrf51-gpiote-engine.h has them."""
from bench import (BINARY, PLUGIN, Bench, equal, main, patient, started,
                   write)
import qemu

BASE, GPIO, NVIC_IRQ = 0x40006000, 0x50000000, 6
OUT, IN, PORT = BASE, BASE + 0x100, BASE + 0x17c
INTEN, INTENSET, INTENCLR = BASE + 0x300, BASE + 0x304, BASE + 0x308
CONFIG, POWER = BASE + 0x510, BASE + 0xffc
PIN_CNF, GPIO_IN, GPIO_OUT, GPIO_DIR = (GPIO + at for at in (
    0x700, 0x510, 0x504, 0x514))

OFF, RESERVED, EVENT, TASK = 0, 2, 1, 3
NONE, LO_TO_HI, HI_TO_LO, TOGGLE = range(4)
SENSE_HIGH, SENSE_LOW = 2, 3
PULL_DOWN, PULL_UP = 1, 3


def config(mode, pin=0, polarity=NONE, outinit=0):
    return mode | pin << 8 | polarity << 16 | outinit << 20


class Gpiote:
    """The machine's, never started: nothing happens by itself."""

    def __init__(self):
        self.bench = Bench("microbit", ["-device", "nrf51-gpiote"])
        self.qemu = self.bench.qemu
        self.qemu.qtest(["irq_intercept_in /machine/nrf51/armv6m"])

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.bench.__exit__(*rest)

    def set(self, *pairs):
        self.qemu.qtest([f"writel {at:#x} {value:#x}" for at, value in pairs])

    def get(self, at):
        return int(self.qemu.qtest([f"readl {at:#x}"])[0], 16)

    def pin(self, number, *levels):
        self.qemu.qtest([
            f"set_irq_in /machine/nrf51 unnamed-gpio-in {number} {level}"
            for level in levels])

    def cnf(self, pin, sense=0, pull=0, input_off=0):
        self.set((PIN_CNF + 4 * pin, input_off << 1 | pull << 2 | sense << 16))

    def events(self):
        """What has come since the last look, channels and then PORT."""
        seen = [self.get(IN + 4 * n) for n in range(4)] + [self.get(PORT)]
        self.set(*((IN + 4 * n, 0) for n in range(4)), (PORT, 0))
        return seen

    def irqs(self):
        seen = [level for line, level in self.qemu.irqs if line == NVIC_IRQ]
        self.qemu.irqs.clear()
        return seen


NOTHING = [0, 0, 0, 0, 0]


def test_reset_values():
    with Gpiote() as g:
        for at in (IN, PORT, INTEN, INTENSET, INTENCLR, CONFIG, CONFIG + 12):
            equal(g.get(at), 0, hex(at))
        equal(g.get(POWER), 1)


def test_registers_read_back():
    with Gpiote() as g:
        g.set((CONFIG + 8, 0xffffffff))
        equal(g.get(CONFIG + 8), 0x00131f03)
        g.set((INTENSET, 0xffffffff))
        equal((g.get(INTEN), g.get(INTENSET)), (0x8000000f, 0x8000000f))
        g.set((INTENCLR, 0x80000003))
        equal((g.get(INTEN), g.get(INTENCLR)), (0xc, 0xc))
        g.set((INTEN, 0x80000000))
        equal(g.get(INTENSET), 0x80000000)


def test_event_by_polarity():
    for polarity, up, down in ((NONE, 0, 0), (LO_TO_HI, 1, 0),
                               (HI_TO_LO, 0, 1), (TOGGLE, 1, 1)):
        with Gpiote() as g:
            g.set((CONFIG + 4, config(EVENT, 18, polarity)))
            for level, expected in ((1, up), (1, 0), (0, down), (0, 0),
                                    (1, up)):
                g.pin(18, level)
                equal(g.events(), [0, expected, 0, 0, 0], (polarity, level))


def test_no_event_of_the_level_that_is():
    with Gpiote() as g:
        g.pin(18, 1)
        g.set((CONFIG, config(EVENT, 18, LO_TO_HI)))
        equal(g.events(), NOTHING)
        g.pin(18, 0, 1)
        equal(g.events(), [1, 0, 0, 0, 0])


def test_another_pin_is_none_of_its():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 18, TOGGLE)))
        g.pin(17, 1, 0)
        g.pin(19, 1)
        equal(g.events(), NOTHING)


def test_two_channels_of_a_pin():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 5, LO_TO_HI)),
              (CONFIG + 12, config(EVENT, 5, HI_TO_LO)))
        g.pin(5, 1)
        equal(g.events(), [1, 0, 0, 0, 0])
        g.pin(5, 0)
        equal(g.events(), [0, 0, 0, 1, 0])


def test_off_and_reserved_have_no_events():
    for mode in (OFF, RESERVED, TASK):
        with Gpiote() as g:
            g.set((CONFIG, config(EVENT, 18, TOGGLE)),
                  (CONFIG, config(mode, 18, TOGGLE)))
            g.pin(18, 1, 0)
            equal(g.events(), NOTHING, mode)


def test_an_event_stays_until_it_is_cleared():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 18, LO_TO_HI)))
        g.pin(18, 1, 0)
        equal((g.get(IN), g.get(IN)), (1, 1))
        g.set((CONFIG, 0))
        equal(g.events(), [1, 0, 0, 0, 0])
        equal(g.events(), NOTHING)


def test_the_interrupt_follows_events_and_their_mask():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 18, LO_TO_HI)))
        g.pin(18, 1)
        equal(g.irqs(), [])
        g.set((INTENSET, 1))
        equal(g.irqs(), [1])
        g.set((INTENCLR, 1))
        equal(g.irqs(), [0])
        g.set((INTENSET, 1), (IN, 0))
        equal(g.irqs(), [1, 0])
        g.pin(18, 0, 1, 0, 1)
        equal((g.irqs(), g.get(IN)), ([1], 1))
        g.set((INTENCLR, 1), (INTENSET, 2))
        equal(g.irqs(), [0])


def test_port_by_sense():
    for sense, active in ((SENSE_HIGH, 1), (SENSE_LOW, 0)):
        with Gpiote() as g:
            g.pin(3, 1 - active)
            g.cnf(3, sense)
            g.set((INTENSET, 0x80000000))
            equal((g.events(), g.irqs()), (NOTHING, []), sense)
            g.pin(3, active)
            equal((g.events(), g.irqs()), ([0, 0, 0, 0, 1], [1, 0]), sense)
            g.pin(3, active)
            equal(g.events(), NOTHING, sense)
            g.pin(3, 1 - active)
            equal(g.events(), NOTHING, sense)
            g.pin(3, active)
            equal(g.events(), [0, 0, 0, 0, 1], sense)


def test_port_needs_all_pins_to_rest_between():
    with Gpiote() as g:
        g.pin(3, 0)
        g.pin(4, 0)
        g.cnf(3, SENSE_HIGH)
        g.cnf(4, SENSE_HIGH)
        g.pin(3, 1)
        equal(g.events(), [0, 0, 0, 0, 1])
        g.pin(4, 1)
        g.pin(3, 0)
        equal(g.events(), NOTHING)
        g.pin(4, 0)
        g.pin(3, 1)
        equal(g.events(), [0, 0, 0, 0, 1])


def test_port_as_the_guest_begins_to_sense():
    with Gpiote() as g:
        g.pin(3, 1)
        g.cnf(3)
        equal(g.events(), NOTHING)
        g.cnf(3, SENSE_HIGH)
        equal(g.events(), [0, 0, 0, 0, 1])
        g.cnf(3, SENSE_HIGH, input_off=1)
        equal(g.events(), NOTHING)
        g.cnf(3, SENSE_HIGH)
        equal(g.events(), [0, 0, 0, 0, 1])


def test_port_of_a_pin_that_a_resistor_pulls():
    with Gpiote() as g:
        g.cnf(3, SENSE_LOW, PULL_UP)
        g.events()
        equal(g.get(GPIO_IN) >> 3 & 1, 1)
        g.cnf(3, SENSE_LOW, PULL_DOWN)
        equal(g.events(), [0, 0, 0, 0, 1])


def test_task_by_polarity():
    for polarity, after in ((NONE, (0, 0)), (LO_TO_HI, (1, 1)),
                            (HI_TO_LO, (0, 0)), (TOGGLE, (1, 0))):
        with Gpiote() as g:
            g.set((CONFIG + 8, config(TASK, 9, polarity)))
            equal((g.get(GPIO_OUT), g.get(GPIO_DIR)), (0, 1 << 9), polarity)
            for expected in after:
                g.set((OUT + 8, 1))
                equal(g.get(GPIO_OUT), expected << 9, polarity)
            g.set((OUT + 8, 0), (OUT, 1))
            equal(g.get(GPIO_OUT), after[-1] << 9, polarity)


def test_task_begins_with_outinit_and_once():
    with Gpiote() as g:
        g.set((CONFIG, config(TASK, 9, HI_TO_LO, 1)))
        equal(g.get(GPIO_OUT), 1 << 9)
        g.set((OUT, 1), (CONFIG, config(TASK, 9, LO_TO_HI, 1)))
        equal(g.get(GPIO_OUT), 0)
        g.set((CONFIG, 0), (CONFIG, config(TASK, 9, LO_TO_HI, 1)))
        equal(g.get(GPIO_OUT), 1 << 9)
        g.set((CONFIG, config(TASK, 10, LO_TO_HI, 1)))
        equal(g.get(GPIO_OUT), 3 << 9)


def test_no_task_without_its_mode():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 9, TOGGLE)), (OUT, 1), (CONFIG, 0),
              (OUT, 1))
        equal((g.get(GPIO_OUT), g.get(GPIO_DIR)), (0, 0))


def test_power_off():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 18, LO_TO_HI)), (INTENSET, 1))
        g.pin(18, 1)
        equal(g.irqs(), [1])
        g.set((POWER, 0))
        equal((g.irqs(), g.get(IN), g.get(CONFIG), g.get(INTEN)),
              ([0], 0, 0, 0))
        g.pin(3, 0)
        g.cnf(3, SENSE_HIGH)
        g.set((CONFIG, config(EVENT, 18, TOGGLE)))
        g.pin(18, 0)
        g.pin(3, 1)
        equal((g.events(), g.get(CONFIG)), (NOTHING, 0))
        g.set((POWER, 1), (CONFIG, config(EVENT, 18, TOGGLE)))
        g.pin(18, 1)
        equal(g.events(), [1, 0, 0, 0, 0])


def test_reset_of_the_machine():
    with Gpiote() as g:
        g.set((CONFIG, config(EVENT, 18, LO_TO_HI)), (INTENSET, 0x80000001))
        g.pin(18, 1)
        g.cnf(18, SENSE_HIGH)
        g.irqs()
        g.qemu.reset()
        equal((g.events(), g.get(CONFIG), g.get(INTEN)), (NOTHING, 0, 0))
        g.pin(18, 1)
        g.set((CONFIG, config(EVENT, 18, HI_TO_LO)))
        g.pin(18, 0)
        equal(g.events(), [1, 0, 0, 0, 0])


def test_a_reset_forgets_what_drove_a_pin():
    with Gpiote() as g:
        g.pin(18, 0)
        g.qemu.reset()
        g.cnf(18, pull=PULL_UP)
        g.set((CONFIG, config(EVENT, 18, TOGGLE)))
        equal(g.events(), NOTHING)
        g.cnf(18, pull=PULL_DOWN)
        equal(g.events(), [1, 0, 0, 0, 0])


def test_a_reset_is_no_event():
    with Gpiote() as g:
        g.pin(18, 1)
        g.cnf(18, SENSE_HIGH)
        equal(g.events(), [0, 0, 0, 0, 1])
        g.qemu.reset()
        g.set((CONFIG, config(EVENT, 18, TOGGLE)))
        g.cnf(3, SENSE_LOW, PULL_DOWN)
        equal(g.events(), [0, 0, 0, 0, 1])


def test_a_pin_that_is_driven_no_more():
    with Gpiote() as g:
        g.pin(18, 0)
        g.cnf(18, pull=PULL_UP)
        g.set((CONFIG, config(EVENT, 18, LO_TO_HI)))
        equal(g.events(), NOTHING)
        g.pin(18, -1)
        equal(g.events(), [1, 0, 0, 0, 0])


def test_a_line_of_an_adapter():
    chip = write("chip", "chip 0x19 registers\nline drdy reg=0x20\n")
    for order in (1, -1):
        with Bench("microbit", ["-device", "nrf51-twi"], *[
                ["-device", "nrf51-gpiote"],
                patient(backend="stub", load=chip, address="0x19",
                        irqs="drdy=~pin8")][::order]) as b:
            equal(int(b.qemu.qtest([f"readl {GPIO_IN:#x}"])[0], 16), 1 << 18)


def test_errors():
    status, said = started(["-device", "nrf51-gpiote"])
    assert status == 1 and "nrf51-gpiote" in said, said
    status, said = qemu.run_to_exit(
        BINARY, "microbit", ["-device", "nrf51-gpiote"] * 2, plugin=PLUGIN)
    assert status == 1 and "one is enough" in said, said


if __name__ == "__main__":
    main(globals())
