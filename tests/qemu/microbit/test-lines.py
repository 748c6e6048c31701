#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A data-ready line as a pin of the micro:bit: by interrupt and by polling.

usage: test-lines.py VERSION PLUGIN FIRMWARE

The firmware (firmware/line-test.c) sleeps until nrf51-gpiote has an event for
it; MicroPython looks at the pin. Each has to see every sample once: of a stub,
recorded, and from the recording. I2CPT_LINE_ROUNDS is how many there are.
"""
import os
import subprocess
import sys
import tempfile

from microbit import GuestError, Microbit, Tap, find_qemu

ROUNDS = int(os.environ.get("I2CPT_LINE_ROUNDS", "200"))
TIMEOUT_S = 120 + ROUNDS // 10

# 0x1d is what MicroPython looks for when it starts.
CHIPS = """\
chip 0x1d registers
reg 0x0d = 5a
chip 0x19 registers
reg 0x27 type=clear-on-read
reg 0x30 = {rounds} {port:02x}
line drdy reg=0x27 mask=0x08 every-us=1000 counter=0x26 samples={count}
"""
TARGET = ("i2c-passthrough,id=d,addresses=0x19:0x1d,irqs=drdy=pin8,"
          "hold-timeout-ms=60000,timeout-ms=30000,")
REPLAYS = ("match=strict", "match=strict,timing=recorded", "match=per-address")

POLLS = """
from microbit import i2c, pin8
n = bad = 0
while n < {rounds}:
    if pin8.read_digital():
        i2c.write(0x19, b'\\x26', repeat=True)
        d = i2c.read(0x19, 2)
        n += 1
        bad += d[0] != n & 255 or d[1] != 8

print((n, bad, pin8.read_digital()))
"""


def write_chips(path, port):
    with open(path, "w", encoding="ascii") as file:
        file.write(CHIPS.format(rounds=ROUNDS.to_bytes(2, "big").hex(" "),
                                port=port, count=ROUNDS))
    return path


def count(trace, words):
    with open(trace, encoding="utf-8") as file:
        return sum(words in line for line in file)


class Bench:
    def __init__(self, tap, qemu, plugin, firmware):
        self.tap, self.qemu, self.plugin = tap, qemu, plugin
        self.firmware = firmware

    def bare(self, name, target, extra=()):
        """What the firmware prints; it ends QEMU."""
        argv = [self.qemu, "-M", "microbit", "-accel", "tcg", "-nodefaults",
                "-display", "none", "-serial", "stdio", "-semihosting",
                "-kernel", self.firmware, "-plugin", self.plugin,
                "-device", "nrf51-twi", "-device", "nrf51-gpiote",
                "-device", TARGET + target, *extra]
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT_S)
            said, wrong = done.stdout, done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            said, wrong = late.stdout or b"", f"no end after {TIMEOUT_S} s"
        text = said.decode(errors="replace")
        good = not wrong and text.endswith("\n1..4\n") and "not ok" not in text
        self.tap.case(good, name, text + wrong)
        return text

    def python(self, name, target):
        """MicroPython's; None where it raised."""
        got, wrong = None, None
        try:
            with Microbit(self.qemu, self.plugin,
                          ["nrf51-twi", TARGET + target]) as board:
                board.boot()
                got = board.value(POLLS.format(rounds=ROUNDS), TIMEOUT_S)
            wrong = board.final_errors
        except (GuestError, TimeoutError, OSError, EOFError, RuntimeError,
                ValueError, SyntaxError) as error:
            wrong = repr(error)
        self.tap.case(got == (ROUNDS, 0, 0) and not wrong, name,
                      f"{got!r} {wrong or ''}")
        return got

    def recorded(self, name, run, directory, port):
        """Of a stub, and then of what was recorded there: the same."""
        trace = os.path.join(directory, "trace.i2ct")
        chips = write_chips(os.path.join(directory, "chips"), port)
        first = run(f"{name}: {ROUNDS} samples of a stub",
                    f"backend=stub,load={chips},record={trace}")
        rises = count(trace, " irq drdy 1")
        self.tap.case(rises == ROUNDS, f"{name}: each is in the recording",
                      f"{rises} of {ROUNDS}")
        for how in REPLAYS:
            again = run(f"{name}: from the recording, {how}",
                        f"backend=trace,file={trace},{how}")
            self.tap.case(again == first, f"{name}: the same output, {how}",
                          f"{again!r}, not {first!r}")


def main():
    version, plugin, firmware = sys.argv[1:]
    qemu = find_qemu(version)
    if not qemu:
        print(f"1..0 # SKIP no qemu-system-arm {version}")
        return 77
    tap = Tap()
    bench = Bench(tap, qemu, plugin, firmware)
    with tempfile.TemporaryDirectory(prefix="i2cpt-") as directory:
        bench.recorded("a channel's event", bench.bare, directory, 0)
        bench.recorded("PORT", bench.bare, directory, 1)
        bench.recorded("MicroPython polls", bench.python, directory, 0)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
