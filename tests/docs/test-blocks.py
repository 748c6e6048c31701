#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-blocks.py SOURCE: each block of README.md and docs/*.md is in `commands`
beside this, and none else. test-commands.py says the same when it runs them; this
needs no build and takes no time, so that nobody forgets it."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..')]
import pages  # noqa: E402
import tap  # noqa: E402

PAGES = pages.pages(sys.argv[1])
TABLE = pages.table(os.path.join(HERE, 'commands'))


def test_each_block_is_in_the_table_and_each_entry_in_its_page():
    wrong = [line for page, text in PAGES.items() for line in pages.compare(
        page, text, [entry for entry in TABLE if entry.page == page])]
    assert not wrong, '\n'.join(wrong)


def test_each_entry_has_a_page():
    assert {entry.page for entry in TABLE} <= set(PAGES)


def test_each_entry_says_how_it_is_tried():
    silent = [entry.name() for entry in TABLE if not entry.words]
    assert not silent, silent


tap.main(globals())
