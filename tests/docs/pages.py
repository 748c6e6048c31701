# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages, README.md and docs/*.md: their indented blocks; and the table of
what is in these and how it is tried (`commands`, which says how it is read)."""
import os

BLOCKS = ('text', 'file', 'script')  # an entry has a block's first line alone


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def pages(source):
    """{name: text}, README.md first."""
    names = ['README.md'] + sorted(
        'docs/' + name for name in os.listdir(os.path.join(source, 'docs'))
        if name.endswith('.md'))
    return {name: read(os.path.join(source, name)) for name in names}


def blocks(text):
    """(number of the first line, its lines without the margin) of each."""
    block, number, before = [], 0, ''
    for i, line in enumerate(text.splitlines() + ['end'], 1):
        if line.startswith('    ') and (block or not before):
            number = number or i
            block.append(line)
        elif block and line:
            yield number, margin_off(block)
            block, number = [], 0
        elif block:
            block.append('')
        before = line


def margin_off(block):
    while not block[-1]:
        block.pop()
    margin = min(len(line) - len(line.lstrip()) for line in block if line)
    return [line[margin:] for line in block]


class Entry:
    """A command, or a block, of a page and how it is tried."""

    def __init__(self, page, number):
        self.page, self.number, self.lines = page, number, []
        self.words = []  # (directive, its text)
        self.block = []  # of a block: all of it, when it was found

    def all(self, word):
        return [text for name, text in self.words if name == word]

    def one(self, word, default=None):
        return (self.all(word) or [default])[-1]

    def kind(self):
        return self.words[0][0] if self.words else 'nothing'

    def name(self):
        return f'{self.page}: {self.lines[0].strip()}'


def table(path):
    """[Entry], in the order of the file."""
    entries, page = [], None
    for number, line in enumerate(read(path).splitlines(), 1):
        if line.startswith('    '):
            if not entries or entries[-1].words or entries[-1].page != page:
                entries.append(Entry(page, number))
            entries[-1].lines.append(line[4:])
        elif line.startswith(': '):
            word, _, text = line[2:].partition(' ')
            entries[-1].words.append((word, text))
        elif line and not line.startswith('#'):
            page = line
    return entries


def take(block, entry):
    """How many lines of the block the entry is; 0 where it does not begin so."""
    n = len(entry.lines)
    if block[:n] != entry.lines:
        return 0
    if entry.kind() in BLOCKS:
        whole = entry.one('whole') is not None
        while n < len(block) and (whole or block[n]):
            n += 1
        entry.block = block[:n]
    return n


def compare(name, text, entries):
    """Takes from the page what the entries have, in their order; what is in the
    one and not in the other, as lines for a person."""
    entries, wrong = list(entries), []
    for number, block in blocks(text):
        while block:
            taken = 1
            if block[0]:
                taken = take(block, entries[0]) if entries else 0
            if not taken:
                later = [e for e in entries if take(block, e)]
                if later:
                    gone = entries[:entries.index(later[0])]
                    wrong += [f'no longer in the page: {e.name()} '
                              f'(commands:{e.number})' for e in gone]
                    entries = entries[len(gone):]
                    continue
                wrong.append(f'not in tests/docs/commands: {name}:{number}: '
                             f'{block[0]}')
                taken = 1
            elif block[0]:
                del entries[0]
            block, number = block[taken:], number + taken
    return wrong + [f'no longer in the page: {e.name()} (commands:{e.number})'
                    for e in entries]
