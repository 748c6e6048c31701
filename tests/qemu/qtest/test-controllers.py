# SPDX-License-Identifier: LGPL-2.1-or-later
"""What controllers leave out. bcm2835-i2c sends no STOP after a data byte that
was refused, nor where its driver gives a transfer up, and QEMU's core then
gives the next one to the same target, whatever its address."""
from bench import Bench, VERSION, equal, main, patient, path, read, write

# 0x4a refuses its second byte, each time
CHIPS = "chip 0x4a registers\nfault nack at=1 on=write count=always\n" \
        "chip 0x4d registers\n"
HAS_BCM2835 = int(VERSION.split(".", maxsplit=1)[0]) >= 9


class Raspi(Bench):
    """Two targets on one adapter, which is recorded."""

    def __init__(self, name, **more):
        self.name = f"{name}.i2ct"
        settings = {"backend": "stub", "load": write("chips", CHIPS),
                    "record": path(self.name), "bus": "i2c-bus.1",
                    "name": "wire",
                    "transfer": "stream", **more}
        super().__init__("raspi2b", patient(hostaddr="0x4a", id="a", **settings),
                         patient(hostaddr="0x4d", id="d", **settings))

    def recorded(self):
        """Only what was on the wire."""
        return [line.split(" ", 2)[2] for line in read(self.name).split("\n")
                if " +" in line]


def test_the_next_transfer_is_for_whom_it_says():
    for mode in ("stream", "message"):
        with Raspi(mode, transfer=mode, presence_ms=0, probe="off") as b:
            refused = b.bus.put(0x4a, [1, 2])
            equal(refused, 1 if mode == "stream" else 2, f"{mode}: 0x4a")
            equal(b.bus.put(0x4d, [0x10, 0x55]), 2, f"{mode}: 0x4d")
            equal(b.bus.put(0x4d, [0x10]), 1)
            equal(b.bus.get(0x4d, 1), b"\x55", f"{mode}: read back")
        recorded = b.recorded()
        assert recorded[0].startswith("w2@0x4a 01 02 ! EIO"), recorded
        equal(recorded[1], "w2@0x4d 10 55", mode)


def test_whoever_is_refused_may_try_again():
    with Raspi("again") as b:
        equal([b.bus.put(0x4a, [1, 2]) for _ in range(3)], [1, 1, 1])
        equal(b.bus.put(0x4a, [1]), 1)
        equal(b.qemu.counters("a")["transactions"], 4)


def test_what_is_left_of_a_refused_write_goes_nowhere():
    with Raspi("rest") as b:
        b.bus.put(0x4a, [1, 2, 3, 4, 5])
        b.bus.put(0x4d, [0x10, 0x55])
    recorded = b.recorded()
    assert recorded[0].startswith("w2@0x4a 01 02 ! EIO"), recorded
    equal(recorded[1:], ["w2@0x4d 10 55"])


def test_a_transfer_that_the_driver_gave_up():
    with Raspi("given-up") as b:
        b.bus.start(0x4a, 2)
        b.bus.send(7)
        b.bus.end()
        equal(b.bus.put(0x4d, [0x10, 0x55]), 2, "another target")
        b.bus.start(0x4d, 2)
        b.bus.send(0x10)
        b.bus.end()
        equal(b.bus.get(0x4d, 1), b"\x55", "the same one")
        b.bus.start(0x4d, 2)
        b.bus.send(0x10)
        b.bus.end()
        equal(b.bus.put(0x22, [7]), -1, "nobody")
        equal(b.bus.put(0x4a, [7]), 1)
    equal(b.recorded(), ["w1@0x4a 07", "w2@0x4d 10 55", "w1@0x4d 10",
                         "r1@0x4d = 55", "w1@0x4d 10", "w1@0x4a 07"])


def test_reset_in_between():
    with Raspi("reset") as b:
        b.bus.put(0x4a, [1, 2])
        b.qemu.reset()
        equal(b.bus.put(0x4d, [0x10, 0x55]), 2)


def test_the_property_overrides():
    with Raspi("off", stop_at_nack="off") as b:
        b.bus.put(0x4a, [1, 2])
        b.bus.put(0x4d, [0x10, 0x55])
        equal(b.qemu.counters("d")["transactions"], 0, "QEMU's own way")


if not HAS_BCM2835:
    for name in [name for name in globals() if name.startswith("test_")]:
        del globals()[name]


def test_on_a_bus_that_does_all_right(machine):
    # said to be such a bus, it makes no difference to who is asked
    for setting in ("auto", "on"):
        with Bench(machine, patient(
                backend="stub", load=write("chips", CHIPS), transfer="stream",
                addresses="0x4a:0x4d", stop_at_nack=setting)) as b:
            equal(b.bus.put(0x4a, [1, 2]), 1, setting)
            equal(b.bus.put(0x4d, [0x10, 0x55]), 2, setting)
            equal(b.bus.put_get(0x4d, [0x10], 1), b"\x55", setting)


if __name__ == "__main__":
    main(globals())
