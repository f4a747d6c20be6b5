"""Placing: what is refused leaves nothing behind, neighbours do not hurt each other, what is accepted is all there."""

import asyncio
from decimal import Decimal

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder, UnfitCurrency, UnknownProduct
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.kernel.errors import Forbidden, Refusal
from tradewind.runtime.database import Busy

COUNT = """
    SELECT (SELECT count(*) FROM orders.orders), (SELECT count(*) FROM orders.order_items),
           (SELECT count(*) FROM orders.order_status_history), (SELECT count(*) FROM inventory.reservation),
           (SELECT count(*) FROM runtime.saga), (SELECT count(*) FROM runtime.outbox),
           (SELECT count(*) FROM runtime.idempotency), (SELECT sum(reserved) FROM inventory.inventory_stock)
"""


def an_order(*lines: tuple[str, int], **others: object) -> PlaceOrder:
    items = tuple(OrderLine(sku=sku, qty=qty) for sku, qty in lines)
    return PlaceOrder(items=items, payment_method="simulated:approve", **others)  # type: ignore[arg-type]


async def counts(shop: Shop) -> tuple[object, ...]:
    return tuple(await shop.db.pool.fetchrow(COUNT))


@pytest.mark.parametrize(
    ("order", "refusal", "facts"),
    [
        (an_order(("NOWHERE", 1)), UnknownProduct, {"skus": ["NOWHERE"]}),
        (an_order(("EURO", 1), ("POUND", 1)), UnfitCurrency, {"currencies": ["EUR", "GBP"]}),
        (an_order(("EURO", 1), currency="USD"), UnfitCurrency, {"currencies": ["EUR", "USD"]}),
        (an_order(("EURO", 11)), NotEnoughStock, {"skus": ["EURO"]}),
        (an_order(("EURO", 6), ("EURO", 5)), NotEnoughStock, {"skus": ["EURO"]}),
        (an_order(("EURO", 1), ("FEW", 3)), NotEnoughStock, {"skus": ["FEW"]}),
    ],
)
async def test_a_refused_order_names_what_is_wrong_and_leaves_nothing(
    shop: Shop, order: PlaceOrder, refusal: type[Refusal], facts: dict[str, object]
) -> None:
    await a_product(shop, "EURO")
    await a_product(shop, "POUND", currency="GBP")
    await a_product(shop, "FEW", stock=2)
    before = await counts(shop)
    with pytest.raises(refusal) as refused:
        await shop.dispatch(order, a_call(key="k"))
    assert facts.items() <= refused.value.facts.items()
    assert await counts(shop) == before


async def test_who_may_not_order_is_refused_before_anything_is_read(shop: Shop) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(an_order(("ANY", 1)), a_call("warehouse"))


async def test_an_order_is_there_whole_with_its_lines_history_goods_saga_and_events(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    await a_product(shop, "PEN", amount="0.99")
    placed: OrderView = await shop.dispatch(an_order(("BOOK", 2), ("PEN", 3)), a_call())
    assert (placed.status, placed.total_amount, placed.currency) == ("RESERVED", Decimal("27.97"), "EUR")
    types = await shop.db.pool.fetch("SELECT type FROM runtime.outbox WHERE key = $1 ORDER BY position", str(placed.id))
    assert [row["type"] for row in types] == [
        "ecommerce.order.order.created.v1",
        "ecommerce.inventory.reservation.reserved.v1",
    ]
    held = await shop.db.pool.fetch(
        "SELECT sku, quantity, state FROM inventory.reservation WHERE order_id = $1 ORDER BY sku", placed.id
    )
    assert [tuple(row) for row in held] == [("BOOK", 2, "HELD"), ("PEN", 3, "HELD")]
    saga = await shop.db.pool.fetchrow("SELECT phase, step FROM runtime.saga WHERE id = $1", placed.id)
    assert tuple(saga) == ("STARTED", 1)
    trail = await shop.db.pool.fetchval("SELECT count(*) FROM runtime.audit_entry WHERE subject = $1", str(placed.id))
    assert trail == 1


async def test_an_order_without_a_payment_method_waits_to_be_paid(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    placed = await shop.dispatch(PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),)), a_call())
    assert placed.status == "PENDING_PAYMENT"


async def test_among_many_at_once_the_unfit_are_refused_and_the_others_get_their_goods(shop: Shop) -> None:
    await a_product(shop, "BOOK", stock=40)
    orders = [an_order(("BOOK", 1)) if n % 2 else an_order(("NOWHERE", 1)) for n in range(60)]
    outcomes = await asyncio.gather(*(shop.dispatch(one, a_call()) for one in orders), return_exceptions=True)
    assert [type(one) for one in outcomes] == [OrderView if n % 2 else UnknownProduct for n in range(60)]
    assert await shop.db.pool.fetchval("SELECT reserved FROM inventory.inventory_stock WHERE sku = 'BOOK'") == 30


async def test_many_orders_share_few_round_trips(shop: Shop) -> None:
    """The design's bound: a batch costs at most 5 round trips (and BEGIN) however many orders are in it."""
    await a_product(shop, "BOOK", stock=100)
    statements: list[str] = []
    held = [await shop.db.pool.acquire() for _ in range(shop.db.pool.get_size())]
    for connection in held:
        connection.add_query_logger(lambda query: statements.append(query.query))
        await shop.db.pool.release(connection)
    await asyncio.gather(*(shop.dispatch(an_order(("BOOK", 1)), a_call(key=f"k{n}")) for n in range(50)))
    batches = sum(1 for one in statements if one.startswith("BEGIN"))
    # Not counted: the bell, and what the driver asks once of each new connection about array types.
    others = [one for one in statements if not any(word in one for word in ("pg_notify", "jit", "typeinfo"))]
    assert len(others) <= 5 * batches, statements
    assert batches < 10


async def test_an_order_whose_stock_row_is_held_by_somebody_else_for_too_long_is_told_to_come_again(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    async with shop.db.pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM inventory.inventory_stock WHERE sku = 'BOOK' FOR UPDATE")
        with pytest.raises(Busy):
            await shop.dispatch(an_order(("BOOK", 1)), a_call())
    placed = await shop.dispatch(an_order(("BOOK", 1)), a_call())
    assert placed.status == "RESERVED"
