# SPDX-License-Identifier: GPL-2.0-or-later
"""What earlier versions of changes.py put into a QEMU tree and this one does
not: taken out before ours goes in, and by --remove. Whoever changes or drops an
entry there, or a file, moves what it was to here; tests/qemu/test-in-tree tries
every version in the history.
"""
DEST = 'hw/i2c/libi2cpt'

ENTRIES = {
    'devices': [
        ('hw/arm/Kconfig', 'after', '    select NRF51_SOC', '''\
    select NRF51_GPIOTE
    select NRF51_TWI
'''),
        ('tests/qtest/microbit-test.c', 'before',
         '    qtest_add_func("/microbit/microbit/i2c", test_microbit_i2c);',
         '''\
    if (qtest_has_device("nrf51-twi")) {
        return g_test_run();
    }
'''),
    ],
}

FILES = {
    'devices': (
        f'{DEST}/export/export-socket.c',
        f'{DEST}/export/export-socket.h',
        f'{DEST}/targets/smbus-refused.c',
    ),
}
