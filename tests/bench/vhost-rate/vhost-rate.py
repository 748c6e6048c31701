#!/usr/bin/env -S /usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""vhost-rate.py LOADER REPLAY READS [--quick]: register reads a second by a
Linux guest, in one run: of a stub behind virtio (`serve --vhost-user` and the
kernel's i2c-virtio), of a stub behind a PC's SMBus host (i2c-passthrough and
i2c-i801), and of QEMU's own EEPROM there.

REPLAY is i2cpt-replay, READS the guest's program. Prints a table and, as its
last line, the rate over virtio over that of QEMU's own EEPROM."""
import collections
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../vm'))
import guest  # noqa: E402

LOADER, REPLAY, READS = sys.argv[1:4]
OWN, VIRTIO = "QEMU's own EEPROM", 'virtio'
TARGETS = {  # name: the guest's adapter and address
    OWN: ('$i801', 0x50),
    'i2c-passthrough, message': ('$i801', 0x20),
    'i2c-passthrough, stream': ('$i801', 0x21),
    VIRTIO: ('$virtio', 0x48),
}
CHIP = 'chip 0x48 registers\nreg 0x01 = 5a\n'
SCRIPT = '''
insmod /i2c-virtio.ko
number() {{ name=$(grep -l "$1" /sys/class/i2c-dev/*/name); name=${{name%/name}}
    echo ${{name##*-}}; }}
i801=$(number I801) virtio=$(number '[Vv]irtio')
i2cset -y $i801 0x50 1 0x5a
register-reads {ms} {rounds} {words}
'''


class Machine(guest.X86):
    """q35 with a passthrough in each mode and the virtio device."""

    def __init__(self, work):
        super().__init__()
        self.work = work

    def command(self, folder):
        command = super().command(folder)
        command[command.index('q35')] = 'q35,memory-backend=ram'
        command += [
            '-plugin', LOADER,
            '-object', 'memory-backend-memfd,id=ram,size=256M,share=on',
            '-chardev', f'socket,id=i2c,path={self.work}/socket',
            '-device', 'vhost-user-i2c-pci,chardev=i2c']
        for mode, address in (('message', 0x20), ('stream', 0x21)):
            # with no bound that a busy machine could come to
            command += ['-device', f'i2c-passthrough,bus=i2c,backend=stub,'
                        f'load={self.work}/chip,name={mode},transfer={mode},'
                        f'hostaddr=0x48,address={address:#x},timeout-ms=60000']
        return command


def server(work):
    process = subprocess.Popen(
        [REPLAY, 'serve', '-a', f'stub,load={work}/chip,timeout-ms=60000',
         '--vhost-user', f'{work}/socket'])
    while not os.path.exists(f'{work}/socket'):
        if process.poll() is not None:
            sys.exit('vhost-rate: the server did not start')
        time.sleep(0.01)
    return process


def said(ms, rounds):
    """What the guest counted: {name: [reads a second]}."""
    rates = collections.defaultdict(list)
    modules = guest.built_modules()
    words = ' '.join(f'{i}={adapter}:{address:#x}' for i, (adapter, address)
                     in enumerate(TARGETS.values()))
    with tempfile.TemporaryDirectory(prefix='i2cpt-vhost-rate-') as work:
        with open(f'{work}/chip', 'w', encoding='utf-8') as file:
            file.write(CHIP)
        process = server(work)
        try:
            text, status = guest.collect(
                ['i2c-dev', 'i2c-i801', 'virtio_pci'],
                SCRIPT.format(ms=ms, rounds=rounds, words=words), [READS],
                Machine(work),
                files={'i2c-virtio.ko': f'{modules}/i2c-virtio.ko'})
        finally:
            process.terminate()
            process.wait()
    for number, reads, ns in re.findall(r'^(\d+) (\d+) (\d+)$', text, re.M):
        rates[list(TARGETS)[int(number)]].append(int(reads) * 1e9 / int(ns))
    if status or [len(rates[name]) for name in TARGETS] != \
            [rounds] * len(TARGETS):
        sys.exit(f'vhost-rate: the guest said {status}: {text}')
    return rates


def main():
    ms, rounds = (20, 1) if '--quick' in sys.argv else (500, 9)
    rates = said(ms, rounds)
    for name in TARGETS:
        # each round by itself: what else the machine does comes and goes
        ratio = statistics.median(
            ours / own for ours, own in zip(rates[name], rates[OWN]))
        print(f'{name:<26} {statistics.median(rates[name]):8.0f} reads/s   '
              f'{ratio:.3f} of {OWN}')
    print(f'{ratio:.4f}')


try:
    main()
except guest.Missing as reason:
    sys.exit(f'vhost-rate: {reason}')
