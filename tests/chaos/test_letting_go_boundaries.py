"""R1 for money that is held for an order that is off: a worker is killed wherever the saga `let_go` passes.

The orders were called off before anything was held for them; then something is, as by a question that came late, and
payments hears once more that they are off. Another worker carries on: each hold is let go and each capture given back,
once, as the auditor and the provider's own ledger say.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import pytest
import pytest_asyncio

from tests.chaos import workload
from tests.chaos.boundaries import Boundary, _of
from tests.chaos.nursery import Child, Nursery
from tests.chaos.stands import Stand, a_stand, dice, seeds
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.payments.let_go.saga import LET_GO
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import PaymentProvider

STANDS: Final = 3
AT_ONCE: Final = 4
"""Trials for which orders are called off at once."""
METHOD: Final = "simulated:approve"
HOLD: Final = """
    INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
    SELECT id, $2, $3, $4, currency, total_minor, $5 FROM orders.orders WHERE id = $1 RETURNING amount_minor
"""
HEAR_AGAIN: Final = """
    UPDATE runtime.position SET stamp = 0, position = 0 WHERE subscriber = 'payments.on_order_cancelled'
"""
STANDING: Final = """
    SELECT p.status, s.phase, (SELECT count(*) FROM runtime.saga WHERE name = 'let_go' AND id = p.id) AS sagas
    FROM payments.payments AS p LEFT JOIN runtime.saga AS s ON s.id = p.id WHERE p.order_id = $1
"""


class Kind(NamedTuple):
    """What our books say of the money, what the provider has done, and what must become of that."""

    name: str
    status: str
    asked: tuple[str, ...]
    ends: str
    moved: tuple[str, ...]


KINDS: Final = (
    Kind("held", "AUTHORIZED", ("authorize",), "VOIDED", ("authorization", "void")),
    Kind("held, its answer lost", "INITIATED", ("authorize",), "VOIDED", ("authorization", "void")),
    Kind("never asked for", "INITIATED", (), "VOIDED", ()),
    Kind(
        "captured, its answer lost", "AUTHORIZED", ("authorize", "capture"), "REFUNDED",
        ("authorization", "capture", "refund"),
    ),
)  # fmt: skip
CALLED_OFF: Final = next(kind for kind in workload.ALWAYS if kind.name == "called off")


def boundaries() -> Iterator[Boundary]:
    """Hearing, claiming, and the one step; that ends only after the provider said no, which is for people."""
    yield Boundary("relay.before_commit")
    yield Boundary("relay.after_commit")
    yield Boundary("saga.claim.before_commit")
    yield Boundary("saga.claim.after_commit")
    for step in LET_GO.steps:
        yield from _of(step.name, step.do)


@pytest_asyncio.fixture
async def stands(
    settings: Settings, shared_engines: Engines, template: Engines, nursery: Nursery, tmp_path: Path
) -> AsyncIterator[list[Stand]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(a_stand(settings, shared_engines, template, nursery, tmp_path / f"at-{n}"))
            for n in range(STANDS)
        ]


async def call_off(stand: Stand, orders: int) -> None:
    """So many orders more that are off, and were never paid for."""
    expected = await workload.place(stand.shop, [CALLED_OFF] * orders, dice(0, "called off"))
    worker = stand.worker()
    await stand.settles(expected)
    assert await worker.stop() == 0
    stand.completed.extend(expected)


async def hold(stand: Stand, kind: Kind, order_id: UUID) -> None:
    """Money is held for it all the same, or taken: at the provider, and in our books as this kind says."""
    provider: Any = stand.shop.db.peers[PaymentProvider]
    key = f"{order_id}/authorize_payment/0"
    minor = await stand.shop.db.pool.fetchval(HOLD, order_id, new_id(), kind.status, METHOD, key)
    if "authorize" in kind.asked:
        await provider.authorize(Money(minor, "EUR"), METHOD, key, str(order_id))
    if "capture" in kind.asked:
        await provider.capture(key, Money(minor, "EUR"), f"{order_id}/capture_payment/0")


async def trial(stand: Stand, boundary: Boundary, seed: int, of: Sequence[Kind] = KINDS, **planted: str) -> list[str]:
    """What is wrong after a worker was killed at this boundary and another one has carried on."""
    rng = dice(seed, boundary.name)
    if len(stand.completed) < len(of):
        await call_off(stand, AT_ONCE * len(of))
    kinds = rng.sample(of, len(of))
    orders = [stand.completed.pop() for _ in kinds]
    for kind, order_id in zip(kinds, orders, strict=True):
        await hold(stand, kind, order_id)
    assert await stand.shop.db.pool.execute(HEAR_AGAIN) == "UPDATE 1"
    hit = rng.randint(1, len(kinds)) if boundary.per_order else 1
    victim = stand.worker(FAILPOINTS=f"{boundary.name}=kill@{hit}", **planted)
    reached = await died_there(victim)
    heir = stand.worker()
    wrong = await stand.violations(dict.fromkeys(orders, "CANCELED"))
    await heir.stop()
    for kind, order_id in zip(kinds, orders, strict=True):
        wrong += await judged(stand, kind, order_id)
    where = f"seed {seed}, {boundary.name}"
    return [f"{where}: {one}" for one in ([] if reached else ["not reached"]) + wrong]


async def judged(stand: Stand, kind: Kind, order_id: UUID) -> list[str]:
    """What is not as this kind must end: the payment, its one saga, and each movement of its money."""
    found = tuple(await stand.shop.db.pool.fetchrow(STANDING, order_id))
    lines = await stand.provider.ledger(str(order_id))
    moved = tuple(line.operation for line in lines if line.outcome == "approved" and line.minor)
    if (found, moved) == ((kind.ends, "COMPLETED", 1), kind.moved):
        return []
    return [f"{kind.name}: payment, saga and sagas are {found}, the provider did {moved}"]


async def died_there(victim: Child) -> bool:
    try:
        return await victim.ended(within_s=60) == -signal.SIGKILL
    except TimeoutError:
        await victim.stop()
        return False


@pytest.mark.timeout(300 + 240 * len(seeds()))
async def test_a_worker_killed_wherever_held_money_is_let_go_lets_go_of_it_once(stands: list[Stand]) -> None:
    waiting = [(boundary, seed) for seed in seeds() for boundary in boundaries()][::-1]
    trials = len(waiting)
    wrong: list[str] = []

    async def use(stand: Stand) -> None:
        while waiting:
            wrong.extend(await trial(stand, *waiting.pop()))

    await asyncio.gather(*(use(stand) for stand in stands))
    print(
        f"\n{trials} kills at {len(list(boundaries()))} boundaries, {trials * len(KINDS)} payments: {len(wrong)} wrong"
    )
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(180)
async def test_money_that_is_let_go_under_a_new_key_each_time_is_seen(stand: Stand) -> None:
    bugs = {"TEST_BUILD": "1", "PLANTED_BUGS": "effect_without_key"}
    wrong = await trial(stand, Boundary("saga.cancel_payment.after_ask"), 1, KINDS[:1], **bugs)
    assert any("approved voids" in one for one in wrong), "\n".join(wrong)
