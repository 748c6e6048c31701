#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-crash.py I2CPT-REPLAY CRASH-CLIENT [KILLS]: what a recording leaves
when it, its program or the disk comes to an end. KILLS: how many, 500."""
import errno
import mmap
import os
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

TOOL, CLIENT = map(os.path.abspath, sys.argv[1:3])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 500
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
NUMBER = re.compile(rb'^\d\S* \+\S+ (?:i2c-\d+: )?w\d+@0x50 00 '
                    rb'(..) (..) (..) (..)', re.M)


class Recording:
    """A recorder and its program at work."""

    def __init__(self, trace, *options, preexec_fn=lambda: None):
        def at_their_defaults():
            # what nohup had ignored would stay so, as it should
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            preexec_fn()

        self.trace = trace
        with open('progress', 'wb') as file:
            file.write(bytes(16))
        with open('progress', 'r+b') as file:
            self.progress = mmap.mmap(file.fileno(), 16)
        # its standard output is at an end when the program is, too
        self.recorder = subprocess.Popen(
            [TOOL, 'record', '-o', trace, '-a', 'stub,chips=0x50', *options,
             '--', CLIENT, '/dev/i2c-0', 'progress'], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=at_their_defaults)

    def look(self):
        """pid, transfers complete, error, failures"""
        return struct.unpack('=IIII', self.progress[:])

    def wait_for(self, reached):
        """Watch until reached() or the end."""
        while not reached() and self.recorder.poll() is None:
            os.sched_yield()

    def spins(self):
        """How often this was asked."""
        self.count = getattr(self, 'count', 0) + 1
        return self.count

    def finish(self):
        """Wait for both; (status, stderr, transfers complete)."""
        _, err = self.recorder.communicate(timeout=60)
        return self.recorder.returncode, err.decode(), self.look()[1]


def check(trace):
    """What `check` says of it."""
    done = subprocess.run([TOOL, 'check', trace], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)
    word = done.stdout.split(': ')[-1].split()[0].rstrip(',')
    assert done.returncode == (0 if word == 'whole' else 1), done
    return word


def numbers(trace):
    with open(trace, 'rb') as file:
        text = file.read()
    text = text[:text.rfind(b'\n') + 1]  # what is behind it is not read
    return [int(b''.join(m.groups()), 16) for m in NUMBER.finditer(text)]


def holds(trace, complete):
    """All transfers that were complete, and at most the one after them."""
    found = numbers(trace)
    assert found == list(range(len(found))), found
    assert complete <= len(found) <= complete + 1, (complete, len(found))


def size(trace):
    try:
        return os.stat(trace).st_size
    except FileNotFoundError:
        return 0


def kill_once(rng, victim):
    r = Recording('k.i2ct')
    if victim == 'recorder' and rng.random() < 0.2:
        at_once = rng.randrange(40000)
        r.wait_for(lambda: r.spins() > at_once or size('k.i2ct'))
    elif rng.random() < 0.5:
        transfers = rng.randrange(60)
        r.wait_for(lambda: r.look()[0] and r.look()[1] >= transfers)
    else:
        there = rng.randrange(14, 200000)
        r.wait_for(lambda: r.look()[0] and size('k.i2ct') >= there)
    for _ in range(rng.randrange(3000)):
        pass
    os.kill(r.recorder.pid if victim == 'recorder' else r.look()[0],
            signal.SIGKILL)
    status, err, complete = r.finish()
    assert status == (-9 if victim == 'recorder' else 137), (status, err)
    if complete or os.path.exists('k.i2ct'):
        assert check('k.i2ct') == \
            ('truncated' if victim == 'recorder' else 'whole'), err
        holds('k.i2ct', complete)
    return complete


def kill_many(victim, seed):
    rng = random.Random(seed)
    complete = []
    for number in range(KILLS // 2):
        try:
            complete.append(kill_once(rng, victim))
        except Exception as e:
            raise AssertionError(f'seed {seed}, number {number}: {e}') from e
        finally:
            os.path.exists('k.i2ct') and os.unlink('k.i2ct')
    print(f'# {len(complete)} killed, after {min(complete)} to '
          f'{max(complete)} transfers, {sum(complete)} in all')


def test_a_killed_recorder_loses_nothing_that_was_complete():
    kill_many('recorder', 1)


def test_a_killed_program_loses_nothing_that_was_complete():
    kill_many('program', 2)


def test_signals_end_a_recording_well():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        for victim in ('recorder', 'program'):
            r = Recording('s.i2ct')
            r.wait_for(lambda: r.look()[1] >= 20)
            os.kill(r.recorder.pid if victim == 'recorder' else r.look()[0],
                    number)
            status, err, complete = r.finish()
            assert status == 128 + number and err == '', (status, err)
            assert check('s.i2ct') == 'whole'
            holds('s.i2ct', complete)


def test_append_goes_on_where_the_killed_one_ended():
    os.path.exists('a.i2ct') and os.unlink('a.i2ct')
    stamps, total = [], 0
    for victim in ('recorder', 'program', 'recorder', 'program'):
        r = Recording('a.i2ct', '--append')
        r.wait_for(lambda: r.look()[1] >= 20)
        os.kill(r.recorder.pid if victim == 'recorder' else r.look()[0],
                signal.SIGKILL)
        complete = r.finish()[2]
        assert check('a.i2ct') == \
            ('truncated' if victim == 'recorder' else 'whole')
        session = numbers('a.i2ct')[total:]
        assert session == list(range(len(session))), session
        assert complete <= len(session) <= complete + 1
        total += len(session)
    with open('a.i2ct', encoding='utf-8') as file:
        lines = file.read().splitlines()
    stamps = [float(line.split(' ')[0]) for line in lines
              if line[:1].isdigit()]
    assert stamps == sorted(stamps) and len(stamps) == total
    assert sum(line.startswith('adapter:') for line in lines) == 1
    assert lines[-1] == f'end {total}', lines[-1]


def stopped(r, reason):
    """A recording that could not go on: told to everybody, and readable."""
    status, err, complete = r.finish()
    assert status == 125, (status, err)
    assert len(err.splitlines()) == 1, err
    assert r.trace in err and os.strerror(reason) in err, err
    _, _, error, failures = r.look()
    assert (error, failures) == (reason, 5), (error, failures)
    assert check(r.trace) == 'truncated'
    found = numbers(r.trace)
    assert found == list(range(complete)), (complete, found)
    assert complete > 10, complete


def limit(to):
    def set_limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (to, to))
    return set_limit


def test_a_file_that_may_not_grow():
    for to in range(40000, 40400, 37):
        r = Recording('l.i2ct', preexec_fn=limit(to))
        stopped(r, errno.EFBIG)
        assert size('l.i2ct') <= to
        os.unlink('l.i2ct')


def test_a_full_file_system():
    os.mkdir('small')
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'none',
                           'small'], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise tap.Skip('no tmpfs can be mounted: ' + done.stderr.strip())
    try:
        r = Recording('small/f.i2ct')
        stopped(r, errno.ENOSPC)
        before = numbers('small/f.i2ct')
        # with room it goes on
        subprocess.run(['mount', '-o', 'remount,size=1m', 'small'], check=True)
        r = Recording('small/f.i2ct', '--append')
        r.wait_for(lambda: r.look()[1] >= 10)
        os.kill(r.look()[0], signal.SIGTERM)
        r.finish()
        assert check('small/f.i2ct') == 'whole'
        assert numbers('small/f.i2ct')[:len(before)] == before
    finally:
        subprocess.run(['umount', 'small'], check=True)


def test_no_room_for_the_end_alone():
    """The program went well, the trace is not whole: that is our failure."""
    words = ['record', '-o', 'e.i2ct', '-a', 'stub,chips=0x50', '--', CLIENT,
             '/dev/nothing', 'nothing']
    subprocess.run([TOOL, *words], stderr=subprocess.DEVNULL, timeout=60)
    whole = size('e.i2ct')
    os.unlink('e.i2ct')
    done = subprocess.run([TOOL, *words], stderr=subprocess.PIPE, text=True,
                          timeout=60, preexec_fn=limit(whole - 1))
    assert done.returncode == 125 and 'e.i2ct' in done.stderr, done
    assert not os.path.exists('e.i2ct')


def test_append_refuses_what_is_bad():
    for text, names in (('hello\n', ['b.i2ct:1:1', 'not a trace']),
                        ('i2cpt-trace 1\n0.0 +0.0 w1@0x50\nend 1\n',
                         ['b.i2ct:2:']),
                        ('i2cpt-trace 1\n0.0 +0.0 w0@0x50\nend 2\n',
                         ['b.i2ct:3:']),
                        ('i2cpt-trace 2\n', ['format 2'])):
        with open('b.i2ct', 'w', encoding='utf-8') as file:
            file.write(text)
        done = subprocess.run([TOOL, 'record', '--append', '-o', 'b.i2ct', '-a',
                               'stub', '--', 'true'], text=True, timeout=60,
                              stderr=subprocess.PIPE)
        assert done.returncode == 125, done
        assert len(done.stderr.splitlines()) == 1, done.stderr
        for name in names:
            assert name in done.stderr, done.stderr
        with open('b.i2ct', encoding='utf-8') as file:
            assert file.read() == text


tap.main(globals())
