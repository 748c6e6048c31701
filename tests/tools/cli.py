# SPDX-License-Identifier: LGPL-2.1-or-later
"""i2cpt-replay, the first argument of a test script, run in a folder that is
gone afterwards."""
import os
import subprocess
import sys
import tempfile

# before the folder changes
TOOL, *ARGUMENTS = map(os.path.abspath, sys.argv[1:])
folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)


def run(*words, stdin='', status=0, env=None):
    """(stdout, stderr), where it ends with `status`."""
    done = subprocess.run([TOOL, *words], input=stdin, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60, env=env)
    said = f'{words}: {done.returncode}\n{done.stdout}\n{done.stderr}'
    assert done.returncode == status, said
    return done.stdout, done.stderr


def fine(*words, stdin=''):
    """stdout; fine means that nothing is on stderr."""
    out, err = run(*words, stdin=stdin)
    assert err == '', err
    return out


def refused(*words, stdin='', status=2, names=()):
    """One line on stderr that holds all of `names`, and then the usage where
    it was a wrong word."""
    _, err = run(*words, stdin=stdin, status=status)
    lines = err.splitlines()
    if status == 2:
        assert lines[1].startswith('usage: i2cpt-replay '), err
        lines = lines[:1]
    assert len(lines) == 1, err
    for name in names:
        assert name in lines[0], err


def write(name, text):
    with open(name, 'w', encoding='utf-8') as file:
        file.write(text)
    return name


def read(name):
    with open(name, encoding='utf-8') as file:
        return file.read()
