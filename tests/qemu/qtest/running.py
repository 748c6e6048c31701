# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guests that run: a program of a few instructions, which does one transfer of
an I2C controller again and again, for what cannot be tried in a machine that is
not started. The transfer is START, 0x48, two bytes and STOP; the registers are
written without a look at what the controller says.
"""
import os
import struct

import bench
import qemu
from bench import equal

# Assembled from the text beside it; r4 is what the host sees, at DATA.
ARM = bytes.fromhex(
    "b00f10eeff40cfe30f4cc4e3024b84e3"  # mrc MPIDR; r4 = pc & ~0xfff | DATA
    "000050e3010000aa030010e21300001a"  # if (!MP || CPU 0) main; else other
    "001094e5000051e3fcffff0a025b84e2"  # main: while (!go); r5 = list
    "0e00b5e8010051e300308205020051e3"  # next: r1-r3 = *r5++; 1: str; 2: ldr
    "00309205030051e3b030c201040051e3"  # 3: strh; 4: ldrh
    "b030d201000051e3f4ffff1a041094e5"  # 0: the end of the list
    "011081e2041084e5ecffffea"          # done++; main
    "0c2094e5010052e3e9ffff0a"  # other: r4[3] is 1: main
    # else: read that register; loops++; other
    "001092e5001194e5011081e2001184e5f7ffffea")
DATA, LIST = 0x800, 0x1000
GO, DONE, _, REGISTER = (DATA + 4 * i for i in range(4))
LOOPS = DATA + 0x100  # in a cache line of its own
THE_SAME = 1  # as register: CPU 1 does what CPU 0 does
# Real mode, from ROM: port, value, what to do with it (1: outb, 2: inb, 3: outl
# of what follows, 0: the end).
X86 = bytes.fromhex(
    "fabe00012e8b142e8a44022e8a640383c60480fc0074ea80fc02740880fc037406"
    "eeebe0ecebdd2e668b0483c60466efebd2")
X86_LIST = 0x100
STORE, LOAD, STORE_HALF = 1, 2, 3


class Board:
    """accesses: (kind, address, value)"""
    program, oldest, extra = "qemu-system-arm", (7, 2), ()

    def __init__(self, name, ram, bus, accesses, oldest=(7, 2), extra=()):
        self.name, self.base, self.bus = name, ram + 0x10000, bus
        self.accesses, self.oldest, self.extra = accesses, oldest, extra

    def arguments(self, folder):
        image = ARM.ljust(LIST, b"\0")
        for access in [*self.accesses, (0, 0, 0)]:
            image += struct.pack("<III", *access)
        path = os.path.join(folder, "program")
        with open(path, "wb") as file:
            file.write(image)
        words = ["-device", f"loader,file={path},addr={self.base:#x},"
                 "force-raw=on", *self.extra]
        for cpu in range(2 if "2" in self.extra else 1):
            words += ["-device", f"loader,addr={self.base:#x},cpu-num={cpu}"]
        return words


class Pc(Board):
    program = "qemu-system-x86_64"

    def __init__(self):
        super().__init__("q35", 0, "i2c", None)

    @staticmethod
    def image():
        at = 0x80000000 | 0x1f << 11 | 3 << 8
        entries = b""
        for register, value in ((0x20, 0x701), (0x04, 1), (0x40, 1)):
            entries += struct.pack("<HBBIHBBI", 0xcf8, 0, 3, at | register,
                                   0xcfc, 0, 3, value)
        for offset, value in ((0, 0xff), (4, 0x48 << 1), (3, 1), (5, 2),
                              (2, 0x40 | 1 | 2 << 2)):
            entries += struct.pack("<HBB", 0x700 + offset, value, 1)
        image = X86.ljust(X86_LIST, b"\0") + entries + bytes(4)
        return image.ljust(0xfff0, b"\0") + \
            bytes.fromhex("ea000000f0").ljust(16, b"\0")  # jmp f000:0000

    def arguments(self, folder):
        path = os.path.join(folder, "bios")
        with open(path, "wb") as file:
            file.write(self.image())
        return ["-bios", path, *self.extra]


def bitbang(base):
    high, low = base, base + 4
    edges = [(high, 3), (low, 2), (low, 1)]
    for byte in (0x48 << 1, 1, 2):
        for bit in [byte >> i & 1 for i in range(7, -1, -1)] + [1]:
            edges += [(high if bit else low, 2), (high, 1), (low, 1)]
    edges += [(low, 2), (high, 1), (high, 2)]
    return [(STORE, *edge) for edge in edges]


def aspeed(base):
    accesses = [(STORE, base, 1)]
    for command, byte in ((0x03, 0x48 << 1), (0x02, 1), (0x02, 2), (0x20, 0)):
        accesses += [(STORE, base + 0x10, 0x7fff), (STORE, base + 0x20, byte),
                     (STORE, base + 0x14, command)]
    return accesses


def imx(base):
    accesses = [(STORE_HALF, base + 8, 0xb0)]
    accesses += [(STORE_HALF, base + 0x10, byte) for byte in (0x48 << 1, 1, 2)]
    return accesses + [(STORE_HALF, base + 8, 0x80)]


def bcm2835(base):
    accesses = [(STORE, base, 0x30), (STORE, base + 0xc, 0x48),
                (STORE, base + 8, 2), (STORE, base, 0x8080),
                (STORE, base + 0x10, 1), (STORE, base + 0x10, 2)]
    return accesses + [(STORE, base, 0x30), (STORE, base + 4, 0x302)]


# Those of tests/vm/linux-guests, and one with a single CPU.
BOARDS = {board.name: board for board in (
    Board("vexpress-a9", 0x60000000, "i2c", bitbang(0x10016000),
          extra=("-smp", "2")),
    Board("ast2600-evb", 0x80000000, "aspeed.i2c.bus.0", aspeed(0x1e78a080)),
    Board("mcimx6ul-evk", 0x80000000, "i2c-bus.0", imx(0x021a0000)),
    Board("raspi2b", 0, "i2c-bus.1", bcm2835(0x3f804000), oldest=(9, 0)),
    Pc(),
    Board("versatilepb", 0, "i2c", bitbang(0x10002000)))}
VEXPRESS_I2C, VEXPRESS_UART = 0x10016000, 0x10009018


def available(board):
    binary = qemu.find(bench.VERSION, board.program)
    return binary if binary and qemu.version(binary) >= board.oldest else None


class Running:
    """A QEMU whose guest runs as soon as go() is called."""

    def __init__(self, name, *devices, register=0, board=None):
        self.board = board or BOARDS[name]
        self.register = register
        args = [word for words in devices for word in words]
        args = [word.replace("@BUS", self.board.bus) for word in args]
        self.qemu = qemu.Qemu(available(self.board), name,
                              self.board.arguments(bench.path(".")) + args,
                              plugin=bench.PLUGIN)

    def go(self):
        if not isinstance(self.board, Pc):
            if self.register:
                self.set(REGISTER, self.register)
            self.set(GO, 1)
        self.qemu.qmp("cont")

    def set(self, at, value):
        self.qemu.qtest([f"writel {self.board.base + at:#x} {value}"])

    def get(self, at):
        answer = self.qemu.qtest([f"readl {self.board.base + at:#x}"])[0]
        return int(answer, 16)

    def until(self, condition):
        """Ask again; what never comes is ended by the test's timeout."""
        while not condition():
            pass

    def until_it_begins(self, device="d"):
        self.until(lambda: self.qemu.counters(device)["transactions"])

    def until_in_a_transfer(self, device="d"):
        """Its first event has come, and will not be answered for long."""
        self.until_it_begins(device)
        self.still_in_it(device)

    def still_in_it(self, device="d"):
        now = self.qemu.counters(device)
        equal((now["transactions"], now["longest-wait-us"]), (1, 0),
              "the first event, and that it has not ended")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.qemu.kill()
