# SPDX-License-Identifier: LGPL-2.1-or-later
"""From an emulated controller's bus events to transfers (docs/policy.md)."""
import ctypes

from ._abi import Fault, lib, text
from .errors import I2CError, call, error_of, fitting
from .handle import Handle, Owner

ACK, NACK = 0, 1


class Passthrough(Owner):
    """The blocking form: Passthrough(adapter, address=0x48, transfer=
    "message"). Keys are the policy's, with _ for -."""

    def __init__(self, adapter, **keys):
        policy, pointer = ctypes.c_void_p(), ctypes.c_void_p()
        lib.i2cpt_policy_new(ctypes.byref(policy))
        try:
            for key, value in keys.items():
                call(lib.i2cpt_policy_set, policy,
                     text(key.replace("_", "-")), text(str(value)))
            with adapter._handle as under:
                call(lib.i2cpt_passthrough_new, under, policy, None,
                     ctypes.byref(pointer))
        finally:
            lib.i2cpt_policy_free(policy)
        self._handle = Handle(pointer, lib.i2cpt_passthrough_free,
                              "passthrough")

    def _answer(self, name, *arguments):
        function = getattr(lib, f"i2cpt_passthrough_{name}")
        with self._handle as pointer:
            result = function(pointer, *map(fitting, function.argtypes[1:],
                                            arguments))
        if result < 0:
            raise I2CError(-result)
        return result == ACK

    def _tell(self, name, *arguments):
        with self._handle as pointer:
            return getattr(lib, f"i2cpt_passthrough_{name}")(pointer,
                                                             *arguments)

    def start(self, address, read=False, expect=0):
        """Whether the START was acknowledged."""
        return self._answer("start", address, int(read), expect)

    def write(self, byte):
        """Whether the byte was acknowledged."""
        return self._answer("write", byte)

    def read(self):
        """The next byte, 0xff where there is none."""
        byte = ctypes.c_uint8()
        self._answer("read", ctypes.byref(byte))
        return byte.value

    def nack(self):
        self._tell("nack")

    def stop(self):
        return self._answer("stop")

    def reset(self):
        self._tell("reset")

    def drain(self):
        self._tell("drain")

    @property
    def fault(self):
        """What went wrong in this transaction, as an exception, or None."""
        fault = Fault()
        self._tell("fault", ctypes.byref(fault))
        return error_of(-fault.code, fault) if fault.code else None

    @property
    def counters(self):
        """{"over-read": 0, ...}"""
        counters, index = {}, 0
        while name := lib.i2cpt_counter_name(index):
            counters[name.decode()] = self._tell("counter", index)
            index += 1
        return counters
