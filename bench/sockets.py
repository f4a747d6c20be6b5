"""Orders as they move, on the wires of two thousand WebSockets: python -m bench --only sockets.

Edge, worker, Postgres and all clients share this machine, and its clock. Each client follows its own orders; what is
measured is the time from an event's birth in the log until its buyer has read it: first with everybody reading, then
with some who do not.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import aiohttp
import asyncpg
import msgspec

from bench.flash_sales import served
from bench.over_http import LOOPBACK
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.call import Actor, Call, internal_call

SKU: Final = "BENCH-SOCKET"
STOCK: Final = 1_000_000
GOAL_MS: Final = 500.0
AT_ONCE: Final = 5
"""Orders placed together; a pause follows, so that about 25 are placed in a second."""
PAUSE_S: Final = 0.2
OPEN_AT_ONCE: Final = 50
STALLED: Final = 50
LAST: Final = "order.paid"
SETTLED_WITHIN_S: Final = 60.0
BORN: Final = """
    SELECT position, extract(epoch FROM occurred_at)::float8 AS at_s FROM runtime.outbox
    WHERE position = ANY($1::bigint[])
"""
Say = Callable[[str], None]


class Client:
    """One buyer's socket: what it read, and when."""

    def __init__(self, user_id: str, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.user_id, self._ws = user_id, ws
        self.heard: list[tuple[int, float]] = []
        self.settled = 0

    async def read(self) -> None:
        """Read for good."""
        async for message in self._ws:
            at_s, frame = now().timestamp(), msgspec.json.decode(message.data)
            if "id" in frame:
                self.heard.append((int(frame["id"].partition("-")[2]), at_s))
                self.settled += frame["event"] == LAST

    def stall(self) -> None:
        """Read no more."""
        self._ws._response.connection.transport.pause_reading()  # type: ignore[union-attr]


async def _open(shop: Shop, session: aiohttp.ClientSession, port: int) -> Client:
    user_id = str(new_id())
    token = shop.keys.sign(
        subject=user_id, roles=("customer",), scopes=("order:read",), tenant="default", lifetime_s=3600
    )
    ws = await session.ws_connect(f"http://{LOOPBACK}:{port}/ws/orders", headers={"Authorization": f"Bearer {token}"})
    await ws.send_str('{"subscribe": "mine"}')
    for expected in ("ready", "subscribed"):
        assert msgspec.json.decode(await ws.receive_str())["event"] == expected
    return Client(user_id, ws)


@asynccontextmanager
async def clients(shop: Shop, port: int, count: int) -> AsyncIterator[list[Client]]:
    """So many buyers who follow their own orders at the edge at `port`."""
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        found, tasks = list[Client](), list[asyncio.Task[None]]()
        stack.callback(lambda: [task.cancel() for task in tasks])
        while len(found) < count:
            some = min(OPEN_AT_ONCE, count - len(found))
            found += await asyncio.gather(*(_open(shop, session, port) for _ in range(some)))
        tasks += [asyncio.create_task(client.read()) for client in found]
        yield found


async def buy(shop: Shop, buyers: Sequence[Client]) -> None:
    """Each places an order; returns when each has read that it is paid."""
    wish = PlaceOrder(items=(OrderLine(sku=SKU, qty=1),), payment_method="simulated:approve")
    for first in range(0, len(buyers), AT_ONCE):
        some = buyers[first : first + AT_ONCE]
        await asyncio.gather(*(shop.dispatch(wish, _call(one.user_id)) for one in some))
        await asyncio.sleep(PAUSE_S)
    async with asyncio.timeout(SETTLED_WITHIN_S):
        while not all(one.settled for one in buyers):  # noqa: ASYNC110 -- they are told, not we
            await asyncio.sleep(0.05)


def _call(user_id: str) -> Call:
    actor = Actor(subject=user_id, roles=frozenset({"customer"}))
    return Call(actor=actor, correlation_id=str(new_id()), trace_id=new_id().hex, route="bench")


async def waits_ms(connection: Any, buyers: Sequence[Client]) -> list[float]:
    """From each event's birth until its buyer had read it, shortest first."""
    heard = [one for buyer in buyers for one in buyer.heard]
    rows = await connection.fetch(BORN, [position for position, _ in heard])
    born_s = {row["position"]: row["at_s"] for row in rows}
    return sorted((at_s - born_s[position]) * 1000 for position, at_s in heard)


async def measure(
    settings: Settings, found: Engines, count: int, orders: int, say: Say
) -> tuple[list[Goal], list[Figure]]:
    """Orders with everybody reading, then as many with some who do not."""
    async with own_database(found) as shops:
        await migrate_shop(shops.database_url)
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(served(settings, shops))
            known_as = replace(settings, public_url=f"http://{LOOPBACK}:{port}")
            shop = await stack.enter_async_context(open_shop(known_as, shops, connections=4))
            product = CreateProduct(
                sku=SKU, name=SKU, category="bench", amount=Money(1999, "EUR").amount, currency="EUR"
            )
            await shop.dispatch(product, internal_call("bench"))
            await shop.dispatch(AdjustStock(sku=SKU, delta=STOCK, reason="bench"), internal_call("bench"))
            following = await stack.enter_async_context(clients(shop, port, count))
            say(f"{count:,} sockets follow")
            first, second = following[:orders], following[orders : 2 * orders]
            await buy(shop, first)
            for one in following[-STALLED:]:
                one.stall()
            await buy(shop, second)
            connection: Any = await asyncpg.connect(shops.database_url)
            everybody, others = await waits_ms(connection, first), await waits_ms(connection, second)
            await connection.close()
    return findings(everybody, others, count)


def findings(everybody: list[float], others: list[float], count: int) -> tuple[list[Goal], list[Figure]]:
    """What was measured against what was aimed at."""
    what = f"an order's change, from its birth to its buyer's socket, of {count:,}"
    goals = [Goal(what=f"{what}, p99", aim=GOAL_MS, measured=percentile(everybody, 0.99), unit="ms")]
    figures = [
        Figure(what=f"{what}, p50", measured=percentile(everybody, 0.5), unit="ms"),
        Figure(what=f"{what}, p99 while {STALLED} do not read", measured=percentile(others, 0.99), unit="ms"),
        Figure(what="changes that were heard", measured=float(len(everybody) + len(others)), unit=""),
    ]
    return goals, figures
