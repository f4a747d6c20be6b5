"""What an order costs because of all who hear of it afterwards: python -m bench --only subscribers.

The same orders are placed at the same rate, in turns: with nothing after them; with everything that waits for events
(messages, returns, partners, sockets) but nobody to tell; with a buyer who gets an e-mail of each; and with a partner
who hears of each order three times as well. CPU of edge, worker and Postgres together, until the last mail and webhook.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from statistics import median
from typing import Any, Final, NamedTuple

import aiohttp
import asyncpg

from bench.load import Plan
from bench.over_http import LOOPBACK, ORDERS
from bench.parts import Meter, Place, answering, appearing, guest_token, load, running
from bench.walk import CONFIRMED, RESTING
from bench.webhooks import ALLOWED
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.bench.shelves import SKUS, fill
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.told import READY_FILE
from tradewind.app.wiring import migrate_shop, open_shop
from tradewind.contexts.webhooks.manifest import Subscribe
from tradewind.contracts.identity import SCOPES
from tradewind.contracts.orders import OrderConfirmed, OrderPaid, OrderPlaced
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call

NOTES: Final = (
    "What an order costs more because of those who hear of it: medians of rounds, each against the same round without.",
)
RATE: Final = 100.0
WARM_UP: Final = 300
WITHIN_S: Final = 120.0
POLL_S: Final = 0.2
GOAL_MS: Final = 2.0
LEFT: Final = """
    SELECT (SELECT count(*) FROM notifications.message WHERE status = 'OWED')
         + (SELECT count(*) FROM webhooks.delivery WHERE status = 'PENDING')
"""
SENT: Final = "SELECT count(*) FROM notifications.message WHERE status = 'SENT'"
HEARD: Final = "SELECT count(*) FROM webhooks.delivery WHERE status = 'DELIVERED'"
Say = Callable[[str], None]


class Way(NamedTuple):
    """One of those that take turns."""

    name: str
    without: bool = False
    buyer: bool = False
    partner: bool = False


WITHOUT: Final = Way("nothing after an order", without=True)
WAYS: Final = (
    WITHOUT,
    Way("everything, but nobody to tell"),
    Way("with an e-mail to its buyer", buyer=True),
    Way("with an e-mail and three webhooks", buyer=True, partner=True),
)


class Stand(NamedTuple):
    """A running shop under a meter."""

    plan: Plan
    meter: Meter
    connection: Any

    async def carry(self, count: int, seed: int) -> float:
        """Place `count` orders and wait until everything about them is done; CPU of all processes, ms an order."""
        before, used = await self.connection.fetchval(CONFIRMED), self.meter.read()
        plan = Plan(**{
            **{name: getattr(self.plan, name) for name in ("port", "path", "token", "skus")},
            "count": count, "rate": RATE, "seed": seed, "connections": 64,
        })  # fmt: skip
        await load(plan)
        async with asyncio.timeout(WITHIN_S):
            while await self._busy(before + count):  # noqa: ASYNC110 -- other processes
                await asyncio.sleep(POLL_S)
        after = self.meter.read()
        return sum(after[name] - used[name] for name in ("edge", "worker", "postgres")) / count / 1000

    async def _busy(self, count: int) -> bool:
        if await self.connection.fetchval(CONFIRMED) < count or await self.connection.fetchval(RESTING):
            return True
        return bool(await self.connection.fetchval(LEFT))


async def one(settings: Settings, shops: Engines, way: Way, orders: int, seed: int) -> float:
    """One turn of `way`: CPU in ms an order. It has told whom it should."""
    async with AsyncExitStack() as stack:
        stand = await _stand(stack, settings, shops, way)
        told = [await stand.connection.fetchval(sql) for sql in (SENT, HEARD)]
        await stand.carry(WARM_UP, -1 - seed)
        used = await stand.carry(orders, seed)
        sent, heard = [await stand.connection.fetchval(sql) for sql in (SENT, HEARD)]
        assert sent - told[0] == way.buyer * (orders + WARM_UP), "an e-mail of each order, or none"
        assert heard - told[1] == way.partner * 3 * (orders + WARM_UP), "three webhooks of each order, or none"
        return used


async def _stand(stack: AsyncExitStack, settings: Settings, shops: Engines, way: Way) -> Stand:
    place = Place(settings, shops, free_port(LOOPBACK))
    ready = settings.home / "run" / f"bench-ready-{place.port}"
    environment = place.environment(**{
        READY_FILE: str(ready), "TRADEWIND_WEBHOOK_ALLOW": ALLOWED, "TRADEWIND_EMAILS_PER_MINUTE": "1000000",
    })  # fmt: skip
    connection: Any = await asyncpg.connect(shops.database_url)
    stack.push_async_callback(connection.close)
    if way.partner:
        await _partner(stack, settings, shops)
    words = ["without"] if way.without else []
    edge = await stack.enter_async_context(running(["bench.subscribers_part", "edge", *words], environment))
    worker = await stack.enter_async_context(running(["bench.subscribers_part", "worker", *words], environment))
    await answering(f"http://{LOOPBACK}:{place.port}/health/ready")
    await appearing(ready)
    token = await (_buyer(settings, shops, place) if way.buyer else guest_token(place.port))
    plan = Plan(port=place.port, path=ORDERS, token=token, skus=SKUS, count=0)
    return Stand(plan, Meter(settings, {"edge": edge.pid, "worker": worker.pid}), connection)


async def _partner(stack: AsyncExitStack, settings: Settings, shops: Engines) -> None:
    """Somebody who hears of orders that are placed, confirmed and paid, as long as the turn lasts."""
    port = free_port(LOOPBACK)
    await stack.enter_async_context(running(["bench.receiver", str(port)]))
    await answering(f"http://{LOOPBACK}:{port}/count")
    types = [event.TYPE for event in (OrderPlaced, OrderConfirmed, OrderPaid)]
    wish = Subscribe(url=f"http://{LOOPBACK}:{port}/", event_types=types, filter={})
    async with open_shop(replace(settings, webhook_allow=(ALLOWED,)), shops, connections=2) as shop:
        await shop.dispatch(wish, internal_call("bench"))


async def _buyer(settings: Settings, shops: Engines, place: Place) -> str:
    """The token of a customer who can be written to."""
    known_as = replace(settings, public_url=f"http://{LOOPBACK}:{place.port}")
    async with open_shop(known_as, shops, connections=2) as shop:
        scopes = tuple(SCOPES["customer"])
        subject = f"buyer-{new_id()}"
        token = shop.keys.sign(subject=subject, roles=("customer",), scopes=scopes, tenant="default", lifetime_s=3600)
    body = {"contactMethods": [{"kind": "EMAIL", "value": "buyer@example.com"}]}
    me = f"http://{LOOPBACK}:{place.port}/api/v1/customers/me"
    headers = {"Authorization": f"Bearer {token}", "If-Match": "*"}
    async with aiohttp.ClientSession() as client, client.patch(me, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    return token


async def measure(
    settings: Settings, found: Engines, say: Say, *, orders: int, rounds: int
) -> tuple[list[Goal], list[Figure]]:
    """All ways, in turns, each on a database of its own."""
    used: dict[str, list[float]] = {way.name: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS:
            async with own_database(found) as shops:
                await migrate_shop(shops.database_url)
                async with open_shop(settings, shops) as shop:
                    await fill(shop)
                used[way.name].append(await one(settings, shops, way, orders, number))
            say(f"  round {number + 1}, {way.name}: {used[way.name][-1]:.2f} ms CPU an order")
    return findings(used)


def findings(used: Mapping[str, Sequence[float]]) -> tuple[list[Goal], list[Figure]]:
    """What was measured against what was aimed at."""
    more = {
        way.name: median(mine - base for mine, base in zip(used[way.name], used[WITHOUT.name], strict=True))
        for way in WAYS[1:]
    }
    what = "CPU more an order, "
    last = WAYS[-1].name
    goals = [Goal(what=what + last, aim=GOAL_MS, measured=more[last], unit="ms")]
    figures = [Figure(what=what + name, measured=ms, unit="ms") for name, ms in more.items() if name != last]
    figures.append(Figure(what=f"CPU of an order, {WITHOUT.name}", measured=median(used[WITHOUT.name]), unit="ms"))
    return goals, figures
