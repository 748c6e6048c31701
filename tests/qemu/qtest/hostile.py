# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests that do anything to an I2C controller: what they write to registers.

An operation is one thing of a guest's: a START, a byte, a STOP, a whole command
of an SMBus host, an edge or a stray access to a register. Most know what they
do, so that enough gets as far as a target. Left out is that with which QEMU's
own models come to an end: aspeed's slave mode (an assertion), its DMA, whose
length runs below 0, for a loop of 4 GiB, and the upper half of its buffer, from
which 32 bytes reach into what lies behind it.
"""
import itertools


class Guest:
    """piece(): the qtest commands of some operations, and how many those are."""
    machine, bus, program, oldest = None, None, "qemu-system-arm", (7, 2)
    input = None  # a GPIO input of the machine, for lines
    arguments, runs = (), False

    def __init__(self, rng, addresses):
        self.rng, self.addresses = rng, addresses

    def prepare(self):
        """After each reset."""
        return []

    def address(self):
        """Mostly one of ours; else one in eight of all, the reserved too."""
        if self.rng.random() < 0.85:
            return self.rng.choice(self.addresses)
        return self.rng.randrange(128)

    def length(self):
        if self.rng.random() < 0.97:
            return self.rng.choice((0, 1, 1, 1, 2, 2, 3))
        return self.rng.randrange(70)

    def piece(self):
        if self.rng.random() < 0.93:
            return self.transaction()
        return self.stray(), 1

    def transaction(self):
        """START with address and bytes, now and then again, mostly a STOP."""
        commands, n = [], 0
        while True:
            read = self.rng.random() < 0.45
            length = self.length()
            commands += self.start(self.address(), read)
            for left in range(length, 0, -1):
                commands += self.get(left > 1) if read else self.put()
            n += 1 + length
            if self.rng.random() < 0.65:
                break
        if self.rng.random() < 0.95:
            commands += self.stop()
            n += 1
        return commands, n

    def access(self, base, size):
        """Any register, any width, any value."""
        width, step = self.rng.choice((("b", 1), ("w", 2), ("l", 4)))
        offset = self.rng.randrange(size) & -step
        if self.rng.random() < 0.5:
            return f"read{width} {base + offset:#x}"
        value = self.rng.getrandbits(8 * step)
        return f"write{width} {base + offset:#x} {value:#x}"


class Versatile(Guest):
    """Two lines in one register; see bitbang.py."""
    machine, bus, base = "versatilepb", "i2c", 0x10002000
    input = "0x10140000[28]"

    def __init__(self, rng, addresses):
        super().__init__(rng, addresses)
        high, low = (f"writel {self.base:#x} ", f"writel {self.base + 4:#x} ")
        scl_up, scl_down = high + "1", low + "1"
        self.sda = (low + "2", high + "2")
        self.bit = tuple([sda, scl_up, scl_down] for sda in self.sda)
        self.bytes = [list(itertools.chain.from_iterable(
            self.bit[byte >> at & 1] for at in range(7, -1, -1)))
            for byte in range(256)]
        self.idle = [high + "3", low + "2", scl_down]
        self.ended = [low + "2", scl_up, high + "2"]
        self.edges = [scl_up, scl_down, *self.sda]
        self.look = f"readl {self.base:#x}"

    def start(self, address, read):
        return self.idle + self.bytes[address << 1 | read] + self.bit[1]

    def put(self):
        return self.bytes[self.rng.randrange(256)] + self.bit[1]

    def get(self, ack):
        return self.bytes[0xff] + self.bit[not ack]

    def stop(self):
        return self.ended

    def stray(self):
        if self.rng.random() < 0.8:
            return [self.rng.choice(self.edges), self.look]
        return [self.access(self.base, 16)]


class Aspeed(Guest):
    """Bus 0 of an AST2600, in either of its register sets."""
    machine, bus, base = "ast2600-evb", "aspeed.i2c.bus.0", 0x1e78a080
    input = "0x40461000[200]"
    START, TX, RX, LAST, STOP = 0x01, 0x02, 0x08, 0x10, 0x20
    POOL_TX, POOL_RX = 0x40, 0x80

    def __init__(self, rng, addresses):
        super().__init__(rng, addresses)
        self.new = rng.random() < 0.5
        self.cmd, self.buffer, self.status, self.pool = (
            self.base + at for at in ((0x18, 0x08, 0x14, 0x0c) if self.new else
                                      (0x14, 0x20, 0x10, 0x1c)))
        # what a stray write may have: no slave mode, no halves of the buffer
        self.strays = [self.base + at for at in (
            (0x04, 0x08, 0x10, 0x14, 0x1c, 0x30, 0x34, 0x48)
            if self.new else (0x04, 0x08, 0x0c, 0x10, 0x20, 0x28))]

    def prepare(self):
        return [f"writel {self.base - 0x80 + 0x0c:#x} {4 * self.new:#x}",
                f"writel {self.base:#x} 0x1"]

    def do(self, command, byte=None):
        """Clear what has been, set the buffer, go."""
        commands = [f"writel {self.status:#x} 0xf007ffff"]
        if byte is not None:
            commands.append(f"writel {self.buffer:#x} {byte:#x}")
        return commands + [f"writel {self.cmd:#x} {command:#x}"]

    def start(self, address, read):
        return self.do(self.START | self.TX, address << 1 | read)

    def more(self, flag):
        """A byte, or as many as a buffer has."""
        if self.rng.random() < 0.9:
            return [], 0
        count = self.rng.randrange(32)
        return [f"writel {self.pool:#x} {count << 16 | count << 8:#x}"], flag

    def put(self):
        before, flag = self.more(self.POOL_TX)
        return before + self.do(self.TX | flag, self.rng.randrange(256))

    def get(self, ack):
        before, flag = self.more(self.POOL_RX)
        last = 0 if ack else self.LAST
        return before + self.do(self.RX | last | flag) + \
            [f"readl {self.buffer:#x}"]

    def stop(self):
        return self.do(self.STOP)

    def stray(self):
        chance = self.rng.random()
        if chance < 0.6:  # commands in any company; a packet has its address
            flags = self.rng.getrandbits(8)
            if chance > 0.5:
                flags |= self.address() << 24 | 0x10000
            return self.do(flags, self.rng.randrange(256))
        if chance < 0.8:
            return [f"readl {self.base + (self.rng.randrange(0x80) & ~3):#x}"]
        return [f"writel {self.rng.choice(self.strays):#x} "
                f"{self.rng.getrandbits(32):#x}"]


class PmSmbus(Guest):
    """The SMBus host of a PC; see smbus.py."""
    machine, bus, base = "pc", "i2c", 0xb100
    input = "ioapic[20]"
    program = "qemu-system-x86_64"
    PROTOCOLS = (0, 1, 2, 2, 3, 3, 5, 5, 6, 4, 7)

    def transaction(self):
        rng = self.rng
        protocol = rng.choice(self.PROTOCOLS)
        length = min(rng.randrange(36), rng.randrange(36))
        aux = rng.choice((0, 2, 2, 2, 3))
        commands = self.out(sts=0xff, cmd=rng.randrange(256), dat0=length,
                            dat1=rng.randrange(256), aux=aux,
                            add=self.address() << 1 | rng.getrandbits(1))
        if protocol == 5 and rng.random() < 0.7:
            commands += self.out(**{"cnt": 0}) + [
                f"outb {self.base + 7:#x} {rng.randrange(256):#x}"] * length
        # with interrupts off it begins as the status is read
        commands += self.out(cnt=0x40 | protocol << 2 | (rng.random() < 0.8))
        commands.append(f"inb {self.base:#x}")
        if rng.random() < 0.3:  # byte by byte
            for _ in range(rng.randrange(length + 1)):
                commands += self.out(sts=0x80) + [f"inb {self.base + 7:#x}"]
            commands += self.out(cnt=0x20 | protocol << 2 | 1, sts=0x80)
        return commands, 1

    def out(self, **registers):
        at = {"sts": 0, "cnt": 2, "cmd": 3, "add": 4, "dat0": 5, "dat1": 6,
              "aux": 0xd}
        return [f"outb {self.base + at[name]:#x} {value:#x}"
                for name, value in registers.items()]

    def stray(self):
        at = self.base + self.rng.randrange(16)
        if self.rng.random() < 0.3:
            return [f"inb {at:#x}"]
        return [f"outb {at:#x} {self.rng.randrange(256):#x}"]


class Nrf51(Guest):
    """TWI0 of a micro:bit, whose time is real: the machine runs, its CPU waits
    in WFI, and a look at an event waits for what is on the wire."""
    machine, bus, base, runs = "microbit", "twi0", 0x40003000, True
    input, gpiote, gpio = "pin8", 0x40006000, 0x50000000
    TXDSENT, RXDREADY, STOPPED = 0x11c, 0x108, 0x104
    # stack, entry; wfi and back to it
    IMAGE = bytes.fromhex("0040002009000000" "30bffde7")

    def prepare(self):
        return self.set((0xffc, 1), (0x508, 0), (0x50c, 30),
                        (0x524, 0xffffffff), (0x500, 5))

    def set(self, *pairs):
        return [f"writel {self.base + at:#x} {value:#x}" for at, value in pairs]

    def look(self, event):
        """It waits from the second on."""
        return [f"readl {self.base + event:#x}"] * self.rng.choice((0, 3, 3, 4))

    def start(self, address, read):
        task = 0x000 if read else 0x008
        return self.set((0x104, 0), (0x124, 0), (0x4c4, 7),
                        (0x588, address), (task, 1))

    def put(self):
        return self.set((self.TXDSENT, 0), (0x51c, self.rng.randrange(256))) + \
            self.look(self.TXDSENT)

    def get(self, ack):
        rng, commands = self.rng, []
        if rng.random() < 0.3:
            commands = self.set((0x200, 1 if ack else 2), (0x020, 1))
        return commands + self.look(self.RXDREADY) + \
            self.set((self.RXDREADY, 0)) + [f"readl {self.base + 0x518:#x}"]

    def stop(self):
        return self.set((0x014, 1), (0x020, 1)) + self.look(self.STOPPED)

    def stray(self):
        chance = self.rng.random()
        if chance < 0.3:  # any task
            return self.set((self.rng.choice((0, 8, 0x14, 0x1c, 0x20)), 1))
        if chance < 0.34:  # off, in whatever state
            return self.set(*self.rng.choice((((0x500, 0),), ((0xffc, 0),))),
                            (0xffc, 1)) + self.prepare()
        if chance < 0.5:
            return self.set((self.rng.choice((0x200, 0x300, 0x304, 0x308)),
                             self.rng.getrandbits(20)))
        if chance < 0.55:
            return [self.access(*self.rng.choice((
                (self.gpiote, 0x10), (self.gpiote + 0x100, 0x80),
                (self.gpiote + 0x300, 0x220), (self.gpio + 0x500, 0x20),
                (self.gpio + 0x700, 0x80))))]
        if chance < 0.6:  # shorts left behind would end most transfers
            return self.set((0x200, 0))
        return [self.access(self.base, 0x600)] + self.set((0x524, 0xffffffff),
                                                          (0x500, 5))


GUESTS = {"nrf51-twi": Nrf51, "versatile": Versatile, "aspeed": Aspeed,
          "pm_smbus": PmSmbus}
