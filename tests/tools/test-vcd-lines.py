#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-vcd-lines.py I2CPT-REPLAY: signals of a value change dump as input lines
of a trace (convert --line), of dumps that are written here, by us, by sigrok and
by a simulator (samples/README.md)."""
import os
import random
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '..'))
import tap  # noqa: E402
import cli  # noqa: E402
from cli import fine, read, run, write  # noqa: E402

SAMPLES = os.path.join(HERE, 'samples')
LOW = '.active-low=on'


def convert(*words, notes=(), stdin=''):
    """Its notes are those given, each the beginning of a line."""
    out, err = run('convert', *words, stdin=stdin)
    said = [line.replace('i2cpt-replay: ', '', 1) for line in err.splitlines()]
    assert len(said) == len(notes), err
    for line, note in zip(said, notes):
        assert line.startswith(note), err
    return out


def lines_of(path, *options, notes=()):
    """The trace without its first two lines; each option is one of --line."""
    words = [word for option in options for word in ('--line', option)]
    convert(path, 'out.i2ct', *words, notes=notes)
    assert 'whole' in fine('check', 'out.i2ct')
    text = read('out.i2ct').splitlines()
    assert text[:2] == ['i2cpt-trace 1', 'imported-from: vcd'], text
    return text[2:]


def refused(path, *options, names=(), status=3, words=()):
    words = [*words, *(word for option in options
                       for word in ('--line', option))]
    cli.refused('convert', path, 'no.i2ct', *words, status=status, names=names)
    assert not os.path.exists('no.i2ct')


# ---------------------------------------------------------------- dumps of ours

class Dump:
    """Signals by name, and what they are when: times in us."""

    def __init__(self, *names, first=None):
        self.ids = {name: f'v{i}' for i, name in
                    enumerate(('SCL', 'SDA', *names))}
        self.changes = []
        for name in self.ids:
            self.at(0, name, (first or {}).get(name, '1'))

    def at(self, when, name, value):
        self.changes.append((when, f'{value}{self.ids[name]}'))

    def transfer(self, when, *parts):
        """A START, at `when`, and bits; '<' is a START, '>' STOP. A bit takes
        4 us, SCL is high in the middle of it. When the last edge is."""
        for i, part in enumerate('<' + ''.join(parts) + '>'):
            if part == '<':  # SDA falls at `when`, or 2 later
                when += 2 if i else 0
                for at, name, value in ((-2, 'SDA', 1), (-1, 'SCL', 1),
                                        (0, 'SDA', 0), (1, 'SCL', 0)):
                    self.at(when + at, name, value)
                when += 2
            elif part == '>':
                for at, name, value in ((0, 'SDA', 0), (1, 'SCL', 1),
                                        (2, 'SDA', 1)):
                    self.at(when + at, name, value)
                when += 2
            elif part != ' ':
                for at, name, value in ((0, 'SDA', part), (1, 'SCL', 1),
                                        (3, 'SCL', 0)):
                    self.at(when + at, name, value)
                when += 4
        return when

    def write(self, name='in.vcd'):
        text = '$timescale 1 us $end\n$scope module dut $end\n'
        text += ''.join(f'$var wire 1 {code} {what} $end\n'
                        for what, code in self.ids.items())
        text += '$upscope $end\n$enddefinitions $end\n'
        last = None
        for when, change in sorted(self.changes, key=lambda pair: pair[0]):
            text += ('' if when == last else f'#{when}\n') + change + '\n'
            last = when
        return write(name, text)


WRITE = '10010000 0 01010101 0'  # w1@0x48 55
REFUSED = '10010000 1'


def test_changes_stand_where_a_recorder_has_them():
    """Before the first START, within a transfer, between two, behind the last
    STOP; active low and high."""
    dump = Dump('INT_N', 'DRDY', first={'DRDY': '0'})
    dump.at(10, 'INT_N', 0)
    end = dump.transfer(100, WRITE)
    assert end == 100 + 2 + 18 * 4 + 2
    dump.at(150, 'INT_N', 1)  # within it
    dump.at(160, 'DRDY', 1)
    dump.at(300, 'DRDY', 0)
    dump.transfer(400, WRITE)
    dump.at(600, 'INT_N', 0)
    dump.at(601, 'INT_N', 1)
    assert lines_of(dump.write(), 'int=INT_N', 'int' + LOW, 'DRDY') == [
        'lines: int DRDY',
        '0.000000 irq int 0',
        '0.000000 irq DRDY 0',
        '0.000010 irq int 1',
        '0.000100 +0.000076 w1@0x48 55',
        '0.000150 irq int 0',
        '0.000160 irq DRDY 1',
        '0.000300 irq DRDY 0',
        '0.000400 +0.000076 w1@0x48 55',
        '0.000600 irq int 1',
        '0.000601 irq int 0',
        'end 2']
    # the signal by itself, in front of all else; the other way round
    assert lines_of('in.vcd', 'INT_N' + LOW)[:3] == [
        'lines: INT_N', '0.000000 irq INT_N 0', '0.000010 irq INT_N 1']
    assert lines_of('in.vcd', 'x=INT_N')[:3] == [
        'lines: x', '0.000000 irq x 1', '0.000010 irq x 0']
    assert lines_of('in.vcd', 'x=INT_N', 'x.active-low=off')[:3] == [
        'lines: x', '0.000000 irq x 1', '0.000010 irq x 0']
    # without any it is as it was: stamps from the first START on
    assert lines_of('in.vcd') == ['0.000000 +0.000076 w1@0x48 55',
                                  '0.000300 +0.000076 w1@0x48 55', 'end 2']


def test_a_line_that_begins_active_says_so():
    dump = Dump('a', 'b', 'c', first={'a': '1', 'b': '0', 'c': '0'})
    dump.transfer(100, WRITE)
    assert lines_of(dump.write(), 'a', 'b', 'c', 'c' + LOW)[:4] == [
        'lines: a b c', '0.000000 irq a 1', '0.000000 irq b 0',
        '0.000000 irq c 1']


def test_times_that_meet():
    """At START a change may be why, so it is before; at STOP it is within. What
    was in a part that a NACK ended is behind that part."""
    dump = Dump('a', 'b', first={'a': '0', 'b': '0'})
    dump.at(100, 'a', 1)
    end = dump.transfer(100, WRITE)
    dump.at(end, 'a', 0)
    dump.transfer(300, REFUSED, '<', WRITE)
    dump.at(310, 'b', 1)
    dump.at(340, 'b', 0)  # the second START
    dump.at(350, 'b', 1)
    assert lines_of(dump.write(), 'a', 'b', notes=['1 repeated START'])[3:] == [
        '0.000100 irq a 1',
        '0.000100 +0.000076 w1@0x48 55',
        '0.000176 irq a 0',
        '0.000300 +0.000040 w0@0x48 ! ENXIO phase=address msg=0',
        '0.000310 irq b 1',
        '0.000340 irq b 0',
        '0.000340 +0.000076 w1@0x48 55',
        '0.000350 irq b 1',
        'end 3']


def test_a_transfer_that_the_capture_has_no_end_or_beginning_of():
    dump = Dump('a', first={'a': '0'})
    dump.transfer(100, WRITE)
    dump.at(120, 'a', 1)
    dump.changes = [pair for pair in dump.changes if pair[0] < 138]
    assert lines_of(dump.write(), 'a', notes=['1 transfer without STOP'])[1:] \
        == ['0.000000 irq a 0', '0.000100 +0.000000 w0@0x48',
            '0.000120 irq a 1', 'end 1']
    dump = Dump('a', first={'a': '0'})  # nor is its address there
    dump.transfer(100, WRITE)
    dump.transfer(300, WRITE)
    dump.at(310, 'a', 1)
    dump.changes = [pair for pair in dump.changes if pair[0] < 320]
    assert lines_of(dump.write(), 'a', notes=['1 transfer without STOP'])[2:] \
        == ['0.000100 +0.000076 w1@0x48 55', '0.000310 irq a 1', 'end 1']
    dump = Dump('a', first={'a': '0', 'SDA': '0', 'SCL': '0'})
    dump.at(10, 'a', 1)  # of a transfer that had begun
    dump.at(20, 'SCL', 1)
    dump.at(30, 'SDA', 1)
    dump.transfer(100, '>', '<', WRITE)  # and one of nothing but STOP
    dump.at(101, 'a', 0)
    assert lines_of(dump.write(), 'a', notes=['1 event left out', '1 START'])[
        1:4] == ['0.000000 irq a 0', '0.000010 irq a 1', '0.000101 irq a 0']


# --------------------------------------------------------------------- levels

def test_levels_that_are_neither_0_nor_1():
    """z is pulled up; x is as it was, and inactive at first."""
    dump = Dump('a', 'b', first={'a': 'x', 'b': 'z'})
    for i, (a, b) in enumerate(zip('1x0x1L', 'Hx0xzl')):
        dump.at(10 + i, 'a', a)
        dump.at(10 + i, 'b', b)
    dump.transfer(100, WRITE)
    assert lines_of(dump.write(), 'a', 'b', notes=[
        '5 unknown levels of a line: taken for what it was'])[1:11] == [
            '0.000000 irq a 0', '0.000000 irq b 1', '0.000010 irq a 1',
            '0.000012 irq a 0', '0.000012 irq b 0', '0.000014 irq a 1',
            '0.000014 irq b 1', '0.000015 irq a 0', '0.000015 irq b 0',
            '0.000100 +0.000076 w1@0x48 55']
    # x at first, of a line that is low when it is active
    assert lines_of('in.vcd', 'a' + LOW, notes=['3 unknown'])[1:3] == [
        '0.000000 irq a 0', '0.000012 irq a 1']


def test_a_glitch_is_two_changes_and_none_where_it_takes_no_time():
    dump = Dump('a', first={'a': '0'})
    for when, values in ((10, '1'), (11, '0'), (20, '10'), (30, '101'),
                         (31, '11')):
        for value in values:
            dump.at(when, 'a', value)
    dump.transfer(100, WRITE)
    assert lines_of(dump.write(), 'a')[1:5] == [
        '0.000000 irq a 0', '0.000010 irq a 1', '0.000011 irq a 0',
        '0.000030 irq a 1']


def test_changes_of_one_time_have_the_order_of_the_file():
    dump = Dump('a', 'b', 'c', first=dict.fromkeys('abc', '0'))
    for name in 'cab':
        dump.at(10, name, 1)
    dump.transfer(100, WRITE)
    assert lines_of(dump.write(), 'a', 'b', 'c')[4:7] == [
        f'0.000010 irq {name} 1' for name in 'cab']


def test_more_changes_in_a_transfer_than_wait():
    """As a recorder: 4096 wait, and then they are written before it."""
    for n, early in ((4096, 0), (4097, 4096)):
        dump = Dump('a', first={'a': '0'})
        dump.transfer(100, WRITE)
        dump.changes = [(when * 100, change) for when, change in dump.changes]
        for i in range(n):
            dump.at(10100 + i, 'a', 1 - i % 2)
        found = lines_of(dump.write(), 'a', notes=[
            f'{early} changes of lines written before'] if early else [])
        at = found.index('0.010000 +0.007600 w1@0x48 55')
        assert (at, len(found)) == (2 + early, 2 + n + 2), (at, len(found))
        assert [line[-1] for line in found[2:-1] if 'irq' in line] == [
            '10'[i % 2] for i in range(n)]


# -------------------------------------------------------------------- signals

def test_one_signal_may_be_two_lines():
    dump = Dump('INT', first={'INT': '0'})
    dump.at(10, 'INT', 1)
    dump.transfer(100, WRITE)
    assert lines_of(dump.write(), 'up=INT', 'down' + LOW, 'down=INT')[:5] == [
        'lines: up down', '0.000000 irq up 0', '0.000000 irq down 1',
        '0.000010 irq up 1', '0.000010 irq down 0']


def vectors(declared, change):
    """A dump with this besides SCL and SDA; change: its values in turn."""
    dump = Dump()
    dump.transfer(100, WRITE)
    head, body = read(dump.write()).split('$upscope')
    first, rest = body.split('#98\n')
    write('in.vcd', f'{head}{declared}$upscope{first}{change[0]}\n#50\n'
          f'{change[1]}\n#98\n{rest}')


def test_bits_of_signals():
    vectors('$var wire 8 v PORTC [15:8] $end\n', ('b10 v', 'b100\nv'))
    assert lines_of('in.vcd', 'a=PORTC[9]', 'b=PORTC[10]', 'c=dut.PORTC[8]')[
        :6] == ['lines: a b c', '0.000000 irq a 1', '0.000000 irq b 0',
                '0.000000 irq c 0', '0.000050 irq a 0', '0.000050 irq b 1']
    for asked, names in (
            ('PORTC', ['8 bits', "'x=PORTC[8]'"]),
            ('PORTC[15:8]', ['8 bits', "[8]'"]),
            ('PORTC[16]', ['no such', 'SCL, SDA, PORTC[15:8]']),
            ('PORTC[7]', ['no such']), ('PORT', ['no such'])):
        refused('in.vcd', f'x={asked}',
                names=[f'--line x={asked}', 'in.vcd', *names])
    # each bit a signal of its own
    vectors('$var wire 1 v D [0] $end\n$var wire 1 w D [1] $end\n',
            ('0v\n1w', '1v\n0w'))
    assert lines_of('in.vcd', 'a=D[0]', 'b=D[1]')[1:5] == [
        '0.000000 irq a 0', '0.000000 irq b 1', '0.000050 irq a 1',
        '0.000050 irq b 0']
    refused('in.vcd', 'x=D', names=['--line x=D', 'more than one'])


def test_a_signal_that_is_not_there():
    dump = Dump('INT', *(f'D{i}' for i in range(20)))
    dump.transfer(100, WRITE)
    refused(dump.write(), 'int=INTN',
            names=['in.vcd', '--line int=INTN', 'no such signal',
                   'there are: SCL, SDA, INT, D0, D1,', ' D19'])
    refused('in.vcd', 'int', names=['--line int=int', 'no such'])
    # of SCL and SDA the same
    refused('in.vcd', words=['--scl', 'CLK'], names=[
        '--scl', 'there are: SCL, SDA, INT, D0'])
    dump = Dump(*(f'signal{i:03}' for i in range(97)))
    dump.transfer(100, WRITE)
    refused(dump.write(), 'x=y', names=['signal000', ' and 44 more'])


def test_scopes_tell_signals_of_one_name_apart():
    for where, level in (('u0', '0'), ('dut.u0', '0'), ('u1', '1')):
        vectors('$scope module u0 $end\n$var wire 1 v irq $end\n$upscope $end\n'
                '$scope module u1 $end\n$var wire 1 w irq $end\n'
                '$upscope $end\n$var wire 1 v same $end\n'
                '$scope module u2 $end\n$var wire 1 v same $end\n'
                '$upscope $end\n', ('0v\n1w', '1v\n0w'))
        assert lines_of('in.vcd', f'x={where}.irq', 'same')[1:3] == [
            f'0.000000 irq x {level}', '0.000000 irq same 0']
    refused('in.vcd', 'x=irq', names=['more than one', "'dut.u0.irq'",
                                      "'dut.u1.irq'"])
    # a name with a dot is one name; bits of one net may have other numbers
    vectors('$var wire 1 v u0.irq $end\n$scope module a $end\n'
            '$var wire 4 w P [3:0] $end\n$upscope $end\n$scope module b $end\n'
            '$var wire 4 w P [4:1] $end\n$upscope $end\n',
            ('0v\nb1000 w', '1v\nb100 w'))
    assert lines_of('in.vcd', 'x=dut.u0.irq', 'y=a.P[3]', 'z=b.P[3]')[1:4] == [
        '0.000000 irq x 0', '0.000000 irq y 1', '0.000000 irq z 0']
    refused('in.vcd', 'x=P[3]', names=['more than one', "'dut.b.P'"])
    for other in ('irq', 'u2.irq', 'top.u0.irq', '0.irq', 'u0.', '.irq', 'dut.irq'):
        refused('in.vcd', f'x={other}', names=['no such signal'])


def test_scopes_as_deep_as_they_like():
    for deep, name in ((70, 'm'), (10, 'm' * 90)):
        vectors(f'$scope module {name} $end\n' * deep + '$var wire 1 v deep '
                '$end\n' + '$upscope $end\n' * deep + '$scope module tail $end\n'
                '$var wire 1 w irq $end\n$upscope $end\n' + '$upscope $end\n' * 3,
                ('0v\n1w', '1v\n0w'))
        assert lines_of('in.vcd', 'deep', 'x=dut.tail.irq', 'tail=tail.irq')[
            1:4] == ['0.000000 irq deep 0', '0.000000 irq x 1',
                     '0.000000 irq tail 1']
        refused('in.vcd', 'y=m.irq', names=['no such signal'])
    vectors('$scope module a $end\n' * 20 + '$var wire 1 v irq $end\n',
            ('0v', '1v'))
    assert lines_of('in.vcd', 'x=dut.' + 'a.' * 20 + 'irq')[1] == \
        '0.000000 irq x 0'


def test_a_line_is_neither_scl_nor_sda():
    dump = Dump('INT')
    dump.transfer(100, WRITE)
    for asked, names in (('x=SCL', ['x=SCL', 'is SCL']),
                         ('y=dut.SDA', ['y=dut.SDA', 'is SDA'])):
        refused(dump.write(), 'INT', asked, names=names)
    dump = Dump('scl_alert', 'INT', first={'scl_alert': '0'})
    dump.transfer(100, WRITE)
    dump.write()
    # a name that says scl is the line's where --line says so, in either order
    refused('in.vcd', 'INT', names=['more than one wire', '--scl'])
    assert lines_of('in.vcd', 'scl_alert')[1] == '0.000000 irq scl_alert 0'
    lines = read('in.vcd').split('\n')
    lines[2:2] = [lines.pop(4)]
    assert ' scl_alert ' in lines[2]
    write('in.vcd', '\n'.join(lines))
    assert lines_of('in.vcd', 'scl_alert')[1] == '0.000000 irq scl_alert 0'


def test_every_wrong_word_is_named():
    dump = Dump('INT')
    dump.transfer(100, WRITE)
    dump.write()
    for options, names in (
            (['a b=INT'], ["'a b'", '1 to 31 letters', 'NAME=SIGNAL']),
            (['=INT'], ['--line =INT', "''", '1 to 31']),
            ([''], ["''", '1 to 31']),
            (['i2c-1: x'], ["'i2c-1: x'", '1 to 31']),
            (['D[1]'], ["'D[1]'", 'NAME=SIGNAL']),
            (['x' * 32 + '=INT'], ['1 to 31']),
            (['x='], ['--line x=', 'no signal']),
            (['x=INT', 'x=INT'], ['--line x=INT', 'a second one']),
            (['x', 'x=INT'], ['--line x=INT', 'a second one']),
            (['x' + LOW, 'x' + LOW], ['a second one']),
            (['x.active-low'], ['x.active-low', '=on or =off']),
            (['x.active-low=yes'], ['x.active-low=yes', '=on or =off']),
            (['.active-low=on'], ['1 to 31']),
            ([f'x{i}=INT' for i in range(33)], ['x32=INT', '32'])):
        refused('in.vcd', *options, names=names, status=2)
    names = [f'x{i}' for i in range(31)] + ['x' * 31]
    assert lines_of('in.vcd', *(f'{name}=INT' for name in names))[0] == \
        'lines: ' + ' '.join(names)


def test_lines_come_from_vcd_alone():
    for sample in ('wire.i2ct', 'saleae-logic2.csv', 'sigrok.txt',
                   'ftrace.txt'):
        to = 'no.vcd' if sample == 'wire.i2ct' else 'no.i2ct'
        cli.refused('convert', f'{SAMPLES}/{sample}', to, '--line', 'int=D2',
                    names=['--line int', sample, 'from vcd alone'])


def test_a_vcd_from_a_pipe():
    dump = Dump('INT', first={'INT': '0'})
    dump.at(10, 'INT', 1)
    dump.transfer(100, WRITE)
    whole = lines_of(dump.write(), 'INT')
    out = convert('-', '-', '--from', 'vcd', '--to', 'trace', '--line', 'INT',
                  stdin=read('in.vcd'))
    assert out.splitlines()[2:] == whole


# ----------------------------------------------------------- there and back

def random_lines(name, seed):
    """A trace with lines as a recorder writes it: levels at stamp 0, and changes
    within a transfer behind it."""
    chance = random.Random(seed)
    names = ['drdy', 'int', 'scl-alert', 'x_1']
    level = {line: chance.randrange(2) for line in names}
    out = ['i2cpt-trace 1', 'lines: ' + ' '.join(names)]
    out += [f'0 irq {line} {level[line]}' for line in names]
    at = 1000
    for _ in range(60):
        if chance.random() < .4:
            out.append(f'{at // 10**6}.{at % 10**6:06} +0.000300 '
                       f'w1@0x48 {chance.randrange(256):02x}')
        for _ in range(chance.choice((0, 1, 1, 2, 5))):
            line = chance.choice(names)
            level[line] ^= 1
            stamp = at + chance.choice((0, 0, 0, 1, 100))
            out.append(f'{stamp // 10**6}.{stamp % 10**6:06} irq {line} '
                       f'{level[line]}')
        at += chance.choice((0, 1, 300, 2000))
    out += ['1 +0.0003 r1@0x48 = 55', f'1.5 irq int {1 - level["int"]}']
    count = sum(' +0.' in line for line in out)
    return write(name, '\n'.join([*out, f'end {count}', ''])), names


def test_an_exported_vcd_comes_back_with_its_lines():
    for seed in range(6):
        trace, names = random_lines('out.i2ct', seed)
        for hz in ('10k', '5M'):
            convert(trace, 'there.vcd', '--frequency', hz, '--max-gap', 'off')
            convert('there.vcd', 'back.i2ct',
                    *(word for name in names for word in ('--line', name)))
            said, err = run('diff', trace, 'back.i2ct')
            assert '0 changed, 0 only in' in said and not err, (seed, hz, said)


def values(path):
    """[(time, value)] of the line l0."""
    found, at = [], 0
    for line in read(path).split('$enddefinitions $end\n')[1].splitlines():
        at = int(line[1:]) if line[0] == '#' else at
        if line[1:] == 'l0':
            found.append((at, line[0]))
    return found


def test_a_vcd_shows_each_level_and_each_change():
    head = 'i2cpt-trace 1\nfrequency: 100000\nlines: a\n'
    transfer = '0.001 +0.0002 w1@0x48 55\n'
    for body, levels in (
            # what it begins with stands at 0
            ('0 irq a 1\n' + transfer, [(0, '1')]),
            # a first one elsewhere is a change: the other level was before it
            ('0.0005 irq a 1\n' + transfer, [(0, '0'), (510, '1')]),
            (transfer + '0.002 irq a 0\n', [(1212, '1'), (2010, '0')]),
            (transfer + '0 irq a 0\n', [(1212, '1'), (1222, '0')]),
            # two at one stamp have two times; what is no change is not drawn
            ('0 irq a 0\n' + transfer + '0.002 irq a 1\n0.002 irq a 0\n'
             '0.003 irq a 0\n', [(0, '0'), (2010, '1'), (2012, '0')])):
        write('level.i2ct', head + body + 'end 1\n')
        convert('level.i2ct', 'level.vcd')
        assert values('level.vcd') == [(0, 'x'), *levels], (
            body, values('level.vcd'))


def test_an_import_with_lines_goes_on():
    """What stats counts, and a VCD to pcap, which leaves lines out."""
    dump = Dump('INT', first={'INT': '0'})
    dump.at(20, 'INT', 1)
    dump.transfer(100, WRITE)
    dump.at(120, 'INT', 0)
    lines_of(dump.write(), 'int=INT')
    assert 'line int: 2 changes, active for 0.000100 s' in fine(
        'stats', 'out.i2ct')
    convert('in.vcd', 'out.pcap', '--line', 'int=INT', notes=['3 events left'])


# -------------------------------------------------------- dumps that others wrote

def test_a_dump_of_a_simulator():
    """Icarus Verilog: scopes, one net by several names, x before the reset, bits
    of a register, 100 ps."""
    wires = ['--scl', 'scl', '--sda', 'sda']
    convert(f'{SAMPLES}/simulated.vcd', 'sim.i2ct', *wires, '--line',
            'int=u0.int_n', '--line', 'int' + LOW, '--line', 'other=u1.int_n',
            '--line', 'other' + LOW, '--line', 'drdy=u0.status[2]',
            notes=['3 unknown levels'])
    assert read('sim.i2ct').splitlines()[2:] == [
        'lines: int other drdy',
        '0.000000 irq int 0', '0.000000 irq other 0', '0.000000 irq drdy 0',
        '0.000005 irq int 1', '0.000005 irq drdy 1',
        '0.000026500 +0.000096 w1@0x48 00 r2 = 1a c0',
        '0.000103 irq drdy 0', '0.000103 irq int 0',
        '0.000154500 irq other 1', '0.000154501 irq other 0',
        '0.000184501 irq int 1',
        'end 1']
    for asked, names in (('int_n', ["'bench.u0.int_n'", "'bench.u1.int_n'"]),
                         ('u0.status', ['4 bits', 'u0.status[0]'])):
        cli.refused('convert', f'{SAMPLES}/simulated.vcd', 'no.i2ct', *wires,
                    '--line', f'x={asked}', status=3, names=names)


def samples_of(dump, names):
    """A byte for each us, a bit for each signal."""
    ends = max(when for when, _ in dump.changes) + 50
    by_time, value, out = {}, dict.fromkeys(names, '0'), bytearray()
    codes = {code: name for name, code in dump.ids.items()}
    for when, change in dump.changes:
        by_time.setdefault(when, []).append(change)
    for when in range(ends):
        for change in by_time.get(when, []):
            value[codes[change[1:]]] = change[0]
        out.append(sum((value[name] == '1') << i
                       for i, name in enumerate(names)))
    return bytes(out)


def test_a_capture_by_sigrok():
    """Bits of a logic analyser, made a VCD by sigrok-cli, and its transfers by
    sigrok's own decoder; changes by looking at the bits here."""
    if not shutil.which('sigrok-cli'):
        raise tap.Skip('no sigrok-cli here')
    names = ['SDA', 'D4', 'INT_N', 'SCL', 'DRDY']
    chance = random.Random(5)
    dump, when = Dump('D4', 'INT_N', 'DRDY'), 50
    for _ in range(40):
        data = ''.join(chance.choice('01') for _ in range(8))
        after = dump.transfer(when, f'10010000 0 {data} 0')
        for name in ('INT_N', 'DRDY', 'D4'):
            dump.at(chance.randrange(when - 30, after + 60), name,
                    chance.randrange(2))
        when = after + 100
    bits = samples_of(dump, names)
    with open('raw.bin', 'wb') as file:
        file.write(bits)
    capture = ['sigrok-cli', '-I', 'binary:numchannels=8:samplerate=1000000',
               '-i', 'raw.bin', '-C',
               ','.join(f'{i}={name}' for i, name in enumerate(names))]
    subprocess.run([*capture, '-O', 'vcd', '-o', 'sigrok.vcd'], check=True)
    told = subprocess.run(
        [*capture, '-P', 'i2c:scl=SCL:sda=SDA', '-A', 'i2c=addr-data'],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    data = re.findall(r'Data write: (\w\w)', told)
    assert len(data) == 40, told
    out = lines_of('sigrok.vcd', 'int=INT_N', 'int' + LOW, 'DRDY')
    assert [line[-2:].upper() for line in out if ' +' in line] == data
    for name, bit, turn in (('int', 2, 1), ('DRDY', 4, 0)):
        levels = [byte >> bit & 1 ^ turn for byte in bits]
        should = [f'0.000000 irq {name} {levels[0]}'] + [
            f'0.{at:06} irq {name} {levels[at]}' for at in range(1, len(bits))
            if levels[at] != levels[at - 1]]
        assert len(should) > 10
        assert [line for line in out if f' irq {name} ' in line] == should


tap.main(globals())
