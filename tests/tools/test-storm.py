#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-storm.py I2CPT-REPLAY CLIENT [KILLS]: transfers are made once, whoever
signals, forks or dies, and nothing of ours is left. In both forms of the
redirect. KILLS: of each of owner, keeper and program, 6."""
import collections
import os
import pty
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from processes import children, gone, wait_for

TOOL, CLIENT = map(os.path.abspath, sys.argv[1:3])
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 6
CANNOT = b'i2cpt-replay: --redirect=seccomp cannot be here'
NUMBER = re.compile(r'^\d\S* \+\S+ w5@0x50 00 (..) (..) (..) (..)', re.M)
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
os.mkdir('tmp')
ENV = dict(os.environ, TMPDIR=f'{folder.name}/tmp')
ENV.pop('LD_PRELOAD', None)
with open('slow', 'w', encoding='utf-8') as board:
    board.write('chip 0x50 registers\nfault stretch on=any at=0 count=always '
                'stretch-us=400\n')


def record(form, *words, spec='stub,chips=0x50', before=()):
    if os.path.exists('t.i2ct'):
        os.remove('t.i2ct')
    done = subprocess.run([*before, TOOL, 'record', f'--redirect={form}', '-o',
                           't.i2ct', '-a', spec, '--', CLIENT, *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=ENV, timeout=300)
    if done.returncode == 125 and done.stderr.startswith(CANNOT):
        raise tap.Skip(done.stderr.decode().strip())
    assert done.returncode == 0, done
    return done.stdout.decode()


def numbers(trace='t.i2ct'):
    """How often each transfer is in the trace."""
    if not os.path.exists(trace):
        return collections.Counter()
    with open(trace, encoding='utf-8', errors='replace') as file:
        return collections.Counter(int(''.join(row), 16)
                                   for row in NUMBER.findall(file.read()))


def check_once(n):
    found = numbers()
    wrong = {number: found[number] for number in range(n)
             if found[number] != 1}
    assert not wrong and sum(found.values()) == n, wrong


def storm(form):
    said = record(form, 'storm', '/dev/i2c-0', '1200',
                  spec=f'stub,load={folder.name}/slow,timeout-ms=20000')
    assert said == '0 failed, signals came\n', said
    check_once(1200)


def test_never_twice_by_seccomp():
    storm('seccomp')


def test_never_twice_by_preload():
    storm('preload')


def test_five_hundred_forks():
    for form in ('seccomp', 'preload'):
        said = record(form, 'forks', '/dev/i2c-0', '500')
        assert said == '0 failed\n', (form, said)
        check_once(500)


def test_more_threads_than_descriptors():
    """Served or refused: each transfer that did not fail was made once, and
    nobody turned round and round meanwhile."""
    for form in ('seccomp', 'preload'):
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = record(form, 'threads', '/dev/i2c-0', '1100',
                      before=('prlimit', '--nofile=1024:1024', '--'))
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        refused = int(said.split()[0])
        found = numbers()
        assert max(found.values()) == 1, found
        assert sum(found.values()) == 1100 - refused, (form, said)
        print(f'# {form}: {1100 - refused} served, {refused} refused, '
              f'{end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime:.1f}'
              ' s of processor time')


# ----------------------------------------------------------------- who dies

class Victims:
    def __init__(self, form):
        self.trace = f'{form}.i2ct'
        if os.path.exists(self.trace):
            os.remove(self.trace)
        self.owner = subprocess.Popen(
            [TOOL, 'record', f'--redirect={form}', '-o', self.trace, '-a',
             'stub,chips=0x50', '--', CLIENT, 'ever', '/dev/i2c-0'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=ENV)
        self.done = -1
        if not self.see():
            raise tap.Skip(self.owner.stderr.read().decode())
        child = children(self.owner.pid)[0]
        self.pids = {'owner': self.owner.pid, 'program': child}
        if form == 'seccomp':
            self.pids.update(keeper=child, program=children(child)[0])

    def see(self):
        line = self.owner.stdout.readline()
        if line.endswith(b'\n'):
            self.done = int(line)
        return bool(line)

    def end(self):
        """What was still said, until the last who could say something ended."""
        begin = time.monotonic()
        while self.see():
            assert time.monotonic() < begin + 60, 'it goes on'
        self.owner.stderr.read()
        self.owner.wait(timeout=60)
        for pid in self.pids.values():
            wait_for(lambda pid=pid: gone(pid))
        self.owner.stdout.close()
        self.owner.stderr.close()
        return time.monotonic() - begin


def killed(form, who):
    longest = 0
    for turn in range(KILLS):
        victims = Victims(form)
        for _ in range(random.Random(turn).randrange(200)):
            victims.see()
        os.kill(victims.pids[who], signal.SIGKILL)
        if who == 'keeper':  # the transfers of an open file go on without it
            victims.see()
            victims.see()
            os.kill(victims.pids['program'], signal.SIGKILL)
        took = victims.end()
        longest = max(longest, took)
        found = numbers(victims.trace)
        missing = [n for n in range(victims.done + 1) if found[n] != 1]
        assert not missing, (form, who, turn, missing[:5], victims.done)
        assert sum(found.values()) <= victims.done + 2, (victims.done, found)
    print(f'# {form}, {who} killed {KILLS} times: ended after '
          f'{longest * 1000:.0f} ms at most')


def test_the_owner_is_killed():
    killed('seccomp', 'owner')


def test_the_program_is_killed():
    killed('seccomp', 'program')


def test_the_keeper_is_killed():
    killed('seccomp', 'keeper')


def test_the_owner_of_a_shim_is_killed():
    killed('preload', 'owner')


def test_the_program_with_a_shim_is_killed():
    killed('preload', 'program')


def test_no_folder_is_left():
    """What owners of shims could not take away, the next one does; not what is
    in use or new."""
    left = os.listdir('tmp')
    for name in left:
        os.utime(f'tmp/{name}', (0, 0))
    with subprocess.Popen([TOOL, 'run', '--redirect=preload', '-a',
                           'stub,chips=0x50', '--', CLIENT, 'ever',
                           '/dev/i2c-0'], stdout=subprocess.PIPE,
                          env=ENV) as other:
        other.stdout.readline()
        used = [name for name in os.listdir('tmp') if name not in left]
        os.utime(f'tmp/{used[0]}', (0, 0))
        subprocess.run([TOOL, 'run', '--redirect=preload', '-a', 'stub', '--',
                        'true'], env=ENV, stderr=subprocess.DEVNULL, check=True)
        assert used == os.listdir('tmp'), (left, os.listdir('tmp'))
        other.kill()


def test_a_folder_of_one_killed_early_is_swept():
    """A sweep knows a folder by its socket, which is there before the rest."""
    if not shutil.which('strace'):
        raise tap.Skip('no strace here')
    words = ['run', '--redirect=preload', '-a', 'stub', '--', 'true']
    with tempfile.TemporaryDirectory() as place:
        env = dict(ENV, TMPDIR=place)
        done = subprocess.run(['strace', '-o', '/dev/null', '-e',
                               'inject=mkdir:signal=KILL:when=3', TOOL, *words],
                              env=env, stderr=subprocess.PIPE)
        left = os.listdir(place)
        if len(left) != 1:
            raise tap.Skip(f'strace cannot kill here: {done}')
        os.utime(f'{place}/{left[0]}', (0, 0))
        subprocess.run([TOOL, *words], env=env, check=True,
                       stderr=subprocess.DEVNULL)
        assert not os.listdir(place), os.listdir(place)


def test_many_folders_are_swept():
    """More than a kill or two leave, of the layout that an owner makes: a start
    takes 1000, the next one the rest. Folders of like names stay."""
    with tempfile.TemporaryDirectory() as crowd:
        def crowded():
            subprocess.run([TOOL, 'run', '--redirect=preload', '-a', 'stub',
                            '--', 'true'], env=dict(ENV, TMPDIR=crowd),
                           stderr=subprocess.DEVNULL, check=True)
            return sorted(os.listdir(crowd))

        others = [f'i2cpt-{"x" * n}' for n in (1, 5, 7)] + ['xi2cpt-00000']
        for name in others + [f'i2cpt-{n:06}' for n in range(1100)]:
            os.makedirs(f'{crowd}/{name}/sys/class')
            os.chmod(f'{crowd}/{name}', 0o700)
            os.symlink('/', f'{crowd}/{name}/sys/root')
            os.mknod(f'{crowd}/{name}/owner')
            os.utime(f'{crowd}/{name}', (0, 0))
        assert len(crowded()) == 100 + len(others), len(os.listdir(crowd))
        assert crowded() == sorted(others), os.listdir(crowd)


# ----------------------------------------------------------------- signals

def test_what_is_ignored_stays_so():
    """As a shell's `&` and nohup have it, and no more."""
    for ignored in ((), ('HUP',), ('INT', 'QUIT'), ('PIPE', 'TERM')):
        trap = ' '.join(ignored)
        command = f"{'trap : 0; ' if not trap else ''}" + (
            f"trap '' {trap}; " if trap else '') + f'exec {TOOL} run -a stub -- ' \
            f'{CLIENT} signals /dev/i2c-0'
        said = subprocess.run(['env', '--default-signal', 'sh', '-c', command],
                              stdout=subprocess.PIPE, text=True, env=ENV,
                              check=True).stdout
        expected = ' '.join('ign' if name in ignored else 'dfl' for name in
                            ('HUP', 'INT', 'QUIT', 'PIPE', 'TERM', 'XFSZ'))
        assert said == expected + '\n', (ignored, said)


def test_a_terminal():
    """Ctrl-Z stops the program, fg goes on with it, Ctrl-C ends it."""
    bash = shutil.which('bash')
    if not bash:
        raise tap.Skip('bash is not installed')
    pid, terminal = pty.fork()
    if not pid:
        os.execve(bash, ['bash', '--norc', '--noprofile', '-i'],
                  dict(ENV, PS1='$ ', TERM='dumb'))
    seen = b''

    def expect(pattern):
        nonlocal seen
        end = time.monotonic() + 60
        while not re.search(pattern, seen):
            assert time.monotonic() < end, seen[-300:]
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 65536)
        seen = seen[re.search(pattern, seen).end():]

    def say(text):
        os.write(terminal, text)

    say(f'{TOOL} run -a stub,chips=0x50 -- {CLIENT} ever /dev/i2c-0\n'.encode())
    for _ in range(3):
        expect(rb'\n\d+\r')
        say(b'\x1a')
        expect(rb'Stopped')
        say(b'fg\n')
        expect(rb'fg\r\n')
    expect(rb'\n\d+\r')
    say(b'\x03')
    expect(rb'\$ ')
    say(b'echo "status $?"\n')
    expect(rb'status 130\r')
    say(b'exit\n')
    os.close(terminal)
    os.waitpid(pid, 0)


tap.main(globals())
