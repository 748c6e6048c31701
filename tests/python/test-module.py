#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-module.py LIBRARY: adapters, faults, passthrough and traces in Python."""
import copy
import errno
import gc
import os
import pathlib
import pickle
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
os.environ["I2CPT_LIBRARY"] = os.path.abspath(sys.argv[1])
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "../../lib/python")]
import tap
from i2cpt import (M_RECV_LEN, Adapter, Func, I2CError, Message, Passthrough,
                   ReplayMismatch, list_adapters, trace)
from i2cpt.smbus import SMBus, i2c_msg

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


def refused(call, *arguments):
    """What is said of a number that cannot be."""
    error = raises(I2CError, call, *arguments)
    assert error.errno == errno.EINVAL, error
    return error.text


def test_numbers_are_not_cut_to_their_bits():
    with Adapter(BOARD) as bus, Passthrough(bus, address=0x48) as pt:
        for address in 0x10048, -1, 0x48 - 0x10000, 1 << 64:
            for call in (bus.read_word_data, bus.read_byte_data):
                assert f"address {address:#x}" in refused(call, address, 0)
            assert f"{address:#x}" in refused(bus.probe, address)
            assert f"{address:#x}" in refused(bus.scan, 8, address)
            assert f"{address:#x}" in refused(
                bus.transfer, Message.read(address, 2))
            assert f"{address:#x}" in refused(pt.start, address)
        assert "command 0x110" in refused(bus.read_byte_data, 0x20, 0x110)
        assert "byte 0x100" in refused(bus.write_byte_data, 0x20, 1, 256)
        assert "byte -0x1" in refused(bus.send_byte, 0x20, -1)
        assert "word 0x10000" in refused(bus.write_word_data, 0x20, 1, 65536)
        assert "flags 0x10000" in refused(
            bus.transfer, Message.write(0x20, [0], 0x10000))
        assert "length" in refused(bus.read_block_data, 0x0b, 3, 0, -1)
        assert pt.start(0x48)
        assert "byte 0x100" in refused(pt.write, 256)
        raises(TypeError, bus.read_byte_data, 32.0, 0)


def test_one_number_is_no_row_of_zeros():
    raises(TypeError, Message.write, 0x20, 5)
    with Adapter(BOARD) as bus:
        for call in (bus.write_block_data, bus.write_i2c_block,
                     bus.block_process_call):
            raises(TypeError, call, 0x0b, 3, 5)


def test_a_message_has_the_bytes_that_it_writes():
    with Adapter(BOARD) as bus:
        for length in 0, 2, 9:
            message = Message(0x20, 0, b"\x10abc", length)
            assert "4 bytes of data" in str(
                raises(ValueError, bus.transfer, message))
        msg = i2c_msg.read(0x20, 2)
        msg.len = 3
        raises(ValueError, SMBus(bus).i2c_rdwr, msg)


def test_a_block_read_can_be_sent_again():
    with Adapter(BOARD) as bus:
        write = Message.write(0x0b, [3])
        block = Message.read(0x0b, 34, M_RECV_LEN)
        for _ in range(2):
            assert bus.transfer(write, block) == [b"\4\1\2\3\4"]


def test_a_specification_is_text_or_a_path():
    assert raises(ValueError, Adapter, "stub\0,chips=0x48")
    raises(TypeError, Adapter, None)
    raises(FileNotFoundError, Adapter, pathlib.Path("/dev/i2c-999"))
    path = write("f\udcff.i2ct", "i2cpt-trace 1\n0 +0 r1@0x48 = 01\nend 1\n")
    assert len(list(trace.read(path))) == 1
    with Adapter(f"trace,file={path}") as bus:
        assert bus.receive_byte(0x48) == 1
        assert path in bus.name


def test_a_long_text_is_whole():
    paths = [f"{folder.name}/{letter * 200}/{letter * 240}" for letter in "abc"]
    error = raises(I2CError, Adapter, "trace,file=" + "/".join(paths))
    assert error.text.startswith("file=") and "c" * 240 in error.text, error
    assert error.text.endswith(": No such file or directory"), error


def test_errors_go_from_one_process_to_another():
    path = write("errors.i2ct", "i2cpt-trace 1\n0 +0 r1@0x48 = 01\nend 1\n")
    with Adapter(BOARD) as bus, Adapter(f"trace,file={path}") as replay:
        for error in (raises(I2CError, bus.read_word_data, 0x0b, 9),
                      raises(FileNotFoundError, Adapter, "trace,file=/nowhere"),
                      raises(ReplayMismatch, replay.read_word_data, 0x48, 0)):
            other = pickle.loads(pickle.dumps(error))
            assert type(other) is type(error) and str(other) == str(error)
            assert (other.errno, other.text, other.phase, other.msg,
                    other.byte) == (error.errno, error.text, error.phase,
                                    error.msg, error.byte)


def test_what_is_open_is_not_copied():
    with Adapter(BOARD) as bus, Passthrough(bus, address=0x48) as pt:
        for one in bus, pt, SMBus(bus):
            for copier in copy.deepcopy, pickle.dumps:
                raises(TypeError, copier, one)
        raises(TypeError, copy.copy, bus)
    raises(ValueError, pt.start, 0x48)
    raises(ValueError, lambda: pt.counters)


def test_what_was_never_opened_goes_silently():
    heard, hook = [], sys.unraisablehook
    sys.unraisablehook = heard.append
    try:
        raises(TypeError, Adapter)
        raises(TypeError, Passthrough)
        raises(I2CError, Adapter, "nothing")
        gc.collect()
    finally:
        sys.unraisablehook = hook
    assert not heard, heard


def until_closed(bus, begun, ended):
    """A thread that asks for ever."""
    try:
        while True:
            bus.read_word_data(0x48, 0)
            begun.set()
    except ValueError as error:
        ended.append(str(error))


def test_closed_while_others_ask():
    interval, ended = sys.getswitchinterval(), []
    sys.setswitchinterval(1e-6)
    for _ in range(100):
        bus, begun = Adapter(BOARD), threading.Event()
        threads = [threading.Thread(target=until_closed,
                                    args=(bus, begun, ended))
                   for _ in range(3)]
        for thread in threads:
            thread.start()
        begun.wait()
        bus.close()
        for thread in threads:
            thread.join()
    sys.setswitchinterval(interval)
    assert ended == ["the adapter is closed"] * 300, ended


tap.main(globals())
