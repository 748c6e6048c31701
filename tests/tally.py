#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Count the cases of one `meson test` run.

usage: tally.py TESTLOG.json OUTPUT

Prints what failed and what was skipped with the reason, and as its last line
"PASSED FAILED SKIPPED". A test that says its cases one by one (TAP lines, or
Check's summary) counts case by case, any other as one. A test that ends badly
without a failed case is one failed case more.
"""
import json
import re
import sys

TAP = re.compile(r'^(not )?ok\s+\d+\s*(?:-\s*)?(.*?)\s*'
                 r'(?:#\s*(SKIP)\b\s*(.*))?$')
TAP_NONE = re.compile(r'^1\.\.0\s*#\s*SKIP\b\s*(.*)$', re.IGNORECASE)
CHECK = re.compile(r'^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$')
FINE = re.compile(r'^ok\s+\d+')
TAIL_LINES = 40


def cases(text):
    """Passed, failed and skipped cases that the output tells."""
    passed, failed, skipped = 0, 0, []
    lines = text.splitlines()
    summaries = [match for match in map(CHECK.match, lines) if match]
    for match in summaries:
        bad = int(match[2]) + int(match[3])
        passed += int(match[1]) - bad
        failed += bad
    if summaries:
        return passed, failed, skipped
    for tap in filter(None, map(TAP.match, lines)):
        if tap[3]:
            skipped.append(f'{tap[2]}: {tap[4] or "no reason given"}')
        elif tap[1]:
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def why_skipped(text):
    """The reason of a test that was skipped as a whole."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        none = TAP_NONE.match(line)
        if none and none[1]:
            return none[1]
    return lines[-1] if lines else 'no reason given'


def count(test):
    """(passed, failed, skipped) of one meson test; prints what is not well."""
    text = test.get('stdout') or ''
    both = text + (test.get('stderr') or '')
    name, result = test['name'], test['result']
    if result == 'SKIP':
        print(f'SKIPPED {name}: {why_skipped(both)}')
        return 0, 0, 1
    passed, failed, skipped = cases(text)
    for reason in skipped:
        print(f'SKIPPED {name}: {reason}')
    good = result in ('OK', 'EXPECTEDFAIL')
    if not good and not failed:
        failed += 1
    if good and not passed and not failed and not skipped:
        passed = 1
    if failed:
        print(f'FAILED {name} ({result}, exit status {test["returncode"]})')
        lines = [line for line in both.splitlines() if not FINE.match(line)]
        print('\n'.join('    ' + line for line in lines[-TAIL_LINES:]))
    return passed, failed, len(skipped)


def main():
    log, output = sys.argv[1:]
    total = [0, 0, 0]
    try:
        with open(log, encoding='utf-8', errors='replace') as file:
            tests = [json.loads(line) for line in file if line.strip()]
    except FileNotFoundError:
        tests = []
    if not tests:
        with open(output, encoding='utf-8', errors='replace') as file:
            print('FAILED no test was run:\n' + file.read())
        total[1] = 1
    for test in sorted(tests, key=lambda t: t['name']):
        total = [a + b for a, b in zip(total, count(test))]
    print(*total)


if __name__ == '__main__':
    main()
