#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-custom-adapter.py OWN-BUS THERMOMETER I2CPT-REPLAY: an adapter of a
program's own, and a back end out of a shared object in i2cpt-replay."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..")]
import tap

OWN_BUS, THERMOMETER, REPLAY = map(os.path.abspath, sys.argv[1:])
folder = tempfile.TemporaryDirectory()
TRACE = os.path.join(folder.name, "own.i2ct")
TRANSFERS = "w1@0x48 0 r2\nr1@0x48\n"


def run(*args, backends=THERMOMETER, text=None):
    env = {k: v for k, v in os.environ.items() if k != "I2CPT_BACKENDS"}
    if backends is not None:
        env["I2CPT_BACKENDS"] = backends
    return subprocess.run(args, text=True, input=text, env=env, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


def recorded(spec):
    """What two transfers on it are in a trace."""
    path = os.path.join(folder.name, "t.i2ct")
    done = run(REPLAY, "record", "-o", path, "-a", spec, "--transfers", "-",
               text=TRANSFERS)
    assert done.returncode == 0, done
    with open(path, encoding="utf-8") as file:
        return [line.split(" ", 2)[2].strip() for line in file
                if line[0].isdigit()]


def test_own_bus_and_its_recording():
    done = run(OWN_BUS, TRACE)
    assert done.returncode == 0, done
    assert done.stdout == "0x10 has 42, memory has 42, at 0x51 is nobody\n" \
        "the line mail is 1\n"
    done = run(REPLAY, "check", TRACE)
    assert done.returncode == 0, done
    with open(TRACE, encoding="utf-8") as file:
        text = file.read()
    assert "adapter: own-bus" in text and "w1@0x50 10 r1 = 2a" in text, text
    assert "irq mail 0" in text and "irq mail 1" in text, text


def test_by_name_in_the_tool():
    assert recorded("thermometer,celsius=21,half=on") == [
        "w1@0x48 00 r2 = 15 80", "r1@0x48 = 15"]


def test_its_keys_are_listed_and_checked():
    done = run(REPLAY, "list", "--backends")
    assert "thermometer: a thermometer in memory" in done.stdout, done
    assert "celsius" in done.stdout, done
    said = run(REPLAY, "record", "-o", TRACE, "-a", "thermometer,celsius=200",
               "--transfers", "-", text="")
    assert said.returncode == 3 and "accepted is 0 to 125" in said.stderr, said
    said = run(REPLAY, "record", "-o", TRACE, "-a", "thermometer,kelvin=2",
               "--transfers", "-", text="")
    assert "celsius, half" in said.stderr, said


def test_a_program_that_knows_nothing():
    i2cget = shutil.which("i2cget", path=os.environ["PATH"] + ":/usr/sbin")
    if not i2cget:
        raise tap.Skip("i2cget is not installed")
    done = run(REPLAY, "run", "-a", "thermometer,celsius=21", "--",
               i2cget, "-y", "0", "0x48", "0", "w")
    assert (done.returncode, done.stdout) == (0, "0x0015\n"), done


def test_off_by_default():
    for backends in None, "":
        done = run(REPLAY, "run", "-a", "thermometer", "--", "true",
                   backends=backends)
        assert done.returncode == 125, done
        assert "no such backend" in done.stderr, done


def test_what_cannot_be_loaded():
    text = os.path.join(folder.name, "text.so")
    with open(text, "w", encoding="utf-8") as file:
        file.write("no shared object\n")
    for backends, says in ((text, "text.so"),
                           ("thermometer.so", "./thermometer.so"),
                           ("/nonexistent.so", "/nonexistent.so"),
                           (THERMOMETER + ":" + text, "text.so")):
        done = run(REPLAY, "list", backends=backends)
        assert done.returncode == 3, done
        assert says in done.stderr and done.stderr.count("\n") == 1, done
    done = run(REPLAY, "list", backends=THERMOMETER + ":" + THERMOMETER)
    assert done.returncode == 0, done


MODULE = """#include <errno.h>
#include <stdio.h>
#include "i2cpt-backend.h"
static int runs;
int i2cpt_backend_module(struct i2cpt_fault *fault)
{
    fprintf(stderr, "run %d;", ++runs);
    (void)fault;
    return WHAT;
}
"""


def module(name, what):
    """A shared object whose i2cpt_backend_module() ends with that."""
    path = os.path.join(folder.name, name)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-I", os.path.join(HERE, "../../include"),
         f"-DWHAT={what}", "-x", "c", "-", "-o", path],
        input=MODULE, text=True, check=True)
    return path


def test_what_a_module_says():
    for what, says in (
            ("12345", "i2cpt_backend_module() returned 12345; accepted is 0"),
            ("-100000", "i2cpt_backend_module() returned -100000; accepted"),
            ("-EIO", "i2cpt_backend_module() returned -5 (EIO)"),
            ("-ENOENT", "i2cpt_backend_module() returned -2 ("),
            ("i2cpt_backend_fail(fault, EPERM, 0, -1, -1, \"no\\nkey\")",
             ": no?key")):
        path = module("says.so", what)
        done = run(REPLAY, "list", backends=path)
        assert done.returncode == 3 and f"{path}: " in done.stderr, done
        assert says in done.stderr, done


def test_a_module_loads_another():
    other = module("other.so", "0")
    for what in f'i2cpt_backend_load("{other}", fault)', \
            f'i2cpt_backend_load("{folder.name}/loads.so", fault)':
        done = run(REPLAY, "list", backends=module("loads.so", what))
        assert "I2CPT_BACKENDS" not in done.stderr, done
        assert done.stderr.startswith("run 1;"), done


tap.main(globals())
