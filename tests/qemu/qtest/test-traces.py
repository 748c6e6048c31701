# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session is recorded in one mode and replayed in the other."""
import re

from bench import Bench, equal, main, path, patient, \
    read, started, write

ADDRESSES = "0x0b:0x48:0x49:0x4a:0x52:0x53"
CHIPS = """chip 0x48 sensor
reg 0 = 1a c0
reg 1 = 60
chip 0x0b smbus
reg 0x20 type=block = 61 62 63
reg 0x21 = 5a
chip 0x52 eeprom size=256 page=16 cycle-nacks=2
chip 0x53 registers
reg 0 = 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
"""


def session(bus):
    """What a guest does; returns what it got."""
    got = []
    # a scan; 0x49 and 0x4a are absent
    for address in (0x0b, 0x48, 0x49, 0x4a, 0x52, 0x53):
        got.append(bus.put(address, b""))
    for _ in range(3):
        got.append(bus.put_get(0x48, [0], 2))
        got.append(bus.put_get(0x0b, [0x20], 4))
        got.append(bus.put_get(0x53, [4], 3))
    # longer than before, and longer than any read-ahead
    got.append(bus.put_get(0x53, [4], 8))
    got.append(bus.put_get(0x53, [0], 40))
    got.append(bus.put(0x48, [1, 0x20]))
    got.append(bus.put_get(0x48, [1], 1))
    # the pointer first, then a read by itself
    got.append(bus.put(0x48, [0]))
    got.append(bus.get(0x48, 2))
    # two pages, as firmware that polls with the write
    for page in (0, 16):
        for _ in range(50):
            if bus.put(0x52, bytes([page]) + bytes(range(16))) == 17:
                break
        else:
            raise AssertionError("the EEPROM was busy for ever")
    for _ in range(50):
        if bus.put(0x52, [0]) == 1:
            break
    got.append(bus.put_get(0x52, [0], 32))
    return got


def stub(mode, trace):
    return patient(backend="stub", load=write("chips", CHIPS),
                  addresses=ADDRESSES, transfer=mode, record=trace, id="d")


def replayed(mode, trace, **more):
    return patient(backend="trace", file=trace, addresses=ADDRESSES,
                  transfer=mode, id="d", **more)


def record(machine, mode):
    trace = path(f"{mode}.i2ct")
    with Bench(machine, stub(mode, trace)) as b:
        got = session(b.bus)
    # QEMU has gone, and has ended the trace.
    lines = read(f"{mode}.i2ct").splitlines()
    equal(lines[0], "i2cpt-trace 1")
    transfers = [line for line in lines if re.match(r"\d", line)]
    equal(lines[-1], f"end {len(transfers)}")
    return trace, got, "\n".join(transfers)


def replay(machine, mode, trace, expected, **more):
    with Bench(machine, replayed(mode, trace, **more)) as b:
        equal(session(b.bus), expected, f"replay in {mode} mode")
        equal(b.qemu.counters("d")["mismatches"], 0)


def test_message_mode_to_both(machine):
    trace, got, text = record(machine, "message")
    for mark in ("%probe", "%resend", "%took-"):
        assert mark in text, f"no {mark} in\n{text}"
    replay(machine, "stream", trace, got)
    replay(machine, "message", trace, got)


def test_stream_mode_to_both(machine):
    trace, got, text = record(machine, "stream")
    assert "%" not in text, text
    replay(machine, "stream", trace, got)
    replay(machine, "message", trace, got, learn_from=trace)


def test_both_modes_see_the_same(machine):
    equal(record(machine, "message")[1], record(machine, "stream")[1])


def readings(bus):
    return [bus.put_get(0x48, [0], 2), bus.put_get(0x0b, [0x20], 4),
            bus.put_get(0x53, [4], 8), bus.put_get(0x53, [0], 40),
            bus.put_get(0x48, [1], 1), bus.put(0x48, [0]), bus.get(0x48, 2)]


def test_seeded_from_a_recording(machine):
    # The first time that a read is seen goes too far; with its recording
    # to learn from, it does not.
    trace = path("seeding.i2ct")
    with Bench(machine, stub("message", trace)) as b:
        got = readings(b.bus)
        assert b.qemu.counters("d")["over-read"] > 0
    with Bench(machine, patient(backend="stub", load=write("chips", CHIPS),
                                addresses=ADDRESSES, transfer="message",
                                learn_from=trace, id="d")) as b:
        equal(readings(b.bus), got)
        count = b.qemu.counters("d")
        equal((count["over-read"], count["resends"]), (0, 0))


def test_seeded_by_hand(machine):
    trace = write("seed.i2ct", """i2cpt-trace 1
0.0 +0.0001 w1@0x53 00 r6 = 00 01 02 03 04 05
0.1 +0.0001 w1@0x48 00 r34 = 1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 \
1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 1a c0 %took-2
end 2
""")
    with Bench(machine, patient(backend="stub", load=write("chips", CHIPS),
                               addresses=ADDRESSES, transfer="message",
                               learn_from=trace, id="d")) as b:
        equal(b.bus.put_get(0x53, [0], 6), bytes(range(6)))
        equal(b.bus.put_get(0x48, [0], 2), b"\x1a\xc0")
        count = b.qemu.counters("d")
        equal((count["over-read"], count["resends"]), (0, 0))


def test_a_recording_that_cannot_be_made():
    trace = path("no-such-folder/x.i2ct")
    status, text = started(stub("auto", trace))
    equal((status, len(text.splitlines())), (1, 1), text)
    assert f": record={trace}: " in text and "No such" in text, text


def test_an_open_transaction_at_exit(machine):
    for mode in ("stream", "message"):
        trace = path(f"open-{mode}.i2ct")
        with Bench(machine, stub(mode, trace)) as b:
            b.bus.message(0x53, [3, 0x99])
        text = read(f"open-{mode}.i2ct")
        assert "w2@0x53 03 99" in text, text
        assert re.search(r"^end [12]$", text, re.M), text


def test_a_guest_that_ends_qemu():
    # SYS_EXIT of Arm's semihosting: the exit runs in the CPU's own thread.
    program = (0xe3a00018,  # mov r0, #0x18
               0xe59f1000,  # ldr r1, [pc]
               0xef123456,  # svc 0x123456
               0x00020026)  # ADP_Stopped_ApplicationExit
    for mode in ("stream", "message"):
        b = Bench("versatilepb", stub(mode, path("ended.i2ct")),
                  ["-semihosting-config", "enable=on"])
        b.qemu.qtest([f"writel {4 * i:#x} {word:#x}"
                      for i, word in enumerate(program)])
        b.bus.message(0x53, [3, 0x99])
        equal(b.qemu.leave("cont"), 0, "exit status")
        text = read("ended.i2ct")
        assert "w2@0x53 03 99" in text and "\nend " in text, text


def test_one_bus_of_several(machine):
    trace = write("two.i2ct", "i2cpt-trace 1\n"
                              "0.0 +0.0001 i2c-0: w1@0x48 00 r2 = 1a c0\n"
                              "0.1 +0.0001 i2c-1: w1@0x48 00 r2 = 20 30\n"
                              "end 2\n")
    for bus, got in ((0, b"\x1a\xc0"), (1, b"\x20\x30")):
        with Bench(machine, replayed("auto", trace, trace_bus=bus)) as b:
            equal(b.bus.put_get(0x48, [0], 2), got, f"bus {bus}")


def test_a_guest_that_does_something_else(machine):
    trace = write("one.i2ct", "i2cpt-trace 1\n"
                              "0.0 +0.0001 w1@0x48 00 r2 = 1a c0\nend 1\n")
    for mode in ("stream", "message"):
        with Bench(machine, replayed(mode, trace, match="strict")) as b:
            b.bus.put_get(0x48, [1], 2)
            assert b.qemu.counters("d")["mismatches"] > 0, mode
        with Bench(machine, replayed(mode, trace, match="strict")) as b:
            equal(b.bus.put_get(0x48, [0], 2), b"\x1a\xc0", mode)
            equal(b.bus.put(0x49, [0]), -1, "absent there")


if __name__ == "__main__":
    main(globals())
