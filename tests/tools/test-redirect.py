#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-redirect.py I2CPT-REPLAY LIBI2CPT CLIENT[=VARIANT]...: PROGRAM's ways to
/dev/i2c-N at the system call and by the shim, row by row (redirect-rows.txt);
who comes and goes."""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from processes import children, gone, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL, LIBRARY = map(os.path.abspath, sys.argv[1:3])
CLIENTS = {}
for word in sys.argv[3:]:
    path, _, variant = word.partition('=')
    CLIENTS[variant or 'dynamic'] = os.path.abspath(path)
CLIENT = CLIENTS['dynamic']
ENV = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin',
           ASAN_OPTIONS='detect_leaks=0')
ENV.pop('LD_PRELOAD', None)
CANNOT = 'i2cpt-replay: --redirect=seccomp cannot be here'
NOT_USED = 'the program opened no redirected bus'
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
os.chmod('.', 0o755)
with open('board', 'w', encoding='utf-8') as board:
    board.write('chip 0x50 registers\nreg 0x00 = a5\nchip 0x51 registers\n')
STUB = f'stub,load={folder.name}/board'


def run(*words, env=None, tool=TOOL, user=None, stdin=subprocess.DEVNULL):
    before = ['setpriv', f'--reuid={user}', f'--regid={user}',
              '--clear-groups'] if user else []
    return subprocess.run([*before, tool, *words], text=True, stdin=stdin,
                          errors='replace', stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, env=env or ENV)


def under(form, *command, **more):
    done = run('run', f'--redirect={form}', '-a', STUB, '--', *command, **more)
    if done.returncode == 125 and done.stderr.startswith(CANNOT):
        raise tap.Skip(done.stderr.strip())
    return done


def rows():
    """(name, seccomp, preload)"""
    with open(f'{HERE}/redirect-rows.txt', encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                name, _, *ours = [word.strip() for word in line.split('|')]
                yield name, ours[0], ours[1].split(' / ')[0]


def check_seccomp(done):
    """What a client says in all rows: `done` on its end."""
    said = dict(line.split(': ', 1) for line in done.stdout.splitlines())
    wrong = [(name, 'expected', expected, 'got', said.get(name))
             for name, expected, _ in rows() if said.get(name) != expected]
    assert not wrong, (wrong, done.stderr)
    assert done.returncode == 0 and done.stderr == '', done.stderr


def check_variant(variant):
    if variant not in CLIENTS:
        raise tap.Skip('the compiler does not make it')
    check_seccomp(under('seccomp', CLIENTS[variant], '/dev/i2c-0'))


def test_rows_dynamic():
    check_variant('dynamic')


def test_rows_static():
    check_variant('static')


def test_rows_32_bits():
    if '32' in CLIENTS:
        tap.need_runnable(CLIENTS['32'])
    check_variant('32')


def test_rows_asan():
    check_variant('asan')


def ordinary_user(*command, form='seccomp'):
    """By a user without rights, who has a copy of the tool."""
    if os.getuid():
        return under(form, *command)
    shim = f'{os.path.dirname(TOOL)}/libi2cpt-preload.so'
    for source in (TOOL, LIBRARY, shim):
        if not os.path.exists(os.path.basename(source)):
            shutil.copy(source, folder.name)  # once: a keeper may still run it
    soname = os.path.join(folder.name, 'libi2cpt.so.0')
    if not os.path.exists(soname):
        os.symlink(os.path.basename(LIBRARY), soname)
    return under(form, *command, user=1000,
                 tool=f'{folder.name}/i2cpt-replay',
                 env=dict(ENV, LD_LIBRARY_PATH=folder.name, HOME='/tmp'))


def check_ordinary(variant):
    if variant not in CLIENTS:
        raise tap.Skip('the compiler does not make it')
    copy = shutil.copy(CLIENTS[variant], f'{folder.name}/{variant}')
    check_seccomp(ordinary_user(copy, '/dev/i2c-0'))


def test_rows_as_an_ordinary_user():
    check_ordinary('dynamic')
    check_ordinary('static')


def test_rows_32_bits_as_an_ordinary_user():
    if '32' in CLIENTS:
        tap.need_runnable(CLIENTS['32'])
    check_ordinary('32')


def test_rows_preload():
    for name, _, expected in rows():
        done = run('run', '--redirect=preload', '-a', STUB, '--', CLIENT,
                   '/dev/i2c-0', name)
        assert done.stdout == f'{name}: {expected}\n', (name, expected, done)


def test_an_empty_environment():
    done = under('seccomp', 'env', '-i', CLIENT, '/dev/i2c-0', 'open')
    assert done.stdout == 'open: ours\n', done


def test_a_path_with_a_blank_and_a_colon():
    os.makedirs('a b:c', exist_ok=True)
    tool = shutil.copy(TOOL, 'a b:c/i2cpt-replay')
    done = under('seccomp', CLIENT, '/dev/i2c-0', 'open', tool=tool,
                 env=dict(ENV, LD_LIBRARY_PATH=os.path.dirname(LIBRARY)))
    assert done.stdout == 'open: ours\n', done


def test_runs_inside_a_run():
    """The innermost has the word, and what it does not say the next around."""
    seccomp = (TOOL, 'run', '--redirect=seccomp')
    other = (*seccomp, '-a', 'stub,chips=0x33')
    done = under('seccomp', *other, '--bus', '7', '--', 'sh', '-c',
                 f'i2cdetect -y 7; {CLIENT} /dev/i2c-0 open; ls /dev; '
                 'cat /sys/class/i2c-dev/i2c-0/dev /sys/bus/i2c/devices/*/name')
    assert ' 33 ' in done.stdout and 'open: ours\n' in done.stdout, done
    assert 'i2c-0\n' in done.stdout and 'i2c-7\n' in done.stdout, done
    assert '89:0\nstub\nstub\n' in done.stdout and not done.stderr, done
    # the same number
    done = run(*other[1:], '--', *seccomp, '-a', STUB, '--', CLIENT,
               '/dev/i2c-0')
    said = [line for line in done.stdout.splitlines()
            if line != 'stat_is_fstat: 1']
    wrong = [line for line in said if line.split(': ') not in
             [list(row[:2]) for row in rows()]]
    assert not wrong, wrong
    # three of them, a shim outside, and what an inner one leaves behind
    done = run(*other[1:], '--', *seccomp, '-a', STUB, '--', *other, '--bus',
               '3', '--', CLIENT, '/dev/i2c-0', 'open')
    assert done.stdout == 'open: ours\n', done
    done = run('run', '--redirect=preload', *other[3:], '--', *seccomp, '-a',
               STUB, '--', CLIENT, '/dev/i2c-0', 'open')
    assert done.stdout == 'open: ours\n', done
    done = under('seccomp', 'sh', '-c', f'mkfifo in; {" ".join(other)} -- sh -c '
                 f'"{CLIENT} /dev/i2c-0 open; (cat in; {CLIENT} /dev/i2c-0 open)'
                 f' >out 2>&1 & exit 0"; echo >in; {CLIENT} /dev/i2c-0 open')
    assert done.stdout == 'open: ENXIO\nopen: ours\n', done
    wait_for(lambda: read('out') == '\nopen: ENODEV\n')


def test_runs_inside_a_run_as_an_ordinary_user():
    done = ordinary_user(f'{folder.name}/i2cpt-replay', 'run', '-a',
                         'stub,chips=0x33', '--bus', '7', '--', 'sh', '-c',
                         'i2cdetect -y 7; i2cget -y 0 0x50 0')
    assert ' 33 ' in done.stdout and '0xa5' in done.stdout, done


def test_the_adapter_of_an_inner_run_is_the_outer_bus():
    done = under('seccomp', TOOL, 'run', '-a', 'i2c-dev,device=/dev/i2c-0',
                 '--bus', '3', '--', 'i2cget', '-y', '3', '0x50', '0')
    assert done.stdout == '0xa5\n', done


def test_who_opened_another_bus_or_none():
    done = under('seccomp', 'sh', '-c', 'i2cget -y 9 0x50 0; exit 0')
    assert '/dev/i2c-9 was opened, which is not redirected' in done.stderr
    assert 'i2cget' in done.stderr and NOT_USED in done.stderr, done
    for verb in (('run', '-a', STUB), ('record', '-o', 'n.i2ct', '-a', STUB),
                 ('replay', 'n.i2ct', '--report', 'n.json')):
        done = run(*verb, '--', 'true')
        assert NOT_USED in done.stderr, done
    with open('n.json', encoding='utf-8') as file:
        report = json.load(file)
    assert NOT_USED in ' '.join(report['notes']), report
    assert report['redirect'] in ('seccomp', 'preload')
    done = run('run', '--redirect=preload', '-a', STUB, '--', 'env', '-i',
               '/bin/true')
    assert NOT_USED in done.stderr, done


def test_set_id_programs_are_named():
    if os.getuid():
        raise tap.Skip('not root: it takes a set-id program of another user')
    copy = shutil.copy('/bin/true', f'{folder.name}/set-id')
    os.chmod(copy, 0o4755)
    done = ordinary_user('sh', '-c', f'{copy}; exit 0')
    assert 'set-id ran without the privilege' in done.stderr, done


def test_capabilities_of_a_file():
    """They count where PROGRAM is root's; else they are lost to the filter,
    which is said, and the shim would not be loaded."""
    if os.getuid():
        raise tap.Skip('not root: it takes setcap')
    copy = shutil.copy(CLIENT, f'{folder.name}/capable')
    made = subprocess.run(['setcap', 'cap_net_raw+ep', copy], check=False,
                          stderr=subprocess.PIPE, env=ENV, text=True)
    if made.returncode:
        raise tap.Skip(made.stderr.strip())
    done = under('seccomp', 'setpriv', '--reuid=1000', '--clear-groups', copy,
                 '/dev/i2c-0')
    check_seccomp(done)
    done = ordinary_user(copy, '/dev/i2c-0', 'open')
    assert done.stdout == 'open: ours\n', done
    assert 'capable ran without the privilege' in done.stderr, done
    done = ordinary_user(copy, '/dev/i2c-0', 'open', form='preload')
    assert 'has capabilities of its file' in done.stderr, done
    assert done.returncode and not done.stdout, done


def test_who_may_not_be_looked_at():
    """A program that its user may run and not read: its paths are not known.
    PROGRAM itself is the shim's then. What another opens is the kernel's, and
    that is said; what it is given is ours, and fails where it points to memory."""
    if os.getuid():
        raise tap.Skip('not root: it takes a program of another user')
    copy = shutil.copy(CLIENT, f'{folder.name}/unreadable')
    os.chmod(copy, 0o711)
    done = ordinary_user(copy, '/dev/i2c-0', 'open', form='auto')
    assert (done.stdout, done.stderr) == ('open: ours\n', ''), done
    done = run('run', '--redirect=seccomp', '-a', STUB, '--', copy, '/dev/i2c-0',
               'open', user=1000, tool=f'{folder.name}/i2cpt-replay',
               env=dict(ENV, LD_LIBRARY_PATH=folder.name))
    assert done.returncode == 125 and 'not read: Permission' in done.stderr, done
    done = ordinary_user('sh', '-c', f'{copy} /dev/i2c-0 open')
    assert done.stdout == 'open: ENOENT\n', done
    assert 'unreadable: its memory may not be looked at' in done.stderr, done
    done = ordinary_user('sh', '-c', f'exec {copy} /dev/i2c-0 use_0 </dev/i2c-0')
    assert done.stdout == 'EPERM\n', done


def test_a_bus_that_comes_with_descriptors():
    done = under('seccomp', 'sh', '-c',
                 f'exec 5</dev/i2c-0; {TOOL} run -a stub --bus 4 -- true')
    assert 'descriptor 5 of the program is the real /dev/i2c-0' in \
        done.stderr, done


def test_unknown_forms():
    done = run('run', '--redirect=magic', '-a', 'stub', '--', 'true')
    assert done.returncode == 125 and 'auto, seccomp or preload' in done.stderr


# --------------------------------------------------------------- who is there

def test_two_hundred_at_once():
    done = under('seccomp', 'sh', '-c',
                 f'for i in $(seq 200); do {CLIENT} /dev/i2c-0 open & done; wait')
    assert done.stdout.count('ours\n') == 200, done
    assert done.stderr == '', done


def test_what_is_left_behind_goes_on():
    """A daemon whose run has ended opens files as before, and no bus."""
    done = under('seccomp', 'sh', '-c',
                 f'mkfifo go; (exec >left 2>&1 </dev/null; cat go; cat board; '
                 f'{CLIENT} /dev/i2c-0 open; echo end) & exit 0')
    assert done.returncode == 0, done
    with open('go', 'w', encoding='utf-8') as file:
        file.write('go\n')
    wait_for(lambda: 'end' in read('left'))
    assert 'chip 0x50' in read('left'), read('left')
    assert 'open: ENODEV' in read('left'), read('left')


def read(name):
    with open(name, encoding='utf-8', errors='replace') as file:
        return file.read()


def started():
    """A run whose program reads the bus for ever: (run, keeper, program)."""
    owner = subprocess.Popen(
        [TOOL, 'run', '--redirect=seccomp', '-a', STUB, '--', 'sh', '-c',
         f'while :; do {CLIENT} /dev/i2c-0 open; done'], env=ENV,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL)
    line = owner.stdout.readline()
    if not line:
        raise tap.Skip(owner.stderr.read().decode())
    assert line == b'open: ours\n', line
    keeper = children(owner.pid)[0]
    return owner, keeper, children(keeper)[0]


def finish(owner):
    threads = owner.communicate(timeout=60)
    return threads[1].decode()


def test_the_program_is_killed():
    for _ in range(5):
        owner, keeper, program = started()
        os.kill(program, signal.SIGKILL)
        finish(owner)
        assert owner.returncode == 137, owner.returncode
        wait_for(lambda: gone(keeper))


def test_the_owner_is_killed():
    """The program gets errors, and goes on; the keeper ends with it."""
    for _ in range(5):
        owner, keeper, program = started()
        os.kill(owner.pid, signal.SIGKILL)
        seen = b''
        while b'ENODEV' not in seen:
            seen = owner.stdout.readline()
            assert seen, 'the program ended'
        assert not gone(program)
        os.kill(program, signal.SIGKILL)
        wait_for(lambda: gone(keeper))
        finish(owner)


def test_the_keeper_is_killed():
    for _ in range(5):
        owner, keeper, program = started()
        os.kill(keeper, signal.SIGKILL)
        os.kill(program, signal.SIGKILL)
        err = finish(owner)
        assert 'the keeper was killed' in err, err


def test_killed_at_random_moments():
    for turn in range(int(os.environ.get('I2CPT_KILLS', '10'))):
        owner, keeper, program = started()
        for _ in range(random.Random(turn).randrange(3)):
            owner.stdout.readline()
        victim = (owner.pid, program)[turn % 2]
        os.kill(victim, signal.SIGKILL)
        if victim != program:
            os.kill(program, signal.SIGKILL)
        finish(owner)
        wait_for(lambda: gone(keeper))


OPENING = '''import fcntl, os, threading
said = 'before'
def transfers():
    global said
    fd = os.open('/dev/i2c-0', os.O_RDWR)
    fcntl.ioctl(fd, 0x703, 0x50)
    for _ in range(1000):
        os.write(fd, b'0')
    said = 'opened'
    fcntl.ioctl(fd, 0x703, 0x51)
    os.write(fd, b'0')
    print('ends', flush=True)
thread = threading.Thread(target=transfers, daemon=True)
thread.start()
while True:
    os.close(os.open('/dev/i2c-0', os.O_RDWR))
    print(said, flush=True)
'''


def test_a_transfer_that_lasts_after_quick_ones_keeps_nobody():
    with open('lasting', 'w', encoding='utf-8') as board:
        board.write('chip 0x50 registers\nchip 0x51 registers\n'
                    'fault stretch on=any at=0 count=always '
                    'stretch-us=30000000\n')
    with open('opening.py', 'w', encoding='utf-8') as file:
        file.write(OPENING)
    owner = subprocess.Popen(
        [TOOL, 'run', '--redirect=seccomp', '-a',
         f'stub,load={folder.name}/lasting,timeout-ms=60000', '--',
         '/usr/bin/python3', 'opening.py'], env=ENV, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = owner.stdout.readline()
    if not line:
        raise tap.Skip(owner.stderr.read().decode())
    program = children(children(owner.pid)[0])[0]
    opened = 0
    while opened < 2000 and line and line != b'ends\n':
        line = owner.stdout.readline()
        opened += line == b'opened\n'
    os.kill(program, signal.SIGKILL)
    owner.kill()
    finish(owner)
    assert opened == 2000, (opened, line)


tap.main(globals())
