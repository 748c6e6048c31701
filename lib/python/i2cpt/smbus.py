# SPDX-License-Identifier: LGPL-2.1-or-later
"""smbus2's interface on any adapter, so that a driver written for it runs on
a recording, a dongle or another machine's bus:

    from i2cpt.smbus import SMBus, i2c_msg
    bus = SMBus("trace,file=lm75.i2ct")

A bus is a number N (/dev/i2c-N), a path, a specification string, or an
i2cpt.Adapter, which stays the caller's. Other than in smbus2, `force` counts
where the bus is opened, not call by call, and there is no `fd`.
"""
import ctypes
import enum
import errno
import os

from .adapter import (CLIENT_PEC, M_RD, M_RECV_LEN, Adapter, Func, Message,
                      escape)
from .errors import I2CError

I2C_SMBUS_BLOCK_MAX = 32

# smbus2's names, which differ in two
I2cFunc = enum.IntFlag("I2cFunc", {
    {"TEN_BIT_ADDR": "ADDR_10BIT"}.get(func.name, func.name): int(func)
    for func in Func} | {"SLAVE": 0x20})


class i2c_msg:  # smbus2's own spelling
    """One message of SMBus.i2c_rdwr(). Iterating gives its bytes."""

    def __init__(self, addr=0, flags=0, len=0, buf=None):
        self.addr, self.flags, self.len = addr, flags, len
        self.buf = ctypes.create_string_buffer(len) if buf is None else buf

    @staticmethod
    def read(address, length):
        return i2c_msg(address, M_RD, length,
                       ctypes.create_string_buffer(length))

    @staticmethod
    def write(address, buf):
        data = bytes(map(ord, buf)) if isinstance(buf, str) else bytes(buf)
        return i2c_msg(address, 0, len(data),
                       ctypes.create_string_buffer(data, len(data)))

    def __iter__(self):
        return iter(bytes(self))

    def __len__(self):
        return self.len

    def __bytes__(self):
        return self.buf.raw[:self.len]

    def __repr__(self):
        return f"i2c_msg({self.addr},{self.flags},{bytes(self)!r})"

    def __str__(self):
        return bytes(self).decode(errors="ignore")


def _spec(bus, force):
    if isinstance(bus, int):
        bus = f"/dev/i2c-{bus}"
    elif not isinstance(bus, str):
        raise TypeError(f"Unexpected type(bus)={type(bus)}")
    if bus.startswith("/"):
        bus = f"i2c-dev,device={escape(os.path.realpath(bus))}"
    return bus + (",force=on" if force and bus.startswith("i2c-dev") else "")


def _block(data):
    if len(data) > I2C_SMBUS_BLOCK_MAX:
        raise ValueError("Data length cannot exceed "
                         f"{I2C_SMBUS_BLOCK_MAX} bytes")
    return bytes(value & 0xff for value in data)


class SMBus:
    """A bus, opened at once or by open()."""

    def __init__(self, bus=None, force=False):
        self._adapter, self._own = None, False
        self._pec = 0
        self.force = force
        self.funcs = 0
        if bus is not None:
            self.open(bus)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self, bus):
        if isinstance(bus, Adapter):
            self._adapter, self._own = bus, False
        else:
            self._adapter, self._own = Adapter(_spec(bus, self.force)), True
        self.funcs = int(self._adapter.functionality)

    def close(self):
        if self._adapter and self._own:
            self._adapter.close()
        self._adapter, self._pec = None, 0

    def _get_pec(self):
        return self._pec

    def enable_pec(self, enable=True):
        if not self.funcs & Func.SMBUS_PEC:
            raise IOError("SMBUS_PEC is not a feature")
        if not self._adapter:
            raise TypeError("the bus is not open")
        self._pec = int(enable)

    pec = property(_get_pec, enable_pec)

    @property
    def _bus(self):
        if not self._adapter:
            raise TypeError("the bus is not open")
        return self._adapter

    @property
    def _flags(self):
        return CLIENT_PEC if self._pec else 0

    def write_quick(self, i2c_addr, force=None):
        self._bus.quick(i2c_addr)

    def read_byte(self, i2c_addr, force=None):
        return self._bus.receive_byte(i2c_addr, self._flags)

    def write_byte(self, i2c_addr, value, force=None):
        self._bus.send_byte(i2c_addr, value & 0xff, self._flags)

    def read_byte_data(self, i2c_addr, register, force=None):
        return self._bus.read_byte_data(i2c_addr, register & 0xff, self._flags)

    def write_byte_data(self, i2c_addr, register, value, force=None):
        self._bus.write_byte_data(i2c_addr, register & 0xff, value & 0xff,
                                  self._flags)

    def read_word_data(self, i2c_addr, register, force=None):
        return self._bus.read_word_data(i2c_addr, register & 0xff, self._flags)

    def write_word_data(self, i2c_addr, register, value, force=None):
        self._bus.write_word_data(i2c_addr, register & 0xff, value & 0xffff,
                                  self._flags)

    def process_call(self, i2c_addr, register, value, force=None):
        return self._bus.process_call(i2c_addr, register & 0xff, value & 0xffff,
                                      self._flags)

    def read_block_data(self, i2c_addr, register, force=None):
        return list(self._bus.read_block_data(
            i2c_addr, register & 0xff, self._flags, I2C_SMBUS_BLOCK_MAX))

    def write_block_data(self, i2c_addr, register, data, force=None):
        data = _block(data)
        if not data:
            self._write_nothing(i2c_addr, [register & 0xff, 0])
            return
        self._bus.write_block_data(i2c_addr, register & 0xff, data, self._flags)

    def block_process_call(self, i2c_addr, register, data, force=None):
        return list(self._bus.block_process_call(
            i2c_addr, register & 0xff, _block(data), self._flags,
            I2C_SMBUS_BLOCK_MAX))

    def read_i2c_block_data(self, i2c_addr, register, length, force=None):
        if length > I2C_SMBUS_BLOCK_MAX:
            raise ValueError("Desired block length over "
                             f"{I2C_SMBUS_BLOCK_MAX} bytes")
        return list(self._bus.read_i2c_block(i2c_addr, register & 0xff, length))

    def write_i2c_block_data(self, i2c_addr, register, data, force=None):
        data = _block(data)
        if not data:
            self._write_nothing(i2c_addr, [register & 0xff])
            return
        self._bus.write_i2c_block(i2c_addr, register & 0xff, data)

    def _write_nothing(self, address, data):
        """A block of no bytes, which SMBus has not and the kernel sends."""
        if not self.funcs & Func.I2C:
            raise I2CError(errno.EINVAL, "a block of 0 bytes")
        self._bus.transfer(Message.write(address, data))

    def i2c_rdwr(self, *i2c_msgs):
        messages = []
        for msg in i2c_msgs:
            if msg.len > ctypes.sizeof(msg.buf):
                raise ValueError(f"a message of {msg.len} bytes in a buffer of "
                                 f"{ctypes.sizeof(msg.buf)}")
            data = bytes(msg) if not msg.flags & M_RD or \
                msg.flags & M_RECV_LEN else b""
            messages.append(Message(msg.addr, msg.flags, data, msg.len))
        self._bus.transfer(*messages)
        for msg, message in zip(i2c_msgs, messages):
            if msg.flags & M_RD:
                ctypes.memmove(msg.buf, message.data, len(message.data))
