"""Saved payment methods where payments is apart: orders names them, payments finds the token when the money is held."""

from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_product
from tests.edits import a_paid_order, edit
from tests.edits import over as edit_over
from tests.held import comes_to
from tests.remote.test_payers_apart import moved, plant
from tests.remote.test_payments_apart import STANDS, Apart, apart, replace_method
from tests.shops import Shop, a_call, until
from tradewind.adapters.payments.grpc import PaymentsDidNotAnswer
from tradewind.contexts.orders._domain.edit import OVER
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contexts.orders.pay_order.command import PayOrder
from tradewind.contexts.orders.place_order.paying import UnknownPaymentMethod
from tradewind.contexts.payments.remove_method.command import RemoveMethod
from tradewind.contexts.payments.remove_method.test_payment_methods import a_method
from tradewind.contracts.outcomes import Done, Refused
from tradewind.contracts.payers import as_paid
from tradewind.contracts.payments import Charge
from tradewind.kernel.cards import CardNumberRefused
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.call import Call

__all__ = ["apart"]
pytestmark = pytest.mark.adapter("grpc")

ADA, BOB = (a_call("customer", subject=name) for name in ("ada", "bob"))
GOOD, BAD = "simulated:approve", "simulated:decline"
NOT_KEPT = "the saved payment method is not kept any more"
ADDRESS = {"country": "DE"}
METHODS = "SELECT order_id, method FROM payments.payments ORDER BY created_at, order_id"
NAMED = "SELECT payment_method FROM orders.orders WHERE id = $1"
WAITS = "SELECT count(*) FROM runtime.saga_journal WHERE saga_id = $1 AND message = 'Waiting'"
EVERYWHERE = """
    SELECT (SELECT count(*) FROM orders.orders AS o WHERE o::text LIKE '%simulated:%')
         + (SELECT count(*) FROM orders.edit AS e WHERE e::text LIKE '%simulated:%')
"""


async def keeps(apart: Apart, call: Call, token: str = GOOD) -> UUID:
    """They keep this method from now on, as their default; its id."""
    kept: UUID = (await apart.payments.dispatch(a_method(token, default=True), call)).id
    return kept


async def placed(apart: Apart, call: Call, method: str | None) -> UUID:
    command = PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),), payment_method=method, shipping_address=ADDRESS)
    order_id: UUID = (await apart.orders.dispatch(command, call)).id
    return order_id


async def ends(apart: Apart, order_id: UUID) -> str:
    return await comes_to(apart.orders, order_id, "PAID", "CANCELED", "FAILED")


async def why(apart: Apart, order_id: UUID, call: Call) -> str | None:
    found: str | None = (await apart.orders.dispatch(GetOrder(order_id=order_id), call)).why
    return found


@pytest.mark.parametrize("named", ["default", "by its id"])
@pytest.mark.parametrize("later", [False, True])
async def test_a_saved_method_is_charged_and_orders_never_knows_its_token(
    apart: Apart, named: str, later: bool
) -> None:
    kept = await keeps(apart, ADA)
    name = f"saved:{kept if named == 'by its id' else 'default'}"
    async with apart.answering():
        order_id = await placed(apart, ADA, None if later else name)
        if later:
            await comes_to(apart.orders, order_id, "PENDING_PAYMENT")
            await apart.orders.dispatch(PayOrder(order_id=order_id, payment_method=name), ADA)
        assert await ends(apart, order_id) == "PAID"
        assert await apart.wrong() == []
    assert await apart.orders.db.pool.fetchval(NAMED, order_id) == name
    assert await apart.orders.db.pool.fetchval(EVERYWHERE) == 0
    assert await apart.payments.db.pool.fetch(METHODS) == [(order_id, GOOD)]
    assert await moved(apart, order_id) == {"capture": 1}


@pytest.mark.parametrize("whose", ["removed", "another's", "nobody's"])
async def test_a_method_that_is_not_kept_when_the_money_is_asked_for_calls_the_order_off(
    apart: Apart, whose: str
) -> None:
    kept = await keeps(apart, BOB if whose == "another's" else ADA)
    name = f"saved:{kept}" if whose != "nobody's" else f"saved:{new_id()}"
    order_id = await placed(apart, ADA, name)

    async def waits() -> bool:
        return bool(await apart.orders.db.pool.fetchval(WAITS, order_id))

    await until(apart.orders, waits)
    if whose == "removed":
        await apart.payments.dispatch(RemoveMethod(payment_method_id=kept), ADA)
    async with apart.answering():
        assert await ends(apart, order_id) == "CANCELED"
        assert await why(apart, order_id, ADA) == NOT_KEPT
        assert await apart.wrong() == []
    assert await apart.provider.ledger(str(order_id)) == []
    assert await apart.payments.db.pool.fetchval(STANDS, order_id) is None


@pytest.mark.parametrize("losses", [1, 2])
async def test_an_order_is_charged_to_the_card_that_was_the_default_when_it_was_first_asked_for(
    apart: Apart, losses: int
) -> None:
    """Its answer is lost, and asked for again when another card is the default."""
    await keeps(apart, ADA)
    apart.way.losses = losses
    apart.way.then["authorize"] = lambda: keeps(apart, ADA, BAD)
    async with apart.answering():
        order_id = await placed(apart, ADA, "saved:default")
        assert await ends(apart, order_id) == "PAID"
        assert await apart.wrong() == []
    assert apart.way.arrived.count("authorize") == losses + 1
    assert await apart.payments.db.pool.fetch(METHODS) == [(order_id, GOOD)]
    authorized = [line for line in await apart.provider.ledger(str(order_id)) if line.operation == "authorization"]
    assert [line.outcome for line in authorized] == ["approved"]


def charge(payer_id: UUID) -> Charge:
    return Charge(payer_id, Money(1250, "EUR"), "saved:default", user_id="ada")


async def refused_once(apart: Apart) -> tuple[Charge, Any]:
    """A payer who had nothing to pay by, and what the same question comes to when they have something."""
    one = charge(new_id())
    key = f"{one.order_id}/authorize_payment/0"
    assert await apart.way.authorize(one, key, ADA) == Refused(NOT_KEPT)
    await keeps(apart, ADA)
    return one, await apart.way.authorize(one, key, ADA)


async def test_who_was_refused_for_want_of_a_method_is_not_charged_by_a_question_that_comes_late(apart: Apart) -> None:
    async with apart.answering():
        one, late = await refused_once(apart)
    assert isinstance(late, Refused)
    assert await apart.provider.ledger(str(one.order_id)) == []


async def test_a_shop_that_forgets_who_was_refused_would_be_noticed(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, "called_off_is_forgotten")
    async with apart.answering():
        one, late = await refused_once(apart)
    assert late == Done()
    assert await apart.provider.ledger(str(one.order_id)) != []


async def edited(apart: Apart, order_id: UUID, **how: Any) -> Any:
    """What becomes of an edit that adds a pen."""
    await edit(apart.orders, order_id, call=ADA, PEN=1, **how)

    async def over() -> Any:
        found = (await apart.orders.dispatch(GetOrder(order_id=order_id), ADA)).edit
        return found if found.status in OVER else None

    return await until(apart.orders, over)


async def paid(apart: Apart) -> UUID:
    """An order that is paid by what was ada's default then."""
    await a_product(apart.orders, "PEN", amount="3.00")
    await keeps(apart, ADA)
    order_id = await placed(apart, ADA, "saved:default")
    assert await ends(apart, order_id) == "PAID"
    return order_id


async def test_what_an_edit_costs_more_is_charged_to_the_card_that_paid_for_the_order(apart: Apart) -> None:
    async with apart.answering():
        order_id = await paid(apart)
        await keeps(apart, ADA, BAD)
        assert (await edited(apart, order_id)).status == "DONE"
        assert await apart.wrong() == []
    assert [row["method"] for row in await apart.payments.db.pool.fetch(METHODS)] == [GOOD, GOOD]
    assert await apart.orders.db.pool.fetchval(EVERYWHERE) == 0


@pytest.mark.parametrize("now", ["another", "none"])
async def test_an_edit_may_name_another_method_and_comes_to_nothing_without_one(apart: Apart, now: str) -> None:
    async with apart.answering():
        order_id = await paid(apart)
        await keeps(apart, ADA, BAD)
        name = "saved:default" if now == "another" else f"saved:{new_id()}"
        refused = await edited(apart, order_id, payment_method=name)
        assert await apart.wrong() == []
    assert refused.status == "REFUSED"
    assert refused.why == ("payment declined: insufficient_funds" if now == "another" else NOT_KEPT)
    assert await moved(apart, order_id) == {"capture": 1}


@pytest.mark.parametrize(
    ("method", "refusal"),
    [
        ("saved:nonsense", UnknownPaymentMethod),
        ("saved:4111111111111111", UnknownPaymentMethod),
        (as_paid(UUID(int=7)), UnknownPaymentMethod),
        ("4111111111111111", CardNumberRefused),
    ],
)
async def test_what_names_no_method_is_refused_at_once(apart: Apart, method: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await placed(apart, ADA, method)
    async with apart.answering():
        order_id = await paid(apart)
        with pytest.raises(refusal):
            await edit(apart.orders, order_id, call=ADA, PEN=1, payment_method=method)


@pytest.mark.parametrize("wrong", ["saved:nonsense", "saved:", "saved:as-paid/7", "saved:4111111111111111"])
async def test_a_name_that_is_none_and_a_name_of_nobodys_are_refused_there_too(apart: Apart, wrong: str) -> None:
    one = charge(new_id())
    async with apart.answering():
        for bad in (replace_method(one, wrong), replace_method(one, "saved:default")):
            with pytest.raises(PaymentsDidNotAnswer, match="INVALID_ARGUMENT"):
                await apart.way.authorize(bad, f"{one.order_id}/authorize_payment/0", ADA)
    assert await apart.payments.db.pool.fetchval(STANDS, one.order_id) is None


async def test_a_difference_is_paid_in_one_process_by_what_its_buyer_keeps_and_never_by_a_cards_number(
    working_shop: Shop,
) -> None:
    order_id = await a_paid_order(working_shop)
    owner = await working_shop.db.pool.fetchval("SELECT user_id FROM orders.orders WHERE id = $1", order_id)
    kept = await working_shop.dispatch(a_method(), a_call("customer", subject=owner))
    for method, refusal in (("4111111111111111", CardNumberRefused), (f"saved:{order_id}", UnknownPaymentMethod)):
        with pytest.raises(refusal):
            await edit(working_shop, order_id, PEN=2, payment_method=method)
    await edit(working_shop, order_id, PEN=2, payment_method=f"saved:{kept.id}")
    assert (ended := (await edit_over(working_shop, order_id)).edit) is not None
    assert ended.status == "DONE"
    methods = await working_shop.db.pool.fetch("SELECT DISTINCT method FROM payments.payments")
    assert [row["method"] for row in methods] == ["simulated:approve"]
