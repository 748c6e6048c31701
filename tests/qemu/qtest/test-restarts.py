# SPDX-License-Identifier: LGPL-2.1-or-later
"""A controller that makes STOP and START of a repeated START, i.MX's, and one
that does not: each replays traces of the other."""
from bench import Bench, equal, main, path, patient, read, write

LM75 = """i2cpt-trace 1
0 +0 w1@0x48 00 r2 = 1a 80
0 +0 w1@0x48 02 r1 = 4b
end 2
"""
CHIP = "chip 0x48 sensor\nreg 0 = 1a 80\nreg 2 = 4b 00\n"
MODES = ("stream", "message")
MATCHES = ("per-address", "strict", "lookup")


def replayed(trace, **more):
    return patient(backend="trace", file=trace, address="0x48", id="d", **more)


def readings(bus):
    return [bus.put_get(0x48, [0], 2), bus.put_get(0x48, [2], 1)]


EXPECTED = [b"\x1a\x80", b"\x4b"]


def on_imx(trace, **more):
    """What the guest gets, and the mismatches."""
    with Bench("mcimx6ul-evk", replayed(trace, bus="i2c-bus.0", **more)) as b:
        return readings(b.bus), b.qemu.counters("d")["mismatches"]


def test_a_trace_of_a_real_bus_on_imx():
    trace = write("real.i2ct", LM75)
    for mode in MODES:
        for match in MATCHES:
            equal(on_imx(trace, transfer=mode, match=match), (EXPECTED, 0),
                  f"{mode}, {match}")


def test_the_property_overrides():
    got, mismatches = on_imx(write("real.i2ct", LM75), restarts="exact")
    assert got != EXPECTED and mismatches, (got, mismatches)


def record_on_imx(mode):
    trace = path(f"imx-{mode}.i2ct")
    with Bench("mcimx6ul-evk", patient(
            backend="stub", load=write("chips", CHIP), address="0x48", id="d",
            bus="i2c-bus.0", transfer=mode, record=trace)) as b:
        equal(readings(b.bus), EXPECTED, mode)
    text = read(f"imx-{mode}.i2ct")
    assert "restarts: any\n" in text, text
    assert " 00 r2 = " not in text, text
    return trace


def test_a_trace_of_imx_elsewhere(machine):
    for recorded in MODES:
        trace = record_on_imx(recorded)
        for mode in MODES:
            for match in MATCHES:
                with Bench(machine, replayed(trace, transfer=mode,
                                             match=match)) as b:
                    equal(readings(b.bus), EXPECTED,
                          f"{recorded} in {mode}, {match}")
                    equal(b.qemu.counters("d")["mismatches"], 0)


def test_who_forgot_a_repeated_start(machine):
    # a trace with repeated STARTs, and a controller that has them
    trace = write("real.i2ct", LM75)
    for mode in MODES:
        with Bench(machine, replayed(trace, transfer=mode)) as b:
            b.bus.put(0x48, [0])
            b.bus.get(0x48, 2)
            assert b.qemu.counters("d")["mismatches"], mode


def test_no_cascade(machine):
    # one transfer too few, and the rest is as it was
    trace = write("five.i2ct", "i2cpt-trace 1\n" + "".join(
        f"0 +0 w2@0x48 01 {i:02x}\n" for i in range(5)) + "end 5\n")
    for mode in MODES:
        with Bench(machine, replayed(trace, transfer=mode)) as b:
            b.bus.put(0x48, [1, 0])
            for i in (2, 3, 4):  # 1 is left out
                b.bus.put(0x48, [1, i])
            equal(b.qemu.counters("d")["mismatches"], 1, mode)


if __name__ == "__main__":
    main(globals())
