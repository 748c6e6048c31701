# SPDX-License-Identifier: LGPL-2.1-or-later
"""Driver for the two-wire serial control of Arm's Versatile boards.

Two open-drain lines in one register: CONTROL at 0 reads the levels, a write
there releases lines (1: SCL, 2: SDA), a write at 4 pulls them down. QEMU's
model (versatilepb, realview, vexpress) sees edges and knows no time, so each
call sends all the edges of a START, byte or STOP at once and only then looks.
"""
import collections

SCL, SDA = 1, 2
BASES = {"versatilepb": 0x10002000, "vexpress-a9": 0x10016000}

# What the controller saw of one message: `acked` counts acknowledged data
# bytes of a write; `address` says whether the address was acknowledged.
Seen = collections.namedtuple("Seen", "address acked data")


class BitBang:
    def __init__(self, qemu, machine):
        self.qemu = qemu
        self.base = BASES[machine]
        self._queue = []
        self._wanted = []

    def _set(self, lines):
        self._queue.append(f"writel {self.base:#x} {lines}")

    def _clear(self, lines):
        self._queue.append(f"writel {self.base + 4:#x} {lines}")

    def _sample(self):
        self._wanted.append(len(self._queue))
        self._queue.append(f"readl {self.base:#x}")

    def _run(self):
        """Play the queued edges; returns the sampled levels of SDA."""
        answers = self.qemu.qtest(self._queue)
        levels = [int(answers[i], 16) & SDA != 0 for i in self._wanted]
        self._queue, self._wanted = [], []
        return levels

    def _clock_out(self, bit):
        (self._set if bit else self._clear)(SDA)
        self._set(SCL)
        self._clear(SCL)

    def _clock_in(self):
        self._set(SDA)
        self._set(SCL)
        self._sample()
        self._clear(SCL)

    def _byte_out(self, byte):
        for bit in range(7, -1, -1):
            self._clock_out(byte >> bit & 1)
        self._clock_in()

    def start(self, address, read=False):
        """START, or repeated START; True where the address was ACKed."""
        self._set(SDA)
        self._set(SCL)
        self._clear(SDA)
        self._clear(SCL)
        self._byte_out(address << 1 | read)
        return not self._run()[0]

    def write(self, byte):
        """True where the byte was ACKed."""
        self._byte_out(byte)
        return not self._run()[0]

    def read(self, ack):
        for _ in range(8):
            self._clock_in()
        self._clock_out(not ack)
        byte = 0
        for level in self._run():
            byte = byte << 1 | level
        return byte

    def stop(self):
        self._clear(SDA)
        self._set(SCL)
        self._set(SDA)
        self._run()

    def message(self, address, out=b"", length=None):
        """One message with its START and no STOP. `length` makes it a read.

        A write ends at the first byte that is not acknowledged, as drivers do.
        """
        read = length is not None
        if not self.start(address, read):
            return Seen(False, 0, b"")
        if read:
            data = bytes(self.read(i + 1 < length) for i in range(length))
            return Seen(True, 0, data)
        acked = 0
        for byte in out:
            if not self.write(byte):
                break
            acked += 1
        return Seen(True, acked, b"")

    def transfer(self, *messages):
        """Messages, (address, bytes) or (address, length), then a STOP.

        A message that is refused ends it. Returns what was seen of each.
        """
        seen = []
        for address, what in messages:
            if isinstance(what, int):
                seen.append(self.message(address, length=what))
            else:
                seen.append(self.message(address, what))
                if seen[-1].acked < len(what):
                    break
            if not seen[-1].address:
                break
        self.stop()
        return seen

    # the everyday ones -----------------------------------------------

    def put(self, address, data):
        """Write; the number of bytes acknowledged, -1: not even the address."""
        seen = self.transfer((address, bytes(data)))[0]
        return seen.acked if seen.address else -1

    def get(self, address, length):
        return self.transfer((address, length))[0].data

    def put_get(self, address, data, length):
        """Write, repeated START, read; the data, or None at a NACK."""
        seen = self.transfer((address, bytes(data)), (address, length))
        return seen[1].data if len(seen) == 2 and seen[1].address else None

    def scan(self, first=0x08, last=0x77):
        """Addresses that answer a write with no data."""
        return [a for a in range(first, last + 1) if self.put(a, b"") >= 0]
