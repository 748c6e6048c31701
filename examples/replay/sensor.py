#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sensor.py BUS: an LM75 at 0x48 and an EEPROM at 0x50 (24C02), with
python3-smbus2. It knows nothing of recordings."""
import sys

from smbus2 import SMBus, i2c_msg

LM75, EEPROM = 0x48, 0x50


def celsius(bus):
    high, low = bus.read_i2c_block_data(LM75, 0, 2)
    value = (high << 8 | low) >> 5
    return (value - 2048 if value & 1024 else value) / 8


def label(bus):
    """A text of 8 bytes at the EEPROM's beginning."""
    pointer, text = i2c_msg.write(EEPROM, [0]), i2c_msg.read(EEPROM, 8)
    bus.i2c_rdwr(pointer, text)
    return bytes(text).rstrip(b'\xff').decode()


def main():
    with SMBus(int(sys.argv[1])) as bus:
        print(f'{label(bus)}: {celsius(bus):.3f} C')
        try:
            bus.read_byte(0x33)
        except OSError as error:
            print('0x33:', error.strerror)


if __name__ == '__main__':
    main()
