"""A person is shown what is held of them, and forgotten, where payments is asked in another process."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.builders import an_ended_order
from tests.comebacks import STAFF, a_delivered_order, refunded_by_hand
from tests.edits import dispatch, lose, money
from tests.remote.conftest import a_token
from tests.remote.test_payments_apart import Apart, a_charge, apart, disarmed, replace_method
from tests.remote.test_refunds_apart import refunding, refunds
from tests.shops import a_call, until
from tradewind.adapters.payments import persons
from tradewind.adapters.payments.grpc import PaymentsDidNotAnswer, grpc_payments
from tradewind.contexts.customers._domain.person import PartIsAway
from tradewind.contexts.customers._store import forgetting
from tradewind.contexts.customers.erase_person import elsewhere
from tradewind.contexts.customers.erase_person.command import Erased, ErasePerson
from tradewind.contexts.customers.erase_person.elsewhere import FORGET_ELSEWHERE
from tradewind.contexts.customers.export_person.command import Exported, ExportPerson
from tradewind.contexts.payments._projections.sold import sold
from tradewind.contexts.payments.forget_person import command as showing
from tradewind.contexts.payments.personal_data import held_of
from tradewind.contexts.payments.save_method.command import SaveMethod
from tradewind.contracts.orders import OrderPlaced
from tradewind.contracts.outcomes import Done, Refused
from tradewind.contracts.payments import Charge
from tradewind.contracts.privacy import OrdersUnderWay
from tradewind.kernel.ids import new_id
from tradewind.runtime import failpoints
from tradewind.runtime.saga.definition import Remote, Task

__all__ = ["apart", "disarmed", "refunding"]
pytestmark = pytest.mark.adapter("grpc")

OWNER = "SELECT user_id FROM orders.orders WHERE id = $1"
PAID_BY = "SELECT array_agg(DISTINCT method) FROM payments.payments WHERE order_id = ANY($1::uuid[])"
KEPT = "SELECT count(*) FROM payments.payment_method WHERE user_id = $1"
LEFT = "SELECT count(*) FROM customers.forgetting"
ADDRESSES = "SELECT count(*) FROM orders.orders WHERE user_id = $1 AND shipping_address ? 'city'"
BEGUN = "SELECT count(*) FROM runtime.saga WHERE name = 'forget_elsewhere'"
ENDED = "SELECT count(*) FROM runtime.saga WHERE name = 'forget_elsewhere' AND phase = 'COMPLETED'"
WAITED = """
    SELECT count(*) FROM runtime.saga_journal AS j JOIN runtime.saga AS s ON s.id = j.saga_id
    WHERE s.name = 'forget_elsewhere' AND j.message = 'Waiting'
"""
SOLD = "SELECT s::text FROM payments.sold AS s WHERE order_id = $1"


async def a_person(apart: Apart, orders: int = 1) -> tuple[str, list[UUID]]:
    """Somebody who has what they ordered, and keeps a card."""
    user_id = f"user-{new_id()}"
    found = [await a_delivered_order(apart.orders, "BOOK", 1, user_id=user_id) for _ in range(orders)]
    await keep_card(apart, user_id)
    return user_id, found


async def keep_card(apart: Apart, user_id: str) -> None:
    """Keep one at payments."""
    card = SaveMethod(
        token="simulated:approve",
        brand="visa",
        last4="4242",
        exp_month=1,
        exp_year=2090,
        default=True,
        provider="simulated",
    )
    await apart.payments.dispatch(card, a_call("customer", subject=user_id))


async def erase(apart: Apart, user_id: str) -> Erased:
    answer: Erased = await apart.orders.dispatch(ErasePerson(confirm=user_id, user_id=user_id), STAFF)
    return answer


async def once_it_is_back(apart: Apart, ask: Callable[[], Awaitable[Any]]) -> Any:
    """What is answered to somebody who tries again until a part that was away is found again."""

    async def look() -> Any:
        with suppress(PartIsAway):
            return await ask()

    return await until(apart.orders, look)


async def export(apart: Apart, user_id: str) -> Exported:
    answer: Exported = await apart.orders.dispatch(ExportPerson(user_id=user_id), STAFF)
    return answer


async def forgotten(apart: Apart, user_id: str, orders: list[UUID], times: int = 1) -> None:
    """Wait until it is over, and see that nothing is left of them: here, there, or of the asking."""
    pool = apart.orders.db.pool

    async def over() -> bool:
        return bool(await pool.fetchval(ENDED) == times)

    await until(apart.orders, over)
    assert await pool.fetchval(PAID_BY, orders) == ["erased"]
    assert (await pool.fetchval(KEPT, user_id), await pool.fetchval(LEFT)) == (0, 0)


async def test_payments_forgets_whom_the_others_have_forgotten_and_nothing_is_kept_of_the_asking(apart: Apart) -> None:
    async with apart.answering():
        user_id, orders = await a_person(apart, orders=2)
        erased = await erase(apart, user_id)
        await forgotten(apart, user_id, orders)
        assert await apart.wrong() == []
    assert erased.contexts.count("payments") == 1
    assert apart.way.arrived.count("forget") == 1
    assert "given_back" not in apart.way.arrived, "nothing was lost"


async def test_who_has_many_orders_is_forgotten_page_by_page(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "MAX_ORDERS_OF_A_PERSON", 2)
    async with apart.answering():
        user_id, orders = await a_person(apart, orders=5)
        await erase(apart, user_id)
        await forgotten(apart, user_id, orders)
    assert apart.way.arrived.count("forget") == 3


async def test_while_payments_is_away_the_others_forget_and_it_does_when_it_is_back(apart: Apart) -> None:
    async with apart.answering():
        user_id, orders = await a_person(apart)
    await erase(apart, user_id)

    async def waited() -> bool:
        return bool(await apart.orders.db.pool.fetchval(WAITED) >= 3)

    await until(apart.orders, waited)
    pool = apart.orders.db.pool
    assert (await pool.fetchval(KEPT, user_id), await pool.fetchval(ADDRESSES, user_id)) == (1, 0)
    async with apart.answering():
        await forgotten(apart, user_id, orders)


async def test_answers_that_are_lost_are_asked_for_again_and_who_asks_twice_is_forgotten_twice(apart: Apart) -> None:
    async with apart.answering():
        user_id, orders = await a_person(apart)
        apart.way.losses = 2
        await erase(apart, user_id)
        await erase(apart, user_id)
        await forgotten(apart, user_id, orders, times=2)
    assert apart.way.arrived.count("forget") == 4


@pytest.mark.parametrize(
    ("place", "hit"),
    [
        ("saga.promise.before_commit", 1),
        *((f"payments.forget.{when}_commit", hit) for when in ("before", "after") for hit in (1, 2)),
        *((f"saga.forget_payments.{point}", hit) for point in ("after_ask", "before_commit") for hit in (1, 2)),
    ],
)
async def test_wherever_either_side_breaks_off_it_is_gone_on_with_until_they_are_forgotten(
    apart: Apart, disarmed: None, monkeypatch: pytest.MonkeyPatch, place: str, hit: int
) -> None:
    monkeypatch.setattr(elsewhere, "MAX_ORDERS_OF_A_PERSON", 1)
    async with apart.answering():
        user_id, orders = await a_person(apart, orders=2)
        failpoints.arm({place: f"raise@{hit}"})
        await erase(apart, user_id)
        await forgotten(apart, user_id, orders)
        assert await apart.wrong() == []
    assert failpoints._hits[place] >= hit, "it was broken off"


async def test_who_has_an_order_under_way_is_not_forgotten_anywhere(apart: Apart) -> None:
    async with apart.answering():
        order_id = await an_ended_order(apart.orders, "BOOK")
        user_id = str(await apart.orders.db.pool.fetchval(OWNER, order_id))
        with pytest.raises(OrdersUnderWay):
            await erase(apart, user_id)
    pool = apart.orders.db.pool
    assert (await pool.fetchval(BEGUN), await pool.fetchval(LEFT)) == (0, 0)
    assert await pool.fetchval(PAID_BY, [order_id]) == ["simulated:approve"]


async def test_what_is_lost_holds_its_buyer_up_until_payments_says_that_it_is_paid_back(refunding: Apart) -> None:
    apart, pool = refunding, refunding.orders.db.pool
    async with apart.answering():
        order_id = await an_ended_order(apart.orders, "BOOK")
        user_id = str(await pool.fetchval(OWNER, order_id))
        await dispatch(apart.orders, order_id)
        await lose(apart.orders, order_id)
        with pytest.raises(OrdersUnderWay):
            await erase(apart, user_id)
        await refunded_by_hand(apart.payments, order_id, 2500)

        async def is_back() -> bool:
            return await money(apart.orders, order_id) == 0

        await until(apart.payments, is_back)
    with pytest.raises(PartIsAway):
        await erase(apart, user_id)
    assert (await pool.fetchval(BEGUN), await pool.fetchval(PAID_BY, [order_id])) == (0, ["simulated:approve"])
    async with apart.answering():
        await once_it_is_back(apart, lambda: erase(apart, user_id))
        await forgotten(apart, user_id, [order_id])
    assert apart.way.arrived.count("given_back") >= 2


def a_task() -> Task:
    return Task(saga_id=new_id(), effect_key="", call=STAFF)


async def test_who_was_to_be_asked_forgets_where_it_is_in_the_same_process_again(apart: Apart) -> None:
    async with apart.answering():
        user_id, orders = await a_person(apart)
    step, task = FORGET_ELSEWHERE.steps[1].do, a_task()
    assert isinstance(step, Remote)
    async with apart.payments.db.transaction(STAFF) as tx:
        forgetting.insert(tx, task.saga_id, user_id, orders)
    async with apart.payments.db.transaction(STAFF) as tx:
        assert await step.prepare(tx, [task]) == [Done()]
    pool = apart.payments.db.pool
    assert await pool.fetchval(PAID_BY, orders) == ["erased"]
    assert (await pool.fetchval(KEPT, user_id), await pool.fetchval(LEFT)) == (0, 0)


async def late_authorization(apart: Apart) -> tuple[Any, UUID]:
    """What a question comes to that was asked before an order was declined, and arrives when its buyer is forgotten."""
    async with apart.answering():
        order_id = await an_ended_order(apart.orders, "BOOK", method="simulated:decline")
        user_id = str(await apart.orders.db.pool.fetchval(OWNER, order_id))
        await erase(apart, user_id)
        await forgotten(apart, user_id, [order_id])
        charge = replace_method(a_charge(order_id), "simulated:decline")
        return await apart.way.authorize(charge, f"{order_id}/authorize_payment/0", STAFF), order_id


async def test_a_question_that_comes_late_brings_no_method_back(apart: Apart) -> None:
    answered, order_id = await late_authorization(apart)
    assert answered == Refused("it was called off")
    assert await apart.orders.db.pool.fetchval(PAID_BY, [order_id]) == ["erased"]


async def test_nor_does_a_late_one_for_what_an_edit_would_have_added(apart: Apart) -> None:
    async with apart.answering():
        user_id, (order_id,) = await a_person(apart)
        part = replace_method(a_charge(new_id()), "simulated:decline")
        part = Charge(part.order_id, part.amount, part.method, part_of=order_id)
        key = f"{part.order_id}/authorize/0"
        first = await apart.way.authorize(part, key, STAFF)
        await erase(apart, user_id)
        await forgotten(apart, user_id, [order_id, part.order_id])
        late = await apart.way.authorize(part, key, STAFF)
    assert (first, late) == (Refused("payment declined: insufficient_funds"), Refused("it was called off"))
    assert await apart.orders.db.pool.fetchval(PAID_BY, [part.order_id]) == ["erased"]


async def test_a_shop_in_which_they_come_back_would_be_noticed(apart: Apart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"forgotten_come_back"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    _, order_id = await late_authorization(apart)
    assert await apart.orders.db.pool.fetchval(PAID_BY, [order_id]) == ["simulated:decline"]


async def test_what_is_heard_of_their_orders_late_names_nobody(apart: Apart) -> None:
    async with apart.answering():
        user_id, orders = await a_person(apart)
        await erase(apart, user_id)
        await forgotten(apart, user_id, orders)
    payload = "SELECT payload::text FROM runtime.outbox WHERE key = $1 AND type = $2"
    text = await apart.payments.db.pool.fetchval(payload, str(orders[0]), OrderPlaced.TYPE)
    event = msgspec.json.decode(text, type=OrderPlaced)
    assert event.user_id == user_id
    await apart.payments.db.pool.execute("DELETE FROM payments.sold")
    async with apart.payments.db.transaction(STAFF) as tx:
        await sold.react([event], tx)
    row = await apart.payments.db.pool.fetchval(SOLD, orders[0])
    assert "BOOK" in row
    assert user_id not in row


def as_written(held: Any) -> Any:
    """As it stands in an archive; what is empty is left out there."""
    return {
        name: entries
        for name, entries in msgspec.json.decode(msgspec.json.encode(held, enc_hook=str)).items()
        if entries
    }


@pytest.mark.parametrize("orders_at_once", [1, 1_000])
@pytest.mark.parametrize("at_once", [1, 2, 40])
async def test_what_payments_holds_is_part_of_what_a_person_is_shown_however_many_pages_it_comes_in(
    refunding: Apart, monkeypatch: pytest.MonkeyPatch, at_once: int, orders_at_once: int
) -> None:
    monkeypatch.setattr(showing, "AT_ONCE", at_once)
    monkeypatch.setattr(persons, "MAX_ORDERS_OF_A_PERSON", orders_at_once)
    async with refunding.answering():
        user_id, orders = await a_person(refunding, orders=2)
        for minor in (100, 200, 300):
            await refunded_by_hand(refunding.payments, orders[0], minor)
        await until(refunding.payments, lambda: all_back(refunding, orders[0]))
        shown = await export(refunding, user_id)
    async with refunding.payments.db.reading(STAFF) as tx:
        held = as_written(await held_of(tx, user_id, orders))
    assert [len(held[name]) for name in ("payments", "refunds", "methods")] == [2, 3, 1]
    of_payments = shown.contexts["payments"]
    assert {name: sorted(of_payments[name], key=str) for name in held} == {
        name: sorted(entries, key=str) for name, entries in held.items()
    }
    assert "payments.save_method" in [entry["action"] for entry in of_payments["trail"]]
    assert {"orders", "customers", "shipping"} <= shown.contexts.keys()


async def all_back(apart: Apart, order_id: UUID) -> bool:
    """Whether every refund of it is done."""
    return all(status == "DONE" for status, _ in await refunds(apart, order_id))


async def test_nothing_half_is_shown_while_payments_is_away_or_its_answer_is_lost(apart: Apart) -> None:
    async with apart.answering():
        user_id, _ = await a_person(apart)
        apart.way.losses = 1
        with pytest.raises(PaymentsDidNotAnswer):
            await export(apart, user_id)
    with pytest.raises(PartIsAway):
        await export(apart, user_id)
    async with apart.answering():
        assert "payments" in (await once_it_is_back(apart, lambda: export(apart, user_id))).contexts


async def test_only_who_may_carry_money_may_ask_and_only_as_much_as_is_published(apart: Apart) -> None:
    many = [new_id() for _ in range(1_001)]
    async with apart.answering():
        real = apart.way.real
        async with grpc_payments(f"127.0.0.1:{apart.port}", lambda: a_token(apart.payments)) as stranger:
            for asked in (stranger.forget("ada", [], STAFF), stranger.export("ada", [], STAFF)):
                with pytest.raises(PaymentsDidNotAnswer, match="PERMISSION_DENIED"):
                    await asked
        for asked in (real.forget("ada", many, STAFF), real.forget("", [], STAFF), real.export("a" * 256, [], STAFF)):
            with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
                await asked
        assert await real.given_back(many, STAFF) == frozenset(), "asked in two"
        assert await real.forget("nobody", many[:1_000], STAFF) is None
