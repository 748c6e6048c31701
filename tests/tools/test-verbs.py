#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-verbs.py I2CPT-REPLAY: stats, diff, and every --json."""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import fine, run, write

TRACE = '''i2cpt-trace 1
adapter: by "hand" \\ é
frequency: 100000
# a comment
0.000000 +0.000310 w1@0x48 00 r2 = 1a c0~
0.001200 +0.000120 w3@0x77 f4 2e 01 ! EIO phase=data msg=0 byte=1
0.002000 +0.000090 i2c-1: w0@0x1d ! ENXIO phase=address msg=0 %probe
0.003000 +0.000700 w1@0x0b 20 r?+1 = 02 61 62 99
0.003900 +0.000700 iw1@0x123/10 ?? r2@0x48 = 01 02 ! E999 msg=1
0.004000 +0.004200 r4@0x48 = 1a c0 ff ff %took-2 %other
0.005500 irq int1 1
end 6
'''


def as_json(*words, stdin='', status=0):
    """The document; that it is one."""
    return json.loads(run(*words, '--json', stdin=stdin, status=status)[0])


def trace(name, lines):
    return write(name, 'i2cpt-trace 1\n' + ''.join(
        f'{i}.0 +0.{i % 7 + 1:06} {line}\n' for i, line in enumerate(lines)) +
        f'end {len(lines)}\n')


# ------------------------------------------------------------------- show

def test_show_json_has_everything():
    write('a.i2ct', TRACE)
    shown = as_json('show', 'a.i2ct')
    assert shown['trace'] == 'a.i2ct' and shown['complete'] is True
    lines = shown['lines']
    assert [line['line'] for line in lines] == [2, 3, 5, 6, 7, 8, 9, 10, 11]
    assert lines[0] == {'line': 2, 'kind': 'header', 'key': 'adapter',
                        'text': 'by "hand" \\ é'}, lines[0]
    assert lines[2] == {
        'line': 5, 'kind': 'transfer', 'time': 0, 'duration': 0.00031,
        'messages': [
            {'address': 0x48, 'read': False, 'length': 1, 'bytes': [0]},
            {'address': 0x48, 'read': True, 'length': 2,
             'bytes': [0x1a, 0xc0], 'volatile': [1]}]}, lines[2]
    assert lines[3]['fault'] == {'error': 'EIO', 'errno': 5, 'phase': 'data',
                                 'message': 0, 'byte': 1}, lines[3]
    assert lines[4]['bus'] == 1 and lines[4]['probe'] is True, lines[4]
    assert lines[5]['messages'][1] == {
        'address': 0x0b, 'read': True, 'length': 2, 'block': True,
        'bytes': [2, 0x61, 0x62, 0x99]}, lines[5]
    assert lines[6]['messages'][0] == {
        'address': 0x123, 'read': False, 'length': 1, 'ten_bit': True,
        'ignore_nak': True, 'bytes': [0xff], 'redacted': [0]}, lines[6]
    assert lines[6]['fault'] == {'error': 'other', 'errno': 999,
                                 'message': 1}, lines[6]
    assert lines[7]['took'] == 2 and lines[7]['words'] == '%other', lines[7]
    assert lines[8] == {'line': 11, 'kind': 'event', 'time': 0.0055,
                        'key': 'irq', 'text': 'int1 1'}, lines[8]


def test_json_of_a_bad_trace_is_well_formed():
    write('b.i2ct', TRACE.replace('w0@0x1d', 'w0@0x1dz'))
    shown = as_json('show', 'b.i2ct', status=3)
    assert shown['complete'] is False and len(shown['lines']) == 4, shown
    checked = as_json('check', 'b.i2ct', status=1)
    assert checked['verdict'] == 'bad', checked
    assert checked['error'].startswith('b.i2ct:7:'), checked


def test_json_of_any_file_name():
    name = 'q"u\\o\tt\ne.i2ct'
    write(name, TRACE)
    assert as_json('check', name)['trace'] == name
    with open(b'not\xffutf8', 'w', encoding='utf-8') as file:
        file.write(TRACE)
    assert as_json('check', b'not\xffutf8')['trace'] == 'not\ufffdutf8'


def test_check_json():
    write('c.i2ct', TRACE)
    assert as_json('check', 'c.i2ct') == {
        'trace': 'c.i2ct', 'verdict': 'whole', 'transfers': 6, 'lines': 12,
        'unnamed': [{'irq': 'int1', 'line': 11}]}
    write('c.i2ct', TRACE.replace('end 6\n', ''))
    assert as_json('check', 'c.i2ct', status=1)['verdict'] == 'truncated'


# A chip at 0x38 on each of two channels of a multiplexer at 0x70.
CHANNELS = ('w1@0x70 01', 'w1@0x38 00 r1 = 14',
            'w1@0x70 02', 'w1@0x38 00 r1 = 28')
# name, transfers, what check names: address, line, other
MUXES = (
    ('the channels of a multiplexer', CHANNELS, [(0x70, 3, 5)]),
    ('what changes by itself', CHANNELS + ('w1@0x38 00 r1 = 29',), []),
    ('the same on every channel',
     CHANNELS[:3] + ('w1@0x38 00 r1 = 14',), []),
    ('no multiplexer has such an address: it may have changed by itself',
     [line.replace('0x70', '0x20') for line in CHANNELS], []),
    ('but it comes and goes with it',
     [line.replace('0x70', '0x20') for line in 2 * CHANNELS], [(0x20, 3, 5)]),
    ('a chip with registers there: it may have changed by itself',
     ('w2@0x70 05 01', *CHANNELS), []),
    ('a chip that is on one channel only',
     (CHANNELS[0], 'w0@0x38', CHANNELS[2],
      'w0@0x38 ! ENXIO phase=address msg=0'), [(0x70, 3, 5)]),
    ('a pointer that was set is no channel',
     ('w1@0x70 01', 'w1@0x38 00', 'r1@0x38 = 14',
      'w1@0x70 01', 'w1@0x38 01', 'r1@0x38 = 28'), []),
    ('behind it, too',
     ('w1@0x70 01', 'w1@0x38 00', 'r1@0x38 = 14', 'w1@0x70 02', 'w1@0x38 00',
      'r1@0x38 = 28'), [(0x70, 4, 7)]),
    ('redacted or volatile answers', ('w1@0x70 01', 'w1@0x38 00 r1 = 14~',
                                      'w1@0x70 02', 'w1@0x38 00 r1 = ??'), []),
    ('a select that was refused',
     (*CHANNELS[:2], 'w1@0x70 02 ! EIO phase=data msg=0 byte=0', CHANNELS[3]),
     []),
    ('on another bus', [f'i2c-{bus}: {line}' for bus, line in
                        zip((1, 2, 1, 2), CHANNELS)], []),
    ('two of them',
     (*CHANNELS, 'w1@0x71 01', 'w1@0x39 00 r1 = 01', 'w1@0x71 02',
      'w1@0x39 00 r1 = 02'), [(0x70, 3, 5), (0x71, 7, 9)]),
)


def numbered(lines):
    return ('i2cpt-trace 1\n' + ''.join(f'{i} +0 {line}\n'
                                        for i, line in enumerate(lines))
            + f'end {len(lines)}\n')


def test_check_points_multiplexers_out():
    for name, lines, found in MUXES:
        write('m.i2ct', numbered(lines))
        muxes = as_json('check', 'm.i2ct').get('muxes', [])
        assert [(m['address'], m['line'], m['other'])
                for m in muxes] == found, (name, muxes)


def test_check_says_which_key():
    write('m.i2ct', numbered(CHANNELS))
    assert fine('check', 'm.i2ct') == (
        'm.i2ct: whole, 4 transfers\n'
        'm.i2ct: line 5 asks as line 3 does and is answered otherwise, which '
        'what was written to 0x70 in between explains: if that is a '
        'multiplexer, match=lookup needs mux=0x70\n')


def test_check_says_which_lines_are_not_named():
    write('m.i2ct',
          'i2cpt-trace 1\nlines: a\nlines-1: b\nlines-2: c\n'
          '0 irq a 1\n0 irq i2c-1: a 1\n0 irq i2c-1: b 1\n0 irq i2c-1: c 1\n'
          '1 irq i2c-1: c 0\n1 irq b 0\nend 0\n')
    assert fine('check', 'm.i2ct') == (
        'm.i2ct: whole, 0 transfers\n'
        'm.i2ct:8: irq c: "lines-1" in the header does not name it, so it is '
        'not replayed\n'
        'm.i2ct:10: irq b: "lines" in the header does not name it, so it is '
        'not replayed\n')
    assert as_json('check', 'm.i2ct')['unnamed'] == [
        {'bus': 1, 'irq': 'c', 'line': 8}, {'irq': 'b', 'line': 10}]


def test_list_json():
    for adapter in as_json('list')['adapters']:
        assert adapter['adapter'] and 'about' in adapter
    listed = as_json('list', '--backends')
    names = [backend['backend'] for backend in listed['backends']]
    assert names[:2] == ['stub', 'trace'], names
    of_trace = {key['key']: key for key in listed['backends'][1]['keys']}
    assert of_trace['match']['default'] == 'per-address', of_trace
    assert 'record' in [key['key'] for key in listed['keys']]
    assert ['list', *names] == ['list'] + [
        line.split(':')[0] for line in run('list', '--backends')[0].splitlines()
        if not line.startswith((' ', 'every'))]


# ------------------------------------------------------------------ stats

def test_stats_counts_by_bus_and_address():
    write('d.i2ct', TRACE)
    stats = as_json('stats', 'd.i2ct')
    assert (stats['transfers'], stats['events']) == (6, 1), stats
    assert abs(stats['span'] - 0.0082) < 1e-9, stats
    of = {(t['bus'], t['address']): t for t in stats['targets']}
    assert list(of) == [(0, 0x0b), (0, 0x48), (0, 0x77), (0, 0x123),
                        (1, 0x1d)], list(of)
    t = of[0, 0x48]
    assert (t['transfers'], t['read'], t['written'], t['failed']) == \
        (2, 8, 1, 1), t
    assert t['faults'] == {'E999': 1}, t
    assert abs(t['took'] - 0.00451) < 1e-9 and abs(t['longest'] - 0.0042) < 1e-9
    # three STARTs to it, one of them behind another's; eleven bits a STOP less
    assert abs(t['wire'] - (4 * 10 + 9 * 9 + 2) / 1e5) < 1e-9, t
    assert t['histogram'] == [{'at_most_us': 512, 'transfers': 1},
                              {'at_most_us': 8192, 'transfers': 1}], t
    write('long.i2ct', 'i2cpt-trace 1\n0 +4000.0 w0@0x48\nend 1\n')
    assert as_json('stats', 'long.i2ct')['targets'][0]['histogram'] == [
        {'more_than_us': 1 << 30, 'transfers': 1}]
    assert f' > {1 << 30} us ' in fine('stats', '--histogram', 'long.i2ct')
    assert of[0, 0x123]['ten_bit'] and of[0, 0x123]['transfers'] == 1
    assert of[1, 0x1d]['own'] == 1 and of[1, 0x1d]['faults'] == {'ENXIO': 1}
    assert of[0, 0x77]['faults'] == {'EIO': 1}


def test_stats_for_a_person():
    write('e.i2ct', TRACE.replace('end 6\n', ''))
    out = run('stats', 'e.i2ct')[0].splitlines()
    assert out[0] == 'e.i2ct: 6 transfers, 1 event in 0.008200 s (truncated)'
    assert out[2].split() == ['0', '0x0b', '1', '4', '1', '0', '0.700', '0.660',
                              '700', '700'], out[2]
    assert out[4].split() == ['other', '1'], out
    assert '0x77' in out[5] and out[6].split() == ['EIO', '1'], out
    assert '0x123/10' in out[7], out
    assert out[8:] == ['  1 absent: 0x1d',
                       '  0 line int1: 1 change, active for 0.002700 s'], out
    assert max(map(len, out)) <= 80, out
    shown = run('stats', '--histogram', '-', stdin=TRACE)[0]
    assert '<=      8192 us         1 ####' in shown, shown
    assert run('stats', '-', stdin='i2cpt-trace 1\nend 0\n')[0] == \
        '-: 0 transfers in 0.000000 s\n'


def test_stats_of_a_scan():
    found = {0x48, 0x50}
    write('scan.i2ct', 'i2cpt-trace 1\nseen-as: 4\n' + ''.join(
        f'{i}.0 +0.0003 i2c-{bus}: w0@0x{addr:02x}' + ('' if addr in found else
        ' ! ENXIO phase=address msg=0') + '\n' for i, (bus, addr) in enumerate(
            (bus, addr) for bus in (0, 2) for addr in range(3, 0x78)))
          + 'end 234\n')
    out = run('stats', 'scan.i2ct')[0].splitlines()
    assert out[1] == 'recorded as /dev/i2c-4', out
    assert [line for line in out if 'absent' in line] == [
        f'  {bus} absent: 0x03-0x47 0x49-0x4f 0x51-0x77' for bus in (0, 2)], out


LINES = '''i2cpt-trace 1
lines: drdy int
0 irq drdy 0
0 irq int 1
0.001000 +0.000100 w1@0x48 00
0.001050 irq drdy 1
0.002000 irq drdy 0
0.002500 irq int 0
0.003000 +0.000100 w1@0x48 00
0.004000 irq drdy 1
0.005000 +0.000100 w1@0x48 00
end 3
'''


def test_stats_of_lines():
    write('lines.i2ct', LINES)
    lines = as_json('stats', 'lines.i2ct')['lines']
    assert lines == [
        {'bus': 0, 'line': 'drdy', 'changes': 3, 'active': 0.00205},
        {'bus': 0, 'line': 'int', 'changes': 1, 'active': 0.0025}], lines
    out = run('stats', 'lines.i2ct')[0].splitlines()
    assert out[-2:] == ['  0 line drdy: 3 changes, active for 0.002050 s',
                        '  0 line int: 1 change, active for 0.002500 s'], out
    write('buses.i2ct', 'i2cpt-trace 1\n0 irq a 0\n0 irq i2c-1: a 0\n'
          '1 irq i2c-1: a 1\n2 +0 i2c-1: w0@0x48\nend 1\n')
    lines = as_json('stats', 'buses.i2ct')['lines']
    assert [(l['bus'], l['changes'], l['active']) for l in lines] == [
        (0, 0, 0), (1, 1, 1)], lines


def test_diff_of_lines():
    write('lines.i2ct', LINES)
    write('late.i2ct', LINES.replace('0.002000', '0.002400'))
    assert run('diff', 'lines.i2ct', 'late.i2ct')[0] == (
        '3 transfers the same, 6 changes of lines too, 0 changed, '
        '0 only in lines.i2ct, 0 only in late.i2ct\n')
    write('other.i2ct', LINES.replace('0.002000 irq drdy 0\n', ''))
    found = as_json('diff', 'lines.i2ct', 'other.i2ct', status=1)
    assert found['differences'] == [
        {'kind': 'removed', 'a': {'line': 7, 'text': 'irq drdy 0'}}], found
    moved = LINES.replace('0.002500 irq int 0\n', '').replace(
        'end 3', '0.006 irq int 0\nend 3')
    write('moved.i2ct', moved)
    found = as_json('diff', 'lines.i2ct', 'moved.i2ct', status=1)
    assert (found['removed'], found['added']) == (1, 1), found


def test_stats_knows_each_buss_frequency():
    write('f.i2ct', 'i2cpt-trace 1\nbus: 0 x\nfrequency-0: 100000\nbus: 3 y\n'
          'frequency-3: 400000\n0 +0.1 i2c-0: w1@0x50 00\n'
          '0 +0.1 i2c-3: w1@0x50 00\nend 2\n')
    wires = [t['wire'] for t in as_json('stats', 'f.i2ct')['targets']]
    assert wires == [0.0002, 0.00005], wires


# ------------------------------------------------------------------- diff

def test_diff_of_the_same_is_0():
    lines = ['w1@0x50 00', 'r1@0x50 = 42', 'r1@0x51 ! EIO']
    trace('g.i2ct', lines)
    write('h.i2ct', '# other times\n'.join(
        ['i2cpt-trace 1\n', ''.join(f'9.{i} +0.5 {line}\n'
                                    for i, line in enumerate(lines)),
         'end 3\n']))
    out = run('diff', 'g.i2ct', 'h.i2ct')[0]
    assert out == ('3 transfers the same, 0 changed, 0 only in g.i2ct, '
                   '0 only in h.i2ct\n'), out
    found = as_json('diff', 'g.i2ct', 'h.i2ct')
    assert found['same'] == 3 and found['differences'] == [], found


def test_diff_aligns():
    same = [f'w1@0x50 {i:02x}' for i in range(20)]
    trace('g.i2ct', [*same, 'w1@0x50 00 r2 = 1a c0', 'r1@0x51 = 00', *same])
    trace('h.i2ct', [*same, 'w1@0x50 00 r2 = 1b c0', *same[:10],
                     'r1@0x52 = 00', *same[10:]])
    out = run('diff', 'g.i2ct', 'h.i2ct', status=1)[0]
    assert out == '''@@ g.i2ct:19 h.i2ct:19 @@
  w1@0x50 11
  w1@0x50 12
  w1@0x50 13
- w1@0x50 00 r2 = 1a c0
+ w1@0x50 00 r2 = 1b c0
                  ^^
- r1@0x51 = 00
  w1@0x50 00
  w1@0x50 01
  w1@0x50 02
@@ g.i2ct:31 h.i2ct:30 @@
  w1@0x50 07
  w1@0x50 08
  w1@0x50 09
+ r1@0x52 = 00
  w1@0x50 0a
  w1@0x50 0b
  w1@0x50 0c
40 transfers the same, 1 changed, 1 only in g.i2ct, 1 only in h.i2ct
''', out
    found = as_json('diff', 'g.i2ct', 'h.i2ct', status=1)
    assert [d['kind'] for d in found['differences']] == \
        ['changed', 'removed', 'added'], found
    assert found['differences'][0] == {
        'kind': 'changed',
        'a': {'line': 22, 'text': 'w1@0x50 00 r2 = 1a c0'},
        'b': {'line': 22, 'text': 'w1@0x50 00 r2 = 1b c0'}}, found


def test_diff_does_not_compare_what_is_volatile():
    for a, b, differ in (('r2@0x50 = 01~ 02', 'r2@0x50 = 77 02', 0),
                         ('r2@0x50 = 01 02', 'r2@0x50 = 77~ 02', 0),
                         ('w2@0x50 01 ??', 'w2@0x50 01 33', 0),
                         ('r2@0x50 = 01~ 02', 'r2@0x50 = 77 03', 1),
                         ('r2@0x50 = 01~', 'r2@0x50 = 01 02', 1),
                         ('r1@0x50 = 01~', 'r1@0x51 = 01', 1),
                         ('i2c-1: r1@0x50 = 01', 'i2c-2: r1@0x50 = 01', 1)):
        trace('g.i2ct', [a])
        trace('h.i2ct', [b])
        run('diff', 'g.i2ct', 'h.i2ct', status=differ)


def longest_common(a, b):
    best = [0] * (len(b) + 1)
    for x in a:
        row = [0]
        for i, y in enumerate(b):
            row.append(best[i] + 1 if x == y else max(row[i], best[i + 1]))
        best = row
    return best[-1]


def test_diff_is_the_shortest_and_right():
    rng = random.Random(3)
    for number in range(60):
        letters = rng.randrange(1, 6)
        a, b = ([f'r1@0x50 = {rng.randrange(letters):02x}'
                 for _ in range(rng.randrange(14))] for _ in range(2))
        trace('g.i2ct', a)
        trace('h.i2ct', b)
        found = as_json('diff', 'g.i2ct', 'h.i2ct', status=0 if a == b else 1)
        assert found['same'] == longest_common(a, b), (number, a, b, found)
        assert found['same'] + found['changed'] + found['removed'] == len(a)
        assert found['same'] + found['changed'] + found['added'] == len(b)
        gone = {d['a']['line'] for d in found['differences'] if 'a' in d}
        new = {d['b']['line'] for d in found['differences'] if 'b' in d}
        assert [x for i, x in enumerate(a) if i + 2 not in gone] == \
            [x for i, x in enumerate(b) if i + 2 not in new], (a, b, found)


def test_diff_of_wholly_different_traces():
    count = 3000  # more edits than are looked for
    trace('g.i2ct', ['w1@0x10 00', *['r1@0x50 = 00'] * count])
    trace('h.i2ct', ['w1@0x10 00', *['r1@0x51 = 00'] * count, 'r1@0x50 = 00'])
    found = as_json('diff', 'g.i2ct', 'h.i2ct', status=1)
    assert found['same'] == 2, found['same']
    assert found['removed'] == count - 1 and found['added'] == count


def test_diff_names_what_cannot_be_read():
    trace('g.i2ct', [])
    for words in (('g.i2ct', 'none'), ('none', 'g.i2ct')):
        _, err = run('diff', *words, status=3)
        assert 'none' in err and len(err.splitlines()) == 1, err
    _, err = run('diff', 'g.i2ct', status=2)
    assert 'two traces' in err, err


tap.main(globals())
