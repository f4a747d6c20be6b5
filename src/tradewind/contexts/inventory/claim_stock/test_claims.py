"""Try, confirm and cancel over REST: once, whatever comes twice, late or in another order."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.shops import a_call, until, working
from tradewind.contexts.inventory._domain.claim import InvalidClaim, NoSuchReservation, ReservationEnded
from tradewind.contexts.inventory._domain.reservation import State
from tradewind.contexts.inventory.claim_stock.command import (
    CancelReservation,
    ConfirmReservation,
    GetReservation,
    TryReservation,
)
from tradewind.contexts.inventory.conftest import Store, wants
from tradewind.contexts.inventory.expire_reservations.timer import expire_reservations
from tradewind.contracts.inventory import NotEnoughStock, ReservedLine
from tradewind.contracts.orders import OrderConfirmed
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.runtime.telemetry import metrics

STAFF = a_call("warehouse", subject="wanda")
OVERDUE = "UPDATE inventory.reservation SET expires_at = now() - interval '1 second' WHERE order_id = $1"
CLAIMS = "SELECT count(*) FROM inventory.claim"
GIVEN_UP = "SELECT count(*) FROM runtime.dead_letter"


async def ask(store: Store, kind: Callable[..., Any], claim: UUID, **more: Any) -> Any:
    return await store.shop.dispatch(kind(reservation_id=claim, **more), STAFF)


async def tries(store: Store, claim: UUID, ttl_s: int = 60, **quantities: int) -> Any:
    return await ask(store, TryReservation, claim, quantities=quantities, ttl_s=ttl_s)


async def test_a_customer_claims_nothing(store: Store) -> None:
    await store.fill(A=9)
    command = TryReservation(reservation_id=new_id(), quantities={"A": 1})
    with pytest.raises(Forbidden):
        await store.shop.dispatch(command, a_call("customer"))
    assert (await store.stock(), await store.db.pool.fetchval(CLAIMS)) == ({"A": (9, 0)}, 0)


@pytest.mark.parametrize(
    ("quantities", "ttl_s"), [({}, 60), ({"A": 0}, 60), ({"A": 100_001}, 60), ({"A": 1}, 0), ({"A": 1}, 86_401)]
)
async def test_what_nobody_can_hold_is_refused(store: Store, quantities: dict[str, int], ttl_s: int) -> None:
    await store.fill(A=9)
    with pytest.raises(InvalidClaim):
        await tries(store, new_id(), ttl_s, **quantities)
    assert (await store.stock(), await store.db.pool.fetchval(CLAIMS)) == ({"A": (9, 0)}, 0)


async def test_what_is_not_there_is_not_claimed_and_may_be_tried_again(store: Store) -> None:
    await store.fill(A=1)
    claim, counted = new_id(), metrics.inventory_reservation_failures_total._value.get()
    with pytest.raises(NotEnoughStock):
        await tries(store, claim, A=2)
    assert metrics.inventory_reservation_failures_total._value.get() == counted + 1
    assert (await store.told(), await store.db.pool.fetchval(CLAIMS)) == ([], 0)
    assert (await tries(store, claim, A=1)).state is State.HELD


async def test_trying_twice_or_at_once_holds_once(store: Store) -> None:
    await store.fill(A=9)
    claim = new_id()
    first, *others = await asyncio.gather(*(tries(store, claim, A=2) for _ in range(5)))
    assert others == [first] * 4
    assert first.items == (ReservedLine("A", 2),)
    assert await store.stock() == {"A": (9, 2)}
    assert await store.told() == [("reservation.reserved", str(claim))]
    assert await ask(store, GetReservation, claim) == first


async def test_many_at_once_get_each_their_own_answer_and_only_what_is_held_is_left_behind(store: Store) -> None:
    await store.fill(A=9, B=1)
    order = wants(A=1)
    await store.reserve(order)
    short, long, twice, dear, unfit, off = (new_id() for _ in range(6))
    await ask(store, CancelReservation, off)
    answers: list[Any] = await asyncio.gather(
        tries(store, short, 60, A=2), tries(store, long, 600, A=2), tries(store, twice, A=1), tries(store, twice, A=1),
        tries(store, dear, B=2), tries(store, unfit, A=0), tries(store, off, A=1), tries(store, order.order_id, A=1),
        return_exceptions=True,
    )  # fmt: skip
    assert [type(one) for one in answers[4:]] == [NotEnoughStock, InvalidClaim, ReservationEnded, NoSuchReservation]
    assert (answers[0].state, answers[1].state, answers[2]) == (State.HELD, State.HELD, answers[3])
    assert answers[1].expires_at - answers[0].expires_at > timedelta(seconds=530)
    assert await store.stock() == {"A": (9, 6), "B": (1, 0)}
    left = await store.db.pool.fetch("SELECT id, owner FROM inventory.claim")
    assert {(row["id"], row["owner"]) for row in left} == {(one, "wanda") for one in (short, long, twice, off)}
    noted = "SELECT actor FROM runtime.audit_entry WHERE action = 'inventory.claim' AND subject = ANY($1)"
    rows = await store.db.pool.fetch(noted, [str(short), str(long), str(twice)])
    assert [row["actor"] for row in rows] == ["wanda"] * 3


async def test_confirming_twice_takes_out_once(store: Store) -> None:
    await store.fill(A=9)
    claim = new_id()
    await tries(store, claim, A=2)
    answers = await asyncio.gather(*(ask(store, ConfirmReservation, claim) for _ in range(4)))
    assert {answer.state for answer in answers} == {State.CONFIRMED}
    assert (await tries(store, claim, A=2)).state is State.CONFIRMED
    assert await store.stock() == {"A": (7, 0)}


async def test_canceling_twice_gives_back_once_even_what_was_confirmed(store: Store) -> None:
    await store.fill(A=9)
    held, out = new_id(), new_id()
    for claim in (held, out):
        await tries(store, claim, A=2)
    await ask(store, ConfirmReservation, out)
    await asyncio.gather(*(ask(store, CancelReservation, claim) for claim in (held, out, held, out)))
    assert await store.stock() == {"A": (9, 0)}
    with pytest.raises(ReservationEnded) as refused:
        await ask(store, ConfirmReservation, held)
    assert refused.value.facts["state"] == "RELEASED"


async def test_a_try_that_comes_after_its_cancellation_holds_nothing(store: Store) -> None:
    await store.fill(A=9)
    claim = new_id()
    await ask(store, CancelReservation, claim)
    with pytest.raises(ReservationEnded):
        await tries(store, claim, A=2)
    assert (await store.stock(), await store.told()) == ({"A": (9, 0)}, [])


async def test_trying_confirming_and_canceling_at_once_end_in_one_state(store: Store) -> None:
    await store.fill(A=99)
    for _ in range(8):
        claim = new_id()
        moves = tries(store, claim, A=2), ask(store, ConfirmReservation, claim), ask(store, CancelReservation, claim)
        answers = await asyncio.gather(*moves, return_exceptions=True)
        refusals = {type(answer) for answer in answers if isinstance(answer, Exception)}
        assert refusals <= {ReservationEnded, NoSuchReservation}
    assert await store.stock() == {"A": (99, 0)}


async def test_what_nobody_confirms_in_time_is_free_again(store: Store) -> None:
    await store.fill(A=9)
    claim = new_id()
    await tries(store, claim, A=2)
    await store.db.pool.execute(OVERDUE, claim)
    async with store.db.transaction(a_call("system")) as tx:
        assert await expire_reservations(tx) == 1
    with pytest.raises(ReservationEnded) as refused:
        await ask(store, ConfirmReservation, claim)
    assert refused.value.facts["state"] == "EXPIRED"
    assert await store.stock() == {"A": (9, 0)}


async def test_what_an_order_holds_is_moved_by_nobody_else(store: Store) -> None:
    await store.fill(A=9)
    order = wants(A=2)
    await store.reserve(order)
    for kind in (ConfirmReservation, CancelReservation, GetReservation):
        with pytest.raises(NoSuchReservation):
            await ask(store, kind, order.order_id)
    with pytest.raises(NoSuchReservation):
        await tries(store, order.order_id, A=2)
    assert (await store.stock(), await store.db.pool.fetchval(CLAIMS)) == ({"A": (9, 2)}, 0)


async def test_an_order_that_is_certain_takes_its_goods_out_by_its_event_alone(store: Store) -> None:
    await store.fill(A=9)
    order, claim = wants(A=2), new_id()
    await store.reserve(order)
    await tries(store, claim, A=3)
    await store.db.pool.execute(OVERDUE, claim)
    told = OrderConfirmed(order_id=order.order_id, user_id="u", total_amount="1.00", currency="EUR")  # type: ignore[arg-type]
    async with store.db.transaction(a_call("system")) as tx:
        tx.tell(told)

    async def out() -> bool:
        return await store.stock() == {"A": (7, 0)}

    async with working(store.shop):
        assert await until(store.shop, out)
        await store.shop.tail.caught_up()
    assert await store.db.pool.fetchval(GIVEN_UP) == 0
