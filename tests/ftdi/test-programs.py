#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-programs.py PRELOAD DONGLE-SENSOR [I2CPT-REPLAY]: unmodified programs with
a virtual dongle plugged in, as docs/ftdi.md has them; sigrok reads its pins."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import preload  # noqa: E402
import tap  # noqa: E402

LIBRARY, SENSOR, *REST = map(os.path.abspath, sys.argv[1:])
PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'


def run(*words, hz=400000):
    """Its output, and what sigrok saw."""
    with tempfile.TemporaryDirectory() as folder:
        vcd = os.path.join(folder, 'wave.vcd')
        env = dict(preload.environment(LIBRARY, vcd, words[0]), PATH=PATH)
        done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60, env=env)
        assert done.returncode == 0 and not done.stderr, done
        wave = (preload.judge.decoded(vcd, hz) if shutil.which('sigrok-cli')
                else None)
    return done.stdout, wave


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=PATH):
            raise tap.Skip(f'{program} is not installed')


def replay(*words, hz=400000):
    if not REST:
        raise tap.Skip('the preload shim is not built')
    return run(REST[0], *words, hz=hz)


def test_the_example_reads_the_sensor():
    need('sigrok-cli')
    out, wave = run(SENSOR, 'FT1')
    assert out == '1.05 C on ftdi:1-5:A\n', out  # 01 0c
    assert wave == [
        'Start', 'Write', 'Address write: 48', 'ACK', 'Data write: 00', 'ACK',
        'Start repeat', 'Read', 'Address read: 48', 'ACK', 'Data read: 01',
        'ACK', 'Data read: 0C', 'NACK', 'Stop'], wave


def test_a_dongle_is_listed():
    out, _ = replay('list')
    assert 'ftdi,product=0x6014,serial=FT1' in out, out


def test_i2cdetect_on_a_dongle():
    need('i2cdetect', 'sigrok-cli')
    out, wave = replay('run', '-a', 'ftdi,timeout-ms=20000', '--', 'i2cdetect', '-y', '0',
                       hz=100000)
    seen = [word for line in out.splitlines()[1:]
            for word in line.split(':')[1].split() if word != '--']
    assert seen == ['0e', '48', '50'], out
    asked = [line for line in wave if line.startswith('Address')]
    answered = [wave[i] for i, line in enumerate(wave)
                if wave[i + 1:i + 2] == ['ACK'] and line.startswith('Address')]
    read = (*range(0x30, 0x38), *range(0x50, 0x60))
    assert asked == [f'Address {"read" if a in read else "write"}: {a:02X}'
                     for a in range(0x08, 0x78)], asked
    assert answered == ['Address write: 0E', 'Address write: 48',
                        'Address read: 50'], answered


def test_i2c_tools_write_and_read():
    need('i2ctransfer')
    out, _ = replay('run', '-a', 'ftdi,frequency=400k,timeout-ms=20000', '--', 'sh', '-c',
                    'i2ctransfer -y 0 w4@0x50 0x20 0xaa 0x55 0x99; '
                    'i2ctransfer -y 0 w1@0x50 0x20 r3; i2cget -y 0 0x48 1 w')
    assert out == '0xaa 0x55 0x99\n0x2217\n', out


def test_the_owner_of_a_dongle_can_settle_it():
    for clock, word in (('passes', 'takes its time'), ('none', 'no time')):
        os.environ['I2CPT_FAKE_INPUT_CLOCK'] = clock
        out, wave = replay('ftdi-check', '-a', 'ftdi,timeout-ms=20000')
        del os.environ['I2CPT_FAKE_INPUT_CLOCK']
        line, verdict = out.splitlines()
        assert line.startswith('ftdi-check 1: FT232H, 8192 clocks'), out
        assert 'SCL high, SDA high' in line and word in verdict, out
        assert not wave, wave


# Both edges of a pin that moves in the transfers of another program, and back
# out of the recording.
MONITOR = '''gpioget gpiochip7 0 1
gpiomon -n 3 -F '%e %o' gpiochip7 0 >$0 & mon=$!
until gpioinfo gpiochip7 | grep -q "int.*[[]used"; do kill -0 $mon; done
for i in 1 2 3 4 5; do i2ctransfer -y 0 w9@0x50 0 1 2 3 4 5 6 7 8; done
wait $mon; cat $0; gpioget gpiochip7 0 1'''


def monitored(env, *words):
    done = subprocess.run(
        words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=100, env=env)
    if done.returncode == 125 and 'cannot' in done.stderr:
        raise tap.Skip(done.stderr.strip())
    assert (done.stdout, done.stderr, done.returncode) == (
        '0 1\n1 0\n0 0\n1 0\n1 1\n', '', 0), done


def test_gpiomon_on_a_dongle():
    need('gpiomon', 'i2ctransfer')
    if not REST:
        raise tap.Skip('the preload shim is not built')
    with tempfile.TemporaryDirectory() as folder:
        trace, edges = (os.path.join(folder, name) for name in ('t', 'edges'))
        plain = dict(os.environ, PATH=PATH)
        env = dict(preload.environment(LIBRARY, os.path.join(folder, 'wave'),
                                       REST[0]), PATH=PATH,
                   I2CPT_FAKE_MOVES='11:0:50 11:1:110 11:0:110')
        how = ('--redirect=seccomp', '--gpiochip', '7')
        what = ('--', 'sh', '-ec', MONITOR, edges)
        said = subprocess.run(['gpiomon', '--version'], text=True, check=True,
                              stdout=subprocess.PIPE, env=plain).stdout
        if ') v1.' not in said:
            raise tap.Skip(said.splitlines()[0])
        monitored(env, REST[0], 'record', *how, '-o', trace, '-a',
                  'ftdi,frequency=400k,timeout-ms=20000,line.int=ftdi:C3,'
                  'line.int.active-low=on,line.d6=ftdi:D6', *what)
        with open(trace, encoding='utf-8') as file:
            irqs = [line.split()[2:] for line in file if ' irq ' in line]
        assert irqs == [['int', '0'], ['d6', '1'], ['int', '1'], ['int', '0'],
                        ['int', '1']], irqs
        monitored(plain, REST[0], 'replay', *how, trace, *what)


# Drivers that nobody here wrote: what the chip is given by them, and what they
# say where nothing is on its pins.
EEPROM = '''vendor_id=0x0403
product_id=0x6014
'''
OPENOCD = (
    'adapter driver ftdi', 'ftdi vid_pid 0x0403 0x6014',
    'ftdi layout_init 0x0008 0x000b', 'adapter speed 1000',
    'transport select jtag', 'jtag newtap x cpu -irlen 4', 'init', 'shutdown')
OTHERS = (
    # words, driver bound, exit status, what it says, times MPSSE was begun
    (('flashrom', '-p', 'ft2232_spi:type=232H'), False, 1,
     'No EEPROM/flash device found', True),
    (('openocd', *(x for c in OPENOCD for x in ('-c', c))), True, 0,
     'clock speed 1000 kHz', True),
    (('ftdi_eeprom', '--read-eeprom', 'FOLDER/eeprom.conf'), False, 0,
     'FTDI read eeprom: 0', False),
)


def other(words, bound, status, says, engine):
    need(words[0])
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'eeprom.conf'), 'w') as file:
            file.write(EEPROM)
        vcd = os.path.join(folder, 'wave.vcd')
        env = dict(preload.environment(LIBRARY, vcd, words[0]), PATH=PATH)
        if bound:
            env['I2CPT_FAKE_DRIVER'] = '1'
        done = subprocess.run(
            [w.replace('FOLDER', folder) for w in words], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=100, env=env, cwd=folder)
        assert done.returncode == status and says in done.stdout, done
        assert 'kernel_driver() failed' not in done.stdout, done
        with open(vcd + '.engine') as file:
            begun, bad = map(int, file.read().split())
    assert (begun > 0) == engine and not bad, (begun, bad)


def test_flashrom_knows_the_chip():
    other(*OTHERS[0])


def test_openocd_knows_the_chip():
    other(*OTHERS[1])


def test_ftdi_eeprom_knows_the_chip():
    other(*OTHERS[2])


tap.main(globals())
