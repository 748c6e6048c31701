#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-quality.py I2CPT-REPLAY CRASH-CLIENT: what a person is told of a replay
that did not go as recorded, and recordings that are compared."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import ARGUMENTS, TOOL, run, write

PROGRAM = ARGUMENTS[0]


def trace(name, *lines, end=True, headers=()):
    """Lines without their times."""
    with open(name, 'w', encoding='utf-8') as file:
        file.write(''.join(line + '\n' for line in (
            'i2cpt-trace 1', *headers,
            *(f'0.{i:06} +0.000100 {line}' for i, line in enumerate(lines)))))
        if end:
            file.write(f'end {len(lines)}\n')
    return name


def transfers(name):
    with open(name, encoding='utf-8') as file:
        return [line.split(' ', 2)[2].rstrip('\n') for line in file
                if line[:1].isdigit()]


def record(name, text, *words, chips='chips=0x50', status=0):
    return run('record', '-o', name, '-a', f'stub,{chips}', '--transfers', '-',
               *words, stdin=text, status=status)


# The program (crash-client) writes its number with five bytes, reads two.
FIRST = 'w5@0x50 00 00 00 00 00 r2 = 00 00'
SECOND = 'w6@0x50 00 00 00 00 01 00 r2 = 00 00'


def with_program(name, *options):
    with open('progress', 'wb') as file:
        file.write(bytes(16))
    # it ends with 3 where a transfer fails
    return run('replay', name, *options, '--', PROGRAM, '/dev/i2c-0',
               'progress', status=3)[1].splitlines()


def test_a_mismatch_stands_below_what_was_expected():
    trace('a.i2ct', FIRST, SECOND.replace('01 00 r2', '02 00 r2'),
          'r1@0x50 = 00', SECOND)
    err = with_program('a.i2ct', '--match', 'strict')
    at = next(i for i, line in enumerate(err) if ' differ' in line)
    assert 'a.i2ct:3: expected w6@0x50' in err[at], err
    assert err[at + 1] == '  expected  w6@0x50 00 00 00 00 02 00 r2', err
    assert err[at + 2] == '  got       w6@0x50 00 00 00 00 01 00 r2', err
    assert err[at + 3] == '                                ^^', err
    # what is near, the line itself marked
    assert err[at + 4].split() == ['2', *FIRST.split()], err
    assert err[at + 5].startswith('  >       3  w6@0x50'), err
    assert err[at + 6].split() == ['4', 'r1@0x50', '=', '00'], err
    assert err[at + 7].split() == ['5', *SECOND.split()], err
    assert err[at + 8] == '  the request that came stands in line 5', err


def test_a_request_that_stands_nowhere():
    trace('b.i2ct', FIRST, SECOND.replace('01 00 r2', '02 00 r2'))
    err = '\n'.join(with_program('b.i2ct'))
    assert 'the request that came stands nowhere' in err, err


def test_requests_behind_the_last():
    trace('c.i2ct', FIRST)
    err = '\n'.join(with_program('c.i2ct'))
    assert 'expected nothing more' in err, err
    assert 'not asked for' not in err, err


def test_long_requests_are_shown_around_the_difference():
    long = 'w300@0x50' + ' 00' * 299
    trace('d.i2ct', f'{long} 01')
    run('record', '-o', 'd2.i2ct', '-a', 'trace,file=d.i2ct', '--transfers',
        '-', stdin=long.replace(' 00', ' 0') + ' 0\n')
    out, _ = run('replay', 'd.i2ct', '-a', 'trace,file=d.i2ct')
    assert '0 differ' in out
    trace('d3.i2ct', 'w1@0x50 00 r300 =' + ' 11' * 299 + ' 12')
    out, _ = run('replay', 'd3.i2ct', '-a', 'stub,chips=0x50', status=1)
    assert all(len(line) < 130 for line in out.splitlines()), out
    trace('d4.i2ct', 'w1@0x50 00 r100 =' + ' 00' * 99 + ' 12')
    out, _ = run('replay', 'd4.i2ct', '-a', 'stub,chips=0x50', status=1)
    assert '  expected  ... 00 00 00 00 00 00 12\n' in out, out
    assert '  got       ... 00 00 00 00 00 00 00\n' in out, out
    assert '                                  ^^\n' in out, out


def test_what_was_left_over_is_listed():
    lines = [f'w1@0x{0x50 + i % 3:02x} {i:02x}' for i in range(20)]
    trace('e.i2ct', FIRST, *lines)
    for match in ('per-address', 'strict', 'lookup'):
        run('replay', 'e.i2ct', '--match', match, '--report', 'e.json', '--',
            'true', status=125)
        with open('e.json', encoding='utf-8') as file:
            report = json.load(file)
        assert report['verdict'] == 'unconsumed', report
        assert report['remaining'] == 21, report
        assert report['remaining_lines'] == list(range(2, 10)), report
    err = with_program('e.i2ct', '--match', 'per-address')
    at = next(i for i, line in enumerate(err) if 'not asked for' in line)
    assert '20 of 21 transfers' in err[at], err
    assert err[at].endswith('the first in line 3'), err
    listed = [line.split() for line in err[at + 1:]]
    assert listed == [[str(3 + i), *lines[i].split()] for i in range(8)], err


def test_left_over_on_several_buses():
    trace('f.i2ct', 'i2c-0: r1@0x50 = 00', 'i2c-1: r1@0x50 = 00',
          'i2c-0: r1@0x51 = 00', headers=('bus: 0 x', 'bus: 1 y'))
    run('replay', 'f.i2ct', '--report', 'f.json', '--', 'true', status=125)
    with open('f.json', encoding='utf-8') as file:
        report = json.load(file)
    assert report['remaining_lines'] == [4, 5, 6], report


def test_a_report_has_both_requests():
    trace('g.i2ct', FIRST, SECOND.replace('01 00 r2', '02 00 r2'))
    with_program('g.i2ct', '--report', 'g.json')
    with open('g.json', encoding='utf-8') as file:
        report = json.load(file)
    assert report['verdict'] == 'mismatch' and report['line'] == 3, report
    assert report['expected'] == 'w6@0x50 00 00 00 00 02 00 r2', report
    assert report['actual'] == 'w6@0x50 00 00 00 00 01 00 r2', report


def test_an_adapter_that_differs_is_reported():
    trace('h.i2ct', 'w1@0x50 00 r2 = 00 01', 'r1@0x51 = 00', 'r1@0x50 = 00')
    out, _ = run('replay', 'h.i2ct', '-a', 'stub,chips=0x50', '--report',
                 'h.json', status=1)
    assert out == '''h.i2ct:2: message 1, byte 1: expected 01, got 00
  expected  w1@0x50 00 r2 = 00 01
  got       w1@0x50 00 r2 = 00 00
                               ^^
h.i2ct:3: expected success, got ENXIO
  expected  r1@0x51 = 00
  got       r1@0x51 ! ENXIO phase=address msg=0
                    ^ ^^^^^ ^^^^^^^^^^^^^ ^^^^^
h.i2ct: 3 transfers, 2 differ
''', out
    with open('h.json', encoding='utf-8') as file:
        report = json.load(file)
    assert report['verdict'] == 'mismatch' and report['status'] == 1, report
    assert report['transfers'] == 3 and report['mismatches'] == 2, report
    assert report['first'].startswith('h.i2ct:2: '), report


def test_an_adapter_that_is_the_same_is_reported():
    trace('i.i2ct', 'r1@0x50 = 00')
    run('replay', 'i.i2ct', '-a', 'stub,chips=0x50', '--report', 'i.json')
    with open('i.json', encoding='utf-8') as file:
        assert json.load(file)['verdict'] == 'same'
    _, err = run('replay', 'i.i2ct', '-a', 'stub,chips=0x50', '--report',
                 'no/such/folder', status=3)
    assert 'no/such/folder' in err


# ------------------------------------------------------------------ lines

LINES = ('i2cpt-trace 1\nlines: a b\n0 irq a 0\n'
         f'0.1 +0.0001 {FIRST}\n0.2 irq a 1\n0.3 +0.0001 {SECOND}\n'
         '0.4 irq b 1\n0.5 +0.0001 r1@0x50 = 00\n0.6 irq a 0\nend 3\n')
LINE_KEYS = ('changes', 'changes_left', 'held_line', 'held_for', 'stalls',
             'stalled_line', 'stalled_for', 'stalled')


def verdict_of_lines(name):
    with open(name, encoding='utf-8') as file:
        report = json.load(file)
    return tuple(report[key] for key in LINE_KEYS), [
        (line['bus'], line['name'], line['changes'], line['changes_left'])
        for line in report['lines']]


def test_a_report_has_the_lines():
    write('ql.i2ct', LINES)
    _, err = run('replay', 'ql.i2ct', '--bus', '3', '--report', 'ql.json', '--',
                 'true', status=125)
    assert verdict_of_lines('ql.json') == (
        (0, 3, 5, 4, 0, 0, 0, ''), [(3, 'a', 0, 2), (3, 'b', 0, 1)])
    said = err.splitlines()
    at = next(i for i, line in enumerate(said) if 'of lines' in line)
    assert said[at].endswith('ql.i2ct: 3 of 3 changes of lines were not told: '
                             'line 5 waits for line 4, which was not asked for')
    assert said[at + 1].split() == ['4', *FIRST.split()], said


def test_a_report_of_lines_that_were_told():
    write('qm.i2ct', LINES.replace('0.5 +0.0001 r1@0x50 = 00\n', '').replace(
        'end 3', 'end 2'))
    err = with_program('qm.i2ct', '--report', 'qm.json')
    told, lines = verdict_of_lines('qm.json')
    # the last may wait for its millisecond when the program ends
    assert told[0] + told[1] == 3 and told[2:] == (0,) * 5 + ('',), told
    assert [line[:2] for line in lines] == [(0, 'a'), (0, 'b')], lines
    assert not [line for line in err if 'of lines' in line], err


def test_lines_of_several_buses():
    write('qn.i2ct', 'i2cpt-trace 1\nbus: 0 x\nbus: 1 y\nlines-0: a\n'
          'lines-1: a b\n1 +0 i2c-0: r1@0x50 = 00\n2 +0 i2c-1: r1@0x50 = 00\n'
          '3 irq i2c-1: b 1\n4 irq i2c-0: a 1\nend 2\n')
    run('replay', 'qn.i2ct', '--report', 'qn.json', '--', 'true', status=125)
    assert verdict_of_lines('qn.json') == (
        (0, 2, 8, 7, 0, 0, 0, ''),
        [(0, 'a', 0, 1), (1, 'a', 0, 0), (1, 'b', 0, 1)])


def test_no_lines_no_words():
    trace('qo.i2ct', FIRST)
    err = with_program('qo.i2ct', '--report', 'qo.json')
    assert verdict_of_lines('qo.json') == ((0,) * 7 + ('',), [])
    assert not [line for line in err if 'of lines' in line], err


def test_a_stall_is_in_the_report():
    """The program asks once and waits; it is let go when that was told."""
    program = ('import fcntl, os, sys; f = os.open("/dev/i2c-0", os.O_RDWR); '
               'fcntl.ioctl(f, 0x0703, 0x50); os.write(f, bytes(1)); '
               'sys.stdin.read()')
    write('qp.i2ct', LINES.replace(FIRST, 'w1@0x50 00').replace(
        SECOND, 'w1@0x50 01'))
    child = subprocess.Popen(
        [TOOL, 'replay', 'qp.i2ct', '--report', 'qp.json', '--',
         sys.executable, '-c', program], stdin=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    said = []
    for line in child.stderr:
        said.append(line)
        if 'is held back' in line:
            child.stdin.close()
    assert child.wait() == 125, said
    told, lines = verdict_of_lines('qp.json')
    assert told[:7] == (1, 2, 7, 6, 1, 7, 6), told
    assert 'qp.i2ct:7: irq b 1 is held back' in told[7], told
    assert lines == [(0, 'a', 1, 1), (0, 'b', 0, 1)], lines
    assert '2 of 3 changes of lines were not told: line 7 waits for line 6' \
        in ''.join(said), said
    # said once, when it was, and named once more at the end
    assert 'while no transfer came' not in ''.join(said), said


def test_lines_are_not_compared_on_an_adapter():
    write('qq.i2ct', 'i2cpt-trace 1\nlines: a\n0 irq a 0\n'
          '1 +0 r1@0x50 = 00\n2 irq a 1\n3 irq i2c-1: b 1\nend 1\n')
    _, err = run('replay', 'qq.i2ct', '-a', 'stub,chips=0x50', '--report',
                 'qq.json')
    assert 'qq.i2ct: 2 irq lines left out: levels of lines are not compared' \
        in err, err
    with open('qq.json', encoding='utf-8') as file:
        assert json.load(file)['changes_left_out'] == 2


# ---------------------------------------------------------------- merging

SESSION = 'w3@0x50 1 0x11 0x22\nw1@0x50 0 r4\nr1@0x51\n'


def test_merge_marks_what_differs():
    trace('old.i2ct', 'w3@0x50 01 33 22', 'w1@0x50 00 r4 = 00 33 22~ ??',
          'r1@0x51 ! ENXIO phase=address msg=0')
    record('new.i2ct', SESSION, '--merge', 'old.i2ct')
    assert transfers('new.i2ct') == [
        'w3@0x50 01 11~ 22', 'w1@0x50 00 r4 = 00 11~ 22~ ??',
        'r1@0x51 ! ENXIO phase=address msg=0'], transfers('new.i2ct')
    assert run('check', 'new.i2ct')[0] == 'new.i2ct: whole, 3 transfers\n'
    assert not os.path.exists('new.i2ct.merged')
    # what is volatile matches whatever is written there
    _, err = run('record', '-o', 'y.i2ct', '-a',
                 'trace,file=new.i2ct,match=strict', '--transfers', '-',
                 stdin='w3@0x50 1 0x77 0x22\n')
    assert err == '', err


def test_merge_keeps_the_lines_of_the_later():
    write('lold.i2ct', 'i2cpt-trace 1\nlines: a old\n0 irq a 1\n0 irq old 1\n'
          '1 +0 w1@0x50 00 r1 = 01\n2 irq old 0\n3 +0 w1@0x50 02\nend 2\n')
    # one while nothing is asked, one right behind a transfer, two at the end
    write('load.txt', 'chip 0x50 registers\nreg 0 type=clear-on-read = 05\n'
          'line a reg=0 mask=1\nline b reg=2 mask=1\n')
    run('record', '-o', 'lnew.i2ct', '-a', 'stub,load=load.txt', '--transfers',
        '-', '--merge', 'lold.i2ct', stdin='w1@0x50 0 r1\nw1@0x50 2\n')
    with open('lnew.i2ct', encoding='utf-8') as file:
        lines = file.read().splitlines()
    assert 'lines: a b' in lines, lines
    assert [line.split(' ', 1)[1] if ' irq ' in line else
            line.split(' ', 2)[2] for line in lines if line[:1].isdigit()] == [
                'irq a 1', 'irq b 0', 'w1@0x50 00 r1 = 05~', 'irq a 0',
                'w1@0x50 02'], lines


def test_merge_keeps_the_lines_of_several_buses():
    head = 'i2cpt-trace 1\nbus: 1 x\nbus: 2 y\nlines-1: a\nlines-2: a\n'
    write('bold.i2ct', head + '1 +0 i2c-1: r1@0x50 = 01\n'
          '2 +0 i2c-2: r1@0x50 = 01\nend 2\n')
    write('bin.i2ct', head + '0 irq i2c-2: a 1\n1 +0 i2c-1: r1@0x50 = 02\n'
          '1.5 irq i2c-1: a 1\n1.5 irq i2c-2: a 0\n'
          '2 +0 i2c-2: r1@0x50 = 01\n2.5 irq i2c-1: a 0\nend 2\n')
    program = ('import fcntl, os\nfor n in 1, 2:\n'
               ' f = os.open(f"/dev/i2c-{n}", os.O_RDWR)\n'
               ' fcntl.ioctl(f, 0x0703, 0x50); os.read(f, 1)\n')
    run('record', '-o', 'bnew.i2ct', '--merge', 'bold.i2ct', '--bus',
        '1=trace,file=bin.i2ct,bus=1', '--bus', '2=trace,file=bin.i2ct,bus=2',
        '--', sys.executable, '-c', program)
    with open('bnew.i2ct', encoding='utf-8') as file:
        text = file.read()
    assert 'i2c-1: r1@0x50 = 02~' in text, text
    assert 'lines-1: a\n' in text and 'lines-2: a\n' in text, text
    of_1 = [line.split(' irq i2c-1: ')[1] for line in text.splitlines()
            if ' irq i2c-1: ' in line]
    assert of_1 == ['a 0', 'a 1', 'a 0'], text
    assert text.index(' irq i2c-1: a 1') > text.index(' i2c-1: r1@0x50'), text
    # of the other bus nothing stands before these, so that they are how it is
    assert text.count(' irq i2c-2: ') == text.count(' irq i2c-2: a 0\n') == 1


def test_redaction_and_lines():
    """Names and levels stay; a name that says nothing has no other beside."""
    write('secret.txt', 'chip 0x50 registers\nreg 0 type=clear-on-read = 05\n'
          'line secret reg=0\n')
    for key, name in (('', 'secret'), (',line.x=stub:secret', 'x')):
        run('record', '-o', 'secret.i2ct', '--redact', '0x50', '-a',
            f'stub,load=secret.txt{key}', '--transfers', '-',
            stdin='w1@0x50 0 r1\n')
        with open('secret.i2ct', encoding='utf-8') as file:
            text = file.read()
        assert 'w1@0x50 00 r1 = ??' in text, text
        assert f'irq {name} 1\n' in text and f'irq {name} 0\n' in text, text
        assert text.count('secret') == (3 if name == 'secret' else 0), text


def test_merge_refuses_another_session():
    for old, names in (
            (['w3@0x50 01 11 22', 'w1@0x50 00 r4 = 00 11 22 00'],
             ['new.i2ct:6', 'r1@0x51', 'old.i2ct is at its end']),
            (['w3@0x50 02 11 22'], ['new.i2ct:4', 'w3@0x50 01 11 22',
                                    'old.i2ct:2', 'w3@0x50 02 11 22']),
            (['w2@0x50 01 11'], ['new.i2ct:4', 'old.i2ct:2', 'w2@0x50']),
            (['w3@0x52 01 11 22'], ['w3@0x52']),
            (['w3@0x50 01 11 22 ! EIO phase=data msg=0 byte=2'], ['EIO']),
            (['w3@0x50 01 11 22', 'w1@0x50 00 r4 = 00 11 22'], ['r4']),
            (['w3@0x50 01 11 22', 'w1@0x50 00 r4 = 00 11 22 00',
              'r1@0x51 ! ENXIO phase=address msg=0', 'r1@0x51'],
             ['new.i2ct is at its end', 'old.i2ct:5'])):
        trace('old.i2ct', *old)
        _, err = record('new.i2ct', SESSION, '--merge', 'old.i2ct', status=1)
        last = err.splitlines()[-1]
        assert 'stays as recorded: another session' in last, err
        for name in names:
            assert name in last, (name, err)
        assert transfers('new.i2ct') == [
            'w3@0x50 01 11 22', 'w1@0x50 00 r4 = 00 11 22 00',
            'r1@0x51 ! ENXIO phase=address msg=0'], transfers('new.i2ct')
        assert not os.path.exists('new.i2ct.merged')


def test_merge_with_a_program():
    trace('old.i2ct', 'r1@0x50 = 00')
    words = ['record', '-o', 'n.i2ct', '--merge', 'old.i2ct', '-a',
             'stub,chips=0x50', '--', 'true']
    _, err = run(*words, status=125)
    assert 'another session' in err, err
    trace('old.i2ct')
    _, err = run(*words)
    assert 'opened no redirected bus' in err, err


def test_merge_needs_two_files():
    trace('old.i2ct')
    for words, name in ((('-o', 'old.i2ct'), 'would be replaced'),
                        (('-o', 'x.i2ct', '--append'), '--append'),
                        (('-o', 'x.i2ct', '--merge', 'none'), 'none')):
        _, err = run('record', '--merge', 'old.i2ct', '-a', 'stub', *words,
                     '--transfers', '-', status=2)
        assert name in err.splitlines()[0], err
        assert not os.path.exists('x.i2ct')


tap.main(globals())
