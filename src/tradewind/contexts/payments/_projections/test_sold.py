"""What payments keeps of orders is what orders says they are of, in whichever order and however often that is told."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations
from typing import Any, Final
from uuid import UUID

import pytest

from tests.edits import a_paid_order, edit, over
from tests.shops import Shop, until
from tradewind.contexts.payments._projections.sold import sold
from tradewind.contexts.payments._store.sold import Heard, made_true
from tradewind.contracts.orders import BoughtLine, OrderEdited, OrderedItem, OrderPlaced, Sold, SoldPeer
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.runtime.call import internal_call
from tradewind.runtime.subscriptions import Told

ROWS: Final = "SELECT place, edits, items_minor, tax_minor, discount_minor, lines FROM payments.sold"
HEARD: Final = "SELECT $2 = ANY(edits) FROM payments.sold WHERE order_id = $1"
NOTHING: Final = Decimal(0)


def item(sku: str, qty: int, price: str, *, fee: bool = False) -> OrderedItem:
    return OrderedItem(None if fee else new_id(), sku, qty, Decimal(price))


def placed(order_id: UUID, *items: OrderedItem) -> OrderPlaced:
    return OrderPlaced(
        order_id=order_id,
        user_id="ada",
        total_amount=NOTHING,
        currency="EUR",
        items=items,
        shipping_amount=Decimal("4.90"),
        tax_amount=Decimal("1.20"),
        discount_amount=Decimal("0.30"),
        placed_at=now(),
    )


def edited(order_id: UUID, *items: OrderedItem) -> OrderEdited:
    return OrderEdited(
        order_id=order_id,
        edit_id=new_id(),
        user_id="ada",
        previous_amount=NOTHING,
        total_amount=NOTHING,
        currency="EUR",
        items=items,
        shipping_amount=NOTHING,
        tax_amount=NOTHING,
        discount_amount=NOTHING,
        address_changed=False,
    )


def told(*events: Any) -> list[Told[Any]]:
    """As the log has them, one after the other."""
    return [Told(event, new_id(), now(), place) for place, event in enumerate(events, 1)]


async def hear(shop: Shop, said: Sequence[Told[Any]]) -> None:
    async with shop.db.transaction(internal_call("test")) as tx:
        await sold.react(said, tx)


async def known(shop: Shop, order_id: UUID) -> Sold | None:
    async with shop.db.reading(internal_call("test")) as tx:
        return await Heard().sold(tx, order_id)


def of(*lines: tuple[str, int, int], items: int, tax: int = 0, discount: int = 0) -> Sold:
    return Sold(
        lines=tuple(
            BoughtLine(sku=sku, product_id=None, quantity=pieces, unit_price=Money(minor, "EUR"))
            for sku, pieces, minor in lines
        ),
        items=Money(items, "EUR"),
        tax=Money(tax, "EUR"),
        discount=Money(discount, "EUR"),
    )


async def test_goods_are_kept_with_what_they_cost_and_fees_count_for_the_whole(shop: Shop) -> None:
    order_id = new_id()
    assert await known(shop, order_id) is None
    await hear(shop, told(placed(order_id, item("A", 2, "1.50"), item("WRAP", 1, "0.99", fee=True), item("A", 1, "1"))))
    assert await known(shop, order_id) == of(("A", 2, 150), ("A", 1, 100), items=499, tax=120, discount=30)


async def test_however_late_or_often_it_is_told_it_is_of_what_was_told_last(shop: Shop) -> None:
    for together in (True, False):
        for turn in permutations(range(3)):
            order_id = new_id()
            books, fewer, pens = (item(sku, qty, "2") for sku, qty in (("BOOK", 3), ("BOOK", 1), ("PEN", 1)))
            said = told(placed(order_id, books), edited(order_id, fewer), edited(order_id, pens))
            turned = [*(said[one] for one in turn), said[turn[0]]]
            for batch in [turned] if together else [[one] for one in turned]:
                await hear(shop, batch)
            assert await known(shop, order_id) == of(("PEN", 1, 200), items=200), turn
    found = await shop.db.pool.fetch(ROWS)
    assert [(row["place"], len(row["edits"])) for row in found] == [(3, 2)] * 12


async def test_an_edit_that_is_true_is_waited_for_whichever_is_known_first(shop: Shop) -> None:
    for heard_first in (True, False):
        order_id = new_id()
        first, then = told(placed(order_id, item("BOOK", 3, "2")), edited(order_id, item("BOOK", 1, "2")))
        await hear(shop, [first, then] if heard_first else [first])
        async with shop.db.transaction(internal_call("test")) as tx:
            for _ in range(2):
                await made_true(tx, order_id, then.event.edit_id)
        if not heard_first:
            assert await known(shop, order_id) is None
            await hear(shop, [then])
        assert await known(shop, order_id) == of(("BOOK", 1, 200), items=200)


async def test_what_is_undone_was_not_heard(shop: Shop) -> None:
    order_id = new_id()

    async def break_off() -> None:
        async with shop.db.transaction(internal_call("test")) as tx:
            await sold.react(told(placed(order_id, item("A", 1, "1"))), tx)
            raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        await break_off()
    assert await known(shop, order_id) is None


async def test_a_shop_in_one_process_keeps_it_too_and_it_agrees_with_orders(working_shop: Shop) -> None:
    order_id = await a_paid_order(working_shop)
    await edit(working_shop, order_id, BOOK=1, PEN=3)
    changed = await over(working_shop, order_id)
    assert changed.edit is not None
    edit_id = changed.edit.id
    await until(working_shop, lambda: working_shop.db.pool.fetchval(HEARD, order_id, edit_id))
    async with working_shop.db.reading(internal_call("test")) as tx:
        ours = await tx.peer(SoldPeer).sold(tx, order_id)
    assert ours is not None
    assert await known(working_shop, order_id) == of(
        *((one.sku, one.quantity, one.unit_price.minor) for one in ours.lines),
        items=ours.items.minor,
        tax=ours.tax.minor,
        discount=ours.discount.minor,
    )
    assert len(ours.lines) == 2
