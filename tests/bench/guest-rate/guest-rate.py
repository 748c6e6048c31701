#!/usr/bin/env -S /usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""guest-rate.py LOADER VERSION,... GUEST [--quick | --profile]: register reads
a second by a guest without an operating system, of QEMU's own tmp105 and of
i2c-passthrough on a stub, in one run of the newest QEMU that has a module.

Prints a table and, as its last line, the least of the rates without recording
over that of the tmp105. `--profile` says instead, from samples that `perf` takes
of the processor time, whose code a read runs."""
import collections
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../qemu/qtest'))
import qemu  # noqa: E402

MACHINE, BUS = 'mcimx6ul-evk', 'i2c-bus.0'
TABLE = 0x81000000  # as reader.c has it
OWN, VALUE = 'tmp105', 0x1a80
CHIP = '''chip 0x48 sensor past=ff
reg 0 type=readonly = 1a 80
'''
# name: properties of an i2c-passthrough, and whether it records
WAYS = {
    'message': ('transfer=message', False),
    'stream': ('transfer=stream', False),
    'message, record=': ('transfer=message', True),
    'stream, record=': ('transfer=stream', True),
}
ADDRESSES = {name: 0x20 + i for i, name in enumerate([OWN, *WAYS])}


def fail(text):
    print(f'guest-rate: {text}', file=sys.stderr)
    sys.exit(1)


def binary(versions):
    for version in sorted(versions, key=lambda v: [
            int(part) for part in v.split('.')], reverse=True):
        found = qemu.find(version)
        if found:
            return found
    return fail('no QEMU here has a module; run qemu/prepare-headers')


def device(name, work):
    address = ADDRESSES[name]
    if name == OWN:
        return ['-device', f'tmp105,bus={BUS},id=own,address={address:#x}']
    settings, records = WAYS[name]
    # with no bound that a busy machine could come to
    words = (f'i2c-passthrough,bus={BUS},backend=stub,load={work}/chip,'
             f'name=stub{address},hostaddr=0x48,address={address:#x},'
             f'timeout-ms=60000,{settings}')
    if records:
        words += f',record={work}/{address}.i2ct'
    return ['-device', words]


def command(program, loader, guest, names, ticks, rounds, work):
    targets = b''.join(struct.pack('<2I', ADDRESSES[name], VALUE)
                       for name in names)
    with open(f'{work}/table', 'wb') as file:
        file.write(struct.pack('<3I', ticks, rounds, len(names)) + targets)
    with open(f'{work}/chip', 'w', encoding='utf-8') as file:
        file.write(CHIP)
    args = [word for name in names for word in device(name, work)]
    return qemu.command(program, MACHINE, args + [
        '-kernel', guest, '-device',
        f'loader,file={work}/table,addr={TABLE:#x},force-raw=on',
        '-semihosting-config', 'enable=on,target=native'], loader)


def run(words, own):
    """What the guest says: [(name, reads a second of processor time)]. QEMU's
    own sensor is told its temperature first."""
    with tempfile.TemporaryFile() as said, subprocess.Popen(
            words + ['-S', '-qmp', 'stdio'], env=qemu.environment(),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=said) as process:
        talk = ['{"execute": "qmp_capabilities"}', '{"execute": "cont"}']
        if own:
            talk.insert(1, '{"execute": "qom-set", "arguments": {"path": '
                        '"/machine/peripheral/own", "property": '
                        '"temperature", "value": 26500}}')
        process.stdin.write('\n'.join(talk).encode() + b'\n')
        process.stdin.flush()
        status = process.wait()
        process.stdin.close()
        said.seek(0)
        text = said.read().decode(errors='replace')
    found = re.findall(r'^(\d+) (\d+) (\d+) $', text, re.M)
    if status or 'something else' in text or not found:
        fail(f'QEMU said {status}: {text}')
    names = {address: name for name, address in ADDRESSES.items()}
    return [(names[int(address)], int(reads) * 100 / int(ticks))
            for address, reads, ticks in found]


def measure(program, loader, guest, quick):
    ticks, rounds = (3, 1) if quick else (50, 9)
    rates = collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix='i2cpt-guest-rate-') as work:
        words = command(program, loader, guest, list(ADDRESSES), ticks, rounds,
                        work)
        for name, rate in run(words, True):
            rates[name].append(rate)
    if any(len(rates[name]) != rounds for name in ADDRESSES):
        fail('the guest has not read all of its targets')
    # each round by itself: what else the machine does comes and goes
    ratio = {name: statistics.median(
        ours / own for ours, own in zip(rates[name], rates[OWN]))
        for name in ADDRESSES}
    for name in ADDRESSES:
        print(f'{name:<20} {statistics.median(rates[name]):9.0f} reads/s   '
              f'{ratio[name]:.3f} of {OWN}')
    return min(ratio[name] for name, (_, records) in WAYS.items()
               if not records)


def owner(dso, symbol):
    """Whose code a sample was in."""
    if 'libi2cpt' in dso:
        return 'ours'
    if re.search(r'^(libc|libpthread|ld-linux)[.-]', dso) or 'vdso' in dso:
        return 'libc'
    if 'kernel' in dso:
        return 'kernel'
    return 'QEMU' if 'qemu' in dso else \
        "the guest's code" if symbol.startswith('0x') else 'other libraries'


def samples(data):
    text = subprocess.run(
        ['perf', 'report', '-i', data, '--stdio', '-q', '-g', 'none',
         '--sort', 'dso,symbol', '-F', 'sample,dso,symbol', '-t', '|'],
        check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout
    for line in text.splitlines():
        words = [word.strip() for word in line.split('|')]
        if len(words) >= 3 and words[0].isdigit():
            yield int(words[0]), words[1], words[2].split(' ', 1)[-1]


def profile(program, loader, guest):
    for name in ADDRESSES:
        with tempfile.TemporaryDirectory(prefix='i2cpt-guest-rate-') as work:
            words = command(program, loader, guest, [name], 300, 1, work)
            (_, rate), = run(['perf', 'record', '-q', '-e', 'cpu-clock', '-F',
                              '4000', '-o', f'{work}/perf', *words],
                             name == OWN)
            whose, what = collections.Counter(), collections.Counter()
            for n, dso, symbol in samples(f'{work}/perf'):
                whose[owner(dso, symbol)] += n
                what[f'{os.path.basename(dso)} {symbol}'] += n
        total = sum(whose.values())
        print(f'{name}: {1e9 / rate:.0f} ns a read')
        for who, n in whose.most_common():
            print(f'    {who:<20} {n * 100 / total:5.1f} %  '
                  f'{n * 1e9 / rate / total:6.0f} ns')
        for which, n in what.most_common(30):
            print(f'        {n * 1e9 / rate / total:6.0f} ns  {which}')


def main():
    loader, versions, guest, *options = sys.argv[1:]
    program = binary(versions.split(','))
    print(f'{os.path.basename(program)} '
          f'{".".join(map(str, qemu.version(program)))}, {MACHINE}')
    if '--profile' in options:
        profile(program, loader, guest)
    else:
        print(f'{measure(program, loader, guest, "--quick" in options):.4f}')


main()
