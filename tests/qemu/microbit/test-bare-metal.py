#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nrf51-twi driven by interrupt, from a program on the bare micro:bit.

usage: test-bare-metal.py VERSION PLUGIN FIRMWARE [VARIANT...]

The firmware (firmware/twi-test.c) prints TAP on the UART and ends QEMU by
semihosting; here its chips are put in place, in several tempers: answering at
once, slower than the wire, with poll-wait off, and under -icount.
"""
import os
import re
import subprocess
import sys
import tempfile

import microbit

TIMEOUT_S = 240
# No real bus waits for this guest, but the host may well take its CPU away.
PATIENT = "backend=stub,hold-timeout-ms=60000,timeout-ms=30000"
CASE = re.compile(r"^(not ok|ok) \d+ - (.*)$")

# Where instructions are the time, what comes late is late on the wire too.
LATE = "late interrupts:"

# What firmware/twi-test.c expects to find.
TWI0 = """\
chip 0x48 registers
reg 0 = {low}
{delay}
chip 0x50 registers
fault nack at=1 on=write count=always
{delay}
"""
TWI1 = """\
chip 0x49 registers
reg 0 = {high}
{delay}
"""
BEHIND = """\
chip 0x60 registers
reg 0 = c1 c2 c3
{delay}
"""

VARIANTS = [
    # name, delay of a byte in us, options of nrf51-twi, options of QEMU
    ("at once", 0, "", []),
    ("slower than the wire", 300, "", []),
    ("without poll-wait", 300, ",poll-wait-us=0", []),
    ("by processor time", 0, ",count-instructions=off", []),
    ("one thread", 0, "", ["-accel", "tcg,thread=single"]),
    ("icount", 100, "", ["-icount", "shift=6,sleep=off"]),
]


def write_chips(path, text, delay_us):
    delay = f"delay byte-us={delay_us}" if delay_us else ""
    low = " ".join(f"{byte:02x}" for byte in range(1, 65))
    high = " ".join(f"{byte:02x}" for byte in range(0x81, 0xc1))
    with open(path, "w", encoding="ascii") as file:
        file.write(text.format(delay=delay, low=low, high=high))


def devices(directory, options):
    words = []
    for device in (
            f"nrf51-twi{options}",
            f"nrf51-twi,instance=1{options}",
            f"i2c-passthrough,bus=twi0,{PATIENT},name=first,"
            f"addresses=0x48:0x50,load={directory}/twi0",
            f"i2c-passthrough,bus=twi0,{PATIENT},name=third,address=0x60,"
            f"load={directory}/behind,record={directory}/behind.i2ct",
            "tmp105,bus=twi0,address=0x4a",
            f"i2c-passthrough,bus=twi1,{PATIENT},name=second,"
            f"address=0x49,load={directory}/twi1"):
        words += ["-device", device]
    return words


def run(qemu, plugin, firmware, directory, options, extra):
    """The guest's lines, and what went wrong besides, or None."""
    argv = [qemu, "-M", "microbit", "-nodefaults", "-display", "none",
            "-serial", "stdio", "-semihosting",
            "-kernel", firmware, "-plugin", plugin]
    argv += devices(directory, options) + (extra or ["-accel", "tcg"])
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        return text.splitlines(), f"no end after {TIMEOUT_S} s"
    errors = done.stderr.decode(errors="replace").strip()
    lines = done.stdout.decode(errors="replace").splitlines()
    failed = any(line.startswith("not ok") for line in lines)
    if errors:
        return lines, f"stderr: {errors}"
    if not any(line.startswith("1..") for line in lines):
        return lines, f"no plan, exit status {done.returncode}"
    if bool(done.returncode) != failed:
        return lines, f"exit status {done.returncode}"
    return lines, None


def stopped_when_left(path):
    """In the recording of the chip at 0x60: a repeated START to another chip
    ended its write, and the read that came later is a transfer of its own."""
    with open(path, encoding="utf-8") as file:
        transfers = [line.split()[2:] for line in file if "@0x60" in line]
    write, read = "w1@0x60 00".split(), "r2@0x60 = c1 c2".split()
    for before, after in zip(transfers, transfers[1:]):
        if before == write and after == read:
            return None
    return "\n".join(" ".join(words) for words in transfers)


def main():
    version, plugin, firmware, *chosen = sys.argv[1:]
    qemu = microbit.find_qemu(version)
    if not qemu:
        print(f"1..0 # SKIP no qemu-system-arm {version}")
        return 77
    tap = microbit.Tap()
    for name, delay_us, options, extra in VARIANTS:
        if chosen and name not in chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="i2cpt-") as directory:
            write_chips(os.path.join(directory, "twi0"), TWI0, delay_us)
            write_chips(os.path.join(directory, "twi1"), TWI1, delay_us)
            write_chips(os.path.join(directory, "behind"), BEHIND, delay_us)
            lines, trouble = run(qemu, plugin, firmware, directory, options,
                                 extra)
            left = stopped_when_left(os.path.join(directory, "behind.i2ct"))
        tap.case(not left, f"{name}: a target that is left gets its STOP",
                 left)
        for line in lines:
            case = CASE.match(line)
            if case and name == "icount" and case[2].startswith(LATE):
                continue
            if case:
                tap.case(case[1] == "ok", f"{name}: {case[2]}")
            elif not line.startswith("1.."):
                print("#", line.lstrip("# "))
        tap.case(not trouble, f"{name}: ran to its end", trouble)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
