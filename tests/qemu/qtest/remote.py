# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of the remote protocol (docs/remote.md), for tests that have to know
what is under way; others use i2cpt-replay."""
import socket
import struct

TIMEOUT_S = 60
HELLO, WELCOME, TRANSFER, REPLY = 1, 2, 3, 11
RD = 1


class Client:
    """Of a server at this path, or at the other end of something that can be
    read and written as a socket."""

    def __init__(self, where, hello=True):
        self.socket = where
        if isinstance(where, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT_S)
            self.socket.connect(where)
        self.id = 0
        if hello:
            self.hello()

    def hello(self):
        self.send(HELLO, b"i2cpt" + struct.pack("<HH", 2, 2))
        kind, body = self.receive()
        assert kind == WELCOME, kind
        self.version, self.functionality = struct.unpack_from("<HI", body)

    def send(self, kind, body):
        self.id += 1
        self.socket.sendall(struct.pack("<IBI", len(body) + 5, kind, self.id) +
                            body)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise EOFError("the server has hung up")
            data += more
        return data

    def receive(self):
        length, kind, ident = struct.unpack("<IBI", self._exactly(9))
        body = self._exactly(length - 5)
        assert ident == self.id, (ident, self.id)
        return kind, body

    def ask(self, *messages, ms=0):
        """Send a transfer of (address, bytes or length)."""
        body = struct.pack("<IIH", ms, 0, len(messages))
        for address, what in messages:
            if isinstance(what, int):
                body += struct.pack("<HHI", address, RD, what)
            else:
                body += struct.pack("<HHI", address, 0, len(what)) + what
        self.wanted = messages
        self.send(TRANSFER, body)

    def answer(self):
        """What was read, one after the other; or the negative code."""
        kind, body = self.receive()
        assert kind == REPLY, kind
        result, _code, _phase, _msg, _byte, text = struct.unpack_from(
            "<iIBiiH", body)
        if result < 0:
            return result
        at = struct.calcsize("<iIBiiH") + text
        data = b""
        for _address, what in self.wanted:
            actual, = struct.unpack_from("<I", body, at)
            at += 4
            if isinstance(what, int):
                data += body[at:at + actual]
                at += actual
        return data

    def transfer(self, *messages, ms=0):
        self.ask(*messages, ms=ms)
        return self.answer()

    def silent(self):
        """No answer has come yet."""
        self.socket.setblocking(False)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(TIMEOUT_S)

    def close(self):
        self.socket.close()
