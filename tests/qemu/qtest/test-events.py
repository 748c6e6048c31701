# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses on the guest's bus, several devices, reset, VM stop and exit."""
from bench import Bench, device, equal, main, path, read, started, write

SENSOR = """chip 0x48 sensor
reg 0 = 1a c0
reg 1 = 60
chip 0x49 sensor
reg 0 = 20 00
chip 0x52 registers
reg 0 = 01 02 03 04 05 06 07 08
"""


def test_address_and_hostaddr(machine):
    load = write("sensor", SENSOR)
    with Bench(machine,
               device(backend="stub", load=load, address=0x20, hostaddr=0x48),
               device(backend="stub", load=load, address=0x49),
               device(backend="stub", load=load, hostaddr=0x52)) as b:
        found = set(b.bus.scan())
        assert {0x20, 0x49}.issubset(found) and 0x48 not in found, found
        equal(b.bus.put_get(0x20, [0], 2), b"\x1a\xc0")
        equal(b.bus.put_get(0x49, [0], 2), b"\x20\x00")
        equal(b.bus.put_get(0x52, [2], 3), b"\x03\x04\x05")


if __name__ == "__main__":
    main(globals())
