#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-pages.py SOURCE PAGES: the manual pages and the guide that were made into
the folder PAGES: well-formed, complete, and every link leads somewhere."""
import glob
import html.parser
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import pages  # noqa: E402
import tap  # noqa: E402

SOURCE, FOLDER = map(os.path.realpath, sys.argv[1:])
# A date would make two builds of the same source differ.
FINE = re.compile(r'missing date')
PATH = re.compile(r'`((?:docs|examples|include|lib|qemu|tests|tools)/'
                  r'[\w./-]*\w)(?: [^`]*)?`')


def manual():
    """{name.section: text} of what was made, and the page that is written."""
    found = glob.glob(FOLDER + '/*.[35]') + [SOURCE + '/docs/i2cpt-replay.1']
    return {os.path.basename(path): pages.read(path) for path in found}


def path_of(name):
    return os.path.join(SOURCE + '/docs' if name.endswith('.1') else FOLDER,
                        name)


def whole():
    """Those that are no alias of another."""
    return sorted(name for name, text in manual().items()
                  if not text.startswith('.so '))


def run(*words, **kwargs):
    return subprocess.run(
        words, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=120, check=False,
        env=dict(os.environ, LC_ALL='C.UTF-8', MANWIDTH='80'), **kwargs).stdout


def exported():
    text = pages.read(SOURCE + '/lib/libi2cpt.map')
    return re.findall(r'^ +(i2cpt_\w+);$', text, re.M)


def test_each_function_has_a_page():
    """Its own or another's, with its prototype and what it does."""
    there, missing = manual(), []
    assert len(exported()) > 100
    for function in exported():
        text = there.get(function + '.3', '')
        alias = re.fullmatch(r'\.so man3/(\w+\.3)\n', text)
        text = there.get(alias[1], '') if alias else text
        body = text[text.find('\n.SH DESCRIPTION'):].replace('\\[u2019]', "'")
        part = re.search(rf'^\.SS {function}\n(.*?)^\.S[SH] ', body,
                         re.M | re.S)
        if not part or f'{function}(' not in part[1] or \
                len(part[1].split()) < 12:
            missing.append(function)
    assert not missing, missing


def test_man_has_no_warnings():
    if not shutil.which('man'):
        raise tap.Skip('no man here')
    said = {name: run('sh', '-c', 'man --warnings -E UTF-8 -l "$0" 2>&1 '
                      '>/dev/null', path_of(name)) for name in whole()}
    assert not any(said.values()), said


def test_mandoc_has_no_warnings():
    if not shutil.which('mandoc'):
        raise tap.Skip('no mandoc here')
    said = run('mandoc', '-Tlint', '-Wwarning', *map(path_of, whole()))
    left = [line for line in said.splitlines() if not FINE.search(line)]
    assert not left, '\n'.join(left)


def test_whatis_knows_them():
    if not shutil.which('lexgrog'):
        raise tap.Skip('no lexgrog here')
    for name in whole():
        said = run('lexgrog', path_of(name))
        assert f': "{name[:-2]} - ' in said, said


def test_pages_see_each_other():
    """What SEE ALSO names is there."""
    there = manual()
    for name in whole():
        for other, section in re.findall(
                r'(i2cpt[\w-]+|libi2cpt)\\f\[R\]\((\d)\)',
                there[name].replace('\\-', '-')):
            assert f'{other}.{section}' in there, (name, other, section)


class Html(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.twice = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if 'id' in attrs:
            if attrs['id'] in self.ids:
                self.twice.append(attrs['id'])
            self.ids.add(attrs['id'])
        self.links += [attrs[name] for name in ('href', 'src')
                       if name in attrs]


def guide():
    return {os.path.basename(path): Html(pages.read(path))
            for path in glob.glob(FOLDER + '/*.html')}


def test_no_link_is_dead():
    there, dead = guide(), []
    assert len(there) > 30
    for name, page in there.items():
        dead += [f'{name}: id {twice} twice' for twice in page.twice]
        for link in page.links:
            if re.match(r'https?:', link):
                continue
            path, _, anchor = link.partition('#')
            target = there.get(path or name)
            if not target or (anchor and anchor not in target.ids):
                dead.append(f'{name}: {link}')
    assert not dead, '\n'.join(dead)


def test_the_guide_has_every_page():
    order = pages.read(SOURCE + '/docs/pages/order').splitlines()
    order = [line for line in order if line.endswith('.md')]
    assert sorted(order) == sorted(pages.pages(SOURCE)), \
        set(order) ^ set(pages.pages(SOURCE))
    names = set(guide())
    for name, page in guide().items():
        assert names <= {link.partition('#')[0] for link in page.links}, name


def test_files_that_pages_name_are_there():
    missing = [f'{page}: {path}' for page, text in pages.pages(SOURCE).items()
               for path in PATH.findall(text)
               if not re.search(r'\b[A-Z]{3,}\b(?!\.md)', path) and not os.path.exists(os.path.join(SOURCE, path))]
    assert not missing, '\n'.join(missing)


tap.main(globals())
