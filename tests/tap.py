# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test scripts in Python: every function named test_... of a module is a case,
reported as TAP. A case that raises has failed; Skip skips it with a reason."""
import errno
import subprocess
import sys
import traceback


class Skip(Exception):
    """Why a case cannot be tried here."""


def need_runnable(path):
    """Skip where the kernel runs no programs of that kind: 32-bit ones on some
    64-bit machines."""
    try:
        subprocess.run([path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60, check=False)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        raise Skip('this kernel does not run such programs') from None


def main(names):
    """Run the cases among names (a module's globals()) in their order."""
    cases = [(name, case) for name, case in names.items()
             if name.startswith('test_')]
    failed = 0
    for number, (name, case) in enumerate(cases, 1):
        what = name[len('test_'):].replace('_', ' ')
        try:
            case()
            line = f'ok {number} - {what}'
        except Skip as reason:
            line = f'ok {number} - {what} # SKIP {reason}'
        except Exception:  # whatever a case raises, the others shall run
            failed += 1
            text = traceback.format_exc().rstrip().replace('\n', '\n# ')
            line = f'not ok {number} - {what}\n# {text}'
        print(line, flush=True)
    print(f'1..{len(cases)}')
    sys.exit(1 if failed or not cases else 0)
