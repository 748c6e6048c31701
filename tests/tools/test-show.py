#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-show.py I2CPT-REPLAY: what `show` looks like on a terminal, which is a
pseudoterminal here, and in a file."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import TOOL, fine, refused, run, write

TRACE = write('t.i2ct', '''i2cpt-trace 1
adapter: stub
# a comment that is rather long and goes on beyond the eighty columns of many terminals
0.0 +0.000310 w1@0x48 00 r2 = 1a c0~
0.001200 +0.000120 w3@0x77 f4 2e 01 ! EIO phase=data msg=0 byte=1
0.002 +0.001 w1@0x50 00 r20 = 48 65 6c 6c 6f 20 77 6f 72 6c 64 00 01 ?? 41 42~ 43 44 45 ff
0.0055 irq int1 1
end 3
''')
PLAIN = '''adapter: stub
# a comment that is rather long and goes on beyond the eighty columns of many terminals
     1      0.000000     310 us  0x48 W 00 Sr R 1a c0~
     2      0.001200     120 us  0x77 W f4 2e 01  ! data byte not acknowledged (EIO, data phase, message 0, byte 1)
     3      0.002000    1000 us  0x50 W 00 Sr R 48 65 6c 6c 6f 20 77 6f 72 6c 64 00 01 ?? 41 42~ 43 44 45 ff |Hello world...ABCDE.|
            0.005500             irq int1 1
'''
AT_80 = '''adapter: stub
# a comment that is rather long and goes on beyond the eighty columns of many
  terminals
     1      0.000000     310 us  0x48 W 00 Sr R 1a c0~
     2      0.001200     120 us  0x77 W f4 2e 01  ! data byte not acknowledged
                                    (EIO, data phase, message 0, byte 1)
     3      0.002000    1000 us  0x50 W 00 Sr R 48 65 6c 6c 6f 20 77 6f 72 6c 64
                                    00 01 ?? 41 42~ 43 44 45 ff
                                    |Hello world...ABCDE.|
            0.005500             irq int1 1
'''


def on_terminal(*words, columns=80, **variables):
    """What is written to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST  # no CR before LF
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                struct.pack('HHHH', 24, columns, 0, 0))
    env = {name: value for name, value in os.environ.items()
           if name not in ('NO_COLOR', 'COLUMNS', 'TERM')}
    env.update({'TERM': 'xterm'}, **variables)
    said = b''
    with subprocess.Popen([TOOL, 'show', *words], stdout=theirs, env=env,
                          stdin=subprocess.DEVNULL) as tool:
        os.close(theirs)
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # EIO: nobody has it open any more
                break
            if not part:
                break
            said += part
    os.close(ours)
    assert tool.returncode == 0, said
    return said.decode()


def uncoloured(text):
    return re.sub('\033\\[[0-9;]*m', '', text)


def test_a_file_has_one_line_for_each_transfer():
    assert fine('show', TRACE) == PLAIN


def test_a_terminal_is_not_exceeded():
    assert on_terminal(TRACE, NO_COLOR='1') == AT_80
    for columns in (60, 61, 100, 119, 120, 300):
        text = on_terminal(TRACE, columns=columns, NO_COLOR='1')
        assert max(map(len, text.splitlines())) <= columns, text
        assert re.sub('\n {36}| {36}|\n  (?=term)', ' ', text).split() == \
            PLAIN.split(), text
    assert on_terminal(TRACE, columns=300, NO_COLOR='1') == PLAIN


def test_what_has_no_room_is_left_to_the_terminal():
    for columns in (1, 20, 59):
        text = on_terminal(TRACE, columns=columns, NO_COLOR='1')
        assert [line for line in PLAIN.splitlines() if ' us ' in line] == \
            [line for line in text.splitlines() if ' us ' in line], text


def test_columns_stand_for_a_terminal_that_does_not_say():
    assert on_terminal(TRACE, columns=0, COLUMNS='80', NO_COLOR='1') == AT_80
    for columns in '', '0', 'x', '80x':
        assert on_terminal(TRACE, columns=0, COLUMNS=columns,
                           NO_COLOR='1') == PLAIN
    assert on_terminal(TRACE, columns=80, COLUMNS='60', NO_COLOR='1') == AT_80
    os.environ['COLUMNS'] = '60'
    assert fine('show', TRACE) == PLAIN
    del os.environ['COLUMNS']


def test_a_long_text_is_broken():
    write('long.i2ct', 'i2cpt-trace 1\n0 +0 r200@0x50 =' + ' 41' * 200 +
          '\nend 1\n')
    text = on_terminal('long.i2ct', NO_COLOR='1')
    assert max(map(len, text.splitlines())) <= 80, text
    assert ''.join(text.split()).endswith('|' + 'A' * 200 + '|'), text


def test_colours_are_for_terminals():
    text = on_terminal(TRACE)
    assert uncoloured(text) == AT_80 and '\033[36m 0x77\033[0m' in text, text
    assert '\033[31m  ! data\033[0m' in text, text
    for variables in ({'NO_COLOR': '1'}, {'TERM': 'dumb'}, {'TERM': ''}):
        assert on_terminal(TRACE, **variables) == AT_80, variables
    assert on_terminal(TRACE, NO_COLOR='') == text  # empty: not set
    assert on_terminal('--color=never', TRACE) == AT_80
    assert on_terminal('--color=always', TRACE, NO_COLOR='1') == text
    assert uncoloured(fine('show', '--color=always', TRACE)) == PLAIN
    assert '\033' in fine('show', '--color=always', TRACE)
    assert fine('show', '--color=auto', TRACE) == PLAIN
    refused('show', '--color=red', TRACE,
            names=['--color=red: accepted is auto, always or never'])


def test_a_comment_of_nothing_is_shown():
    write('x.i2ct', 'i2cpt-trace 1\n#\n# a\n#\nend 0\n')
    assert fine('show', 'x.i2ct') == '#\n# a\n#\n'
    assert on_terminal('x.i2ct', NO_COLOR='1') == '#\n# a\n#\n'


def test_a_transfer_that_is_not_there():
    write('x.i2ct', 'i2cpt-trace 1\n0 +0 w0@0x50\nend 1\n')
    for form in (), ('--json',), ('--wave',):
        _, err = run('show', *form, '--transfer', '2', 'x.i2ct', status=2)
        assert err.endswith('x.i2ct: no transfer 2; there are 1\n'), err


def test_text_is_shown_where_there_may_be_one():
    for data, said in (('41', None), ('41 42', '|AB|'), ('41 00 42', None),
                       ('00 7e 20', '|.~ |'), ('7f 41', None),
                       ('?? ??', None), ('41 ?? 42', None),
                       ('41~ 42~', '|AB|'), ('c3 a4 41 42', '|..AB|')):
        write('x.i2ct', 'i2cpt-trace 1\n'
              f'0 +0 r{len(data.split())}@0x50 = {data}\nend 1\n')
        assert fine('show', 'x.i2ct').endswith(
            f' {data} {said}\n' if said else f' {data}\n'), data


tap.main(globals())
