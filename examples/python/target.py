#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Targets of your own, in the standard library alone: this serves them over the
remote protocol (docs/remote.md), to QEMU, to programs, to any number of clients.

    examples/python/target.py /tmp/bus &
    i2cpt-replay run -a remote,socket=/tmp/bus -- i2cget -y 0 0x48 0 w
    qemu-system-arm ... -device i2c-passthrough,backend=remote,socket=/tmp/bus,address=0x48

A target is an object with start(read), write(byte), read() and stop(). It says
False to a START or a byte that it does not acknowledge.
"""
import errno
import os
import pathlib
import signal
import socket
import struct
import sys
import threading
import time

(HELLO, WELCOME, TRANSFER, SMBUS, START, WRITE, READ, STOP, TOOK, FLUSH,
 REPLY) = range(1, 12)
M_RD, M_RECV_LEN = 0x0001, 0x0400
FUNCTIONALITY = 0x0fff8009  # I2C, and all of SMBus by it
FRAME_MAX = 16 << 20
MSG_MAX, MSGS_MAX = 1 << 20, 1024
TIMEOUT_MS = 1000
ADDRESS, DATA = 1, 2  # phases of a fault
TELLS_PHASE = 1  # a capability: refusals always say where they were


class Registers:
    """A register file behind an 8-bit pointer that goes on by itself; writing
    register `refused` is not acknowledged."""

    def __init__(self, values=(), refused=None):
        self.values = bytearray(values).ljust(256, b"\0")
        self.refused = refused
        self.pointer, self.first = 0, True

    def start(self, read):
        self.first = True
        return True

    def write(self, byte):
        if self.first:
            self.pointer, self.first = byte, False
            return True
        if self.pointer == self.refused:
            return False
        self.values[self.pointer] = byte
        self.pointer = (self.pointer + 1) % 256
        return True

    def read(self):
        byte = self.values[self.pointer]
        self.pointer = (self.pointer + 1) % 256
        return byte

    def stop(self):
        pass


class Clock(Registers):
    """Reads as the seconds of this computer in BCD, as a DS1307's register 0."""

    def start(self, read):
        seconds = time.localtime().tm_sec % 60
        self.values[0] = seconds // 10 << 4 | seconds % 10
        return super().start(read)


class Fault(Exception):
    def __init__(self, code, phase, msg, byte=-1):
        super().__init__(code)
        self.code, self.phase, self.msg, self.byte = code, phase, msg, byte


class Body:
    """A frame's body, taken from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    def bytes(self, n):
        if n > len(self.data) - self.at:
            raise struct.error("a message is longer than its frame")
        self.at += n
        return self.data[self.at - n:self.at]


class Bus:
    """The targets, and who has them: one transfer, or one stream, at a time."""

    def __init__(self, targets):
        self.targets = targets
        self.free = threading.Condition()
        self.owner = None

    def take(self, owner, ms):
        """In `ms`, or not at all: its client has given up by then."""
        with self.free:
            if not self.free.wait_for(lambda: self.owner in (None, owner),
                                      (ms or TIMEOUT_MS) / 1000):
                raise Fault(errno.ETIMEDOUT, 0, -1)
            self.owner = owner

    def give(self, owner):
        with self.free:
            if self.owner is owner:
                self.owner = None
                self.free.notify_all()

    def start(self, address, flags, msg):
        target = self.targets.get(address)
        if not target or not target.start(bool(flags & M_RD)):
            raise Fault(errno.ENXIO, ADDRESS, msg)
        return target


class Client:
    """One connection, in a thread of its own."""

    def __init__(self, bus, connection):
        self.bus, self.connection = bus, connection
        self.met = False  # HELLO has come
        self.stream = None  # the target that is addressed
        self.msg = self.byte = -1

    def receive(self, n):
        data = b""
        while len(data) < n:
            more = self.connection.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def send(self, kind, number, body):
        self.connection.sendall(struct.pack("<IBI", 5 + len(body), kind, number)
                                + body)

    def reply(self, number, body, fault=None):
        if fault:
            head = struct.pack("<iIBiiH", -fault.code, fault.code, fault.phase,
                               fault.msg, fault.byte, 0)
        else:
            head = struct.pack("<iIBiiH", 0, 0, 0, -1, -1, 0)
        self.send(REPLY, number, head + body)

    def serve(self):
        try:
            while True:
                length, kind, number = struct.unpack("<IBI", self.receive(9))
                if not 5 <= length <= FRAME_MAX:
                    break
                self.request(kind, number, Body(self.receive(length - 5)))
        except (ConnectionError, struct.error):
            pass  # it has gone, or does not speak the protocol
        finally:  # the bus is given back, also where a target raises something
            self.end_stream()
            self.connection.close()

    def request(self, kind, number, body):
        if self.met == (kind == HELLO):
            raise struct.error("HELLO comes first, and once")
        if kind == HELLO:
            self.met = body.bytes(5) == b"i2cpt"
            if not self.met:
                raise struct.error("not our protocol")
            name = b"target.py"
            self.send(WELCOME, number, struct.pack(
                "<HIIBIH", 1, FUNCTIONALITY, 100000, 1, TIMEOUT_MS, len(name)) + name
                + struct.pack("<I", TELLS_PHASE))
        elif kind == TRANSFER:
            self.transfer(number, body)
        elif kind in (START, WRITE, READ, STOP):
            self.byte_of_stream(kind, number, body)
        elif kind == FLUSH:
            self.reply(number, b"")
        elif kind != TOOK:
            raise struct.error("a request that WELCOME did not offer")

    def messages(self, body, n):
        if not 1 <= n <= MSGS_MAX:
            raise struct.error("more messages than a transfer has")
        messages = []
        for _ in range(n):
            address, flags, length = body.take("HHI")
            if flags & ~(M_RD | M_RECV_LEN) or length > MSG_MAX:
                raise struct.error("what WELCOME did not offer")
            extra = body.take("B") if flags & M_RECV_LEN else 0
            data = b"" if flags & M_RD else body.bytes(length)
            messages.append([address, flags, length, extra, data])
        if sum(m[2] for m in messages) > FRAME_MAX // 2:
            raise struct.error("longer than its reply may be")
        return messages

    def transfer(self, number, body):
        ms, _, n = body.take("IIH")
        messages = self.messages(body, n)
        answers, fault = [0] * n, None
        reads = [b""] * n
        self.end_stream()
        try:
            self.bus.take(self, ms)
            try:
                for msg, message in enumerate(messages):
                    self.run(msg, message, answers, reads)
            finally:
                for target in {m[0] for m in messages} & set(self.bus.targets):
                    self.bus.targets[target].stop()
                self.bus.give(self)
        except Fault as error:
            fault = error
        self.reply(number, b"".join(
            struct.pack("<I", actual) + data
            for actual, data in zip(answers, reads)), fault)

    def run(self, msg, message, answers, reads):
        address, flags, length, extra, data = message
        target = self.bus.start(address, flags, msg)
        for index, byte in enumerate(data):
            if not target.write(byte):
                raise Fault(errno.EIO, DATA, msg, index)
            answers[msg] = index + 1
        if not flags & M_RD:
            return
        got = bytearray()
        wanted = 1 if flags & M_RECV_LEN else length
        while len(got) < wanted:
            got.append(target.read())
            if flags & M_RECV_LEN and len(got) == 1:
                if not 0 < got[0] <= min(255, length - extra):
                    raise Fault(errno.EPROTO, DATA, msg, 0)
                wanted = got[0] + extra
        answers[msg], reads[msg] = len(got), bytes(got)

    def byte_of_stream(self, kind, number, body):
        value, fault = 0, None
        ms = body.take("I")
        try:
            value = self.step(kind, body, ms)
        except Fault as error:
            fault = error
        self.reply(number, bytes([value]), fault)

    def step(self, kind, body, ms):
        if kind == START:
            address, flags = body.take("HH")
            if flags & ~M_RD:
                raise struct.error("what WELCOME did not offer")
            self.bus.take(self, ms)
            self.msg, self.byte, self.stream = self.msg + 1, -1, None
            self.stream = self.bus.start(address, flags, self.msg)
        elif kind == STOP:
            self.end_stream()
        elif not self.stream:
            raise Fault(errno.ECANCELED, 0, -1)
        elif kind == READ:
            self.byte += 1
            return self.stream.read()
        else:
            self.byte += 1
            if not self.stream.write(body.take("B")):
                raise Fault(errno.EIO, DATA, self.msg, self.byte)
        return 0

    def end_stream(self):
        if self.stream:
            self.stream.stop()
        self.stream, self.msg = None, -1
        self.bus.give(self)


def listen(path):
    """A socket of that name; one that nobody listens at any more goes."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        with socket.socket(socket.AF_UNIX) as other:
            if other.connect_ex(path) == errno.ECONNREFUSED and \
                    pathlib.Path(path).is_socket():
                os.unlink(path)
        listener.bind(path)
        listener.listen()
    except OSError as error:
        sys.exit(f"{path}: {error}")
    return listener


def main(path):
    bus = Bus({
        0x48: Registers([0x1a, 0xc0], refused=0x10),
        0x50: Registers(b"Hello"),
        0x68: Clock(),
    })
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    listener = listen(path)
    try:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=Client(bus, connection).serve,
                             daemon=True).start()
    except KeyboardInterrupt:
        pass
    finally:
        os.unlink(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: target.py SOCKET")
    main(sys.argv[1])
