#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-convert.py I2CPT-REPLAY: traces in other formats. What tshark and
sigrok-cli read of the files that were exported is compared with the trace;
what was imported, with traces that were checked by hand (samples/README.md)."""
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, '../..')
sys.path.insert(0, os.path.join(HERE, '..'))
import tap  # noqa: E402
import cli  # noqa: E402
from cli import TOOL, read, run, write  # noqa: E402
from traces import (  # noqa: E402
    expected, random_trace, transfers, unseen)

SAMPLES = os.path.join(HERE, 'samples')


def convert(*words, stdin='', notes=()):
    """Its notes are those given, each the beginning of a line."""
    out, err = run('convert', *words, stdin=stdin)
    lines = [line.replace('i2cpt-replay: ', '', 1)
             for line in err.splitlines()]
    if notes is not None:
        assert len(lines) == len(notes), err
        for line, note in zip(lines, notes):
            assert line.startswith(note), err
    return out


def refused(*words, **how):
    cli.refused('convert', *words, **how)


def need(program):
    if not shutil.which(program):
        raise tap.Skip(f'no {program} here')
    return program


def example_traces():
    """All that are in the tree, and one of chance."""
    found = []
    for where in ('examples', 'tests', 'docs'):
        found += glob.glob(f'{ROOT}/{where}/**/*.i2ct', recursive=True)
    assert len(found) >= 3, found
    return sorted(found) + [random_trace('random.i2ct', 200)]


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


def test_a_failure_removes_nothing_that_it_did_not_write():
    bad = write('bad.i2ct', 'i2cpt-trace 1\n0 +0 w1@0x48 00\nnonsense\n')
    write('-', 'mine')
    refused(bad, '-', '--to', 'vcd', status=3, names=['bad.i2ct:3:1'])
    refused('-', '-', '--from', 'sigrok', '--to', 'trace', status=3,
            names=['<stdin>:1:1'], stdin='nonsense\n')
    assert read('-') == 'mine'
    os.unlink('-')
    os.mkdir('folder.vcd')
    refused(f'{SAMPLES}/wire.i2ct', 'folder.vcd', status=3,
            names=['folder.vcd'])
    refused('nowhere.csv', write('old.i2ct', 'mine'), '--from', 'saleae',
            status=3, names=['nowhere.csv'])
    assert read('old.i2ct') == 'mine'


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
        '10 transfers that failed', '4 transfers with marks',
        '1 event left out'])
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


def test_sigrok_decodes_every_exported_vcd():
    need('sigrok-cli')
    for trace in example_traces():
        for bus in sorted({t.bus for t in transfers(trace)}):
            convert(trace, 'x.vcd', '--max-gap', '200us', '--bus', str(bus),
                    notes=None)
            should = [line for t in transfers(trace)
                      if t.bus == bus and not unseen(t) for line in expected(t)]
            assert sigrok('x.vcd') == should, (trace, bus)


def test_vcd_says_what_it_cannot_show():
    convert(f'{SAMPLES}/wire.i2ct', 'w.vcd', notes=[
        '2 idle gaps shortened', '1 transfer failed at a place',
        '2 transfers ended by no NACK', '2 transfers left out',
        '1 redacted byte drawn as ff', '1 event left out'])
    convert(f'{SAMPLES}/wire.i2ct', 'w.vcd', '--max-gap', 'off', notes=[
        '1 transfer failed', '2 transfers ended', '2 transfers left out',
        '1 redacted', '1 event'])


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


def test_vcd_has_the_lines():
    head = 'i2cpt-trace 1\nfrequency: 100000\n'
    body = ('0 irq drdy 0\n0 irq int 1\n0.001 +0.0001 w1@0x48 55\n'
            '0.0011 irq drdy 1\n0.002 irq drdy 0\n0.003 +0.0001 r1@0x48 = 55\n'
            '0.004 irq other 1\nend 2\n')
    write('lines.i2ct', head + 'lines: drdy int\n' + body)
    convert('lines.i2ct', 'lines.vcd', notes=['1 event left out'])
    text = read('lines.vcd')
    assert ('$scope module lines $end\n$var wire 1 l0 drdy $end\n'
            '$var wire 1 l1 int $end\n$upscope $end\n') in text, text
    # what they begin with, at the beginning
    assert '#0\n$dumpvars\n1c\n1d\nxl1\nxl0\n$end\n0l0\n1l1\n#' in text, text
    changes, at = [], 0
    for line in text.split('$enddefinitions')[1].splitlines():
        at = int(line[1:]) if line[:1] == '#' else at
        if line[1:] == 'l0' and line[0] != 'x':
            changes.append((int(line[0]), at))
    assert [level for level, _ in changes] == [0, 1, 0], changes
    assert 700 <= changes[2][1] - changes[1][1] <= 1000, changes
    # behind the transfer that it stands behind, before the next one
    falls = [int(part.split('\n')[0]) for part in text.split('#')[1:]
             if '\n0d' in part]
    assert falls[0] < changes[1][1] < changes[2][1] < falls[-1], (falls, changes)
    convert('lines.vcd', 'back.i2ct')
    assert [line.split(' ', 2)[2] for line in read('back.i2ct').splitlines()
            if line[:1].isdigit()] == ['w1@0x48 55', 'r1@0x48 = 55']
    write('unnamed.i2ct', head + body)
    convert('unnamed.i2ct', 'unnamed.vcd', notes=['5 events left out'])
    assert 'lines' not in read('unnamed.vcd')


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



# --------------------------------------------------------------------- imports

def plain(text):
    """Without comments."""
    return [line for line in text.splitlines() if not line.startswith('#')]


def imported(sample, *words, notes=(), result=None):
    result = result or os.path.splitext(sample)[0] + '.i2ct'
    out = convert(f'{SAMPLES}/{sample}', '-', '--to', 'trace', *words,
                  notes=notes)
    assert plain(out) == plain(read(f'{SAMPLES}/{result}')), out
    assert run('check', write('in.i2ct', out))[0].startswith('in.i2ct: whole')
    return out


def test_saleae_logic_1():
    imported('saleae-logic1.csv', notes=['1 read kept apart'])


def test_saleae_logic_2():
    imported('saleae-logic2.csv', notes=[
        '1 event left out: of a transfer that began before',
        '1 repeated START behind a NACK', '2 rows of other analyzers'])


def test_ftrace_of_a_real_kernel():
    imported('ftrace.txt', notes=['6 bytes not in the file'])


def test_ftrace_smbus_protocols_and_gaps():
    imported('ftrace-smbus.txt', notes=[
        '3 transfers left out: its beginning or end', '2 transfers under way',
        '1 SMBus command left out', '6 bytes not in the file',
        '7 events lost'])


def test_sigrok_annotations():
    imported('sigrok.txt', '--sample-rate', '10M',
             notes=['1 read acknowledged to its last byte'])
    imported('sigrok-stacked.txt', notes=[
        '1 transfer without STOP', '6 lines of other decoders'])


def test_pulseview_rows_in_any_order():
    rows = []
    with open(f'{SAMPLES}/sigrok.txt', encoding='utf-8') as file:
        for line in file.read().splitlines():
            if ' i2c-1: ' in line:
                row = 'Bits' if line.split(': ', 1)[1] in '01' else \
                    'Address/data'
                rows.append(line.replace('i2c-1: ', f'I²C: {row}: '))
    assert len(rows) > 20
    for order in rows, rows[::-1], sorted(rows):
        write('pulseview.txt', '\n'.join(order) + '\n')
        run('convert', 'pulseview.txt', 'pulseview.i2ct', '--sample-rate', '1M')
        run('convert', f'{SAMPLES}/sigrok.txt', 'sigrok.i2ct', '--sample-rate',
            '1M')
        assert read('pulseview.i2ct') == read('sigrok.i2ct')


def test_sigrok_tells_ten_bits_of_an_address():
    """As libsigrokdecode does since it knows them: both address bytes, the
    first of them with R/W, and behind a read's address the first byte too."""
    assert lines_of('\n'.join('i2c-1: ' + what for what in (
        'Start', 'Address write: F2', 'ACK', 'Address write: 34', 'ACK',
        'Data write: 05', 'ACK', 'Start repeat', 'Address read: F3', 'ACK',
        'Address read: 77', 'ACK', 'Data read: 88', 'NACK', 'Stop')) + '\n'
        ) == ['w1@0x134/10 05 r2 = 77 88']


def test_sigrok_sample_numbers_without_a_rate():
    out = convert(f'{SAMPLES}/sigrok.txt', '-', '--to', 'trace', notes=[
        '1 read acknowledged', 'all stamps are 0: --sample-rate'])
    assert all(t.stamp == '0.000000'
               for t in transfers(write('in.i2ct', out)))


def lines_of(text, tail=''):
    """Transfers of imported text, without stamps."""
    out = convert(write('text.in', text), '-', '--to', 'trace', *tail,
                  notes=None)
    return [re.sub(r'^\S+ \S+ ', '', line) for line in out.splitlines()[2:-1]]


LOGIC1 = 'Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK\n'
LOGIC2 = 'name,type,start_time,duration,ack,address,read,data\n'


def test_saleae_logic_1_joined_and_with_seven_bits():
    rows = ('0,0,0x48,0x00,Write,ACK\n1e-3,1,0x48,0x1A,Read,ACK\n'
            '2e-3,1,0x48,0xC0,Read,NAK\n')
    seven = ('--address-bits', '7')
    assert lines_of(LOGIC1 + rows, seven) == ['w1@0x48 00', 'r2@0x48 = 1a c0']
    assert lines_of(LOGIC1 + rows, (*seven, '--join')) == [
        'w1@0x48 00 r2 = 1a c0']
    assert lines_of(LOGIC1 + rows, ('--address-bits', '8')) == [
        'w1@0x24 00', 'r2@0x24 = 1a c0']
    # other packets are other messages; other addresses are never joined
    rows = ('0,0,0x48,0x00,Write,ACK\n1,1,0x48,0x01,Write,ACK\n'
            '2,2,0x49,0x02,Read,NAK\n')
    assert lines_of(LOGIC1 + rows, (*seven, '--join')) == [
        'w1@0x48 00', 'w1@0x48 01', 'r1@0x49 = 02']


def test_saleae_logic_1_addresses_that_could_be_either():
    table = LOGIC1 + '0,0,0x48,0x00,Write,ACK\n'
    write('either.csv', table)
    convert('either.csv', 'either.i2ct', notes=['addresses taken as 8 bits'])
    convert('either.csv', 'either.i2ct', '--address-bits', '8')
    convert('either.csv', 'either.i2ct', '--address-bits', '7')
    write('wide.csv', table + '1,1,0x90,0x00,Write,ACK\n')
    convert('wide.csv', 'wide.i2ct')


def test_saleae_logic_1_refusals_and_a_capture_that_ends_early():
    assert lines_of(LOGIC1 + '0,0,0x90,,Write,NAK\n'
                    '1,1,0x90,0x01,Write,ACK\n'
                    '2,1,0x90,0x02,Write,NAK\n'
                    '3,1,0x90,0x03,Write,ACK\n'
                    '4,2,0x90,0x04,Write,Missing ACK/NAK\n') == [
        'w0@0x48 ! ENXIO phase=address msg=0', 'iw3@0x48 01 02 03',
        'w1@0x48 04']


MISSING = 'transfer left out: an ACK or NACK of it is not in the capture'


def test_saleae_a_ninth_bit_that_is_missing():
    """Of such a transfer nobody knows how it went; the others stay."""
    def row(*words):
        return ','.join(words) + '\n'
    lost = ('Missing ACK/NAK',)
    before, after = row('0', '0', '0x90', '0x01', 'Write', 'ACK'), row(
        '9', '9', '0x90', '0x09', 'Write', 'ACK')
    for name, rows in (
            ('in the middle',
             row('1', '1', '0x90', '0x02', 'Write', *lost)
             + row('2', '1', '0x90', '0x03', 'Write', 'ACK')),
            ('of its last byte', row('1', '1', '0x93', '0x02', 'Read', 'ACK')
             + row('2', '1', '0x93', '0x03', 'Read', *lost)),
            ('of its address', row('1', '1', '0x90', '', 'Write', *lost)
             + row('2', '1', '0x90', '0x02', 'Write', 'ACK')),
            ('twice', row('1', '1', '0x90', '0x02', 'Write', *lost)
             + row('2', '1', '0x90', '0x03', 'Write', *lost))):
        write('missing.csv', LOGIC1 + before + rows + after)
        convert('missing.csv', 'missing.i2ct', notes=['1 ' + MISSING])
        assert bare('missing.i2ct') == ['w1@0x48 01', 'w1@0x48 09'], name
    def event(kind, at='', ack='', address='', read='', data=''):
        return row('I', kind, at, '0', ack, address, read, data)
    def written(at, acks):
        return (event('start', at) + event('address', '', 'true', '0x48', 'false')
                + ''.join(event('data', '', ack, data='0x0%d' % i)
                          for i, ack in enumerate(acks))
                + event('stop', at))
    write('missing.csv', LOGIC2 + written('1', ('true', '', 'true'))
          + event('start', '2') + event('address', '', '', '0x48', 'false')
          + event('start', '2') + event('address', '', 'true', '0x48', 'true')
          + event('stop', '2') + written('3', ('true',)))
    convert('missing.csv', 'missing.i2ct',
            notes=['2 transfers' + MISSING[len('transfer'):]])
    assert bare('missing.i2ct') == ['w1@0x48 00'], bare('missing.i2ct')
    # where the capture ends in it, it is as long as it was seen
    write('missing.csv', LOGIC1 + before
          + row('1', '1', '0x90', '0x02', 'Write', *lost)
          + row('2', '1', '0x90', '0x03', 'Write', 'ACK')
          + row('3', '2', '0x90', '0x04', 'Write', *lost))
    convert('missing.csv', 'missing.i2ct', notes=[
        '1 ' + MISSING, '1 transfer without STOP'])
    assert bare('missing.i2ct') == ['w1@0x48 01', 'w1@0x48 04']


ONE_ID = 'Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK\n'


def test_saleae_one_packet_id_for_everything():
    """As Logic 2 exports the table of one analyzer: addresses have 7 bits."""
    rows = ''.join(f'{at},0,0x48,0x{data:02x},{way},{ack}\n'
                   for at, data, way, ack in (
                       (.000100, 1, 'Write', 'ACK'), (.000190, 2, 'Write', 'ACK'),
                       (.001100, 3, 'Write', 'ACK'), (.001190, 4, 'Write', 'ACK'),
                       (.001400, 5, 'Read', 'ACK'), (.001490, 6, 'Read', 'NAK')))
    write('one.csv', ONE_ID + rows)
    convert('one.csv', 'one.i2ct', notes=[
        '1 read kept apart', 'one Packet ID for all', 'addresses taken as 7'])
    assert bare('one.i2ct') == ['w2@0x48 01 02', 'w2@0x48 03 04',
                                'r2@0x48 = 05 06'], bare('one.i2ct')
    # 0x91 and 0x90 can only be 8 bits, whatever the IDs say
    write('one.csv', ONE_ID + rows.replace('0x48', '0x90', 4)
          .replace('0x48', '0x91'))
    convert('one.csv', 'one.i2ct', notes=['1 read kept apart',
                                          'one Packet ID for all'])
    assert bare('one.i2ct')[0] == 'w2@0x48 01 02', bare('one.i2ct')


def test_saleae_quotes_have_an_end():
    for row in ('0.1,0,0x48,0x01,Write,"ACK', '0.1,0,0x48,0x01,Write,"',
                '0.1,0,"0x48,0x01,Write,ACK'):
        refused(write('quote.csv', ONE_ID + row + '\n'), 'x.i2ct', status=3,
                names=['quote.csv:2:', 'the quotes do not end'])


def test_saleae_columns_in_any_order_with_quotes_and_crlf():
    assert lines_of('\ufeff"type","name",x,"data","read","address","ack",'
                    '"start_time"\r\n'
                    'start,"My ""bus"", 1",,,,,,0.5\r\n'
                    'address,"My ""bus"", 1",,,TRUE,0x48,True,\r\n'
                    'data,"My ""bus"", 1",,0b101,,,false,\r\n'
                    'stop,"My ""bus"", 1",,,,,,0.6\r\n',
                    ('--from', 'saleae')) == ['r1@0x48 = 05']


def test_saleae_one_of_several_analyzers():
    rows = ''
    for i, name in enumerate('AB'):
        rows += (f'{name},start,0,,,,,\n{name},address,,,true,0x4{i},false,\n'
                 f'{name},stop,1,,,,,\n')
    assert lines_of(LOGIC2 + rows) == ['w0@0x40']
    assert lines_of(LOGIC2 + rows, ('--name', 'B')) == ['w0@0x41']


def test_ftrace_text_that_only_looks_like_an_event():
    assert lines_of('# tracer: nop\n' + FTRACE
                    + 'tracing_mark_write: i2c_read: i2c-1 #0\n'
                    + FTRACE + 'i2c_read: i2c-1 #0 a=048 f=0001 l=0\n'
                    + FTRACE + 'i2c_result: i2c-1 n=1 ret=1\n') == [
        'i2c-1: r0@0x48']


def test_ftrace_of_one_bus():
    out = convert(f'{SAMPLES}/ftrace.txt', '-', '--to', 'trace', '--bus', '0',
                  notes=['6 bytes'])
    assert len(transfers(write('one.i2ct', out))) == 8
    assert 'i2c-' not in out


def test_what_is_not_in_a_file_is_said():
    write('empty.txt', '# tracer: nop\n#\n')
    refused('empty.txt', 'empty.i2ct', status=3, names=['no transfer in it'])
    write('stop.sigrok', 'i2c-1: Stop\ni2c-1: Start\ni2c-1: Stop\n')
    _, err = run('convert', 'stop.sigrok', 'x.i2ct', status=3)
    assert '1 event left out' in err and '1 START left out' in err, err
    assert not os.path.exists('x.i2ct')


def test_reads_that_a_trace_cannot_tell_are_counted():
    write('odd.sr', 'i2c-1: Start\ni2c-1: Address read: 48\ni2c-1: ACK\n'
          'i2c-1: Data read: 01\ni2c-1: NACK\ni2c-1: Data read: 02\n'
          'i2c-1: ACK\ni2c-1: Stop\n')
    convert('odd.sr', 'odd.i2ct', notes=['1 read acknowledged to its last',
                                         '1 read that went on behind a NACK'])


FTRACE = ' a-1 [000] .... 1.000000: '
BAD = (
    # text, line:column, what is named
    (LOGIC1 + 'x,0,0x90,0x00,Write,ACK\n', '2:1', ["'x'", 'seconds']),
    (LOGIC1 + '1,0,0x100,0x00,Write,ACK\n', '2:5', ['0x100', '0xff']),
    (LOGIC1 + '1,0,0x91,0x00,Write,ACK\n', '2:5', ['--address-bits 7']),
    (LOGIC1 + '1,0,0x90,0x00,Read,ACK\n', '2:5', ['--address-bits', '8 if']),
    (LOGIC1 + "1,0,0x90,'0',Write,ACK\n", '2:10', ["''0''", 'hexadecimal']),
    (LOGIC1 + '1,0,0x90,4,Write,ACK\n', '2:10', ["'4'", 'hexadecimal']),
    (LOGIC1 + '1,0,0x90,0x00,write?,ACK\n', '2:15', ['Read or Write']),
    (LOGIC1 + '1,0,0x90,0x00,Write,ok\n', '2:21', ["'ok'", 'ACK or NAK']),
    (LOGIC1 + '1,0,0x90\n', '2:1', ['3 columns']),
    (LOGIC1 + '1,"0,0x90\n', '2:', ['quotes']),
    (LOGIC1 + '1,"0"x,0x90,0,Write,ACK\n', '2:6', ["'x'", 'comma']),
    (LOGIC1 + '9e99,0,0x90,0x00,Write,ACK\n', '2:1', ['no time']),
    (LOGIC1 + '1,0,0x90,0x00,Write,ACK\n0.5,1,0x90,0x00,Write,ACK\n',
     '3:1', ['time before']),
    (LOGIC1.replace(',ACK/NAK', ''), '1:1', ['no table', 'start_time']),
    (LOGIC2 + 'I2C,start,,,,,,\n', '2:11', ['no time']),
    (LOGIC2 + 'I2C,start,1,,,,,\nI2C,address,1,,true,0x80,false,\n', '3:21',
     ['0x80', '0x7f']),
    (LOGIC2 + 'I2C,start,1,,,,,\nI2C,address,1,,1,0x40,false,\n', '3:16',
     ["'1'", 'true or false']),
    (LOGIC2 + 'I2C,start,1,,,,,\nI2C,data,1,,true,,,0x00\n', '3:', ['address']),
    (LOGIC2 + 'I2C,start,1,,,,,\nI2C,oops,1,,true,,,0x00\n', '3:5',
     ["'oops'", 'start, address, data or stop']),
    (LOGIC2 + 'I2C,start,2,,,,,\nI2C,address,,,true,0x40,false,\n'
     'I2C,stop,1,,,,,\n', '4:10', ['time before']),
    (LOGIC2 + 'I2C,start,2,,,,,\nI2C,address,,,true,0x40,false,\n'
     'I2C,stop,3,,,,,\nI2C,start,1,,,,,\nI2C,address,,,true,0x40,false,\n',
     '6:1', ['time before']),
    (LOGIC2 + 'I2C,start,1' + ',' * 70 + '\n', '2:', ['64 columns']),
    ('i2c-1: Start\ni2c-1: Adress read: 48\n', '2:8', ['Adress', 'Stop']),
    ('i2c-1: Start\ni2c-1: Address read: 80\n', '2:22', ['7f', 'shifted']),
    ('i2c-1: Start\ni2c-1: Address read: 48 x\n', '2:24', ["' x'"]),
    ('i2c-1: Start\ni2c-1: ACK\n', '2:8', ['ACK or NACK of nothing']),
    ('i2c-1: Start\ni2c-1: Data read: 00\n', '2:8', ['address is due']),
    ('i2c-1: Start\ni2c-1: Address read: 48\ni2c-1: Start\n', '3:8',
     ['ACK or NACK is due']),
    ('i2c-1: Start\ni2c-1: Address read: 48\ni2c-1: Stop\n', '3:8',
     ['ACK or NACK is due']),
    ('i2c-1: Start\ni2c-1: Address read: 48\ni2c-1: Data read: 11\n', '3:8',
     ['ACK or NACK is due']),
    ('i2c-1: Start\ni2c-1: Address read: 48\ni2c-1: ACK\n'
     'i2c-1: Address read: 48\n', '4:8', ['without a START']),
    ('i2c-1: Start\nhello there\n', '2:1', ['no annotation']),
    ('1-2 i2c-1: Start\n3_4 i2c-1: Stop\n', '2:2', ['BEGIN-END']),
    (LOGIC2 + 'I2C,start,-9e9,,,,,\nI2C,address,,,true,0x40,false,\n'
     'I2C,stop,9e9,,,,,\n', '4:10', ['9223372035 s']),
    (FTRACE.replace('1.0', '9000000001.0') + 'i2c_result: i2c-1 n=1 ret=1\n',
     '1:36', ['no time', '9.483527:']),
    (' a-1 [000] .... 123456: i2c_read: i2c-1 #0\n', '1:25', ['no time']),
    (FTRACE + 'i2c_read: i2c-1 #0 a=048\n', '1:', ['f=']),
    ('i2c-1: Start\n\0\n', '2:1', ['NUL']),
    (f'i2c-1: Start\n{"x" * 1048577}\n', '2:1048577', ['1048576 bytes']),
    (FTRACE + 'i2c_write: i2c-1048576 #0\n', '1:', ['i2c-', '1048575']),
    (FTRACE + 'i2c_write: i2c-1 #1024 a=048 f=0 l=0 []\n', '1:',
     ['#0 to 1023']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=080 f=0000 l=0 []\n', '1:47',
     ['0x80', '07f']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=448 f=0010 l=0 []\n', '1:', ['3ff']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=048 f=0001 l=0 []\n', '1:1', ['f=']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=048 f=0008 l=0 []\n', '1:1', ['f=']),
    (FTRACE + 'i2c_read: i2c-1 #0 a=048 f=0000 l=0\n', '1:1', ['f=']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=048 f=0000 l=65536 []\n', '1:',
     ['l=0 to 65535']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=048 f=0000 l=1 [00-11]\n', '1:',
     ['more bytes than l=1']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=048 f=0000 l=2 [00:11]\n', '1:',
     ['00 to ff']),
    (FTRACE + 'i2c_write: i2c-1 #0 a=048 f=0000 l=2\n', '1:', ['no data']),
    (FTRACE + 'i2c_read: i2c-1 #0 a=048 f=0001 l=2 [00]\n', '1:', ['[00]']),
    (FTRACE + 'i2c_result: i2c-1 n=1025 ret=0\n', '1:', ['n=0 to 1024']),
    (FTRACE + 'i2c_result: i2c-1 n=1 ret=-5000\n', '1:', ['4095']),
    (FTRACE + 'smbus_read: i2c-1 a=048 f=0000 c=100 BYTE\n', '1:', ['c=0 to']),
    (FTRACE + 'smbus_read: i2c-1 a=048 f=0000 c=1 BITE\n', '1:',
     ['BITE', 'I2C_BLOCK_DATA']),
    (FTRACE + 'smbus_read: i2c-1 a=048 f=0001 c=1 BYTE\n', '1:1', ['f=']),
    (FTRACE + 'smbus_write: i2c-1 a=048 f=0000 c=1 BYTE_DATA l=35 []\n', '1:',
     ['l=0 to 34']),
    (FTRACE + 'smbus_result: i2c-1 a=048 f=0000 c=1 BYTE up res=0\n', '1:',
     ['rd or wr']),
    (FTRACE + 'i2c_read: i2c-1 #0 a=048 f=0001 l=1\n'
     + FTRACE + 'i2c_reply: i2c-1 #0 a=048 f=0001 l=2 [00-00]\n', '2:1',
     ['did not ask']),
    (FTRACE + 'i2c_read: i2c-1 #0 a=048 f=0001 l=1\n'
     + FTRACE.replace('1.0', '0.9') + 'i2c_result: i2c-1 n=1 ret=1\n', '2:1',
     ['time before']),
)


def test_what_is_wrong_has_its_line_and_column():
    for text, where, names in BAD:
        form = ('saleae' if text.startswith(('Time', 'name')) else
                'ftrace' if text.startswith(' a-1') else 'sigrok')
        refused(write('bad.in', text), 'bad.out', '--from', form, '--to',
                'trace', status=3, names=[f'bad.in:{where}', *names])
        assert not os.path.exists('bad.out'), text


def test_limits_of_a_trace_hold():
    start = 'i2c-1: Start\ni2c-1: Address write: 48\ni2c-1: ACK\n'
    byte = 'i2c-1: Data write: 00\ni2c-1: ACK\n'
    write('long.sr', start + byte * 1048576 + 'i2c-1: Stop\n')
    convert('long.sr', 'long.i2ct')
    write('long.sr', start + byte * 1048577 + 'i2c-1: Stop\n')
    refused('long.sr', 'long.i2ct', status=3, names=['1048576'])
    write('many.sr', start * 1024 + 'i2c-1: Stop\n')
    convert('many.sr', 'many.i2ct')
    write('many.sr', start * 1025 + 'i2c-1: Stop\n')
    refused('many.sr', 'many.i2ct', status=3, names=['many.sr:', '1024'])


def test_an_import_from_the_standard_input():
    text = read(f'{SAMPLES}/ftrace.txt')
    out = convert('-', '-', '--from', 'ftrace', '--to', 'trace', stdin=text,
                  notes=['6 bytes'])
    assert plain(out) == plain(read(f'{SAMPLES}/ftrace.i2ct'))


def test_an_import_straight_to_another_format():
    os.mkdir('between')
    run('convert', f'{SAMPLES}/saleae-logic2.csv', 'direct.vcd',
        env=dict(os.environ, TMPDIR='between'))
    convert(f'{SAMPLES}/saleae-logic2.i2ct', 'through.vcd', notes=None)
    assert read('direct.vcd') == read('through.vcd')
    assert not os.listdir('between')


# --------------------------------------------------------------- two-wire VCD

def bare(trace):
    return [re.sub(r'^\S+ \S+ ', '', line) for line in plain(read(trace))
            if re.match(r'\d+\.', line)]


def test_an_exported_vcd_comes_back_as_it_was():
    trace = random_trace('back.i2ct', 300, seed=7)
    for hz in ('10k', '100k', '1M', '5M'):
        convert(trace, 'back.vcd', '--frequency', hz, '--max-gap', '100us',
                notes=None)
        convert('back.vcd', 'again.i2ct')
        assert bare('again.i2ct') == bare(trace), hz


def test_a_vcd_with_other_names_and_units():
    write('small.i2ct', 'i2cpt-trace 1\nfrequency: 400000\n'
          '0.000000 +0.0 w1@0x48 5a\n0.001000 +0.0 r1@0x48 = a5\nend 2\n')
    convert('small.i2ct', 'small.vcd')
    text = read('small.vcd')
    other = (text.replace(' SCL ', ' clk ').replace(' SDA ', ' dat ')
             .replace('$timescale 100 ns', '$timescale\n100ns')
             .replace('$var wire 1 c', '$var wire 8 x bus [7:0] $end\n'
                      '$var wire 1 c'))
    write('other.vcd', other)
    refused('other.vcd', 'x.i2ct', status=3, names=['other.vcd', '--scl'])
    refused('other.vcd', 'x.i2ct', '--scl', 'clk', status=3, names=['--sda'])
    convert('other.vcd', 'other.i2ct', '--scl', 'clk', '--sda', 'dat')
    assert bare('other.i2ct') == bare('small.i2ct')
    first, second = [float(t.stamp) for t in transfers('other.i2ct')]
    assert first == 0 and abs(second - 0.001) < 1e-6, second
    for words, names in (
            (('$timescale 100 ns $end\n', ''), ['$timescale']),
            (('100 ns', '3 ns'), ['bad.vcd:2:', '1, 10 or 100']),
            (('$enddefinitions', '$end_definitions'), ['$enddefinitions']),
            (('#0\n', '#x\n'), ['bad.vcd:', '# and a number']),
            (('#0\n', '#99999999\n'), ['bad.vcd:', 'before']),
            (('#0\n', '#0\n?c\n'), ['bad.vcd:', '0, 1, x, z or b0101']),
            (('$upscope', '$var wire 1 z scl2 $end $upscope'),
             ['bad.vcd:', 'more than one']),
            ((' SDA ', ' ' + 'SDA' * 40 + ' '), ['bad.vcd:', '100 bytes'])):
        assert words[0] in text
        refused(write('bad.vcd', text.replace(*words)), 'x.i2ct', '--from',
                'vcd', status=3, names=names)
    refused('nowhere.vcd', 'x.i2ct', '--from', 'vcd', status=3,
            names=['nowhere.vcd'])
    assert not os.path.exists('x.i2ct')


def vcd(name, header, *changes):
    """A VCD with these variables; times in us."""
    return write(name, '$timescale 1 us $end\n' + header +
                 '$enddefinitions $end\n' + ''.join(
                     f'#{i}\n{change}\n' for i, change in enumerate(changes)))


WIRES = '$var wire 1 c SCL $end\n$var wire 1 d SDA $end\n'


def levels(bits, high='1', low='0'):
    """SCL and SDA through a list of bits, '<' START, '>' STOP."""
    scl, sda = 'c', 'd'
    out = [f'{high}{scl}\n{high}{sda}']
    for bit in bits:
        if bit == '<':
            out += [f'{high}{sda}', f'{high}{scl}', f'{low}{sda}', f'{low}{scl}']
        elif bit == '>':
            out += [f'{low}{sda}', f'{high}{scl}', f'{high}{sda}']
        elif bit != ' ':
            out += [f'{high if bit == "1" else low}{sda}', f'{high}{scl}',
                    f'{low}{scl}']
    return out


# bits, and what is to come of them
EDGES = [
    ('<10010000 0 00000001 0>', ['w1@0x48 01'], ()),
    ('<10010000 0 00000001 0<10010001 0 10100101 1>',
     ['w1@0x48 01 r1 = a5'], ()),
    # an address that was given up, and begun again
    ('<1001<10010000 0 00000000 0>', ['w1@0x48 00'], ('1 byte cut short',)),
    ('<10010<10010001 0 11111111 1>', ['r1@0x48 = ff'], ('1 byte cut short',)),
    ('<10010000<10010000 0 00000000 0>', ['w1@0x48 00'], ('1 byte cut',)),
    ('<1001><10010000 0 00000000 0>', ['w1@0x48 00'],
     ('1 START', '1 byte cut short')),
    # a byte that was
    ('<10010000 0 0011>', ['w0@0x48'], ('1 byte cut short',)),
    ('<10010000 0 00000011 0 00<10010001 0 00000000 1>',
     ['w1@0x48 03 r1 = 00'], ('1 byte cut short',)),
    ('<10010000 1>', ['w0@0x48 ! ENXIO phase=address msg=0'], ()),
]


def test_a_vcd_is_its_edges():
    for bits, expected, notes in EDGES:
        for high in '1', 'z', 'H':
            vcd('e.vcd', WIRES, *levels(bits, high))
            convert('e.vcd', 'e.i2ct', notes=list(notes))
            assert bare('e.i2ct') == expected, (bits, high, bare('e.i2ct'))


def test_a_vcd_of_vectors():
    plain = levels(EDGES[1][0])
    value, words = {'c': '0', 'd': '0'}, []
    for step in plain:
        for change in step.split():
            value[change[1]] = change[0]
        words.append(f'b1{value["d"]}010{value["c"]}00 p')
    for header, scl, sda in (
            ('$var wire 8 p PORTC [7:0] $end\n', 'PORTC[2]', 'PORTC[6]'),
            ('$var reg 8 p PORTC[15:8] $end\n', 'PORTC[10]', 'PORTC[14]'),
            ('$var wire 8 p PORTC $end\n', 'PORTC[2]', 'PORTC[6]')):
        vcd('v.vcd', header + '$var wire 300 q long $end\n',
            'b' + '1' * 300 + ' q\n' + words[0], *words[1:])
        convert('v.vcd', 'v.i2ct', '--scl', scl, '--sda', sda)
        assert bare('v.i2ct') == EDGES[1][1], (header, bare('v.i2ct'))
    refused('v.vcd', 'w.i2ct', '--scl', 'PORTC[8]', '--sda', 'PORTC[6]',
            status=3, names=['no wire for SCL', 'VECTOR[BIT]'])
    # shorter than the vector: 0 in front of a 0 or 1
    vcd('v.vcd', '$var wire 8 p PORTC [7:0] $end\n',
        *(f'b{int(word[1:9], 2) & 0x7f:b} p' for word in words))
    convert('v.vcd', 'v.i2ct', '--scl', 'PORTC[2]', '--sda', 'PORTC[6]')
    assert bare('v.i2ct') == EDGES[1][1], bare('v.i2ct')


def test_a_vcd_with_long_pauses():
    lines = []
    for i, change in enumerate(levels(EDGES[0][0])):
        lines.append(f'#{i * 20_000_000_000}\n{change}\n')
    write('slow.vcd', '$timescale 1 ns $end\n' + WIRES +
          '$enddefinitions $end\n' + ''.join(lines))
    convert('slow.vcd', 'slow.i2ct')
    assert bare('slow.i2ct') == EDGES[0][1]
    with open('slow.vcd', encoding='utf-8') as file:  # from a pipe, too
        run('convert', '-', 'pipe.i2ct', '--from', 'vcd', stdin=file.read())
    assert read('pipe.i2ct') == read('slow.i2ct')


# ---------------------------------------------------- nothing is no transfer

NOTHING = [
    ('e.vcd', 'edges of SCL and SDA', WIRES.join(
        ('$timescale 1 us $end\n', '$enddefinitions $end\n#0\n1c\n1d\n'))),
    ('e.csv', 'rows of an I2C table',
     'Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK\n'),
    ('e.ftrace', 'i2c_write:', 'perf 1 [000] 1.0: i2c:i2c_writ: x\n'),
    ('e.sigrok', 'i2c-1: Start', 'uart-1: x\n'),
    ('empty.sigrok', 'i2c-1: Start', ''),
]


def test_nothing_is_an_error():
    for name, looked, text in NOTHING:
        write(name, text)
        _, err = run('convert', name, 'none.i2ct', '--from',
                     {'csv': 'saleae'}.get(name.split('.')[1],
                                           name.split('.')[1]), status=3)
        assert 'no transfer in it' in err and looked in err, err
        assert not os.path.exists('none.i2ct')
    _, err = run('convert', f'{SAMPLES}/ftrace.txt', 'none.i2ct', '--bus', '5',
                 status=3)
    assert 'no transfer in it of this --bus' in err, err


tap.main(globals())
