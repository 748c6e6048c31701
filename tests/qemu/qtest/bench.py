# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the qtest programs share.

meson gives each of them the version of QEMU and the plugin to test in the
environment. A case that needs a guest takes (machine); `for_machines` makes
one of it for each board.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
import tap  # noqa: E402
import qemu  # noqa: E402
from bcm2835 import Bcm2835  # noqa: E402
from bitbang import BASES, BitBang  # noqa: E402
from imx import Imx  # noqa: E402

PLUGIN = os.environ["I2CPT_PLUGIN"]
REPLAY = os.environ["I2CPT_REPLAY"]
VERSION = os.environ["I2CPT_QEMU_VERSION"]
BINARY = qemu.find(VERSION)

_folder = tempfile.TemporaryDirectory(prefix="i2cpt-qtest-")


def path(name):
    """Of a file of this test program."""
    return os.path.join(_folder.name, name)


def _preload():
    """A plugin with AddressSanitizer wants its library first in a QEMU without;
    what that says goes to a file, since it warns of QEMU's coroutines."""
    library = os.environ.get("I2CPT_ASAN")
    if library:
        to = f"log_path={path('sanitizer')}"
        os.environ["LD_PRELOAD"] = library
        os.environ["ASAN_OPTIONS"] = f"detect_leaks=0:{to}"
        os.environ["UBSAN_OPTIONS"] = \
            f"halt_on_error=1:print_stacktrace=1:{to}"


_preload()


def write(name, text):
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)
    return path(name)


def read(name):
    with open(path(name), encoding="utf-8") as file:
        return file.read()


# A loaded machine may leave a guest without a CPU for longer than the times
# that a bus has; cases that are about one of them set it.
PATIENCE = {"timeout_ms": 20000, "hold_timeout_ms": 60000,
            "presence_ms": 60000, "busy_retry_ms": 10000}


def device(**settings):
    """-device with an i2c-passthrough; `hold_timeout_ms` is hold-timeout-ms."""
    words = ["i2c-passthrough"]
    for key, value in settings.items():
        text = str(value).replace(",", ",,")
        words.append(f"{key.replace('_', '-')}={text}")
    return ["-device", ",".join(words)]


def patient(**settings):
    return device(**{**PATIENCE, **settings})


DRIVERS = {"mcimx6ul-evk": Imx, "raspi2b": Bcm2835}


class Bench:
    """A board with passthrough devices, not started, and its bus (None where
    there is no driver for that here)."""

    def __init__(self, machine, *devices):
        args = [word for words in devices for word in words]
        self.qemu = qemu.Qemu(BINARY, machine, args, plugin=PLUGIN)
        if machine in BASES:
            self.bus = BitBang(self.qemu, machine)
        else:
            self.bus = DRIVERS.get(machine, lambda _: None)(self.qemu)

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        # The guest did nothing that a person has to hear of.
        self.qemu.__exit__(kind, *rest)
        if not kind:
            equal(self.qemu.errors(), "", "stderr")


def started(*words):
    """QEMU with these devices, which is meant to refuse; (status, stderr)."""
    args = [word for group in words for word in group]
    return qemu.run_to_exit(BINARY, "versatilepb", args, plugin=PLUGIN)


def show(value):
    if isinstance(value, (bytes, bytearray)):
        return f"[{value.hex(' ')}]"
    return repr(value)


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}: {show(actual)}, not {show(expected)}")


def raises(call, *words):
    """QEMU answers with an error, in which these words are."""
    try:
        call()
    except RuntimeError as error:
        for word in words:
            assert word in str(error), str(error)
        return
    raise AssertionError(f"no error with {words}")


def for_machines(names):
    """Cases of a module for tap.main(): those whose first argument is
    `machine` once for each board, the others as they are."""
    cases = {}
    for name, case in list(names.items()):
        if not name.startswith("test_"):
            continue
        code = case.__code__
        if "machine" not in code.co_varnames[:code.co_argcount]:
            cases[name] = case
            continue
        for machine in BASES:
            cases[f"{name}_on_{machine}"] = \
                lambda case=case, machine=machine: case(machine)
    return cases


def main(names):
    if BINARY is None:
        print(f"QEMU {VERSION} is not here; tests/cache qemu fetches it")
        sys.exit(77)
    tap.main(for_machines(names))
