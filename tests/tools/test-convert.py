#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-convert.py I2CPT-REPLAY: traces in other formats. What tshark and
sigrok-cli read of the files that were exported is compared with the trace."""
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, '../..')
sys.path.insert(0, os.path.join(HERE, '..'))
import tap  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
SAMPLES = os.path.join(HERE, 'samples')
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)


def run(*words, stdin=None, status=0, env=None):
    """(stdout, stderr) of the tool."""
    done = subprocess.run([TOOL, *words], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, env=env)
    said = f'{words}: {done.returncode}\n{done.stdout}\n{done.stderr}'
    assert done.returncode == status, said
    return done.stdout, done.stderr


def convert(*words, stdin=None, notes=()):
    """Its notes are those given, each the beginning of a line."""
    out, err = run('convert', *words, stdin=stdin)
    lines = [line.replace('i2cpt-replay: ', '', 1)
             for line in err.splitlines()]
    if notes is not None:
        assert len(lines) == len(notes), err
        for line, note in zip(lines, notes):
            assert line.startswith(note), err
    return out


def refused(*words, status=2, names=(), stdin=None):
    """One line that holds all of `names`, and after a wrong word the usage."""
    _, err = run('convert', *words, status=status, stdin=stdin)
    lines = err.splitlines()
    if status == 2:
        assert lines[1].startswith('usage: '), err
        lines = lines[:1]
    assert len(lines) == 1, err
    for name in names:
        assert name in lines[0], err


def write(name, text):
    with open(name, 'w', encoding='utf-8') as file:
        file.write(text)
    return name


def read(name):
    with open(name, encoding='utf-8') as file:
        return file.read()


def need(program):
    if not shutil.which(program):
        raise tap.Skip(f'no {program} here')
    return program


# ------------------------------------------------- what a trace says, in short

MESSAGE = re.compile(
    r'(?P<flags>[inpst]*)(?P<way>[wr])(?P<len>\d+|\?)(?P<pec>\+1)?'
    r'(?:@0x(?P<addr>[0-9a-f]+)(?P<ten>/10)?)?$')
BYTE = re.compile(r'([0-9a-f]{2})~?$|\?\?$')


FLAGS = {'i': 0x1000, 'n': 0x800, 'p': 0x8000, 's': 0x4000, 't': 0x2000}


class Message:
    def __init__(self, match, before):
        self.flags = match['flags']
        self.read = match['way'] == 'r'
        self.block = match['len'] == '?'
        self.len = 0 if self.block else int(match['len'])
        self.addr = int(match['addr'], 16) if match['addr'] else before.addr
        self.ten = bool(match['ten']) if match['addr'] else before.ten
        self.bytes = []

    def linux_flags(self):
        return (sum(FLAGS[letter] for letter in self.flags) | self.read
                | self.block * 0x400)


class Transfer:
    def __init__(self, line):
        words = line.split(' ')
        self.stamp = words[0]
        self.bus = 0
        self.messages, self.fault = [], {}
        words = words[2:]
        if words[0].startswith('i2c-'):
            self.bus = int(words.pop(0)[4:-1])
        while words and words[0] != '!' and words[0][0] != '%':
            word = words.pop(0)
            match = MESSAGE.match(word)
            if match:
                self.messages.append(Message(
                    match, self.messages[-1] if self.messages else None))
            elif word != '=':
                assert BYTE.match(word), line
                self.messages[-1].bytes.append(
                    0xff if word == '??' else int(word[:2], 16))
        if words and words[0] == '!':
            self.code = words[1]
            self.fault = dict(word.split('=') for word in words[2:]
                              if '=' in word)
        else:
            self.code = None


def transfers(trace):
    return [Transfer(line) for line in read(trace).splitlines()
            if re.match(r'\d+(\.\d+)? \+', line)]


def example_traces():
    """All that are in the tree, and one of chance."""
    found = []
    for where in ('examples', 'tests', 'docs'):
        found += glob.glob(f'{ROOT}/{where}/**/*.i2ct', recursive=True)
    assert len(found) >= 3, found
    return sorted(found) + [random_trace('random.i2ct', 200)]


def random_trace(name, n, seed=1):
    chance = random.Random(seed)
    lines = ['i2cpt-trace 1', 'frequency: 100000']
    at = 0
    for _ in range(n):
        addr, messages = chance.randrange(8, 0x78), []
        for i in range(chance.randrange(1, 4)):
            length = chance.choice((1, 1, 2, 3, 8, 40))
            data = ''.join(f' {chance.randrange(256):02x}'
                           for _ in range(length))
            where = f'@0x{addr:02x}' if not i else ''
            messages.append(f'r{length}{where} ={data}' if chance.random() < .5
                            else f'w{length}{where}{data}')
        lines.append(f'{at // 10**6}.{at % 10**6:06d} +0.000400 '
                     + ' '.join(messages))
        at += chance.randrange(40000)
    return write(name, '\n'.join(lines + [f'end {n}', '']))


# ------------------------------------------------------------------- the words

def test_every_wrong_word_is_named():
    sample = f'{SAMPLES}/wire.i2ct'
    for words, names in (
            (('x',), ['IN and OUT']),
            (('a', 'b', 'c'), ["'c'"]),
            ((sample, 'x.foo'), ['x.foo', '--to', 'trace', 'pcap', 'vcd']),
            ((sample, 'x', '--to', 'png'), ['--to=png', 'pcap', 'vcd']),
            ((sample, 'x.vcd', '--from', 'pcap'), ['--from=pcap', 'trace']),
            ((write('what', 'hello\n'), 'x.vcd'), ['what', '--from', 'trace']),
            (('-', 'x.vcd'), ['-', '--from']),
            ((sample, 'x.i2ct'), ['trace', 'nothing']),
            ((sample, sample, '--to', 'vcd'), ['same file']),
            ((sample, 'x.vcd', '--frequency', '0'), ['--frequency=0', '1 to']),
            ((sample, 'x.vcd', '--frequency', '11M'), ['=11M', '10000000']),
            ((sample, 'x.vcd', '--frequency', '4kk'), ['=4kk']),
            ((sample, 'x.vcd', '--max-gap', '10'), ['=10', 'off', '10ms']),
            ((sample, 'x.vcd', '--bus', '-1'), ['--bus=-1', '1048575'])):
        refused(*words, names=names)
    refused('nowhere.i2ct', 'x.vcd', status=3, names=['nowhere.i2ct'])
    refused(sample, '/nowhere/x.vcd', status=3, names=['/nowhere/x.vcd'])
    refused(sample, '/dev/full', '--to', 'pcap', status=3, names=['/dev/full'])
    assert not glob.glob('x*')


def test_a_bad_trace_leaves_no_file():
    bad = write('bad.i2ct', 'i2cpt-trace 1\n0 +0 w1@0x48 00\nnonsense\n')
    for to in ('vcd', 'pcap'):
        refused(bad, f'x.{to}', status=3, names=['bad.i2ct:3:1'])
        assert not os.path.exists(f'x.{to}')


def test_a_truncated_trace_is_converted_and_said_to_be():
    cut = write('cut.i2ct', 'i2cpt-trace 1\n0 +0 w1@0x48 00\n')
    convert(cut, 'cut.vcd', notes=['cut.i2ct: truncated'])


# ------------------------------------------------------------------------ pcap

def pcap_messages(trace):
    return [[str(t.bus), f'0x{m.linux_flags():08x}', f'0x{m.addr:02x}',
             bytes(m.bytes)]
            for t in transfers(trace) for m in t.messages
            if not m.ten and m.bytes and t.bus <= 127]


def test_tshark_reads_every_exported_pcap():
    need('tshark')
    for trace in example_traces():
        convert(trace, 'x.pcap', notes=None)
        out = subprocess.run(
            ['tshark', '-r', 'x.pcap', '-T', 'fields', '-e', 'i2c.bus', '-e',
             'i2c.flags', '-e', 'i2c.addr', '-e', 'data.data', '-e',
             '_ws.malformed'], check=True, stderr=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True).stdout
        seen = []
        for line in out.splitlines():
            bus, flags, addr, data, malformed = line.split('\t')
            assert not malformed, line
            data = bytes.fromhex(data)  # the address with R/W is in it
            assert data[0] == int(addr, 16) << 1 | int(flags, 16) & 1, line
            seen.append([bus, flags, addr, data[1:]])
        assert seen == pcap_messages(trace), trace


def test_pcap_says_what_it_cannot_hold():
    convert(f'{SAMPLES}/wire.i2ct', 'w.pcap', notes=[
        '6 messages with 10-bit', '5 messages without data',
        '10 transfers that failed', '4 transfers with marks'])
    write('bus.i2ct', 'i2cpt-trace 1\n0 +0 i2c-128: w1@0x48 00\n'
          '4294967296 +0 w1@0x48 00\n'
          f'0 +0 w262139@0x48{" 00" * 262139}\n'
          f'0 +0 w262138@0x48{" 00" * 262138}\nend 4\n')
    convert('bus.i2ct', 'bus.pcap', notes=[
        '1 message of a bus above 127', '1 message later than 4294967295 s',
        '1 message cut after 262138 bytes'])
    need('tshark')
    out = subprocess.run(
        ['tshark', '-r', 'bus.pcap', '-T', 'fields', '-e', 'frame.cap_len',
         '-e', 'frame.len'], check=True, stderr=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True).stdout
    # without the pseudo-header
    assert out.splitlines() == ['262139\t262140', '262139\t262139'], out


def test_pcap_to_the_standard_output():
    convert(f'{SAMPLES}/wire.i2ct', 'w.pcap', notes=None)
    out = subprocess.run([TOOL, 'convert', f'{SAMPLES}/wire.i2ct', '-', '--to',
                          'pcap'], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    with open('w.pcap', 'rb') as file:
        assert file.read() == out


# ------------------------------------------------------------------------- VCD

def sigrok(path, *show):
    out = subprocess.run(
        ['sigrok-cli', '-I', 'vcd', '-i', path, '-P', 'i2c:scl=SCL:sda=SDA',
         '-A', 'i2c=addr-data', *show], check=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True).stdout
    return [line.split(': ', 1)[1] for line in out.splitlines()
            if not re.search(r': [01]$', line)]


def nack_at(transfer):
    """(message, byte or -1) of a NACK, where the trace does not tell as late as
    it can be; None for no NACK."""
    if transfer.code not in ('ENXIO', 'EIO', 'EREMOTEIO'):
        return None
    message = int(transfer.fault.get('msg', len(transfer.messages) - 1))
    last = transfer.messages[message]
    if transfer.fault.get('phase') == 'address' or not last.bytes:
        return message, -1
    return message, int(transfer.fault.get('byte', len(last.bytes) - 1))


def expected(transfer):
    """Lines of sigrok's i2c decoder, from UM10204 and the fault's place."""
    lines, first, ten, end = [], True, None, nack_at(transfer)

    # a timeout is not seen; what was taken before it is
    cut = float('inf')
    if transfer.code == 'ETIMEDOUT' and 'byte' in transfer.fault:
        cut = int(transfer.fault['byte'])

    def address(value, is_read, nack=False):
        way = 'read' if is_read else 'write'
        lines.extend([way.title(), f'Address {way}: {value:02X}',
                      'NACK' if nack else 'ACK'])

    def start():
        lines.append('Start' if first else 'Start repeat')

    for i, m in enumerate(transfer.messages):
        refused_here = end == (i, -1)
        goes_on = transfer.messages[i + 1:i + 2]
        goes_on = goes_on and goes_on[0].read and 's' in goes_on[0].flags
        way = m.read != ('t' in m.flags)
        if 's' not in m.flags:
            start()
            first = False
            top = 0x78 | m.addr >> 8
            if not m.ten:
                address(m.addr, way, refused_here)
            elif m.read and ten == m.addr:
                address(top, True, refused_here)
            else:
                address(top, False, refused_here)
                if not refused_here:
                    lines.extend([f'Data write: {m.addr & 0xff:02X}', 'ACK'])
                    if m.read:
                        start()
                        address(top, True)
            ten = m.addr if m.ten else None
        if refused_here:
            break
        for k, byte in enumerate(m.bytes):
            if not m.read and k >= cut:
                break
            nack = end == (i, k) or (m.read and k + 1 == len(m.bytes)
                                     and not goes_on)
            lines += [f'Data {"read" if way else "write"}: {byte:02X}',
                      'NACK' if nack else 'ACK']
            if end == (i, k):
                break
        if end and end[0] == i:
            break
        if 'p' in m.flags:
            lines.append('Stop')
            first, ten = True, None
    return lines + ([] if first else ['Stop'])


def test_sigrok_decodes_every_exported_vcd():
    need('sigrok-cli')
    for trace in example_traces():
        convert(trace, 'x.vcd', '--max-gap', '200us', notes=None)
        should = [line for t in transfers(trace)
                  if t.code not in ('EBUSY', 'EAGAIN')
                  for line in expected(t)]
        assert sigrok('x.vcd') == should, trace


def test_vcd_says_what_it_cannot_show():
    convert(f'{SAMPLES}/wire.i2ct', 'w.vcd', notes=[
        '2 idle gaps shortened', '1 transfer failed at a place',
        '2 transfers ended by no NACK', '2 transfers left out',
        '1 redacted byte drawn as ff'])
    convert(f'{SAMPLES}/wire.i2ct', 'w.vcd', '--max-gap', 'off', notes=[
        '1 transfer failed', '2 transfers ended', '2 transfers left out',
        '1 redacted'])


def edges(path):
    """[(ns, line, level)]"""
    text = read(path)
    number, unit = re.search(r'\$timescale (\d+) (\w+) \$end', text).groups()
    scale = int(number) * {'ns': 1, 'us': 1000, 'ms': 1000000}[unit]
    now, found = 0, []
    for line in text.split('$end\n')[-1].splitlines():
        if line[0] == '#':
            now = int(line[1:]) * scale
        else:
            found.append((now, {'c': 'SCL', 'd': 'SDA'}[line[1]], int(line[0])))
    return found


def test_vcd_has_the_frequency_and_the_gaps_that_were_asked_for():
    trace = write('two.i2ct', 'i2cpt-trace 1\nfrequency: 400000\n'
                  '0.000000 +0.000300 w1@0x48 55\n'
                  '0.500000 +0.000300 w1@0x48 55\nend 2\n')
    for words, hz, gap, count in (((), 400000, 10000000, 1),
                                  (('--frequency', '50k'), 50000, 10000000, 1),
                                  (('--frequency', '10'), 10, 0, 0),
                                  (('--frequency', '10M'), 10000000, 10000000,
                                   1),
                                  (('--max-gap', '2ms'), 400000, 2000000, 1),
                                  (('--max-gap', '0s'), 400000, 0, 1)):
        convert(trace, 'two.vcd', *words, notes=['1 idle gap'] * count)
        seen = edges('two.vcd')
        rises = [at for at, line, level in seen if (line, level) == ('SCL', 1)]
        period = 10**9 // hz
        for a, b in zip(rises[:16], rises[1:17]):  # the bits of two bytes
            assert abs(b - a - period) <= period / 8, (words, a, b)
        idle = max(b[0] - a[0] for a, b in zip(seen, seen[1:]))
        assert 0 <= idle - gap <= 2 * period, (words, idle)
    write('same.i2ct', read('two.i2ct').replace('0.500000', '0.005000'))
    convert('same.i2ct', 'two.vcd')


def test_vcd_of_one_bus_among_several():
    trace = write('buses.i2ct', 'i2cpt-trace 1\n0 +0 w1@0x48 01\n'
                  '0 +0 i2c-0: w1@0x48 02\n0 +0 i2c-7: w1@0x48 03\nend 3\n')
    refused(trace, 'x.vcd', status=3, names=['line 4', 'bus, 7', '--bus'])
    need('sigrok-cli')
    for bus, values in (('0', ['01', '02']), ('7', ['03']), ('3', [])):
        convert(trace, 'x.vcd', '--bus', bus)
        if not values:  # sigrok does not tell anything of an idle bus
            assert edges('x.vcd') == []
            continue
        seen = [line for line in sigrok('x.vcd') if 'Data' in line]
        assert seen == [f'Data write: {value}' for value in values]


tap.main(globals())
