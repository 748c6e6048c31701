# SPDX-License-Identifier: LGPL-2.1-or-later
"""EEPROM page writes: whatever the firmware does between two pages, no page
is lost, in either mode."""
import itertools

from bench import Bench, equal, main, patient, write

PAGE = 16
SIZE = 256
DATA = bytes((i * 31 + 5) & 0xff for i in range(SIZE))
ADDRESS = 0x52


def stub(mode, cycle, **more):
    load = write(f"eeprom-{cycle}".replace(" ", "-"),
                 f"chip {ADDRESS:#x} eeprom size={SIZE} page={PAGE} {cycle}\n")
    return patient(backend="stub", load=load, address=ADDRESS, id="e",
                  transfer=mode, **more)


def pages():
    return [(at, DATA[at:at + PAGE]) for at in range(0, SIZE, PAGE)]


def poll(bus, attempts=100000):
    """START and address until they are acknowledged; how often they were not.
    """
    for n in range(attempts):
        if bus.put(ADDRESS, b"") == 0:
            return n
    raise AssertionError("the write cycle never ended")


def fill_with_polling(bus):
    polls = []
    for at, page in pages():
        equal(bus.put(ADDRESS, bytes([at]) + page), 1 + PAGE)
        polls.append(poll(bus))
    return polls


def fill_with_retries(bus):
    """Firmware that polls with the next page's write itself."""
    for at, page in pages():
        for _ in range(1000):
            if bus.put(ADDRESS, bytes([at]) + page) == 1 + PAGE:
                break
        else:
            raise AssertionError(f"page {at:#x} was never taken")
    poll(bus)


def holds_data(bus):
    equal(bus.put_get(ADDRESS, [0], SIZE), DATA, "contents")


# What the wire tells of a NACK: all, or that there was one (bcm2835 and
# others), which is where message mode has to probe.
HOSTS = {"exact": {}, "hidden": {"faults": "hidden"}}


def settings(*cycles):
    for cycle, (host, more) in itertools.product(cycles, HOSTS.items()):
        for mode in ("stream", "message"):
            if mode == "message" or host == "exact":
                yield f"{mode}, {cycle}, {host}", (mode, cycle), more


def test_ack_polling(machine):
    for name, args, more in settings("cycle-nacks=3", "cycle-ms=3",
                                     "cycle-ms=2 cycle-nacks=7"):
        with Bench(machine, stub(*args, **more)) as b:
            fill_with_polling(b.bus)
            holds_data(b.bus)
            equal(b.qemu.counters("e")["late-faults"], 0, name)


def test_ack_polling_is_seen_by_the_guest_in_stream_mode(machine):
    with Bench(machine, stub("stream", "cycle-nacks=3")) as b:
        equal(fill_with_polling(b.bus), [3] * (SIZE // PAGE))


def test_polling_with_the_write_itself(machine):
    for name, args, more in settings("cycle-nacks=3", "cycle-ms=3"):
        with Bench(machine, stub(*args, **more)) as b:
            fill_with_retries(b.bus)
            holds_data(b.bus)


def test_no_polling_at_all_in_message_mode(machine):
    # The promised ACK is kept: sent again until the cycle is over.
    for host, more in HOSTS.items():
        with Bench(machine, stub("message", "cycle-ms=3", **more)) as b:
            for at, page in pages():
                equal(b.bus.put(ADDRESS, bytes([at]) + page), 1 + PAGE, host)
            poll(b.bus)
            holds_data(b.bus)
            count = b.qemu.counters("e")
            equal(count["late-faults"], 0, host)
            assert count["busy-retries"] + count["probes"] > 0, count


def test_a_cycle_longer_than_busy_retry_is_told(machine):
    # Nothing is lost in silence: the fault is late, but it is told.
    with Bench(machine, stub("message", "cycle-nacks=1000000",
                             busy_retry_ms=2)) as b:
        equal(b.bus.put(ADDRESS, [0, 1]), 2)
        equal(b.bus.put(ADDRESS, [1, 2]), 2, "a promise")
        equal(b.qemu.counters("e")["late-faults"], 1)
        equal(b.bus.put(ADDRESS, [1, 2]), -1, "told")


def test_posted_writes(machine):
    with Bench(machine, stub("message", "cycle-ms=3",
                             posted_writes="on")) as b:
        for at, page in pages():
            equal(b.bus.put(ADDRESS, bytes([at]) + page), 1 + PAGE)
        poll(b.bus)
        holds_data(b.bus)
        equal(b.qemu.counters("e")["late-faults"], 0)


def test_readonly(machine):
    for mode in ("stream", "message"):
        with Bench(machine, stub(mode, "", readonly="on")) as b:
            assert b.bus.put(ADDRESS, bytes([0]) + DATA[:PAGE]) < 1 + PAGE
            b.bus.put(ADDRESS, [0, 1])
            b.bus.put(ADDRESS, [0])
            b.bus.put(ADDRESS, b"")
            equal(b.bus.put_get(ADDRESS, [0], PAGE), b"\xff" * PAGE, mode)
            assert b.qemu.counters("e")["blocked"] > 0


if __name__ == "__main__":
    main(globals())
