# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs with a virtual dongle plugged in, and what was on its bus."""
import importlib.machinery
import os

HERE = os.path.dirname(os.path.abspath(__file__))
# Its name is a command's.
judge = importlib.machinery.SourceFileLoader(
    'judge_vcd', os.path.join(HERE, 'judge-vcd.py')).load_module()


def environment(library, vcd, program):
    """For the program of this name, which finds the dongle of preload-dongle.c, and writes what
    was on the bus into the file `vcd` when it ends."""
    return dict(os.environ, I2CPT_FAKE_DONGLE=vcd,
                I2CPT_FAKE_PROGRAM=os.path.basename(program),
                LD_PRELOAD=f'libumockdev-preload.so.0:{library}')


def shift(byte, ack, what):
    return [f'{what}: {byte:02X}', 'ACK' if ack else 'NACK']


def message(words, addr, nacked, rest):
    """What sigrok says to one message of a trace, from START's address on.
    `rest`: past a NACK the message's own bytes still go out, to nobody."""
    read = words[0][0] == 'r'
    way = 'read' if read else 'write'
    data = [int(word.rstrip('~'), 16) for word in words[1:] if word != '=']
    lines = ['Read' if read else 'Write',
             *shift(addr, not nacked, f'Address {way}')]
    if nacked and read:
        data = [0xff] * int(words[0][1:].split('@')[0])
    for i, byte in enumerate(data if rest or not nacked else []):
        last = read and i == len(data) - 1
        lines += shift(byte, not last if read else not nacked, f'Data {way}')
    return lines


def of_trace(path, rest):
    """What sigrok has to say to the transfers of a trace without other faults
    than addresses that nobody answers."""
    lines = []
    with open(path, encoding='utf-8') as file:
        text = [line for line in file if ' +' in line]
    for line in text:
        body, _, fault = line.split(' %')[0].partition(' ! ')
        assert not fault or fault.startswith('ENXIO phase=address'), line
        messages, addr = [], None
        for word in body.split()[2:]:
            if word[0] in 'rw':
                messages.append([])
            messages[-1].append(word)
        failed = int(fault.rpartition('msg=')[2]) if fault else -1
        for i, words in enumerate(messages[:failed + 1 or None]):
            if '@' in words[0]:
                addr = int(words[0].split('@')[1], 16)
            lines.append('Start repeat' if i else 'Start')
            lines += message(words, addr, i == failed, rest)
        lines.append('Stop')
    return lines
