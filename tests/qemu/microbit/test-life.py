#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""nrf51-twi when the machine stops, is reset or quits, and when its
properties are wrong.

usage: test-life.py VERSION PLUGIN
"""
import os
import subprocess
import sys
import tempfile

from microbit import GuestError, Microbit, Tap, find_qemu

TIMEOUT_S = 60
COMMON = ("i2c-passthrough,id=chips,address=0x48,hold-timeout-ms=10000,"
          "timeout-ms=20000")

# Slow enough to be caught in the middle.
CHIPS = """\
chip 0x48 registers
reg 0 = 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
delay byte-us=20000
"""
READ = """
i2c.write(0x48, b'\\0', repeat=True)
print(i2c.read(0x48, 16))
"""
REGISTERS = (0x40003500, 0x40003588, 0x40003524)  # ENABLE ADDRESS FREQUENCY
SCAN = "from microbit import i2c\nprint(i2c.scan())"


def counter(board, name):
    return board.qmp.call("qom-get", path="/machine/peripheral/chips",
                          property="counters")[name]


def begin_read(board):
    """Start the slow read; returns once some of it has happened."""
    before = counter(board, "bytes-read")
    board.start("from microbit import i2c" + READ)
    while counter(board, "bytes-read") < before + 3:
        pass


def stopped(tap, board):
    begin_read(board)
    board.qmp.call("stop")
    first = counter(board, "bytes-read")
    board.qmp.call("query-status")
    last = counter(board, "bytes-read")
    board.qmp.call("cont")
    try:
        text = board.finish()
    except GuestError as error:
        text = str(error)
    tap.case(first == last < 16, "stop in the middle of a read: no byte more",
             f"{first} bytes at stop, then {last}")
    tap.case("OSError" in text,
             "the bus was let go meanwhile: the guest gets an error", text)
    text = board.run(READ).strip()
    tap.case(text == str(bytes(range(16))), "and its next read is right", text)


def reset(tap, board):
    begin_read(board)
    board.qmp.call("system_reset")
    board.boot()
    text = board.run(SCAN).strip()
    tap.case(text == "[72]",
             "system_reset in the middle of a read: the bus is free", text)
    text = board.run(READ).strip()
    tap.case(text == str(bytes(range(16))), "and a read is right after it",
             text)


def register(board, address):
    text = board.qmp.call("human-monitor-command",
                          **{"command-line": f"x /1wx {address:#x}"})
    return int(text.split()[-1], 16)


def reset_while_stopped(tap, board):
    """No firmware runs here that could do itself what the reset must do."""
    begin_read(board)
    board.qmp.call("stop")
    before = [register(board, address) for address in REGISTERS]
    board.qmp.call("system_reset")
    after = [register(board, address) for address in REGISTERS]
    tap.case(before == [5, 0x48, 0x01980000] and after == [0, 0, 0x04000000],
             "system_reset while stopped: reset values",
             f"before {before}, after {after}")
    board.qmp.call("cont")
    board.boot()
    text = board.run(SCAN).strip()
    tap.case(text == "[72]", "and the bus is free", text)


def quits(tap, argv, device, recorded):
    with Microbit(*argv, ["nrf51-twi", f"{device},record={recorded}"]) as board:
        board.boot()
        begin_read(board)
        board.qmp.call("quit")
        status = board.process.wait(TIMEOUT_S)
    with open(recorded, encoding="utf-8") as file:
        lines = file.read().splitlines()
    tap.case(status == 0 and not board.final_errors,
             "quit in the middle of a read: QEMU ends well",
             f"{status}: {board.final_errors}")
    tap.case(lines[-1].startswith("end "),
             "quit in the middle of a read: the recording is ended",
             "\n".join(lines[-3:]))


BAD = (
    ("nrf51-twi,instance=2", "'instance': 2 is not 0 or 1"),
    ("nrf51-twi,poll-wait-us=100001", "'poll-wait-us': 100001 is not 0 to"),
    ("nrf51-twi,poll-wait-us=fast", "fast"),
)


def refused(tap, qemu, plugin, what, extra, expected, machine="microbit"):
    done = subprocess.run(
        [qemu, "-M", machine, "-accel", "tcg", "-nodefaults", "-S",
         "-display", "none", "-plugin", plugin] + extra,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=TIMEOUT_S)
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    tap.case(done.returncode == 1 and len(lines) == 1 and
             expected in lines[0], f"refused: {what}",
             f"status {done.returncode}: {lines}")


def properties(tap, qemu, plugin):
    for device, expected in BAD:
        refused(tap, qemu, plugin, device, ["-device", device], expected)
    refused(tap, qemu, plugin, "instance 0 twice",
            ["-device", "nrf51-twi", "-device", "nrf51-twi"],
            "'instance': 0 is there already")
    refused(tap, qemu, plugin, "a machine without an nRF51",
            ["-device", "nrf51-twi"], "nrf51-twi", "mps2-an385")


def main():
    version, plugin = sys.argv[1:]
    qemu = find_qemu(version)
    if not qemu:
        print(f"1..0 # SKIP no qemu-system-arm {version}")
        return 77
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="i2cpt-") as directory:
        chips = os.path.join(directory, "chips")
        with open(chips, "w", encoding="ascii") as file:
            file.write(CHIPS)
        device = f"{COMMON},backend=stub,load={chips}"
        with Microbit(qemu, plugin, ["nrf51-twi", device]) as board:
            board.boot()
            stopped(tap, board)
            reset(tap, board)
            reset_while_stopped(tap, board)
        tap.case(not board.final_errors, "silent on stderr",
                 board.final_errors)
        quits(tap, (qemu, plugin), device, os.path.join(directory, "r.i2ct"))
    properties(tap, qemu, plugin)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
