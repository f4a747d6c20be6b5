"""After a whole run of the suite: every test that docs/requirements.md names must have passed in that run.

A plugin, because only the end of the run knows what ran; with xdist the controller asks, to whom all workers report.
What only a real engine can show is asked for in the run that has them (`--engines=required`), and there of these alone.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines import misses, requires_engines
from tools.requirements import LEDGER, UnreadableLedger, read

TITLE = "docs/requirements.md"
LEFT_OUT, DID_NOT_RUN = "was left out for want of an engine", "did not run"


class Ledger:
    """Notes what ran, and compares it with what the ledger says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._passed: set[str] = set()
        self._failed: set[str] = set()
        self._skipped: set[str] = set()
        self._left_out: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test. Parameters, and the group that xdist adds, are no part of the name."""
        name = report.nodeid.split("[")[0].split("@")[0]
        if report.when == "call" and report.passed:
            self._passed.add(name)
        elif report.failed:
            self._failed.add(name)
        elif report.skipped:
            (self._left_out if misses(report) else self._skipped).add(name)

    def complaints(self, fine: Collection[str]) -> Iterator[str]:
        """One sentence for each named test that came to something else than what is `fine`."""
        try:
            requirements = read(self.path.read_text())
        except UnreadableLedger as unreadable:
            yield str(unreadable)
            return
        for one in requirements:
            for test in one.tests:
                if (outcome := self._outcome(test)) not in fine:
                    yield f"{one.id} names {test}, which {outcome}"

    def _outcome(self, test: str) -> str:
        """What all of its parameters came to. Those of an engine that is not here are left out, and the rest count."""
        if test in self._failed:
            return "failed"
        if test in self._passed:
            return "passed"
        if test in self._skipped:
            return "skipped"
        return LEFT_OUT if test in self._left_out else DID_NOT_RUN

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a whole run whose ledger says more than was shown."""
        if not is_whole(session.config) or session.testscollected == 0:
            return
        tolerated = DID_NOT_RUN if requires_engines(session.config) else LEFT_OUT
        complaints = list(self.complaints({"passed", tolerated}))
        if complaints:
            report(session, complaints)


def is_whole(config: pytest.Config) -> bool:
    """Whether everything was asked for: no path, no -k, no -m, no --deselect."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    narrowed = any(config.getoption(option, None) for option in ("keyword", "markexpr", "deselect", "collectonly"))
    return everything and not narrowed


def report(session: pytest.Session, complaints: list[str]) -> None:
    """Make the run fail, and its closing line say so."""
    if session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    text = "\n".join([*complaints, "Untick the line, or make the test run and pass."])
    failed = pytest.TestReport(TITLE, (TITLE, None, TITLE), {}, "failed", text, "call")
    terminal.stats.setdefault("failed", []).append(failed)


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run, unless this is a worker of xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Ledger(Path(os.environ.get("TRADEWIND_LEDGER", LEDGER))), "ledger")
