"""Where the real engines are that tests may use: named by the environment, as the shop's own settings are."""

import os

import pytest


def address(name: str) -> str:
    """What TRADEWIND_<NAME> says; skips the test where it says nothing."""
    found = os.environ.get(f"TRADEWIND_{name}")
    if not found:
        pytest.skip(f"engine: TRADEWIND_{name} names no engine")
    return found
