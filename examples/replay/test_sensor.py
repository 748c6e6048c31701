# SPDX-License-Identifier: LGPL-2.1-or-later
"""pytest examples/replay: the programs here on their recorded sessions."""
import os

import pytest


def test_script_with_i2c_tools(on_bus):
    done = on_bus('i2c-tools.i2ct', 'sh', 'read-sensor.sh', '0')
    assert done.returncode == 0, done.stderr
    assert 'raw temperature: 0xc01a' in done.stdout
    assert 'nobody at 0x33' in done.stdout


def test_program_in_python(on_bus):
    done = on_bus('python.i2ct', '/usr/bin/python3', 'sensor.py', '0')
    assert done.stdout == 'cellar: 26.750 C\n' \
                          '0x33: No such device or address\n', done


@pytest.mark.skipif('I2CPT_PLUGIN' not in os.environ,
                    reason='I2CPT_PLUGIN does not name libi2cpt-qemu.so')
def test_guest(on_bus):
    done = on_bus('guest.i2ct', 'sh', 'guest.sh', bus=1)
    assert done.stdout.splitlines() == ['on the bus: 0x48 0x50'] + \
        5 * ['temperature: 26.7500 C'], done
