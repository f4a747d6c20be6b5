"""A shop that works, whose retries wait by each adapter of the port `retry_queue`; delays are short, the clock runs."""

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.engines import address
from tests.partners import Partners, partners
from tests.shops import Shop, a_call, open_shop, until, working
from tests.webhooks.conftest import TYPE, low
from tradewind.adapters.retry_queue.rows import RowsAlone
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.webhooks._domain import subscription
from tradewind.contexts.webhooks._domain.subscription import NewSubscription
from tradewind.contexts.webhooks.subscribe.command import Subscribe
from tradewind.kernel.ids import new_id
from tradewind.ports.retry_queue import RetryQueue

ADAPTERS: Final = [
    pytest.param("rows", marks=pytest.mark.adapter("rows")),
    pytest.param("rabbitmq", marks=pytest.mark.engine("rabbitmq")),
]
DELAYS_S: Final = (1, 1, 1)
ADMIN: Final = a_call("admin")
ROWS: Final = "SELECT sequence, status, attempts FROM webhooks.delivery WHERE subscription_id = $1 ORDER BY 1"


class Rabbits:
    """Queues of one test at a real RabbitMQ; their connections end with it, and the queues with them."""

    def __init__(self) -> None:
        self.url = address("RABBITMQ_URL")
        self.name = f"test.{new_id().hex}"
        self._opened: list[Any] = []

    def queue(self, *, url: str | None = None, grace_s: float = 600.0, ladder_s: tuple[float, ...] = (1.0, 2.0)) -> Any:
        """One more process's client."""
        module = importlib.import_module("tradewind.adapters.retry_queue.rabbitmq")
        self._opened.append(module.RabbitRetryQueue(url or self.url, self.name, ladder_s=ladder_s, grace_s=grace_s))
        return self._opened[-1]

    async def messages(self, which: str) -> int:
        """How many wait in <name>.<which>."""
        aio_pika = importlib.import_module("aio_pika")
        async with await aio_pika.connect(self.url) as connection:
            channel = await connection.channel()
            queue = await channel.declare_queue(f"{self.name}.{which}", passive=True)
            count: int = queue.declaration_result.message_count
            return count

    async def put(self, body: bytes) -> None:
        """A message that is due, whatever it says."""
        aio_pika = importlib.import_module("aio_pika")
        async with await aio_pika.connect(self.url) as connection:
            channel = await connection.channel()
            await channel.default_exchange.publish(aio_pika.Message(body), f"{self.name}.due")

    async def close(self) -> None:
        """Everything is gone."""
        for one in self._opened:
            await one.close()
        aio_pika = importlib.import_module("aio_pika")
        async with await aio_pika.connect(self.url) as connection:
            channel = await connection.channel()
            for which in ("wait.1000", "wait.2000", "due", "dead"):
                await channel.queue_delete(f"{self.name}.{which}")


@pytest_asyncio.fixture
async def rabbits() -> AsyncIterator[Rabbits]:
    """Queues of this test's own."""
    found = Rabbits()
    yield found
    await found.close()


@pytest.fixture(params=ADAPTERS)
def queue(request: pytest.FixtureRequest) -> RetryQueue:
    """An adapter."""
    if request.param == "rows":
        return RowsAlone()
    rabbits: Rabbits = request.getfixturevalue("rabbits")
    found: RetryQueue = rabbits.queue()
    return found


class Desk:
    """A shop and its partners."""

    def __init__(self, shop: Shop, server: Partners) -> None:
        self.shop, self.partners = shop, server

    async def subscribe(self, name: str) -> NewSubscription:
        """A partner that hears of low stock."""
        wish = Subscribe(url=f"{self.partners.url}/{name}", event_types=[TYPE], filter={})
        found: NewSubscription = await self.shop.dispatch(wish, ADMIN)
        return found

    async def tell(self, *keys: str) -> None:
        """One event for each key."""
        async with self.shop.db.transaction(ADMIN) as tx:
            for key in keys:
                tx.tell(low(key))

    async def rows(self, of: NewSubscription) -> list[tuple[int, str, int]]:
        """(sequence, status, attempts) of its messages."""
        return [tuple(row) for row in await self.shop.db.pool.fetch(ROWS, of.id)]

    async def settled(self, of: NewSubscription, *statuses: str) -> None:
        """Wait until its messages are that far."""

        async def are() -> bool:
            return [status for _, status, _ in await self.rows(of)] == list(statuses)

        await until(self.shop, are, within_s=90)


@pytest_asyncio.fixture
async def open_desk(settings: Settings, own_engines: Engines, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Opens a shop with a queue."""
    monkeypatch.setattr(subscription, "DELAYS_S", DELAYS_S)
    return lambda queue: _desk(replace(settings, webhook_allow=("127.0.0.0/8",)), own_engines, queue)


@asynccontextmanager
async def _desk(settings: Settings, engines: Engines, queue: RetryQueue) -> AsyncIterator[Desk]:
    async with (
        partners() as server,
        open_shop(settings, engines, connections=6, instead={RetryQueue: queue}) as shop,
        working(shop),
    ):
        yield Desk(shop, server)
