# SPDX-License-Identifier: LGPL-2.1-or-later
"""A micro:bit in QEMU: its REPL, and QMP beside it.

Nothing here sleeps to keep in step: characters are sent as fast as the
firmware echoes them, and answers are read up to the prompt.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

MICROPYTHON = "/usr/share/firmware-microbit-micropython/firmware.hex"
CTRL_D = b"\x04"
CTRL_E = b"\x05"

# The firmware keeps this many received characters that it has not looked at.
UNREAD_MAX = 16


def find_qemu(version):
    """qemu-system-arm of this version, installed or in the cache, or None."""
    cache = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "..", "..", "cache")
    release = ".".join(version.split(".")[:2])
    found = subprocess.run([cache, "qemu", release], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    path = found.stdout.decode().strip()
    return path if found.returncode == 0 and path else None


class Tap:
    """TAP on stdout."""

    def __init__(self):
        self.count = 0
        self.failures = 0

    def case(self, good, name, why=None):
        self.count += 1
        self.failures += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")
        if why and not good:
            for line in str(why).splitlines():
                print("#", line)
        sys.stdout.flush()

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failures else 0


class GuestError(Exception):
    """The program on the micro:bit raised an exception."""


class Socket:
    """A stream that is read up to a text, or not at all."""

    def __init__(self, path, process, deadline):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.process = process
        self.data = b""
        self.sock.connect(path)
        self.sock.settimeout(0)

    def fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.sock], [], [], left)[0]:
            raise TimeoutError(f"no more input; so far: {self.data[-400:]!r}")
        got = self.sock.recv(65536)
        if not got:
            raise EOFError(f"closed; last input: {self.data[-400:]!r}")
        self.data += got

    def read_until(self, text, timeout=60):
        deadline = time.monotonic() + timeout
        while text not in self.data:
            self.fill(deadline)
        got, self.data = self.data.split(text, 1)
        return got

    def write(self, data):
        self.sock.settimeout(60)
        self.sock.sendall(data)
        self.sock.settimeout(0)


class Qmp:
    def __init__(self, stream):
        self.stream = stream
        self.stream.read_until(b"\n")
        self.events = []
        self.call("qmp_capabilities")

    def call(self, command, timeout=60, **arguments):
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        self.stream.write(json.dumps(request).encode() + b"\n")
        while True:
            answer = json.loads(self.stream.read_until(b"\n", timeout))
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']}")
            else:
                return answer["return"]


class Microbit:
    """One QEMU; `with Microbit(qemu, plugin, devices) as board:`"""

    def __init__(self, qemu, plugin, devices, firmware=MICROPYTHON, extra=(),
                 env=None, wrap=()):
        self.dir = tempfile.mkdtemp(prefix="i2cpt-")
        serial = os.path.join(self.dir, "serial")
        qmp = os.path.join(self.dir, "qmp")
        listeners = []
        for path in (serial, qmp):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(path)
            listener.listen(1)
            listeners.append(listener)
        argv = [qemu, "-M", "microbit", "-accel", "tcg", "-nodefaults",
                "-display", "none", "-plugin", plugin,
                "-device", f"loader,file={firmware}",
                "-chardev", f"socket,id=serial,fd={listeners[0].fileno()},"
                            "server=on,wait=on",
                "-serial", "chardev:serial",
                "-chardev", f"socket,id=qmp,fd={listeners[1].fileno()},"
                            "server=on,wait=off",
                "-mon", "chardev=qmp,mode=control"]
        for device in devices:
            argv += ["-device", device]
        argv = [*wrap, *argv, *extra]
        self.argv = argv
        self.stderr = open(os.path.join(self.dir, "stderr"), "w+b")
        self.process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=self.stderr,
            stderr=self.stderr, pass_fds=[l.fileno() for l in listeners],
            env=env)
        for listener in listeners:
            listener.close()
        try:
            self.serial = Socket(serial, self.process, 60)
            self.qmp = Qmp(Socket(qmp, self.process, 60))
        except Exception as error:
            self.close()
            raise RuntimeError(f"QEMU did not start: {self.errors()}") \
                from error

    def errors(self):
        if self.stderr.closed:
            return self.final_errors
        self.stderr.seek(0)
        lines = self.stderr.read().decode(errors="replace").splitlines()
        return "\n".join(line for line in lines
                         if "QEMU waiting for connection on" not in line)

    def close(self):
        if self.process.poll() is None:
            try:
                self.qmp.call("quit")
                self.process.wait(20)
            except Exception:
                self.process.kill()
        self.process.wait()
        self.final_errors = self.errors()
        self.stderr.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # MicroPython

    def boot(self):
        """Wait for the REPL; its first prompt may have gone by already."""
        self.serial.read_until(b">>> ")

    def start(self, source):
        """Run Python text. Paste mode echoes each character once it is taken,
        which is the flow control."""
        self.serial.write(CTRL_E)
        self.serial.read_until(b"=== ")
        for line in source.strip("\n").split("\n"):
            for at in range(0, len(line), UNREAD_MAX):
                part = line[at:at + UNREAD_MAX].encode()
                self.serial.write(part)
                self.serial.read_until(part)
            self.serial.write(b"\r")
            self.serial.read_until(b"\r\n=== ")
        self.serial.write(CTRL_D)
        self.serial.read_until(b"\r\n")

    def finish(self, timeout=60):
        """What the text that was started has printed."""
        text = self.serial.read_until(b">>> ", timeout).decode()
        if "Traceback" in text:
            raise GuestError(text)
        return text.replace("\r\n", "\n")

    def run(self, source, timeout=60):
        self.start(source)
        return self.finish(timeout)

    def value(self, source, timeout=60):
        """What the program printed, as Python reads it."""
        import ast
        return ast.literal_eval(self.run(source, timeout).strip())
