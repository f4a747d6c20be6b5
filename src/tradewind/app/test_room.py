"""Whoever listens has room for what it lets in: ways on to those behind it, and as many open files as it may have."""

import resource
import subprocess
import sys

import aiohttp
import pytest

from tradewind.api.live.sockets import MAX_SOCKETS
from tradewind.api.rest.passing_on import MAX_CONNECTIONS, client
from tradewind.api.rest.streams import MAX_STREAMS
from tradewind.app.edge import BACKPRESSURE

FEW = 512
STARTED = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({few}, {hard}))
import tradewind.app.{part}
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


async def test_there_is_a_way_to_all_that_one_process_keeps_open_and_to_more_requests() -> None:
    async with client() as ask:
        assert isinstance(ask.connector, aiohttp.TCPConnector)
        assert ask.connector.limit_per_host == MAX_CONNECTIONS
    assert MAX_STREAMS + MAX_SOCKETS < MAX_CONNECTIONS <= BACKPRESSURE


@pytest.mark.parametrize("part", ["edge", "gateway"])
def test_whoever_listens_may_open_all_files_that_it_is_allowed(part: str) -> None:
    """Granian sees to that as it is loaded: where it does so no more, somebody else has to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    started = STARTED.format(few=FEW, hard=hard, part=part)
    said = subprocess.run([sys.executable, "-c", started], capture_output=True, text=True, check=True)
    assert FEW < int(said.stdout) == hard
