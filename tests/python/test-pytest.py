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


def both(text, name):
    """A project that is recorded and then replayed, in a folder of its own;
    what it says, and the traces that it has."""
    os.makedirs(trace(name), exist_ok=True)
    said = [run(text, *words, name=f"{name}/test_it.py")
            for words in ((f"--i2c-record={STUB}",), ())]
    traces = os.path.join(trace(name), "traces/test_it")
    return said, sorted(os.listdir(traces)) if os.path.exists(traces) else []


def test_each_test_has_a_recording_of_its_own():
    said, names = both("""import pytest
class TestA:
    def test_x(self, i2c_replay):
        assert i2c_replay.read_word_data(0x48, 0) == 0xc01a
class TestB:
    def test_x(self, i2c_replay):
        assert i2c_replay.read_byte_data(0x20, 0) == 0
@pytest.mark.parametrize("k", ["1/2", "1_2", "1-2", "\u00fc", "x" * 300, ""])
def test_k(i2c_replay, k):
    i2c_replay.read_byte_data(0x20, len(k) % 250)
""", "own")
    for status, text in said:
        assert status == 0 and "8 passed" in text, text
    assert len(names) == 8 and "TestA.test_x.i2ct" in names, names


def test_two_tests_do_not_record_one_file():
    said, _ = both("""import pytest
pytestmark = pytest.mark.i2c_trace("two.i2ct")
def test_a(i2c_replay):
    i2c_replay.read_byte_data(0x20, 1)
def test_b(i2c_replay):
    i2c_replay.read_byte_data(0x20, 2)
""", "two")
    (status, text), _ = said
    assert status == 1 and "1 passed, 1 error" in text, text
    assert "test_it.py::test_a has just made" in text, text


def test_what_fixtures_do_behind_the_test_is_recorded():
    text = """import pytest
@pytest.fixture
def chip(i2c_replay):
    i2c_replay.write_byte_data(0x20, 1, 1)
    yield i2c_replay
    i2c_replay.write_byte_data(0x20, 1, 0)
def test_chip(chip):
    assert chip.read_byte_data(0x20, 1) == 1
"""
    said, _ = both(text, "behind")
    for status, words in said:
        assert status == 0 and "1 passed" in words, words
    asleep = text.replace("0x20, 1, 0)", "0x20, 1, 0) if 0 else 0")
    status, words = run(asleep, name="behind/test_it.py")
    assert status == 1 and "1 passed, 1 error" in words, words
    assert "1 recorded transfers were not asked for" in words, words
    wrong = text.replace("0x20, 1, 0)", "0x20, 1, 2)").replace(
        "yield i2c_replay", "yield i2c_replay\n    try: pass").replace(
        "    i2c_replay.write_byte_data(0x20, 1, 2)",
        "    finally: pass\n    try: i2c_replay.write_byte_data(0x20, 1, 2)\n"
        "    except OSError: pass")
    status, words = run(wrong, name="behind/test_it.py")
    assert status == 1 and "asked:    w2@0x20 01 02" in words, words


def test_a_test_may_close_its_adapter():
    said, _ = both("""def test_with(i2c_replay):
    with i2c_replay as bus:
        assert bus.read_word_data(0x48, 0) == 0xc01a
""", "closes")
    for status, text in said:
        assert status == 0 and "1 passed" in text, text


def test_an_address_that_was_never_asked_fails_too():
    text = PROJECT + """    try:
        bus.read_byte(0x21)
    except OSError:
        pass
"""
    status, said = run(text)
    assert status == 1 and "1 failed" in said, said
    assert "1 times for an address that occurs nowhere" in said, said
    status, said = run(text, "--i2c-match=per-address")
    assert status == 0 and "1 passed" in said, said


def test_marks_and_options_that_cannot_be():
    for mark in '"lm75.i2ct", matsch="lookup"', "5", '"a", "strict", 3':
        status, said = run(PROJECT.replace('"lm75.i2ct"', mark))
        assert status == 1 and "i2c_trace(path, match=None): " in said, said
        assert "Error" not in said and "1 error" in said, said
    status, said = run(PROJECT, "--i2c-record=")
    assert status == 4 and "--i2c-record=: an adapter is missing" in said, said


def test_the_name_does_not_depend_on_how_it_is_imported():
    os.makedirs(trace("package"))
    for name in "package/__init__.py", "package/test_it.py":
        with open(trace(name), "w", encoding="utf-8") as file:
            file.write("")
    text = PROJECT.replace('@pytest.mark.i2c_trace("lm75.i2ct")\n', "")
    status, said = run(text, f"--i2c-record={STUB}", name="package/test_it.py")
    assert status == 0, said
    status, said = run(text, "--import-mode=importlib",
                       name="package/test_it.py")
    assert status == 0 and "1 passed" in said, said


def test_a_doctest_has_a_recording_too():
    text = """def temperature():
    \'\'\'
    >>> getfixture("i2c_replay").read_word_data(0x48, 0)
    49178
    \'\'\'
"""
    for words in (f"--i2c-record={STUB}",), ():
        status, said = run(text, "--doctest-modules", *words, name="module.py")
        assert status == 0 and "1 passed" in said, said
    assert os.listdir(trace("traces/module")) == \
        ["module.temperature.i2ct"], os.listdir(trace("traces/module"))


def test_a_folder_that_cannot_be_is_one_line():
    os.makedirs(trace("file"))
    with open(trace("file/traces"), "w", encoding="utf-8"):
        pass
    said, _ = both(PROJECT.replace(
        '@pytest.mark.i2c_trace("lm75.i2ct")\n', ""), "file")
    (status, text), _ = said
    assert status == 1 and "Not a directory: '" in text, text
    assert ".py:" not in text.replace("test_it.py::", ""), text


tap.main(globals())
