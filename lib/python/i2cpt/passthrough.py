# SPDX-License-Identifier: LGPL-2.1-or-later
"""From an emulated controller's bus events to transfers (docs/policy.md)."""
import ctypes

from ._abi import Fault, lib
from .errors import I2CError, call, error_of

ACK, NACK = 0, 1


class Passthrough:
    """The blocking form: Passthrough(adapter, address=0x48, transfer=
    "message"). Keys are the policy's, with _ for -."""

    def __init__(self, adapter, **keys):
        policy, handle = ctypes.c_void_p(), ctypes.c_void_p()
        self._handle = None
        self._adapter = adapter  # it outlives us
        lib.i2cpt_policy_new(ctypes.byref(policy))
        try:
            for key, value in keys.items():
                call(lib.i2cpt_policy_set, policy,
                     key.replace("_", "-").encode(), str(value).encode())
            call(lib.i2cpt_passthrough_new, adapter.handle, policy, None,
                 ctypes.byref(handle))
        finally:
            lib.i2cpt_policy_free(policy)
        self._handle = handle

    def close(self):
        handle, self._handle = self._handle, None
        if handle:
            lib.i2cpt_passthrough_free(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        self.close()

    def _answer(self, result):
        if result < 0:
            raise I2CError(-result)
        return result == ACK

    def start(self, address, read=False, expect=0):
        """Whether the START was acknowledged."""
        return self._answer(lib.i2cpt_passthrough_start(
            self._handle, address, int(read), expect))

    def write(self, byte):
        """Whether the byte was acknowledged."""
        return self._answer(lib.i2cpt_passthrough_write(self._handle, byte))

    def read(self):
        """The next byte, 0xff where there is none."""
        byte = ctypes.c_uint8()
        self._answer(lib.i2cpt_passthrough_read(self._handle,
                                                ctypes.byref(byte)))
        return byte.value

    def nack(self):
        lib.i2cpt_passthrough_nack(self._handle)

    def stop(self):
        return self._answer(lib.i2cpt_passthrough_stop(self._handle))

    def reset(self):
        lib.i2cpt_passthrough_reset(self._handle)

    def drain(self):
        lib.i2cpt_passthrough_drain(self._handle)

    @property
    def fault(self):
        """What went wrong in this transaction, as an exception, or None."""
        fault = Fault()
        lib.i2cpt_passthrough_fault(self._handle, ctypes.byref(fault))
        return error_of(-fault.code, fault) if fault.code else None

    @property
    def counters(self):
        """{"over-read": 0, ...}"""
        counters, index = {}, 0
        while name := lib.i2cpt_counter_name(index):
            counters[name.decode()] = lib.i2cpt_passthrough_counter(
                self._handle, index)
            index += 1
        return counters
