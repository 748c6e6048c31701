# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lines of a trace say, and what that is on the wire: read here once
more, in short and by other rules than the library's, for tests to compare."""
import random
import re

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
    with open(trace, encoding='utf-8') as file:
        lines = file.read().splitlines()
    return [Transfer(line) for line in lines
            if re.match(r'\d+(\.\d+)? \+', line)]


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
    with open(name, 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines + [f'end {n}', '']))
    return name


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


def unseen(transfer):
    """Nothing is known to have been on the wire."""
    return transfer.code in ('EBUSY', 'EAGAIN') or (
        transfer.code == 'ETIMEDOUT' and 'msg' not in transfer.fault)


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
