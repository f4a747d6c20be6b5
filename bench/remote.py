"""ReserveStock over gRPC: python -m bench --engines --only remote.

So many reservations are asked for at fixed moments, whether or not answers have come, of an edge in a process of its
own, on loopback without TLS; then the same command in this process. Waits count from the moment that each was due. At
last as many a second, but many at once, as a saga's worker asks after each commit: what that costs both sides.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from time import process_time
from typing import Final, Self

from bench.over_http import LOOPBACK
from bench.parts import BESIDE, Meter, Place, answering, bare, running
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
AT_ONCE: Final = 16
GOAL_MS: Final = 10.0
SCOPES: Final = ("inventory:write", "catalog:read")
LIFETIME_S: Final = 3600
ALONE: Final = {f"TRADEWIND_{name}": "" for name in ("KAFKA_SERVERS", "CONNECT_URL", *BESIDE)}
Say = Callable[[str], None]
Ask = Callable[[Basket], Awaitable[object]]
TOGETHER: Final = f"over gRPC, {AT_ONCE} at once"


@dataclass(frozen=True)
class Used:
    """Processor time, in microseconds."""

    edge_us: float
    asking_us: float

    @classmethod
    def by_now(cls, meter: Meter) -> Self:
        """All that was used since the processes began."""
        return cls(meter.read().get("edge", 0.0), process_time() * 1_000_000)

    def since(self, before: Self, questions: int) -> "Used":
        """What each of so many questions used since `before`."""
        return Used((self.edge_us - before.edge_us) / questions, (self.asking_us - before.asking_us) / questions)


async def measure(settings: Settings, found: Engines, say: Say, *, seconds: float) -> tuple[list[Goal], list[Figure]]:
    """Over the wire, and without one."""
    waits, used = dict[str, list[float]](), dict[str, Used]()

    async def ask_all(name: str, ask: Ask, meter: Meter, *, at_once: int = 1) -> None:
        await _waits_ms(ask, WARM_UP, 2 * len(waits))
        before = Used.by_now(meter)
        waits[name] = found = await _waits_ms(ask, int(RATE * seconds), 2 * len(waits) + 1, at_once=at_once)
        used[name] = Used.by_now(meter).since(before, len(found))
        p50, p99 = percentile(found, 0.5), percentile(found, 0.99)
        say(f"  ReserveStock {name}, at {RATE:,.0f}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms")

    async with own_database(found) as shops, AsyncExitStack() as stack:
        await migrate_shop(shops.database_url)
        place = Place(settings, shops, free_port(LOOPBACK))
        known_as = replace(bare(settings), public_url=f"http://{LOOPBACK}:{place.port}")
        shop = await stack.enter_async_context(open_shop(known_as, shops))
        await fill(shop)
        set_aside(answers=True)  # as the processes do that ask in a shop
        await ask_all("in process", _here(shop), Meter(settings, {}))
        ask, edge = await _there(stack, shop, place)
        await ask_all("over gRPC", ask, Meter(settings, {"edge": edge}))
        await ask_all(TOGETHER, ask, Meter(settings, {"edge": edge}), at_once=AT_ONCE)
    over, here = waits["over gRPC"], waits["in process"]
    what = f"ReserveStock at {RATE:,.0f}/s, "
    goals = [Goal(what=f"{what}over gRPC, p99", aim=GOAL_MS, measured=percentile(over, 0.99), unit="ms")]
    figures = [
        Figure(what=f"{what}over gRPC, p50", measured=percentile(over, 0.5), unit="ms"),
        Figure(what=f"{what}in process, p50", measured=percentile(here, 0.5), unit="ms"),
        Figure(what=f"{what}in process, p99", measured=percentile(here, 0.99), unit="ms"),
        *(
            Figure(what=f"CPU of {who} a question, {name}", measured=us, unit="µs")
            for name in ("over gRPC", TOGETHER)
            for who, us in (("who answers", used[name].edge_us), ("who asks", used[name].asking_us))
        ),
    ]
    return goals, figures


def _here(shop: Shop) -> Ask:
    async def ask(basket: Basket) -> object:
        return await shop.dispatch(
            TryReservation(reservation_id=new_id(), quantities=dict(basket)), internal_call("bench")
        )

    return ask


async def _there(stack: AsyncExitStack, shop: Shop, place: Place) -> tuple[Ask, int]:
    port = free_port(LOOPBACK)
    edge = await stack.enter_async_context(
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

    return ask, edge.pid


async def _waits_ms(ask: Ask, number: int, seed: int, *, at_once: int = 1) -> list[float]:
    """What each of `number` waited, shortest first; for ever where nobody answered in three attempts.

    `at_once` of them are due at the same moment.
    """
    loop, waited = asyncio.get_running_loop(), list[float]()

    async def one(basket: Basket, due: float) -> None:
        try:
            await ask(basket)
        except InventoryDidNotAnswer:
            return
        waited.append((loop.time() - due) * 1000)

    began = due = loop.time()
    async with asyncio.TaskGroup() as group:
        for which, basket in enumerate(baskets(SKUS, number, seed)):
            if which % at_once == 0:
                due = began + which / RATE
                await asyncio.sleep(due - loop.time())
            group.create_task(one(basket, due))
    return sorted(waited) + [float("inf")] * (number - len(waited))
