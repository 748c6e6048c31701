#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-simavr.py SIMAVR-TWI FIRMWARE BOARD [DONGLE]: one firmware, on chips in
memory, on their recording, and on a virtual dongle."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import dongle
import tap

PROGRAM, FIRMWARE, BOARD, *DONGLE = map(os.path.abspath, sys.argv[1:])
# simavr keeps its memory to the end, and umockdev comes before the sanitizer.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0"
folder = tempfile.TemporaryDirectory()
TRACE = os.path.join(folder.name, "simavr.i2ct")
ALL = ["lm75 1a c0", "eeprom 5a a5", "sht3x 61 2b c3 6a 9f d2",
       "nobody at 0x33"]


def said(adapter, *settings, env=None):
    """What the firmware prints; simavr itself says what it loads."""
    done = subprocess.run([PROGRAM, FIRMWARE, adapter, *settings], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, check=False, env=env)
    assert done.returncode == 0, done
    return [line for line in done.stdout.splitlines()
            if not line.startswith("Loaded ")]


def test_chips_in_memory_recorded():
    assert said(f"stub,load={BOARD},record={TRACE}") == ALL


def test_the_recording():
    assert said(f"trace,file={TRACE},match=strict") == ALL


def test_an_adapter_of_whole_transfers():
    # what an SHT3x wants of message mode: docs/policy.md
    assert said(f"stub,load={BOARD},stream=off", "presence-ms=0",
                "transfer=message") == ALL


def test_a_dongle():
    env = dongle.environment(DONGLE, folder.name, PROGRAM)
    assert said(dongle.ADAPTER, env=env)[0] == "lm75 01 0c"


def test_a_wrong_key_is_one_line():
    done = subprocess.run([PROGRAM, FIRMWARE, "stub", "presense-ms=0"],
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1 and "presense-ms" in done.stderr, done


tap.main(globals())
