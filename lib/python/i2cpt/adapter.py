# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adapters: opening, transfers, SMBus calls, who is there."""
import ctypes
import enum

from . import _abi
from ._abi import lib
from .errors import I2CError, ReplayMismatch, call

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


class Message:
    """One message of a transfer: Message.read(0x48, 2), Message.write(0x48,
    [0]). `data` are the bytes to write, or after the transfer those read."""

    def __init__(self, address, flags=0, data=b"", length=None):
        self.address, self.flags = address, flags
        self.data = bytes(data)
        self.length = len(self.data) if length is None else length

    @classmethod
    def read(cls, address, length, flags=0):
        return cls(address, flags | M_RD, length=length)

    @classmethod
    def write(cls, address, data, flags=0):
        return cls(address, flags, data)

    def __repr__(self):
        way = "r" if self.flags & M_RD else "w"
        return f"<{way}{self.length}@{self.address:#04x} {self.data.hex(' ')}>"


class Adapter:
    """An adapter by its specification string, as "ftdi,frequency=400k".

    A context manager; close() may be called twice. Calls of several threads go
    out one after the other.
    """

    def __init__(self, spec):
        handle = ctypes.c_void_p()
        self._handle = None
        self.spec = spec
        call(lib.i2cpt_adapter_open, spec.encode(), ctypes.byref(handle))
        self._handle = handle

    def close(self):
        handle, self._handle = self._handle, None
        if handle:
            lib.i2cpt_adapter_unref(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()

    @property
    def handle(self):
        if not self._handle:
            raise ValueError("the adapter is closed")
        return self._handle

    @property
    def name(self):
        return lib.i2cpt_adapter_name(self.handle).decode()

    @property
    def functionality(self):
        return Func(lib.i2cpt_adapter_functionality(self.handle))

    @property
    def frequency_hz(self):
        """SCL's frequency, 0 where the host does not say."""
        return lib.i2cpt_adapter_frequency_hz(self.handle)

    def transfer(self, *messages):
        """One transfer, joined by repeated STARTs. Returns the data of its
        reads, in order, and leaves them in the messages."""
        raw = (_abi.Msg * len(messages))()
        buffers = []
        for one, message in zip(raw, messages):
            if not 0 <= message.length <= _abi.MSG_MAX:
                raise ValueError(f"a message of {message.length} bytes: "
                                 f"accepted is 0 to {_abi.MSG_MAX}")
            buffer = (ctypes.c_uint8 * max(1, message.length))()
            if not message.flags & M_RD or message.flags & M_RECV_LEN:
                ctypes.memmove(buffer, message.data, len(message.data))
            buffers.append(buffer)
            one.addr, one.flags = message.address, message.flags
            one.len = message.length
            one.buf = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_uint8))
        call(lib.i2cpt_transfer, self.handle, raw, len(messages))
        reads = []
        for one, message, buffer in zip(raw, messages, buffers):
            if message.flags & M_RD:
                message.data = bytes(buffer[:one.actual])
                reads.append(message.data)
        return reads

    def probe(self, address, how=PROBE_AUTO):
        """Whether a target answers, by i2cdetect's rules."""
        return call(lib.i2cpt_probe, self.handle, address, how) == 1

    def scan(self, first=0x08, last=0x77, how=PROBE_AUTO):
        """The addresses that answer."""
        found = (ctypes.c_int16 * 128)()
        call(lib.i2cpt_scan, self.handle, first, last, how, found)
        return [a for a in range(first, last + 1) if found[a] == 1]

    # SMBus; flags are CLIENT_PEC and CLIENT_TEN.

    def quick(self, address, read=False, flags=0):
        call(lib.i2cpt_smbus_quick, self.handle, address, flags, int(read))

    def receive_byte(self, address, flags=0):
        return call(lib.i2cpt_smbus_receive_byte, self.handle, address, flags)

    def send_byte(self, address, value, flags=0):
        call(lib.i2cpt_smbus_send_byte, self.handle, address, flags, value)

    def read_byte_data(self, address, command, flags=0):
        return call(lib.i2cpt_smbus_read_byte_data, self.handle, address,
                    flags, command)

    def write_byte_data(self, address, command, value, flags=0):
        call(lib.i2cpt_smbus_write_byte_data, self.handle, address, flags,
             command, value)

    def read_word_data(self, address, command, flags=0):
        return call(lib.i2cpt_smbus_read_word_data, self.handle, address,
                    flags, command)

    def write_word_data(self, address, command, value, flags=0):
        call(lib.i2cpt_smbus_write_word_data, self.handle, address, flags,
             command, value)

    def process_call(self, address, command, value, flags=0):
        return call(lib.i2cpt_smbus_process_call, self.handle, address, flags,
                    command, value)

    def read_block_data(self, address, command, flags=0, size=BLOCK_MAX):
        data = ctypes.create_string_buffer(BLOCK_MAX)
        count = call(lib.i2cpt_smbus_read_block_data, self.handle, address,
                     flags, command, data, min(size, BLOCK_MAX))
        return data.raw[:count]

    def write_block_data(self, address, command, data, flags=0):
        data = bytes(data)
        call(lib.i2cpt_smbus_write_block_data, self.handle, address, flags,
             command, data, len(data))

    def block_process_call(self, address, command, data, flags=0,
                           size=BLOCK_MAX):
        data, answer = bytes(data), ctypes.create_string_buffer(BLOCK_MAX)
        count = call(lib.i2cpt_smbus_block_process_call, self.handle, address,
                     flags, command, data, len(data), answer,
                     min(size, BLOCK_MAX))
        return answer.raw[:count]

    def read_i2c_block(self, address, command, length, flags=0):
        data = ctypes.create_string_buffer(BLOCK_MAX)
        if length > BLOCK_MAX:
            raise ValueError(f"a block of {length} bytes: accepted is 1 to "
                             f"{BLOCK_MAX}")
        count = call(lib.i2cpt_smbus_read_i2c_block, self.handle, address,
                     flags, command, data, length)
        return data.raw[:count]

    def write_i2c_block(self, address, command, data, flags=0):
        data = bytes(data)
        call(lib.i2cpt_smbus_write_i2c_block, self.handle, address, flags,
             command, data, len(data))

    def verdict(self):
        """How a replay has gone so far; None where this is no trace."""
        verdict = _abi.Verdict(size=ctypes.sizeof(_abi.Verdict))
        try:
            call(lib.i2cpt_trace_adapter_verdict, self.handle,
                 ctypes.byref(verdict))
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
        found.append((spec.decode(), about.decode()))
        return 0

    lib.i2cpt_list(_abi.FOUND(one), None)
    return found
