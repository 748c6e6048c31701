#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-clients.py I2CPT-REPLAY CLIENT: every row of tests/vm/clients.txt is
recorded from the chips of tests/vm/clients-board.txt, and its trace has to
replay to the same bytes of stdout and stderr and the same exit status, with
every transfer consumed in strict order."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VM = os.path.join(HERE, '..', 'vm')
sys.path.insert(0, os.path.join(HERE, '..'))
import tap

TOOL, CLIENT = map(os.path.abspath, sys.argv[1:3])
# In the order of calls, without its threads, which come as they like.
ENV = dict(os.environ, B='1', P='0x48', A='0x20', CLIENT_ONE_THREAD='1',
           PYTHONDONTWRITEBYTECODE='1', PATH=os.path.dirname(CLIENT) +
           ':/usr/bin:/usr/sbin:/bin:/sbin')
STUB = f'stub,load={os.path.normpath(VM)}/clients-board.txt'
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)


def run(*words):
    return subprocess.run([TOOL, *words], text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, env=ENV)


def transfers():
    with open('t.i2ct', encoding='utf-8') as file:
        return int(file.read().split()[-1])


def round_trip(client, command):
    program = client if ' ' not in client else 'preload-client'
    program = 'python3' if program.startswith('python3') else program
    if program != 'shell' and not shutil.which(program, path=ENV['PATH']):
        raise tap.Skip(f'{program} is not installed')
    command = ['sh', '-c', command.replace('/smbus-client.py',
                                           f'{HERE}/smbus-client.py')]
    if os.path.exists('t.i2ct'):
        os.unlink('t.i2ct')  # what opens no bus would leave it
    recorded = run('record', '-o', 't.i2ct', '--bus', '1', '-a', STUB, '--',
                   *command)
    count = transfers()
    replayed = run('replay', 't.i2ct', '--bus', '1', '--match', 'strict',
                   '--report', 'r.json', '--', *command)
    with open('r.json', encoding='utf-8') as file:
        report = json.load(file)
    assert report['verdict'] == 'same', (report, replayed)
    assert report['consumed'] == count, (report, count)
    assert replayed.stdout == recorded.stdout, (recorded, replayed)
    assert replayed.stderr == recorded.stderr, (recorded, replayed)
    if 'opened no redirected bus' in recorded.stderr:
        assert not count, recorded
    assert replayed.returncode == recorded.returncode, (recorded, replayed)
    print(f'# {client}: {count} transfers, '
          f'{len(replayed.stdout)} bytes out, status {replayed.returncode}')


def cases():
    found = {}
    with open(f'{VM}/clients.txt', encoding='utf-8') as file:
        for line in file:
            if line.startswith('#'):
                continue
            client, call, command = (w.strip() for w in line.split('|', 2))
            found[f'test_{client} | {call}'] = \
                lambda client=client, command=command: \
                round_trip(client, command)
    return found


tap.main(cases())
