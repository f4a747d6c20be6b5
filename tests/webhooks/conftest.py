"""A shop that may post to this machine, and partners there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio

from tests.partners import Partners, partners
from tests.shops import Shop, a_call, open_shop
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.webhooks._delivery.crew import Crew
from tradewind.contexts.webhooks._domain.subscription import NewSubscription
from tradewind.contexts.webhooks.subscribe.command import Subscribe
from tradewind.contracts.inventory import LowStockDetected
from tradewind.kernel.clock import held
from tradewind.kernel.ids import new_id

START = datetime(2027, 1, 1, tzinfo=UTC)
ADMIN = a_call("admin")
TYPE = LowStockDetected.TYPE


def low(key: str) -> LowStockDetected:
    """An event whose partition key is the same for the same letter."""
    return LowStockDetected(product_id=UUID(int=ord(key)), sku=key, available=1)


@dataclass
class Desk:
    """What tests do: subscribe, tell, and let time pass. The clock is held at `now` whenever the crew works."""

    shop: Shop
    partners: Partners
    now: datetime = START

    @property
    def crew(self) -> Crew:
        """The crew of this process."""
        crew = self.shop.db.peers[Crew]
        assert isinstance(crew, Crew)
        return crew

    async def subscribe(self, name: str, **changed: Any) -> NewSubscription:
        """A partner that hears of low stock."""
        wish: dict[str, Any] = {"url": f"{self.partners.url}/{name}", "event_types": [TYPE], "filter": {}} | changed
        answer: NewSubscription = await self.shop.dispatch(Subscribe(**wish), ADMIN)
        return answer

    async def tell(self, *keys: str) -> None:
        """One event for each key, all in one transaction, so that they are read at once; and everybody's deliveries."""
        before = await self.count()
        subscribed = await self.shop.db.pool.fetchval(
            "SELECT count(*) FROM webhooks.webhook_subscriptions WHERE status = 'ACTIVE'"
        )
        async with self.shop.db.transaction(ADMIN) as tx:
            tx.tell(*map(low, keys))
        while await self.count() < before + len(keys) * subscribed:
            await self.work()

    async def count(self) -> int:
        """Deliveries that there are."""
        return int(await self.shop.db.pool.fetchval("SELECT count(*) FROM webhooks.delivery"))

    async def work(self) -> None:
        """Everything that is due now, until nothing is under way."""
        with held(self.now):
            while await self.crew.turn(self.shop.db):
                await self.crew.returned()

    async def later(self, seconds: float) -> None:
        """Let time pass, and do what is due then."""
        self.now += timedelta(seconds=seconds)
        await self.work()

    async def statuses(self, id_: UUID) -> list[tuple[int, str, int]]:
        """(sequence, status, attempts) of a subscription's deliveries."""
        rows = await self.shop.db.pool.fetch(
            "SELECT sequence, status, attempts FROM webhooks.delivery WHERE subscription_id = $1 ORDER BY 1", id_
        )
        return [tuple(row) for row in rows]

    async def told(self, type_: str) -> list[Any]:
        """Payloads of the events of this type."""
        sql = "SELECT payload FROM runtime.outbox WHERE type = $1 ORDER BY stamp, position"
        return [row[0] for row in await self.shop.db.pool.fetch(sql, type_)]


@pytest_asyncio.fixture
async def desk(settings: Settings, own_engines: Engines) -> AsyncIterator[Desk]:
    """A shop, and a server with any number of partners."""
    allowing = replace(settings, webhook_allow=("127.0.0.0/8",))
    async with partners() as server, open_shop(allowing, own_engines, connections=6) as shop:
        yield Desk(shop, server)


def a_name() -> str:
    """A partner that nobody has spoken to."""
    return new_id().hex
