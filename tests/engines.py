"""Real engines, for tests that need one: named by the environment, as settings are."""

import os

import pytest


def address(name: str) -> str:
    """What TRADEWIND_<name> says; the test is left out where it says nothing."""
    found = os.environ.get(f"TRADEWIND_{name}", "")
    if not found:
        pytest.skip(f"engine: TRADEWIND_{name} names no {name.partition('_')[0].capitalize()}")
    return found
