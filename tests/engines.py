"""Real engines that tests may use, named by the environment, as a shop is told of them."""

import os

import pytest


def address(name: str) -> str:
    """What TRADEWIND_<name> says; the test is skipped where it says nothing."""
    said = os.environ.get(f"TRADEWIND_{name}")
    if not said:
        pytest.skip(f"engine: TRADEWIND_{name} names no {name.partition('_')[0].capitalize()}")
    return said
