#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""serve --socket: what becomes of clients at its end, and of too many."""
import errno
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import TOOL, read, refused, run, write

HELLO, WELCOME, TRANSFER, START, REPLY, LINE = 1, 2, 3, 5, 11, 13
LINES = 4  # a capability


def frame(kind, number, body):
    return struct.pack('<IBI', 5 + len(body), kind, number) + body


class Client(socket.socket):
    """One that speaks the protocol of docs/remote.md, version 1."""

    def __init__(self, path):
        super().__init__(socket.AF_UNIX)
        self.connect(path)  # a busy server's backlog may be full for a moment
        self.settimeout(60)
        self.stream = self.makefile('rb')

    def ask(self, kind, body, number=1):
        self.sendall(frame(kind, number, body))
        return self.answer()

    def answer(self):
        head = self.stream.read(9)
        if len(head) < 9:
            return None, b''
        length, kind, _ = struct.unpack('<IBI', head)
        return kind, self.stream.read(length - 5)

    def hello(self):
        assert self.ask(HELLO, b'i2cpt' + struct.pack('<HH', 1, 1))[0] == WELCOME


def start(*words, files=None):
    """serve on bus.sock, when it can be connected to."""
    def limit():
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    server = subprocess.Popen([TOOL, 'serve', '--socket', 'bus.sock', *words],
                              preexec_fn=limit, stderr=subprocess.PIPE)
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect('bus.sock')
            return server
        except OSError:
            assert server.poll() is None, server.stderr.read()
            time.sleep(.01)


def end(server, status=0):
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == status, server.stderr.read()
    server.stderr.close()


def test_stream_is_stopped():
    """A client in the middle of a stream: it gets its STOP, and the recording
    its end."""
    server = start('-a', 'stub,chips=0x48,record=bus.i2ct')
    with Client('bus.sock') as client:
        client.hello()
        kind, body = client.ask(START, struct.pack('<IHH', 60000, 0x48, 0), 2)
        assert kind == REPLY and body[:4] == bytes(4), body
        end(server)
        assert client.answer()[0] is None
    lines = read('bus.i2ct').splitlines()
    assert lines[-1] == 'end 1' and lines[-2].endswith('w0@0x48'), lines


def test_stdio_ends_too():
    """The same over standard input and output, where a signal comes."""
    for sig in signal.SIGTERM, signal.SIGINT:
        server = subprocess.Popen(
            [TOOL, 'serve', '-a', 'stub,chips=0x48,record=stdio.i2ct',
             '--stdio'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def ask(kind, body, number):
            server.stdin.write(frame(kind, number, body))
            server.stdin.flush()
            head = server.stdout.read(9)
            return server.stdout.read(struct.unpack('<IBI', head)[0] - 5)
        ask(HELLO, b'i2cpt' + struct.pack('<HH', 1, 1), 1)
        body = ask(START, struct.pack('<IHH', 60000, 0x48, 0), 2)
        assert body[:4] == bytes(4), body
        server.send_signal(sig)
        assert server.wait(60) == 0
        server.stdin.close()
        server.stdout.close()
        lines = read('stdio.i2ct').splitlines()
        assert lines[-1] == 'end 1' and lines[-2].endswith('w0@0x48'), lines


def test_a_recording_has_its_verdict():
    """What its clients left out, when it ends; nothing where that is nothing."""
    write('two.i2ct', 'i2cpt-trace 1\n0 +0 w1@0x48 00\n1 +0 w1@0x48 01\n'
          'end 2\n')
    for n in 1, 2:
        server = start('-a', 'trace,file=two.i2ct')
        with Client('bus.sock') as client:
            client.hello()
            for byte in range(n):
                kind, body = client.ask(TRANSFER, struct.pack(
                    '<IIHHHI', 60000, 0, 1, 0x48, 0, 1) + bytes([byte]), 2)
                assert kind == REPLY and body[:4] == bytes(4), body
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=60)[1].decode()
        assert server.returncode == 0, said
        assert (said == '') == (n == 2), said
        assert n == 2 or said.endswith(
            '/two.i2ct: 1 of 2 transfers replayed, 0 mismatches; 1 of 2 '
            'transfers was not asked for, the first in line 3\n'), said


def test_transfer_is_answered():
    """A transfer that is on the wire is seen through."""
    write('slow', 'chip 0x48 registers\ndelay transfer-us=300000\n')
    server = start('-a', 'stub,load=slow,timeout-ms=60000,record=slow.i2ct')
    with Client('bus.sock') as client:
        client.hello()
        client.sendall(frame(TRANSFER, 2, struct.pack(
            '<IIHHHI', 60000, 0, 1, 0x48, 0, 1) + b'\x10'))
        # the server has it when a second client's request waits behind it
        end(server)
        kind, body = client.answer()
        assert kind in (None, REPLY)
        if kind == REPLY:
            assert body[:4] == bytes(4), body
    lines = read('slow.i2ct').splitlines()
    assert lines[-1] == f'end {1 if kind == REPLY else 0}', lines


def cpu_s(pid):
    """The processor time of a process, by its clock (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def check_idle(pid):
    """One that spins has as much of a busy machine as we have, who spin here."""
    before, until = cpu_s(pid), time.process_time() + .5
    while time.process_time() < until:
        pass
    assert cpu_s(pid) - before < .1, cpu_s(pid) - before


def test_too_many_wait():
    """Where descriptors are short the next client waits, without its costing
    anything, and is served when another one has gone."""
    server = start('-a', 'stub,chips=0x48', files=16)
    clients = []
    with Client('bus.sock') as last:
        last.hello()
    for _ in range(20):
        clients.append(Client('bus.sock'))
    clients[0].hello()
    check_idle(server.pid)
    for client in clients[:-1]:
        client.close()
        client.stream.close()
    clients[-1].hello()
    clients[-1].close()
    end(server)


def test_descriptors_stay_here():
    """A command= child of the server has nothing of it but its own streams."""
    server = start('-a', 'remote,command=ls -l /proc/self/fd >fds; exec '
                   f'{TOOL} serve -a stub,,chips=0x48 --stdio,reconnect=on')
    with Client('bus.sock') as client:
        client.hello()
    end(server)
    for line in read('fds').splitlines():
        number = line.split(' -> ')[0].rsplit(' ', 1)[-1]
        if 'socket' in line or 'pipe' in line:
            assert number in ('0', '1', '2'), line


def hear_of_lines(client):
    """What WELCOME says of them."""
    kind, body = client.ask(HELLO, b'i2cpt' + struct.pack('<HHI', 1, 2, LINES))
    assert kind == WELCOME
    return body[body.rindex(struct.pack('<IB', LINES, 1)) + 5:]


def test_one_with_lines_is_killed():
    """A server of a server: what it serves is gone, which it says once and of
    itself; the line stays as it was, for clients to come too."""
    write('lines', 'chip 0x48 registers\nline drdy reg=0\n')
    server = start('-a', 'remote,timeout-ms=60000,command=echo $$ >pid; exec '
                   f'{TOOL} serve -a stub,,load=lines --stdio')
    asks = struct.pack('<IIHHHI', 60000, 0, 1, 0x48, 0, 2) + b'\0\1'
    with Client('bus.sock') as client:
        assert hear_of_lines(client) == b'\4\0drdy\0'
        kind, body = client.ask(TRANSFER, asks, 2)
        assert kind == LINE and body[:2] == b'\0\1', (kind, body)
        kind, body = client.answer()
        assert kind == REPLY and body[:4] == bytes(4), (kind, body)
        os.kill(int(read('pid')), signal.SIGKILL)
        said = server.stderr.readline().decode()
        assert 'the peer is gone; its lines stay as they are' in said, said
    with Client('bus.sock') as client:
        assert hear_of_lines(client) == b'\4\0drdy\1'
        kind, body = client.ask(TRANSFER, asks, 2)
        assert kind == REPLY, (kind, body)
        assert struct.unpack('<i', body[:4])[0] == -errno.ENODEV, body
    server.send_signal(signal.SIGTERM)
    said = server.stderr.read()
    assert b'lines stay' not in said, said
    end(server)


def test_the_server_refuses():
    """Whatever a client asks for, in the protocol itself; and the log says who
    did what."""
    server = start('-a', 'stub,chips=0x48:0x49', '--allow', '0x48', '--readonly',
                   '--log', 'log.i2ct')
    read_2 = struct.pack('<HHI', 0x48, 1, 2)
    for body, code in (
            (struct.pack('<HHHI', 1, 0x48, 0, 1) + b'\x10', 13),
            (struct.pack('<HHHI', 2, 0x48, 0, 1) + b'\x10' + read_2, 0),
            (struct.pack('<HHHI', 1, 0x49, 1, 1), 13)):
        with Client('bus.sock') as client:
            client.hello()
            kind, answer = client.ask(TRANSFER, bytes(8) + body, 2)
            assert kind == REPLY, answer
            assert struct.unpack('<i', answer[:4])[0] == -code, answer
            kind, answer = client.ask(START, struct.pack('<IHH', 0, 0x48, 0), 3)
            assert struct.unpack('<i', answer[:4])[0] < 0, answer
    end(server)
    log = read('log.i2ct')
    transfers = [line for line in log.splitlines() if 'w1@' in line]
    assert [line for line in transfers if ' refused ' not in line] == [
        line for line in transfers if re.search(
            r' w1@0x48 10 r2 = \S+ \S+ %client-\d+$', line)], log
    assert len(re.findall(r' refused client-\d+ 0x4[89]: ', log)) == 2, log
    who = f' uid={os.getuid()} pid={os.getpid()}\n'
    if 'NO_PEERCRED' in os.environ:  # tests/portable: nobody says it
        assert ' uid=' not in log and 'client 1\n' in log, log
    else:
        assert who in log, log
    run('check', 'log.i2ct')


def test_max_clients():
    """The second one waits until the first has gone."""
    server = start('-a', 'stub,chips=0x48', '--max-clients', '1')
    with Client('bus.sock') as first:
        first.hello()
        second = Client('bus.sock')
        second.sendall(frame(HELLO, 1, b'i2cpt' + struct.pack('<HH', 1, 1)))
        check_idle(server.pid)
        second.setblocking(False)
        try:
            assert second.recv(1) == b'never'
        except BlockingIOError:
            pass
        first.stream.close()
    second.settimeout(60)
    assert second.recv(4)
    second.stream.close()
    second.close()
    end(server)


def test_activation():
    """A service manager's socket, as sd_listen_fds(3) has it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind('handed.sock')
        listener.listen()

        def hand_over():
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
            os.execv(TOOL, [TOOL, 'serve', '-a', 'stub,chips=0x48',
                            '--activation', 'socket'])

        pid = os.fork()
        if not pid:
            hand_over()
    with Client('handed.sock') as client:
        client.hello()
        client.stream.close()
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert os.path.exists('handed.sock')
    refused('serve', '-a', 'stub', '--activation', 'socket', status=3,
            names=['LISTEN_FDS'])


tap.main(globals())
