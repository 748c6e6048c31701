# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first I2C controller of an i.MX6UL (reference manual, chapter I2C) as its
driver uses it: a repeated START is asked for with RSTA, which QEMU's model
makes a STOP and a START of."""

BASE = 0x021a0000
I2CR, I2SR, I2DR = BASE + 0x8, BASE + 0xc, BASE + 0x10
IEN, MSTA, MTX, TXAK, RSTA = 0x80, 0x20, 0x10, 0x08, 0x04
RXAK = 0x01


class Imx:
    def __init__(self, qemu):
        self.qemu = qemu

    def write(self, register, value):
        self.qemu.qtest([f"writew {register:#x} {value:#x}"])

    def read(self, register):
        return int(self.qemu.qtest([f"readw {register:#x}"])[0], 16)

    def send(self, byte):
        """Whether it was acknowledged."""
        self.write(I2DR, byte)
        return not self.read(I2SR) & RXAK

    def start(self, address, reading, again=False):
        self.write(I2CR, IEN | MSTA | MTX | (RSTA if again else 0))
        return self.send(address << 1 | reading)

    def stop(self):
        self.write(I2CR, IEN)

    def receive(self, n):
        """n bytes, and STOP before the last one is taken."""
        self.write(I2CR, IEN | MSTA | (TXAK if n == 1 else 0))
        self.read(I2DR)  # begins the first
        got = []
        for left in range(n, 0, -1):
            if left == 1:
                self.stop()
            got.append(self.read(I2DR) & 0xff)
        return bytes(got)

    def put(self, address, data):
        """Bytes that were acknowledged; -1: not the address."""
        if not self.start(address, 0):
            self.stop()
            return -1
        n = 0
        for byte in data:
            if not self.send(byte):
                break
            n += 1
        self.stop()
        return n

    def put_get(self, address, data, n):
        """A write and, behind a repeated START, a read."""
        if not self.start(address, 0) or not all(map(self.send, data)) or \
                not self.start(address, 1, again=True):
            self.stop()
            return None
        return self.receive(n)
