# SPDX-License-Identifier: LGPL-2.1-or-later
"""A manual page out of Markdown, by pandoc."""
import re
import subprocess


def write(pandoc, text, path, version, form='markdown-smart'):
    """PATH is NAME.SECTION. No date: a build of the same source is the same."""
    name, _, section = path.rpartition('/')[2].rpartition('.')
    subprocess.run(
        [pandoc, '-f', form, '-t', 'man', '-s', '-o', path,
         '-M', f'title={name}', '-M', f'section={section}',
         '-M', f'footer=libi2cpt {version}', '-M', 'header=libi2cpt'],
        input=text, encoding='utf-8', check=True)
    mend(path)


def mend(path):
    """What pandoc writes and mandoc or groff complain of: fonts that terminals
    have not got, paragraphs right below a heading, lines that cannot be filled."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    text = re.sub(r'\\f\[(?:C|V|VB)\]', r'\\f[B]', text)
    text = re.sub(r'^\.ft .*\n', '', text, flags=re.M)
    text = re.sub(r'^(\.S[HS] .*\n)\.PP\n', r'\1', text, flags=re.M)
    # long words are nothing to adjust lines by
    text = re.sub(r'^(\.TH .*\n)', r'\1.ad l\n', text, count=1, flags=re.M)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
