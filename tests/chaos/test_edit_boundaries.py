"""R1 for orders that are edited: a worker is killed at every boundary of the edit's saga, or an edge around its commit.

Another one carries on: each edit is what it must become, the auditor and the provider's own ledger agree.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio

from tests.chaos import workload
from tests.chaos.boundaries import Boundary, _of
from tests.chaos.nursery import Child, Nursery
from tests.chaos.served import HOST, ready
from tests.chaos.stands import Stand, a_stand, dice, seeds
from tests.shops import a_call
from tradewind.app.engines import Engines
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.orders.edit_order.command import EditOrder, Quantity
from tradewind.contexts.orders.edit_order.saga import EDIT_ORDER
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.payments.refund_payment.command import RefundPayment
from tradewind.runtime.call import internal_call

STANDS = 4
AT_ONCE: Final = 16
"""Trials for which orders are paid at once."""
EXTRA: Final = "DECKCHAIR"
STAFF: Final = a_call("admin")


class Kind(NamedTuple):
    """How an order is edited, and what must become of that."""

    name: str
    ends: str
    method: str = "approve"
    cheaper: bool = False
    refund_first: bool = False
    """Whether some of the order goes back before the edit is true, so that it must not become so."""


KINDS: Final = (
    Kind("costs more", "DONE"),
    Kind("costs more, again", "DONE"),
    Kind("lost answer", "DONE", "lost-answer"),
    Kind("lost capture", "DONE", "lost-capture"),
    Kind("declined", "REFUSED", "decline"),
    Kind("too late", "REFUSED", refund_first=True),
    Kind("too late, lost answer", "REFUSED", "lost-answer", refund_first=True),
    Kind("costs less", "DONE", cheaper=True),
)


def boundaries() -> Iterator[Boundary]:
    """Claiming, each step forward, the one that can be undone, the end; what undoes a commit is only for people."""
    yield Boundary("saga.claim.after_commit")
    for step in EDIT_ORDER.steps:
        yield from _of(step.name, step.do)
    yield from _of("undo_authorize_difference", EDIT_ORDER.steps[0].undo)
    yield from _of("end", EDIT_ORDER.end)


@pytest_asyncio.fixture
async def stands(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[list[Stand]]:
    async with AsyncExitStack() as stack:
        found = [
            await stack.enter_async_context(a_stand(settings, shared_engines, template, nursery, tmp_path / f"at-{n}"))
            for n in range(STANDS)
        ]
        await asyncio.gather(*(warm_up(stand) for stand in found))
        yield found


async def warm_up(stand: Stand, orders: int = AT_ONCE * len(KINDS)) -> None:
    """So many orders that are paid, and one product more."""
    workload_call = internal_call("chaos")
    product = CreateProduct(sku=EXTRA, name="Deckchair", category="sea", amount=Decimal("30.00"), currency="EUR")
    await stand.shop.dispatch(product, workload_call)
    await stand.shop.dispatch(AdjustStock(sku=EXTRA, delta=workload.STOCK, reason="opening"), workload_call)
    await pay(stand, orders)


async def pay(stand: Stand, orders: int) -> None:
    """So many orders more that are paid."""
    expected = await workload.place(stand.shop, [workload.APPROVE] * orders, dice(0, "warm up"))
    worker = stand.worker()
    await stand.settles(expected)
    assert await worker.stop() == 0
    stand.completed.extend(expected)


async def ask(stand: Stand, kind: Kind, order_id: UUID) -> tuple[UUID, int]:
    """Edit an order as this kind says; how many deckchairs it must have in the end."""
    before = await stand.shop.dispatch(GetOrder(order_id=order_id), STAFF)
    sku, qty = before.items[0].sku, before.items[0].qty
    wanted: tuple[Quantity, ...] = (Quantity(EXTRA, 2), Quantity(sku, qty + 1))
    if kind.cheaper:
        wanted = (Quantity(sku, qty + 1),) if len(before.items) == 1 and qty == 1 else (Quantity(sku, max(0, qty - 1)),)
    await stand.shop.dispatch(
        EditOrder(order_id=order_id, expected=before.version, items=wanted, payment_method=f"simulated:{kind.method}"),
        STAFF,
    )
    if kind.refund_first:
        refund = RefundPayment(order_id=order_id, amount=Decimal("1.00"), reason="a scratch")
        await stand.shop.dispatch(refund, STAFF)
    return order_id, 2 if kind.ends == "DONE" and not kind.cheaper else 0


async def trial(stand: Stand, boundary: Boundary, seed: int) -> list[str]:
    """What is wrong after a worker was killed at this boundary and another one has carried on."""
    rng = dice(seed, boundary.name)
    kinds = rng.sample(KINDS, len(KINDS))
    if len(stand.completed) < len(kinds):
        await pay(stand, AT_ONCE * len(KINDS))
    orders = [stand.completed.pop() for _ in kinds]
    wanted = dict([await ask(stand, kind, order_id) for kind, order_id in zip(kinds, orders, strict=True)])
    hit = rng.randint(1, 2) if boundary.per_order else 1
    victim = stand.worker(FAILPOINTS=f"{boundary.name}=kill@{hit}")
    reached = await died_there(victim)
    heir = stand.worker()
    wrong = await stand.violations(dict.fromkeys(orders, "PAID"))
    await heir.stop()
    for kind, order_id in zip(kinds, orders, strict=True):
        wrong += await judged(stand, kind, order_id, wanted[order_id])
    where = f"seed {seed}, {boundary.name}"
    return [f"{where}: {one}" for one in ([] if reached else ["not reached"]) + wrong]


async def judged(stand: Stand, kind: Kind, order_id: UUID, deckchairs: int) -> list[str]:
    order = await stand.shop.dispatch(GetOrder(order_id=order_id), STAFF)
    has = sum(line.qty for line in order.items if line.sku == EXTRA)
    if (order.edit.status, has) == (kind.ends, deckchairs):
        return []
    return [f"{kind.name}: the edit is {order.edit}, the order has {has} deckchairs"]


async def died_there(victim: Child) -> bool:
    try:
        return await victim.ended(within_s=30) == -signal.SIGKILL
    except TimeoutError:
        await victim.stop()
        return False


@pytest.mark.timeout(120 + 240 * len(seeds()))
async def test_a_worker_killed_at_any_boundary_of_an_edit_leaves_nothing_half_done(stands: list[Stand]) -> None:
    waiting = [(boundary, seed) for seed in seeds() for boundary in boundaries()][::-1]
    trials = len(waiting)
    wrong: list[str] = []

    async def use(stand: Stand) -> None:
        while waiting:
            wrong.extend(await trial(stand, *waiting.pop()))

    await asyncio.gather(*(use(stand) for stand in stands))
    print(f"\n{trials} kills at {len(list(boundaries()))} boundaries, {trials * len(KINDS)} edits: {len(wrong)} wrong")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("boundary", ["edit.before_commit", "edit.after_commit"])
async def test_an_edit_whose_edge_died_around_its_commit_is_one_edit_when_asked_again(
    stand: Stand, boundary: str
) -> None:
    await warm_up(stand, 1)
    (order_id,) = stand.completed
    ports = free_port(HOST), free_port(HOST)
    own = stand.shop.settings.public_url
    token = stand.shop.keys.sign(subject="boss", roles=("admin",), scopes=("*",), tenant="default", lifetime_s=600)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "mine", "If-Match": "*"}

    async def patch(http: aiohttp.ClientSession, port: int) -> Mapping[str, Any] | None:
        url = f"http://{HOST}:{port}/api/v1/orders/{order_id}"
        try:
            async with http.patch(url, json={"items": [{"sku": EXTRA, "qty": 2}]}, headers=headers) as response:
                assert response.status == 202, await response.text()
                said: Mapping[str, Any] = await response.json()
                return said
        except aiohttp.ClientConnectionError:
            return None

    async with aiohttp.ClientSession() as http:
        victim = stand.edge(ports[0], FAILPOINTS=f"{boundary}=kill@1", PUBLIC_URL=own)
        await ready(http, f"http://{HOST}:{ports[0]}")
        assert await patch(http, ports[0]) is None
        assert await victim.ended() == -signal.SIGKILL
        survivor = stand.edge(ports[1], PUBLIC_URL=own)
        await ready(http, f"http://{HOST}:{ports[1]}")
        first, again = await patch(http, ports[1]), await patch(http, ports[1])
        assert await survivor.stop() == 0
    assert first is not None
    assert again is not None
    assert first["edit"]["id"] == again["edit"]["id"]
    assert await stand.shop.db.pool.fetchval("SELECT count(*) FROM orders.edit") == 1
    worker = stand.worker()
    await stand.settles({order_id: "PAID"})
    assert await judged(stand, KINDS[0], order_id, 2) == []
    await worker.stop()
