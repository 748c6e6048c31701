#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-completion.py I2CPT-REPLAY SCRIPT: that bash completes what the tool
takes: every verb, every option and value that it names, and no others."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap
from cli import ARGUMENTS, TOOL, fine, run, write

SCRIPT = ARGUMENTS[0]
OPTION = re.compile(r'(?<![\w-])(--[a-z][a-z-]*|-[a-z])(?![\w-])')
# as readline does it, without one
BASH = '''
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_i2cpt_replay "$1" "${@: -1}" "${@: -2:1}"
[[ ${#COMPREPLY[@]} = 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
'''


def completed(*words, tool=TOOL):
    done = subprocess.run(['bash', '--norc', '-c', BASH, 'bash', SCRIPT, tool,
                           *words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          timeout=60)
    assert done.returncode == 0 and not done.stderr, (words, done)
    return sorted(set(done.stdout.split('\n')) - {''})


def said(*words):
    return subprocess.run([TOOL, *words], text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stderr


def verbs():
    return re.findall(r'^  ([a-z-]+) ', fine('--help'), re.M)


def test_verbs():
    known = verbs()
    assert len(known) > 8, known
    assert completed('') == sorted([*known, 'help', '--help', '--version'])
    assert completed('help', '') == sorted(known)
    assert completed('sh') == ['show']
    assert completed('help', 're') == ['record', 'replay']
    assert completed('xyzzy') == []


def in_table(verb):
    """Those that getopt is told of, in the verb's source."""
    tools = os.path.dirname(SCRIPT)
    with open(f'{tools}/verbs/verb-{verb}.c', encoding='utf-8') as file:
        text = file.read()
    if 'BUSES_OPTIONS' in text:
        with open(f'{tools}/program/buses.h', encoding='utf-8') as file:
            text += file.read()
    if 'tool_open_trace' in text:
        with open(f'{tools}/common/tool.c', encoding='utf-8') as file:
            text += file.read()
    names = re.findall(r'"([a-z-]+)",\s*(?:no|required)_argument', text)
    assert names, verb
    return {f'--{name}' for name in names}


def test_options_of_every_verb():
    for verb in verbs():
        text = fine(verb, '--help').split('\nExample')[0]
        lines = [line.lstrip().split('  ')[0] for line in text.splitlines()
                 if line.startswith('  -') and '-device' not in line]
        known = set(OPTION.findall(text.splitlines()[0]))
        known |= {option for line in lines for option in OPTION.findall(line)}
        found = completed(verb, '-')
        assert sorted(known | {'--help'}) == found, (verb, found)
        for option in found:
            err = said(verb, option)
            assert 'unknown option' not in err, (verb, err)
        assert set(found) >= in_table(verb), (verb, found)
        assert completed(verb, '--he') == ['--help']


def test_values():
    write('t', 'i2cpt-trace 1\nadapter: stub\n0 +0 r1@0x48 = 00\nend 1\n')
    for words, values in (
            (('replay', 't', '--match'), ['lookup', 'per-address', 'strict']),
            (('replay', 't', '--end'), ['error', 'hold', 'loop']),
            (('replay', 't', '--timing'), ['off', 'recorded']),
            (('run', '--redirect'), ['auto', 'preload', 'seccomp']),
            (('show', '--color'), ['always', 'auto', 'never'])):
        assert completed(*words, '') == values, words
        assert completed(*words, '=') == values, words
        assert completed(*words, '=', values[0][:2]) == values[:1], words
        # those that the tool says it accepts, and no others
        verb, option = words[0], words[-1]
        err = said(verb, option, 'xyzzy', *words[1:-1], *(
            ['--', 'true'] if verb == 'replay' else []))
        accepted = re.findall(r'[a-z-]+', err.split('accepted is ')[1]
                              .split('\n')[0])
        assert sorted(set(accepted) - {'or'}) == values, err


def test_adapters():
    found = completed('run', '-a', '')
    for backend in 'stub', 'trace', 'remote':
        assert backend in found, found
    assert completed('run', '-a', 'st') == ['stub']
    listed = [line.split()[0] for line in run('list')[0].splitlines()]
    assert set(listed) <= set(found), (listed, found)


def test_what_a_dongle_says_is_no_command():
    with open('tool', 'w', encoding='utf-8') as file:
        file.write('#!/bin/sh\n[ "$*" = list ] && cat <<"END"\n'
                   'ftdi,serial=$(touch${IFS}made) FT232H\n'
                   'ftdi,serial=`touch${IFS}made` FT232H\n'
                   'ftdi,product=0x6014,serial=FT-1.2_3 FT232H\nEND\n')
    os.chmod('tool', 0o755)
    assert completed('run', '-a', '', tool='./tool') == [
        'ftdi,product=0x6014,serial=FT-1.2_3']
    assert not os.path.exists('made')


def test_files_and_programs_are_left_to_bash():
    assert completed('show', 'a') == []
    assert completed('record', '-o', '') == []
    assert 'bash' in completed('run', '-a', 'stub', '--', 'bas')
    assert completed('run', '-a', 'stub', '--', 'ls', '--') == []


tap.main(globals())
