# SPDX-License-Identifier: LGPL-2.1-or-later
"""The second I2C controller of a BCM2836 (BCM2835 ARM Peripherals, chapter BSC)
as Linux's driver uses it: the length is told beforehand, STOP comes when it is
reached, and where ERR shows the driver gives up and clears the FIFO."""

BASE = 0x3f804000
C, S, DLEN, A, FIFO = (BASE + 4 * i for i in range(5))
I2CEN, ST, CLEAR, READ = 0x8000, 0x80, 0x30, 0x01
CLKT, ERR, DONE = 0x200, 0x100, 0x02


class Bcm2835:
    def __init__(self, qemu):
        self.qemu = qemu

    def write(self, register, value):
        self.qemu.qtest([f"writel {register:#x} {value:#x}"])

    def read(self, register):
        return int(self.qemu.qtest([f"readl {register:#x}"])[0], 16)

    def start(self, address, length, flags=0):
        self.write(C, CLEAR)
        self.write(A, address)
        self.write(DLEN, length)
        self.write(C, I2CEN | ST | flags)
        return not self.read(S) & ERR

    def end(self):
        self.write(C, CLEAR)
        self.write(S, CLKT | ERR | DONE)

    def send(self, byte):
        self.write(FIFO, byte)
        return not self.read(S) & ERR

    def put(self, address, data):
        """Bytes that were acknowledged; -1: not the address. What is left is
        written into the FIFO all the same, as the driver does."""
        good = self.start(address, len(data))
        n = -1 if not good else 0
        for byte in data:
            good = self.send(byte) and good
            n += good
        self.end()
        return n

    def get(self, address, length):
        if not self.start(address, length, READ):
            self.end()
            return None
        got = bytes(self.read(FIFO) & 0xff for _ in range(length))
        self.end()
        return got
