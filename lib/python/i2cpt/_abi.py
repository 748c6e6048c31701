# SPDX-License-Identifier: LGPL-2.1-or-later
"""The C library's interface in ctypes: structs, functions, and how to find it.

Nothing here is compiled, so a wheel fits every machine. tests/python compares
each struct with the header as a C compiler sees it.
"""
import ctypes
import ctypes.util
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_int,
                    c_int16, c_int32, c_size_t, c_uint16, c_uint32, c_uint64,
                    c_uint8, c_void_p)

EMISMATCH = 5001
MSG_MAX = 0x100000
FAULT_TEXT_SIZE = 2032


class Fault(Structure):
    _fields_ = [("code", c_int32), ("phase", c_int32), ("msg", c_int32),
                ("byte", c_int32), ("text", c_char * FAULT_TEXT_SIZE)]


class Msg(Structure):
    _fields_ = [("addr", c_uint16), ("flags", c_uint16), ("len", c_uint32),
                ("actual", c_uint32), ("buf", POINTER(c_uint8))]


class KeyInfo(Structure):
    _fields_ = [("size", c_uint32), ("name", c_char_p), ("accepts", c_char_p),
                ("def_", c_char_p),
                ("help", c_char_p)]


class TraceMsg(Structure):
    _fields_ = [("addr", c_uint16), ("flags", c_uint16), ("len", c_uint32),
                ("n_bytes", c_uint32), ("bytes", POINTER(c_uint8)),
                ("kinds", POINTER(c_uint8))]


class TraceTransfer(Structure):
    _fields_ = [("duration_ns", c_uint64), ("bus", c_int32), ("n", c_uint32),
                ("mark", c_uint32), ("took", c_uint32),
                ("msgs", POINTER(TraceMsg)), ("code", c_int32),
                ("phase", c_int32), ("fault_msg", c_int32),
                ("fault_byte", c_int32), ("words", c_char_p)]


class TraceLine(Structure):
    _fields_ = [("size", c_uint32), ("kind", c_int32), ("line", c_uint64),
                ("offset", c_uint64), ("stamp_ns", c_uint64), ("key", c_char_p),
                ("text", c_char_p), ("count", c_uint64),
                ("transfer", TraceTransfer),
                ("bus", c_int32), ("spec", c_char_p)]


class TraceLineCount(Structure):
    _fields_ = [("name", c_char * 32), ("changes", c_uint64),
                ("changes_left", c_uint64)]


class Verdict(Structure):
    _fields_ = [("size", c_uint32), ("truncated", c_uint32),
                ("consumed", c_uint64), ("remaining", c_uint64),
                ("mismatches", c_uint64), ("absent", c_uint64),
                ("redacted", c_uint64), ("next_line", c_uint64),
                ("text", c_char * 1024), ("mismatch_line", c_uint64),
                ("expected", c_char * 1000), ("actual", c_char * 1000),
                ("next_lines", c_uint64 * 8), ("split", c_uint64),
                ("joined", c_uint64), ("changes", c_uint64),
                ("changes_left", c_uint64), ("stalls", c_uint64),
                ("stalled_line", c_uint64), ("stalled", c_char * 256),
                ("stalled_for", c_uint64), ("held_line", c_uint64),
                ("held_for", c_uint64), ("lines", TraceLineCount * 32)]


# Whole numbers of arguments. ctypes alone would cut them to their bits, and
# ask another target; errors.call() does not.
class Address(c_uint16):
    accepted = "0x00 to 0x7f, of 10 bits 0x000 to 0x3ff"


class Flags(c_uint16):
    accepted = "0x0000 to 0xffff"


class Command(c_uint8):
    accepted = "0x00 to 0xff"


class Byte(c_uint8):
    accepted = "0x00 to 0xff"


class Word(c_uint16):
    accepted = "0x0000 to 0xffff"


class Length(c_size_t):
    accepted = "0x0 and above"


WHOLE = Address, Flags, Command, Byte, Word, Length
FOUND = CFUNCTYPE(c_int, c_char_p, c_char_p, c_void_p)

_fault = POINTER(Fault)
_smbus = [c_void_p, Address, Flags]
_start = [c_void_p, Address, Flags, c_uint32]

# NAME: what it returns, what it takes.
FUNCTIONS = {
    "i2cpt_version": (c_char_p, []),
    "i2cpt_error_name": (c_char_p, [c_int]),
    "i2cpt_fault_describe": (c_int, [_fault, c_char_p, c_size_t]),
    "i2cpt_backend_name": (c_char_p, [c_size_t]),
    "i2cpt_adapter_open": (c_int, [c_char_p, POINTER(c_void_p), _fault]),
    "i2cpt_adapter_unref": (None, [c_void_p]),
    "i2cpt_adapter_name": (c_char_p, [c_void_p]),
    "i2cpt_adapter_functionality": (c_uint32, [c_void_p]),
    "i2cpt_adapter_frequency_hz": (c_uint32, [c_void_p]),
    "i2cpt_list": (c_int, [FOUND, c_void_p]),
    "i2cpt_transfer": (c_int, [c_void_p, POINTER(Msg), c_size_t, _fault]),
    "i2cpt_probe": (c_int, [c_void_p, Address, c_int, _fault]),
    "i2cpt_scan": (c_int, [c_void_p, Address, Address, c_int,
                           POINTER(c_int16), _fault]),
    "i2cpt_smbus_quick": (c_int, _smbus + [c_int, _fault]),
    "i2cpt_smbus_receive_byte": (c_int, _smbus + [_fault]),
    "i2cpt_smbus_send_byte": (c_int, _smbus + [Byte, _fault]),
    "i2cpt_smbus_read_byte_data": (c_int, _smbus + [Command, _fault]),
    "i2cpt_smbus_write_byte_data": (c_int, _smbus + [Command, Byte, _fault]),
    "i2cpt_smbus_read_word_data": (c_int, _smbus + [Command, _fault]),
    "i2cpt_smbus_write_word_data": (c_int, _smbus + [Command, Word, _fault]),
    "i2cpt_smbus_process_call": (c_int, _smbus + [Command, Word, _fault]),
    "i2cpt_smbus_read_block_data": (
        c_int, _smbus + [Command, c_char_p, Length, _fault]),
    "i2cpt_smbus_write_block_data": (
        c_int, _smbus + [Command, c_char_p, Length, _fault]),
    "i2cpt_smbus_block_process_call": (
        c_int, _smbus + [Command, c_char_p, Length, c_char_p, Length,
                         _fault]),
    "i2cpt_smbus_read_i2c_block": (
        c_int, _smbus + [Command, c_char_p, Length, _fault]),
    "i2cpt_smbus_write_i2c_block": (
        c_int, _smbus + [Command, c_char_p, Length, _fault]),
    "i2cpt_policy_new": (c_int, [POINTER(c_void_p)]),
    "i2cpt_policy_free": (None, [c_void_p]),
    "i2cpt_policy_set": (c_int, [c_void_p, c_char_p, c_char_p, _fault]),
    "i2cpt_passthrough_new": (c_int, [c_void_p, c_void_p, c_void_p,
                                      POINTER(c_void_p), _fault]),
    "i2cpt_passthrough_free": (None, [c_void_p]),
    "i2cpt_passthrough_start": (c_int, _start),
    "i2cpt_passthrough_write": (c_int, [c_void_p, Byte]),
    "i2cpt_passthrough_read": (c_int, [c_void_p, POINTER(c_uint8)]),
    "i2cpt_passthrough_nack": (None, [c_void_p]),
    "i2cpt_passthrough_stop": (c_int, [c_void_p]),
    "i2cpt_passthrough_fault": (None, [c_void_p, _fault]),
    "i2cpt_passthrough_reset": (None, [c_void_p]),
    "i2cpt_passthrough_drain": (None, [c_void_p]),
    "i2cpt_counter_name": (c_char_p, [c_size_t]),
    "i2cpt_passthrough_counter": (c_uint64, [c_void_p, c_size_t]),
    "i2cpt_trace_reader_open": (c_int, [c_char_p, POINTER(c_void_p), _fault]),
    "i2cpt_trace_reader_next": (c_int, [c_void_p,
                                        POINTER(POINTER(TraceLine)), _fault]),
    "i2cpt_trace_reader_complete": (c_int, [c_void_p]),
    "i2cpt_trace_reader_free": (None, [c_void_p]),
    "i2cpt_trace_adapter_verdict": (c_int, [c_void_p, POINTER(Verdict),
                                            _fault]),
}


def _open():
    """$I2CPT_LIBRARY, or the installed libi2cpt.so.0."""
    path = os.environ.get("I2CPT_LIBRARY")
    names = [path] if path else ["libi2cpt.so.0",
                                 ctypes.util.find_library("i2cpt")]
    for name in filter(None, names):
        try:
            return ctypes.CDLL(name)
        except OSError as error:
            reason = error
    raise ImportError(
        f"libi2cpt cannot be loaded ({reason}): install it, or name its file "
        "in $I2CPT_LIBRARY")


lib = _open()
for _name, (_result, _arguments) in FUNCTIONS.items():
    _function = getattr(lib, _name)
    _function.restype = _result
    _function.argtypes = _arguments


def text(value):
    """The bytes of a str or a path for the library, which ends at a NUL."""
    value = os.fspath(value)
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if b"\0" in value:
        raise ValueError(f"{value!r}: a NUL is in it")
    return value


def said(value):
    """A str of the library's bytes, which text() makes those bytes again."""
    return (value or b"").decode("utf-8", "surrogateescape")
