# SPDX-License-Identifier: LGPL-2.1-or-later
"""PC SMBus hosts (PIIX4 and ICH9) with an i2c-passthrough on their bus."""
import os

import qemu
from bench import PLUGIN, VERSION, equal, main, patient, write
from smbus import MACHINES, SmbusHost
from tap import Skip

BINARY = qemu.find(VERSION, "qemu-system-x86_64")
LONGEST = bytes(range(0x20, 0x40))  # as many as a block may have
CHIPS = f"""chip 0x48 sensor
reg 0 = 1a c0
reg 3 = 50
chip 0x2e smbus
reg 0x10 = 5a
reg 0x11 type=word = 34 12
reg 0x12 type=block = 61 62 63 64 65
reg 0x13 type=send
reg 0x14 type=block = {LONGEST.hex(" ")}
chip 0x2f registers
reg 0 = 00 01 02 03 04 05 06 07 08 09 0a 0b
"""
MODES = ("stream", "message")


class Pc:
    """A PC with one passthrough device for all chips."""

    def __init__(self, machine, mode, **more):
        if BINARY is None:
            raise Skip(f"qemu-system-x86_64 {VERSION} is not here")
        args = patient(backend="stub", load=write("chips", CHIPS), id="d",
                       addresses="0x2e:0x2f:0x48:0x30", transfer=mode, **more)
        # Debian has the firmware in a package of its own.
        if os.path.isdir("/usr/share/seabios"):
            args += ["-L", "/usr/share/seabios"]
        self.qemu = qemu.Qemu(BINARY, machine, args, plugin=PLUGIN)
        self.host = SmbusHost(self.qemu, machine)

    def __enter__(self):
        return self.host

    def __exit__(self, kind, *rest):
        self.qemu.__exit__(kind, *rest)


def on_each(case):
    for machine in MACHINES:
        for mode in MODES:
            with Pc(machine, mode) as host:
                case(host, f"{machine}, {mode}")


def test_quick_commands():
    def case(host, where):
        for address, there in ((0x48, True), (0x2e, True), (0x30, False),
                               (0x48, True), (0x31, False)):
            equal(host.quick(address), there, f"{where}, {address:#x}")
            equal(host.quick(address, 1), there, f"{where}, {address:#x} read")
    on_each(case)


def test_bytes_and_words():
    def case(host, where):
        for _ in range(3):
            equal(host.read_byte(0x2e, 0x10), 0x5a, where)
            equal(host.read_word(0x2e, 0x11), 0x1234, where)
            equal(host.read_word(0x48, 0), 0xc01a, where)
        equal(host.write_byte(0x48, 3, 0x7d), True, where)
        equal(host.read_byte(0x48, 3), 0x7d, where)
        equal(host.write_word(0x2e, 0x11, 0xbeef), True, where)
        equal(host.read_word(0x2e, 0x11), 0xbeef, where)
        equal(host.send_byte(0x2e, 0x13), True, where)
        equal(host.send_byte(0x48, 0), True, where)
        equal(host.receive_byte(0x48), 0x1a, where)
        equal(host.read_byte(0x30, 0), None, where)
    on_each(case)


def test_blocks():
    def case(host, where):
        for _ in range(3):
            equal(host.read_block(0x2e, 0x12), b"abcde", where)
        equal(host.write_block(0x2e, 0x12, b"xyz"), True, where)
        for _ in range(2):
            equal(host.read_block(0x2e, 0x12), b"xyz", where)
    on_each(case)


def test_i2c_blocks():
    def case(host, where):
        for command, length in ((0, 4), (2, 8), (0, 4), (5, 2)):
            equal(host.read_i2c_block(0x2f, command, length),
                  bytes(range(command, command + length)), where)
        equal(host.read_byte(0x2f, 1), 1, f"{where}, after it")
    on_each(case)


def test_an_smbus_only_adapter():
    for machine in MACHINES:
        with Pc(machine, "message", functionality="smbus",
                stream="off") as host:
            equal(host.quick(0x30), False)
            for _ in range(3):
                equal(host.read_byte(0x2e, 0x10), 0x5a)
                equal(host.read_word(0x2e, 0x11), 0x1234)
                equal(host.read_block(0x2e, 0x12), b"abcde")
                equal(host.read_block(0x2e, 0x14), LONGEST)
            equal(host.write_block(0x2e, 0x12, b"xyz"), True)
            equal(host.read_block(0x2e, 0x12), b"xyz")


if __name__ == "__main__":
    main(globals())
