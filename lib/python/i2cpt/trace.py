# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reading traces (docs/trace-format.md)."""
import ctypes
from collections import namedtuple

from ._abi import TraceLine, lib, text
from .adapter import M_RD, Message
from .errors import call

HEADER, TRANSFER, EVENT, COMMENT, BLANK, END = range(1, 7)

Header = namedtuple("Header", "line key text")
Event = namedtuple("Event", "line stamp_ns kind text")
Transfer = namedtuple(
    "Transfer", "line stamp_ns duration_ns bus messages error words")


def _message(raw):
    data = bytes(raw.bytes[:raw.n_bytes])
    read = raw.flags & M_RD
    return Message(raw.addr, raw.flags, data, raw.len if read else len(data))


def _transfer(line):
    t = line.transfer
    name = lib.i2cpt_error_name(t.code) if t.code > 0 else None
    return Transfer(line.line, line.stamp_ns, t.duration_ns,
                    t.bus if t.bus >= 0 else None,
                    [_message(t.msgs[i]) for i in range(t.n)],
                    name.decode() if name else None,
                    (t.words or b"").decode().split())


def _text(raw):
    return (raw or b"").decode(errors="replace")


def read(path):
    """Headers, transfers and events of a trace, in order; a bad line raises
    I2CError with FILE:LINE:COLUMN."""
    reader = ctypes.c_void_p()
    call(lib.i2cpt_trace_reader_open, text(path),
         ctypes.byref(reader))
    pointer = ctypes.POINTER(TraceLine)()
    try:
        while call(lib.i2cpt_trace_reader_next, reader,
                   ctypes.byref(pointer)):
            line = pointer.contents
            if line.kind == HEADER:
                yield Header(line.line, _text(line.key), _text(line.text))
            elif line.kind == TRANSFER:
                yield _transfer(line)
            elif line.kind == EVENT:
                yield Event(line.line, line.stamp_ns, _text(line.key),
                            _text(line.text))
    finally:
        lib.i2cpt_trace_reader_free(reader)
