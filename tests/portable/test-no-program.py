#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a build without Linux's headers says where /dev/i2c-N is asked for, and
that it has nothing of Linux's in it."""
import os
import subprocess
import sys

sys.path[:0] = [os.path.join(os.path.dirname(__file__), part)
                for part in ('..', '../tools')]
from cli import ARGUMENTS, TOOL, run, write  # noqa: E402
import tap  # noqa: E402

TRACE = 'i2cpt-trace 1\n0 +0 w1@0x48 00\nend 1\n'
REFUSED = 'gives no PROGRAM a bus'


def test_verbs_with_a_program():
    """Each is refused by name, and nothing is written or run."""
    write('old.i2ct', TRACE)
    for words in (('run', '-a', 'stub,chips=0x48'),
                  ('record', '-o', 'old.i2ct', '-a', 'stub,chips=0x48'),
                  ('replay', 'old.i2ct')):
        said = run(*words, '--', 'touch', 'ran', status=125)[1]
        assert REFUSED in said, said
    assert not os.path.exists('ran')
    with open('old.i2ct', encoding='ascii') as file:
        assert file.read() == TRACE


def test_no_such_back_end():
    said = run('record', '-o', 'new.i2ct', '-a', 'i2c-dev,device=/dev/i2c-1',
               '--transfers', '-', status=3)[1]
    assert 'no such backend; this build has stub' in said, said


def test_symbols():
    """What is asked of libc is not Linux's own."""
    for path in TOOL, *ARGUMENTS:
        names = {line.split()[-1].split('@')[0] for line in subprocess.run(
            ['nm', '-D', '--undefined-only', path], check=True, text=True,
            stdout=subprocess.PIPE).stdout.splitlines()}
        assert names, path
        linux = names & {'epoll_create1', 'epoll_ctl', 'eventfd',
                         'timerfd_create', 'signalfd', 'prctl', 'syscall',
                         'renameat2', 'memfd_create', 'inotify_init1'}
        assert not linux, (path, linux)


tap.main(globals())
