"""R1 for orders that wait for goods: a worker is killed around allotting, collecting and giving up.

Another one carries on: every order is what it must become, nothing is oversold, no place in a queue is left behind.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import pytest
import pytest_asyncio

from tests.chaos.boundaries import Boundary, _of
from tests.chaos.nursery import Child, Nursery
from tests.chaos.stands import Stand, a_stand, dice, seeds
from tests.chaos.workload import SKUS
from tests.shops import a_call, until
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.inventory.manifest import SetBackordering
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contexts.orders.place_order.waiting import PLACE_BACKORDER
from tradewind.runtime.call import internal_call

STANDS: Final = 3
STAFF: Final = a_call("admin")
OVER: Final = "SELECT bool_and(status IN ('PAID', 'CANCELED', 'FAILED')) FROM orders.orders WHERE id = ANY($1::uuid[])"
LEFT: Final = "SELECT on_hand, reserved, waiting FROM inventory.inventory_stock WHERE sku = $1"


class Kind(NamedTuple):
    """How an order is paid that waits, and what must become of it."""

    name: str
    ends: str
    method: str = "approve"
    call_off: bool = False
    more: bool = False
    """Whether it wants something else too, which is there."""


KINDS: Final = (
    Kind("waits", "PAID"),
    Kind("waits for one of two", "PAID", more=True),
    Kind("lost answer", "PAID", "lost-answer"),
    Kind("declined", "CANCELED", "decline", more=True),
    Kind("called off", "CANCELED", call_off=True, more=True),
)


def boundaries() -> Iterator[Boundary]:
    """Claiming, allotting, each new step forward and back."""
    yield Boundary("saga.claim.after_commit")
    yield Boundary("backorders.before_allot")
    yield Boundary("backorders.after_allot")
    waiting = PLACE_BACKORDER.steps[0]
    yield from _of(waiting.name, waiting.do)
    yield from _of(f"undo_{waiting.name}", waiting.undo)
    yield Boundary("relay.before_commit")
    yield Boundary("relay.after_commit")


@pytest_asyncio.fixture
async def stands(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[list[Stand]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(a_stand(settings, shared_engines, template, nursery, tmp_path / f"at-{n}"))
            for n in range(STANDS)
        ]


async def trial(stand: Stand, number: int, boundary: Boundary, seed: int) -> list[str]:
    """What is wrong after a worker was killed at this boundary and another one has carried on."""
    sku = await awaitable(stand, f"KITE-{number}")
    rng = dice(seed, boundary.name)
    kinds = rng.sample(KINDS, len(KINDS))
    expected = {await place(stand, kind, sku): kind.ends for kind in kinds}
    paid = sum(kind.ends == "PAID" for kind in kinds)
    for pieces in (1, paid):  # the card that is declined gives its piece back
        await stand.shop.dispatch(AdjustStock(sku=sku, delta=pieces, reason="delivery"), STAFF)
    victim = stand.worker(FAILPOINTS=f"{boundary.name}=kill@{1 if boundary.name != 'relay.after_commit' else 2}")
    reached = await died_there(victim)
    heir = stand.worker()
    await over(stand, expected)
    wrong = await stand.violations(expected)
    await heir.stop()
    row = await stand.shop.db.pool.fetchrow(LEFT, sku)
    if tuple(row) != (1, 0, 0):
        wrong.append(f"one piece more came than was bought: on hand, reserved and waiting are {row}")
    return [f"seed {seed}, {boundary.name}: {one}" for one in ([] if reached else ["not reached"]) + wrong]


async def over(stand: Stand, expected: Mapping[UUID, str]) -> None:
    """Wait until every order has come to its end, whichever: the auditor does not wait for who stands in a queue."""

    async def look() -> bool:
        return bool(await stand.shop.db.pool.fetchval(OVER, list(expected)))

    with suppress(TimeoutError):
        await until(stand.shop, look, within_s=60)


async def awaitable(stand: Stand, sku: str) -> str:
    """Something that is not there, and may be waited for; its SKU."""
    call = internal_call("chaos")
    product = CreateProduct(sku=sku, name="Kite", category="sea", amount=Decimal("30.00"), currency="EUR")
    await stand.shop.dispatch(product, call)
    for delta in (1, -1):
        await stand.shop.dispatch(AdjustStock(sku=sku, delta=delta, reason="count"), call)
    await stand.shop.dispatch(SetBackordering(sku=sku, limit=100), STAFF)
    return sku


async def place(stand: Stand, kind: Kind, sku: str) -> UUID:
    """Place an order that has to wait."""
    items = (OrderLine(sku=sku, qty=1), *([OrderLine(sku=SKUS[0], qty=2)] if kind.more else []))
    method = f"simulated:{kind.method}"
    command = PlaceOrder(items=items, payment_method=method, shipping_address={"country": "DE"})
    placed = await stand.shop.dispatch(command, a_call("customer"))
    assert placed.backorder is not None
    if kind.call_off:
        await stand.shop.dispatch(CancelOrder(order_id=placed.id), STAFF)
    order_id: UUID = placed.id
    return order_id


async def died_there(victim: Child) -> bool:
    try:
        return await victim.ended(within_s=30) == -signal.SIGKILL
    except TimeoutError:
        await victim.stop()
        return False


@pytest.mark.timeout(120 + 240 * len(seeds()))
async def test_a_worker_killed_at_any_boundary_of_a_backorder_leaves_nobody_waiting_for_nothing(
    stands: list[Stand],
) -> None:
    trials = [(number, boundary, seed)
              for number, (seed, boundary) in enumerate((s, b) for s in seeds() for b in boundaries())]  # fmt: skip
    waiting = trials[::-1]
    wrong: list[str] = []

    async def use(stand: Stand) -> None:
        while waiting:
            wrong.extend(await trial(stand, *waiting.pop()))

    await asyncio.gather(*(use(stand) for stand in stands))
    print(f"\n{len(trials)} kills, {len(trials) * len(KINDS)} orders that waited: {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)
