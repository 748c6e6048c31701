# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ends a guest's dealings with a target: its own reboot, an unrealized
device, a saving that is refused; and floods, which must not fill a disk."""
import os
import shutil

from bench import (Bench, BitBang, device, equal, main, path, patient, raises,
                   read)
from running import STORE, Board, Running, bitbang

SYSCTL_LOCK, SYSCTL_RESET = (STORE, 0x10000020, 0xa05f), (STORE, 0x10000040,
                                                          0x100)
ON_VERSATILE = 0x10002000
LAB = ["-device", "i2c-adapter,id=lab,backend=stub,chips=0x48,"
       "timeout-ms=20000"]


def stub(address, **more):
    return patient(backend="stub", chips=f"{address:#x}",
                   address=f"{address:#x}", **more)


# ------------------------------------------------------------- being saved

def test_saving_is_refused():
    """Each way to take a guest elsewhere names the device, and harms nothing."""
    blocked = "State blocked by non-migratable device 'i2c-passthrough'"
    with Bench("versatilepb", stub(0x48)) as b:
        assert b.bus.start(0x48) and b.bus.write(3)
        raises(lambda: b.qemu.qmp("migrate", uri="exec:cat >/dev/null"),
               blocked)
        equal(b.qemu.hmp("savevm now").strip(), f"Error: {blocked}")
        raises(lambda: b.qemu.qmp("migrate", uri="tcp:127.0.0.1:1"), blocked)
        assert b.bus.write(0x5a), "the transfer goes on"
        b.bus.stop()
        equal(b.bus.put_get(0x48, b"\x03", 1), b"\x5a")


def test_only_migratable():
    said = ""
    try:
        with Bench("versatilepb", ["-only-migratable"], stub(0x48)):
            pass
    except Exception as error:  # pylint: disable=broad-except
        said = str(error)
    assert "i2c-passthrough" in said and "migratable" in said, said


# ---------------------------------------------------------- being taken away

def realized(b, name, value):
    return b.qemu.qmp("qom-set", path=f"/machine/peripheral/{name}",
                      property="realized", value=value)


def test_unplugging_is_refused():
    with Bench("versatilepb", LAB, device(id="d", adapter="lab",
                                          address="0x48",
                                          hold_timeout_ms=60000)) as b:
        for name in ("d", "lab"):
            raises(lambda name=name: b.qemu.qmp("device_del", id=name),
                   "does not support hotplugging")
        equal(b.bus.put(0x48, b"\x01\x02"), 2)


def test_unrealized_in_a_transfer(machine):
    for mode in ("stream", "message"):
        trace = path(f"{mode}.i2ct")
        with Bench(machine, stub(0x48, id="d", transfer=mode, record=trace),
                   stub(0x4a)) as b:
            equal(b.bus.put(0x48, b"\x01\x02"), 2)
            assert b.bus.start(0x48) and b.bus.write(1)
            realized(b, "d", False)
            last = read(f"{mode}.i2ct").rstrip("\n").split("\n")[-1]
            assert last.startswith("end "), last
            b.bus.write(7)  # the guest has not heard of it
            b.bus.stop()
            equal(b.bus.put(0x48, b"\x01\x02"), -1, "it has gone")
            equal(b.bus.put(0x4a, b"\x01\x02"), 2, "the other one")
            assert b.qemu.counters("d")["transactions"] >= 2
            assert "dev: i2c-passthrough" in b.qemu.hmp("info qtree")
            realized(b, "d", True)
            b.qemu.hmp("info qtree")
            equal(b.bus.put_get(0x48, b"\x01", 1), b"\x00", "a new stub")
            equal(b.bus.put(0x48, b"\x01\x02"), 2)


def test_unrealized_adapter():
    with Bench("versatilepb", LAB, device(id="d", adapter="lab",
                                          address="0x48",
                                          hold_timeout_ms=60000)) as b:
        equal(b.bus.put(0x48, b"\x01\x02"), 2)
        assert b.bus.start(0x48) and b.bus.write(1)
        realized(b, "lab", False)
        b.bus.stop()
        equal(b.bus.put(0x48, b"\x01\x02"), -1, "it has gone")
        realized(b, "lab", True)
        equal(b.bus.put(0x48, b"\x01\x02"), 2, "it is there again")


# ------------------------------------------------------------------- floods

def test_nacks_and_host_errors_say_little():
    """A line of `-d guest_errors` for each address and kind, none on stderr."""
    log = path("guest-errors")
    # a host that is pulled after some transfers, and one that refuses data
    with open(path("refuses"), "w", encoding="utf-8") as file:
        file.write("chip 0x48 registers\nfault nack at=1 on=write skip=0 "
                   "count=1000\n")
    refusing = patient(id="n", backend="stub", load=path("refuses"),
                       address="0x48", transfer="message")
    pulled = stub(0x4a, id="p", unplug_after=3, transfer="message")
    with Bench("versatilepb", ["-d", "guest_errors", "-D", log], refusing,
               pulled) as b:
        for _ in range(100):
            b.bus.put(0x48, b"\x01\x02")
            b.bus.put(0x4a, b"\x01\x02")
            b.bus.put(0x33, b"\x01")
        refused, errors = b.qemu.counters("n"), b.qemu.counters("p")
        assert refused["nacks"] + refused["late-faults"] >= 100, refused
        assert errors["host-errors"] >= 50, errors
    lines = read("guest-errors").splitlines()
    assert 1 <= len(lines) <= 6, lines


def test_a_flood_of_warnings_is_bounded():
    """More recordings than lines may be said in one window lose their folder.
    The guest's clock stands still, and the window with it."""
    folder = path("recordings")
    os.mkdir(folder)
    addresses = range(0x10, 0x20)
    bench = Bench("versatilepb", *[
        stub(address, record=os.path.join(folder, f"{address:#x}.i2ct"))
        for address in addresses])
    shutil.rmtree(folder)
    for _ in range(2):
        for address in addresses:
            equal(bench.bus.put(address, b"\x01\x02"), 2)
    said = bench.qemu.errors().splitlines()
    equal(len(said), 10, "\n".join(said))
    for line in said:
        assert "warning: libi2cpt: record=" in line, line
        assert "No such file or directory" in line, line
    equal(bench.qemu.quit(), 0)


# ------------------------------------------------------------ its own reboot

def test_the_guest_reboots_in_a_transfer():
    """By the board's register, in the middle of a write, with no STOP."""
    half = bitbang(ON_VERSATILE)
    half = half[:3 + 2 * 3 * 9]  # START, the address, a byte
    board = Board("versatilepb", 0, "i2c", half + [SYSCTL_LOCK, SYSCTL_RESET])
    for mode in ("stream", "message"):
        with Running(board.name, device(
                id="d", bus="@BUS", backend="stub", chips="0x48:0x50",
                addresses="0x48:0x50", hold_timeout_ms=60000,
                timeout_ms=20000, transfer=mode,
                record=path("reboot.i2ct")), board=board) as r:
            r.go()
            for _ in range(2):  # it comes up again, and does the same
                r.qemu.wait_event("RESET")
                r.qemu.events.clear()
                r.go()
            r.qemu.wait_event("RESET")
            bus = BitBang(r.qemu, "versatilepb")
            # the core would give this to the target of before
            equal(bus.put(0x50, b"\x03\x33"), 2)
            equal(bus.put_get(0x48, b"\x03", 1), b"\x00")
            equal(r.qemu.quit(), 0, mode)
        lines = [line.split(" ", 2)[2] for line in
                 read("reboot.i2ct").splitlines()
                 if " +" in line and "%probe" not in line]
        equal([line for line in lines if "@0x50" in line],
              ["w2@0x50 03 33"], mode)
        sent = sum(line.startswith("w1@0x48 01") and "r1" not in line
                   for line in lines)
        equal(sent, 3 if mode == "stream" else 0, f"{mode}: {lines}")


if __name__ == "__main__":
    main(globals())
