# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adapters: opening, transfers, SMBus calls, who is there."""
import ctypes
import enum

from . import _abi
from ._abi import lib
from .errors import I2CError, ReplayMismatch, call, fitting
from .handle import Handle, Owner

M_RD, M_TEN, M_RECV_LEN = 0x0001, 0x0010, 0x0400
CLIENT_PEC, CLIENT_TEN = 0x04, 0x10
PROBE_AUTO, PROBE_QUICK, PROBE_READ = range(3)
BLOCK_MAX = 255


class Func(enum.IntFlag):
    """Functionality: Linux's I2C_FUNC_*."""
    I2C = 0x00000001
    TEN_BIT_ADDR = 0x00000002
    PROTOCOL_MANGLING = 0x00000004
    SMBUS_PEC = 0x00000008
    NOSTART = 0x00000010
    SMBUS_BLOCK_PROC_CALL = 0x00008000
    SMBUS_QUICK = 0x00010000
    SMBUS_READ_BYTE = 0x00020000
    SMBUS_WRITE_BYTE = 0x00040000
    SMBUS_READ_BYTE_DATA = 0x00080000
    SMBUS_WRITE_BYTE_DATA = 0x00100000
    SMBUS_READ_WORD_DATA = 0x00200000
    SMBUS_WRITE_WORD_DATA = 0x00400000
    SMBUS_PROC_CALL = 0x00800000
    SMBUS_READ_BLOCK_DATA = 0x01000000
    SMBUS_WRITE_BLOCK_DATA = 0x02000000
    SMBUS_READ_I2C_BLOCK = 0x04000000
    SMBUS_WRITE_I2C_BLOCK = 0x08000000
    SMBUS_HOST_NOTIFY = 0x10000000


def escape(value):
    """A value as it stands in a specification string: commas doubled."""
    return str(value).replace(",", ",,")


def octets(data):
    """Bytes of bytes or of numbers; of one number bytes() would make zeros."""
    if isinstance(data, int):
        raise TypeError(f"{data!r} for bytes: [{data!r}] is one")
    return bytes(data)


class Message:
    """One message of a transfer: Message.read(0x48, 2), Message.write(0x48,
    [0]). `data` are the bytes to write, or after the transfer those read. With
    M_RECV_LEN `extra` is how many bytes come beside the block, 1 or the first
    of `data`."""

    def __init__(self, address, flags=0, data=b"", length=None):
        self.address, self.flags = address, flags
        self.data = octets(data)
        self.length = len(self.data) if length is None else length
        self.extra = (self.data or b"\1")[0]

    def _sent(self):
        """What lies in the buffer before the transfer."""
        if not 0 <= self.length <= _abi.MSG_MAX:
            raise ValueError(f"a message of {self.length} bytes: "
                             f"accepted is 0 to {_abi.MSG_MAX}")
        if self.flags & M_RECV_LEN and self.flags & M_RD:
            return bytes([self.extra]) if self.length else b""
        if not self.flags & M_RD and self.length != len(self.data):
            raise ValueError(f"a write of {self.length} bytes with "
                             f"{len(self.data)} bytes of data")
        return b"" if self.flags & M_RD else self.data

    def _raw(self):
        """(the library's message, its buffer)"""
        sent = self._sent()
        buffer = (ctypes.c_uint8 * max(1, self.length))()
        ctypes.memmove(buffer, sent, len(sent))
        return _abi.Msg(fitting(_abi.Address, self.address),
                        fitting(_abi.Flags, self.flags), self.length, 0,
                        ctypes.cast(buffer, ctypes.POINTER(ctypes.c_uint8))), \
            buffer

    @classmethod
    def read(cls, address, length, flags=0):
        return cls(address, flags | M_RD, length=length)

    @classmethod
    def write(cls, address, data, flags=0):
        return cls(address, flags, data)

    def __repr__(self):
        way = "r" if self.flags & M_RD else "w"
        return f"<{way}{self.length}@{self.address:#04x} {self.data.hex(' ')}>"


class Adapter(Owner):
    """An adapter by its specification string, as "ftdi,frequency=400k".

    A context manager; close() may be called twice, and while other threads are
    in calls, which then end first. Calls of several threads go out one after
    the other.
    """

    def __init__(self, spec):
        pointer = ctypes.c_void_p()
        self.spec = spec
        call(lib.i2cpt_adapter_open, _abi.text(spec), ctypes.byref(pointer))
        self._handle = Handle(pointer, lib.i2cpt_adapter_unref, "adapter")

    def _call(self, function, *arguments):
        with self._handle as pointer:
            return call(function, pointer, *arguments)

    @property
    def name(self):
        with self._handle as pointer:
            return _abi.said(lib.i2cpt_adapter_name(pointer))

    @property
    def functionality(self):
        with self._handle as pointer:
            return Func(lib.i2cpt_adapter_functionality(pointer))

    @property
    def frequency_hz(self):
        """SCL's frequency, 0 where the host does not say."""
        with self._handle as pointer:
            return lib.i2cpt_adapter_frequency_hz(pointer)

    def transfer(self, *messages):
        """One transfer, joined by repeated STARTs. Returns the data of its
        reads, in order, and leaves them in the messages."""
        both = [message._raw() for message in messages]
        raw = (_abi.Msg * len(both))(*(one for one, _ in both))
        self._call(lib.i2cpt_transfer, raw, len(messages))
        reads = []
        for one, message, (_, buffer) in zip(raw, messages, both):
            if message.flags & M_RD:
                message.data = bytes(buffer[:one.actual])
                reads.append(message.data)
        return reads

    def probe(self, address, how=PROBE_AUTO):
        """Whether a target answers, by i2cdetect's rules."""
        return self._call(lib.i2cpt_probe, address, how) == 1

    def scan(self, first=0x08, last=0x77, how=PROBE_AUTO):
        """The addresses that answer."""
        found = (ctypes.c_int16 * 128)()
        self._call(lib.i2cpt_scan, first, last, how, found)
        return [a for a in range(first, last + 1) if found[a] == 1]

    # SMBus; flags are CLIENT_PEC and CLIENT_TEN.

    def quick(self, address, read=False, flags=0):
        self._call(lib.i2cpt_smbus_quick, address, flags, int(read))

    def receive_byte(self, address, flags=0):
        return self._call(lib.i2cpt_smbus_receive_byte, address, flags)

    def send_byte(self, address, value, flags=0):
        self._call(lib.i2cpt_smbus_send_byte, address, flags, value)

    def read_byte_data(self, address, command, flags=0):
        return self._call(lib.i2cpt_smbus_read_byte_data, address,
                    flags, command)

    def write_byte_data(self, address, command, value, flags=0):
        self._call(lib.i2cpt_smbus_write_byte_data, address, flags,
             command, value)

    def read_word_data(self, address, command, flags=0):
        return self._call(lib.i2cpt_smbus_read_word_data, address,
                    flags, command)

    def write_word_data(self, address, command, value, flags=0):
        self._call(lib.i2cpt_smbus_write_word_data, address, flags,
             command, value)

    def process_call(self, address, command, value, flags=0):
        return self._call(lib.i2cpt_smbus_process_call, address, flags,
                    command, value)

    def read_block_data(self, address, command, flags=0, size=BLOCK_MAX):
        data = ctypes.create_string_buffer(BLOCK_MAX)
        count = self._call(lib.i2cpt_smbus_read_block_data, address,
                     flags, command, data, min(size, BLOCK_MAX))
        return data.raw[:count]

    def write_block_data(self, address, command, data, flags=0):
        data = octets(data)
        self._call(lib.i2cpt_smbus_write_block_data, address, flags,
             command, data, len(data))

    def block_process_call(self, address, command, data, flags=0,
                           size=BLOCK_MAX):
        data, answer = octets(data), ctypes.create_string_buffer(BLOCK_MAX)
        count = self._call(lib.i2cpt_smbus_block_process_call, address,
                     flags, command, data, len(data), answer,
                     min(size, BLOCK_MAX))
        return answer.raw[:count]

    def read_i2c_block(self, address, command, length, flags=0):
        data = ctypes.create_string_buffer(BLOCK_MAX)
        if length > BLOCK_MAX:
            raise ValueError(f"a block of {length} bytes: accepted is 1 to "
                             f"{BLOCK_MAX}")
        count = self._call(lib.i2cpt_smbus_read_i2c_block, address,
                     flags, command, data, length)
        return data.raw[:count]

    def write_i2c_block(self, address, command, data, flags=0):
        data = octets(data)
        self._call(lib.i2cpt_smbus_write_i2c_block, address, flags,
             command, data, len(data))

    def verdict(self):
        """How a replay has gone so far; None where this is no trace."""
        verdict = _abi.Verdict(size=ctypes.sizeof(_abi.Verdict))
        try:
            self._call(lib.i2cpt_trace_adapter_verdict, ctypes.byref(verdict))
        except ReplayMismatch:
            raise
        except I2CError as error:
            if error.errno == 95:  # EOPNOTSUPP
                return None
            raise
        return Verdict(verdict)


class Verdict:
    """How the replay of a trace went: what the struct of i2cpt-trace.h says.

    `lines` is a dict: a line's name to (changes told, changes left).
    """

    def __init__(self, raw):
        for name in ("consumed", "remaining", "mismatches", "absent",
                     "redacted", "next_line", "mismatch_line", "split",
                     "joined", "changes", "changes_left", "stalls",
                     "stalled_line", "stalled_for", "held_line", "held_for"):
            setattr(self, name, getattr(raw, name))
        for name in ("text", "expected", "actual", "stalled"):
            setattr(self, name, getattr(raw, name).decode(errors="replace"))
        self.lines = {line.name.decode(errors="replace"):
                      (line.changes, line.changes_left)
                      for line in raw.lines if line.name}
        self.truncated = bool(raw.truncated)

    @property
    def good(self):
        return not self.mismatches and not self.remaining


def list_adapters():
    """(specification, what it is) of what can be opened here."""
    found = []

    def one(spec, about, _):
        found.append((_abi.said(spec), _abi.said(about)))
        return 0

    lib.i2cpt_list(_abi.FOUND(one), None)
    return found
