#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""MicroPython on -M microbit whose bus another process has.

usage: test-remote.py VERSION PLUGIN I2CPT-REPLAY

backend=remote across a socket and across a command, in front of a stub and of a
trace; the other process killed in the middle, with and without reconnect=on;
QEMU itself as the program that is recorded and replayed.
"""
import os
import signal
import subprocess
import sys
import tempfile

from microbit import GuestError, Microbit, Tap, find_qemu

TIMEOUT_S = 60
# No real bus waits for this guest, but the host may well take its CPU away.
DEVICE = ("i2c-passthrough,id=chips,addresses=0x1d:0x48:0x50,"
          "hold-timeout-ms=10000,timeout-ms=10000,presence-ms=60000,"
          "busy-retry-ms=10000")
CHIPS = """\
chip 0x1d registers
reg 0x0d = 5a
chip 0x48 registers
reg 0 = {bytes}
chip 0x50 registers
"""
SESSION = """
i2c.write(0x48, b'\\5', repeat=True)
a = i2c.read(0x48, 6)
i2c.write(0x50, b'\\x20\\xde\\xad\\xbe\\xef')
i2c.write(0x50, b'\\x21', repeat=True)
b = i2c.read(0x50, 3)
try:
    i2c.read(0x33, 1)
    c = 0
except OSError:
    c = 1
print((i2c.scan(), a, b, c))
"""
EXPECTED = ([0x1d, 0x48, 0x50], bytes(range(5, 11)), b"\xad\xbe\xef", 1)
READ = """
i2c.write(0x48, b'\\0', repeat=True)
print(i2c.read(0x48, 2))
"""
ALIVE = "print(6 * 7)"


class Server:
    """i2cpt-replay serve at a socket; there when the block begins."""

    def __init__(self, tool, spec, path):
        self.path = path
        self.process = subprocess.Popen(
            [tool, "serve", "-a", spec, "--socket", path],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not os.path.exists(path):
            if self.process.poll() is not None:
                raise RuntimeError(self.process.stderr.read())

    def kill(self):
        """As a machine that is switched off: no word, the socket stays."""
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.kill()


def doubled(text):
    return text.replace(",", ",,")


class Bench:
    def __init__(self, tap, argv, tool, directory):
        self.tap, self.argv, self.tool = tap, argv, tool
        self.directory = directory
        self.chips = self.path("chips")
        with open(self.chips, "w", encoding="ascii") as file:
            file.write(CHIPS.format(
                bytes=" ".join(f"{byte:02x}" for byte in range(64))))

    def path(self, name):
        return os.path.join(self.directory, name)

    def board(self, device, **keys):
        return Microbit(*self.argv, ["nrf51-twi", device], **keys)

    def check(self, name, good, why):
        self.tap.case(good, name, why)

    def session(self, name, device, said="", **keys):
        """The session has its result; on stderr is only what shall be."""
        with self.board(device, **keys) as board:
            board.boot()
            board.run("from microbit import i2c")
            try:
                got = board.value(SESSION)
            except GuestError as error:
                got = str(error)
            self.check(f"{name}: the session", got == EXPECTED,
                       f"got {got!r}")
        lines = board.final_errors.splitlines()
        self.check(f"{name}: stderr", len(lines) == bool(said) and
                   said in board.final_errors, board.final_errors)


def raises(board):
    try:
        return f"printed {board.run(READ)!r}"
    except GuestError as error:
        return str(error)


def across(bench):
    """Each way to a stub and to a trace; in both modes."""
    trace = bench.path("session.i2ct")
    specs = {"stub": f"stub,load={bench.chips},record={trace}",
             "trace": f"trace,file={trace}"}
    for kind, spec in specs.items():
        for mode in ("stream", "message"):
            with Server(bench.tool, spec, bench.path("socket")):
                bench.session(
                    f"socket, {kind}, {mode}",
                    f"{DEVICE},backend=remote,transfer={mode},"
                    f"socket={bench.path('socket')}")
        command = f"{bench.tool} serve -a {doubled(spec)} --stdio"
        bench.session(f"command, {kind}", f"{DEVICE},backend=remote,"
                      f"command={command}")


def killed(bench):
    """The peer is gone in the middle, for good, and QEMU goes on."""
    device = f"{DEVICE},backend=remote,socket={bench.path('socket')}"
    spec = f"stub,load={bench.chips}"
    for reconnect in ("off", "on"):
        name = f"peer killed, reconnect={reconnect}"
        with Server(bench.tool, spec, bench.path("socket")) as server, \
                bench.board(f"{device},reconnect={reconnect}") as board:
            board.boot()
            board.run("from microbit import i2c")
            before = board.value(READ)
            server.kill()
            first = raises(board)
            bench.check(f"{name}: OSError", before == b"\0\1" and
                        "OSError" in first, (before, first))
            alive = board.value(ALIVE)
            status = board.qmp.call("query-status")["status"]
            bench.check(f"{name}: QEMU and guest go on", alive == 42 and
                        status == "running", (alive, status))
            with Server(bench.tool, spec, bench.path("socket")):
                # what was under way when it was noticed may fail once more
                got = [raises(board) for _ in range(2)][1]
                good = got.startswith("printed")
                bench.check(f"{name}: a new peer is "
                            f"{'taken' if reconnect == 'on' else 'refused'}",
                            good == (reconnect == "on"), got)


def slow_spec(bench):
    chips = bench.path("slow")
    with open(chips, "w", encoding="ascii") as file:
        file.write("chip 0x48 registers\ndelay byte-us=100000\n"
                   "chip 0x1d registers\n")
    return f"stub,load={chips}"


def bytes_read(board):
    return board.qmp.call("qom-get", path="/machine/peripheral/chips",
                          property="counters")["bytes-read"]


def begin_read(board):
    """Start a slow read; returns once some of it has happened."""
    board.start("from microbit import i2c\n" +
                READ.replace("0x48, 2", "0x48, 16"))
    while not bytes_read(board):
        pass


def held_in_a_transfer(bench):
    """A byte that does not come until we say so: QEMU's main loop answers
    before that. One that waits for the byte would not, for a minute."""
    socket = bench.path("socket")
    device = DEVICE.replace("timeout-ms=10000,", "timeout-ms=60000,")
    with Server(bench.tool, slow_spec(bench), socket) as server, \
            bench.board(f"{device},backend=remote,socket={socket}") as board:
        board.boot()
        begin_read(board)
        server.process.send_signal(signal.SIGSTOP)
        try:
            before = bytes_read(board)
            # so often that the guest comes to poll for it meanwhile
            for _ in range(500):
                board.qmp.call("query-status", timeout=30)
            after, why = bytes_read(board), ""
        except TimeoutError:
            before, after, why = 0, 99, "query-status is not answered"
        server.process.send_signal(signal.SIGCONT)
        # the one that was on its way may still come
        bench.check("a byte is withheld: QEMU answers meanwhile",
                    after <= before + 1, (why, before, after))
        try:
            board.finish()
        except GuestError:
            pass  # its patience is its own affair
        bench.check("and the guest goes on, the byte having come",
                    board.value(ALIVE) == 42, "")


def killed_in_a_transfer(bench):
    """No byte comes back any more: an error, not a wait for ever."""
    socket = bench.path("socket")
    with Server(bench.tool, slow_spec(bench), socket) as server, \
            bench.board(f"{DEVICE},backend=remote,socket={socket}") as board:
        board.boot()
        begin_read(board)
        server.kill()
        try:
            text = board.finish()
        except GuestError as error:
            text = str(error)
        bench.check("peer killed in the middle of a read: OSError",
                    "OSError" in text, text)
        bench.check("and the guest goes on", board.value(ALIVE) == 42, "")


def recorded(bench):
    """QEMU as the PROGRAM: its i2c-dev backend on a node that is ours."""
    device = f"{DEVICE},device=/dev/i2c-1"
    trace, report = bench.path("t.i2ct"), bench.path("r.json")
    wrap = [bench.tool, "record", "-o", trace, "--bus", "1", "-a",
            f"stub,load={bench.chips}", "--"]
    # for timeout-ms= is given; to be heard by who asks for it alone
    said = "/dev/i2c-1: timeout and retries stay as they were set"
    bench.session("QEMU recorded", device, said, wrap=wrap,
                  extra=["-d", "plugin"])
    with open(trace, encoding="utf-8") as file:
        lines = file.read().splitlines()
    bench.check("QEMU recorded: its transfers, and an end",
                lines[-1].startswith("end ") and
                any("w5@0x50 20 de ad be ef" in line for line in lines),
                "\n".join(lines[-8:]))
    wrap = [bench.tool, "replay", trace, "--bus", "1", "--match", "strict",
            "--report", report, "--"]
    bench.session("QEMU replayed", device, wrap=wrap)
    with open(report, encoding="utf-8") as file:
        text = file.read()
    bench.check("QEMU replayed: every line was asked for",
                '"verdict": "same"' in text, text)


def main():
    version, plugin, tool = sys.argv[1:]
    qemu = find_qemu(version)
    if not qemu:
        print(f"1..0 # SKIP no qemu-system-arm {version}")
        return 77
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="i2cpt-") as directory:
        bench = Bench(tap, (qemu, plugin), tool, directory)
        for part in (across, killed, held_in_a_transfer,
                     killed_in_a_transfer, recorded):
            try:
                part(bench)
            except (GuestError, TimeoutError, OSError, EOFError,
                    RuntimeError) as error:
                tap.case(False, part.__name__, repr(error))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
