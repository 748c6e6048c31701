# SPDX-License-Identifier: LGPL-2.1-or-later
"""pytest: a test of a driver, on real chips once and on their recording ever
after.

    @pytest.mark.i2c_trace("lm75.i2ct")     # else traces/MODULE/TEST.i2ct
    def test_temperature(i2c_replay):
        assert lm75.read(SMBus(i2c_replay)) == 26.75

    pytest --i2c-record=i2c-dev,device=/dev/i2c-1     records
    pytest                                            replays

i2c_replay is an i2cpt.Adapter. A test that asks for something else than was
recorded, or for less, fails, whatever its driver made of the errors.
"""
import os
import pathlib
import re

import pytest

from .adapter import Adapter, escape
from .errors import I2CError


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


class _Session:
    """The adapter of one test, and what becomes of its trace."""

    def __init__(self, path, record, match):
        self.path, self.record = path, record
        self.fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        if record:
            path.parent.mkdir(parents=True, exist_ok=True)
            spec = f"{record},record={escape(self.fresh)}"
        else:
            spec = f"trace,file={escape(path)},match={match}"
        self.adapter = Adapter(spec)

    def complaint(self):
        """What is wrong with the replay, or None."""
        if self.record:
            return None
        verdict = self.adapter.verdict()
        if verdict.mismatches:
            return (f"{self.path}:{verdict.mismatch_line}: "
                    f"the test did not do what was recorded\n"
                    f"  recorded: {verdict.expected or 'nothing more'}\n"
                    f"  asked:    {verdict.actual}")
        if verdict.remaining:
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

    def close(self, passed):
        """A new recording counts where its test has passed."""
        self.adapter.close()
        if self.record and passed:
            os.replace(self.fresh, self.path)
        elif self.record:
            self.fresh.unlink(missing_ok=True)


def _path(request):
    marker = request.node.get_closest_marker("i2c_trace")
    beside = pathlib.Path(str(request.node.fspath)).parent
    if marker and marker.args:
        return beside / marker.args[0]
    name = re.sub(r"[^\w.-]+", "_", request.node.name)
    return beside / "traces" / request.node.module.__name__ / f"{name}.i2ct"


def _match(request):
    marker = request.node.get_closest_marker("i2c_trace")
    asked = marker.kwargs.get("match") if marker else None
    return asked or request.config.getoption("--i2c-match")


@pytest.fixture
def i2c_replay(request):
    """An adapter that answers from this test's recording."""
    record = request.config.getoption("--i2c-record")
    path = _path(request)
    if not record and not path.exists():
        pytest.fail(f"no recording at {path}: make it once, with the chips "
                    "there, by pytest --i2c-record=ADAPTER", pytrace=False)
    try:
        session, refused = _Session(path, record, _match(request)), None
    except I2CError as error:
        refused = error.text or str(error)
    if refused:  # out here, where pytest shows no second exception
        pytest.fail(refused, pytrace=False)
    request.node.i2c_session = session
    yield session.adapter
    session.close(getattr(request.node, "i2c_passed", False))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """The verdict belongs to the test, not to its clean-up."""
    outcome = yield
    session = getattr(item, "i2c_session", None)
    if call.when != "call" or not session:
        return
    report = outcome.get_result()
    complaint = session.complaint()
    if complaint and report.passed:
        report.outcome, report.longrepr = "failed", complaint
    elif complaint:
        report.sections.append(("I2C replay", complaint))
    item.i2c_passed = report.passed
