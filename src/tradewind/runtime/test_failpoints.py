"""Failpoints and planted bugs: silent unless armed, exact to the hit, and dead outside a test build."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tradewind.runtime.failpoints import FailpointHit, failpoint, planted

DIE = (
    "from tradewind.runtime.failpoints import failpoint; failpoint('a'); print('alive'); failpoint('a'); print('late')"
)
BUGS = "from tradewind.runtime.failpoints import planted; print(planted('a'), planted('b'))"


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_nothing_happens_where_nothing_is_armed() -> None:
    failpoint("anything")
    assert not planted("anything")


def test_it_fails_on_the_hit_asked_for_and_on_no_other(arm: Callable[[dict[str, str]], None]) -> None:
    arm({"a": "raise@2", "b": "raise"})
    failpoint("a")
    with pytest.raises(FailpointHit, match="a"):
        failpoint("a")
    failpoint("a")
    with pytest.raises(FailpointHit, match="b"):
        failpoint("b")


def test_what_cannot_be_read_is_refused_when_it_is_hit(arm: Callable[[dict[str, str]], None]) -> None:
    arm({"a": "explode"})
    with pytest.raises(AssertionError, match="a=explode"):
        failpoint("a")


def test_the_environment_can_kill_a_process_at_its_second_hit() -> None:
    died = run(DIE, TRADEWIND_FAILPOINTS="b=raise; a=kill@2", PYTHONUNBUFFERED="1")
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "alive\n")


@pytest.mark.parametrize(
    ("test_build", "heard"), [("1", "True False\n"), ("0", "False False\n"), ("", "False False\n")]
)
def test_planted_bugs_are_heard_in_test_builds_only(test_build: str, heard: str) -> None:
    assert run(BUGS, TRADEWIND_TEST_BUILD=test_build, TRADEWIND_PLANTED_BUGS="a").stdout == heard
