#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""smbus-client.py MODULE BUS PRESENT ABSENT: every call of python3-smbus or
python3-smbus2 (MODULE), with what it returns or raises, one a line.

With NO_BLOCK_TO_NOBODY in the environment the I2C block write to ABSENT is
left out: QEMU's i801 stays busy for ever after it.

smbus-client.py MODULE BUS zero ADDRESS...: 0 to all registers there."""
import importlib
import os
import sys

module = importlib.import_module(sys.argv[1])
bus = module.SMBus(int(sys.argv[2]))
zero = sys.argv[3] == 'zero'


def say(name, *arguments, **more):
    try:
        result = getattr(bus, name)(*arguments, **more)
    except (OSError, ValueError, TypeError) as error:
        result = f'{type(error).__name__}: {error}'
    print(name, *map(repr, arguments), '->', result, flush=True)


def calls(address):
    say('write_quick', address)
    say('write_byte', address, 0x10)
    say('read_byte', address)
    say('write_byte_data', address, 0x10, 0xa5)
    say('read_byte_data', address, 0x10)
    say('write_word_data', address, 0x12, 0x1234)
    say('read_word_data', address, 0x12)
    if address == present or 'NO_BLOCK_TO_NOBODY' not in os.environ:
        say('write_i2c_block_data', address, 0x20, [1, 2, 3, 4])
    say('read_i2c_block_data', address, 0x20, 4)
    say('write_block_data', address, 0x30, [3, 4, 5])
    say('read_block_data', address, 0x30)
    say('process_call', address, 0x12, 0x5678)
    say('block_process_call', address, 0x30, [1, 2])


def messages():
    """python3-smbus2's own."""
    msg = module.i2c_msg

    def rdwr(what, *msgs):
        try:
            bus.i2c_rdwr(*msgs)
            result = [list(m) for m in msgs]
        except OSError as error:
            result = error
        print('i2c_rdwr', what, '->', result, flush=True)

    rdwr('write', msg.write(present, [0x40, 1, 2, 3]))
    rdwr('pair', msg.write(present, [0x40]), msg.read(present, 3))
    rdwr('two chips', msg.write(present, [0x40]), msg.read(present, 1),
         msg.write(0x51, [0]), msg.read(0x51, 2))
    rdwr('read', msg.read(present, 2))
    rdwr('absent', msg.write(absent, [0]), msg.read(absent, 1))
    bus.pec = 1
    say('read_byte_data', present, 0x10)
    say('write_word_data', present, 0x14, 0x4321)
    bus.pec = 0
    say('read_byte_data', present, 0x10, force=True)


if zero:
    for word in sys.argv[4:]:
        for register in range(256):
            bus.write_byte_data(int(word, 0), register, 0)
else:
    present, absent = (int(word, 0) for word in sys.argv[3:5])
    calls(present)
    calls(absent)
    if hasattr(module, 'i2c_msg'):
        messages()
bus.close()
