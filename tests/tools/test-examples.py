#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-examples.py I2CPT-REPLAY [PLUGIN]: examples/replay by its pytest
fixture, and each session as it stands: strict, whole, and what the program
prints on it is what it prints on the stub that it was recorded from."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
import tap

TOOL = os.path.abspath(sys.argv[1])
FOLDER = os.path.normpath(f'{HERE}/../../examples/replay')
ENV = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin',
           I2CPT_REPLAY=TOOL, PYTHONDONTWRITEBYTECODE='1')
if sys.argv[2:]:
    ENV['I2CPT_PLUGIN'] = os.path.abspath(sys.argv[2])
SESSIONS = {
    'i2c-tools.i2ct': ('0', 'sh', 'read-sensor.sh', '0'),
    'python.i2ct': ('0', '/usr/bin/python3', 'sensor.py', '0'),
    'guest.i2ct': ('1', 'sh', 'guest.sh'),
}


def run(*words, **keys):
    return subprocess.run(words, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, cwd=FOLDER, env=dict(ENV, **keys))


def session(trace):
    bus, *program = SESSIONS[trace]
    if trace == 'guest.i2ct' and 'I2CPT_PLUGIN' not in ENV:
        raise tap.Skip('no QEMU module is built')
    live = run(TOOL, 'run', '--bus', bus, '-a', 'stub,load=board.txt', '--',
               *program)
    again = run(TOOL, 'replay', trace, '--bus', bus, '--match', 'strict', '--',
                *program)
    assert live.returncode == 0, live
    assert (again.stdout, again.stderr, again.returncode) == \
        (live.stdout, live.stderr, 0), (live, again)
    assert run(TOOL, 'check', trace).returncode == 0
    with open(f'{FOLDER}/{trace}', encoding='utf-8') as file:
        assert 'Recorded from the stub' in file.read()


def test_i2c_tools():
    session('i2c-tools.i2ct')


def test_python():
    session('python.i2ct')


def test_a_guest():
    session('guest.i2ct')


def pytest(*words, **keys):
    return run('/usr/bin/python3', '-B', '-m', 'pytest', '-q', '-p',
               'no:cacheprovider', *words, **keys)


def test_the_pytest_fixture():
    done = pytest('.')
    passed = 3 if 'I2CPT_PLUGIN' in ENV else 2
    assert done.returncode == 0 and f'{passed} passed' in done.stdout, done


def test_the_fixture_fails_where_the_program_differs():
    with tempfile.TemporaryDirectory() as work:
        for name in os.listdir(FOLDER):
            if os.path.isfile(f'{FOLDER}/{name}'):
                shutil.copy(f'{FOLDER}/{name}', work)
        with open(f'{work}/sensor.py', encoding='utf-8') as file:
            text = file.read()
        with open(f'{work}/sensor.py', 'w', encoding='utf-8') as file:
            file.write(text.replace('read_byte(0x33)', 'read_byte(0x50)'))
        done = pytest(work, '-k', 'python')
    assert done.returncode == 1 and 'r1@0x50' in done.stdout, done


tap.main(globals())
