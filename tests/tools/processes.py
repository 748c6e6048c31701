# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other processes: who are a process's children, and whether one is gone."""
import os
import time


def children(pid):
    """Their ids; none where it is gone."""
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def gone(pid):
    """Also where nobody has waited for it yet."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
        return True


def wait_for(reached):
    """Until reached() is true, a minute at most; how many seconds it took."""
    begin = time.monotonic()
    while not reached():
        assert time.monotonic() < begin + 60
        os.sched_yield()
    return time.monotonic() - begin
