#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-smbus2.py I2CPT-REPLAY LIBRARY: i2cpt.smbus beside Debian's smbus2,
which finds the same chips under `i2cpt-replay run`: each row the same."""
import importlib.util
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
TOOL, LIBRARY = map(os.path.abspath, sys.argv[1:3])
ROWS = os.path.join(HERE, "smbus-rows.py")
STUB = f"stub,load={os.path.join(HERE, 'board.txt')}"


def lines_of(command, **more):
    done = subprocess.run(command, text=True, timeout=120, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, **more))
    if done.returncode:
        sys.exit(f"Bail out! {command}: {done.returncode}\n{done.stderr}")
    return done.stdout.splitlines()


def main():
    if not importlib.util.find_spec("smbus2"):
        print("1..0 # SKIP python3-smbus2 is not installed")
        return 0
    theirs = lines_of([TOOL, "run", "-a", STUB, "--", sys.executable, ROWS,
                       "smbus2", "0"])
    ours = lines_of([sys.executable, ROWS, "i2cpt.smbus", STUB],
                    I2CPT_LIBRARY=LIBRARY,
                    PYTHONPATH=os.path.join(HERE, "../../lib/python"))
    bad = len(theirs) != len(ours)
    for number, (their, our) in enumerate(zip(theirs, ours), 1):
        name = their.partition(":")[0].replace("#", "")
        bad |= their != our
        print(f"{'' if their == our else 'not '}ok {number} - {name}")
        if their != our:
            print(f"# smbus2: {their}\n# ours:   {our}")
    print(f"1..{len(theirs)}")
    return bad


sys.exit(main())
