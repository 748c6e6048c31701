#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-man.py I2CPT-REPLAY PAGE: that the manual page is well-formed, and has
the verbs and options that --help has, and no others."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..'))
import tap

TOOL, PAGE = sys.argv[1:3]
OPTION = re.compile(r'(?<![\w-])(--?[a-z][a-z-]*)(?![\w-])')


def run(*words):
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60,
                          env=dict(os.environ, LC_ALL='C.UTF-8'))
    assert done.returncode == 0, done
    return done.stdout, done.stderr


def groff(*words):
    if not shutil.which('groff'):
        raise tap.Skip('no groff here')
    return run('groff', '-mdoc', '-Tascii', '-rLL=2000n', *words, PAGE)


def verbs():
    return re.findall(r'^  (\w+) ', run(TOOL, '--help')[0], re.M)


def options_of_help(verb):
    """Options where they are explained, and those of the usage line."""
    text = run(TOOL, verb, '--help')[0].split('\nExample:')[0]
    usage, _, rest = text.partition('\n')
    explained = [line[:line.find('  ', 2)] if '  ' in line[2:] else line
                 for line in rest.splitlines() if line.startswith('  -')
                 and not line.startswith('  -device')]
    return set(OPTION.findall(usage)) | {
        option for line in explained for option in OPTION.findall(line)}


def sections():
    """Text of the page below each verb's own heading."""
    text = groff('-P-cbou')[0]
    parts = re.split(r'^ {3}(\w+)$|^[A-Z]', text, flags=re.M)
    return {name: body for name, body in zip(parts[1::2], parts[2::2]) if name}


def test_the_page_is_well_formed():
    assert groff('-ww', '-z') == ('', '')


def test_man_has_no_warnings():
    if not shutil.which('man'):
        raise tap.Skip('no man here')
    _, err = run('man', '--warnings', '-l', '-Tutf8', '-Z', PAGE)
    assert err == '', err


def test_every_verb_has_a_section():
    assert sorted(sections()) == sorted(verbs()), (sections().keys(), verbs())


def test_every_verb_is_in_the_synopsis():
    text = groff('-P-cbou')[0]
    synopsis = text[text.index('SYNOPSIS'):text.index('DESCRIPTION')]
    for verb in verbs():
        assert re.search(rf'\b{verb}\b', synopsis), verb


def test_options_are_those_of_help():
    for verb, body in sections().items():
        helped, tagged = options_of_help(verb), set()
        for line in body.splitlines():
            if line.startswith('     -'):
                tagged |= set(OPTION.findall(line.split('   ')[1].strip()
                                             if '   ' in line.strip()
                                             else line))
        assert helped, verb
        assert helped == tagged, (verb, helped ^ tagged)


tap.main(globals())
