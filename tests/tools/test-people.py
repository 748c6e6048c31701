#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-people.py I2CPT-REPLAY: what a person may expect who has not read it
all."""
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import TOOL, read, run, write

STUB = 'stub,chips=0x48'
TRACE = ('i2cpt-trace 1\nadapter: stub\n0.0 +0.1 w1@0x48 00 r1 = 00\n'
         '0.1 +0.1 w1@0x48 01 r1 = 00\nend 2\n')


def test_a_trace_knows_its_bus():
    open_node = 'open("/dev/i2c-%d").close()'
    run('record', '-o', 'bus.i2ct', '-a', STUB, '--bus', '7', '--',
        sys.executable, '-c', open_node % 7)
    assert '\nseen-as: 7\n' in read('bus.i2ct'), read('bus.i2ct')
    run('replay', 'bus.i2ct', '--', sys.executable, '-c', open_node % 7)
    run('replay', 'bus.i2ct', '--bus', '3', '--', sys.executable, '-c',
        open_node % 3)
    run('record', '-o', 'two.i2ct', '--bus', '4=stub', '--bus', '5=stub', '--',
        sys.executable, '-c', open_node % 4)
    assert 'seen-as' not in read('two.i2ct')
    run('replay', 'two.i2ct', '--', sys.executable, '-c', open_node % 5)


def test_a_program_that_only_root_has_in_path():
    """Debian's i2c-tools; a user who is none is told where they are."""
    program = next((name for name in ('i2cdetect', 'ldconfig', 'chroot')
                    if os.access(f'/usr/sbin/{name}', os.X_OK)), None)
    if not program:
        raise tap.Skip('nothing is in /usr/sbin')
    for name, says in ((program, f'{program}: not found in PATH; there is '
                        f'/usr/sbin/{program}'),
                       ('no-such-program', 'no-such-program: not found')):
        done = subprocess.run([TOOL, 'run', '-a', STUB, '--', name], text=True,
                              stderr=subprocess.PIPE, timeout=60, check=False,
                              env=dict(os.environ, PATH='/nowhere'))
        assert done.returncode == 127, done
        assert done.stderr == f'i2cpt-replay: {says}\n', done


# What is wrong with our own words is 2, or 125 where a PROGRAM has statuses of
# its own.
WORDS = [
    ('record -o o.i2ct', 2, 'record needs'),
    ('record -o o.i2ct -- true', 125, 'no adapter given'),
    ('record -o o.i2ct true', 125, 'no adapter given'),
    ('record -o o.i2ct -a stub --nonsense --transfers -', 2, 'unknown option'),
    ('record -o o.i2ct -a stub --nonsense -- true', 125, 'unknown option'),
    ('record -o o.i2ct -a stub,record=x -- true', 125, 'leave record= out'),
    ('record -o o.i2ct -a stub --bus x -- true', 125, '--bus x'),
    ('record -o o.i2ct -a stub --transfers - -- true', 125, 'record needs'),
    ('record -o o.i2ct --transfers -', 2, 'no adapter given'),
    ('record -a stub -- true', 125, 'record needs'),
    ('record -o', 2, 'needs a value'),
    ('replay', 2, 'needs a TRACE'),
    ('replay a.i2ct', 2, 'needs -a'),
    ('replay a.i2ct --', 125, 'needs -a'),
    ('replay a.i2ct --timing x -a stub', 2, '--timing=x'),
    ('replay a.i2ct --timing x -- true', 125, '--timing=x'),
    ('replay a.i2ct --match strict -a stub', 2, 'go with a PROGRAM'),
    ('replay a.i2ct -a stub -- true', 125, 'one word too many'),
    ('replay a.i2ct --report a.i2ct -- true', 125, '--report'),
    ('replay a.i2ct --report a.i2ct true', 125, '--report'),
    ('replay a.i2ct --report a.i2ct -a stub', 2, '--report'),
    ('replay a.i2ct --redirect x -- true', 125, '--redirect=x'),
    ('run -a stub', 125, 'needs a PROGRAM'),
    ('run true', 125, 'no adapter given'),
    ('run --nonsense -- true', 125, 'unknown option'),
    ('run -a', 125, 'needs a value'),
    ('show', 2, 'needs a TRACE'),
    ('show a.i2ct -- true', 2, 'one word too many'),
    ('serve -a stub -- true', 2, 'one word too many'),
]


def test_what_is_wrong_with_our_words():
    write('a.i2ct', TRACE)
    for words, status, line in WORDS:
        out, err = run(*words.split(), status=status)
        assert line in err and out == '', (words, out, err)
        assert read('a.i2ct') == TRACE and not os.path.exists('o.i2ct'), words


# A name may hold anything but a NUL: what a terminal would obey is a `?`, each
# by itself, in every line to a person; JSON has it as it is.
NAMES = [
    ('a\x1b[31m\n\x07b', 'a?[31m??b'),
    ('a\x7f\tb', 'a??b'),
    ('a\x9b5mb\x85', 'a?5mb?'),
    ('ä€\U0001f600 ok', 'ä€\U0001f600 ok'),
    (os.fsdecode(b'a\xff\xc3b\xe2\x82'), 'a??b??'),
]
SPEAKS = [
    ('check {}', 0), ('check {}.none', 3), ('stats {}', 0),
    ('stats {}.none', 3), ('show {}.none', 3), ('show {} --transfer 99', 2),
    ('diff {} {}', 0), ('diff {} other', 1), ('diff {} {}.none', 3),
    ('replay {} -a stub,chips=0x48', 0), ('replay {} -a stub', 1),
    ('replay {} -a stub --bus 9', 1), ('replay {} -- true', 125),
    ('replay {} -- {}', 127), ('replay {} {} {}', 127),
    ('convert {} out.vcd', 0), ('convert {}.none out.i2ct', 3),
    ('convert {} {}.none', 2), ('run -a {} -- true', 125),
    ('run -a trace,,file={}.none -- true', 125), ('{}', 2), ('show {} {}', 2),
    ('check --{}', 2), ('record -o {}/none/x -a stub -- true', 125),
    ('record -o new -a stub --transfers {}.none', 3),
]


def test_names_are_shown_without_control_characters():
    write('other', TRACE.replace('01 r1 = 00', '01 r1 = 01'))
    for name, shown in NAMES:
        shutil.copy('other', name)
        write(name, TRACE)
        for words, status in SPEAKS:
            words = [word.replace(',,', ',').format(*4 * [name])
                     for word in words.split()]
            done = subprocess.run([TOOL, *words], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, timeout=60,
                                  stderr=subprocess.PIPE)
            said = (done.stdout + done.stderr).decode()
            assert done.returncode == status, (words, done)
            assert not [c for c in said if c < ' ' and c != '\n' or
                        '\x7f' <= c < '\xa0'], (words, said)
            assert name == shown or name not in said, (words, said)
            if words[0] in ('check', 'stats', 'diff') and not status:
                assert shown in said, (words, said)
        out, _ = run('check', '--json', name)
        if not name.startswith(os.fsdecode(b'a\xff')):
            assert json.loads(out)['trace'] == name, out


def test_one_is_not_several():
    write('one.i2ct', TRACE.replace('end 2', 'irq a 1\nend 1').replace(
        '0.1 +0.1 w1@0x48 01 r1 = 00\n', '').replace('irq', '1 irq'))
    write('cut.i2ct', TRACE[:TRACE.index('0.1 +0.1') + 4])
    for words, status, line in (
            ('check one.i2ct', 0, 'one.i2ct: whole, 1 transfer\n'),
            ('check cut.i2ct', 1, ', 1 transfer readable'),
            ('stats one.i2ct', 0, ': 1 transfer, 1 event in'),
            ('diff one.i2ct one.i2ct', 0, '1 transfer the same, '),
            ('replay one.i2ct -a stub,chips=0x48', 0, ': 1 transfer, 0 differ'),
            ('replay one.i2ct -- true', 125, '1 of 1 transfer was not asked')):
        out, err = run(*words.split(), status=status)
        assert line in out + err, (words, out, err)


def test_none_of_what_was_asked_for_is_no_success():
    two = TRACE.replace('+0.1 w1', '+0.1 i2c-1: w1')
    write('zero.i2ct', TRACE)
    write('two.i2ct', two.replace('adapter: stub', 'bus: 1 stub'))
    write('empty.i2ct', 'i2cpt-trace 1\nadapter: stub\nend 0\n')
    for words, status, line in (
            ('zero.i2ct', 0, ''), ('zero.i2ct --bus 0', 0, ''),
            ('zero.i2ct --bus 5', 1, 'zero.i2ct: no transfer of bus 5\n'),
            ('two.i2ct --bus 1', 0, ''),
            ('two.i2ct', 1, 'two.i2ct: no transfer of bus 0\n'),
            ('empty.i2ct', 0, ''),
            ('empty.i2ct --bus 0', 1, 'no transfer of bus 0')):
        _, err = run('replay', *words.split(), '-a', STUB, '--report', 'r.json',
                     status=status)
        assert line in err and (line or not err), (words, err)
        report = json.loads(read('r.json'))
        assert report['verdict'] == ('mismatch' if status else 'same'), report
        assert report['status'] == status and report['first'] in err, report


def test_converting_what_is_not_there():
    write('keep.i2ct', 'kept')
    for out in 'keep.i2ct', 'new.vcd', 'new.pcap', 'new.i2ct':
        for more in (), ('--from', 'saleae'), ('--from', 'trace', '--to', 'vcd'):
            _, err = run('convert', 'no.csv', out, *more, status=3)
            assert err == 'i2cpt-replay: no.csv: No such file or directory\n', err
    assert read('keep.i2ct') == 'kept'
    assert not [f for f in os.listdir('.') if f.startswith('new')]


def test_stats_fit_a_terminal():
    write('scan.i2ct', 'i2cpt-trace 1\nadapter: stub\nseen-as: 7\n'
          'frequency: 100000\n' + ''.join(
              f'{n}.0 +0.12 w0@{n:#04x}' +
              ('\n' if n in (0x30, 0x48) else ' ! ENXIO phase=address msg=0\n')
              for n in range(0x08, 0x78)) +
          '200 +100.5 w2@0x48 01 02 ! EIO phase=data msg=0 byte=1\nend 113\n')
    out, _ = run('stats', 'scan.i2ct')
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80, out
    assert lines[1] == 'recorded as /dev/i2c-7', out
    assert [line.split()[1] for line in lines[3:5]] == ['0x30', '0x48'], out
    assert lines[-1] == '  0 absent: 0x08-0x2f 0x31-0x47 0x49-0x77', out
    out, _ = run('stats', '--json', 'scan.i2ct')
    assert json.loads(out)['seen_as'] == '7', out


def test_a_node_is_an_adapter():
    for spec in '/dev/i2c-987', '/dev/i2c-987,timeout-ms=5':
        _, err = run('run', '-a', spec, '--', 'true', status=125)
        assert 'device=/dev/i2c-987' in err or '/dev/i2c-987: No' in err, err
    _, err = run('run', '-a', '/dev/i2c', '--', 'true', status=125)
    assert 'no such backend' in err, err


def test_help_of_a_verb():
    for verb in 'show', 'record', 'run':
        assert run('help', verb) == run(verb, '--help')
    assert run('help')[0] == run('--help')[0]
    assert 'did you mean show?' in run('help', 'shwo', status=2)[1]


def test_did_you_mean():
    for word, meant in (('recrod', 'record'), ('shov', 'show'),
                        ('conver', 'convert'), ('sstats', 'stats')):
        _, err = run(word, status=2)
        assert err == (f"i2cpt-replay: no verb '{word}'; did you mean "
                       f'{meant}?\n'), err
    assert 'there are:' in run('xyzzy', status=2)[1]
    for word in '--nonsense', '-x':
        _, err = run(word, status=2)
        assert err == (f"i2cpt-replay: unknown option '{word}'; before a verb "
                       'there are --help and --version\n'), err
    for name in 'i2c--1', 'i2c- 1':
        _, err = run('detach', name, status=3)
        assert err == (f'i2cpt-replay: detach: {name} is no name in '
                       '/run/libi2cpt and no i2c-N\n'), err
    write('a.i2ct', TRACE)
    _, err = run('show', '--jsno', 'a.i2ct', status=2)
    assert "'--jsno' of show (did you mean --json?)" in err, err
    _, err = run('show', '--xyzzy', 'a.i2ct', status=2)
    assert '(--help lists them)' in err, err


def test_nothing_to_list_is_said():
    out, err = run('list')
    assert bool(out) != ('no adapter found' in err), (out, err)


def test_windows_line_ends_are_named():
    write('crlf.i2ct', TRACE.replace('\n', '\r\n'))
    for verb, status in (('show', 3), ('stats', 3), ('check', 1)):
        out, err = run(verb, 'crlf.i2ct', status=status)
        assert 'crlf.i2ct:1:14: lines end in CR LF' in out + err, (out, err)


def test_a_decimal_address_is_pointed_out():
    _, err = run('run', '-a', 'stub,chips=48:0x50:8', '--', 'true')
    assert '48 is decimal, 0x30; 0x48 is written with 0x' in err, err
    assert err.count('decimal') == 1, err


def test_another_order_hints_at_lookup():
    write('order.i2ct', TRACE)
    client = ('import os,fcntl,ctypes; f=os.open("/dev/i2c-0",os.O_RDWR); '
              'fcntl.ioctl(f,0x0703,0x48); os.write(f,b"\\1")')
    words = ('--', sys.executable, '-c', client)
    write('order.i2ct', TRACE.replace(' r1 = 00', ''))
    _, err = run('replay', 'order.i2ct', *words, status=1)
    assert '--match lookup answers by the request' in err, err
    _, err = run('replay', 'order.i2ct', '--match', 'strict', *words, status=1)
    assert '--match lookup' in err, err
    _, err = run('replay', 'order.i2ct', '--match', 'lookup', *words,
                 status=125)
    assert '--match lookup' not in err, err


def test_channels_of_a_multiplexer_are_told_apart():
    write('mux.i2ct', 'i2cpt-trace 1\n' + ''.join(
        f'0 +0 w1@0x70 {channel}\n0 +0 w1@0x38 00\n0 +0 r1@0x38 = {chip}\n'
        for channel, chip in (('01', '14'), ('02', '28'))) + 'end 6\n')
    client = ('import os,fcntl,sys; f=os.open("/dev/i2c-0",os.O_RDWR)\n'
              'for channel, chip in ((2, 0x28), (1, 0x14)):\n'
              '    fcntl.ioctl(f,0x0703,0x70); os.write(f,bytes([channel]))\n'
              '    fcntl.ioctl(f,0x0703,0x38); os.write(f,b"\\0")\n'
              '    sys.exit(3) if os.read(f,1)[0] != chip else None\n')
    words = ('--match', 'lookup', '--', sys.executable, '-c', client)
    run('replay', 'mux.i2ct', '--mux', '0x70', *words)
    run('replay', 'mux.i2ct', *words, status=3)
    _, err = run('replay', 'mux.i2ct', '--mux', '0x70', '--', 'true', status=125)
    assert 'mux=0x70: only match=lookup looks at it' in err, err


# as the kernel has it (Linux 6.1): what find, udev and scripts look for
SYS = r'''
set -e
cd /
find /sys/class/i2c-dev/ /sys/bus/i2c/devices/i2c-3/ | sort
find -L /sys/class/i2c-dev/i2c-3/ -maxdepth 1 -name 'uev*'
cat /sys/class/i2c-dev/i2c-3/uevent /sys/class/i2c-adapter/i2c-3/uevent
cat /sys/class/i2c-dev/i2c-3/device/name /sys/class/i2c-dev/i2c-3/dev
for link in class/i2c-dev/i2c-3 class/i2c-dev/i2c-3/subsystem \
        class/i2c-dev/i2c-3/device bus/i2c/devices/i2c-3/subsystem \
        class/i2c-adapter/i2c-3; do
    readlink -f /sys/$link
    basename $(readlink /sys/$link)
done
echo /sys/bus/i2c/devices/* /sys/class/i2c-dev/*/dev
'''
DEVICE = '/sys/bus/i2c/devices/i2c-3'
NODE = f'{DEVICE}/i2c-dev/i2c-3'
SEEN = '\n'.join((
    f'{DEVICE}/', f'{DEVICE}/i2c-dev', NODE, f'{NODE}/dev', f'{NODE}/device',
    f'{NODE}/name', f'{NODE}/subsystem', f'{NODE}/uevent', f'{DEVICE}/name',
    f'{DEVICE}/subsystem', f'{DEVICE}/uevent', '/sys/class/i2c-dev/',
    '/sys/class/i2c-dev/i2c-3',
    '/sys/class/i2c-dev/i2c-3/uevent', 'MAJOR=89', 'MINOR=3', 'DEVNAME=i2c-3',
    'probe', '89:3', NODE, 'i2c-3', '/sys/class/i2c-dev', 'i2c-dev', DEVICE,
    'i2c-3', '/sys/bus/i2c', 'i2c', DEVICE, 'i2c-3',
    f'{DEVICE} /sys/class/i2c-dev/i2c-3/dev', ''))
SCRIPTS = {
    'python3': ['-c', 'import glob, os, pathlib\n'
                'for p in glob.glob("/sys/class/i2c-dev/*/device"):\n'
                '    print(p, os.path.isdir(p), os.stat(p).st_mode & 0o40000)\n'
                'print(*pathlib.Path("/sys/bus/i2c/devices").glob("*/name"))'],
    'node': ['-e', 'const fs = require("fs");\n'
             'for (const n of fs.readdirSync("/sys/class/i2c-dev")) {\n'
             '  const p = `/sys/class/i2c-dev/${n}/device`;\n'
             '  console.log(p, fs.statSync(p).isDirectory() ? "True" : p,\n'
             '    fs.statSync(p).mode & 0o40000);}\n'
             'console.log(fs.realpathSync("/sys/bus/i2c/devices/i2c-3/name"))'],
    'ruby': ['-e', 'Dir.glob("/sys/class/i2c-dev/*/device").each { |p|\n'
             '  puts "#{p} #{File.directory?(p) ? "True" : p} "\\\n'
             '    "#{File.stat(p).mode & 040000}" }\n'
             'puts Dir.glob("/sys/bus/i2c/devices/*/name")'],
}


def test_sys_is_as_the_kernel_has_it():
    if os.path.exists('/sys/bus/i2c/devices'):
        return  # its own are seen beside ours; the guests look at that
    for form in 'auto', 'preload':
        words = ('run', f'--redirect={form}', '-a', 'stub,name=probe', '--bus',
                 '3', '--')
        out, _ = run(*words, 'sh', '-c', SYS, env=dict(os.environ, LC_ALL='C'))
        assert out == SEEN, (form, out)
        for program, script in SCRIPTS.items():
            # by the shim: statx(2) that node makes itself is past it
            if shutil.which(program) and (form, program) != ('preload', 'node'):
                out, _ = run(*words, program, *script)
                assert out == (f'/sys/class/i2c-dev/i2c-3/device True 16384\n'
                               f'{DEVICE}/name\n'), (form, program, out)


def test_no_controls_reach_the_terminal():
    for control in '\u009b31m', '\u0085', '\u0080':
        write('c1.i2ct', TRACE.replace('stub', 'x' + control))
        for verb, status in (('show', 3), ('check', 1)):
            out, err = run(verb, 'c1.i2ct', status=status)
            assert control[0] not in out + err, (out, err)
            assert 'control character' in out + err, (out, err)
    write('ok.i2ct', TRACE.replace('stub', '\u00a0\u00b2C \u20ac'))
    assert '\u00b2C \u20ac' in run('show', 'ok.i2ct')[0]
    assert '\u009b' not in run('show', 'no\u009bfile', status=3)[1]


def test_a_hang_up_that_is_ignored_stays_so():
    with subprocess.Popen(
            ['nohup', TOOL, 'record', '-o', 'hup.i2ct', '-a', STUB, '--', 'sh',
             '-c', ': >begun; while [ ! -e go ]; do sleep .05; done; echo end'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tool:
        while not os.path.exists('begun'):
            time.sleep(.01)
        tool.send_signal(signal.SIGHUP)
        write('go', '')
        assert tool.communicate(timeout=60)[0] == b'end\n'
        assert tool.returncode == 0


def few_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))


def test_many_clients_with_few_descriptors():
    with subprocess.Popen([TOOL, 'serve', '-a', STUB, '--socket', 'many.sock'],
                          preexec_fn=few_files) as server:
        while not os.path.exists('many.sock'):
            time.sleep(.01)
        clients = []
        for _ in range(200):
            clients.append(socket.socket(socket.AF_UNIX))
            clients[-1].connect('many.sock')
        folder = f'/proc/{server.pid}/fd'
        while len(os.listdir(folder)) < 200:
            assert server.poll() is None
            time.sleep(.01)
        for client in clients:
            client.close()
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    done = subprocess.run([TOOL, 'run', '-a', STUB, '--', 'sh', '-c',
                           'ulimit -Sn'], preexec_fn=few_files, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stdout == '100\n', done


tap.main(globals())
