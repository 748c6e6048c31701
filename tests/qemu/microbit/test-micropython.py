#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's MicroPython on -M microbit, through nrf51-twi and i2c-passthrough.

usage: test-micropython.py VERSION PLUGIN

Against stub in stream and in message mode, against what was recorded there,
against a trace written by hand, slow stubs, and -icount.
"""
import os
import re
import sys
import tempfile

from microbit import GuestError, Microbit, Tap, find_qemu

TRACE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "session.i2ct")

# 0x1d is what the firmware looks for when it starts (0x0d says MMA8653).
CHIPS = """\
chip 0x1d registers
reg 0x0d = 5a
{delay}
chip 0x48 registers
reg 0 = {bytes}
{delay}
chip 0x50 registers
{delay}
"""
# No real bus waits for this guest, but the host may well take its CPU away.
COMMON = ("id=chips,addresses=0x1d:0x48:0x50,hold-timeout-ms=10000,"
          "timeout-ms=20000")
LENGTHS = (1, 2, 6, 16, 64)


def chips(directory, delay_us=0):
    path = os.path.join(directory, f"chips-{delay_us}")
    with open(path, "w", encoding="ascii") as file:
        file.write(CHIPS.format(
            bytes=" ".join(f"{byte:02x}" for byte in range(64)),
            delay=f"delay byte-us={delay_us}" if delay_us else ""))
    return path


def stub(directory, delay_us=0, options=""):
    return (f"i2c-passthrough,backend=stub,{COMMON},"
            f"load={chips(directory, delay_us)}{options}")


class Session:
    """One board and the cases that are told of it."""

    def __init__(self, tap, name, board):
        self.tap = tap
        self.name = name
        self.board = board

    def check(self, what, source, expected, timeout=120):
        """The program prints what is expected."""
        try:
            got = self.board.value(source, timeout)
            why = f"got {got!r}, not {expected!r}"
        except (GuestError, SyntaxError, ValueError) as error:
            got, why = error, repr(error)
        self.tap.case(got == expected, f"{self.name}: {what}", why)

    def fails(self, what, source):
        """The program raises OSError."""
        try:
            why = f"printed {self.board.run(source)!r}"
        except GuestError as error:
            why = str(error)
        self.tap.case("OSError" in why, f"{self.name}: {what}", why)

    def counters(self):
        return self.board.qmp.call("qom-get", path="/machine/peripheral/chips",
                                   property="counters")


SCANS = """
bad = 0
for i in range(100):
    if i2c.scan() != [0x1d, 0x48, 0x50]:
        bad += 1
print(bad)
"""
READ = """
i2c.write(0x48, b'\\0', repeat=True)
print(i2c.read(0x48, {n}))
"""
AGAIN = """
try:
    for i in range(3):
        i2c.write(0x48, b'\\0', repeat=True)
        i2c.read(0x48, 6)
except OSError:
    pass
"""
# After a write with STOP the read is a transfer of its own.
APART = """
i2c.write(0x48, b'\\x10')
print(i2c.read(0x48, 2))
"""
WRITE = """
i2c.write(0x50, b'\\x20\\xde\\xad\\xbe\\xef')
i2c.write(0x50, b'\\x21', repeat=True)
print(i2c.read(0x50, 3))
"""
ABSENT = ("i2c.read(0x33, 1)", "i2c.read(0x33, 4)", "i2c.write(0x33, b'1')")
THOUSAND = """
first = None
for i in range(1000):
    i2c.write(0x48, b'\\x05', repeat=True)
    last = i2c.read(0x48, 2)
    first = first or last
print((first, last))
"""


def read_lengths(session, lengths=LENGTHS):
    for n in lengths:
        session.check(f"a read of {n} bytes", READ.format(n=n),
                      bytes(range(n)))


def absent(session):
    for source in ABSENT:
        session.fails(f"{source}: OSError", source)


def thousand(session):
    before = session.counters()
    session.check("1000 reads, the last equal to the first", THOUSAND,
                  (b"\x05\x06", b"\x05\x06"))
    after = session.counters()
    for name, expected in (("transactions", 1000), ("bytes-read", 2000),
                           ("bytes-written", 1000), ("nacks", 0),
                           ("late-faults", 0), ("mismatches", 0)):
        got = after[name] - before[name]
        session.tap.case(got == expected,
                         f"{session.name}: 1000 reads, counter {name} says "
                         f"{expected}", f"it says {got}")


def whole(session):
    session.check("scan() gives the chips, 100 times running", SCANS, 0)
    session.check("a write, then a read by itself", APART, b"\x10\x11")
    session.check("what was written is read back", WRITE, b"\xad\xbe\xef")
    read_lengths(session)
    absent(session)
    thousand(session)


class Bench:
    """Starts boards and tells how they ended."""

    def __init__(self, tap, qemu, plugin):
        self.tap = tap
        self.argv = (qemu, plugin)

    def run(self, name, devices, body, extra=(), said=""):
        """`said` is what all of stderr matches."""
        trouble = None
        try:
            with Microbit(*self.argv, devices, extra=extra) as board:
                board.boot()
                board.run("from microbit import i2c")
                body(Session(self.tap, name, board))
            if not re.fullmatch(said, board.final_errors):
                trouble = f"{board.final_errors!r} is no {said!r}"
        except (GuestError, TimeoutError, OSError, EOFError,
                RuntimeError) as error:
            trouble = repr(error)
        self.tap.case(not trouble, f"{name}: ran to its end, " + (
            "with its word on stderr" if said else "silent on stderr"), trouble)


def slowly(session):
    read_lengths(session, (1, 2, 6))
    session.check("scan()", "print(i2c.scan())", [0x1d, 0x48, 0x50])
    absent(session)


def failing(session):
    session.fails("the transfer fails", READ.format(n=2))


def slow(bench, directory):
    for delay_ms in (1, 5, 25, 100):
        bench.run(f"{delay_ms} ms a byte",
                  ["nrf51-twi", stub(directory, delay_ms * 1000)],
                  slowly)
    # 100000 polls last 20 ms where nothing else runs
    bench.run("2 s a byte, poll-wait-us=0",
              ["nrf51-twi,poll-wait-us=0",
               stub(directory, 2000000)],
              failing)


def one_chip(session):
    read_lengths(session, (1,))


def traces(bench, recorded):
    trace = f"i2c-passthrough,backend=trace,{COMMON}"
    bench.run("recorded trace", ["nrf51-twi", f"{trace},file={recorded}"],
              whole)
    bench.run("recorded trace, of which most is left out",
              ["nrf51-twi", f"{trace},file={recorded},match=lookup"], one_chip,
              said=r"\S+: warning: libi2cpt: trace:\S+: \d+ of \d+ transfers "
                   r"replayed, 0 mismatches; \d+ of \d+ transfers were not "
                   r"asked for, the first in line \d+")
    for mode in ("stream", "message"):
        bench.run(f"written trace, {mode}",
                  ["nrf51-twi", f"{trace},file={TRACE},match=lookup,"
                                f"transfer={mode}"], whole)


def run(bench, directory):
    recorded = os.path.join(directory, "recorded.i2ct")
    bench.run("stub, stream",
              ["nrf51-twi", stub(directory, options=",transfer=stream,record="
                                 + recorded)], whole)
    traces(bench, recorded)
    bench.run("stub, message",
              ["nrf51-twi", stub(directory, options=",transfer=message")],
              whole)
    bench.run("stub, icount", ["nrf51-twi", stub(directory, 200)], whole,
              ["-icount", "shift=6,sleep=off"])
    slow(bench, directory)


def main():
    version, plugin = sys.argv[1:]
    qemu = find_qemu(version)
    if not qemu:
        print(f"1..0 # SKIP no qemu-system-arm {version}")
        return 77
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="i2cpt-") as directory:
        run(Bench(tap, qemu, plugin), directory)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
