#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-installed.py BUILD PREFIX LIBDIR SOURCE [QEMU-VERSION]...: what BUILD
installs, in a root of its own: the tool, the shim, the plugin in each QEMU."""
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

BUILD, PREFIX, LIBDIR, SOURCE = (os.path.realpath(word) if number in (0, 3)
                                 else word
                                 for number, word in enumerate(sys.argv[1:5]))
VERSIONS = sys.argv[5:]
ROOT = tempfile.mkdtemp(prefix='i2cpt-install-')
TOP = ROOT + PREFIX
LIB = os.path.join(TOP, LIBDIR)
TOOL = os.path.join(TOP, 'bin/i2cpt-replay')
# Nothing of this build's is in the way of the installed tree.
ENV = {name: value for name, value in os.environ.items()
       if name not in ('LD_LIBRARY_PATH', 'I2CPT_PRELOAD', 'DESTDIR')}

# What is installed: patterns below PREFIX, and whether this build may lack it.
FILES = [
    ('bin/i2cpt-replay', False),
    ('include/i2cpt.h', False),
    ('include/i2cpt-backend.h', False),
    ('include/i2cpt-lines.h', False),
    ('include/i2cpt-trace.h', False),
    (LIBDIR + '/libi2cpt.so', False),
    (LIBDIR + '/libi2cpt.so.0', False),
    (LIBDIR + '/libi2cpt.so.0.1.0', False),
    (LIBDIR + '/libi2cpt/libi2cpt-preload.so', True),
    (LIBDIR + '/libi2cpt/libi2cpt-qemu.so', not VERSIONS),
    (LIBDIR + '/libi2cpt/libi2cpt-qemu-*.so', not VERSIONS),
    (LIBDIR + '/pkgconfig/libi2cpt.pc', False),
    ('lib/udev/rules.d/60-libi2cpt.rules', True),
    ('lib/python3*/*-packages/i2cpt/*.py', True),
    ('share/bash-completion/completions/i2cpt-replay', True),
    ('share/doc/libi2cpt/*.md', True),
    ('share/doc/libi2cpt/examples/*', True),
    ('share/doc/libi2cpt/html/*.html', True),
    ('share/man/man1/i2cpt-replay.1', True),
    ('share/man/man3/*i2cpt*.3', True),
    ('share/man/man5/i2cpt-trace.5', True),
]


def run(*words, **kwargs):
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=240, env=ENV, **kwargs)
    assert done.returncode == 0, f'{words}: {done.returncode}\n{done.stdout}'
    return done.stdout


def files_below(folder):
    return {os.path.relpath(os.path.join(path, name), folder)
            for path, _, names in os.walk(folder) for name in names}


def test_it_installs():
    run('meson', 'install', '-C', BUILD, '--no-rebuild', '--strip',
        '--destdir', ROOT)


def test_what_is_installed_is_what_is_known():
    found, known = files_below(TOP), set()
    assert found == {os.path.relpath(name, PREFIX[1:])
                     for name in files_below(ROOT)}
    for pattern, optional in FILES:
        names = {os.path.relpath(name, TOP)
                 for name in glob.glob(os.path.join(TOP, pattern))}
        assert names or optional, f'{pattern} is missing'
        known |= names
    assert not found - known, f'not known: {found - known}'


def test_the_tool_starts_with_the_library_beside_it():
    libraries = run('ldd', TOOL)
    assert os.path.realpath(os.path.join(LIB, 'libi2cpt.so.0')) in [
        os.path.realpath(word) for word in libraries.split()], libraries
    assert run(TOOL, '--version').startswith('i2cpt-replay ')


def test_the_tool_finds_its_shim():
    shim = os.path.join(LIB, 'libi2cpt/libi2cpt-preload.so')
    if not os.path.exists(shim):
        raise tap.Skip('this build has no shim')
    maps = run(TOOL, 'run', '--redirect=preload', '-a', 'stub,chips=0x48',
               '--', 'cat', '/proc/self/maps')
    assert os.path.realpath(shim) in maps, maps


def test_the_plugin_finds_its_modules():
    tried, why = [], ['no module was built']
    for version in VERSIONS:
        cached = subprocess.run(
            [SOURCE + '/tests/cache', '--offline', 'qemu',
             version.rpartition('.')[0]], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=60)
        if cached.returncode:
            why.append(cached.stderr.strip())
            continue
        said = subprocess.run(
            [cached.stdout.strip(), '-M', 'none', '-nodefaults', '-display',
             'none', '-monitor', 'stdio', '-plugin',
             LIB + '/libi2cpt/libi2cpt-qemu.so'], text=True, env=ENV,
            input='device_add i2c-passthrough,help\nquit\n', timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        assert 'i2c-passthrough options' in said, said
        tried.append(version)
    if not tried:
        raise tap.Skip(why[-1])


def test_nothing_names_the_build():
    """Neither where it was built nor where QEMU's headers were."""
    words = [BUILD, SOURCE, subprocess.run(
        ['sh', '-c', 'echo "${I2CPT_CACHE:-'
         '${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/libi2cpt}"'],
        stdout=subprocess.PIPE, text=True, check=True).stdout.strip()]
    words = [word.encode() for word in words]
    for name in sorted(files_below(TOP)):
        with open(os.path.join(TOP, name), 'rb') as file:
            content = file.read()
        for word in words:
            at = content.find(word + b'/')
            assert at < 0, f'{name}: {content[at:at + 80]}'


try:
    tap.main(globals())
finally:
    shutil.rmtree(ROOT)
