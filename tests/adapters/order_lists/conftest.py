"""Lists of orders on every engine: the orders' own rows, and the Cassandra that the environment names."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import pytest
import pytest_asyncio

from tests.engines import address
from tests.shops import Shop, a_call
from tradewind.contexts.orders._projections.order_changes import Heard, order_change
from tradewind.contexts.orders._projections.orders_by_customer import orders_by_customer
from tradewind.contexts.orders.list_orders.query import LookUpOrders
from tradewind.kernel.ids import new_id
from tradewind.ports.order_lists import Listed
from tradewind.ports.progress import Reached

ANSWER_S = 30.0
"""On a machine that others use as well."""
Told = tuple[int, Heard]


class Shown(Protocol):
    """Lists that a test tells of events, each with its place, and looks into."""

    async def hear(self, told: Sequence[Told]) -> None: ...

    async def newest(self, user_id: str, before: tuple[datetime, UUID], many: int) -> Sequence[Listed]: ...


class InRows:
    """The projection in Postgres, as the shop fills it and looks into it. What it has heard it does not hear again."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._heard = 0

    async def hear(self, told: Sequence[Told]) -> None:
        fresh = sorted((one for one in told if one[0] > self._heard), key=lambda one: one[0])
        self._heard = max([self._heard, *(place for place, _ in fresh)])
        async with self._shop.db.transaction(a_call("admin")) as tx:
            await orders_by_customer.react([event for _, event in fresh], tx)

    async def newest(self, user_id: str, before: tuple[datetime, UUID], many: int) -> Sequence[Listed]:
        found: Sequence[Listed] = await self._shop.dispatch(
            LookUpOrders(before=before, many=many), a_call(subject=user_id)
        )
        return found


class OnCassandra:
    """A keyspace of the test's own."""

    def __init__(self, servers: str, name: str, **limits: float) -> None:
        link = importlib.import_module("tradewind.adapters.cassandra.link")
        module = importlib.import_module("tradewind.adapters.order_lists.cassandra")
        self.link = link.Link(servers, name, module.TABLES, **({"answer_s": ANSWER_S, "retry_s": 0.2} | limits))
        self.lists = module.CassandraOrderLists(self.link)

    async def hear(self, told: Sequence[Told]) -> None:
        upto = Reached(1, max((place for place, _ in told), default=0))
        await self.lists.put([order_change(event, place) for place, event in told], upto, is_all=True)

    async def newest(self, user_id: str, before: tuple[datetime, UUID], many: int) -> Sequence[Listed]:
        found: Sequence[Listed] = await self.lists.newest(user_id, before, many)
        return found

    async def rows(self) -> list[tuple[Any, ...]]:
        """Everything that lies in somebody's list."""
        found = await self.link.ask("SELECT user_id, placed_us, order_id, status, total_minor, currency, held "
                                    "FROM orders_by_customer")  # fmt: skip
        return sorted(tuple(row) for row in found)


@asynccontextmanager
async def keyspace() -> AsyncIterator[str]:
    """The name of one that is gone afterwards."""
    servers, name = address("CASSANDRA_SERVERS"), f"test_{new_id().hex}"
    try:
        yield name
    finally:
        other = OnCassandra(servers, name)
        await other.link.ask(f"DROP KEYSPACE IF EXISTS {name}")
        await other.link.close()


@pytest_asyncio.fixture
async def cassandra() -> AsyncIterator[OnCassandra]:
    async with keyspace() as name:
        found = OnCassandra(address("CASSANDRA_SERVERS"), name)
        yield found
        await found.link.close()


@pytest.fixture(
    params=[
        pytest.param("rows", marks=pytest.mark.adapter("rows")),
        pytest.param("cassandra", marks=pytest.mark.engine("cassandra")),
    ]
)
def shown(request: pytest.FixtureRequest) -> Shown:
    if request.param == "rows":
        return InRows(request.getfixturevalue("shop"))
    found: Shown = request.getfixturevalue("cassandra")
    return found


class Wire:
    """A way to a server that a test can cut."""

    def __init__(self, to: str) -> None:
        host, _, port = to.rpartition(":")
        self._to = (host, int(port))
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self._flows = asyncio.Event()
        self._flows.set()

    async def mend(self) -> None:
        """Let everything through, at the same port as before."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def hang(self) -> None:
        """Take everything, and let nothing through until `flow`."""
        self._flows.clear()

    def flow(self) -> None:
        """Let through what was held up."""
        self._flows.set()

    async def cut(self) -> None:
        """Break what is open and let nobody in."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(*self._to)
        self._open |= {writer, there[1]}
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))
        self._open -= {writer, there[1]}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    """A way to Cassandra."""
    found = Wire(address("CASSANDRA_SERVERS"))
    await found.mend()
    yield found
    found.flow()
    await found.cut()
