#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-abi.py LIBRARY INCLUDE: the structs of i2cpt._abi are those that a C
compiler makes of the header, member by member."""
import ctypes
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
LIBRARY, INCLUDE = map(os.path.abspath, sys.argv[1:3])
os.environ["I2CPT_LIBRARY"] = LIBRARY
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "../../lib/python")]
import tap
from i2cpt import _abi

STRUCTS = {
    "i2cpt_fault": _abi.Fault,
    "i2cpt_msg": _abi.Msg,
    "i2cpt_key_info": _abi.KeyInfo,
    "i2cpt_trace_msg": _abi.TraceMsg,
    "i2cpt_trace_transfer": _abi.TraceTransfer,
    "i2cpt_trace_line": _abi.TraceLine,
    "i2cpt_trace_line_count": _abi.TraceLineCount,
    "i2cpt_trace_verdict": _abi.Verdict,
}


def members(struct):
    return [(name, name.rstrip("_")) for name, *_ in struct._fields_]


def c_layout():
    """{"struct": size, "struct.member": (offset, size)}, as cc has it."""
    lines = ['#include "i2cpt-trace.h"', "#include <stdio.h>", "int main(void){"]
    for name, struct in STRUCTS.items():
        lines.append(f'printf("{name} %zu 0\\n", sizeof(struct {name}));')
        for _, member in members(struct):
            lines.append(
                f'printf("{name}.{member} %zu %zu\\n", '
                f"offsetof(struct {name}, {member}), "
                f"sizeof(((struct {name} *)0)->{member}));")
    lines.append("return 0;}")
    with tempfile.TemporaryDirectory() as folder:
        source, program = f"{folder}/layout.c", f"{folder}/layout"
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        subprocess.run(["cc", "-I", INCLUDE, "-o", program, source], check=True)
        out = subprocess.run([program], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    return {name: (int(a), int(b))
            for name, a, b in map(str.split, out.splitlines())}


def test_structs():
    layout = c_layout()
    for name, struct in STRUCTS.items():
        assert ctypes.sizeof(struct) == layout[name][0], name
        for field, member in members(struct):
            place = getattr(struct, field)
            assert (place.offset, place.size) == layout[f"{name}.{member}"], \
                f"{name}.{member}: {place}"


def test_every_function_is_declared_with_as_many_arguments():
    text = ""
    for header in "i2cpt.h", "i2cpt-trace.h":
        with open(f"{INCLUDE}/{header}", encoding="utf-8") as file:
            text += file.read()
    for name, (_, arguments) in _abi.FUNCTIONS.items():
        found = re.search(rf"^I2CPT_API [^;]*?\b{name}\(", text, re.M)
        start = found.end()
        declared = text[start:text.index(");", start)]
        count = 0 if declared == "void" else declared.count(",") + 1
        assert count == len(arguments), f"{name}: {declared}"


def test_a_missing_library_is_named():
    done = subprocess.run(
        [sys.executable, "-c", "import i2cpt"], text=True, check=False,
        stderr=subprocess.PIPE,
        env=dict(os.environ, I2CPT_LIBRARY="/nowhere/libi2cpt.so",
                 PYTHONPATH=os.path.join(HERE, "../../lib/python")))
    assert done.returncode and "/nowhere/libi2cpt.so" in done.stderr
    assert "$I2CPT_LIBRARY" in done.stderr.splitlines()[-1]


tap.main(globals())
