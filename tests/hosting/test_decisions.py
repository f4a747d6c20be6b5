"""What a process decides costs it no memory for good, in whichever way it was begun."""

import subprocess
import sys
from typing import Final

import pytest

DECIDE: Final = """
from pathlib import Path
from tradewind.adapters.policy.rego import RegoPolicy
policy = RegoPolicy()
def decide(numbers):
    for number in numbers:
        policy.allows({"action": "orders.edit", "roles": ["customer"], "scopes": ["*"], "resource": {"number": number}})
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4
first = decide(range(5))
print(decide(range(5, 45)) - first)
"""
A_DECISION_KB: Final = 1_000
"""Half of what one takes meanwhile."""


def kept_kb(begun: str) -> float:
    """What each of forty decisions leaves behind."""
    shown = subprocess.run([sys.executable, "-c", begun + DECIDE], check=True, capture_output=True)
    return int(shown.stdout) / 40


@pytest.mark.parametrize("part", ["edge", "worker"])
def test_a_part_gives_back_what_a_decision_takes(part: str) -> None:
    assert kept_kb(f"import tradewind.app.{part}") < A_DECISION_KB


def test_so_does_what_is_borne_by_a_nursery() -> None:
    assert kept_kb("from tradewind.app.nursery import load; load()") < A_DECISION_KB


def test_behind_another_library_in_cpp_it_would_not_be_given_back() -> None:
    assert kept_kb("import duckdb") > A_DECISION_KB
