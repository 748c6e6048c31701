# SPDX-License-Identifier: LGPL-2.1-or-later
"""controller=: the bus of one of several controllers, where QEMU's bus= knows
only their name."""
from bench import BINARY, PLUGIN, Bench, equal, main, patient, write
import qemu

STUB = {"backend": "stub", "address": "0x48"}


def bus_of(board, device):
    return board.qemu.qmp("qom-get", path=f"/machine/peripheral/{device}",
                          property="parent_bus")


def parent(path):
    return path.rpartition("/")[0]


def test_buses_of_one_name():
    # exynos4210.i2c: nine of them
    devices = [patient(id=f"d{i}", controller=hex(0x13860000 + i * 0x10000),
                       chips="0x48", name=f"s{i}", **STUB) for i in range(8)]
    with Bench("smdkc210", *devices) as b:
        buses = [bus_of(b, f"d{i}") for i in range(8)]
        equal(len(set(buses)), 8, f"different buses among {buses}")
        for bus in buses:
            equal(b.qemu.qmp("qom-get", path=parent(bus), property="type"),
                  "exynos4210.i2c")
        path = buses[3]
    # the same by its path: of the controller, of the bus, shortened
    for text in (parent(path), path, path.split("/machine/")[1]):
        with Bench("smdkc210", patient(id="d", controller=text, chips="0x48",
                                       **STUB)) as b:
            equal(bus_of(b, "d"), path, text)


def test_transfers_go_there():
    chips = write("chips", "chip 0x48 sensor\nreg 0 = 1a 80\n")
    for base in ("0x021a0000", str(0x21a0000)):
        with Bench("mcimx6ul-evk", patient(id="d", controller=base,
                                           load=chips, **STUB)) as b:
            equal(b.bus.put_get(0x48, [0], 2), b"\x1a\x80", base)
    # the controller next to it has none
    with Bench("mcimx6ul-evk", patient(id="d", controller="0x021a4000",
                                       load=chips, **STUB)) as b:
        equal(b.bus.put_get(0x48, [0], 2), None)


def test_its_kind_is_that_of_the_bus():
    # restarts= follows from it, which message mode of a trace shows
    trace = write("real.i2ct", "i2cpt-trace 1\n0 +0 w1@0x48 00 r2 = 1a 80\n"
                  "end 1\n")
    with Bench("mcimx6ul-evk", patient(
            id="d", controller="0x021a0000", backend="trace", file=trace,
            address="0x48")) as b:
        equal(b.bus.put_get(0x48, [0], 2), b"\x1a\x80")


def refused(machine, controller):
    return qemu.run_to_exit(BINARY, machine, patient(
        controller=controller, chips="0x48", **STUB), plugin=PLUGIN)


def test_what_is_none():
    for text in ("0x1234", "/machine", "/machine/unattached/device[999]",
                 "nobody", "0x"):
        status, said = refused("smdkc210", text)
        equal(status, 1, text)
        assert f"controller={text}: no I2C bus is there; there are /" in said, \
            said
        assert "(exynos4210.i2c at 0x13860000, bus i2c)" in said, said
        assert said.count("\n") == 1, said


def test_several():
    status, said = refused("smdkc210", "i2c")
    equal(status, 1)
    assert "controller=i2c: several I2C buses could be meant; there are /" \
        in said, said


if __name__ == "__main__":
    main(globals())
