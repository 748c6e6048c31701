#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-unicorn.py UNICORN-I2C BOARD REPLAY [DONGLE]: the guest in unicorn on
chips in memory, on their recordings, and on a virtual dongle; its controller
waits for the wire, is asked until it has answered, or is in a GLib loop, in one
process with libunicorn's part of GLib. The virtual dongle is umockdev's, which cannot be in one process with libunicorn's part of GLib: it is
in a server's."""
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import dongle
import tap

PROGRAM, BOARD, REPLAY, *DONGLE = map(os.path.abspath, sys.argv[1:])
# umockdev comes before the sanitizer, and unicorn keeps memory to the end
os.environ["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0"
folder = tempfile.TemporaryDirectory()
WAYS = {"blocking": [], "poll": ["--poll"], "glib": ["--glib"]}


def trace(way):
    return os.path.join(folder.name, f"{way}.i2ct")


def said(adapter, way, env=None, count=False):
    done = subprocess.run([PROGRAM, *WAYS[way], adapter], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, check=False, env=env)
    assert done.returncode == 0 and not done.stderr, done
    woken = re.search(r"loop woken (\d+) times", done.stdout)
    assert woken, done.stdout
    return int(woken.group(1)) if count else done.stdout.splitlines()[-1]


def test_chips_in_memory_recorded():
    for way in WAYS:
        assert said(f"stub,load={BOARD},record={trace(way)}", way) == \
            "read: 1a c0"


def test_the_loop_is_woken_by_the_wire_alone():
    slow = f"stub,load={BOARD},byte-us=2000,timeout-ms=20000"
    assert said(slow, "glib", count=True) >= 1
    assert said(f"{slow},stream=off", "glib", count=True) >= 1
    for way in "blocking", "poll":
        assert said(slow, way, count=True) == 0, way


def test_the_recording_of_either_way_in_either():
    for recorded in WAYS:
        for way in WAYS:
            assert said(f"trace,file={trace(recorded)},match=strict", way) == \
                "read: 1a c0", (recorded, way)


def test_a_dongle():
    socket = os.path.join(folder.name, "bus")
    env = dongle.environment(DONGLE, folder.name, REPLAY)
    with subprocess.Popen([REPLAY, "serve", "-a", dongle.ADAPTER,
                           "--socket", socket], env=env) as server:
        try:
            while not os.path.exists(socket):
                assert server.poll() is None, server.returncode
                time.sleep(0.01)
            for way in WAYS:
                assert said(f"remote,socket={socket},timeout-ms=60000",
                            way) == "read: 01 0c", way
        finally:
            server.terminate()


tap.main(globals())
