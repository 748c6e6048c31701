#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""line-table.py ROOT "FILE..." <EXPORT: of what llvm-cov exports as JSON, a
line for each FILE of the folder ROOT, and their sum."""
import json
import os
import sys


def main():
    root, wanted = sys.argv[1], sys.argv[2].split()
    covered, total = 0, 0
    for file in json.load(sys.stdin)['data'][0]['files']:
        name = os.path.relpath(os.path.realpath(file['filename']), root)
        if name in wanted:
            wanted.remove(name)
            lines = file['summary']['lines']
            covered += lines['covered']
            total += lines['count']
            print(f'    {name:32} {lines["covered"]:4} of {lines["count"]:4} '
                  f'lines, {lines["percent"]:.1f} %')
    if wanted:
        sys.exit(f'not in the program: {" ".join(wanted)}')
    print(f'{covered} of {total} lines, {100 * covered / total:.1f} %')


main()
