#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-gpiochip.py I2CPT-REPLAY GPIO-CLIENT LIBI2CPT: lines of an adapter as PROGRAM's
/dev/gpiochipM: libgpiod's tools of both interfaces, its Python module, and a
client that makes the calls itself."""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from processes import children, gone, wait_for

TOOL, CLIENT, LIBRARY = map(os.path.abspath, sys.argv[1:4])
CACHE = os.environ.get('I2CPT_CACHE') or os.path.join(
    os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'),
    'libi2cpt')
ENV = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin',
           ASAN_OPTIONS='detect_leaks=0')
ENV.pop('LD_PRELOAD', None)
CANNOT = 'i2cpt-replay: --redirect=seccomp cannot be here'
ROUNDS = 1000
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
os.chmod('.', 0o755)
with open('board', 'w', encoding='utf-8') as file:
    file.write('chip 0x19 registers\nreg 0x10 = 00\n'
               'line drdy reg=0x10 mask=0x01\nline alert reg=0x10 mask=0x02\n')
with open('sampling', 'w', encoding='utf-8') as file:
    file.write('chip 0x19 registers\nreg 0x27 type=clear-on-read\n'
               'reg 0x28 = 00\n'
               'line drdy reg=0x27 mask=0x08 every-us=1000 counter=0x28\n')
STUB = f'stub,load={folder.name}/board'
SAMPLING = f'stub,load={folder.name}/sampling'


def run(*words, **more):
    done = subprocess.run([TOOL, *words], text=True, stdin=subprocess.DEVNULL,
                          errors='replace', stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=200, env=ENV, **more)
    if done.returncode == 125 and done.stderr.startswith(CANNOT):
        raise tap.Skip(done.stderr.strip())
    return done


def under(adapter, *command):
    return run('run', '--redirect=seccomp', '--gpiochip', '7', '-a', adapter,
               '--', *command)


def check(done, out, err=''):
    assert (done.stdout, done.stderr, done.returncode) == (out, err, 0), done


# ----------------------------------------------------------- libgpiod's tools

# Both edges of a line that a write moves, once somebody has the line.
MONITOR = '''%(mon)s >edges & mon=$!
until %(info)s | grep -q "drdy.*\\([[]used\\|consumer\\)"; do kill -0 $mon; done
i2cset -y 0 0x19 0x10 1; i2cset -y 0 0x19 0x10 0; wait $mon; cat edges'''


def gpiod_1(name):
    if not shutil.which(name, path=ENV['PATH']):
        raise tap.Skip('the package gpiod is not installed')
    said = subprocess.run([name, '--version'], stdout=subprocess.PIPE,
                          text=True, check=True, env=ENV).stdout
    if ') v1.' not in said:
        raise tap.Skip(said.splitlines()[0])


def gpiod_2():
    """What runs one of its tools, out of Debian 13."""
    for loader in glob.glob(f'{CACHE}/deb/trixie-*/*/usr/lib64/ld-linux-*'):
        tree = os.path.dirname(os.path.dirname(loader))
        lib = glob.glob(f'{tree}/lib/*/libgpiod.so.3')
        if lib and os.path.exists(f'{tree}/bin/gpioinfo'):
            return f'{loader} --library-path {os.path.dirname(lib[0])} ' \
                   f'{tree}/bin/'
    raise tap.Skip('tests/cache deb trixie gpiod libgpiod3 libc6')


def test_detect_and_info_of_libgpiod_1():
    gpiod_1('gpioinfo')
    check(under(STUB, 'sh', '-c', 'gpiodetect; gpioinfo; gpiofind alert'),
          'gpiochip7 [stub] (2 lines)\ngpiochip7 - 2 lines:\n'
          '\tline   0:       "drdy"       unused   input  active-high \n'
          '\tline   1:      "alert"       unused   input  active-high \n'
          'gpiochip7 1\n')


def test_get_of_libgpiod_1():
    gpiod_1('gpioget')
    check(under(STUB, 'sh', '-c', 'i2cset -y 0 0x19 0x10 2; '
                'gpioget gpiochip7 0 1; gpioget -l gpiochip7 0 1'),
          '0 1\n1 0\n')


def test_set_of_libgpiod_1_is_refused():
    gpiod_1('gpioset')
    done = under(STUB, 'gpioset', 'gpiochip7', '0=1')
    assert done.returncode and 'Input/output error' in done.stderr, done


def test_monitor_of_libgpiod_1():
    gpiod_1('gpiomon')
    done = under(STUB, 'sh', '-ec', MONITOR % {
        'mon': "gpiomon -n 2 -F '%e %o' gpiochip7 0", 'info': 'gpioinfo'})
    check(done, '1 0\n0 0\n')


def test_detect_and_info_of_libgpiod_2():
    tool = gpiod_2()
    check(under(STUB, 'sh', '-c', f'{tool}gpiodetect; {tool}gpioinfo'),
          'gpiochip7 [stub] (2 lines)\ngpiochip7 - 2 lines:\n'
          '\tline   0:\t"drdy"          \tinput\n'
          '\tline   1:\t"alert"         \tinput\n')


def test_get_of_libgpiod_2():
    tool = gpiod_2()
    check(under(STUB, 'sh', '-c', 'i2cset -y 0 0x19 0x10 2; '
                f'{tool}gpioget drdy alert; {tool}gpioget -l -c 7 0 1'),
          '"drdy"=inactive "alert"=active\n"0"=active "1"=inactive\n')


def test_monitor_of_libgpiod_2():
    tool = gpiod_2()
    done = under(STUB, 'sh', '-ec', MONITOR % {
        'mon': f"{tool}gpiomon -n 2 -F '%e %o %l' drdy",
        'info': f'{tool}gpioinfo'})
    check(done, '1 0 drdy\n2 0 drdy\n')


# --------------------------------------------------------------- whole rounds

PYTHON = '''import fcntl, os, gpiod
line = gpiod.Chip('gpiochip7').get_line(0)
line.request(consumer='rounds', type=gpiod.LINE_REQ_EV_RISING_EDGE)
bus = os.open('/dev/i2c-0', os.O_RDWR)
fcntl.ioctl(bus, 0x703, 0x19)
def register(number):
    os.write(bus, bytes([number]))
    return os.read(bus, 1)[0]
for _ in range(%d):
    while not line.get_value():
        assert line.event_wait(sec=60)
        line.event_read()
    print(register(0x28), register(0x27))
'''


def rounds(*command):
    """None lost and none doubled; the same when it is replayed."""
    words = ('--redirect=seccomp', '--gpiochip', '7')
    recorded = run('record', *words, '-o', 'rounds.i2ct', '-a', SAMPLING, '--',
                   *command)
    check(recorded, ''.join(f'{number % 256} 8\n'
                            for number in range(1, ROUNDS + 1)))
    for more in (), ('--match', 'lookup'), ('--timing', 'recorded'):
        check(run('replay', *words, *(more or ('--match', 'strict')),
                  'rounds.i2ct', '--', *command), recorded.stdout)
    with open('rounds.i2ct', encoding='utf-8') as trace:
        changes = [line.split()[3] for line in trace if ' irq drdy ' in line]
    assert changes.count('1') - ROUNDS in (0, 1), len(changes)


def test_rounds():
    rounds(CLIENT, 'rounds', str(ROUNDS))


def test_rounds_by_edges_alone():
    """An edge that is missing would be waited for, one too many has the next
    number."""
    out = ''.join(f'{number} 1\n' for number in range(1, ROUNDS + 1))
    words = ('--redirect=seccomp', '--gpiochip', '7')
    check(run('record', *words, '-o', 'edges.i2ct', '-a', STUB, '--', CLIENT,
              'edges', str(ROUNDS)), out)
    check(run('replay', *words, 'edges.i2ct', '--', CLIENT, 'edges',
              str(ROUNDS)), out)


def test_an_edge_before_the_line_is_asked_for():
    """One that came before any transfer, and after PROGRAM had the line."""
    with open('first.i2ct', 'w', encoding='utf-8') as trace:
        trace.write('i2cpt-trace 1\nadapter: stub\nlines: drdy\n'
                    '0.000000 irq drdy 0\n0.005000 irq drdy 1\n'
                    '0.006000 +0.000100 w1@0x19 27\n'
                    '0.007000 +0.000100 r1@0x19 = 08\n0.007100 irq drdy 0\n'
                    'end 2\n')
    for timing in 'off', 'recorded':
        done = run('replay', '--redirect=seccomp', '--gpiochip', '7',
                   '--timing', timing, 'first.i2ct', '--', CLIENT, 'first')
        check(done, 'level 0\nedge 1\nsample 8\n')


def test_rounds_in_python():
    try:
        subprocess.run(['/usr/bin/python3', '-c', 'import gpiod; gpiod.Chip; '
                        'gpiod.LINE_REQ_EV_RISING_EDGE'], check=True,
                       stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        raise tap.Skip('the package python3-libgpiod (1) is not installed')
    rounds('/usr/bin/python3', '-c', PYTHON % ROUNDS)


def test_a_line_that_is_active_when_it_begins():
    with open('active.i2ct', 'w', encoding='utf-8') as trace:
        trace.write('i2cpt-trace 1\nadapter: stub\nlines: drdy\n'
                    '0.000000 irq drdy 1\n'
                    '0.006000 +0.000100 w1@0x19 27\n'
                    '0.007000 +0.000100 r1@0x19 = 08\n0.007100 irq drdy 0\n'
                    '0.009000 irq drdy 1\nend 2\n')
    done = run('replay', '--redirect=seccomp', '--gpiochip', '7', 'active.i2ct',
               '--', CLIENT, 'active')
    check(done, 'level 1\nedges 0\nsample 8\nedge 1\nmore 0\n')


def test_a_line_of_another_name_that_is_active_when_it_begins():
    """By `run` too: what matters is that its adapter is a recording."""
    with open('named.i2ct', 'w', encoding='utf-8') as trace:
        trace.write('i2cpt-trace 1\nadapter: stub\nlines: ready\n'
                    '0.000000 irq ready 1\n0.005000 irq ready 0\n'
                    '0.006000 +0.000100 w1@0x19 27\n'
                    '0.007000 +0.000100 r1@0x19 = 08\n0.007100 irq ready 1\n'
                    'end 2\n')
    done = under('trace,file=named.i2ct,match=strict,line.drdy=trace:ready,'
                 'line.drdy.active-low=on', CLIENT, 'first')
    check(done, 'level 0\nedge 1\nsample 8\n')


# -------------------------------------------------------------- call by call

def test_calls():
    with open(f'{os.path.dirname(os.path.abspath(__file__))}/gpio-rows.txt',
              encoding='utf-8') as rows:
        expected = [line.split('#')[0].rstrip() for line in rows]
    expected = [line for line in expected if line]
    done = under(STUB, CLIENT, 'rows')
    wrong = [pair for pair in zip(expected, done.stdout.splitlines())
             if pair[0] != pair[1]]
    assert not wrong and not done.stderr and not done.returncode, (wrong, done)
    assert len(done.stdout.splitlines()) == len(expected), done


def started(*command):
    """A run whose program says a line: (run, keeper, program)."""
    owner = subprocess.Popen(
        [TOOL, 'run', '--redirect=seccomp', '--gpiochip', '7', '-a', STUB, '--',
         *command], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.PIPE, text=True)
    line = owner.stdout.readline()
    if not line:
        raise tap.Skip(owner.stderr.read())
    keeper = children(owner.pid)[0]
    return owner, keeper, children(keeper)[0]


def test_the_program_is_killed():
    """What it had is free for who comes next."""
    done = under(STUB, 'sh', '-c', f'{CLIENT} hold & client=$!; '
                 f'until gpioinfo | grep -q "[[]used"; do :; done; '
                 f'{CLIENT} level; kill -9 $client; wait $client; '
                 f'until {CLIENT} level | grep 0; do :; done')
    assert done.stdout == 'held 0\nlevel: EBUSY\nlevel 0\n', done


def test_the_owner_is_killed():
    owner, keeper, program = started(CLIENT, 'hold')
    os.kill(owner.pid, signal.SIGKILL)
    assert owner.stdout.readline() == 'read: ECONNABORTED\n'
    assert owner.stdout.readline() == 'level: ENOTCONN\n'
    wait_for(lambda: gone(program) and gone(keeper))
    owner.communicate()


def test_an_ordinary_user():
    if os.getuid():
        raise tap.Skip('not root: all other cases are this one')
    for source in (TOOL, CLIENT, LIBRARY):
        shutil.copy(source, folder.name)
    os.symlink(os.path.basename(LIBRARY), f'{folder.name}/libi2cpt.so.0')
    done = subprocess.run(
        ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups',
         f'{folder.name}/i2cpt-replay', 'run', '--redirect=seccomp',
         '--gpiochip', '7', '-a', STUB, '--',
         f'{folder.name}/{os.path.basename(CLIENT)}', 'edges', '3'], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100,
        stdin=subprocess.DEVNULL,
        env=dict(ENV, LD_LIBRARY_PATH=folder.name, HOME='/tmp'))
    if done.stderr.startswith(CANNOT):
        raise tap.Skip(done.stderr.strip())
    check(done, '1 1\n2 1\n3 1\n')


def test_by_other_names():
    """A link, a path that is not simple, and what /sys says; others are let be."""
    done = under(STUB, 'sh', '-c', 'ln -sf /dev/gpiochip7 link; echo <link; '
                 'cd /dev; echo <./../dev//gpiochip7; ls gpiochip7; '
                 'dev=$(cat /sys/bus/gpio/devices/gpiochip7/dev); '
                 'realpath /sys/dev/char/$dev /sys/dev/char/$dev/subsystem; '
                 'stat -Lc "%F %Hr:%Lr" /dev/gpiochip7 | sed "s/$dev/same/"; '
                 'ls /dev/gpiochip8')
    assert done.stdout == ('\n\ngpiochip7\n/sys/bus/gpio/devices/gpiochip7\n'
                           '/sys/bus/gpio\ncharacter special file same\n') and \
        'No such file' in done.stderr, done


# -------------------------------------------------------------- who is told

def test_numbers():
    free = next(n for n in range(1000) if not os.path.exists(f'/dev/gpiochip{n}'))
    done = run('run', '--redirect=seccomp', '-a', STUB, '--', 'sh', '-c',
               f'echo </dev/gpiochip{free}')
    check(done, '\n', f'i2cpt-replay: /dev/gpiochip{free} '
          'has the lines of /dev/i2c-0: drdy, alert\n')
    done = run('run', '--redirect=seccomp', '--gpiochip', '3', '--bus',
               f'0={STUB}', '--bus', '1=stub,chips=0x50', '--bus', f'2={STUB}',
               '--', 'sh', '-c', 'ls /dev | grep gpiochip; cat '
               '/sys/bus/gpio/devices/*/uevent | grep DEVNAME')
    assert done.stdout.split() == ['gpiochip3', 'gpiochip4',
                                   'DEVNAME=gpiochip3',
                                   'DEVNAME=gpiochip4'], done
    done = run('run', '--gpiochip', 'x', '-a', STUB, '--', 'true')
    assert done.returncode == 125 and '--gpiochip x: accepted is 0 to' in \
        done.stderr, done


def test_none_by_the_shim():
    done = run('run', '--redirect=preload', '-a', STUB, '--', 'i2cget', '-y',
               '0', '0x19', '0x10')
    assert done.stdout == '0x00\n' and done.stderr.count('\n') == 1, done
    assert 'gives no /dev/gpiochip' in done.stderr and '(drdy, alert)' in \
        done.stderr and 'redirect at the system call' in done.stderr, done


def test_none_without_lines():
    done = run('run', '--redirect=seccomp', '-a', 'stub,chips=0x50', '--', 'sh',
               '-c', 'i2cdetect -y 0; ls /dev')
    assert 'gpiochip' not in done.stderr, done
    assert glob.glob('/dev/gpiochip*') or 'gpiochip' not in done.stdout, done
    done = under('stub,chips=0x50', 'i2cget', '-y', '0', '0x50', '0')
    assert done.returncode == 0 and done.stderr == 'i2cpt-replay: --gpiochip ' \
        '7: there is no such chip, as the adapter has no lines\n', done


def test_inside_a_run():
    """One without lines around it, whose filter lets their requests pass."""
    inner = (TOOL, 'run', '--redirect=seccomp', '--gpiochip', '7', '-a', STUB,
             '--', CLIENT, 'level')
    unused = 'i2cpt-replay: the program opened no redirected bus (/dev/i2c-0)\n'
    check(under(SAMPLING, *inner), 'level 0\n', unused)
    check(run('run', '--redirect=seccomp', '-a', 'stub,chips=0x50', '--',
              *inner), 'level: EOPNOTSUPP\n', unused)


tap.main(globals())
