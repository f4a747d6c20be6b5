"""Journeys go through a shop of one process tree and, where there is a Kafka, through seven processes, word for word.

What is about something that is another thing there is marked `one_process_tree(why)`; the end of the run tells.
"""

from typing import Final

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
