#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-pytest.py LIBRARY: the pytest plugin, in a project of ten lines, as its
user sees it: recording, replay, what does not match, what is not there."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
LIBRARY = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(HERE, ".."))
import tap

STUB = f"stub,load={os.path.join(HERE, 'board.txt')}"
PROJECT = """import pytest
from i2cpt.smbus import SMBus

@pytest.mark.i2c_trace("lm75.i2ct")
def test_temperature(i2c_replay):
    bus = SMBus(i2c_replay)
    raw = bus.read_word_data(0x48, 0)
    assert raw == 0xc01a
"""
SWALLOWS = PROJECT.replace("read_word_data(0x48, 0)", "read_byte_data(0x48, 1)")
SWALLOWS = SWALLOWS.replace(
    "    raw =", "    try:\n        raw =").replace(
    "    assert raw == 0xc01a", "    except OSError:\n        pass")
folder = tempfile.TemporaryDirectory()


def run(text, *words, name="test_lm75.py"):
    """(exit status, what pytest said) of a project of this one file."""
    path = os.path.join(folder.name, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "i2cpt.pytest_plugin", "-p",
         "no:cacheprovider", "--color=no", "-rA", path, *words],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        check=False, timeout=120, cwd=folder.name,
        env=dict(os.environ, I2CPT_LIBRARY=LIBRARY, PYTHONDONTWRITEBYTECODE="1",
                 PYTHONPATH=os.path.join(HERE, "../../lib/python")))
    return done.returncode, done.stdout


def trace(name="lm75.i2ct"):
    return os.path.join(folder.name, name)


def test_a_missing_trace_says_how_to_make_one():
    status, said = run(PROJECT)
    assert status == 1 and "--i2c-record=ADAPTER" in said, said
    assert trace() in said, said


def test_recording():
    status, said = run(PROJECT, f"--i2c-record={STUB}")
    assert status == 0 and "1 passed" in said, said
    with open(trace(), encoding="utf-8") as file:
        assert "r2 = 1a c0" in file.read()
    assert os.listdir(folder.name) == ["lm75.i2ct", "test_lm75.py"] or \
        sorted(os.listdir(folder.name)) == ["lm75.i2ct", "test_lm75.py"]


def test_replaying():
    status, said = run(PROJECT)
    assert status == 0 and "1 passed" in said, said


def test_a_mismatch_fails_the_test_and_names_the_line():
    status, said = run(PROJECT.replace("0x48, 0", "0x48, 1"))
    assert status == 1 and "1 failed" in said, said
    assert "ReplayMismatch" in said and "w1@0x48 00 r2" in said, said
    assert "w1@0x48 01 r2" in said, said


def test_a_mismatch_that_the_driver_swallows_fails_too():
    status, said = run(SWALLOWS)
    assert status == 1 and "1 failed" in said and "error" not in \
        said.splitlines()[-1], said
    assert "recorded: w1@0x48 00 r2" in said, said
    assert "asked:    w1@0x48 01 r1" in said, said


def test_a_test_that_asks_for_less_fails():
    status, said = run(PROJECT.replace("bus.read_word_data(0x48, 0)", "0xc01a"))
    assert status == 1 and "1 failed" in said, said
    assert "1 recorded transfers were not asked for" in said, said
    assert "irq" not in said, said


def test_a_line_that_nothing_moves_is_named():
    with open(trace("irq.i2ct"), "w", encoding="utf-8") as file:
        file.write("i2cpt-trace 1\nlines: drdy\n0 +0 w1@0x48 00 r2 = 1a c0\n"
                   "1 irq drdy 1\n2 +0 w1@0x48 00\nend 2\n")
    text = PROJECT.replace("lm75.i2ct", "irq.i2ct")
    status, said = run(text)  # the line has moved, and its reading is left over
    assert status == 1 and "irq" not in said.replace("irq.i2ct", ""), said
    status, said = run(text.replace("bus.read_word_data(0x48, 0)", "0xc01a"))
    assert status == 1, said
    assert "the irq of line 4 waits for the transfer of line 3" in said, said
    os.unlink(trace("irq.i2ct"))


def test_a_recording_stays_where_its_test_fails():
    with open(trace(), encoding="utf-8") as file:
        before = file.read()
    status, said = run(PROJECT.replace("0xc01a", "0"), f"--i2c-record={STUB}")
    assert status == 1 and "1 failed" in said, said
    with open(trace(), encoding="utf-8") as file:
        assert file.read() == before
    assert sorted(os.listdir(folder.name)) == ["lm75.i2ct", "test_lm75.py"]


def test_without_a_mark_the_trace_has_the_name_of_the_test():
    text = PROJECT.replace('@pytest.mark.i2c_trace("lm75.i2ct")\n', "")
    status, said = run(text, f"--i2c-record={STUB}", name="test_b.py")
    assert status == 0, said
    assert os.path.exists(trace("traces/test_b/test_temperature.i2ct")), said
    status, said = run(text, name="test_b.py")
    assert status == 0 and "1 passed" in said, said


def test_a_wrong_adapter_is_one_line():
    status, said = run(PROJECT, "--i2c-record=i2c-dev,device=/dev/nothing")
    assert status == 1 and "/dev/nothing" in said, said
    assert "Traceback" not in said, said


tap.main(globals())
