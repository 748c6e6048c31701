#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""judge-vcd.py PROGRAM: have test-waveforms write its waveforms, let sigrok's
i2c and eeprom24xx decoders read them, and compare with what was asked. TAP."""
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EEPROM, SENSOR, FIFO, ABSENT = 0x50, 0x48, 0x0E, 0x51
# Of test-waveforms' transfers, in the words of the EEPROM's decoder.
EEPROM_OPS = (
    'Page write (addr=20, 4 bytes): 00 FF 55 AA\n',
    'Sequential random read (addr=20, 4 bytes): 00 FF 55 AA\n',
    f'Page write (addr=30, 16 bytes):{" 5A" * 16}\n',
    f'Sequential random read (addr=30, 16 bytes):{" 5A" * 16}\n',
)


class Targets:
    """The contents that tests/ftdi/targets.c begins with, and what transfers do
    to them: what reads must have brought."""

    def __init__(self):
        self.mem = {a: bytearray(i * 11 + 1 & 0xFF for i in range(256))
                    for a in (EEPROM, SENSOR)}
        self.pointer = {EEPROM: 0, SENSOR: 0}
        self.fifo = 0

    def write(self, addr, data):
        if data and addr in self.mem:
            self.pointer[addr] = data[0]
        if addr == SENSOR:
            at = self.pointer[addr] * 2
            self.mem[addr][at:at + len(data) - 1] = bytes(data[1:])
        for byte in data[1:] if addr == EEPROM else []:
            self.mem[addr][self.pointer[addr]] = byte
            self.pointer[addr] = self.pointer[addr] + 1 & 0xFF

    def read(self, addr, length):
        if addr == FIFO:
            self.fifo += length
            return [i * 7 + 3 & 0xFF
                    for i in range(self.fifo - length, self.fifo)]
        if addr == SENSOR:
            at = self.pointer[addr] * 2
            return [self.mem[addr][at + (i & 1)] for i in range(length)]
        out = []
        for _ in range(length):
            out.append(self.mem[addr][self.pointer[addr]])
            self.pointer[addr] = self.pointer[addr] + 1 & 0xFF
        return out


def message(targets, text, first):
    """What sigrok's i2c decoder says to one message of test-waveforms."""
    head, *words = text.split()
    addr, read = int(head[1:], 16), head[0] == 'r'
    lines = ['Start' if first else 'Start repeat',
             'Read' if read else 'Write',
             f'Address {"read" if read else "write"}: {addr:02X}',
             'NACK' if addr == ABSENT else 'ACK']
    if read:
        data = targets.read(addr, int(words[0]))
    else:
        data = []
        for word in words:
            byte, _, times = word.partition('x')
            data += [int(byte, 16)] * int(times or 1)
        if addr != ABSENT:
            targets.write(addr, data)
    for i, byte in enumerate(data):
        nack = addr == ABSENT or (read and i == len(data) - 1)
        lines += [f'Data {"read" if read else "write"}: {byte:02X}',
                  'NACK' if nack else 'ACK']
    return lines


def expected(transfers):
    targets, lines = Targets(), []
    for transfer in transfers:
        for i, text in enumerate(transfer.split(' | ')):
            lines += message(targets, text, i == 0)
        lines.append('Stop')
    return lines


def sigrok(vcd, hz, decoder, show):
    """Sampled about 100 times a period of SCL."""
    step = max(1, 10_000_000 // hz)
    return subprocess.run(
        ['sigrok-cli', '-I', f'vcd:downsample={step}', '-i', str(vcd),
         '-P', decoder, '-A', show],
        check=True, capture_output=True, text=True).stdout


def decoded(vcd, hz):
    text = sigrok(vcd, hz, 'i2c:scl=SCL:sda=SDA',
                  'i2c=addr-data')
    lines = [line.split(': ', 1)[1] for line in text.splitlines()]
    # single bits are shown too
    return [line for line in lines if not re.fullmatch('[01]', line)]


def judge(listing):
    name, hz, *transfers = listing.read_text().splitlines()
    vcd, hz = listing.with_suffix('.vcd'), int(hz)
    is_, should = decoded(vcd, hz), expected(transfers)
    if is_ != should:
        at = next((i for i, (a, b) in enumerate(zip(is_, should)) if a != b),
                  min(len(is_), len(should)))
        return name, (f'line {at}: {is_[at:at + 3]}, not '
                      f'{should[at:at + 3]}')
    text = sigrok(vcd, hz, 'i2c:scl=SCL:sda=SDA,eeprom24xx', 'eeprom24xx=ops')
    for op in EEPROM_OPS:
        if op not in text:
            return name, f'eeprom24xx does not see: {op}'
    return name, None


def main():
    if not shutil.which('sigrok-cli'):
        print('1..0 # SKIP no sigrok-cli here')
        return 0
    bad = 0
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([sys.argv[1], directory], check=True,
                       stdout=subprocess.DEVNULL)
        listings = sorted(Path(directory).glob('*.txt'))
        print(f'1..{len(listings)}')
        with ThreadPoolExecutor(2) as pool:
            for i, (name, why) in enumerate(pool.map(judge, listings), 1):
                print(f'{"not ok" if why else "ok"} {i} - {name}', flush=True)
                if why:
                    print(f'# {why}')
                    bad = 1
    return bad


if __name__ == '__main__':
    sys.exit(main())
