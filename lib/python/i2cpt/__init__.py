# SPDX-License-Identifier: LGPL-2.1-or-later
"""libi2cpt for Python: real, remote, recorded and made-up I2C adapters.

    from i2cpt import Adapter, Message
    with Adapter("i2c-dev,device=/dev/i2c-1") as bus:
        high, low = bus.transfer(Message.write(0x48, [0]),
                                 Message.read(0x48, 2))[0]

i2cpt.smbus has smbus2's interface, i2cpt.trace reads recordings, and the
pytest plugin gives tests the fixture i2c_replay.
"""
from ._abi import lib as _lib
from .adapter import (CLIENT_PEC, CLIENT_TEN, M_RD, M_RECV_LEN, M_TEN,
                      PROBE_AUTO, PROBE_QUICK, PROBE_READ, Adapter, Func,
                      Message, Verdict, list_adapters)
from .errors import I2CError, ReplayMismatch
from .passthrough import Passthrough

__version__ = _lib.i2cpt_version().decode()
__all__ = [
    "Adapter", "CLIENT_PEC", "CLIENT_TEN", "Func", "I2CError", "M_RD",
    "M_RECV_LEN", "M_TEN", "Message", "PROBE_AUTO", "PROBE_QUICK",
    "PROBE_READ", "Passthrough", "ReplayMismatch", "Verdict", "list_adapters",
]
