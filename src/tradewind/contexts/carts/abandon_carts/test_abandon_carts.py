"""Carts that are left alone: told once, and closed in the end."""

from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from tests.shops import a_call
from tradewind.contexts.carts._domain.cart import CartClosed
from tradewind.contexts.carts._domain.settings import ABANDONED_AFTER_S, EXPIRES_AFTER_S
from tradewind.contexts.carts.abandon_carts.timer import abandon_carts, expire_carts
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contexts.carts.save_for_later.command import SaveForLater

AGE = "UPDATE carts.carts SET touched_at = now() - make_interval(secs => $2) WHERE id = $1"


async def looks(shopper: Shopper) -> tuple[int, int]:
    async with shopper.shop.db.transaction(a_call("system")) as tx:
        abandoned = await abandon_carts(tx)
    async with shopper.shop.db.transaction(a_call("system")) as tx:
        return abandoned, await expire_carts(tx)


def counted() -> list[float]:
    names = ("carts_opened_total", "carts_checked_out_total", "carts_abandoned_total")
    return [REGISTRY.get_sample_value(name) or 0.0 for name in names]


async def ages(shopper: Shopper, cart_id: UUID, seconds: float) -> None:
    await shopper.value(AGE, cart_id, float(seconds))


async def test_empty_and_fresh_carts_are_not_abandoned(shopper: Shopper) -> None:
    empty, fresh, aside = await shopper.opens(), await shopper.opens(A=1), await shopper.opens(A=1)
    await shopper.does(SaveForLater(cart_id=aside, sku="A"))
    await ages(shopper, empty, ABANDONED_AFTER_S + 1)
    await ages(shopper, aside, ABANDONED_AFTER_S + 1)
    await ages(shopper, fresh, ABANDONED_AFTER_S - 60)
    assert await looks(shopper) == (0, 0)
    assert await shopper.told("cart.abandoned.v1") == 0


async def test_a_cart_is_abandoned_once_each_time_it_is_left_alone(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1, B=1)
    for period in (1, 2):
        await ages(shopper, cart_id, ABANDONED_AFTER_S + 1)
        assert await looks(shopper) == (1, 0)
        assert await looks(shopper) == (0, 0)
        assert await shopper.told("cart.abandoned.v1") == period
        await shopper.does(AddLine(cart_id=cart_id, sku="A", quantity=1))
    assert await shopper.pieces(cart_id) == {"A": 3, "B": 1}


async def test_it_is_counted_how_many_of_the_opened_carts_were_left_and_how_many_bought(shopper: Shopper) -> None:
    before = counted()
    left, bought = await shopper.opens(A=1), await shopper.opens(A=1)
    await shopper.checks_out(bought, (await shopper.quotes(bought)).token)
    await ages(shopper, left, ABANDONED_AFTER_S + 1)
    await looks(shopper)
    assert [now - then for then, now in zip(before, counted(), strict=True)] == [2, 1, 1]


async def test_a_cart_that_nobody_comes_back_to_is_closed(shopper: Shopper) -> None:
    cart_id, empty = await shopper.opens(A=1), await shopper.opens()
    for one in (cart_id, empty):
        await ages(shopper, one, EXPIRES_AFTER_S + 1)
    assert await looks(shopper) == (1, 2)
    assert await looks(shopper) == (0, 0)
    assert await shopper.told("cart.expired.v1") == 2
    with pytest.raises(CartClosed):
        await shopper.does(AddLine(cart_id=cart_id, sku="A", quantity=1))
    assert await shopper.pieces(cart_id) == {"A": 1}
    assert (await shopper.snapshot(empty)).status == "EXPIRED"
