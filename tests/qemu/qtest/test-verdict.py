# SPDX-License-Identifier: LGPL-2.1-or-later
"""What QEMU says of a recording when it ends: whether the guest asked for what
is recorded. One line for each bus of a trace, whoever uses it, at each way that
QEMU ends; and its exit status, where that is asked for."""
import os
import re
import shutil
import signal

from bench import (BINARY, Bench, device, equal, main, path, patient, read,
                   started, write)
import qemu

TWO = """i2cpt-trace 1
0.0 +0.0001 w1@0x48 00 r2 = 1a c0
0.1 +0.0001 w1@0x48 01 r1 = 60
end 2
"""
WHOLE = "2 of 2 transfers replayed, 0 mismatches"
LEFT = ("1 of 2 transfers replayed, 0 mismatches; 1 of 2 transfers was not "
        "asked for, the first in line 3")
NONE = ("0 of 2 transfers replayed, 0 mismatches; 2 of 2 transfers were not "
        "asked for, the first in line 2")
HAS_STATUS = qemu.version(BINARY) >= (8, 2, 0) if BINARY else False


def replay(name="two", text=TWO, **more):
    return patient(**{"id": "d", "backend": "trace",
                      "file": write(f"{name}.i2ct", text), "address": "0x48",
                      **more})


class Replay(Bench):
    """A guest that runs, and does nothing by itself."""

    def __init__(self, machine, *devices):
        super().__init__(machine, *devices)
        self.go()

    def go(self):
        self.qemu.qtest(["writel 0 0xeafffffe"])  # b .
        self.qemu.qmp("cont")

    def first(self):
        equal(self.bus.put_get(0x48, [0], 2), b"\x1a\xc0")

    def both(self):
        self.first()
        equal(self.bus.put_get(0x48, [1], 1), b"\x60")

    def said(self):
        """Of each line (trace, verdict); there are no others, but a signal's."""
        lines = [line for line in self.qemu.errors().splitlines()
                 if "terminating on signal" not in line]
        found = [re.fullmatch(
            r"(?:\S+: )?warning: libi2cpt: trace:\S*/([^/ ]+): (.*)", line)
            for line in lines]
        assert all(found), lines
        return [match.groups() for match in found]

    def end(self, *verdicts, command="quit", status=0):
        equal(self.qemu.leave(command), status, "exit status")
        equal([verdict for _, verdict in self.said()], list(verdicts))


# --------------------------------------------------------------- what it says

def test_all_was_asked_for(machine):
    for mode in ("stream", "message"):
        log = path(f"{mode}.log")
        b = Replay(machine, replay(transfer=mode, log=log))
        b.both()
        b.end()
        assert read(f"{mode}.log").endswith(f"two.i2ct: {WHOLE}\n"), mode


def test_for_who_wants_to_hear_of_it():
    b = Replay("versatilepb", ["-d", "plugin", "-D", path("plugin")],
               replay())
    b.both()
    b.end()
    assert f"two.i2ct: {WHOLE}\n" in read("plugin"), read("plugin")


def test_something_was_left_out(machine):
    for mode in ("stream", "message"):
        b = Replay(machine, replay(transfer=mode))
        b.first()
        b.end(LEFT)


def test_something_else_was_asked_for():
    b = Replay("versatilepb", replay(match="strict", transfer="message"))
    b.first()
    b.bus.put_get(0x48, [2], 1)
    b.end("1 of 2 transfers replayed, 1 mismatch; 1 request differs; the "
          "first: two.i2ct:3: expected w1@0x48 01 r1, got w1@0x48 02 r34; "
          "1 of 2 transfers was not asked for, the first in line 3")


def test_a_line_that_was_never_told():
    text = ("i2cpt-trace 1\nlines: int\n0 irq int 0\n1 +0 r1@0x48 = 05\n"
            "2 irq int 1\nend 1\n")
    b = Replay("versatilepb", replay("irq", text, line_stall_ms=0))
    b.end("0 of 1 transfer replayed, 0 mismatches; 1 of 1 transfer was not "
          "asked for, the first in line 4; 1 of 1 change of lines was not "
          "told: line 5 waits for line 4, which was not asked for")


# ------------------------------------------------------------------ one a bus

SHARED = TWO.replace("@0x48 01", "@0x49 01")


def test_devices_that_share_a_trace():
    b = Replay("versatilepb", replay("shared", SHARED),
               replay("shared", SHARED, id="e", address="0x49"))
    b.first()
    b.end(LEFT)


def test_an_adapter_of_several_devices():
    adapter = ["-device", "i2c-adapter,id=rec,backend=trace,timeout-ms=20000,"
               f"file={write('shared.i2ct', SHARED)}"]
    targets = [device(adapter="rec", address=address, hold_timeout_ms=60000)
               for address in ("0x48", "0x49")]
    b = Replay("versatilepb", adapter, *targets)
    b.first()
    b.end(LEFT)
    b = Replay("versatilepb", adapter, *targets)
    b.first()
    equal(b.bus.put_get(0x49, [1], 1), b"\x60")
    b.end()


def test_buses_of_one_trace():
    text = TWO.replace("0001 w1@0x48 00", "0001 i2c-0: w1@0x48 00").replace(
        "0001 w1@0x48 01", "0001 i2c-1: w1@0x49 01")
    b = Replay("versatilepb", replay("buses", text), replay(
        "buses", text, id="e", address="0x49", trace_bus=1))
    equal(b.qemu.quit(), 0)
    one = "0 of 1 transfer replayed, 0 mismatches; 1 of 1 transfer was not " \
        "asked for, the first in line "
    equal(sorted(b.said()), [("buses.i2ct", one + "2"),
                             ("buses.i2ct:i2c-1", one + "3")])


# ----------------------------------------------------------- who has not begun

def test_a_guest_that_never_ran():
    b = Bench("versatilepb", replay())
    equal(b.qemu.quit(), 0)
    equal(b.qemu.errors(), "")


def test_a_command_line_that_is_wrong():
    """One line, of the other device, which is looked for at the end."""
    status, text = started(replay(), ["-device", "tmp105,address=0x48"])
    equal((status, len(text.splitlines())), (1, 1), text)
    assert "has a device 'tmp105' there already" in text, text


# ----------------------------------------------------------------- every end

POWER_OFF = "writel 0x100000a4 0xc0800000"  # vexpress-a9: SYS_CFG_SHUTDOWN


def test_a_signal():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        b = Replay("versatilepb", replay())
        b.first()
        b.qemu.process.send_signal(number)
        equal(b.qemu.process.wait(qemu.TIMEOUT_S), 0)
        equal(b.said(), [("two.i2ct", LEFT)])


def test_a_guest_that_turns_itself_off():
    b = Replay("vexpress-a9", replay())
    b.first()
    b.qemu.qtest(["writel 0x100000a0 0", POWER_OFF])
    equal(b.qemu.process.wait(qemu.TIMEOUT_S), 0)
    equal(b.said(), [("two.i2ct", LEFT)])


def test_a_reboot_that_ends_it():
    b = Replay("versatilepb", ["-no-reboot"], replay())
    b.first()
    b.end(LEFT, command="system_reset")


def test_a_reboot_that_does_not():
    b = Replay("versatilepb", replay())
    b.first()
    b.qemu.reset()
    equal(b.said(), [])
    equal(b.bus.put_get(0x48, [1], 1), b"\x60")
    b.end()


def test_a_qemu_that_stays():
    b = Replay("vexpress-a9", ["-no-shutdown"], replay())
    b.first()
    b.qemu.qtest(["writel 0x100000a0 0", POWER_OFF])
    b.qemu.wait_event("SHUTDOWN")
    equal(b.said(), [])
    b.end(LEFT)


def test_semihosting():
    """The exit runs in the CPU's own thread, or is asked for there."""
    for status, reason in ((0, 0x20026), (1, 0x20023)):
        b = Bench("versatilepb", replay(),
                  ["-semihosting-config", "enable=on"])
        b.qemu.qtest([f"writel {4 * i:#x} {word:#x}" for i, word in enumerate(
            (0xe3a00018, 0xe59f1000, 0xef123456, reason))])
        equal(b.qemu.leave("cont"), status, "exit status")
        equal(Replay.said(b), [("two.i2ct", NONE)])


def test_an_unrealized_device():
    b = Replay("versatilepb", replay())
    b.first()
    b.qemu.qmp("qom-set", path="/machine/peripheral/d", property="realized",
               value=False)
    equal(b.said(), [("two.i2ct", LEFT)])
    b.end(LEFT)


def test_behind_a_flood_of_warnings():
    """What a guest may bring about is bounded; the verdict is not left out."""
    folder = path("recordings")
    os.mkdir(folder)
    addresses = range(0x10, 0x20)
    b = Replay("versatilepb", replay(), *[
        patient(backend="stub", chips=f"{address:#x}", address=f"{address:#x}",
                record=os.path.join(folder, f"{address:#x}.i2ct"))
        for address in addresses])
    b.qemu.qmp("stop")  # the window's clock stands
    shutil.rmtree(folder)
    for address in addresses:
        equal(b.bus.put(address, b"\x01\x02"), 2)
    equal(b.qemu.quit(), 0)
    said = b.qemu.errors().splitlines()
    assert any(line.endswith(NONE) for line in said), said
    assert any("6 warnings were left out" in line for line in said), said


# ------------------------------------------------------------- its exit status

def failing(**more):
    return replay(verdict="fail", **more)


def test_an_exit_status_that_this_qemu_has_not():
    if HAS_STATUS:
        return
    status, text = started(failing())
    equal(status, 1)
    assert "verdict=fail: " in text and "8.2" in text, text


def test_words_that_are_none():
    for words, why in ((replay(verdict="yes"),
                        "verdict=yes: accepted is tell, fail, off"),
                       (device(backend="stub", chips="0x48", address="0x48",
                               verdict="fail"), "verdict=fail: ")):
        status, text = started(words)
        equal((status, len(text.splitlines())), (1, 1), text)
        assert why in text, text
    status, text = started(
        ["-device", "i2c-adapter,id=rec,backend=trace,file="
         + write("two.i2ct", TWO)],
        device(adapter="rec", address="0x48", verdict="off"))
    assert "verdict=off: is to be given where the adapter is made" in text, text


def test_nothing_is_to_be_said():
    b = Replay("versatilepb", replay(verdict="off"))
    b.end()


def test_failing():
    if not HAS_STATUS:
        return
    b = Replay("versatilepb", failing())
    b.first()
    b.end(LEFT, status=1)
    b = Replay("versatilepb", failing())
    b.both()
    b.end()
    # what has not failed has no say
    b = Replay("versatilepb", failing(), replay(
        "other", TWO.replace("0x48", "0x49"), id="e", address="0x49"))
    b.both()
    b.end(NONE)


def test_failing_in_each_way():
    if not HAS_STATUS:
        return
    b = Replay("versatilepb", failing())
    b.qemu.process.terminate()
    equal(b.qemu.process.wait(qemu.TIMEOUT_S), 1, "SIGTERM")
    b = Replay("vexpress-a9", failing())
    b.qemu.qtest(["writel 0x100000a0 0", POWER_OFF])
    equal(b.qemu.process.wait(qemu.TIMEOUT_S), 1, "off")
    b = Replay("versatilepb", ["-no-reboot"], failing())
    b.end(NONE, command="system_reset", status=1)
    # -no-shutdown: it is seen at the end, and not before
    b = Replay("vexpress-a9", ["-no-shutdown"], failing())
    b.qemu.qtest(["writel 0x100000a0 0", POWER_OFF])
    b.qemu.wait_event("SHUTDOWN")
    b.both()
    b.end()


def test_failing_with_what_is_held_back():
    """Bytes whose STOP never comes go out before it is looked at."""
    if not HAS_STATUS:
        return
    text = "i2cpt-trace 1\n0 +0 w2@0x48 03 99\nend 1\n"
    b = Replay("versatilepb", failing(text=text, transfer="message"))
    b.bus.message(0x48, [3, 0x99])
    b.end()


def test_failing_of_a_device_that_has_gone():
    if not HAS_STATUS:
        return
    for status in (0, 1):
        b = Replay("versatilepb", failing())
        if status:
            b.first()
        else:
            b.both()
        for value in (False, True):
            b.qemu.qmp("qom-set", path="/machine/peripheral/d",
                       property="realized", value=value)
        b.both()
        b.end(*[LEFT] * status, status=status)


def test_failing_says_nothing_of_a_wrong_command_line():
    if not HAS_STATUS:
        return
    status, text = started(failing(), ["-device", "tmp105,address=0x48"])
    equal((status, len(text.splitlines())), (1, 1), text)


def test_failing_without_having_run():
    if not HAS_STATUS:
        return
    b = Bench("versatilepb", failing())
    equal(b.qemu.quit(), 1)
    equal(Replay.said(b), [("two.i2ct", NONE)])


if __name__ == "__main__":
    main(globals())
