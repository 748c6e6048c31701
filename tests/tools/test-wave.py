#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-wave.py I2CPT-REPLAY: `show --wave`. What is drawn is compared with the
drawings in samples/, which a person has looked at, and is read back: the levels
of the two rows have to be what the transfer is on the wire."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, '../..')
sys.path.insert(0, os.path.join(HERE, '..'))
import tap  # noqa: E402
from traces import expected, random_trace, transfers, unseen  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
SAMPLES = os.path.join(HERE, 'samples')
WIRE = f'{SAMPLES}/wire.i2ct'
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)


def show(trace, *words, columns='80', locale='C.UTF-8', status=0):
    env = dict(os.environ, COLUMNS=columns, LC_ALL=locale)
    done = subprocess.run([TOOL, 'show', '--wave', trace, *words], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == status, done
    assert status or not done.stderr, done.stderr
    return done.stdout.decode() if not status else done.stderr.decode()


def golden(name):
    with open(f'{SAMPLES}/{name}', encoding='utf-8') as file:
        return ''.join(line for line in file if not line.startswith('#'))


# --------------------------------------------------------- reading it back

SHAPES = {'─': 'level', '_': 'level', '┌': 'rise', '┘': 'rise', '/': 'rise',
          '┐': 'fall', '└': 'fall', '\\': 'fall'}


def levels(rows):
    """1, 0, 'rise' or 'fall' of each column, of a line's two rows."""
    top, bottom = rows
    width = max(len(top), len(bottom))
    found = []
    for high, low in zip(top.ljust(width)[4:], bottom.ljust(width)[4:]):
        shape = SHAPES.get(low if low != ' ' else high)
        assert shape, (top, bottom)
        if shape == 'level':
            shape = 1 if high != ' ' else 0
            assert (high == ' ') != (low == ' '), (top, bottom)
        found.append(shape)
    return found


def decode(scl, sda):
    """Lines as sigrok's i2c decoder has them."""
    said, state, bits, now = [], 'idle', [], [1, 1]
    address = way = None
    for clock, data in zip(scl, sda):
        before = list(now)
        now = [{'rise': 1, 'fall': 0}.get(look, look)
               for look in (clock, data)]
        assert (clock in ('rise', 'fall')) == (now[0] != before[0])
        assert (data in ('rise', 'fall')) == (now[1] != before[1])
        if before[0] and now[0] and data == 'fall':
            said.append('Start' if state == 'idle' else 'Start repeat')
            state, bits, address = 'bits', [], None
        elif before[0] and now[0] and data == 'rise':
            said.append('Stop')
            state = 'idle'
        elif clock == 'rise':
            bits.append(now[1])
            if len(bits) == 9:
                value = int(''.join(map(str, bits[:8])), 2)
                if address is None:
                    way = 'read' if value & 1 else 'write'
                    address = value >> 1
                    said += [way.title(), f'Address {way}: {address:02X}']
                else:
                    said.append(f'Data {way}: {value:02X}')
                said.append('NACK' if bits[8] else 'ACK')
                bits = []
    assert state == 'idle'
    return said


def each(text):
    """The drawings of the transfers, each with the blank line behind it."""
    return re.findall(r'^transfer .*?\n\n(?=transfer|\Z)', text, re.S | re.M)


def decoded(text):
    """For each transfer, what its drawing says."""
    for part in each(text):
        lines = part.split('\n')[1:-2]
        if lines and lines[-1].startswith('    ('):
            lines.pop()
        assert len(lines) % 6 == 0, part
        scl, sda = [], []
        for i in range(0, len(lines), 6):
            scl += levels(lines[i + 1:i + 3])
            sda += levels(lines[i + 3:i + 5])
        yield decode(scl, sda)


def test_every_drawing_reads_back_as_the_transfer():
    traces = glob.glob(f'{ROOT}/tests/**/*.i2ct', recursive=True)
    assert len(traces) > 3
    for trace in [*traces, random_trace('random.i2ct', 60)]:
        should = [[] if unseen(t) else expected(t) for t in transfers(trace)]
        for columns in ('40', '80', '1000'):
            for locale in ('C.UTF-8', 'C'):
                text = show(trace, columns=columns, locale=locale)
                assert list(decoded(text)) == should, (trace, columns, locale)
                drawn = [line for line in text.split('\n')
                         if not line.startswith(('transfer', '    ('))]
                assert max(map(len, drawn)) <= int(columns), columns


# -------------------------------------------------------------------- drawings

def test_a_drawing_with_box_characters():
    assert show(WIRE) == golden('wave-utf8.txt')


def test_a_drawing_in_ascii():
    text = show(WIRE, '--transfer', '1-3', columns='60', locale='C')
    assert text == golden('wave-ascii.txt')
    text.encode('ascii')


def test_labels_say_what_the_bits_are():
    text = show(WIRE, columns='1000')
    for label in ('START├', '├────── 0x48 ───────┤ W  ACK ', ' Sr ',
                  '├──────── c0~ ─────────┤NACK STOP', '0x148/10 high',
                  '0x148/10 low', ' ?? ', ' R NACK STOP'):
        assert label in text, label


def test_transfers_are_chosen():
    every = each(show(WIRE))
    assert len(every) == 22
    assert each(show(WIRE, '--transfer', '3')) == every[2:3]
    assert each(show(WIRE, '--transfer', '2-4')) == every[1:4]
    assert each(show(WIRE, '--transfer', '20-99')) == every[19:]
    err = show(WIRE, '--transfer', '23', status=2)
    assert err.endswith('wire.i2ct: no transfer 23; there are 22\n'), err
    for word in ('0', '-1', '3-2', '1-', 'x', '1x', '99999999999999999999'):
        err = show(WIRE, f'--transfer={word}', status=2)
        assert f'--transfer={word}: accepted is N or N-M' in err, err
    assert '--json and --wave' in show(WIRE, '--json', status=2)
    done = subprocess.run([TOOL, 'show', WIRE, '--json', '--transfer', '2-3'],
                          text=True, stdout=subprocess.PIPE, check=True)
    lines = json.loads(done.stdout)['lines']
    assert [line['line'] for line in lines] == [9, 10], lines
    done = subprocess.run([TOOL, 'show', WIRE, '--transfer', '2'], text=True,
                          stdout=subprocess.PIPE, check=True)
    assert re.fullmatch(r' +2 +0\.001200 .*0x77 W f4 2e 01  ! .*\n', done.stdout)


def test_widths_that_no_terminal_has():
    narrow = show(WIRE, '--transfer', '1', columns='40')
    for columns in ('1', '39', '039'):
        assert show(WIRE, '--transfer', '1', columns=columns) == narrow
    wide = show(WIRE, '--transfer', '1', columns='1000')
    assert show(WIRE, '--transfer', '1', columns='99999999999') == wide
    for columns in ('', '0', '-5', 'x', '60x', ' 60'):  # not a number of them
        assert show(WIRE, '--transfer', '1', columns=columns) == show(
            WIRE, '--transfer', '1')


tap.main(globals())
