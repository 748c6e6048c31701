#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-outputs.py I2CPT-REPLAY: every path that a verb writes. What is there
stays until there is something better, what is read is never written, and
nothing of ours is left over."""
import os
import signal
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import TOOL, read, run, write

OLD = 'i2cpt-trace 1\n0.0 +0.1 w1@0x48 00 r2 = 1a c0\nend 1\n'
STUB = 'stub,chips=0x48'
PROGRAM = ('--', 'sh', '-c')


def same_after(path, *words, **more):
    """stderr; `path` holds and is what it was, and no file has come."""
    before = read(path), os.stat(path).st_ino, sorted(os.listdir())
    err = run(*words, **more)[1]
    assert (read(path), os.stat(path).st_ino, sorted(os.listdir())) == before, \
        (words, before, sorted(os.listdir()))
    return err


# ------------------------------------------------------ nothing that is read

# (words with {}: the file by another name, status)
READ = [
    ('replay old.i2ct --report {} -- true', 125),
    ('replay old.i2ct --report {} -a ' + STUB, 2),
    (f'replay old.i2ct -a {STUB},record={{}}', 2),
    ('record -o {} -a trace,file=old.i2ct -- true', 125),
    ('record -o {} -a trace,file=old.i2ct --transfers list', 3),
    ('record -o {} --bus 0=stub --bus 1=trace,,file=old.i2ct -- true', 125),
    ('record -o {} --bus 0=trace,,file=old.i2ct --bus 1=stub -- true', 125),
    ('record --append -o {} -a trace,file=old.i2ct -- true', 125),
    (f'record -o {{}} --merge old.i2ct -a {STUB} -- true', 125),
    (f'record -o {{}} -a {STUB} --transfers old.i2ct', 2),
    ('run -a trace,file=old.i2ct,record={} -- true', 125),
    ('convert old.i2ct {} --to vcd', 2),
    ('convert old.i2ct {} --to pcap', 2),
    ('convert old.i2ct {} --from ftrace --to trace', 2),
]


def other_names():
    os.link('old.i2ct', 'hard')
    os.symlink('old.i2ct', 'soft')
    os.mkdir('folder')
    os.symlink('../folder', 'folder/self')
    return ['old.i2ct', 'hard', 'soft', 'folder/self/../old.i2ct',
            f'/proc/{os.getpid()}/fd/{os.open("old.i2ct", os.O_RDONLY)}']


def test_what_is_read_is_not_written():
    write('old.i2ct', OLD)
    write('list', 'w0@0x48\n')
    for name in other_names():
        for words, status in READ:
            words = words.format(name).replace(',,', ',').split()
            err = same_after('old.i2ct', *words, status=status)
            assert name in err, (words, err)
    write('chips', 'chip 0x48\n')
    for words in ('record -o chips -a stub,load=chips -- true',
                  'run -a stub,load=chips,record=chips -- true'):
        same_after('chips', *words.split(), status=125)


# ------------------------------------------------------- nothing that is there

FAILS = [  # what fails before there is a transfer
    ('record -o {} -a ' + STUB + ' -- ./typo', 127),
    ('record -o {} -a ' + STUB + ' -- ./list', 126),
    ('record -o {} -a ' + STUB + ' --transfers nothing-there', 3),
    ('record -o {} -a ' + STUB + ' --transfers bad-line', 3),
    ('record -o {} -a stub,chip=1 -- true', 125),
    ('convert bad.csv {} --to trace', 3),
    ('convert bad.ftrace {} --to trace --from ftrace', 3),
    ('convert bad.csv {} --to vcd', 3),
    ('convert bad.i2ct {} --to vcd', 3),
    ('convert bad.i2ct {} --to pcap', 3),
    ('convert nothing-there {} --to pcap', 3),
]


def prepare():
    write('list', 'w0@0x48\n')
    write('bad-line', 'w1@0x48\nw0@0x48\n')
    write('bad.csv', 'Time [s],Packet ID,Address,Data,Read/Write,ACK/NAK\n'
          '0.0,0,0x90,0x00,Write,ACK\nx\n')
    write('bad.ftrace', 'a-1 [0] .... 1.0: i2c_write: i2c-0 #0 a=048 f=0000 '
          'l=1 [00]\nb-1 [0] .... 2.0: i2c_write: i2c-0 #0 a=zz\n')
    write('bad.i2ct', 'i2cpt-trace 1\n0.0 +0.1 w0@0x48\n0.1 +0.1 w9@0x48\n')


def test_a_failure_loses_nothing():
    prepare()
    for out, old in ('kept.i2ct', OLD), ('kept.i2ct', 'precious\n'):
        write(out, old)
        for words, status in FAILS:
            same_after(out, *words.format(out).split(), status=status)


def test_a_failure_leaves_nothing():
    prepare()
    before = sorted(os.listdir())
    for words, status in FAILS:
        run(*words.format('new').split(), status=status)
        assert sorted(os.listdir()) == before, (words, os.listdir())


def test_a_failure_leaves_links_alone():
    prepare()
    write('target', OLD)
    os.symlink('target', 'to-target')
    for words, status in FAILS:
        same_after('target', *words.format('to-target').split(), status=status)
        assert os.readlink('to-target') == 'target'


def test_nothing_recorded_replaces_nothing():
    write('quiet.i2ct', OLD)
    write('empty', '# nothing\n')
    for words in '-- true', '-- false', '--transfers empty':
        err = same_after('quiet.i2ct', 'record', '-o', 'quiet.i2ct', '-a', STUB,
                         *words.split(), status=int('false' in words))
        assert 'what was there stays' in err, err
    run('record', '-o', 'empty.i2ct', '-a', STUB, '--transfers', 'empty')
    assert read('empty.i2ct').endswith('end 0\n')


def test_merge_leaves_others_files_alone():
    write('list', 'w1@0x48 0 r1\n')
    words = ('-a', STUB, '--transfers', 'list')
    run('record', '-o', 'a.i2ct', *words)
    write('b.i2ct.merged', 'precious\n')
    run('record', '-o', 'b.i2ct', '--merge', 'a.i2ct', *words)
    assert read('b.i2ct.merged') == 'precious\n'


# ----------------------------------------------------------- and what is new

def record_one(out, **more):
    write('one', 'w1@0x48 0 r1\n')
    return run('record', '-o', out, '-a', STUB, '--transfers', 'one', **more)


def test_new_files_take_their_place():
    write('mode.i2ct', OLD)
    os.chmod('mode.i2ct', 0o640)
    os.symlink('mode.i2ct', 'link')
    os.symlink('elsewhere', 'dangling')
    os.umask(0o022)
    record_one('link')
    assert os.path.islink('link') and 'end 1' in read('mode.i2ct')
    assert stat.S_IMODE(os.stat('mode.i2ct').st_mode) == 0o640
    record_one('dangling')
    assert os.path.islink('dangling') and 'end 1' in read('elsewhere')
    assert stat.S_IMODE(os.stat('elsewhere').st_mode) == 0o644
    record_one('/dev/null')
    assert 'end 1' in record_one('-')[0]
    for path, why in ('nowhere/x', 'No such file'), ('.', 'Is a directory'):
        assert why in record_one(path, status=3)[1]
    assert not [name for name in os.listdir() if name.startswith('.')]


def test_a_fifo_is_written_to():
    os.mkfifo('fifo')
    with subprocess.Popen(['cat', 'fifo'], stdout=subprocess.PIPE) as cat:
        record_one('fifo')
        assert b'end 1' in cat.stdout.read()
    assert stat.S_ISFIFO(os.stat('fifo').st_mode)


def has_open_here(pid):
    """A descriptor may be gone before it is looked at."""
    for fd in os.listdir(f'/proc/{pid}/fd'):
        try:
            if os.readlink(f'/proc/{pid}/fd/{fd}').startswith(os.getcwd()):
                return True
        except FileNotFoundError:
            pass
    return False


def start_recorder(out):
    """One that is open and waits for its first line."""
    recorder = subprocess.Popen(
        [TOOL, 'record', '-o', out, '-a', STUB, '--transfers', '-'],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    while not has_open_here(recorder.pid):
        time.sleep(.01)
    return recorder


def test_it_appears_with_the_first_transfer():
    write('slow.i2ct', OLD)
    with start_recorder('slow.i2ct') as recorder:
        recorder.stdin.write(b'# not yet\n')
        recorder.stdin.flush()
        assert read('slow.i2ct') == OLD
        recorder.stdin.write(b'w0@0x48\n')
        recorder.stdin.flush()
        while 'w0@0x48' not in read('slow.i2ct'):
            assert recorder.poll() is None
            time.sleep(.01)
        recorder.kill()
    text = read('slow.i2ct')
    assert text.endswith(' w0@0x48\n') and not text.startswith(OLD), text
    assert not [name for name in os.listdir() if name.startswith('.')]


def test_somebody_else_was_there():
    with start_recorder('both.i2ct') as recorder:
        write('both.i2ct', 'precious\n')
        _, err = recorder.communicate(b'w0@0x48\n')
        assert recorder.returncode == 3, err
    assert read('both.i2ct') == 'precious\n'
    assert b'somebody else has written there meanwhile' in err, err


def test_a_folder_that_takes_no_file():
    """As a file that is mounted into a container: written over in place."""
    script = ('mount --bind file mount && exec "$@"')
    write('file', OLD)
    write('mount', '')
    words = ['unshare', '-rm', 'sh', '-c', script, 'sh', TOOL, 'record', '-o',
             'mount', '-a', STUB, '--transfers', 'one']
    write('one', 'w1@0x48 0 r1\n')
    if subprocess.run(['unshare', '-rm', 'true'], check=False).returncode:
        return  # no user namespaces here
    subprocess.run(words, check=True)
    assert 'end 1' in read('file') and not read('mount'), read('file')


# ------------------------------------------------------------------- sockets

def test_serve_removes_its_own_socket_only():
    for other in 'file', 'socket':
        with subprocess.Popen([TOOL, 'serve', '-a', STUB, '--socket',
                               'bus.sock']) as server:
            while not os.path.exists('bus.sock'):
                time.sleep(.01)
            os.unlink('bus.sock')
            theirs = socket.socket(socket.AF_UNIX)
            if other == 'file':
                write('bus.sock', 'precious\n')
            else:
                theirs.bind('bus.sock')
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        assert os.path.exists('bus.sock'), other
        os.unlink('bus.sock')
        theirs.close()


tap.main(globals())
