# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes on beside a transfer that takes seconds, and what ends it: the main
loop, other CPUs, reset, VM stop, quit."""
from bench import BINARY, PLUGIN, VERSION, device, equal, main, path, read
import qemu
from running import (BOARDS, DONE, LOOPS, THE_SAME, VEXPRESS_I2C, VEXPRESS_UART,
                     Running, available)
from tap import Skip

# Nothing here waits for the end of it, but what is told to.
SECONDS = {"byte_us": 20000000, "timeout_ms": 60000}


def slow(**more):
    return device(id="d", bus="@BUS", backend="stub", chips="0x48",
                  address="0x48", hold_timeout_ms=60000, **{**SECONDS, **more})


def the_main_loop_goes_on(name):
    if not available(BOARDS[name]):
        raise Skip(f"no {name} in QEMU {VERSION} here")
    with Running(name, slow()) as r:
        r.go()
        r.until_in_a_transfer()
        for _ in range(5):
            equal(r.qemu.qmp("query-status")["running"], True)
        r.still_in_it()


for board in BOARDS:
    globals()[f"test_the_main_loop_goes_on_on_{board}"] = \
        lambda board=board: the_main_loop_goes_on(board)


def test_other_devices_of_another_cpu_go_on():
    with Running("vexpress-a9", slow(), register=VEXPRESS_UART) as r:
        r.go()
        r.until_in_a_transfer()
        before = r.get(LOOPS)
        r.until(lambda: r.get(LOOPS) > before + 1000)
        r.still_in_it()


def test_another_cpu_waits_before_the_same_controller():
    with Running("vexpress-a9", slow(), register=VEXPRESS_I2C) as r:
        r.go()
        r.until_in_a_transfer()
        seen = set()
        for _ in range(50):
            r.qemu.qmp("query-status")
            seen.add(r.get(LOOPS))
        r.still_in_it()
        assert len(seen) <= 2, seen  # it may have been on its way


def test_and_goes_on_after_it():
    with Running("vexpress-a9", slow(byte_us=1000),
                 register=VEXPRESS_I2C) as r:
        r.go()
        r.until_it_begins()
        before = r.get(LOOPS), r.get(DONE)
        r.until(lambda: r.get(LOOPS) > before[0] + 10 and
                r.get(DONE) > before[1] + 2)
        equal(r.qemu.quit(), 0)


def test_two_cpus_drive_one_controller():
    # what comes of it makes no sense, but neither harm
    for mode in ("stream", "message"):
        with Running("vexpress-a9", slow(byte_us=100, transfer=mode),
                     register=THE_SAME) as r:
            r.go()
            r.until(lambda r=r: r.get(DONE) > 200)
            r.qemu.reset()
            r.go()
            r.until(lambda r=r: r.get(DONE) > 50)
            equal(r.qemu.quit(), 0, mode)


def test_a_debugger_is_refused_meanwhile():
    with Running("vexpress-a9", slow()) as r:
        r.go()
        r.until_in_a_transfer()
        r.qemu.qtest([f"readl {VEXPRESS_I2C:#x}",
                      f"writel {VEXPRESS_I2C:#x} 3",
                      f"writel {VEXPRESS_I2C + 4:#x} 3"])
        r.qemu.hmp(f"xp /1wx {VEXPRESS_I2C:#x}")
        r.still_in_it()


def test_the_transfers_are_right():
    for name, board in BOARDS.items():
        if not available(board):
            continue
        with Running(name, slow(byte_us=500, record=path("right.i2ct"))) as r:
            r.go()
            r.until(lambda r=r: r.qemu.counters("d")["transactions"] > 5)
            equal(r.qemu.quit(), 0, name)
        lines = [line.split(" ", 2)[2] for line in
                 read("right.i2ct").split("\n") if " +" in line]
        equal(set(lines[:5]), {"w2@0x48 01 02"}, name)


def test_reset_in_a_transfer():
    with Running("vexpress-a9", slow(byte_us=200000),
                 register=VEXPRESS_I2C) as r:
        r.go()
        r.until_it_begins()
        for _ in range(3):
            before = r.qemu.counters("d")["transactions"]
            r.qemu.reset()
            r.go()
            r.until(lambda before=before:
                    r.qemu.counters("d")["transactions"] > before)
        equal(r.qemu.quit(), 0)


def test_stop_and_go_on_in_a_transfer():
    with Running("vexpress-a9", slow(byte_us=200000)) as r:
        r.go()
        r.until_it_begins()
        r.qemu.qmp("stop")
        stopped = r.qemu.counters("d")
        equal(r.qemu.qmp("query-status")["running"], False)
        equal(r.qemu.counters("d"), stopped, "nothing more happens")
        r.qemu.qmp("cont")
        done = r.get(DONE)
        r.until(lambda: r.get(DONE) > done + 1)
        equal(r.qemu.quit(), 0)


def test_quit_in_a_transfer():
    for name in ("vexpress-a9", "q35"):
        if not available(BOARDS[name]):
            continue
        with Running(name, slow(byte_us=200000, record=path("q.i2ct"))) as r:
            r.go()
            r.until_it_begins()
            equal(r.qemu.quit(), 0, name)
        last = read("q.i2ct").rstrip("\n").split("\n")[-1]
        assert last.startswith("end "), f"{name}: {last}"


def test_unrealized_between_two_cpus():
    # who waits for the gate to be left comes before the guest's next access
    with Running("vexpress-a9", slow(byte_us=1000),
                 register=THE_SAME) as r:
        r.go()
        for value in (False, True, False):
            r.until_it_begins()
            r.qemu.qmp("qom-set", path="/machine/peripheral/d",
                       property="realized", value=value)
            done = r.get(DONE)
            r.until(lambda done=done: r.get(DONE) > done + 1)
        equal(r.qemu.quit(), 0)


def test_a_host_that_never_answers():
    # the deadline is the end of each wait, and of the guest's patience
    with Running("vexpress-a9", slow(timeout_ms=50)) as r:
        r.go()
        r.until(lambda: r.get(DONE) > 3)
        now = r.qemu.counters("d")
        assert now["timeouts"] > 3 and now["host-errors"] >= now["timeouts"], \
            now
        assert now["longest-wait-us"] >= 50000, now
        equal(r.qemu.quit(), 0)


def test_off():
    # the lock is kept: what is asked meanwhile is answered after the event
    with Running("vexpress-a9", slow(byte_us=500000,
                                     unlocked_wait="off")) as r:
        r.go()
        r.until(lambda: r.qemu.counters("d")["transactions"])
        assert r.qemu.counters("d")["longest-wait-us"] >= 500000


def test_where_it_cannot_be():
    args = ["-device", "nrf51-twi", *device(
        backend="stub", chips="0x48", address=0x48, unlocked_wait="on")]
    status, said = qemu.run_to_exit(BINARY, "microbit", args, plugin=PLUGIN)
    assert status == 1 and "unlocked-wait=on: not behind 'nrf51-twi'" in said, \
        said


if __name__ == "__main__":
    main(globals())
