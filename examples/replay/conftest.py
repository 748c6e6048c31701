# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pytest fixture that runs a program on a recorded bus; docs/replay-in-ci.md.

I2CPT_REPLAY names the tool where it is not in PATH; I2CPT_RECORD=SPEC records
from that adapter instead, for when the program has changed."""
import os
import pathlib
import subprocess

import pytest

TOOL = os.environ.get('I2CPT_REPLAY', 'i2cpt-replay')


@pytest.fixture
def on_bus(request):
    """on_bus(TRACE, PROGRAM, ARG..., bus=0): what subprocess.run() returns.
    TRACE is beside the test; /dev/i2c-0 is the recorded bus. A program that
    does other transfers than the trace has, or leaves some out, fails."""
    folder = pathlib.Path(request.fspath).parent

    def run(trace, *program, bus=0):
        record = os.environ.get('I2CPT_RECORD')
        verb = ['record', '-o', trace, '-a', record] if record else \
            ['replay', trace]
        done = subprocess.run(
            [TOOL, *verb, '--bus', str(bus), '--', *program], cwd=folder,
            text=True, capture_output=True, timeout=60)
        # 125: the replay differed, its lines on stderr say where
        assert done.returncode != 125, done.stderr
        return done

    return run
