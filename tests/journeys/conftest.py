"""Journeys go through one process tree and, where there is a Kafka, through seven processes, word for word.

What is another thing there, or about one process, is marked `one_process_tree(why)`: the end of a run on seven
processes tells. A journey that does neither is refused.
"""

from typing import Any, Final

import pytest

from tests.clusters import ON_CLUSTER
from tests.markets import Market

BOTH: Final = ["one_market", pytest.param(ON_CLUSTER, marks=pytest.mark.engine("kafka"))]
IDS: Final = ["one", "seven"]


@pytest.fixture(scope="session", params=BOTH, ids=IDS)
def market(request: pytest.FixtureRequest) -> Market:
    """One after the other."""
    found: Market = request.getfixturevalue(request.param)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse a journey that goes through one process tree alone and does not say why."""
    spec: Any = getattr(item, "callspec", None)
    several = spec is not None and any(str(value).endswith("_market") for value in spec.params.values())
    if not several and item.get_closest_marker("one_process_tree") is None:
        raise pytest.UsageError(f"{item.nodeid}: take `market` through seven processes, or say one_process_tree(why).")
