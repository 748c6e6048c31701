#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-preload.py I2CPT-REPLAY CLIENT STATIC: unmodified programs on adapters
that they take for /dev/i2c-N, by the preloaded shim. test-redirect.py has both
forms side by side."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

TOOL, CLIENT, STATIC = map(os.path.abspath, sys.argv[1:4])
HERE = os.path.dirname(os.path.abspath(__file__))
ENV = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin')
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)


def run(*words, env=None):
    if words[0] in ('run', 'record', 'replay') and '--' in words:
        at = words.index('--')
        words = (*words[:at], '--redirect=preload', *words[at:])
    done = subprocess.run([TOOL, *words], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, env=env or ENV)
    # many programs here have another purpose
    done.stderr = re.sub(r'i2cpt-replay: the program opened no redirected bus '
                         r'\(.*\n', '', done.stderr)
    return done


def fine(*words):
    done = run(*words)
    assert done.returncode == 0, (words, done)
    assert done.stderr == '', done.stderr
    return done.stdout


def need(program):
    path = shutil.which(program, path=ENV['PATH'])
    if not path:
        raise tap.Skip(f'{program} is not installed')
    return path


def test_a_program_with_its_own_ioctls():
    out = fine('run', '-a', 'stub,chips=0x50:0x51', '--bus', '3', '--', CLIENT,
               '/dev/i2c-3')
    with open(os.path.join(HERE, 'preload-client.expected'),
              encoding='utf-8') as file:
        expected = file.read()
    for mine, theirs in zip(out.splitlines(), expected.splitlines()):
        assert mine == theirs, (mine, theirs)
    assert out == expected


def test_the_second_spelling_of_a_node():
    out = fine('run', '-a', 'stub,chips=0x50', '--', 'sh', '-c',
               'test -c /dev/i2c/0 && test -c /dev/i2c-0 && echo both')
    assert out == 'both\n', out


def test_what_is_in_dev():
    buses = ('run', '--bus', '0=stub', '--bus', '11=stub', '--')
    names = ['i2c-0', 'i2c-11']
    out = fine(*buses, 'ls', '/dev')
    assert [n for n in out.split() if n.startswith('i2c')] == names, out
    out = fine(*buses, 'sh', '-c', 'ls -l /dev/i2c-*')
    assert [row[0] + row.split()[-1] for row in out.splitlines()] == \
        ['c/dev/' + name for name in names], out
    out = fine(*buses, '/usr/bin/python3', '-c', 'import glob, os\n'
               'print(*sorted(n for n in os.listdir("/dev") if "i2c" in n), '
               '*glob.glob("/dev/i2c-?"), len(os.listdir("/dev")))')
    count = len([n for n in os.listdir('/dev') if n not in names]) + 2
    assert out.split() == names + ['/dev/i2c-0', str(count)], out


def test_no_path_leads_out_of_sys():
    out = fine('run', '-a', 'stub', '--', 'realpath', '/sys/class/i2c-dev/i2c-0')
    assert out.startswith('/sys/') and out.endswith('/i2c-0\n'), out


def test_i2cdetect_sees_the_chips():
    need('i2cdetect')
    out = fine('run', '-a', 'stub,chips=0x1d:0x48:0x50-0x51', '--',
               'i2cdetect', '-y', '0')
    seen = [word for line in out.splitlines()[1:]
            for word in line.split(':')[1].split() if word != '--']
    assert seen == ['1d', '48', '50', '51'], out


def test_i2cdetect_lists_what_was_given():
    need('i2cdetect')
    out = fine('run', '--bus', '0=stub,chips=0x50,name=first', '--bus',
               '7=stub,name=second', '--', 'i2cdetect', '-l')
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert 'first' in rows['i2c-0'] and 'second' in rows['i2c-7'], out


def test_each_bus_is_its_own():
    need('i2cget')
    out = fine('run', '--bus', '0=stub,chips=0x50', '--bus',
               '1=stub,chips=0x50', '--', 'sh', '-c',
               'i2cset -y 0 0x50 3 0x10; i2cset -y 1 0x50 3 0x11; '
               'i2cget -y 0 0x50 3; i2cget -y 1 0x50 3')
    assert out == '0x10\n0x11\n', out


def test_i2ctransfer_with_a_repeated_start():
    need('i2ctransfer')
    out = fine('run', '-a', 'stub,chips=0x50', '--', 'sh', '-c',
               'i2ctransfer -y 0 w3@0x50 0x20 0xaa 0x55; '
               'i2ctransfer -y 0 w1@0x50 0x20 r2')
    assert out == '0xaa 0x55\n', out


def test_python_smbus2_or_smbus():
    script = ('import smbus as s\nb = s.SMBus(0)\n'
              'b.write_word_data(0x50, 4, 0x1234)\n'
              'print(hex(b.read_word_data(0x50, 4)))\n'
              'b.write_i2c_block_data(0x50, 8, [1, 2, 3])\n'
              'print(b.read_i2c_block_data(0x50, 8, 3))\n')
    for module in ('smbus2', 'smbus'):
        if subprocess.run(['/usr/bin/python3', '-c', 'import ' + module],
                          stderr=subprocess.DEVNULL).returncode == 0:
            out = fine('run', '-a', 'stub,chips=0x50', '--',
                       '/usr/bin/python3', '-c',
                       script.replace('import smbus as', f'import {module} as'))
            assert out == '0x1234\n[1, 2, 3]\n', out
            return
    raise tap.Skip('neither python3-smbus2 nor python3-smbus is installed')


def test_the_programs_own_status():
    for command, status in (('exit 0', 0), ('exit 7', 7), ('kill -9 $$', 137),
                            ('kill -TERM $$', 143)):
        done = run('run', '-a', 'stub', '--', 'sh', '-c', command)
        assert done.returncode == status, (command, done)
        assert done.stderr == '', done.stderr


def test_a_program_that_is_not_there():
    done = run('run', '-a', 'stub', '--', './nothing')
    assert done.returncode == 127 and './nothing' in done.stderr, done


def test_a_program_that_may_not_run():
    with open('plain', 'w', encoding='utf-8') as file:
        file.write('text\n')
    done = run('run', '-a', 'stub', '--', './plain')
    assert done.returncode in (126, 127) and './plain' in done.stderr, done


def test_our_failures_are_125():
    for words, names in (
            (('-a', 'nothing', '--', 'true'), ['nothing']),
            (('-a', 'stub,chips=0x80', '--', 'true'), ['chips=0x80']),
            (('--bus', '1', '--', 'true'), ['--bus 1']),
            (('--bus', 'x=stub', '--', 'true'), ['--bus x']),
            (('--bus', '1=stub', '--bus', '1=stub', '--', 'true'), ['twice']),
            (('-a', 'stub'), ['PROGRAM']),
            (('--', 'true'), ['-a'])):
        done = run('run', *words)
        assert done.returncode == 125, (words, done)
        for name in names:
            assert name in done.stderr.splitlines()[0], done.stderr


def test_a_static_program_is_refused():
    done = run('run', '-a', 'stub', '--', STATIC)
    assert done.returncode == 125, done
    assert 'statically linked' in done.stderr, done.stderr


def test_nothing_is_left_behind():
    place = os.path.join(folder.name, 'tmp')
    os.mkdir(place)
    done = run('run', '-a', 'stub,chips=0x50', '--', 'true',
               env=dict(ENV, TMPDIR=place))
    assert done.returncode == 0, done
    assert os.listdir(place) == [], os.listdir(place)


def test_across_a_command():
    need('i2cget')
    spec = f'remote,timeout-ms=20000,command={TOOL} serve -a stub,,chips=0x50 --stdio'
    out = fine('run', '-a', spec, '--', 'sh', '-c',
               'i2cset -y 0 0x50 3 0x42; i2cget -y 0 0x50 3')
    assert out == '0x42\n', out


def test_across_a_socket_for_two_clients():
    need('i2cget')
    with subprocess.Popen([TOOL, 'serve', '-a', 'stub,chips=0x50', '--socket',
                           'sock'], stderr=subprocess.PIPE) as server:
        try:
            while not os.path.exists('sock'):
                assert server.poll() is None, server.stderr.read()
            spec = 'remote,socket=sock,connect-timeout-ms=5000'
            fine('run', '-a', spec, '--', 'i2cset', '-y', '0', '0x50', '3',
                 '0x17')
            out = fine('run', '-a', spec, '--', 'i2cget', '-y', '0', '0x50',
                       '3')
            assert out == '0x17\n', out
        finally:
            server.terminate()
        assert server.wait(10) == 0
    assert not os.path.exists('sock')


# What is recorded of each of these replays to the same output and status.
SESSIONS = (
    ('i2cdetect', 'i2cdetect -y 0'),
    ('i2cdetect', 'i2cdetect -y -a -q 0'),
    ('i2cdetect', 'i2cdetect -y -r 0 0x40 0x60'),
    ('i2cget', 'i2cget -y 0 0x50 3; i2cget -y 0 0x50 3 w; '
               'i2cget -y 0 0x50 3 i 8; i2cget -y 0 0x33 0'),
    ('i2cset', 'i2cset -y 0 0x50 3 0x42; i2cset -y 0 0x50 4 0x1234 w; '
               'i2cset -y 0 0x50 8 1 2 3 i; i2cget -y 0 0x50 9'),
    ('i2cdump', 'i2cdump -y 0 0x50 b; i2cdump -y 0 0x50 w; '
                'i2cdump -y 0 0x50 i; i2cdump -y 0 0x50 c'),
    ('i2ctransfer', 'i2ctransfer -y 0 w3@0x50 0 1 2; '
                    'i2ctransfer -y 0 w1@0x50 0 r2 w1@0x51 0 r3; '
                    'i2ctransfer -y 0 w1@0x33 0 r2'),
)


def outcome(done):
    return done.stdout, done.stderr, done.returncode


def test_record_and_replay_of_i2c_tools():
    for program, session in SESSIONS:
        need(program)
        command = ('sh', '-c', f'{session}; exit 3')
        recorded = run('record', '-o', 's.i2ct', '-a', 'stub,chips=0x50:0x51',
                       '--', *command)
        assert recorded.returncode == 3, recorded
        replayed = run('replay', 's.i2ct', '--match', 'strict', '--report',
                       'r.json', '--', *command)
        with open('r.json', encoding='utf-8') as file:
            report = json.load(file)
        assert report['verdict'] == 'same' and report['consumed'], report
        assert outcome(replayed) == outcome(recorded), (recorded, replayed)


def test_a_replay_has_the_names_that_were_seen():
    need('i2cdetect')
    for buses in (('--bus', '2', '-a', 'stub'),
                  ('--bus', '2', '-a', 'stub,name=the sensors'),
                  ('--bus', '2=stub,name=a', '--bus', '5=stub')):
        seen = fine('record', '-o', 'n.i2ct', *buses, '--', 'i2cdetect', '-l')
        assert 'stub' in seen or buses[3][10:] in seen, seen
        number = ('--bus', '2') if len(buses[1]) == 1 else ()
        again = fine('replay', 'n.i2ct', *number, '--', 'i2cdetect', '-l')
        assert again == seen, (seen, again)


def test_record_and_replay_of_a_program_with_its_own_ioctls():
    # without its threads, which come in another order each time
    env = dict(ENV, CLIENT_ONE_THREAD='1')
    command = ('--bus', '3', '--', CLIENT, '/dev/i2c-3')
    recorded = run('record', '-o', 'c.i2ct', '-a', 'stub,chips=0x50:0x51',
                   *command, env=env)
    replayed = run('replay', 'c.i2ct', '--match', 'strict', *command, env=env)
    assert outcome(replayed) == outcome(recorded), (recorded, replayed)
    assert recorded.returncode == 0 and recorded.stderr == '', recorded


def test_a_replay_that_differs_is_125():
    need('i2cset')
    fine('record', '-o', 'd.i2ct', '-a', 'stub,chips=0x50', '--', 'sh', '-c',
         'i2cset -y 0 0x50 3 0x42')
    done = run('replay', 'd.i2ct', '--', 'sh', '-c',
               'i2cset -y 0 0x50 3 0x43 2>/dev/null; true')
    assert done.returncode == 125, done
    assert 'expected w2@0x50 03 42, got w2@0x50 03 43' in done.stderr, done
    done = run('replay', 'd.i2ct', '--report', 'r.json', '--', 'true')
    assert done.returncode == 125 and '1 of 1 transfer was' in done.stderr, done
    with open('r.json', encoding='utf-8') as file:
        assert json.load(file)['verdict'] == 'unconsumed'
    done = run('replay', 'd.i2ct', '--', 'false')
    assert done.returncode == 1, done


def test_a_trace_whose_buses_cannot_be():
    for number in ('0', '1048576', '4294967297'):
        with open('b.i2ct', 'w', encoding='utf-8') as file:
            file.write('i2cpt-trace 1\nbus: 0 stub\n'
                       f'bus: {number} stub\nend 0\n')
        done = run('replay', 'b.i2ct', '--', 'true')
        assert done.returncode == 125, (number, done)
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_several_buses_in_one_trace():
    need('i2cset')
    both = ('--bus', '0=stub,chips=0x50', '--bus', '5=stub,chips=0x50')
    session = ('--', 'sh', '-c', 'i2cset -y 0 0x50 3 0x10; '
               'i2cset -y 5 0x50 3 0x11; i2cget -y 0 0x50 3; '
               'i2cget -y 5 0x50 3')
    recorded = run('record', '-o', 'm.i2ct', *both, *session)
    assert recorded.returncode == 0 and recorded.stderr == '', recorded
    with open('m.i2ct', encoding='utf-8') as file:
        lines = file.read().splitlines()
    assert 'bus: 0 stub,chips=0x50' in lines, lines
    assert 'bus: 5 stub,chips=0x50' in lines, lines
    assert [line.split(' ', 2)[2] for line in lines if '+' in line] == \
        ['i2c-0: w2@0x50 03 10', 'i2c-5: w2@0x50 03 11',
         'i2c-0: w1@0x50 03 r1 = 10', 'i2c-5: w1@0x50 03 r1 = 11'], lines
    for match in ('per-address', 'strict', 'lookup'):
        replayed = run('replay', 'm.i2ct', '--match', match, '--report',
                       'm.json', *session)
        assert outcome(replayed) == outcome(recorded), replayed
        with open('m.json', encoding='utf-8') as file:
            report = json.load(file)
        assert (report['verdict'], report['consumed']) == ('same', 4), report
    # one of them alone goes on with its own number, another cannot come
    fine('record', '--append', '-o', 'm.i2ct', '-a', 'stub,chips=0x50',
         '--bus', '5', '--', 'i2cset', '-y', '5', '0x50', '1', '2')
    with open('m.i2ct', encoding='utf-8') as file:
        lines = file.read().splitlines()
    assert lines[-2].endswith(' i2c-5: w2@0x50 01 02'), lines
    assert lines[-1] == 'end 5', lines
    done = run('record', '--append', '-o', 'm.i2ct', '-a', 'stub', '--bus',
               '1', '--', 'true')
    assert done.returncode == 125 and 'bus: 1' in done.stderr, done


def test_a_bad_bus_costs_no_trace():
    with open('o.i2ct', 'w', encoding='utf-8') as file:
        file.write('i2cpt-trace 1\nend 0\n')
    done = run('record', '-o', 'o.i2ct', '--bus', '0=stub', '--bus',
               '1=nothing', '--', 'true')
    assert done.returncode == 125 and 'nothing' in done.stderr, done
    with open('o.i2ct', encoding='utf-8') as file:
        assert file.read() == 'i2cpt-trace 1\nend 0\n'


def test_redacted_data_is_in_no_file():
    need('i2cset')
    session = ('--', 'sh', '-c', 'i2cset -y 0 0x50 3 0xab; '
               'i2cset -y 0 0x50 4 0xcd; i2cget -y 0 0x50 3; '
               'i2cset -y 0 0x51 3 0xef')
    out = fine('record', '-o', 'h.i2ct', '-a', 'stub,chips=0x50:0x51',
               '--redact', '0x50:3', '--redact', '0x51', *session)
    assert out == '0xab\n', out  # the program sees it
    with open('h.i2ct', encoding='utf-8') as file:
        lines = file.read().splitlines()
    assert [line.split(' ', 2)[2] for line in lines if '+' in line] == \
        ['w2@0x50 03 ??', 'w2@0x50 04 cd', 'w1@0x50 03 r1 = ??',
         'w2@0x51 03 ??'], lines
    replayed = run('replay', 'h.i2ct', *session)
    assert replayed.stdout == '0xff\n', replayed
    assert '1 redacted bytes' in replayed.stderr, replayed
    done = run('record', '-o', 'h.i2ct', '-a', 'stub', '--redact', '0x50:x',
               '--', 'true')
    assert done.returncode == 125 and '0x50/x' in done.stderr, done


def test_a_killed_recorder_leaves_a_trace():
    need('i2cset')
    done = run('record', '-o', 'k.i2ct', '-a', 'stub,chips=0x50', '--', 'sh',
               '-c', 'i2cset -y 0 0x50 3 1; i2cset -y 0 0x50 3 2; '
                     'kill -9 $PPID; exit 0')
    assert done.returncode == -9, done
    with open('k.i2ct', encoding='utf-8') as file:
        lines = file.read().splitlines()
    assert [line.split(' ', 2)[2] for line in lines if '+' in line] == \
        ['w2@0x50 03 01', 'w2@0x50 03 02'], lines
    done = run('check', 'k.i2ct')
    assert done.returncode == 1 and 'truncated' in done.stdout + done.stderr


def test_other_files_are_untouched():
    with open('data', 'w', encoding='utf-8') as file:
        file.write('hello\n')
    out = fine('run', '-a', 'stub', '--', 'sh', '-c',
               'cat data; wc -c <data; ls /sys/class/i2c-dev')
    assert out.split() == ['hello', '6', 'i2c-0'], out


tap.main(globals())
