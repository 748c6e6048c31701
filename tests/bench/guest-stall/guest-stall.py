#!/usr/bin/env -S /usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""guest-stall.py LOADER VERSION,... [--quick]: what goes on in QEMU while a
device stretches 25 ms a byte, without end.

Iterations of a guest's loop during transfers over those in the same time
without: of the CPU that began them by nrf51-twi, and of another CPU beside a
bit-banged controller. What `query-status` takes on boards with controllers that
block. The last line is nrf51-twi's."""
import itertools
import os
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../qemu/qtest'))
os.environ['I2CPT_PLUGIN'] = sys.argv[1]
os.environ.setdefault('I2CPT_REPLAY', '')  # not used here
import qemu  # noqa: E402

VERSIONS = [version for version in sys.argv[2].split(',') if qemu.find(version)]
if not VERSIONS:
    sys.exit('guest-stall: no QEMU here has a module; run qemu/prepare-headers')
os.environ['I2CPT_QEMU_VERSION'] = max(
    VERSIONS, key=lambda v: [int(part) for part in v.split('.')])
import bench  # noqa: E402
import running  # noqa: E402

QUICK = '--quick' in sys.argv
PHASE_S, PHASES, QUERIES = (0.05, 2, 5) if QUICK else (0.1, 60, 60)
SETTLE_S = 0.1  # a transfer under way ends in it
SLOW = dict(id='d', backend='stub', chips='0x48', address='0x48',
            byte_us=25000, timeout_ms=2000)
TWI, RAM, VEXPRESS_RAM = 0x40003000, 0x20000000, 0x60008000
# Thumb: 100000 times *RAM += 1; then, if RAM[1] is not 0, STARTTX, TXD and STOP
# of the TWI there; and so on. What is under way keeps them waiting.
PROGRAM = bytes.fromhex(
    '0040002009000000074c6568002d04d00120064ea860a8516861054a236801332360013a'
    'fad1f0e7000000201c050000a0860100')


def ratio(count, switch):
    """Iterations in a time with transfers over those in the same time without:
    short phases take turns, so that a busy machine is as busy for both. count()
    is the loop's; switch(on) begins or ends transfers."""
    done, took = {True: 0, False: 0}, {True: 0, False: 0}
    for phase in itertools.count():
        if phase >= 2 * PHASES and done[False]:
            break
        on = phase % 2 == 1
        switch(on)
        time.sleep(SETTLE_S)
        before, begin = count(), time.monotonic()
        time.sleep(PHASE_S)
        done[on] += (count() - before) & 0xffffffff
        took[on] += time.monotonic() - begin
    return done[True] / took[True] / (done[False] / took[False])


def nrf51():
    with open(bench.path('loop'), 'wb') as file:
        file.write(PROGRAM)
    args = ['-device', f'loader,file={bench.path("loop")},addr=0,force-raw=on',
            '-device', 'nrf51-twi', *bench.device(**SLOW)]
    q = qemu.Qemu(bench.BINARY, 'microbit', args, plugin=bench.PLUGIN)

    def read(address):
        return int(q.qtest([f'readl {address:#x}'])[0], 16)

    q.qmp('cont')
    q.qtest([f'writel {TWI + at:#x} {value}' for at, value in (
        (0x508, 0), (0x50c, 30), (0x588, 0x48), (0x500, 5))])
    found = ratio(lambda: read(RAM),
                  lambda on: q.qtest([f'writel {RAM + 4:#x} {TWI * on}']))
    if not q.counters('d')['transfers']:
        sys.exit('guest-stall: there was no transfer on nrf51-twi')
    q.kill()
    return found


def other_cpu(register, unlocked):
    """CPU 1 reads a register all the time, CPU 0 drives the bus."""
    with running.Running('vexpress-a9', slow(unlocked), register=register) as r:
        r.set(running.REGISTER, register)
        r.qemu.qmp('cont')
        return ratio(lambda: r.get(running.LOOPS),
                     lambda on: r.set(running.GO, int(on)))


def slow(unlocked):
    return bench.device(bus='@BUS', unlocked_wait=unlocked, **SLOW)


def query_status(name, unlocked):
    """Milliseconds: median, longest."""
    took = []
    with running.Running(name, slow(unlocked)) as r:
        r.go()
        r.until_it_begins()
        for _ in range(QUERIES):
            begin = time.monotonic()
            r.qemu.qmp('query-status')
            took.append((time.monotonic() - begin) * 1000)
            time.sleep(0.003)
    took.sort()
    return took[len(took) // 2], took[-1]


def main():
    print(f'QEMU {os.environ["I2CPT_QEMU_VERSION"]}, load '
          f'{os.getloadavg()[0]:.1f}, unlocked-wait=auto (and off)')
    for name, register in (('memory', VEXPRESS_RAM),
                           ('another device', running.VEXPRESS_UART),
                           ('the same controller', running.VEXPRESS_I2C)):
        print(f'vexpress-a9, another CPU reads {name:<20} '
              f'{other_cpu(register, "auto"):.2f}   '
              f'({other_cpu(register, "off"):.2f})')
    for name, board in running.BOARDS.items():
        if running.available(board):
            on, off = query_status(name, 'auto'), query_status(name, 'off')
            print(f'{name:<13} query-status {on[0]:7.1f} ms, at worst '
                  f'{on[1]:7.1f}   ({off[0]:.1f}, {off[1]:.1f})')
    print(f'{nrf51():.3f}')


main()
