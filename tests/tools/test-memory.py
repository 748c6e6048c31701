#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-memory.py I2CPT-REPLAY: every verb where memory ends, at each of 60 sizes
between what the program needs to start and what the verb needs to end well:
the verb says so, in a line, and ends with its own status."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import TOOL, write

SIZES = 60
N = 2000
# as tests/run has it; where GLib finds no memory to say so, it begins again
NO_ADAPTER = {'LIBUSB_DEBUG': '0', 'G_SLICE': 'always-malloc'}


def traces():
    for name, seed in ('a.i2ct', 1), ('b.i2ct', 5):
        write(name, 'i2cpt-trace 1\n' + ''.join(
            f'{i}.0 +0.0003 w2@0x48 {i * seed % 251:02x} {i % 256:02x} '
            f'r2 = {i * seed % 241:02x} 00\n' for i in range(N))
              + f'end {N}\n')
    write('long.i2ct', 'i2cpt-trace 1\n' + ''.join(
        f'{i}.0 +0.3 r100000@0x48 =' + ' 5a' * 100000 + '\n'
        for i in range(2)) + 'end 2\n')
    write('list', ''.join(f'w2@0x48 {i % 256} 1 r2\n' for i in range(2000)) +
          'r100000@0x48\n')
    write('a.csv', 'Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK\n' +
          ''.join(f'{i / 100},{i // 2},0x90,0x{i % 256:02x},Write,ACK\n'
                  for i in range(N)))
    write('a.ftrace', ''.join(
        f'a-1 [0] .... {i}.0: i2c_write: i2c-0 #0 a=048 f=0000 l=1 [00]\n'
        f'a-1 [0] .... {i}.1: i2c_result: i2c-0 n=1 ret=1\n'
        for i in range(N)))
    write('a.sigrok', ''.join(
        f'{i * 100}-{i * 100 + 9} i2c-1: {what}\n' for i, what in enumerate(
            ['Start', 'Address write: 48', 'Write', 'ACK',
             'Data write: 01', 'ACK', 'Stop'] * 2000)))


STUB = 'stub,chips=0x48'
VERBS = [
    ('show', 'a.i2ct'), ('show', 'long.i2ct'), ('show', '--json', 'long.i2ct'),
    ('show', '--wave', 'long.i2ct'), ('check', 'long.i2ct'),
    ('stats', 'a.i2ct'), ('stats', '--json', 'long.i2ct'),
    ('diff', 'a.i2ct', 'b.i2ct'), ('diff', 'long.i2ct', 'a.i2ct'),
    ('convert', 'long.i2ct', 'out.pcap'), ('convert', 'a.i2ct', 'out.vcd'),
    ('convert', 'a.csv', 'out.i2ct'), ('convert', 'a.csv', 'out.pcap'),
    ('convert', 'a.ftrace', 'out.i2ct', '--from', 'ftrace'),
    ('convert', 'a.sigrok', 'out.i2ct', '--from', 'sigrok',
     '--sample-rate', '1M'),
    ('list', '--backends'),
    ('record', '-o', 'out.i2ct', '-a', STUB, '--transfers', 'list'),
    ('replay', 'a.i2ct', '-a', STUB, '--report', 'out.json'),
    ('replay', 'long.i2ct', '-a', 'trace,file=long.i2ct'),
    ('replay', 'a.i2ct', '-a', 'trace,file=a.i2ct,match=lookup'),
    ('serve', '-a', STUB, '--stdio'),
    ('record', '-o', 'out.i2ct', '-a', STUB, '--', 'true'),
    ('replay', 'a.i2ct', '--match', 'lookup', '--', 'true'),
    ('run', '-a', STUB, '--', 'true'),
]


def limited(size, *words):
    return subprocess.run(
        ['prlimit', f'--as={size}', '--core=0', TOOL, *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, errors='replace', timeout=120,
        env=dict(os.environ, **NO_ADAPTER))


def least(low, high, works):
    """The least size, to 64 KiB, at which that holds."""
    while high - low > 65536:
        middle = (low + high) // 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def verb_case(start, words):
    usual = subprocess.run([TOOL, *words], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, text=True,
                           stderr=subprocess.PIPE, timeout=120)
    end = least(start, 4 << 30, lambda size: limited(
        size, *words).returncode == usual.returncode)
    for i in range(SIZES):
        size = start + (end - start) * i // SIZES
        done = limited(size, *words)
        if done.returncode == usual.returncode:
            continue
        if '--' in words:  # PROGRAM has as little
            assert done.returncode > 0 and done.stderr, (size, done)
        else:
            assert done.returncode == 3, (size, done)
            assert 'i2cpt-replay: ' in done.stderr, (size, done)
        for name in 'out.i2ct', 'out.vcd', 'out.pcap', 'out.json':
            if words[0] != 'record':
                assert not os.path.exists(name) or os.path.getsize(name), name
    print(f'# {" ".join(words)}: starts at {start >> 10} KiB, '
          f'ends well at {end >> 10} KiB')
    for name in 'out.i2ct', 'out.vcd', 'out.pcap', 'out.json':
        if os.path.exists(name):
            os.unlink(name)


traces()
START = least(0, 1 << 30,
              lambda size: not limited(size, '--version').returncode)
tap.main({f'test_{" ".join(words)}':
          lambda words=words: verb_case(START, words) for words in VERBS})
