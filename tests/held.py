"""Orders in a shop of this process that are held for their buyer, or captured by hand, with a provider of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder

STAFF = a_call("admin", subject="staff")
ACTION = "SELECT url FROM payments.challenge WHERE order_id = $1"
STATUS = "SELECT status FROM orders.orders WHERE id = $1"
WAITS = """
    SELECT p.status = 'AUTHORIZED' AND s.due_at > now() + interval '1 hour'
    FROM payments.payments AS p JOIN runtime.saga AS s ON s.id = p.order_id WHERE p.order_id = $1
"""
ENDED = "SELECT count(*) = 0 FROM runtime.saga WHERE phase NOT IN ('COMPLETED', 'FAILED')"


@asynccontextmanager
async def a_shop_with_its_provider(
    settings: Settings, found: Engines, folder: Path
) -> AsyncIterator[tuple[Shop, ProviderProcess]]:
    """A working shop, and a provider process that nobody else asks."""
    provider = await ProviderProcess(folder).start()
    mine = replace(found, provider_url=provider.url)
    async with open_shop(settings, mine, connections=12) as shop, working(shop):
        yield shop, provider
    await provider.stop()


async def placed(shop: Shop, sku: str, method: str | None = "simulated:approve", *, by_hand: bool = False) -> UUID:
    """A new order of one piece."""
    command = PlaceOrder(
        items=(OrderLine(sku=sku, qty=1),),
        payment_method=method,
        shipping_address={"country": "DE"},
        capture_by_hand=by_hand,
    )
    order_id: UUID = (await shop.dispatch(command, a_call("customer"))).id
    return order_id


async def held(shop: Shop, sku: str) -> UUID:
    """An order whose money is held until somebody has it captured."""
    order_id = await placed(shop, sku, by_hand=True)

    async def waits() -> bool:
        return bool(await shop.db.pool.fetchval(WAITS, order_id))

    await until(shop, waits)
    return order_id


async def asked(shop: Shop, order_id: UUID) -> str:
    """Where the order's buyer must prove themselves, once it is known."""

    async def look() -> Any:
        return await shop.db.pool.fetchval(ACTION, order_id)

    url: str = await until(shop, look)
    return url


async def comes_to(shop: Shop, order_id: UUID, *statuses: str) -> str:
    """The order's status, once it is one of these."""

    async def look() -> Any:
        status = await shop.db.pool.fetchval(STATUS, order_id)
        return status if status in statuses else None

    status: str = await until(shop, look)
    return status


async def all_ended(shop: Shop, within_s: float = 90.0) -> None:
    """Wait until no saga is on its way."""

    async def look() -> Any:
        return await shop.db.pool.fetchval(ENDED)

    await until(shop, look, within_s=within_s)


async def captures(provider: ProviderProcess) -> dict[str, int]:
    """How often the provider captured for each order, by its own books."""
    found: dict[str, int] = {}
    for line in [line for page in await provider.all_pages(1_000) for line in page]:
        if line.operation == "capture" and line.outcome == "approved":
            found[line.reference] = found.get(line.reference, 0) + 1
    return found
