#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-renode.py I2CPT-REPLAY CLIENT.cs BOARD [DONGLE]: the protocol client of
examples/renode, compiled by mono's compiler, beside `serve` on chips in memory,
on their recording and on a virtual dongle. Renode itself is not here, and what
stands in its interfaces is not compiled."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import dongle
import tap

REPLAY, CLIENT, BOARD, *DONGLE = map(os.path.abspath, sys.argv[1:])
folder = tempfile.TemporaryDirectory()
SOCKET = os.path.join(folder.name, "bus")
PROGRAM = os.path.join(folder.name, "renode-events.exe")
TRACE = os.path.join(folder.name, "renode.i2ct")
ANSWERS = ["lm75 1a c0", "byte by byte 1a c0", "eeprom 5a a5", "nobody: 6"]


def compiled():
    """Once; what mono needs is one package."""
    if not (shutil.which("mcs") and shutil.which("mono")):
        raise tap.Skip("mono-mcs or mono-runtime is not installed")
    if not os.path.exists(PROGRAM):
        subprocess.run(["mcs", "-warnaserror+", "-warn:4", f"-out:{PROGRAM}",
                        CLIENT, os.path.join(HERE, "renode-events.cs")],
                       check=True, timeout=300, stdout=sys.stderr)


def client(*options):
    done = subprocess.run(["mono", PROGRAM, SOCKET, *options], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=300)
    return done


def served(adapter, *options, env=None):
    """What the client prints of an adapter; `serve` says when it is ready."""
    compiled()
    with subprocess.Popen([REPLAY, "serve", "-a", adapter, "--socket", SOCKET],
                          stderr=subprocess.PIPE, text=True, env=env) as server:
        try:
            ready(server)
            done = client(*options)
        finally:
            server.terminate()
    assert done.returncode == 0, done
    return done.stdout.splitlines()


def ready(server):
    """Connecting is the test; serve listens before anything is in the way."""
    while server.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(SOCKET) == 0:
                return
    raise AssertionError(f"serve has ended: {server.stderr.read()}")


def test_byte_by_byte_recorded():
    lines = served(f"stub,load={BOARD},record={TRACE}")
    assert lines[0].endswith("stream True"), lines
    assert lines[1:] == ANSWERS, lines


def test_the_recording():
    assert served(f"trace,file={TRACE},match=strict")[1:] == ANSWERS


def test_whole_transfers():
    """What is read byte by byte is read again, longer."""
    trace = os.path.join(folder.name, "whole.i2ct")
    lines = served(f"stub,load={BOARD},stream=off,record={trace}")
    assert lines[0].endswith("stream False") and lines[1:] == ANSWERS, lines
    with open(trace, encoding="utf-8") as file:
        text = file.read()
    assert text.count("w1@0x48 00 r1 = 1a\n") == 1, text
    assert text.count("w1@0x48 00 r2 = 1a c0\n") == 2, text
    assert "w3@0x50 10 5a a5\n" in text, text


def test_reading_ahead():
    trace = os.path.join(folder.name, "ahead.i2ct")
    assert served(f"stub,load={BOARD},stream=off,record={trace}",
                  "read-at-least=2")[1:] == ANSWERS
    with open(trace, encoding="utf-8") as file:
        assert "r1 " not in file.read()


def test_a_controller_that_tells_no_end():
    lines = served("stub,chips=0x48:0x50", "whole-writes")
    assert lines[-1] == "nobody: 6", lines


def test_a_dongle():
    env = dongle.environment(DONGLE, folder.name, REPLAY)
    lines = served(dongle.ADAPTER, env=env)
    assert lines[1] == "lm75 01 0c" and lines[-1] == "nobody: 6", lines


def liar(answer):
    """A server that answers the first frame with these bytes, and ends."""
    compiled()
    if os.path.exists(SOCKET):
        os.unlink(SOCKET)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        listener.listen()

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(100):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        done = client()
        thread.join(60)
    os.unlink(SOCKET)
    assert done.returncode != 0, done
    return done.stderr + done.stdout


def test_a_server_that_lies():
    assert "a frame of 4294967295 bytes" in liar(b"\xff" * 9)
    assert "a frame of type 11" in liar(b"\5\0\0\0\x0b\1\0\0\0")
    assert "speaks version 7" in liar(b"\7\0\0\0\2\1\0\0\0\7\0")
    assert "EndOfStream" in liar(b"\x40\0\0\0\2\1\0\0\0\1\0")


tap.main(globals())
