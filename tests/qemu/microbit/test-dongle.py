#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""MicroPython on the micro:bit reads from targets behind an FTDI dongle: QEMU
has a virtual one plugged in, and what its pins did is decoded by sigrok.

usage: test-dongle.py VERSION PLUGIN PRELOAD
"""
import os
import shutil
import sys
import tempfile

from microbit import GuestError, Microbit, Tap, find_qemu

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "ftdi"))
import preload  # noqa: E402

HZ = 400000
# A host with other things to do may be slow; no real target waits here.
DEVICE = ("i2c-passthrough,backend=ftdi,frequency=400k,addresses=0x48:0x50:0x51,"
          "hold-timeout-ms=60000,timeout-ms=30000")
READ = """
i2c.write({addr:#x}, b'\\x{register:02x}', repeat=True)
print(i2c.read({addr:#x}, {n}))
"""
WRITE = "i2c.write(0x50, b'\\x20\\xde\\xad\\xbe\\xef')"
ABSENT = "i2c.read(0x51, 1)"


def contents(addr, register, n):
    """What tests/ftdi/targets.c begins with."""
    if addr == 0x48:
        return bytes((2 * register + (i & 1)) * 11 + 1 & 0xff
                     for i in range(n))
    return bytes((register + i) * 11 + 1 & 0xff for i in range(n))


READS = [(0x48, 1, 2), (0x48, 0, 2), (0x50, 0x40, 1), (0x50, 0x41, 6),
         (0x50, 0x60, 16), (0x50, 0x61, 64), (0x48, 3, 2)]


def session(tap, name, board):
    """The guest's own view."""
    for addr, register, n in READS:
        got = board.value(READ.format(addr=addr, register=register, n=n))
        should = contents(addr, register, n)
        tap.case(got == should, f"{name}: {n} bytes of register {register:#x} "
                 f"of {addr:#x}", f"got {got!r}, not {should!r}")
    board.run(WRITE)
    got = board.value(READ.format(addr=0x50, register=0x21, n=3))
    tap.case(got == b"\xad\xbe\xef", f"{name}: what was written is read back",
             f"got {got!r}")
    try:
        why = f"printed {board.run(ABSENT)!r}"
    except GuestError as error:
        why = str(error)
    tap.case("OSError" in why, f"{name}: a target that is not there: OSError",
             why)


def exactly():
    """What sigrok must say where each event goes to the wire as it is."""
    lines = []

    def add(*messages):
        for i, words in enumerate(messages):
            lines.append("Start repeat" if i else "Start")
            lines.extend(preload.message(words[1:], words[0], False, False))
        lines.append("Stop")

    def read(addr, register, data):
        add([addr, "w1", f"{register:02x}"],
            [addr, f"r{len(data)}", "=", *(f"{byte:02x}" for byte in data)])

    for addr, register, n in READS:
        read(addr, register, contents(addr, register, n))
    add([0x50, "w5", "20", "de", "ad", "be", "ef"])
    read(0x50, 0x21, b"\xad\xbe\xef")
    lines.append("Start")
    lines.extend(preload.message(["r1"], 0x51, True, False))
    lines.append("Stop")
    return lines


def compare(tap, name, is_, should):
    at = next((i for i, (a, b) in enumerate(zip(is_, should)) if a != b),
              min(len(is_), len(should)))
    tap.case(is_ == should and should, name,
             f"line {at}: {is_[at:at + 4]}, not {should[at:at + 4]}")


def run(tap, qemu, plugin, library, mode):
    """One board; then its wave against the recording, and against what was
    asked, where that is to be on the wire as it is."""
    with tempfile.TemporaryDirectory(prefix="i2cpt-") as directory:
        vcd = os.path.join(directory, "wave.vcd")
        trace = os.path.join(directory, "session.i2ct")
        devices = ["nrf51-twi", f"{DEVICE},transfer={mode},record={trace}"]
        with Microbit(qemu, plugin, devices,
                      env=preload.environment(library, vcd,
                                              "qemu-system-arm")) as board:
            board.boot()
            board.run("from microbit import i2c")
            session(tap, mode, board)
        tap.case(not board.final_errors, f"{mode}: silent on stderr",
                 board.final_errors)
        wave = preload.judge.decoded(vcd, HZ)
        compare(tap, f"{mode}: sigrok sees what was recorded", wave,
                preload.of_trace(trace, rest=mode == "message"))
        if mode == "stream":
            compare(tap, f"{mode}: sigrok sees what the guest asked", wave,
                    exactly())


def main():
    version, plugin, library = sys.argv[1:]
    qemu = find_qemu(version)
    if not qemu or not shutil.which("sigrok-cli"):
        print(f"1..0 # SKIP no qemu-system-arm {version}, or no sigrok-cli")
        return 77
    tap = Tap()
    for mode in ("stream", "message"):
        run(tap, qemu, plugin, library, mode)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
