"""Shippers of a test's own, as deploy/logs starts them, and the indices into which they ship."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.engines import address
from tools.engines.shipping import SHIP, environment
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.adapters.opensearch.link import TROUBLE, client_of
from tradewind.adapters.opensearch.log_index import prepare
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.runtime.telemetry.log_files import LogFiles

WITHIN_S: Final = 120.0
"""On a machine that others use as well."""
LOOK_S: Final = 0.2


class Lines:
    """The lines of one shop on OpenSearch, and what a shipper of them needs to know."""

    def __init__(self, client: Any, url: str, index: str, folder: Path) -> None:
        self.client, self.url, self.index = client, url, index
        self.logs, self.state = folder / "logs", folder / "state"

    def write(self, process: str, *numbers: int, day: str = "") -> None:
        """Lines as a shop writes them, told apart by their numbers."""
        out = LogFiles(self.logs, process)
        for number in numbers:
            at = f"{day}T10:00:00Z" if day else f"{now():%Y-%m-%dT%H:%M:%S.%fZ}"
            line = {"lineId": str(new_id()), "at": at, "event": "x" * (number % 300), "process": process}
            out.write(json.dumps({**line, "key": f"n{number}", "traceId": new_trace_id()}) + "\n")

    @contextmanager
    def shipped(self, url: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Ship them meanwhile; `url`: by this way."""
        told = {**os.environ, **environment(self.logs, self.state, url or self.url, self.index)}
        shipper = subprocess.Popen(
            [SHIP],
            env=told,
            stdin=subprocess.DEVNULL,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),  # noqa: PLW1509 -- takes no lock
        )
        try:
            yield shipper
        finally:
            shipper.terminate()
            shipper.wait(30)

    async def number(self) -> int:
        """How many there are."""
        await self.client.indices.refresh(index=f"{self.index}-*")
        return int((await self.client.count(index=f"{self.index}-*"))["count"])

    async def until(self, number: int) -> None:
        """Wait until there are so many."""
        async with asyncio.timeout(WITHIN_S):
            while await self.number() < number:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(LOOK_S)

    async def found(self, **terms: str) -> Sequence[dict[str, Any]]:
        """Those that say this, oldest first."""
        await self.client.indices.refresh(index=f"{self.index}-*")
        query = {"bool": {"filter": [{"term": {name: value}} for name, value in terms.items()]}}
        body = {"query": query, "size": 10_000, "sort": [{"at": "asc"}]}
        said = await self.client.search(index=f"{self.index}-*", body=body)
        return [{**hit["_source"], "_id": hit["_id"], "_index": hit["_index"]} for hit in said["hits"]["hits"]]


@pytest_asyncio.fixture
async def lines(tmp_path: Path) -> AsyncIterator[Lines]:
    """Indices of a name of their own, with the fields that they are to have, and no line."""
    address("LOG_FOLDER")  # without rsyslog there is nothing to start
    url = address("OPENSEARCH_URL")
    client, index = client_of(url, timeout_s=30.0), f"log-test-{new_id().hex}"
    await prepare(client, now().date(), 14, index)
    yield Lines(client, url, index, tmp_path)
    for gone in (client.indices.delete(index=f"{index}-*"), client.indices.delete_index_template(name=index)):
        await gone
    await client.close()


@pytest.fixture(scope="session")
def trouble() -> tuple[type[BaseException], ...]:
    """What a client of OpenSearch says when it is not answered well."""
    return TROUBLE
