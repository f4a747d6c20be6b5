"""Journeys that go through one process tree and, where there is a Kafka, through seven processes, word for word.

A file whose journeys do says `market` is `both_markets`. What is another thing there is marked `one_process_tree(why)`;
the end of a run on seven processes tells.
"""

from typing import Final

import pytest

from tests.clusters import ON_CLUSTER
from tests.markets import Market

BOTH: Final = ["one_market", pytest.param(ON_CLUSTER, marks=pytest.mark.engine("kafka"))]
IDS: Final = ["one", "seven"]


@pytest.fixture(scope="session", params=BOTH, ids=IDS)
def both_markets(request: pytest.FixtureRequest) -> Market:
    """One after the other."""
    found: Market = request.getfixturevalue(request.param)
    return found
