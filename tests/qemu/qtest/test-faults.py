# SPDX-License-Identifier: LGPL-2.1-or-later
"""Targets that refuse: absent ones, and those that NACK byte k of a write."""
from bench import Bench, equal, main, path, patient, read, write

BYTES = 8
FIRST = 0x40  # hostaddr of the chip that refuses byte 0
MEMORY = "chip {:#x} registers\nreg 0 = 90 91 92 93 94 95 96 97 98\n"


def chips():
    text = MEMORY.format(0x50)
    for k in range(BYTES):
        text += MEMORY.format(FIRST + k)
        text += f"fault nack at={k} on=write skip=0 count=1\n"
    return write("refusing", text)


def guest(k):
    return 0x10 + k


def devices(mode, **more):
    load = chips()
    return [patient(id=f"d{k}", backend="stub", load=load, address=guest(k),
                   hostaddr=FIRST + k, transfer=mode, **more)
            for k in range(BYTES)] + [
        patient(backend="stub", load=load, address=0x30, hostaddr=0x50,
               transfer=mode)]


# The pointer is byte 0, so BYTES bytes are a pointer and seven data.
WRITTEN = bytes([0]) + bytes(range(0xa1, 0xa1 + BYTES - 1))


def stored_after(k):
    """Registers 0 to 6 of the chip that refused byte k of that write."""
    before = bytes(range(0x90, 0x99))
    taken = max(k - 1, 0)
    return WRITTEN[1:1 + taken] + before[taken:BYTES - 1]


def test_byte_k_stream(machine):
    with Bench(machine, *devices("stream")) as b:
        for k in range(BYTES):
            equal(b.bus.put(guest(k), WRITTEN), k, "acknowledged")
            equal(b.bus.put_get(guest(k), [0], BYTES - 1), stored_after(k),
                  f"stored after a NACK at {k}")
            count = b.qemu.counters(f"d{k}")
            equal((count["nacks"], count["late-faults"]), (1, 0))


def test_byte_k_message(machine):
    # All is acknowledged, since nothing was asked yet; the next START to that
    # address tells it, and no START to another one.
    with Bench(machine, *devices("message")) as b:
        for k in range(BYTES):
            equal(b.bus.put(guest(k), WRITTEN), BYTES, "acknowledged")
            equal(b.qemu.counters(f"d{k}")["late-faults"], 1)
            equal(b.bus.put_get(0x30, [0], 1), b"\x90", "another address")
            equal(b.bus.put_get(guest(k), [0], 1), None, "told late")
            equal(b.bus.put_get(guest(k), [0], BYTES - 1), stored_after(k),
                  f"stored after a NACK at {k}")
            equal(b.qemu.counters(f"d{k}")["late-faults"], 1)


def test_byte_k_before_a_repeated_start(machine):
    # Here both modes can tell it in time: at the byte, or at that START.
    for mode in ("stream", "message"):
        with Bench(machine, *devices(mode)) as b:
            for k in range(BYTES):
                equal(b.bus.put_get(guest(k), WRITTEN, 1), None,
                      f"{mode}, NACK at {k}")
                equal(b.bus.put_get(guest(k), [0], BYTES - 1),
                      stored_after(k), f"{mode}, stored after {k}")


def test_what_is_said_of_it_goes_to_the_log_only(machine):
    log = path("log")
    with Bench(machine, ["-d", "guest_errors", "-D", log],
               *devices("message")) as b:
        b.bus.put(guest(3), WRITTEN)
    # Bench looks at stderr, which has to be empty.
    text = read("log")
    assert "libi2cpt: " in text and "address 0x43" in text, text


def scan_stub(mode, **more):
    load = write("scan", "".join(f"chip {a:#x} registers\n"
                                 for a in (0x18, 0x33, 0x48, 0x52, 0x77)))
    return patient(backend="stub", load=load, addresses="any", id="d",
                  transfer=mode, **more)


def test_scans_tell_the_truth(machine):
    own = {"versatilepb": [0x68], "vexpress-a9": [0x39, 0x50]}[machine]
    expected = sorted([0x18, 0x33, 0x48, 0x52, 0x77] + own)
    for settings in (("stream", {}), ("message", {}),
                     ("message", {"posted_writes": "on"}),
                     ("message", {"presence_ms": 0})):
        mode, more = settings
        with Bench(machine, scan_stub(mode, **more)) as b:
            for _ in range(3):
                equal(b.bus.scan(), expected, f"{mode} {more}")


def test_quick_writes_go_out_once(machine):
    # A START that was probed by a quick write was that quick write.
    with Bench(machine, scan_stub("message")) as b:
        equal(b.bus.put(0x48, []), 0)
        equal(b.qemu.counters("d")["transfers"], 1)


def test_reads_by_scan(machine):
    own = {"versatilepb": {0x68}, "vexpress-a9": {0x39, 0x50}}[machine]
    for mode in ("stream", "message"):
        with Bench(machine, scan_stub(mode)) as b:
            for a in range(0x08, 0x78):
                seen = b.bus.transfer((a, 1))[0].address
                equal(seen, a in {0x18, 0x33, 0x48, 0x52, 0x77} | own,
                      f"{mode}, {a:#x}")


def test_adapter_gone(machine):
    for mode in ("stream", "message"):
        with Bench(machine, patient(backend="stub", chips="0x52",
                                   address=0x20, hostaddr=0x52,
                                   unplug_after=3, transfer=mode)) as b:
            for _ in range(10):
                b.bus.put_get(0x20, [0], 1)
            equal(b.bus.put_get(0x20, [0], 1), None, mode)
            equal(b.bus.put(0x20, [0, 1]), -1, mode)


def test_deadline(machine):
    # A target that holds SCL for ever: START is refused when time is up.
    load = write("hang", "chip 0x52 registers\nfault hang count=always\n"
                         "chip 0x53 registers\nreg 0 = 42\n")
    for mode in ("stream", "message"):
        with Bench(machine,
                   patient(backend="stub", load=load, address=0x20,
                          hostaddr=0x52, id="d", timeout_ms=30,
                          transfer=mode),
                   patient(backend="stub", load=load, address=0x21,
                          hostaddr=0x53)) as b:
            equal(b.bus.put(0x20, [0, 1]), -1, mode)
            assert b.qemu.counters("d")["timeouts"] >= 1
            equal(b.bus.put_get(0x21, [0], 1), b"\x42", "another adapter")


if __name__ == "__main__":
    main(globals())
