#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two boards with the same three chips: an AVR in simavr, a micro:bit in QEMU.
What one of them recorded the other replays, in strict order.

usage: test-three-chips.py VERSION PLUGIN FIRMWARE SIMAVR-TWI AVR-FIRMWARE BOARD
"""
import os
import subprocess
import sys
import tempfile

import microbit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", ".."))
import tap  # noqa: E402

VERSION, PLUGIN, FIRMWARE, SIMAVR, AVR, BOARD = sys.argv[1:]
LINES = ["lm75 1a c0", "eeprom 5a a5", "sht3x 61 2b c3 6a 9f d2",
         "nobody at 0x33"]
# The host may take a guest's CPU away for longer than any bus would wait.
PATIENT = "timeout-ms=60000"
work = tempfile.TemporaryDirectory(prefix="i2cpt-")
QEMU = microbit.find_qemu(VERSION)


def path(name):
    return os.path.join(work.name, name)


def run(argv, env=None):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=240, check=False)
    assert done.returncode == 0 and not done.stderr, done
    return [line for line in done.stdout.splitlines()
            if not line.startswith(("Loaded ", "1.."))]


def avr(adapter):
    # simavr keeps its memory to the end
    return run([SIMAVR, AVR, f"{adapter},{PATIENT}"],
               dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))


def micro_bit(backend):
    return run([QEMU, "-M", "microbit", "-nodefaults", "-display", "none",
                "-serial", "stdio", "-semihosting", "-accel", "tcg",
                "-kernel", FIRMWARE, "-plugin", PLUGIN, "-device", "nrf51-twi",
                "-device", "i2c-passthrough,bus=twi0,hold-timeout-ms=60000,"
                f"addresses=0x33:0x44:0x48:0x50,backend={backend},{PATIENT}"])


def transfers(name):
    """What was on the wire, without its times."""
    with open(path(name), encoding="utf-8") as file:
        return [line.split(" ", 2)[2] for line in file
                if line[0].isdigit() and "@" in line]


def test_each_on_the_chips():
    assert avr(f"stub,load={BOARD},record={path('avr')}") == LINES
    assert micro_bit(f"stub,load={BOARD},record={path('bit')}") == LINES


def test_the_same_transfers():
    assert transfers("avr") == transfers("bit"), (transfers("avr"),
                                                  transfers("bit"))
    assert len(transfers("avr")) == 11, transfers("avr")


def test_what_simavr_recorded_on_the_micro_bit():
    assert micro_bit(f"trace,file={path('avr')},match=strict") == LINES


def test_what_the_micro_bit_recorded_in_simavr():
    assert avr(f"trace,file={path('bit')},match=strict") == LINES


if not QEMU:
    print(f"1..0 # SKIP no qemu-system-arm {VERSION}")
    sys.exit(77)
tap.main(globals())
