# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the device is to QEMU: properties, help, counters, migration."""
import json
import os

from bench import (Bench, device, equal, main, path, patient, raises, read,
                   write)

CHIP = "chip 0x48 sensor\nreg 0 = 1a c0\n"


def load():
    return write("chip", CHIP)


def reads(bench, address):
    equal(bench.bus.put_get(address, [0], 2), b"\x1a\xc0")


def test_json_numbers_and_booleans():
    words = {"driver": "i2c-passthrough", "id": "d", "backend": "stub",
             "load": load(), "address": 0x20, "hostaddr": 0x48,
             "timeout-ms": 300, "probe": False, "frequency": 400000,
             "hold-timeout-ms": 60000}
    with Bench("versatilepb", ["-device", json.dumps(words)]) as b:
        reads(b, 0x20)
        got = {name: b.qemu.qmp("qom-get", path="/machine/peripheral/d",
                                property=name)
               for name in ("timeout-ms", "probe", "hostaddr", "read-ahead",
                            "learn-from", "address")}
        equal(got, {"timeout-ms": "300", "probe": "off", "hostaddr": "72",
                    "read-ahead": "34", "learn-from": "", "address": 0x20})


def test_defaults_are_those_of_the_backend():
    trace = write("t.i2ct", "i2cpt-trace 1\nend 0\n")
    with Bench("versatilepb",
               device(id="a", backend="stub", chips="0x48", address=0x48),
               device(id="b", backend="trace", file=trace,
                      address=0x49)) as b:
        got = [b.qemu.qmp("qom-get", path=f"/machine/peripheral/{name}",
                          property=key)
               for name, key in (("a", "match"), ("b", "match"),
                                 ("a", "faults"), ("b", "faults"),
                                 ("b", "timeout-ms"), ("a", "backend"))]
        equal(got, ["", "per-address", "exact", "", "200", "stub"])


def test_texts_through_json():
    words = {"driver": "i2c-passthrough", "backend": "stub", "load": load(),
             "hostaddr": "0x48", "posted-writes": "on", "read-length": "4",
             "hold-timeout-ms": "60000"}
    with Bench("versatilepb", ["-device", json.dumps(words)]) as b:
        reads(b, 0x48)


def test_global_properties():
    with Bench("versatilepb", ["-global", "i2c-passthrough.backend=stub"],
               ["-global", f"i2c-passthrough.load={load()}"],
               patient(address=0x48)) as b:
        reads(b, 0x48)


def test_help_in_the_monitor():
    with Bench("versatilepb", device(backend="stub", chips="0x48",
                                     address=0x48)) as b:
        text = b.qemu.hmp("device_add i2c-passthrough,help")
        for word in ("hostaddr=<str>", "what goes to the wire",
                     "stub, ", "hold-timeout-ms=<str>", "default 20",
                     "record=<str>", "counters=<struct>"):
            assert word in text, f"{word!r} is not in\n{text}"


def test_documented():
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                        "..", "docs", "qemu-devices.md")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    with Bench("versatilepb", device(id="d", backend="stub", chips="0x48",
                                     address=0x48)) as b:
        names = [info["name"] for info in b.qemu.qmp(
            "device-list-properties", typename="i2c-passthrough")]
        assert "hostaddr" in names and "chips" in names, names
        missing = [name for name in names + list(b.qemu.counters("d"))
                   if f"`{name}`" not in text and name != "counters"]
        equal(missing, [], "not in docs/qemu-devices.md")


def test_counters():
    with Bench("versatilepb", patient(id="d", backend="stub", load=load(),
                                      address=0x48)) as b:
        start = b.qemu.counters("d")
        equal(set(start.values()), {0})
        for name in ("transactions", "transfers", "over-read", "probes",
                     "resends", "busy-retries", "late-faults", "blocked"):
            assert name in start, name
        for _ in range(5):
            reads(b, 0x48)
        now = b.qemu.counters("d")
        equal((now["transactions"], now["bytes-read"],
               now["bytes-written"]), (5, 10, 5))


def test_no_change_once_it_is_there():
    with Bench("versatilepb", patient(id="d", backend="stub", load=load(),
                                      address=0x48)) as b:
        for name, value in (("hostaddr", "0x49"), ("backend", "trace"),
                            ("counters", 1)):
            raises(lambda name=name, value=value: b.qemu.qmp(
                "qom-set", path="/machine/peripheral/d", property=name,
                value=value), name)
        reads(b, 0x48)


def test_no_migration():
    with Bench("versatilepb", device(backend="stub", load=load(),
                                     address=0x48)) as b:
        raises(lambda: b.qemu.qmp("migrate", uri="exec:cat >/dev/null"),
               "i2c-passthrough")


def test_no_snapshot():
    with Bench("versatilepb", device(backend="stub", load=load(),
                                     address=0x48)) as b:
        said = b.qemu.hmp("savevm now")
        assert "i2c-passthrough" in said or "snapshot" in said, said


def test_info_qtree_shows_the_settings():
    with Bench("versatilepb", device(backend="stub", load=load(),
                                     hostaddr=0x48, timeout_ms=321)) as b:
        said = b.qemu.hmp("info qtree")
        for word in ("dev: i2c-passthrough", "settings = ", "backend=stub",
                     f"load={load()}", "timeout-ms=321", "unlocked-wait = "):
            assert word in said, f"{word!r} is not in\n{said}"


def test_log():
    with Bench("versatilepb", patient(backend="stub", load=load(),
                                      address=0x48, log=path("log"))) as b:
        reads(b, 0x48)
        b.bus.put(0x48, [7])
    said = [line.split(" ", 1)[1] for line in read("log").splitlines()]
    equal(said, ["0x48 START, write", "0x48 write 00", "0x48 START, read",
                 "0x48 read 1a", "0x48 read c0", "0x48 last byte read",
                 "0x48 STOP", "0x48 START, write", "0x48 write 07",
                 "0x48 STOP"])


def test_no_hotplug():
    with Bench("versatilepb", patient(backend="stub", load=load(),
                                      address=0x48)) as b:
        raises(lambda: b.qemu.qmp("device_add",
                                  driver="i2c-passthrough",
                                  backend="stub", chips="0x49",
                                  hostaddr="0x49"), "hotplug")
        reads(b, 0x48)


if __name__ == "__main__":
    main(globals())
