#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep of a configured QEMU what a module's compilation needs.

usage: headers.py SOURCE BUILD OUTPUT

Copies the headers and writes the include folders and flags, as QEMU itself
compiles hw/arm/nrf51_soc.c with, to OUTPUT/about (appending).
"""
import json
import os
import re
import shlex
import shutil
import sys

FLAG = re.compile(r'-D(?!_FORTIFY)|-f(no-strict-aliasing|no-common|wrapv)$')
WHOLE = {'include', 'host/include', 'linux-headers', 'tcg', 'target/arm'}


def copy_headers(root, top, out, every):
    """The .h and .inc files under root/top, to out/top."""
    for folder, dirs, names in os.walk(os.path.join(root, top)):
        if not every:
            dirs[:] = [d for d in dirs if not d.endswith('.p')]
        dest = os.path.join(out, os.path.relpath(folder, root))
        for name in names:
            if re.search(r'\.(h|inc|def)$', name):
                os.makedirs(dest, exist_ok=True)
                shutil.copy(os.path.join(folder, name), dest)


def reference_command(build):
    path = os.path.join(build, 'compile_commands.json')
    with open(path, encoding='utf-8') as f:
        for entry in json.load(f):
            if entry['file'].endswith('hw/arm/nrf51_soc.c'):
                return shlex.split(entry['command'])
    sys.exit('headers.py: hw/arm/nrf51_soc.c is not among the files that '
             'QEMU compiles')


def settings(args, source, build):
    """(kind, value) of each setting that counts, folders relative."""
    roots = [(os.path.realpath(build), 'build'),
             (os.path.realpath(source), 'source')]
    seen = set()
    i = 0
    while i < len(args):
        m = re.match(r'(-iquote|-isystem|-I)(.*)', args[i])
        if m:
            value = m.group(2)
            if not value:
                i += 1
                value = args[i]
            path = os.path.realpath(os.path.join(build, value))
            kind = 'isystem' if m.group(1) == '-isystem' else 'include'
            for root, name in roots:
                if path == root or path.startswith(root + os.sep):
                    path = os.path.normpath(
                        os.path.join(name, os.path.relpath(path, root)))
                    break
            else:
                path = '.p'  # the system's; meson knows it
            if not path.endswith('.p') and (kind, path) not in seen:
                seen.add((kind, path))
                yield kind, path
        elif FLAG.match(args[i]):
            yield 'cflag', args[i]
        i += 1


def main():
    source, build, out = sys.argv[1:]
    for top in sorted(WHOLE):
        copy_headers(source, top, os.path.join(out, 'source'), True)
    copy_headers(build, '.', os.path.join(out, 'build'), False)
    with open(os.path.join(out, 'about'), 'a', encoding='utf-8') as f:
        for kind, value in settings(reference_command(build), source, build):
            inside = os.path.join(out, value)
            if kind == 'cflag' or os.path.isdir(inside):
                f.write(f'{kind} {value}\n')


if __name__ == '__main__':
    main()
