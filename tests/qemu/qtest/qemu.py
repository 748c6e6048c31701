# SPDX-License-Identifier: LGPL-2.1-or-later
"""A QEMU process with its qtest and QMP sockets.

Debian builds QEMU without the qtest accelerator, so the machine is an ordinary
TCG one that is never started (-S): the test reads and writes its memory and
registers through the qtest protocol, where the guest's driver would.
"""
import atexit
import functools
import json
import os
import re
import socket
import subprocess
import tempfile

TIMEOUT_S = 60


class QemuDied(Exception):
    pass


class Line:
    """A socket that speaks in lines."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        sock.settimeout(TIMEOUT_S)

    def send(self, data):
        self.sock.sendall(data)

    def receive(self):
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise QemuDied("QEMU closed the socket")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()


@functools.lru_cache(maxsize=None)
def version(binary):
    """(major, minor, micro)"""
    text = subprocess.run([binary, "--version"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    found = re.search(r"version (\d+)\.(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups())


def command(binary, machine, args, plugin=None):
    line = [binary, "-accel", "tcg", "-M", machine, "-nodefaults",
            "-display", "none", "-no-user-config"]
    # Some boards have a sound chip, and this machine may have none, nor what
    # QEMU would play with. Releases before 8.2 have to be told chip by chip.
    if version(binary) >= (8, 2, 0):
        line += ["-audio", "none"]
    elif machine in ("versatilepb", "vexpress-a9"):
        line += ["-audiodev", "none,id=silent",
                 "-global", "pl041.audiodev=silent"]
    if plugin:
        line += ["-plugin", plugin]
    return line + list(args)


def environment():
    return dict(os.environ, QEMU_AUDIO_DRV="none")


def run_to_exit(binary, machine, args, plugin=None):
    """Start a QEMU that is meant to give up; returns status and stderr."""
    done = subprocess.run(command(binary, machine, args, plugin) + ["-S"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=environment(),
                          timeout=TIMEOUT_S)
    return done.returncode, done.stderr.decode(errors="replace")


class Qemu:
    def __init__(self, binary, machine, args=(), plugin=None):
        ours, theirs = zip(socket.socketpair(), socket.socketpair())
        qtest_fd, qmp_fd = (s.fileno() for s in theirs)
        self.events = []
        self.irqs = []  # (line, level) of what irq_intercept_in intercepts
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command(binary, machine, args, plugin) + [
                "-S", "-qtest-log", "none",
                "-chardev", f"socket,id=qtest,fd={qtest_fd}",
                "-qtest", "chardev:qtest",
                "-chardev", f"socket,id=qmp,fd={qmp_fd}",
                "-mon", "chardev=qmp,mode=control"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.stderr, env=environment(), pass_fds=(qtest_fd, qmp_fd))
        atexit.register(self.kill)
        for sock in theirs:
            sock.close()
        self._qtest, self._qmp = (Line(s) for s in ours)
        try:
            self._qmp.receive()
            self.qmp("qmp_capabilities")
        except (QemuDied, OSError):
            self.process.wait(TIMEOUT_S)
            raise QemuDied(f"exit {self.process.returncode}: {self.errors()}")

    def errors(self):
        """What it has said on stderr up to now, but that a board's network
        goes nowhere, and that a chardev tries again."""
        self.stderr.seek(0)
        said = self.stderr.read().decode(errors="replace")
        said = re.sub(r".*: Unable to connect character device .*\n", "", said)
        return re.sub(r".*: warning: nic \S+ has no peer\n", "", said)

    # qtest ------------------------------------------------------------

    def qtest(self, commands):
        """Send many commands at once; returns their answers as texts."""
        self._qtest.send("".join(c + "\n" for c in commands).encode())
        answers = []
        while len(answers) < len(commands):
            line = self._qtest.receive()
            if line.startswith("IRQ"):
                _, what, number = line.split()
                self.irqs.append((int(number), int(what == "raise")))
                continue
            if not line.startswith("OK"):
                raise QemuDied(f"qtest said {line!r}")
            answers.append(line[3:])
        return answers

    # QMP --------------------------------------------------------------

    def qmp(self, execute, **arguments):
        self._qmp.send(json.dumps({"execute": execute,
                                   "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._qmp.receive())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])
            if "event" in answer:
                self.events.append(answer["event"])

    def hmp(self, line):
        return self.qmp("human-monitor-command", **{"command-line": line})

    def counters(self, device):
        """Counters of the device with this id."""
        return self.qmp("qom-get", path=f"/machine/peripheral/{device}",
                        property="counters")

    def reset(self):
        # The reset itself runs in the main loop, before or after the answer;
        # its event is the one thing that says so.
        self.events.clear()
        self.qmp("system_reset")
        self.wait_event("RESET")

    def wait_event(self, name):
        while name not in self.events:
            message = json.loads(self._qmp.receive())
            self.events.append(message.get("event"))

    # ending -----------------------------------------------------------

    def quit(self):
        """As a user would; returns the exit status."""
        return self.leave("quit")

    def leave(self, command):
        """A command after which QEMU ends, perhaps before it has answered."""
        try:
            self.qmp(command)
        except (QemuDied, OSError):
            pass
        status = self.process.wait(TIMEOUT_S)
        atexit.unregister(self.kill)
        self._close()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._close()

    def _close(self):
        self._qtest.sock.close()
        self._qmp.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.kill()
        else:
            self.quit()


def find(wanted, name="qemu-system-arm"):
    """The QEMU of a version "10.0.2": the installed one, or that of
    tests/cache. None where there is no such."""
    cache = os.environ.get("I2CPT_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
        "libi2cpt")
    folders = os.environ.get("PATH", "").split(":")
    folders.append(os.path.join(cache, "qemu-" + wanted.rpartition(".")[0]))
    for folder in folders:
        binary = os.path.join(folder, name)
        if (os.access(binary, os.X_OK) and
                version(binary) == tuple(map(int, wanted.split(".")))):
            return binary
    return None
