#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-native-sim.py NATIVE-BOTTOM BOARD [DONGLE]: the host's half of
examples/zephyr-native-sim, on chips in memory, on their recording, and on a
virtual dongle. Zephyr's half is not compiled here."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import dongle
import tap

PROGRAM, BOARD, *DONGLE = map(os.path.abspath, sys.argv[1:])
folder = tempfile.TemporaryDirectory()
TRACE = os.path.join(folder.name, "native.i2ct")
ALL = ["lm75 0 1a c0", "eeprom 0 5a a5, 3 polls", "stop between 0 5a a5",
       "nobody 1", "too long 5", "nothing 0"]


def run(adapter, env=None):
    return subprocess.run([PROGRAM, adapter], text=True, timeout=120, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


def said(adapter, env=None):
    done = run(adapter, env)
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def test_chips_in_memory_recorded():
    assert said(f"stub,load={BOARD},record={TRACE}") == ALL
    with open(TRACE, encoding="utf-8") as file:
        text = file.read()
    # messages without RESTART are one, and a STOP between makes two transfers
    assert " w3@0x50 10 5a a5\n" in text, text
    assert " w1@0x50 10 r2 = 5a a5\n" in text, text
    assert " w1@0x50 10 r1 = 5a\n" in text and " w1@0x50 11 r1 = a5\n" in text


def test_the_recording():
    assert said(f"trace,file={TRACE},match=strict") == ALL


def test_a_dongle():
    env = dongle.environment(DONGLE, folder.name, PROGRAM)
    lines = said(dongle.ADAPTER, env)
    assert lines[0] == "lm75 0 01 0c" and lines[3:] == ALL[3:], lines


def test_no_adapter_is_one_line():
    done = run("stub,chisp=0x48")
    assert done.returncode == 1 and "chisp" in done.stderr, done
    assert done.stderr.count("\n") == 1, done


tap.main(globals())
