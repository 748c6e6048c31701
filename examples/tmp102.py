# SPDX-License-Identifier: LGPL-2.1-or-later
# For MicroPython on the micro:bit: who is on the bus, and what does a TMP102
# at 0x48 measure?
from microbit import i2c


def read(register):
    i2c.write(0x48, bytes([register]), repeat=True)
    return i2c.read(0x48, 2)


def celsius(data):
    value = (data[0] << 8 | data[1]) >> 4
    return (value - 4096 if value & 2048 else value) / 16


print('on the bus: ' + ' '.join(hex(a) for a in i2c.scan()))
for n in range(5):
    print('temperature: %.4f C' % celsius(read(0)))
