#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-quickstart.py SOURCE: examples/quickstart, as the README has it; what
the guest prints must be what examples/tmp102.i2ct has."""
import os
import re
import subprocess
import sys

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


def test_a_wrong_argument_is_named():
    done = quickstart('--frobnicate')
    assert done.returncode == 2 and "'--frobnicate'" in done.stdout, done.stdout


def test_a_wrong_adapter_is_named():
    done = quickstart('--no-install', 'backend=trace,file=missing.i2ct')
    assert done.returncode != 0 and 'missing.i2ct' in done.stdout, done.stdout


tap.main(globals())
