# SPDX-License-Identifier: LGPL-2.1-or-later
"""How far message mode reads beyond what the guest takes: by its counters."""
from bench import Bench, equal, main, patient, write

MEMORY = " ".join(f"{i:02x}" for i in range(256))
CHIPS = f"""chip 0x52 registers
reg 0 = {MEMORY}
chip 0x48 sensor
reg 0 = 1a c0
chip 0x0b smbus
reg 0x20 type=block = 61 62 63
reg 0x21 type=block = {" ".join(f"{i:02x}" for i in range(32))}
"""


def stub(**settings):
    return patient(backend="stub", load=write("chips", CHIPS), id="d",
                  addresses="0x52:0x48:0x0b", transfer="message", **settings)


class Watch:
    """What a counter has grown by since the last look."""

    def __init__(self, bench, *names):
        self.bench = bench
        self.names = names
        self.before = bench.qemu.counters("d")

    def grown(self):
        now = self.bench.qemu.counters("d")
        before, self.before = self.before, now
        found = tuple(now[name] - before[name] for name in self.names)
        return found[0] if len(found) == 1 else found


def test_second_and_later_occurrences(machine):
    with Bench(machine, stub()) as b:
        for start, n in ((0, 2), (8, 1), (0x10, 6), (0x20, 34), (0x60, 64)):
            watch = Watch(b, "over-read")
            b.bus.put_get(0x52, [start], n)
            first = watch.grown()
            assert first > 0 or n >= 34, f"read ahead of {n}: {first}"
            for _ in range(4):
                equal(b.bus.put_get(0x52, [start], n),
                      bytes(range(start, start + n)))
                equal(watch.grown(), 0, f"{n} bytes again")


def test_separate_write_and_read(machine):
    with Bench(machine, stub()) as b:
        b.bus.put(0x48, [0])
        equal(b.bus.get(0x48, 2), b"\x1a\xc0")
        watch = Watch(b, "over-read")
        for _ in range(4):
            equal(b.bus.get(0x48, 2), b"\x1a\xc0")
            equal(watch.grown(), 0, "again")


def test_never_seen_read_with_no_write(machine):
    for n in (1, 2, 7, 20):
        with Bench(machine, stub()) as b:
            equal(b.bus.get(0x48, n), (b"\x1a\xc0" * n)[:n])
            equal(b.qemu.counters("d")["over-read"], 0, f"{n} bytes")


def test_a_nack_ends_the_read(machine):
    with Bench(machine, stub()) as b:
        b.bus.message(0x52, [0])
        equal(b.bus.start(0x52, True), True)
        watch = Watch(b, "over-read")
        b.bus.read(True)
        b.bus.read(True)
        equal(watch.grown(), 0, "it may go on")
        b.bus.read(False)
        equal(watch.grown(), 31, "before any STOP")
        b.bus.stop()


def test_the_longest_is_kept(machine):
    with Bench(machine, stub()) as b:
        for n in (2, 6, 2, 6):
            b.bus.put_get(0x52, [0], n)
        watch = Watch(b, "over-read", "resends", "transfers")
        b.bus.put_get(0x52, [0], 6)
        equal(watch.grown(), (0, 0, 1))


def test_keys_that_agree_speak_for_the_others(machine):
    with Bench(machine, stub()) as b:
        for register in (0, 2, 4):
            b.bus.put_get(0x52, [register], 2)
        watch = Watch(b, "over-read", "transfers")
        equal(b.bus.put_get(0x52, [0x80], 2), b"\x80\x81")
        equal(watch.grown(), (0, 1), "a register never seen")


def test_block_reads(machine):
    with Bench(machine, stub()) as b:
        watch = Watch(b, "over-read", "transfers")
        for i in range(5):
            equal(b.bus.put_get(0x0b, [0x20], 4), b"\x03abc")
            grown = watch.grown()
            if i:
                equal(grown, (0, 1), f"time {i}")
        # known to be a block by then, so a longer one is fetched as one
        equal(b.bus.put(0x0b, [0x20, 5] + [0x30] * 5), 7)
        watch.grown()
        equal(b.bus.put_get(0x0b, [0x20], 6), b"\x05" + b"0" * 5)
        equal(watch.grown(), (0, 1), "another length")


def test_block_reads_as_a_driver_does_them(machine):
    """Count first, then as many as it says: the length is not the driver's."""
    def read_block(bus, command):
        bus.message(0x0b, [command])
        equal(bus.start(0x0b, True), True)
        count = bus.read(True)
        data = bytes(bus.read(i + 1 < count) for i in range(count))
        bus.stop()
        return data
    for mode in ("stream", "message"):
        with Bench(machine, patient(
                backend="stub", load=write("chips", CHIPS), address=0x0b,
                transfer=mode)) as b:
            for _ in range(4):
                equal(read_block(b.bus, 0x20), b"abc", mode)
                equal(read_block(b.bus, 0x21), bytes(range(32)), mode)


def test_fixed_length(machine):
    with Bench(machine, stub(read_length=2)) as b:
        for register in (0, 0x40):
            equal(b.bus.put_get(0x52, [register], 2),
                  bytes([register, register + 1]))
        equal(b.qemu.counters("d")["over-read"], 0)


def test_too_short_is_sent_again(machine):
    with Bench(machine, stub(read_length=2)) as b:
        equal(b.bus.put_get(0x52, [0], 5), bytes(range(5)))
        assert b.qemu.counters("d")["resends"] > 0


if __name__ == "__main__":
    main(globals())
