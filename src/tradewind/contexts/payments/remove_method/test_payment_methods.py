"""Payment methods are their owners' own, kept as tokens; one is the default."""

import asyncio

import pytest
from msgspec.structs import replace

from tests.shops import Shop, a_call
from tradewind.contexts.payments.list_methods.query import ListMethods
from tradewind.contexts.payments.remove_method.command import RemoveMethod
from tradewind.contexts.payments.save_method.command import MAX_METHODS, MethodView, SaveMethod, TooManyPaymentMethods
from tradewind.kernel.cards import CardNumberRefused
from tradewind.kernel.errors import Forbidden
from tradewind.runtime.call import Call

ADA = a_call("customer", subject="ada")
KEPT = "SELECT count(*) FROM payments.payment_method"


def a_method(token: str = "simulated:approve", *, default: bool = False) -> SaveMethod:
    return SaveMethod(
        token=token, brand="Visa", last4="4242", exp_month=12, exp_year=2030, default=default, provider="simulated"
    )


async def mine(shop: Shop, call: Call) -> list[MethodView]:
    return list((await shop.dispatch(ListMethods(), call)).items)


async def test_a_cards_number_is_no_payment_method_and_nothing_is_kept(shop: Shop) -> None:
    for token in ("4111111111111111", "4111 1111 1111 1111", "tok_5555555555554444"):
        for refused in (a_method(token), replace(a_method(), brand=token)):
            with pytest.raises(CardNumberRefused):
                await shop.dispatch(refused, ADA)
    for who in ("guest", "support", "warehouse", "anonymous"):
        with pytest.raises(Forbidden):
            await shop.dispatch(a_method(), a_call(who))
    assert await shop.db.pool.fetchval(KEPT) == 0


async def test_there_is_always_one_default_however_methods_come_and_go(shop: Shop) -> None:
    tokens = [f"tok_{number}" for number in range(5)]
    await asyncio.gather(*(shop.dispatch(a_method(token, default=True), ADA) for token in tokens))
    found = await mine(shop, ADA)
    assert [one.default for one in found] == [True, False, False, False, False]
    while found:
        await shop.dispatch(RemoveMethod(payment_method_id=found[0].id), ADA)
        found = await mine(shop, ADA)
        assert [one.default for one in found[:2]] == [True, False][: len(found)]


async def test_the_same_token_is_the_same_method_and_there_are_only_so_many(shop: Shop) -> None:
    first = await shop.dispatch(a_method("tok_0"), ADA)
    for number in range(MAX_METHODS):
        again = await shop.dispatch(a_method(f"tok_{number}"), ADA)
        assert again.default == (number == 0)
    assert (await shop.dispatch(a_method("tok_0"), ADA)).id == first.id
    with pytest.raises(TooManyPaymentMethods):
        await shop.dispatch(a_method("tok_more"), ADA)
    assert len(await mine(shop, ADA)) == MAX_METHODS
