#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-module.py LIBRARY: adapters, faults, passthrough and traces in Python."""
import errno
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
os.environ["I2CPT_LIBRARY"] = os.path.abspath(sys.argv[1])
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "../../lib/python")]
import tap
from i2cpt import (Adapter, Func, I2CError, Message, Passthrough,
                   ReplayMismatch, list_adapters, trace)

BOARD = f"stub,load={os.path.join(HERE, 'board.txt')}"
folder = tempfile.TemporaryDirectory()


def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def write(name, text):
    path = os.path.join(folder.name, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def test_a_transfer_gives_what_its_reads_read():
    with Adapter(BOARD) as bus:
        assert bus.transfer(Message.write(0x20, [0]), Message.read(0x20, 3),
                            Message.read(0x48, 2)) == [b"\0\x11\x22",
                                                       b"\x1a\xc0"]
        assert bus.transfer(Message.write(0x20, [0x40, 9])) == []
        assert bus.read_byte_data(0x20, 0x40) == 9


def test_scan_and_functionality():
    with Adapter(BOARD) as bus:
        assert bus.scan() == [0x0b, 0x20, 0x48, 0x50]
        assert bus.probe(0x48) and not bus.probe(0x49)
        assert bus.functionality & Func.I2C
    with Adapter("stub,functionality=smbus") as bus:
        assert not bus.functionality & Func.I2C


def test_faults_have_all_that_is_known():
    with Adapter(BOARD) as bus:
        error = raises(I2CError, bus.transfer, Message.write(0x20, [0]),
                       Message.read(0x21, 1))
        assert (error.errno, error.phase, error.msg, error.byte) == \
            (errno.ENXIO, "address", 1, None)
        error = raises(I2CError, bus.read_word_data, 0x0b, 9)
        assert (error.errno, error.phase, error.msg, error.byte) == \
            (errno.EIO, "data", 0, 0)
    assert "frequensy" in str(raises(I2CError, Adapter, "ftdi,frequensy=1"))
    raises(ValueError, lambda: bus.name)


def test_a_block_that_is_longer_than_its_room():
    with Adapter(BOARD) as bus:
        assert bus.read_block_data(0x0b, 3) == b"\1\2\3\4"
        assert raises(I2CError, bus.read_block_data, 0x0b, 3, 0, 3).errno == \
            errno.EPROTO
        raises(ValueError, bus.read_i2c_block, 0x20, 0, 256)


def test_a_passthrough_reads_a_register():
    with Adapter(BOARD) as bus:
        with Passthrough(bus, address=0x48, transfer="message",
                         read_length=2) as pt:
            assert pt.start(0x48) and pt.write(0) and pt.start(0x48, True)
            assert [pt.read(), pt.read()] == [0x1a, 0xc0]
            pt.nack()
            assert pt.stop() and pt.fault is None
            assert pt.counters["bytes-read"] == 2
            assert raises(I2CError, pt.start, 0x49).errno == errno.EINVAL
        assert "readlength" in str(raises(
            I2CError, lambda: Passthrough(bus, address=1, readlength=1)))


def test_a_nack_is_told_with_its_phase():
    with Adapter("stub") as bus, Passthrough(bus, address=0x48) as pt:
        assert not pt.start(0x48)
        assert pt.fault.phase == "address"
        pt.stop()


TRACE = """i2cpt-trace 1
adapter: by hand
0.5 +0.000310 w1@0x48 00 r2 = 1a c0
0.75 +0.000100 i2c-3: w1@0x49 01 ! ENXIO phase=address msg=0 %odd
0.8 irq int1 1
end 2
"""


def test_a_trace_is_read():
    lines = list(trace.read(write("a.i2ct", TRACE)))
    assert lines[0][1:] == ("adapter", "by hand")
    first, second = lines[1:3]
    assert (first.stamp_ns, first.duration_ns) == (500000000, 310000)
    assert [m.data for m in first.messages] == [b"\0", b"\x1a\xc0"]
    assert (second.bus, second.error, second.words) == (3, "ENXIO", ["%odd"])
    assert lines[3].kind == "irq" and lines[3].text == "int1 1"


def test_a_bad_line_is_named():
    path = write("bad.i2ct", TRACE.replace("r2 =", "r2 -"))
    error = raises(I2CError, lambda: list(trace.read(path)))
    assert f"{path}:3:" in str(error)


def test_a_replay_has_a_verdict():
    path = write("b.i2ct", TRACE.replace("i2c-3: ", "").replace(" %odd", ""))
    with Adapter(f"trace,file={path},match=strict") as bus:
        assert bus.read_word_data(0x48, 0) == 0xc01a
        assert (bus.verdict().consumed, bus.verdict().remaining) == (1, 1)
        error = raises(ReplayMismatch, bus.write_byte_data, 0x48, 1, 2)
        assert "0x49" in error.text or "0x49" in bus.verdict().expected
        assert bus.verdict().mismatch_line == 4 and not bus.verdict().good
    with Adapter("stub") as bus:
        assert bus.verdict() is None


def test_a_verdict_has_the_lines():
    path = write("lines.i2ct", "i2cpt-trace 1\nlines: a b\n1 irq b 1\n"
                 "2 +0 w1@0x48 01\n3 irq a 1\n4 irq b 0\nend 1\n")
    with Adapter(f"trace,file={path},line-stall-ms=0") as bus:
        v = bus.verdict()
        assert (v.changes, v.changes_left) == (1, 2)
        assert v.lines == {"a": (0, 1), "b": (1, 1)}
        assert (v.held_line, v.held_for) == (5, 4)
        assert (v.stalls, v.stalled_line, v.stalled_for) == (0, 0, 0)
        assert v.stalled == ""
        bus.transfer(Message.write(0x48, [1]))
        v = bus.verdict()
        assert v.lines == {"a": (1, 0), "b": (2, 0)} and not v.held_line


def test_the_list_is_pairs():
    assert all(len(pair) == 2 for pair in list_adapters())


tap.main(globals())
