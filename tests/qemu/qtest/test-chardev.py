# SPDX-License-Identifier: LGPL-2.1-or-later
"""i2c-passthrough across a chardev, whose other end comes and goes, and
i2c-adapter, which several devices share."""
import os
import socket
import subprocess
import time

from bench import (BINARY, PATIENCE, REPLAY, Bench, device, equal, main, path,
                   patient, started)
import qemu

STUB = "stub,chips=0x48:0x50"
SOCKET = path("peer")
# The guest's 0x49 is the host's 0x48.
TARGET = {"id": "chip", "chardev": "peer", "hostaddr": "0x48",
          "address": "0x49"}


class Server:
    """i2cpt-replay serve; there when the block begins."""

    def __init__(self, spec=STUB):
        self.process = subprocess.Popen(
            [REPLAY, "serve", "-a", spec, "--socket", SOCKET],
            stdin=subprocess.DEVNULL)
        while not os.path.exists(SOCKET):
            assert self.process.poll() is None, "the server has ended"

    def kill(self):
        self.process.kill()
        self.process.wait()
        if os.path.exists(SOCKET):
            os.unlink(SOCKET)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.kill()


def serve_at(sock, spec=STUB):
    """A server for who is at the other end of this socket."""
    return subprocess.Popen([REPLAY, "serve", "-a", spec, "--stdio"],
                            stdin=sock.fileno(), stdout=sock.fileno())


def client(again=False):
    word = "reconnect-ms=100" if qemu.version(BINARY) >= (9, 2, 0) \
        else "reconnect=1"
    return ["-chardev", f"socket,id=peer,path={SOCKET}" +
            ("," + word if again else "")]


def listening():
    return ["-chardev", f"socket,id=peer,path={SOCKET},server=on,wait=off"]


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what


def sharing(**settings):
    """A device of the adapter `lab`, which has the time for a transfer."""
    patience = {key: value for key, value in PATIENCE.items()
                if key != "timeout_ms"}
    return device(**patience, adapter="lab", **settings)


def works(bench):
    return bench.bus.put(0x49, b"\x07\x5a") == 2


def test_transfers(machine):
    for mode in ("stream", "message"):
        with Server(), Bench(machine, client(),
                             patient(**TARGET, transfer=mode)) as bench:
            equal(bench.bus.put(0x49, b"\x10\xaa\xbb\xcc"), 4)
            equal(bench.bus.put_get(0x49, b"\x10", 3), b"\xaa\xbb\xcc")
            equal(bench.bus.scan(0x48, 0x4f), [0x49])


def test_peer_dies_and_comes_again(machine):
    with Bench(machine, client(again=True), patient(**TARGET)) as bench:
        equal(bench.bus.put(0x49, b""), -1, "nobody has come so far")
        with Server():
            until(lambda: works(bench), "it was not connected")
            equal(bench.bus.put_get(0x49, b"\x07", 1), b"\x5a")
        equal(bench.bus.put(0x49, b"\x07\x5a"), -1, "the peer is dead")
        equal(bench.bus.put_get(0x49, b"\x07", 1), None, "and a read")
        with Server():
            until(lambda: works(bench), "it was not connected again")
            equal(bench.bus.put_get(0x49, b"\x07", 1), b"\x5a")
        counted = bench.qemu.counters("chip")
        assert counted["nacks"] >= 3, counted


def test_peer_dies_in_a_transaction(machine):
    with Bench(machine, client(again=True), patient(**TARGET)) as bench:
        with Server():
            until(lambda: works(bench), "it was not connected")
            assert bench.bus.start(0x49)
            assert bench.bus.write(7)
        assert not bench.bus.write(8), "nobody acknowledges"
        bench.bus.stop()
        with Server():
            until(lambda: works(bench), "it was not connected again")


def test_another_adapter_comes(machine):
    """Without a byte stream, and with another chip."""
    with Bench(machine, client(again=True), patient(**TARGET)) as bench:
        with Server():
            until(lambda: works(bench), "it was not connected")
        with Server(STUB + ",stream=off"):
            until(lambda: works(bench), "it was not connected again")
            equal(bench.bus.put_get(0x49, b"\x07", 1), b"\x5a")


def test_peer_connects_to_qemu():
    with Bench("versatilepb", listening(), patient(**TARGET)) as bench:
        for _ in range(2):
            equal(bench.bus.put(0x49, b""), -1, "nobody is there")
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(SOCKET)
            server = serve_at(sock)
            until(lambda: works(bench), "it was not taken")
            sock.close()
            server.kill()
            server.wait()
            until(lambda: not works(bench), "it has not gone")


def test_pipes():
    for end in ("in", "out"):
        os.mkfifo(path("fifo." + end))
    fds = [os.open(path("fifo." + end), os.O_RDWR) for end in ("in", "out")]
    server = subprocess.Popen([REPLAY, "serve", "-a", STUB, "--stdio"],
                              stdin=fds[1], stdout=fds[0])
    chardev = ["-chardev", f"pipe,id=peer,path={path('fifo')}"]
    with Bench("versatilepb", chardev, patient(**TARGET)) as bench:
        assert works(bench)
        equal(bench.bus.put_get(0x49, b"\x07", 1), b"\x5a")
    server.kill()
    server.wait()
    for fd in fds:
        os.close(fd)


def test_long_transfers():
    """Longer than the buffers between the two."""
    with Server(), Bench("versatilepb", client(),
                         patient(**TARGET, transfer="message",
                                 read_length=20000)) as bench:
        equal(bench.bus.put_get(0x49, b"\x00", 3), bytes(3))
        assert bench.qemu.counters("chip")["over-read"] >= 10000


def test_adapter_for_two_devices(machine):
    adapter = ["-device", "i2c-adapter,id=lab,backend=stub,"
               "chips=0x48:0x50,timeout-ms=20000"]
    with Bench(machine, adapter, sharing(address="0x48"),
               sharing(address="0x51", hostaddr="0x50")) as bench:
        equal(bench.bus.put(0x48, b"\x01\x11"), 2)
        equal(bench.bus.put(0x51, b"\x01\x22"), 2)
        equal(bench.bus.put_get(0x48, b"\x01", 1), b"\x11")
        equal(bench.bus.put_get(0x51, b"\x01", 1), b"\x22")


def test_adapter_across_a_chardev():
    adapter = ["-device", "i2c-adapter,id=lab,chardev=peer,timeout-ms=20000"]
    with Bench("versatilepb", client(again=True), adapter,
               sharing(address="0x49", hostaddr="0x48"),
               sharing(address="0x50")) as bench:
        for _ in range(2):
            with Server():
                until(lambda: works(bench), "it was not connected")
                equal(bench.bus.put(0x50, b"\x01\x22"), 2)
                equal(bench.bus.put_get(0x50, b"\x01", 1), b"\x22")
            equal(bench.bus.put(0x50, b""), -1)


def refuses(groups, *said):
    status, text = started(*groups)
    assert status == 1, f"exit status {status}, stderr {text!r}"
    assert len(text.splitlines()) == 1, text
    for word in said:
        assert word in text, f"{word!r} is not in {text!r}"


def test_lines_that_are_wrong():
    refuses([patient(**TARGET)], "peer")
    for kind in ("null", "ringbuf"):
        refuses([["-chardev", f"{kind},id=peer"], patient(**TARGET)],
                "chardev=peer", kind, "socket")
    for key, value in (("backend", "stub"), ("socket", "/x"),
                       ("command", "true"), ("reconnect", "on"),
                       ("device", "/dev/i2c-1"), ("record", "/x.i2ct")):
        refuses([listening(), patient(**TARGET, **{key: value})],
                f"{key}={value}", "chardev=")
    refuses([listening(), patient(**TARGET),
             patient(**dict(TARGET, id="b", address="0x4a"))], "peer")
    refuses([listening(), patient(**TARGET, transfer="bytes")],
            "transfer=bytes")
    refuses([listening(), patient(**TARGET, allow="0x80")], "allow=0x80")
    refuses([listening(), patient(**TARGET, allow="0x49,name=x")],
            "allow=0x49,name=x")
    refuses([device(adapter="none", address="0x48")], "none")
    lab = ["-device", "i2c-adapter,id=lab,backend=stub,chips=0x48"]
    refuses([lab, sharing(address="0x48", chips="0x48")],
            "chips=0x48", "adapter")
    refuses([["-device", "i2c-adapter,id=lab,chips=0x48"]], "backend")
    refuses([["-device", "i2c-adapter,id=lab,backend=stub,chips=0x48,"
              "transfer=stream"]], "transfer")


def test_peer_that_says_nothing_or_something_else():
    for says, word in ((b"", "no answer in 300 ms"),
                       (b"220 mail.example.org\r\n", "protocol")):
        ours, theirs = socket.socketpair()
        ours.send(says)
        os.set_inheritable(theirs.fileno(), True)
        status = subprocess.run(
            qemu.command(BINARY, "versatilepb",
                         ["-S", "-chardev",
                          f"socket,id=peer,fd={theirs.fileno()}"] +
                         patient(**TARGET, connect_timeout_ms=300),
                         plugin=os.environ["I2CPT_PLUGIN"]),
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()], env=qemu.environment(), timeout=60)
        text = status.stderr.decode()
        assert status.returncode == 1 and word in text, text
        ours.close()
        theirs.close()


if __name__ == "__main__":
    main(globals())
