#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-commands.py SOURCE BUILD [PAGE...]: each command of README.md and docs/*.md is
known to `commands` beside this, and does what the page says, in a folder of its
own. BUILD `installed` is none: what is installed is tried, and nothing is put in
a command's place."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..'), os.path.join(HERE, '../ftdi'),
                os.path.join(HERE, '../tools')]
import pages  # noqa: E402
import preload  # noqa: E402
import processes  # noqa: E402
import tap  # noqa: E402

INSTALLED = sys.argv[2] == 'installed'
SOURCE, BUILD = map(os.path.realpath, sys.argv[1:3])
ONLY = sys.argv[3:]  # pages
FIRMWARE = '/usr/share/firmware-microbit-micropython/firmware.hex'
DONGLE = os.path.join(BUILD, 'tests/ftdi/preload-dongle.so')
LIMIT_S = 60

PAGES = pages.pages(SOURCE)
TABLE = pages.table(os.path.join(HERE, 'commands'))


class Folder:
    """What a page's commands are run in, one after the other: the tree as a
    reader has it, and the built tools in PATH."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix='i2cpt-docs-')
        self.servers = []
        for name in os.listdir(SOURCE):
            if not name.startswith(('.', 'build')):
                os.symlink(os.path.join(SOURCE, name), self.file(name))
        os.mkdir(self.file('.bin'))
        self.program('python3', 'exec /usr/bin/python3 "$@"')
        self.program('ssh', 'shift; exec sh -c "$*"')
        self.env = dict(
            os.environ, LC_ALL='C.UTF-8', HOME=os.environ.get('HOME', '/root'),
            PATH=':'.join([self.file('.bin'), os.environ['PATH'],
                           '/usr/sbin', '/sbin']),
            PYTHONDONTWRITEBYTECODE='1', FIRMWARE=FIRMWARE)
        if not INSTALLED:
            self.take_from_build()

    def take_from_build(self):
        os.symlink(BUILD, self.file('build'))
        os.symlink(os.path.join(BUILD, 'tools/i2cpt-replay'),
                   self.file('.bin/i2cpt-replay'))
        self.env.update(
            PKG_CONFIG_PATH=os.path.join(BUILD, 'meson-uninstalled'),
            LD_LIBRARY_PATH=os.path.join(BUILD, 'lib'),
            PYTHONPATH=os.path.join(SOURCE, 'lib/python'))

    def file(self, name):
        return os.path.join(self.path, name)

    def program(self, name, text):
        """In the place of what would be found otherwise."""
        with open(self.file('.bin/' + name), 'w', encoding='utf-8') as file:
            os.fchmod(file.fileno(), 0o755)
            file.write(f'#!/bin/sh\n{text}\n')

    def start(self, command, env, **kwargs):
        return subprocess.Popen(
            ['bash', '-euc', command], cwd=self.path, env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, **kwargs)

    def close(self):
        for server in self.servers:
            end(server)
        shutil.rmtree(self.path, ignore_errors=True)


def end(process):
    """It, and what it has started."""
    try:
        os.killpg(process.pid, 15)
    except ProcessLookupError:
        pass
    try:
        return process.communicate(timeout=30)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        return process.communicate()[0]


def need(entry):
    for word in entry.all('needs'):
        if INSTALLED and word.startswith('BUILD/'):
            continue
        path = word.replace('BUILD', BUILD)
        if not (os.path.exists(path) or shutil.which(
                word, path=os.environ['PATH'] + ':/usr/sbin:/sbin')):
            raise tap.Skip(f'{path} is not here')
    for word in entry.all('if'):
        if subprocess.run(word, shell=True, cwd=SOURCE, check=False,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode:
            raise tap.Skip(f'{word} does not go here')


def command_of(entry):
    """What stands in the page, but for what the table says to put in."""
    command = entry.one('as', '\n'.join(entry.lines))
    for change in [] if INSTALLED else entry.all('with'):
        old, new = change.split(' => ')
        assert old in command, f'no {old!r} in {command!r}'
        command = command.replace(old, new)
    under = entry.one('under')
    return f'{under} bash -euc {shlex.quote(command)}' if under else command


def environment(folder, entry):
    env = dict(folder.env)
    if entry.one('dongle'):
        more = preload.environment(DONGLE, folder.file('wave.vcd'),
                                   entry.one('dongle'))
        env.update({name: more[name] for name in more
                    if name.startswith('I2CPT_FAKE') or name == 'LD_PRELOAD'})
    return env


def judge(entry, command, said, status):
    said = f'{command}\n{said}'
    assert status == int(entry.one('status', '0')), f'status {status}: {said}'
    for pattern in entry.all('prints'):
        assert re.search(pattern, said.partition(command + '\n')[2],
                         re.M), f'no {pattern!r}: {said}'


def run(folder, entry, command):
    process = folder.start(command, environment(folder, entry),
                           stdin=subprocess.DEVNULL)
    try:
        said = process.communicate(timeout=LIMIT_S)[0].decode()
    except subprocess.TimeoutExpired:
        raise AssertionError(f'{command}: no end of it\n{end(process)}')
    judge(entry, command, said, process.returncode)


class Guest:
    """A program that is talked to at its stdin until it has said enough."""

    def __init__(self, process):
        self.process, self.said = process, b''

    def until(self, text):
        begin = time.monotonic()
        while text not in self.said:
            chunk = os.read(self.process.stdout.fileno(), 4096)
            self.said += chunk
            assert chunk and time.monotonic() < begin + LIMIT_S, \
                f'no {text}: {self.said}'
        self.said = self.said.split(text, 1)[1]

    def type(self, keys):
        """Each once the one before it has come back."""
        for key in keys:
            self.process.stdin.write(bytes([key]))
            self.until(bytes([key]))


def talk(folder, entry, command):
    """MicroPython of a micro:bit is asked for each `python`, and says the
    `says` behind it; then QEMU is ended."""
    process = folder.start(command, environment(folder, entry),
                           stdin=subprocess.PIPE, bufsize=0)
    guest = Guest(process)
    try:
        for word, text in entry.words:
            if word == 'python':
                guest.until(b'>>> ')
                guest.type(text.encode())
                process.stdin.write(b'\r')
            elif word == 'says':
                guest.until(text.encode())
    finally:
        end(process)


def serve(folder, entry, command):
    """It goes on until the page's end; `ready` is a file that it makes."""
    process = folder.start(command.removesuffix(' &'),
                           environment(folder, entry),
                           stdin=subprocess.DEVNULL)
    folder.servers.append(process)
    ready = folder.file(entry.one('ready'))
    processes.wait_for(lambda: os.path.exists(ready) or
                       process.poll() is not None)
    assert process.poll() is None, process.communicate()[0]


def put(folder, entry):
    """A block that stands for a file, or for a script."""
    with open(folder.file(entry.one('file')), 'w', encoding='utf-8') as file:
        file.write('\n'.join(entry.block) + '\n')


def elsewhere(folder, entry):
    """Nothing is run: the suite that is named does, or the reason stands."""
    suite = entry.one('suite')
    if suite:
        listed = subprocess.run([os.path.join(SOURCE, 'tests/run'), '--list'],
                                stdout=subprocess.PIPE, text=True, check=True)
        assert re.search(rf'^{suite} ', listed.stdout, re.M), suite
    assert entry.one('suite') or entry.one('elsewhere')


def shows(folder, entry):
    """The block is what this command prints, but for blanks and line ends."""
    command = entry.one('shown-by')
    process = folder.start(command, folder.env, stdin=subprocess.DEVNULL)
    said = process.communicate(timeout=LIMIT_S)[0].decode()
    assert said.split() == ' '.join(entry.block).split(), said


KINDS = {'run': run, 'talk': talk, 'serve': serve}


def attempt(folder, entry):
    need(entry)
    for name, text in entry.words:
        if name in KINDS:
            KINDS[name](folder, entry, command_of(entry))
        elif name == 'file':
            put(folder, entry)
        elif name == 'shown-by':
            shows(folder, entry)
        elif name in ('also', 'before'):
            run(folder, pages.Entry(entry.page, 0), text)
        elif name in ('elsewhere', 'suite'):
            elsewhere(folder, entry)


def still(entry):
    """Nothing of it is run here."""
    return not {name for name, _ in entry.words} - {
        'text', 'whole', 'elsewhere', 'suite'}


def cases():
    """A case for the table, and one for each command of a page; a folder for
    each page."""
    names = {}
    for page in PAGES:
        if not ONLY or page in ONLY:
            names.update(cases_of(page))
    return names


def cases_of(page):
    entries = [e for e in TABLE if e.page == page]
    wrong = pages.compare(page, PAGES[page], entries)
    names, folder = {}, []

    def known():
        assert not wrong, '\n'.join(wrong)
    names[f'test_{page} and the table have the same'] = known

    def one(entry):
        def case():
            if not folder:
                folder.append(Folder())
            attempt(folder[0], entry)
        return case
    for entry in entries:
        if not still(entry):
            name = entry.name().replace('#', '').rstrip(' \\')[:70]
            names[f'test_{name} ({entry.number})'] = one(entry)

    def last():
        for entry in filter(still, entries):
            attempt(None, entry)
        if folder:
            folder[0].close()
    names[f'test_{page}: what is not run here has a reason'] = last
    return names


def test_no_page_is_missing():
    """Nor is there one in the table that is none."""
    assert {e.page for e in TABLE} <= set(PAGES), \
        {e.page for e in TABLE} - set(PAGES)


tap.main(cases() if INSTALLED else {
    'test_no_page_is_missing': test_no_page_is_missing, **cases()})
