# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that leaves nothing behind, for the scripts beside this file: it
has a session of its own, and ends with who started it, however that ends."""
import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def start(words, **more):
    """By the thread that waits for it."""
    return subprocess.Popen(
        [sys.executable, '-S', __file__, str(os.getpid()), *words],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, **more)


def become(parent, words):
    """What start() starts: the program, once it is tied to its parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execvp(words[0], words)


def end(process):
    """Of its session too what has a process group of its own, as Check's
    children have; again until a look finds nothing, as they may fork."""
    while any([kill(pid) for pid in session(process.pid)]):
        pass
    process.wait()


def session(leader):
    """Who is in it and runs."""
    for entry in os.listdir('/proc'):
        try:
            if not entry.isdigit() or os.getsid(int(entry)) != leader:
                continue
            with open(f'/proc/{entry}/stat', encoding='utf-8') as file:
                if file.read().rpartition(')')[2].split()[0] not in 'ZX':
                    yield int(entry)
        except (FileNotFoundError, ProcessLookupError):
            pass


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


if __name__ == '__main__':
    become(int(sys.argv[1]), sys.argv[2:])
