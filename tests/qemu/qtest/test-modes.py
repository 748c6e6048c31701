# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stream and message mode give the guest the same bytes.

Every kind of chip that the stub has is there twice, on an adapter of its own
behind each mode, and goes through one script. Where message mode cannot be
like silicon (it reads further than the guest does), the difference is the one
that docs/policy.md tells of.
"""
from bench import Bench, equal, main, patient, write

MEMORY = " ".join(f"{(i * 7 + 3) & 0xff:02x}" for i in range(256))

CHIPS = {
    "registers": f"registers\nreg 0 = {MEMORY}",
    "fixed": "registers increment=off\nreg 5 = 55",
    "lm75": "sensor past=restart\nreg 0 type=readonly = 1a c0\n"
            "reg 1 = 60\nreg 2 = 4b 00\nreg 3 = 50 00",
    "ff": "sensor past=ff\nreg 0 = 12 34\nreg 2 = 56 78 9a",
    "next": "sensor past=next\nreg 0 = 12 34\nreg 1 = 55\nreg 2 = 56 78 9a",
    "eeprom16": f"eeprom size=256 page=16\nreg 0 = {MEMORY}",
    "eeprom256": f"eeprom size=32768 page=64\nreg 0 = {MEMORY}",
    "smbus": "smbus\nreg 0x10 = 5a\nreg 0x11 type=word = 34 12\n"
             "reg 0x12 type=block = 61 62 63 64 65\n"
             "reg 0x13 type=send\nreg 0x14 type=call\n"
             "reg 0x15 type=block-call\nreg 0x16 type=block = "
             + " ".join(f"{i:02x}" for i in range(32)),
    "measure": "measure\nreg 0x2400 nacks=3 = be ef 92 66 66 93\n"
               "reg 0xf32d = 80 10 e1",
    "fifo": "registers\nreg 0x30 type=fifo = "
            + " ".join(f"{i:02x}" for i in range(200)),
    "clearing": f"registers\nreg 0 = {MEMORY}\n"
                "reg 0x20 type=clear-on-read = ff 0f f0 3c",
}
NAMES = list(CHIPS)
MODES = ("stream", "message")


def board(machine, names, **more):
    """A device for each chip and mode; chips have an adapter each."""
    found = []
    for i, name in enumerate(names):
        load = write(name, f"chip {0x40 + i:#x} {CHIPS[name]}\n")
        for mode in MODES:
            settings = {"id": f"{name}-{mode}", "backend": "stub",
                        "load": load, "address": address(i, mode),
                        "hostaddr": 0x40 + i, "transfer": mode}
            if mode == "message":
                settings.update(more)
            found.append(patient(**settings))
    return Bench(machine, *found)


def address(i, mode):
    return 0x08 + 2 * i + MODES.index(mode)


def same(machine, name, script, **more):
    """Run script(bus, address) in both modes; returns what it gave."""
    with board(machine, [name], **more) as b:
        stream, message = (script(b.bus, address(0, mode)) for mode in MODES)
        equal(message, stream, f"{name}: message mode")
        return stream


def test_registers(machine):
    mem = bytes.fromhex(MEMORY)

    def script(bus, a):
        out = []
        for _ in range(3):
            for start, n in ((0, 1), (0, 2), (4, 6), (8, 16), (0x10, 64)):
                out.append(bus.put_get(a, [start], n))
        # STOP between: the pointer stays where it was put
        out.append((bus.put(a, [0x80]), bus.get(a, 5)))
        out.append((bus.put(a, [0x82]), bus.get(a, 40)))
        out.append(bus.put(a, [0x90, 1, 2, 3]))
        out.append(bus.put_get(a, [0x90], 4))
        out.append(bus.put(a, []))
        # two writes in one transfer, then a read of what they made
        out.append(bus.transfer((a, b"\x20\xaa"), (a, b"\x21\xbb"),
                                (a, b"\x20"), (a, 3)))
        # read, then read, then write in one transfer
        out.append(bus.transfer((a, b"\x30"), (a, 4), (a, b"\x31"), (a, 2),
                                (a, b"\x30\x99")))
        out.append(bus.put_get(a, [0x30], 1))
        out.append(bus.put(a, bytes([0]) + bytes(range(255))))
        out.append(bus.put_get(a, [0], 256))
        return out
    out = same(machine, "registers", script)
    equal(out[0], mem[:1])
    equal(out[4], mem[0x10:0x50])
    equal(out[-1], bytes(range(255)) + mem[255:])


def test_registers_without_increment(machine):
    def script(bus, a):
        return [bus.put_get(a, [5], n) for n in (1, 3, 3)] + [
            bus.put(a, [6, 1, 2]), bus.put_get(a, [6], 2)]
    equal(same(machine, "fixed", script)[-1], b"\x02\x02")


def test_lm75(machine):
    def script(bus, a):
        out = [bus.put_get(a, [0], 2) for _ in range(3)]
        out += [bus.put_get(a, [reg], n) for reg in range(4)
                for n in (1, 2, 5)]
        out += [bus.put(a, [3, 0x55, 0x80]), bus.put_get(a, [3], 2)]
        # the pointer stays; no write before these reads
        out += [bus.put(a, [2])] + [bus.get(a, 2) for _ in range(4)]
        return out
    out = same(machine, "lm75", script)
    equal(out[0], b"\x1a\xc0")
    equal(out[-1], b"\x4b\x00")


def test_sensor_that_reads_ff(machine):
    def script(bus, a):
        return [bus.put_get(a, [reg], n) for reg in (0, 2, 1, 0)
                for n in (1, 2, 4)]
    same(machine, "ff", script)


def test_sensor_that_goes_on(machine):
    def script(bus, a):
        return [bus.put_get(a, [reg], n) for reg in (0, 1, 2, 0)
                for n in (1, 3, 6)]
    equal(same(machine, "next", script)[2], b"\x12\x34\x55\x56\x78\x9a")


def test_eeprom(machine):
    for name, pointer in (("eeprom16", lambda at: [at]),
                          ("eeprom256", lambda at: [at >> 8, at & 0xff])):
        def script(bus, a, pointer=pointer):
            out = [bus.put_get(a, pointer(0), n) for n in (1, 16, 16, 100)]
            out.append(bus.put(a, pointer(0x2e) + [1, 2, 3, 4]))
            out.append(bus.put_get(a, pointer(0x20), 32))
            out.append((bus.put(a, pointer(0x80)), bus.get(a, 20)))
            return out
        out = same(machine, name, script)
        equal(out[0], bytes.fromhex(MEMORY)[:1])


def test_smbus_by_command(machine):
    def script(bus, a):
        out = []
        for _ in range(3):  # never seen, seen once, known to be a block
            out.append(bus.put_get(a, [0x10], 1))
            out.append(bus.put_get(a, [0x11], 2))
            out.append(bus.put_get(a, [0x12], 6))
            out.append(bus.put_get(a, [0x16], 33))
            out.append(bus.put_get(a, [0x14, 0x0f, 0xf0], 2))
            out.append(bus.put_get(a, [0x15, 3, 7, 8, 9], 4))
        out.append(bus.put(a, [0x13]))
        out.append(bus.put(a, [0x11, 0xcd, 0xab]))
        out.append(bus.put_get(a, [0x11], 2))
        out.append(bus.put(a, [0x12, 2, 0x31, 0x32]))
        for _ in range(3):
            out.append(bus.put_get(a, [0x12], 3))
        return out
    out = same(machine, "smbus", script)
    equal(out[2], b"\x05abcde")
    equal(out[5], b"\x03\x09\x08\x07")
    equal(out[-1], b"\x02\x31\x32")


def test_smbus_with_pec(machine):
    def script(bus, a):
        out = []
        for _ in range(3):
            for command, n in ((0x10, 2), (0x11, 3), (0x12, 7)):
                out.append(bus.put_get(a, [command], n)[:-1])
        return out
    same(machine, "smbus", script)


def read_until_ready(bus, a, n):
    """Poll with a read, as drivers of such sensors do."""
    for polls in range(20):
        seen = bus.transfer((a, n))[0]
        if seen.address and seen.data != b"\xff" * n:
            return polls, seen.data
    return polls, None


def test_measuring_sensor(machine):
    # In message mode the refusal of a read whose target was just seen is told
    # one START later, so the number of polls may differ; the data may not.
    with board(machine, ["measure"]) as b:
        for mode in MODES:
            a = address(0, mode)
            for _ in range(3):
                equal(b.bus.put(a, b"\x24\x00"), 2)
                polls, data = read_until_ready(b.bus, a, 6)
                equal(data, b"\xbe\xef\x92\x66\x66\x93", mode)
                assert polls >= 3, (mode, polls)


def test_fifo(machine):
    # Taken once, gone: what a first read runs ahead is lost, no more after it.
    def script(bus, a):
        return [bus.put_get(a, [0x30], 4) for _ in range(4)]
    with board(machine, ["fifo"]) as b:
        stream, message = (script(b.bus, address(0, mode)) for mode in MODES)
        equal(stream, [bytes(range(i, i + 4)) for i in (0, 4, 8, 12)])
        equal(message, [bytes(range(i, i + 4)) for i in (0, 34, 38, 42)])
        equal(b.qemu.counters("fifo-message")["over-read"], 30)
    same(machine, "fifo", script, read_length=4)


def test_fifo_of_unknown_length(machine):
    # Byte by byte, nothing is lost: the setting for FIFOs.
    def script(bus, a):
        return [bus.put_get(a, [0x30], n) for n in (4, 7, 1, 32, 9)]
    out = same(machine, "fifo", script, read_length=1, on_short="continue")
    equal(b"".join(out), bytes(range(53)))


def test_clear_on_read(machine):
    # The first read runs over the neighbours, which are cleared unseen.
    def script(bus, a):
        return [bus.put_get(a, [0x20], 1), bus.put_get(a, [0x21], 1),
                bus.put_get(a, [0x22], 1)]
    with board(machine, ["clearing"]) as b:
        stream, message = (script(b.bus, address(0, mode)) for mode in MODES)
        equal(stream, [b"\xff", b"\x0f", b"\xf0"])
        equal(message, [b"\xff", b"\x00", b"\x00"])
    same(machine, "clearing", script, read_length=1)


def test_current_address_read(machine):
    # Where the chip's own pointer decides, it stands behind what was read
    # ahead, not behind what the guest took.
    def script(bus, a):
        bus.put_get(a, [0x10], 2)
        return [bus.get(a, 4), bus.get(a, 4)]
    mem = bytes.fromhex(MEMORY)
    with board(machine, ["eeprom16"]) as b:
        stream, message = (script(b.bus, address(0, mode)) for mode in MODES)
        equal(stream, [mem[0x12:0x16], mem[0x16:0x1a]])
        equal(message[0][:2], mem[0x10 + 34:0x10 + 36], "behind read-ahead")
    same(machine, "eeprom16", script, on_short="continue", read_length=1)


if __name__ == "__main__":
    main(globals())
