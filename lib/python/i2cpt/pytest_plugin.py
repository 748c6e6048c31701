# SPDX-License-Identifier: LGPL-2.1-or-later
"""pytest: a test of a driver, on real chips once and on their recording ever
after.

    @pytest.mark.i2c_trace("lm75.i2ct")     # else traces/FILE/TEST.i2ct
    def test_temperature(i2c_replay):
        assert lm75.read(SMBus(i2c_replay)) == 26.75

    pytest --i2c-record=i2c-dev,device=/dev/i2c-1     records
    pytest                                            replays

i2c_replay is an i2cpt.Adapter. A test that asks for something else than was
recorded, or for less, fails, whatever its driver made of the errors. What
fixtures do behind the test is part of its recording.
"""
import os
import pathlib
import re
import zlib

import pytest

from .adapter import Adapter, escape


def pytest_addoption(parser):
    group = parser.getgroup("i2cpt")
    group.addoption(
        "--i2c-record", metavar="ADAPTER",
        help="record what tests with i2c_replay do on ADAPTER, a "
             "specification string such as i2c-dev,device=/dev/i2c-1, instead "
             "of replaying it")
    group.addoption(
        "--i2c-match", metavar="MATCH", default="strict",
        help="how requests are matched: strict (default), per-address, lookup")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "i2c_trace(path, match=None): the recording of this test, "
        "beside its file")
    if config.getoption("--i2c-record") == "":
        raise pytest.UsageError("--i2c-record=: an adapter is missing, such as "
                                "i2c-dev,device=/dev/i2c-1")
    config.i2c_recorded = {}  # path: the test that has recorded it


class _Session:
    """The adapter of one test, and what becomes of its trace."""

    def __init__(self, path, record, match):
        self.path, self.record, self.strict = path, record, match == "strict"
        self.fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        self.passed, self.judged = False, True  # a test that has not run
        if record:
            path.parent.mkdir(parents=True, exist_ok=True)
            spec = f"{record},record={escape(self.fresh)}"
        else:
            spec = f"trace,file={escape(path)},match={match}"
        self.adapter = Adapter(spec)
        # the same replay, for its verdict when the test has closed that one
        self.watch = None if record else Adapter(spec)

    def complaint(self, ended):
        """What is wrong with the replay, or None; `ended`: nothing follows."""
        if self.record:
            return None
        verdict = self.watch.verdict()
        if verdict.mismatches:
            return (f"{self.path}:{verdict.mismatch_line}: "
                    f"the test did not do what was recorded\n"
                    f"  recorded: {verdict.expected or 'nothing more'}\n"
                    f"  asked:    {verdict.actual}")
        if verdict.absent and self.strict:
            return (f"{self.path}: the test asked {verdict.absent} times for "
                    "an address that occurs nowhere in the recording")
        if verdict.remaining and ended:
            return (f"{self.path}:{verdict.next_line}: the test ended, but "
                    f"{verdict.remaining} recorded transfers were not asked "
                    f"for{self._held(verdict)}")
        return None

    def _held(self, verdict):
        """A test that waits for a line may wait in vain: for what?"""
        if not verdict.held_line:
            return ""
        return (f"\n  the irq of line {verdict.held_line} waits for the "
                f"transfer of line {verdict.held_for}")

    def close(self):
        """A new recording counts where its test has passed."""
        self.adapter.close()
        if self.watch:
            self.watch.close()
        elif self.passed:
            os.replace(self.fresh, self.path)
        else:
            self.fresh.unlink(missing_ok=True)


def _trace(path=None, match=None):
    return path if path is None else os.fspath(path), match


def _marked(request):
    """(path, match) of the mark, each None where it says none."""
    marker = request.node.get_closest_marker("i2c_trace")
    try:
        return _trace(*marker.args, **marker.kwargs) if marker else _trace()
    except TypeError as error:
        raise ValueError(f"@pytest.mark.i2c_trace(path, match=None): "
                         f"{error}") from None


def _file_name(node):
    """A name of the test's own: its classes and itself, with a sum where
    another test's could be written the same."""
    names = [n.name for n in node.listchain() if isinstance(n, pytest.Class)]
    whole = ".".join(names + [node.name])
    name = re.sub(r"[^\w.-]+", "_", whole)[:100]
    if not re.fullmatch(r"[\w.]+(\[[\w.-]*\])?", whole[:101]):
        name += f"-{zlib.crc32(whole.encode('utf-8', 'replace')):08x}"
    return f"{name}.i2ct"


def _begin(request):
    """The session of a test; ValueError or OSError."""
    record = request.config.getoption("--i2c-record")
    path, match = _marked(request)
    file = pathlib.Path(str(request.node.fspath))
    # not the module's name, which depends on how pytest imports it
    path = file.parent / (path or os.path.join(
        "traces", file.stem, _file_name(request.node)))
    if not record and not path.exists():
        raise ValueError(f"no recording at {path}: make it once, with the "
                         "chips there, by pytest --i2c-record=ADAPTER")
    name = request.node.nodeid
    other = request.config.i2c_recorded.setdefault(path, name)
    if record and other != name:
        raise ValueError(f"{path}: is the recording that {other} has just "
                         "made: each test that records wants a file of its own")
    return _Session(path, record,
                    match or request.config.getoption("--i2c-match"))


@pytest.fixture
def i2c_replay(request):
    """An adapter that answers from this test's recording."""
    try:
        session, refused = _begin(request), None
    except (OSError, ValueError) as error:
        refused = getattr(error, "text", None) or str(error)
    if refused:  # out here, where pytest shows no second exception
        pytest.fail(refused, pytrace=False)
    request.node.i2c_session = session
    yield session.adapter
    complaint = None if session.judged else session.complaint(True)
    session.close()
    if complaint:
        pytest.fail(complaint, pytrace=False)


def _goes_on(item):
    """Whether a fixture may use the bus when the test has ended."""
    info = getattr(item, "_fixtureinfo", None)  # a doctest may have none
    fixtures = info.name2fixturedefs.values() if info else ()
    return any("i2c_replay" in one.argnames for same in fixtures
               for one in same)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """The verdict belongs to the test, not to its clean-up: but where that
    goes on."""
    outcome = yield
    session = getattr(item, "i2c_session", None)
    if call.when != "call" or not session:
        return
    report = outcome.get_result()
    complaint = session.complaint(not _goes_on(item))
    session.judged = bool(complaint) or not report.passed
    if complaint and report.passed:
        report.outcome, report.longrepr = "failed", complaint
    elif complaint:
        report.sections.append(("I2C replay", complaint))
    session.passed = report.passed
