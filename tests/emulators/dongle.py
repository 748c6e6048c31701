# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual dongle for an example's program."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "../ftdi")]
import tap

ADAPTER = "ftdi,timeout-ms=20000"


def environment(library, folder, program):
    """`library`: none or one word, as a test's command line ends."""
    if not library:
        raise tap.Skip("the virtual dongle is not built")
    import preload
    env = preload.environment(library[0], os.path.join(folder, "w.vcd"),
                              program)
    # umockdev comes before the sanitizer
    env["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0"
    return env
