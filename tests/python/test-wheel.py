#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-wheel.py LIBRARY: the wheel that pyproject.toml makes, without a compiler
and without a network, installed in a virtual environment that has nothing else:
the module, and pytest's plugin, which a project then need not name."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
LIBRARY = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(HERE, ".."))
import tap

STUB = f"stub,load={os.path.join(HERE, 'board.txt')}"
PROJECT = """from i2cpt.smbus import SMBus

def test_temperature(i2c_replay):
    assert SMBus(i2c_replay).read_word_data(0x48, 0) == 0xc01a
"""
folder = tempfile.TemporaryDirectory()
ENV = {name: value for name, value in os.environ.items()
       if not name.startswith(("PIP_", "PYTHON"))}
ENV.update(I2CPT_LIBRARY=LIBRARY, PYTHONDONTWRITEBYTECODE="1",
           PIP_NO_INDEX="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
PYTHON = os.path.join(folder.name, "venv", "bin", "python")


def run(*command, status=0):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=300,
                          cwd=folder.name, env=ENV)
    assert done.returncode == status, (command, done.returncode, done.stdout)
    return done.stdout


def wheels():
    return [name for name in os.listdir(folder.name) if name.endswith(".whl")]


def test_a_wheel_of_no_platform():
    # setuptools writes beside what it builds
    shutil.copytree(os.path.join(HERE, "../../lib/python"),
                    os.path.join(folder.name, "source"))
    run("/usr/bin/python3", "-m", "pip", "wheel", "--no-build-isolation",
        "--no-deps", "./source")
    assert wheels() == ["i2cpt-0.1.0-py3-none-any.whl"], wheels()


def test_it_installs_in_a_clean_environment():
    run("/usr/bin/python3", "-m", "venv", "venv")
    run(PYTHON, "-m", "pip", "install", *wheels())
    assert "i2cpt" in run(PYTHON, "-m", "pip", "list")


def test_the_module():
    said = run(PYTHON, "-c", "import i2cpt, i2cpt.trace; from i2cpt.smbus import "
               f"SMBus; print(SMBus({STUB!r}).read_word_data(0x48, 0), "
               "i2cpt.__file__)")
    assert said.startswith(str(0xc01a)) and "/venv/" in said, said


def test_without_the_library_it_says_what_is_missing():
    said = run("/usr/bin/env", "I2CPT_LIBRARY=/nowhere/libi2cpt.so.0", PYTHON,
               "-c", "import i2cpt; i2cpt.Adapter('stub')", status=1)
    assert "/nowhere/libi2cpt.so.0" in said, said


def test_pytest_finds_the_plugin_by_itself():
    # the distribution's pytest, behind what the environment has
    site = run(PYTHON, "-c", "import site; print(site.getsitepackages()[0])")
    with open(os.path.join(site.strip(), "system.pth"), "w",
              encoding="utf-8") as file:
        file.write("/usr/lib/python3/dist-packages\n")
    with open(os.path.join(folder.name, "test_lm75.py"), "w",
              encoding="utf-8") as file:
        file.write(PROJECT)
    pytest = PYTHON, "-m", "pytest", "-p", "no:cacheprovider", "test_lm75.py"
    assert "1 passed" in run(*pytest, f"--i2c-record={STUB}")
    with open(os.path.join(folder.name, "traces", "test_lm75",
                           "test_temperature.i2ct"), encoding="utf-8") as file:
        assert "r2 = 1a c0" in file.read()
    assert "1 passed" in run(*pytest)


def test_it_goes_again():
    run(PYTHON, "-m", "pip", "uninstall", "--yes", "i2cpt")
    assert "No module named 'i2cpt'" in run(PYTHON, "-c", "import i2cpt",
                                            status=1)


tap.main(globals())
