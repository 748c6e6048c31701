# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong on a bus, as OSError with the wire's own details."""
import ctypes
import errno
import functools
import operator
import os

from ._abi import EMISMATCH, FAULT_TEXT_SIZE, WHOLE, Fault, lib

_PHASES = (None, "address", "data", "stop")


class I2CError(OSError):
    """An OSError with Linux's errno, and what is known of the fault.

    phase is "address", "data", "stop" or None; msg and byte are indices, or
    None; text is the library's own line. As with OSError itself, one of ENOENT is
    a FileNotFoundError besides, of ETIMEDOUT a TimeoutError, and so on.
    """

    def __new__(cls, code, *_, **__):
        return super().__new__(_kind_of(code) if cls is I2CError else cls,
                               code, os.strerror(code))

    def __init__(self, code, text="", phase=None, msg=None, byte=None):
        super().__init__()
        self.text, self.phase, self.msg, self.byte = text, phase, msg, byte

    def __reduce__(self):
        kind = type(self)
        if kind is _kind_of(self.errno):  # made there, of no name to import
            kind = I2CError
        return (kind, (self.errno, self.text, self.phase, self.msg, self.byte),
                self.__dict__)

    def __str__(self):
        return super().__str__() + (f" ({self.text})" if self.text else "")


@functools.lru_cache(None)
def _kind_of(code):
    base = type(OSError(code, ""))
    if base is OSError:
        return I2CError
    return type(f"I2C{base.__name__}", (I2CError, base), {"__doc__": base.__doc__})


class ReplayMismatch(I2CError):
    """A request that differs from what the trace has; text says how."""

    def __new__(cls, text):
        return super().__new__(cls, errno.EPROTO, text)

    def __init__(self, text):
        super().__init__(errno.EPROTO, text)

    def __reduce__(self):
        return type(self), (self.text,), self.__dict__


def error_of(result, fault):
    """The exception for a negative result and its fault."""
    line = ctypes.create_string_buffer(FAULT_TEXT_SIZE + 128)
    lib.i2cpt_fault_describe(ctypes.byref(fault), line, len(line))
    text = line.value.decode(errors="replace")
    if -result == EMISMATCH:
        return ReplayMismatch(text)
    return I2CError(-result, text, _PHASES[fault.phase & 3],
                    fault.msg if fault.msg >= 0 else None,
                    fault.byte if fault.byte >= 0 else None)


def fitting(kind, value):
    """`value` as an argument of that kind, whole where it is a number."""
    if kind not in WHOLE:
        return value
    value = operator.index(value)
    if not 0 <= value < 1 << 8 * ctypes.sizeof(kind):
        raise I2CError(errno.EINVAL, f"{kind.__name__.lower()} {value:#x}: "
                       f"accepted is {kind.accepted}")
    return value


def call(function, *arguments):
    """function(*arguments, &fault): its result, or the exception."""
    fault = Fault()
    arguments = [fitting(kind, value)
                 for kind, value in zip(function.argtypes, arguments)]
    result = function(*arguments, ctypes.byref(fault))
    if result < 0:
        raise error_of(result, fault)
    return result
