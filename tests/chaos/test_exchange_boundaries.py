"""R1 for exchanges: a worker is killed at every boundary of what goes out and of what goes back.

Another one carries on: the money that moves is the difference, once, or all of it goes back, once, where the exchange
comes to nothing; the auditor and the provider's own ledger agree.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest
import pytest_asyncio

from tests.chaos import workload
from tests.chaos.boundaries import Boundary, _of
from tests.chaos.nursery import Child, Nursery
from tests.chaos.stands import Stand, a_stand, dice, seeds
from tests.comebacks import SHIPMENT, inspected, received
from tests.shops import a_call
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.payments.refund_payment.command import REFUND_PAYMENT
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment
from tradewind.contracts.orders import OrderLine, PlaceOrder
from tradewind.runtime.call import internal_call

STANDS: Final = 4
AT_ONCE: Final = 8
"""Trials for which orders are delivered at once."""
STAFF: Final = a_call("admin", subject="staff")
BOOK, LAMP, PEN = "ANCHOR", "LAMP", "PEN"
PAID: Final = (("authorization", 3980), ("capture", 3980))
"""What the card of the first order saw: two anchors at 19.90."""
OTHERWISE: Final = """
    UPDATE orders.orders SET payment_method = $2, shipping_address = jsonb_build_object('country', $3::text)
    WHERE id = $1
"""
STANDING: Final = "SELECT status FROM returns.returns WHERE id = $1"

Moved = tuple[tuple[str, int], ...]


class Kind(NamedTuple):
    """What somebody would rather have than an anchor, and what moves: on the first card beside PAID, and on its own."""

    name: str
    sku: str
    first: Moved
    own: Moved
    ends: str = "PAID"
    method: str = "approve"
    country: str = "DE"


KINDS: Final = (
    Kind("same price", BOOK, (), ()),
    Kind("dearer", LAMP, (), (("authorization", 1010), ("capture", 1010))),
    Kind("dearer, lost answer", LAMP, (), (("authorization", 1010), ("capture", 1010)), method="lost-answer"),
    Kind("cheaper", PEN, (("refund", 1690),), ()),
    Kind("declined", LAMP, (("refund", 1990),), (), "CANCELED", method="decline"),
    Kind("nobody carries it", LAMP, (("refund", 1990),), (("authorization", 1010), ("void", 1010)), "CANCELED",
         country="AQ"),
)  # fmt: skip


class Place(NamedTuple):
    """Where a worker is killed. `after`: another one was killed there before."""

    boundary: Boundary
    after: str | None = None


def places() -> Iterator[Place]:
    """Where the difference is asked for, taken, let go of or given back, the end, and who hears of that."""
    steps = {step.name: step for step in PLACE_ORDER.steps}
    works = (
        ("authorize_payment", steps["authorize_payment"].do),
        ("capture_payment", steps["capture_payment"].do),
        ("undo_authorize_payment", steps["authorize_payment"].undo),
        ("end", PLACE_ORDER.end),
        ("send_refund", REFUND_PAYMENT.steps[0].do),
    )
    yield Place(Boundary("saga.claim.after_commit"))
    for name, work in works:
        yield from (Place(one) for one in _of(name, work) if not one.name.endswith("begin"))
    for point in ("before_commit", "after_commit"):
        yield Place(Boundary(f"relay.{point}"))
        yield Place(Boundary(f"relay.{point}"), after="saga.end.after_commit")


@pytest_asyncio.fixture
async def stands(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[list[Stand]]:
    async with AsyncExitStack() as stack:
        found = [
            await stack.enter_async_context(a_stand(settings, shared_engines, template, nursery, tmp_path / f"at-{n}"))
            for n in range(STANDS)
        ]
        for stand in found:
            await stock(stand)
        yield found


async def stock(stand: Stand) -> None:
    """Something dearer than an anchor, and something cheaper."""
    call = internal_call("chaos")
    for sku, amount in ((LAMP, "30.00"), (PEN, "3.00")):
        product = CreateProduct(sku=sku, name=sku.title(), category="sea", amount=Decimal(amount), currency="EUR")
        await stand.shop.dispatch(product, call)
        await stand.shop.dispatch(AdjustStock(sku=sku, delta=workload.STOCK, reason="opening"), call)


async def deliver(stand: Stand, orders: int) -> None:
    """So many orders more of two anchors, that their buyers have."""
    wish = PlaceOrder(
        items=(OrderLine(sku=BOOK, qty=2),), payment_method="simulated:approve", shipping_address={"country": "DE"}
    )
    placed: list[UUID] = [(await stand.shop.dispatch(wish, a_call("customer"))).id for _ in range(orders)]
    worker = stand.worker()
    await stand.settles(dict.fromkeys(placed, "PAID"))
    for order_id in placed:
        shipment_id = await stand.shop.db.pool.fetchval(SHIPMENT, order_id)
        await stand.shop.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
        await stand.shop.dispatch(DeliverShipment(shipment_id=shipment_id), STAFF)
    await stand.settles(dict.fromkeys(placed, "FULFILLED"))
    assert await worker.stop() == 0
    stand.completed.extend(placed)


async def exchange(stand: Stand, kind: Kind, order_id: UUID) -> Any:
    """Of an order one anchor comes back, and somebody has just looked at it: the return, which names what goes out."""
    await stand.shop.db.pool.execute(OTHERWISE, order_id, f"simulated:{kind.method}", kind.country)
    instead: dict[str, Any] = {kind.sku: 1}
    return await inspected(stand.shop, await received(stand.shop, order_id, BOOK, 1, **instead), restocked=1)


async def trial(stand: Stand, place: Place, seed: int, **planted: str) -> list[str]:
    """What is wrong after a worker was killed at this place and another one has carried on."""
    boundary = place.boundary
    rng = dice(seed, f"{place.after}/{boundary.name}")
    if len(stand.completed) < len(KINDS):
        await deliver(stand, AT_ONCE * len(KINDS))
    kinds = rng.sample(KINDS, len(KINDS))
    backs = [await exchange(stand, kind, stand.completed.pop()) for kind in kinds]
    reached = place.after is None or await died_there(stand.worker(FAILPOINTS=f"{place.after}=kill@1", **planted))
    hit = 1 if not boundary.per_order or "undo" in boundary.name or "refund" in boundary.name else rng.randint(1, 2)
    reached &= await died_there(stand.worker(FAILPOINTS=f"{boundary.name}=kill@{hit}", **planted))
    heir = stand.worker()
    expected = {back.order_id: "FULFILLED" for back in backs}
    expected |= {back.replacement_order_id: kind.ends for kind, back in zip(kinds, backs, strict=True)}
    wrong = await stand.violations(expected)
    await heir.stop()
    for kind, back in zip(kinds, backs, strict=True):
        wrong += await judged(stand, kind, back)
    where = f"seed {seed}, {boundary.name}" + (f" after {place.after}" if place.after else "")
    return [f"{where}: {one}" for one in ([] if reached else ["not reached"]) + wrong]


async def judged(stand: Stand, kind: Kind, back: Any) -> list[str]:
    """What is not as this kind must end: where the return stands, and each movement of money on both cards."""
    status = await stand.shop.db.pool.fetchval(STANDING, back.id)
    first, own = await moved(stand, back.order_id), await moved(stand, back.replacement_order_id)
    if (status, first, own) == ("REFUNDED", (*PAID, *kind.first), kind.own):
        return []
    return [f"{kind.name}: the return is {status}, the first card saw {first}, its own {own}"]


async def moved(stand: Stand, order_id: UUID) -> Moved:
    lines = await stand.provider.ledger(str(order_id))
    return tuple((line.operation, line.minor) for line in lines if line.outcome == "approved" and line.minor)


async def died_there(victim: Child) -> bool:
    try:
        return await victim.ended(within_s=60) == -signal.SIGKILL
    except TimeoutError:
        await victim.stop()
        return False


@pytest.mark.timeout(300 + 300 * len(seeds()))
async def test_a_worker_killed_at_any_boundary_of_an_exchange_moves_the_difference_once(stands: list[Stand]) -> None:
    waiting = [(place, seed) for seed in seeds() for place in places()][::-1]
    trials = len(waiting)
    wrong: list[str] = []

    async def use(stand: Stand) -> None:
        while waiting:
            wrong.extend(await trial(stand, *waiting.pop()))

    await asyncio.gather(*(use(stand) for stand in stands))
    print(f"\n{trials} kills at {len(list(places()))} places, {trials * len(KINDS)} exchanges: {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(180)
async def test_a_difference_that_is_given_back_under_a_new_key_each_time_is_seen(stand: Stand) -> None:
    await stock(stand)
    bugs = {"TEST_BUILD": "1", "PLANTED_BUGS": "effect_without_key"}
    wrong = await trial(stand, Place(Boundary("saga.send_refund.before_commit")), 1, **bugs)
    assert any("approved refunds" in one for one in wrong), "\n".join(wrong)
