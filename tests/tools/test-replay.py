#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-replay.py I2CPT-REPLAY: the verbs, as a person or a script calls them."""
import concurrent.futures
import os
import resource
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import TOOL, fine, read, refused, run, write

VERBS = ('record', 'replay', 'show', 'check', 'stats', 'diff', 'convert',
         'list', 'serve', 'run', 'ftdi-check')
STUB = 'stub,chips=0x48:0x50'
TRACE = '''i2cpt-trace 1
adapter: by hand
# a comment
0.000000 +0.000310 w1@0x48 00 r2 = 1a c0~
0.001200 +0.000120 w3@0x77 f4 2e 01 ! EIO phase=data msg=0 byte=1
0.002000 +0.000090 i2c-1: w0@0x1d ! ENXIO phase=address msg=0 %probe
0.003000 +0.000700 w1@0x0b 20 r? = 02 61 62
0.004000 +0.004200 r4@0x48 = 1a c0 ff ff %took-2
0.005500 irq int1 1
end 5
'''


def test_help_names_every_verb():
    out = fine('--help')
    for verb in VERBS:
        assert f'  {verb} ' in out, out


def test_each_verb_has_help_with_an_example():
    for verb in VERBS:
        out = fine(verb, '--help')
        assert out.startswith(f'usage: i2cpt-replay {verb} '), out
        assert f'Example:\n' in out and f'i2cpt-replay {verb}' in out, out


def test_version():
    assert fine('--version').startswith('i2cpt-replay ')


def test_no_verb_is_usage():
    _, err = run(status=2)
    assert 'usage:' in err


def test_unknown_verb_is_named():
    _, err = run('rewind', status=2)
    assert "'rewind'" in err


def test_wrong_options_are_named():
    for words, names in (
            (('show', 'x', '--frobnicate'), ["'--frobnicate'", 'show']),
            (('show', '-q', 'x'), ["'-q'"]),
            (('replay', 'x', '-a'), ["'-a'", 'value']),
            (('replay', 'x', '--adapter'), ["'--adapter'", 'value']),
            (('show',), ['TRACE']),
            (('show', 'x', 'y'), ["'y'"]),
            (('list', 'y'), ["'y'"]),
            (('replay', 'x'), ['-a ADAPTER']),
            (('replay', 'x', '-a', STUB, '--bus', '-1'), ['--bus=-1', '1048']),
            (('replay', 'x', '-a', STUB, '--bus', '1x'), ['--bus=1x']),
            (('replay', 'x', '-a', STUB, '--timing', 'on'),
             ['--timing=on', 'off or recorded']),
            (('record', '-o', 'x', '-a', STUB), ['--transfers']),
            (('record', '-a', STUB, '--transfers', '-'), ['-o TRACE']),
            (('record', '-o', 'x', '-a', STUB + ',record=y', '--transfers',
              '-'), ['record='])):
        refused(*words, status=2, names=names)
        assert not os.path.exists('x')


def test_record_then_check_show_and_replay():
    write('list', 'w3@0x48 0x01 0x12 0x34\n\n# a comment\nw1@0x48 0x01 r2\n')
    assert fine('record', '-o', 'a.i2ct', '-a', STUB, '--transfers',
                'list') == ''
    assert fine('check', 'a.i2ct') == 'a.i2ct: whole, 2 transfers\n'
    shown = fine('show', 'a.i2ct').splitlines()
    assert shown[-2].endswith('0x48 W 01 12 34'), shown
    assert shown[-1].endswith('0x48 W 01 Sr R 12 34'), shown
    assert fine('replay', 'a.i2ct', '-a',
                STUB) == 'a.i2ct: 2 transfers, 0 differ\n'


def test_record_from_stdin():
    fine('record', '-o', 'b.i2ct', '-a', STUB, '--transfers', '-',
         stdin='w1@0x48 0 r1\nr1@0x50')  # the last line without newline
    assert fine('check', 'b.i2ct') == 'b.i2ct: whole, 2 transfers\n'


def test_record_keeps_refusals():
    _, err = run('record', '-o', 'c.i2ct', '-a', STUB, '--transfers', '-',
                 stdin='r1@0x49\nr1@0x48\n')
    assert err.startswith('i2cpt-replay: stdin:1: '), err
    assert len(err.splitlines()) == 1, err
    assert 'r1@0x49 = ! ENXIO phase=address msg=0' in read('c.i2ct') or \
        'r1@0x49 ! ENXIO phase=address msg=0' in read('c.i2ct')
    assert fine('check', 'c.i2ct') == 'c.i2ct: whole, 2 transfers\n'
    assert '0 differ' in fine('replay', 'c.i2ct', '-a', STUB)


def test_record_stops_at_a_bad_line():
    refused('record', '-o', 'd.i2ct', '-a', STUB, '--transfers', '-',
            stdin='r1@0x48\nr1@0x480\nr1@0x48\n', status=3,
            names=['stdin:2:', '0x480'])
    assert fine('check', 'd.i2ct') == 'd.i2ct: whole, 1 transfer\n'


def test_record_errors_are_named():
    refused('record', '-o', 'e', '-a', 'stub,chip=1', '--transfers', '-',
            status=3, names=['chip', 'chips'])
    refused('record', '-o', 'e', '-a', 'nosuch', '--transfers', '-',
            status=3, names=['nosuch', 'stub'])
    refused('record', '-o', 'e', '-a', STUB, '--transfers', 'missing',
            status=3, names=['missing'])
    assert not os.path.exists('e')
    refused('record', '-o', 'no/such/folder', '-a', STUB, '--transfers', '-',
            status=3, names=['no/such/folder'])


def test_a_full_disk_is_told():
    if not os.path.exists('/dev/full'):
        raise tap.Skip('no /dev/full here')
    _, err = run('record', '-o', '/dev/full', '-a', STUB, '--transfers', '-',
                 stdin='r1@0x48\n', status=3)
    assert 'No space' in err or 'ENOSPC' in err, err
    with open('/dev/full', 'w', encoding='utf-8') as full:
        done = subprocess.run([TOOL, '--help'], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 3 and 'output' in done.stderr, done


def limit_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))


def test_a_recording_that_stopped_is_told():
    done = subprocess.run(
        [TOOL, 'record', '-o', 'v.i2ct', '-a', STUB, '--transfers', '-'],
        input='r8@0x48\n' * 100, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=60, preexec_fn=limit_files)
    assert done.returncode == 3, done
    assert done.stderr == ('i2cpt-replay: record=v.i2ct: File too large; '
                           'recording stopped\n'), done
    out, _ = run('check', 'v.i2ct', status=1)
    assert 'v.i2ct: truncated' in out, out


def test_every_difference_is_a_line():
    fine('record', '-o', 'f.i2ct', '-a', STUB, '--transfers', '-',
         stdin='w1@0x48 0 r1\nr1@0x50\nw1@0x48 5 r2\n')
    text = read('f.i2ct').replace('r1 = 00', 'r1 = 77').replace(
        'r2 = 00 00', 'r2 = 00 99')
    write('g.i2ct', text)
    out, err = run('replay', 'g.i2ct', '-a', STUB, status=1)
    lines = text.splitlines()
    expected = [f'g.i2ct:{1 + lines.index(line)}:' for line in lines
                if ' 77' in line or ' 99' in line]
    found = out.splitlines()
    assert len(expected) == 2, text
    assert [line.split(' ')[0] for line in found[:-1]
            if line[0] != ' '] == expected, out
    assert found[-1] == 'g.i2ct: 3 transfers, 2 differ' and err == '', out


def test_replay_on_the_trace_itself():
    write('h.i2ct', TRACE.replace('i2c-1: ', ''))
    out, err = run('replay', 'h.i2ct', '-a', 'trace,file=h.i2ct,match=strict')
    assert '5 transfers, 0 differ' in out, out
    assert err == 'i2cpt-replay: h.i2ct: 1 irq line left out: levels of lines ' \
        'are not compared\n', err


def test_replay_of_one_bus_among_several():
    write('i.i2ct', TRACE)
    out, err = run('replay', 'i.i2ct', '-a', 'stub,chips=0x50', '--bus', '1')
    assert out == 'i.i2ct: 1 transfer, 0 differ\n', out
    assert '4 transfers of other buses' in err, err


def test_replay_keeps_time_where_asked():
    write('j.i2ct', 'i2cpt-trace 1\n0.000000 +0.0001 r1@0x48 = 00\n'
          '0.300000 +0.0001 r1@0x48 = 00\nend 2\n')
    fine('replay', 'j.i2ct', '-a', STUB + ',record=l.i2ct', '--timing',
         'recorded')
    stamps = [float(line.split(' ')[0]) for line in read('l.i2ct').splitlines()
              if line[:1].isdigit()]
    assert stamps[1] > 0.29, stamps  # the first may come late


def test_replay_errors_are_named():
    write('m.i2ct', TRACE)
    refused('replay', 'missing.i2ct', '-a', STUB, status=3,
            names=['missing.i2ct'])
    refused('replay', 'm.i2ct', '-a', 'trace,file=missing.i2ct', status=3,
            names=['missing.i2ct'])
    write('n.i2ct', TRACE.replace('w1@0x0b 20', 'w2@0x0b 20'))
    out, err = run('replay', 'n.i2ct', '-a', 'trace,file=h.i2ct', status=3)
    assert 'n.i2ct:7:' in err, err


def test_check_tells_truncated_from_bad():
    write('o.i2ct', TRACE)
    assert fine('check', 'o.i2ct').splitlines()[0] == (
        'o.i2ct: whole, 5 transfers')
    write('p.i2ct', TRACE.replace('end 5\n', ''))
    out, err = run('check', 'p.i2ct', status=1)
    assert 'p.i2ct: truncated' in out and '5 transfers' in out, out
    write('q.i2ct', TRACE.replace('f4 2e 01', 'f4 2e'))
    out, err = run('check', 'q.i2ct', status=1)
    assert out == 'q.i2ct: bad\n' and 'q.i2ct:5:' in err, (out, err)
    write('r.i2ct', TRACE.replace('end 5', 'end 6'))
    out, err = run('check', 'r.i2ct', status=1)
    assert out == 'r.i2ct: bad\n' and 'r.i2ct:10:' in err, (out, err)
    refused('check', 'missing.i2ct', status=3, names=['missing.i2ct'])


def test_check_and_show_read_stdin():
    assert '5 transfers' in fine('check', '-', stdin=TRACE)
    assert fine('show', '-', stdin=TRACE)


def test_show_is_readable():
    write('s.i2ct', TRACE)
    assert fine('show', 's.i2ct') == '''adapter: by hand
# a comment
     1      0.000000     310 us  0x48 W 00 Sr R 1a c0~
     2      0.001200     120 us  0x77 W f4 2e 01  ! data byte not acknowledged (EIO, data phase, message 0, byte 1)
     3      0.002000      90 us  i2c-1 0x1d W nothing  ! address not acknowledged (ENXIO, address phase, message 0)  (probe)
     4      0.003000     700 us  0x0b W 20 Sr R block 02 61 62 |.ab|
     5      0.004000    4200 us  0x48 R 1a c0 ff ff  (the guest took 2)
            0.005500             irq int1 1
'''


def test_show_of_a_truncated_or_bad_trace():
    write('t.i2ct', TRACE.replace('end 5\n', ''))
    out, err = run('show', 't.i2ct')
    assert len(out.splitlines()) == 8 and 'truncated' in err, (out, err)
    write('u.i2ct', 'i2cpt-trace 1\n0.0 +0.0 r1@0x48 = 00\nnonsense\n')
    out, err = run('show', 'u.i2ct', status=3)
    assert len(out.splitlines()) == 1 and 'u.i2ct:3:' in err, (out, err)


def test_short_runs_side_by_side():
    """A keeper is forked while threads of its parent begin: in four of ten
    runs it stood still for ever where one of them held AddressSanitizer's
    allocator. Where there is no redirect at the system call the tool says so;
    that it ends is what counts."""
    def one(_):
        return subprocess.run([TOOL, 'run', '-a', 'stub', '--', 'true'],
                              stdin=subprocess.DEVNULL, timeout=60,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE).returncode

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        ends = set(pool.map(one, range(60)))
    assert ends in ({0}, {125}), ends


def test_list():
    for line in run('list')[0].splitlines():
        assert line.split(',')[0] in ('i2c-dev', 'ftdi'), line


def test_list_of_backends_and_their_keys():
    out = fine('list', '--backends')
    for line in ('stub: ', 'trace: ', '  chips ', '  file ', '  match ',
                 '  timeout-ms '):
        assert f'\n{line}' in '\n' + out, out


tap.main(globals())
