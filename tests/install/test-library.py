#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-library.py BUILD SOURCE: what BUILD, a tree with a prefix of its own and
both kinds of library, installs: programs are built against it by pkg-config
alone, and nothing is left once it is uninstalled."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

BUILD, SOURCE = (os.path.realpath(word) for word in sys.argv[1:])
WORK = tempfile.mkdtemp(prefix='i2cpt-library-')
EXAMPLE = SOURCE + '/examples/read-sensor.c'
ADAPTER = f'trace,file={SOURCE}/examples/tmp102.i2ct,match=lookup'
ENV = {name: value for name, value in os.environ.items()
       if name not in ('LD_LIBRARY_PATH', 'DESTDIR', 'PKG_CONFIG_PATH')}


def run(*words, cwd=None, **env):
    done = subprocess.run(words, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=240, env={**ENV, **env}, cwd=cwd)
    assert done.returncode == 0, f'{words}: {done.returncode}\n{done.stdout}'
    return done.stdout


def option(name):
    options = json.loads(run('meson', 'introspect', '--buildoptions', BUILD))
    return next(o['value'] for o in options if o['name'] == name)


def prefix():
    return option('prefix')


def folder():
    return os.path.join(prefix(), option('libdir'))


def pkg_config(*words):
    return run('pkg-config', *words, 'libi2cpt',
               PKG_CONFIG_PATH=folder() + '/pkgconfig').split()


def test_it_installs_with_no_destdir():
    if not os.path.exists(BUILD + '/build.ninja'):
        raise tap.Skip('tests/run install configures that tree')
    shutil.rmtree(prefix(), ignore_errors=True)
    run('meson', 'install', '-C', BUILD, '--no-rebuild')
    for kind in 'a', 'so':
        assert os.path.exists(f'{folder()}/libi2cpt.{kind}'), kind


def test_a_program_builds_with_pkg_config_alone():
    program = WORK + '/shared'
    run('cc', '-o', program, EXAMPLE, *pkg_config('--cflags', '--libs'))
    assert 'libi2cpt.so.0' in run('readelf', '-d', program)
    said = run(program, ADAPTER, LD_LIBRARY_PATH=folder())
    assert '25.0000 C' in said, said


def test_a_program_has_the_library_inside():
    program = WORK + '/static'
    words = ['-l:libi2cpt.a' if word == '-li2cpt' else word
             for word in pkg_config('--cflags', '--libs')]
    # what --static adds of those is more than Debian has
    needed = pkg_config('--print-requires-private')
    needed = [word for word in needed if word[0].isalpha()]
    run('cc', '-o', program, EXAMPLE, *words, '-pthread',
        *run('pkg-config', '--libs', *needed).split())
    assert 'libi2cpt' not in run('readelf', '-d', program)
    said = run(program, ADAPTER)
    assert '25.0000 C' in said, said


def test_pkg_config_says_where_plugins_are():
    said = pkg_config('--variable=plugindir')
    assert said == [folder() + '/libi2cpt'], said
    with open(SOURCE + '/include/i2cpt.h', encoding='utf-8') as file:
        version = re.findall(r'#define I2CPT_VERSION_M\w+ (\d+)', file.read())
    assert pkg_config('--modversion') == ['.'.join(version)], version


def test_the_tool_starts():
    assert run(prefix() + '/bin/i2cpt-replay', '--version')


def test_no_docs_where_none_are_wanted():
    assert option('docs') == 'disabled'
    assert not os.path.exists(prefix() + '/share/doc')
    assert not os.path.exists(prefix() + '/share/man')


def test_a_meson_project_has_it_as_a_subproject():
    with open(WORK + '/meson.build', 'w', encoding='utf-8') as file:
        file.write("project('one', 'c')\n"
                   "dependency('libi2cpt', version: '>= 0.1', fallback:"
                   " 'libi2cpt', default_options: ['tests=disabled',"
                   " 'qemu=disabled', 'i2c-dev=disabled', 'ftdi=disabled'])\n")
    os.mkdir(WORK + '/subprojects')
    os.symlink(SOURCE, WORK + '/subprojects/libi2cpt')
    said = run('meson', 'setup', WORK + '/build', WORK)
    assert re.search(r'Dependency libi2cpt .*found: .*YES', said), said


def test_uninstalled_it_leaves_nothing():
    run('ninja', '-C', BUILD, 'uninstall')
    left = [os.path.join(path, name)
            for path, _, names in os.walk(prefix()) for name in names]
    assert not left, left


def cases():
    """Without that tree there is one, which says so."""
    if os.path.exists(BUILD + '/build.ninja'):
        return globals()
    return {'test_it_installs_with_no_destdir':
            test_it_installs_with_no_destdir}


try:
    tap.main(cases())
finally:
    shutil.rmtree(WORK)
