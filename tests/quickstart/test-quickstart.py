#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-quickstart.py SOURCE: examples/quickstart, as the README has it; what
the guest prints must be what examples/tmp102.i2ct has."""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

os.chdir(sys.argv[1])


def quickstart(*words):
    return subprocess.run(['examples/quickstart', *words], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=600)


def temperatures_of_the_trace():
    with open('examples/tmp102.i2ct', encoding='utf-8') as file:
        words = re.findall(r'w1@0x48 00 r2 = (..) (..)', file.read())
    for high, low in words:
        value = int(high + low, 16) >> 4
        yield (value - 4096 if value > 2047 else value) / 16


def test_the_guest_reads_what_the_trace_has():
    done = quickstart('--no-install')
    assert done.returncode == 0, done.stdout
    expected = ['    on the bus: 0x48']
    expected += [f'    temperature: {celsius:.4f} C'
                 for celsius in temperatures_of_the_trace()]
    assert len(expected) == 6
    found = [line for line in done.stdout.splitlines()
             if line.startswith(('    on the bus:', '    temperature:'))]
    assert found == expected, done.stdout
    assert 'device=/dev/i2c-1' in done.stdout and 'ftdi' in done.stdout


def microbit(passthrough):
    done = subprocess.run(
        ['examples/microbit-run', 'examples/tmp102.py',
         '-plugin', os.path.abspath('build/qemu/libi2cpt-qemu.so'),
         '-device', 'nrf51-twi',
         '-device', f'i2c-passthrough,{passthrough},address=0x48'],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=120)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_what_was_recorded_replays():
    """README: record=FILE beside an adapter, then backend=trace,file=FILE."""
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, 'session.i2ct')
        recorded = microbit('backend=trace,file=examples/tmp102.i2ct,'
                            f'record={trace}')
        assert 'temperature: -0.2500 C' in recorded, recorded
        assert microbit(f'backend=trace,file={trace}') == recorded
        shown = subprocess.run(['build/tools/i2cpt-replay', 'show', trace],
                               text=True, stdout=subprocess.PIPE, check=True,
                               timeout=60).stdout
        assert shown.count('0x48 W 00 Sr R ') == 5, shown


def test_a_wrong_argument_is_named():
    done = quickstart('--frobnicate')
    assert done.returncode == 2 and "'--frobnicate'" in done.stdout, done.stdout


def test_a_wrong_adapter_is_named():
    done = quickstart('--no-install', 'backend=trace,file=missing.i2ct')
    assert done.returncode != 0 and 'missing.i2ct' in done.stdout, done.stdout


tap.main(globals())
