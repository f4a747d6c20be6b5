"""Looking into a cart: today's prices and stock, and only one's own."""

from decimal import Decimal

import pytest

from tests.builders import a_delivery
from tradewind.contexts.carts._domain.cart import NoSuchCart, Status
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contexts.carts.get_cart.query import GetCart
from tradewind.contexts.carts.list_carts.query import ListCarts
from tradewind.contexts.carts.open_cart.command import MAX_OPEN, OpenCart, TooManyCarts
from tradewind.contexts.carts.replay_cart.query import ReplayCart
from tradewind.contexts.carts.save_for_later.command import SaveForLater
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id

FILL = "INSERT INTO carts.carts (id, owner, guest) SELECT gen_random_uuid(), $1, false FROM generate_series(1, $2)"


async def test_only_the_owner_and_support_see_a_cart_and_only_support_its_history(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    for other in (shopper.another(), shopper.as_guest()):
        with pytest.raises(NoSuchCart):
            await other.does(GetCart(cart_id=cart_id))
        assert (await other.does(ListCarts())).items == ()
    for nobody_special in (shopper, shopper.as_guest(), shopper.another("warehouse")):
        with pytest.raises(Forbidden):
            await nobody_special.does(ReplayCart(cart_id=cart_id))
    support = shopper.another("support")
    assert (await support.does(GetCart(cart_id=cart_id))).id == cart_id
    with pytest.raises(NoSuchCart):
        await support.does(ReplayCart(cart_id=new_id()))


async def test_nobody_has_more_open_carts_than_the_limit(shopper: Shopper) -> None:
    await shopper.value(FILL, shopper.call.actor.subject, MAX_OPEN - 1)
    await shopper.opens()
    with pytest.raises(TooManyCarts):
        await shopper.does(OpenCart())
    assert (await shopper.another().does(OpenCart())).version == 1


async def test_a_price_that_moved_and_stock_that_went_are_shown_at_the_next_look(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=2, B=1, C=1)
    await shopper.does(SaveForLater(cart_id=cart_id, sku="C"))
    await shopper.sees_price("A", 1300)
    await a_delivery(shopper.shop, "A", -9)
    seen = await shopper.does(GetCart(cart_id=cart_id))
    first, second = seen.items
    assert (first.price, first.price_when_added, first.price_changed) == (Decimal("13.00"), Decimal("12.50"), True)
    assert (first.available, first.in_stock, first.line_total) == (1, False, Decimal("26.00"))
    assert (second.price_changed, second.available, second.in_stock) == (False, 10, True)
    assert [line.sku for line in seen.saved] == ["C"]
    assert (seen.prices_changed, seen.pieces, seen.total, seen.currency) == (True, 3, Decimal("38.50"), "EUR")


async def test_another_device_finds_the_open_cart_page_by_page(shopper: Shopper) -> None:
    mine = [await shopper.opens(A=1), await shopper.opens(), await shopper.opens(B=2)]
    await shopper.value("UPDATE carts.carts SET status = 'EXPIRED' WHERE id = $1", mine[1])
    first = await shopper.does(ListCarts(limit=2))
    rest = await shopper.does(ListCarts(limit=2, cursor=first.next))
    lines = dict(zip(mine, (1, 0, 1), strict=True))
    latest = sorted(mine, reverse=True)  # of two that were opened within one millisecond either may be the later
    assert [(one.id, one.lines) for one in (*first.items, *rest.items)] == [(one, lines[one]) for one in latest]
    assert rest.next is None
    open_ones = await shopper.does(ListCarts(status=Status.OPEN))
    assert [one.id for one in open_ones.items] == [mine[2], mine[0]]


async def test_support_sees_how_a_cart_stood_at_any_version(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1, B=2)
    await shopper.does(SaveForLater(cart_id=cart_id, sku="A"))
    support = shopper.another("support")
    then = await support.does(ReplayCart(cart_id=cart_id, at=2))
    assert ([(line.sku, line.qty) for line in then.cart.items], then.cart.version) == ([("A", 1)], 2)
    now = await support.does(ReplayCart(cart_id=cart_id, limit=3))
    assert [line.sku for line in now.cart.saved] == ["A"]
    assert [(one.version, one.type) for one in now.events] == [(4, "LineSaved"), (3, "LineAdded"), (2, "LineAdded")]
    assert {one.by for one in now.events} == {shopper.call.actor.subject}
    last = await support.does(ReplayCart(cart_id=cart_id, limit=3, cursor=now.next))
    assert ([one.type for one in last.events], last.next) == (["CartOpened"], None)
