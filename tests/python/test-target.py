#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-target.py LIBRARY I2CPT-REPLAY: examples/python/target.py, a target
server in the standard library alone, to the library, to programs and to liars;
what its registers do is held against the stub's."""
import errno
import os
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
LIBRARY, TOOL = map(os.path.abspath, sys.argv[1:3])
os.environ["I2CPT_LIBRARY"] = LIBRARY
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "../../lib/python")]
import tap
from i2cpt import (M_RECV_LEN, Adapter, I2CError, Message, Passthrough)

folder = tempfile.TemporaryDirectory()
path = os.path.join(folder.name, "bus")
server = subprocess.Popen(
    [sys.executable, os.path.join(HERE, "../../examples/python/target.py"), path])
while True:  # until it listens
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        break
    except OSError:
        assert server.poll() is None

SOCKET = f"remote,socket={path}"
REMOTE = f"{SOCKET},timeout-ms=20000"
W, R = Message.write, Message.read


def end_of(bus, *messages):
    """What its reads read, or where it failed."""
    try:
        return bus.transfer(*messages)
    except I2CError as error:
        return error.errno, error.phase, error.msg, error.byte


ROWS = [
    [W(0x20, [0]), R(0x20, 4)],
    [W(0x20, [0xfe, 1, 2, 3]), R(0x20, 1)],
    [W(0x20, [0xfe]), R(0x20, 3)],
    [R(0x20, 2)],
    [W(0x20, [])],
    [W(0x21, [])],
    [R(0x21, 1)],
    [W(0x20, [0]), R(0x21, 1)],
    [W(0x20, [3]), W(0x20, [4, 9]), R(0x20, 1)],
    [W(0x20, [4]), R(0x20, 1)],
    [W(0x20, list(range(200)))],
    [W(0x20, [0x60]), R(0x20, 256)],
    [W(0x20, [0x0f, 1, 2, 3])],
]


def test_registers_do_what_the_stubs_do():
    board = os.path.join(folder.name, "board.txt")
    with open(board, "w", encoding="utf-8") as file:
        # the stub's fault comes at that byte of any write, ours at a register
        file.write("chip 0x20 registers\nreg 0 = 1a c0\n")
    with Adapter(REMOTE) as ours, Adapter(f"stub,load={board}") as stub:
        for row in ROWS[:-1]:
            moved = [Message({0x20: 0x48, 0x21: 0x21}[m.address], m.flags,
                             m.data, m.length) for m in row]
            if any(len(m.data) > 16 for m in row):
                continue  # register 16 is refused there
            assert end_of(ours, *moved) == end_of(stub, *row), row


def test_a_byte_that_is_refused():
    with Adapter(REMOTE) as bus:
        assert end_of(bus, W(0x48, [0x0f, 1, 2, 3])) == \
            (errno.EIO, "data", 0, 2)
        assert end_of(bus, W(0x48, [0]), W(0x48, [0x10, 1])) == \
            (errno.EIO, "data", 1, 1)


def test_scan_and_clock():
    with Adapter(REMOTE) as bus:
        assert bus.scan() == [0x48, 0x50, 0x68]
        seconds = bus.read_byte_data(0x68, 0)
        assert seconds >> 4 < 6 and seconds & 15 < 10
        assert bus.frequency_hz == 100000


def test_a_block_that_counts_itself():
    with Adapter(REMOTE) as bus:
        bus.transfer(W(0x48, [0x80, 3, 7, 8, 9]))
        assert bus.read_block_data(0x48, 0x80) == b"\7\x08\x09"
        read = Message(0x48, 1 | M_RECV_LEN, b"\1" + bytes(32), 33)
        assert bus.transfer(W(0x48, [0x80]), read) == [b"\3\7\x08\x09"]
        assert end_of(bus, W(0x48, [0x90]), read)[0] == errno.EPROTO


def test_byte_by_byte():
    with Adapter(REMOTE) as bus, \
            Passthrough(bus, addresses="0x48:0x49", transfer="stream",
                        hold_timeout_ms=60000) as pt:
        assert pt.start(0x48) and pt.write(0x0f) and pt.write(5)
        assert not pt.write(6)
        assert (pt.fault.errno, pt.fault.msg, pt.fault.byte) == \
            (errno.EIO, 0, 2)
        pt.stop()
        assert pt.start(0x48) and pt.write(0x0f) and pt.start(0x48, True)
        assert pt.read() == 5
        pt.nack()
        pt.stop()
        assert not pt.start(0x49)
        pt.stop()


def test_a_stream_keeps_the_bus_until_its_client_dies():
    holder = socket.socket(socket.AF_UNIX)
    holder.connect(path)
    hello = b"i2cpt" + b"\1\0\1\0"
    start = b"\0\0\0\0" + b"\x48\0\0\0"
    for kind, body in (1, hello), (5, start):
        holder.sendall((5 + len(body)).to_bytes(4, "little") + bytes([kind]) +
                       b"\1\0\0\0" + body)
        assert holder.recv(4096)
    with Adapter(SOCKET + ",name=other,timeout-ms=50") as bus:
        # and the server does not write it later
        assert end_of(bus, W(0x50, [0, 0x4a]))[0] == errno.ETIMEDOUT
    holder.close()
    with Adapter(SOCKET + ",name=later,timeout-ms=60000") as bus:
        assert bus.transfer(W(0x50, [0]), R(0x50, 5)) == [b"Hello"]


def frame(kind, body):
    return (5 + len(body)).to_bytes(4, "little") + bytes([kind]) + \
        b"\1\0\0\0" + body


HELLO = frame(1, b"i2cpt" + b"\1\0\1\0")
START = frame(5, b"\0\0\0\0\x48\0\0\0")


def transfer(flags, length, n=1):
    message = b"\x48\0" + flags.to_bytes(2, "little") + \
        length.to_bytes(4, "little")
    return frame(3, bytes(8) + n.to_bytes(2, "little") + message * n)


def test_liars_are_hung_up_on():
    for lie in (b"\0\0\0\0\1\1\0\0\0", b"\xff\xff\xff\xff\3\1\0\0\0",
                b"\7\0\0\0\3\1\0\0\0\0\0", b"\5\0\0\0\x63\1\0\0\0",
                b"\x17\0\0\0\3\1\0\0\0" + bytes(8) + b"\1\0" +
                b"\x48\0\0\0\xff\xff\xff\x7f",
                START, frame(1, b"i3cpt" + b"\1\0\1\0"), HELLO + HELLO,
                HELLO + transfer(1, (1 << 20) + 1),
                HELLO + transfer(1, 1 << 20, 1024), HELLO + transfer(1, 1, 1025),
                HELLO + transfer(0x11, 1), HELLO + transfer(0x4001, 1),
                HELLO + frame(5, b"\0\0\0\0\x48\0\x10\0")):
        liar = socket.socket(socket.AF_UNIX)
        liar.connect(path)
        liar.sendall(lie)
        if lie.startswith(HELLO):
            assert liar.recv(4096)[4] == 2, lie  # WELCOME, all at once
        assert liar.recv(1) == b"", lie
        liar.close()
    with Adapter(REMOTE) as bus:
        assert bus.probe(0x48)


def test_programs():
    done = subprocess.run(
        [TOOL, "run", "-a", REMOTE, "--", "i2cdetect", "-y", "0"], text=True,
        check=True, stdout=subprocess.PIPE, timeout=60)
    row = [line for line in done.stdout.splitlines() if line.startswith("40:")]
    assert row == ["40: -- -- -- -- -- -- -- -- 48 -- -- -- -- -- -- -- "], row
    done = subprocess.run(
        [TOOL, "run", "-a", REMOTE, "--", "i2cget", "-y", "0", "0x50", "1"],
        text=True, check=True, stdout=subprocess.PIPE, timeout=60)
    assert done.stdout == "0x65\n"


def serving(where):
    return subprocess.run(
        [sys.executable, os.path.join(HERE, "../../examples/python/target.py"),
         where], stderr=subprocess.PIPE, text=True, check=False, timeout=60)


def test_a_place_that_cannot_be_is_one_line():
    file = os.path.join(folder.name, "file")
    with open(file, "w", encoding="utf-8"):
        pass
    for where, says in ((path, "in use"), (folder.name, "in use"),
                        (file, "in use"),
                        (folder.name + "/no/x", "No such file"),
                        ("x" * 200, "too long")):
        done = serving(where)
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done
        assert done.stderr.startswith(f"{where}: "), done
        assert says in done.stderr, done
    assert os.path.exists(file)


def test_the_server_ends():
    server.send_signal(15)
    assert server.wait(60) == 0 and not os.path.exists(path)


def test_what_a_killed_server_left_is_replaced():
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    again = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "../../examples/python/target.py"),
         path])
    try:
        while socket.socket(socket.AF_UNIX).connect_ex(path):
            assert again.poll() is None
        again.send_signal(2)
        assert again.wait(60) == 0 and not os.path.exists(path)
    finally:
        again.kill()


try:
    tap.main(globals())
finally:
    server.kill()
