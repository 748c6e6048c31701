#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-reproducible.py BUILD SOURCE: what BUILD installs, and what a copy of the
source in other folders installs, is the same, byte for byte."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

BUILD, SOURCE = (os.path.realpath(word) for word in sys.argv[1:])
WORK = tempfile.mkdtemp(prefix='i2cpt-again-')
# The build folder beside the source here, and another number of folders down.
COPY, AGAIN = WORK + '/a/b/source', WORK + '/made'
OPTIONS = ('buildtype', 'b_sanitize', 'default_library', 'libdir', 'prefix',
           'docs', 'ftdi', 'gpiod', 'i2c-dev', 'preload', 'python', 'qemu', 'werror')
# What a compiler cache has may come from any folder.
ENV = dict(os.environ, CCACHE_DISABLE='1')


def run(*words, limit_s=240):
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=limit_s, env=ENV, check=False)
    assert done.returncode == 0, f'{words}: {done.returncode}\n{done.stdout}'
    return done.stdout


def options():
    said = json.loads(run('meson', 'introspect', '--buildoptions', BUILD))
    return [f'-D{option["name"]}={str(option["value"]).lower()}'
            if isinstance(option['value'], bool) else
            f'-D{option["name"]}={option["value"]}'
            for option in said if option['name'] in OPTIONS]


def not_source(folder, names):
    """The tree's build folders, and what is of git."""
    return [name for name in names
            if name == '.git' or folder == SOURCE and name.startswith('build')]


def test_another_folder_builds():
    """As it is checked out, and what is not committed yet."""
    shutil.copytree(SOURCE, COPY, symlinks=True,
                    ignore=not_source)
    run('meson', 'setup', AGAIN, COPY, '-Dtests=disabled', *options())
    run('ninja', '-C', AGAIN, '-j', str(os.cpu_count()), limit_s=1700)


def installed(build, name):
    """{path: its bytes} of what is installed."""
    root = os.path.join(WORK, name)
    run('meson', 'install', '-C', build, '--no-rebuild', '--destdir', root)
    found = {}
    for folder, _, names in os.walk(root):
        for file in names:
            path = os.path.join(folder, file)
            with open(path, 'rb') as stream:
                found[os.path.relpath(path, root)] = stream.read()
    return found


def first_difference(one, other):
    at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b),
              min(len(one), len(other)))
    part = slice(max(at - 8, 0), at + 40)
    return f'byte {at}: {one[part]} {other[part]}'


def test_what_is_installed_is_the_same():
    one, other = installed(BUILD, 'one'), installed(AGAIN, 'other')
    assert sorted(one) == sorted(other), set(one) ^ set(other)
    differ = [f'{name}: {first_difference(one[name], other[name])}'
              for name in sorted(one) if one[name] != other[name]]
    assert not differ, '\n'.join(differ)
    print(f'# {len(one)} files, {sum(map(len, one.values()))} bytes')


try:
    tap.main(globals())
finally:
    shutil.rmtree(WORK)
