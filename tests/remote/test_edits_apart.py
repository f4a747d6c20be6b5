"""Edits of orders whose goods are kept in another database: moved there once they are true here, once for each edit."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.builders import a_product, seen
from tests.edits import edit, money, over
from tests.remote.test_orders_apart import Apart, apart
from tests.shops import a_call, until
from tradewind.app.audit.across import audit_across
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.contracts.orders import OrderView

__all__ = ["apart"]

STOCK = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = $1"
HEARD = """
    INSERT INTO catalog.availability (sku, available) VALUES ($1, $2)
    ON CONFLICT (sku) DO UPDATE SET available = excluded.available
"""
AT = "SELECT step = $2 AND phase = 'STARTED' AND attempt > 0 FROM runtime.saga WHERE id = $1"
MOVE_GOODS = 3
CHECKED = (
    "both databases", "stock ledger", "reservations", "claims", "edits", "order money", "refunds", "payments",
    "credits", "order in the log",
)  # fmt: skip
"""Of what the auditor says: no Kafka carries events between the two databases of these tests."""
CALM_S = 2.0


@pytest_asyncio.fixture
async def both(apart: Apart) -> Apart:
    """Two shops with books and pens, of which the catalog has heard. Inventory answers once it is asked to."""
    await a_product(apart.inventory, "PEN", amount="3.00")
    await a_product(apart.orders, "PEN", amount="3.00", stock=0)
    for sku in ("BOOK", "PEN"):
        await heard(apart, sku, 10)
    return apart


async def heard(both: Apart, sku: str, pieces: int) -> None:
    """What the catalog believes of the stock."""
    await both.orders.db.pool.execute(HEARD, sku, pieces)


async def stock(both: Apart, sku: str) -> tuple[int, int]:
    """On hand and reserved, where the stock is."""
    row = await both.inventory.db.pool.fetchrow(STOCK, sku)
    return row["on_hand"], row["reserved"]


async def wrong(both: Apart) -> list[str]:
    """What the auditor finds in both databases of goods, and of the money for them."""
    urls = both.orders.engines.database_url, {"inventory": both.inventory.engines.database_url}
    lines = (await audit_across(*urls, None, settle_s=CALM_S)).lines()
    return [line for line in lines if line.startswith(CHECKED)]


async def ended(both: Apart, order_id: UUID) -> tuple[OrderView, str]:
    """The order once its edit is over, and how that ended."""
    order = await over(both.orders, order_id)
    assert order.edit is not None
    return order, order.edit.status


def pieces(order: OrderView) -> dict[str, int]:
    """Of each SKU."""
    return {line.sku: line.qty for line in order.items}


@pytest.mark.parametrize(
    ("wanted", "books", "pens", "paid"),
    [
        ({"PEN": 2}, 8, 8, 3100),
        ({"BOOK": 3}, 7, 10, 3750),
        ({"BOOK": 1}, 9, 10, 1250),
        ({"BOOK": 1, "PEN": 1}, 9, 9, 1550),
        ({"BOOK": 0, "PEN": 9}, 10, 1, 2700),
    ],
)
async def test_goods_come_and_go_there_and_money_here(
    both: Apart, wanted: dict[str, int], books: int, pens: int, paid: int
) -> None:
    async with both.answering():
        order_id = (await both.ended()).id
        await edit(both.orders, order_id, **wanted)
        order, status = await ended(both, order_id)
        assert status == "DONE"
        assert await wrong(both) == []
    assert pieces(order) == {sku: qty for sku, qty in {"BOOK": 2, **wanted}.items() if qty}
    assert (await stock(both, "BOOK"), await stock(both, "PEN")) == ((books, 0), (pens, 0))
    assert await money(both.orders, order_id) == paid


async def test_two_edits_one_after_the_other_add_up(both: Apart) -> None:
    async with both.answering():
        order_id = (await both.ended()).id
        for wanted in ({"PEN": 3}, {"BOOK": 1, "PEN": 1}):
            await edit(both.orders, order_id, **wanted)
            assert (await ended(both, order_id))[1] == "DONE"
        assert await wrong(both) == []
    assert (await stock(both, "BOOK"), await stock(both, "PEN")) == ((9, 0), (9, 0))
    assert await money(both.orders, order_id) == 1550


async def test_what_the_bank_will_not_pay_for_is_not_changed_and_nothing_stays_held(both: Apart) -> None:
    async with both.answering():
        order_id = (await both.ended()).id
        await edit(both.orders, order_id, PEN=2, payment_method="simulated:decline")
        order, status = await ended(both, order_id)
        assert await wrong(both) == []
    assert (status, pieces(order)) == ("REFUSED", {"BOOK": 2})
    assert (await stock(both, "BOOK"), await stock(both, "PEN")) == ((8, 0), (10, 0))
    assert await money(both.orders, order_id) == 2500


async def test_what_is_not_there_is_refused_at_once_where_that_was_heard_and_else_by_inventory(both: Apart) -> None:
    async with both.answering():
        order_id = (await both.ended()).id
        with pytest.raises(NotEnoughStock) as refused:
            await edit(both.orders, order_id, PEN=11)
        assert refused.value.facts["skus"] == ["PEN"]
        await heard(both, "PEN", 20)
        await edit(both.orders, order_id, PEN=11)
        order, status = await ended(both, order_id)
        assert await wrong(both) == []
    assert (status, order.edit and order.edit.why) == ("REFUSED", "out of stock: PEN")
    assert (await stock(both, "PEN"), await money(both.orders, order_id)) == ((10, 0), 2500)


async def test_answers_that_are_lost_are_asked_for_again_and_nothing_moves_twice(both: Apart) -> None:
    async with both.answering():
        order_id = (await both.ended()).id
        both.way.losses = 2
        await edit(both.orders, order_id, BOOK=1, PEN=6)
        order, status = await ended(both, order_id)
        assert await wrong(both) == []
    assert (status, pieces(order)) == ("DONE", {"BOOK": 1, "PEN": 6})
    assert (await stock(both, "BOOK"), await stock(both, "PEN")) == ((9, 0), (4, 0))
    assert both.way.arrived.count("amend") == 3


async def test_an_edit_that_is_true_waits_for_inventory_and_the_auditor_for_both(
    both: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both.answering():
        order_id = (await both.ended()).id
        monkeypatch.setattr(both.way, "amend", both.way.away)
        begun = await edit(both.orders, order_id, BOOK=1, PEN=6)
        assert begun.edit is not None
        edit_id = begun.edit.id
        await until(both.orders, lambda: both.orders.db.pool.fetchval(AT, edit_id, MOVE_GOODS))
        standing = await seen(both.orders, order_id)
        assert (standing.edit and standing.edit.status, pieces(standing)) == ("COMMITTED", {"BOOK": 1, "PEN": 6})
        assert (await stock(both, "BOOK"), await stock(both, "PEN")) == ((8, 0), (10, 6))
        assert await wrong(both) == []
        monkeypatch.setattr(both.way, "amend", both.way.real.amend)
        assert (await ended(both, order_id))[1] == "DONE"
        assert await wrong(both) == []
    assert (await stock(both, "BOOK"), await stock(both, "PEN")) == ((9, 0), (4, 0))


async def test_an_unpaid_order_keeps_its_goods(both: Apart) -> None:
    async with both.answering():
        placed: Any = await both.orders.dispatch(PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),)), a_call())

        async def held() -> bool:
            return (await seen(both.orders, placed.id)).status == "PENDING_PAYMENT"

        await until(both.orders, held)
        with pytest.raises(NotEnoughStock):
            await edit(both.orders, placed.id, BOOK=2)
    assert await stock(both, "BOOK") == (10, 1)
