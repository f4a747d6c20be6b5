"""ReserveStock over gRPC: python -m bench --engines --only remote.

So many reservations are asked for at fixed moments, whether or not answers have come, of an edge in a process of its
own, on loopback without TLS; then the same command in this process. Waits count from the moment that each was due.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from bench.over_http import LOOPBACK
from bench.parts import BESIDE, Place, answering, bare, running
from tradewind.adapters.inventory.grpc import InventoryDidNotAnswer, grpc_inventory
from tradewind.app.bench.driving import percentile
from tradewind.app.bench.own_database import own_database
from tradewind.app.bench.report import Figure, Goal
from tradewind.app.bench.shelves import SKUS, Basket, baskets, fill
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.memory import set_aside
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, migrate_shop, open_shop
from tradewind.contexts.inventory.manifest import TryReservation
from tradewind.contracts.inventory import InventoryReserved, Wanted
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call

NOTES: Final = (
    "ReserveStock: two SKUs of a thousand, from the moment that it was due until it was answered; the edge, Postgres "
    "and whoever asks share the machine.",
)
RATE: Final = 500.0
WARM_UP: Final = 500
GOAL_MS: Final = 10.0
SCOPES: Final = ("inventory:write", "catalog:read")
LIFETIME_S: Final = 3600
ALONE: Final = {f"TRADEWIND_{name}": "" for name in ("KAFKA_SERVERS", "CONNECT_URL", *BESIDE)}
Say = Callable[[str], None]
Ask = Callable[[Basket], Awaitable[object]]


async def measure(settings: Settings, found: Engines, say: Say, *, seconds: float) -> tuple[list[Goal], list[Figure]]:
    """Over the wire, and without one."""
    waits = dict[str, list[float]]()
    async with own_database(found) as shops, AsyncExitStack() as stack:
        await migrate_shop(shops.database_url)
        place = Place(settings, shops, free_port(LOOPBACK))
        known_as = replace(bare(settings), public_url=f"http://{LOOPBACK}:{place.port}")
        shop = await stack.enter_async_context(open_shop(known_as, shops))
        await fill(shop)
        set_aside(answers=True)  # as the processes do that ask in a shop
        ways = {"in process": _here(shop), "over gRPC": await _there(stack, shop, place)}
        for seed, (name, ask) in enumerate(ways.items()):
            await _waits_ms(ask, WARM_UP, 2 * seed)
            waits[name] = await _waits_ms(ask, int(RATE * seconds), 2 * seed + 1)
            p50, p99 = percentile(waits[name], 0.5), percentile(waits[name], 0.99)
            say(f"  ReserveStock {name}, at {RATE:,.0f}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    over, here = waits["over gRPC"], waits["in process"]
    what = f"ReserveStock at {RATE:,.0f}/s, "
    goals = [Goal(what=f"{what}over gRPC, p99", aim=GOAL_MS, measured=percentile(over, 0.99), unit="ms")]
    figures = [
        Figure(what=f"{what}over gRPC, p50", measured=percentile(over, 0.5), unit="ms"),
        Figure(what=f"{what}in process, p50", measured=percentile(here, 0.5), unit="ms"),
        Figure(what=f"{what}in process, p99", measured=percentile(here, 0.99), unit="ms"),
    ]
    return goals, figures


def _here(shop: Shop) -> Ask:
    async def ask(basket: Basket) -> object:
        return await shop.dispatch(
            TryReservation(reservation_id=new_id(), quantities=dict(basket)), internal_call("bench")
        )

    return ask


async def _there(stack: AsyncExitStack, shop: Shop, place: Place) -> Ask:
    port = free_port(LOOPBACK)
    await stack.enter_async_context(
        running(["tradewind.app.edge"], place.environment(**ALONE, TRADEWIND_GRPC_PORT=str(port)))
    )
    await answering(f"http://{LOOPBACK}:{place.port}/health/ready")
    token = shop.keys.sign(
        subject="service:orders", roles=("warehouse",), scopes=SCOPES, tenant="default", lifetime_s=LIFETIME_S
    )
    inventory = await stack.enter_async_context(grpc_inventory(f"{LOOPBACK}:{port}", lambda: token))

    async def ask(basket: Basket) -> object:
        answer = await inventory.reserve(Wanted(new_id(), dict(basket)), internal_call("bench"))
        assert isinstance(answer, InventoryReserved), answer
        return answer

    return ask


async def _waits_ms(ask: Ask, number: int, seed: int) -> list[float]:
    """What each of `number` waited, shortest first; for ever where nobody answered in three attempts."""
    loop, waited = asyncio.get_running_loop(), list[float]()

    async def one(basket: Basket, due: float) -> None:
        try:
            await ask(basket)
        except InventoryDidNotAnswer:
            return
        waited.append((loop.time() - due) * 1000)

    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for which, basket in enumerate(baskets(SKUS, number, seed)):
            due = began + which / RATE
            await asyncio.sleep(due - loop.time())
            group.create_task(one(basket, due))
    return sorted(waited) + [float("inf")] * (number - len(waited))
