"""Orders whose goods have to come first: fair, paid when all is there, called off at any time, never oversold."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.builders import a_delivery, a_product, seen
from tests.edits import violations
from tests.shops import Shop, a_call, until, working
from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory._store.backorders import NoSuchBackorder
from tradewind.contexts.inventory.manifest import AdjustStock, SetBackordering, SetBundle
from tradewind.contexts.inventory.query_stock.query import QueryStock
from tradewind.contexts.inventory.queue_backorder.command import CancelBackorder
from tradewind.contexts.inventory.serve_backorders import timer
from tradewind.contexts.inventory.serve_backorders.timer import serve_backorders
from tradewind.contexts.inventory.set_backordering.command import InvalidBackordering
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.pay_order.command import NotPayable, PayOrder
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contracts.inventory import AwaitedGoods, NotEnoughStock
from tradewind.contracts.orders import OrderView
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden

STAFF = a_call("admin")
AT_ONCE = "UPDATE runtime.saga SET due_at = now() WHERE due_at IS NOT NULL"
NOTHING = "SELECT (SELECT count(*) FROM orders.orders), (SELECT count(*) FROM inventory.backorder)"
STOCK = "SELECT on_hand, reserved, waiting FROM inventory.inventory_stock WHERE sku = $1"
OPEN_KIT = """
    INSERT INTO inventory.inventory_stock (sku, product_id) SELECT 'KIT', id FROM catalog.products WHERE sku = 'KIT'
"""
TOLD = "SELECT type FROM runtime.outbox WHERE key = $1 ORDER BY stamp, position"


async def awaitable(shop: Shop, sku: str, *, stock: int = 0, limit: int = 10, **more: Any) -> None:
    await a_product(shop, sku, stock=stock + 1)
    await shop.dispatch(AdjustStock(sku=sku, delta=-1, reason="count"), STAFF)
    await shop.dispatch(SetBackordering(sku=sku, limit=limit, **more), STAFF)


async def order(shop: Shop, method: str | None = "simulated:approve", **goods: int) -> OrderView:
    items = tuple(OrderLine(sku=sku, qty=pieces) for sku, pieces in goods.items())
    command = PlaceOrder(items=items, payment_method=method, shipping_address={"country": "DE"})
    placed: OrderView = await shop.dispatch(command, a_call("customer"))
    return placed


async def comes_to(shop: Shop, status: str, *orders: OrderView) -> None:
    async def there() -> bool:
        return all([(await seen(shop, one.id)).status == status for one in orders])

    await until(shop, there)


async def stock(shop: Shop, sku: str) -> tuple[int, int, int]:
    row = await shop.db.pool.fetchrow(STOCK, sku)
    return row["on_hand"], row["reserved"], row["waiting"]


async def serve(shop: Shop) -> int:
    """As the timer does: until there is nothing to do."""
    served = 0
    while True:
        async with shop.db.transaction(a_call("system")) as tx:
            found = await serve_backorders(tx)
        if not found:
            return served
        served += found


async def ready(shop: Shop, *orders: OrderView) -> list[list[bool]]:
    views = [(await seen(shop, one.id)).backorder for one in orders]
    return [[line.ready for line in one.items] if one else [] for one in views]


async def told(shop: Shop, order_id: UUID) -> Sequence[str]:
    rows = await shop.db.pool.fetch(TOLD, str(order_id))
    return [".".join(row["type"].split(".")[2:4]) for row in rows]


async def test_what_may_not_be_waited_for_is_refused_and_nothing_is_written(shop: Shop) -> None:
    await a_product(shop, "LAMP", stock=1)
    await awaitable(shop, "KITE", limit=3)
    await a_product(shop, "KIT", stock=0)
    await shop.db.pool.execute(OPEN_KIT)
    await shop.dispatch(SetBundle(sku="KIT", parts={"KITE": 1}), STAFF)
    refused: list[dict[str, int]] = [{"LAMP": 2}, {"KITE": 4}, {"KITE": 1, "LAMP": 2}, {"KIT": 1}]
    for goods in refused:
        with pytest.raises(NotEnoughStock):
            await order(shop, "simulated:approve", **goods)
    assert tuple(await shop.db.pool.fetchrow(NOTHING)) == (0, 0)
    with pytest.raises(Forbidden):
        await shop.dispatch(SetBackordering(sku="KITE", limit=1), a_call("customer"))
    for limit, days, ahead in ((-1, 30, 1), (1, 0, 1), (1, 366, 1), (1, 30, 367)):
        with pytest.raises(InvalidBackordering):
            await shop.dispatch(
                SetBackordering(sku="KITE", limit=limit, patience_days=days, releases_at=now() + timedelta(days=ahead)),
                STAFF,
            )
    with pytest.raises(NoSuchStock):
        await shop.dispatch(SetBackordering(sku="NOBODY", limit=1), STAFF)
    with pytest.raises(NoStockOfItsOwn):
        await shop.dispatch(SetBackordering(sku="KIT", limit=1), STAFF)


async def test_an_order_for_what_is_not_there_waits_and_is_paid_once_it_has_come(working_shop: Shop) -> None:
    shop = working_shop
    await awaitable(shop, "KITE")
    placed = await order(shop, KITE=2)
    assert placed.status == "PENDING_RESERVATION"
    assert placed.backorder is not None
    assert placed.backorder.items == (AwaitedGoods("KITE", 2),)
    waits = (await seen(shop, placed.id)).backorder
    assert waits is not None
    assert waits.items == (AwaitedGoods("KITE", 2, ready=False, ahead=0),)
    assert await shop.db.pool.fetchval("SELECT count(*) FROM payments.payments") == 0
    await a_delivery(shop, "KITE", 3)
    await comes_to(shop, "PAID", placed)
    assert (await seen(shop, placed.id)).backorder is None
    assert await stock(shop, "KITE") == (1, 0, 0)
    assert await violations(shop) == []
    assert (await told(shop, placed.id))[:4] == [
        "order.created", "backorder.queued", "backorder.allotted", "reservation.reserved",
    ]  # fmt: skip


async def test_no_more_may_wait_than_the_limit_says_whoever_comes_at_once(shop: Shop) -> None:
    await awaitable(shop, "KITE", stock=1, limit=5)
    answers = await asyncio.gather(*(order(shop, KITE=2) for _ in range(8)), return_exceptions=True)
    assert [type(one).__name__ for one in answers].count("OrderView") == 3
    assert sum(isinstance(one, NotEnoughStock) for one in answers) == 5
    assert await stock(shop, "KITE") == (1, 0, 6)


async def test_who_came_first_is_served_first_and_nobody_who_comes_after_takes_it(shop: Shop) -> None:
    await awaitable(shop, "KITE")
    first, second = await order(shop, KITE=2), await order(shop, KITE=1)
    await a_delivery(shop, "KITE", 2)
    late = await order(shop, KITE=1)
    assert late.backorder is not None, "two lie there, but they are waited for"
    assert (await shop.dispatch(QueryStock(sku="KITE"), STAFF)).available == 0
    await serve(shop)
    assert await ready(shop, first, second, late) == [[True], [False], [False]]
    await a_delivery(shop, "KITE", 1)
    await serve(shop)
    assert await ready(shop, second, late) == [[True], [False]]
    assert await stock(shop, "KITE") == (3, 3, 1)


async def test_of_three_lines_two_are_kept_until_the_third_has_come(working_shop: Shop) -> None:
    shop = working_shop
    await a_product(shop, "LAMP", stock=1)
    await a_product(shop, "ROPE", stock=5)
    await awaitable(shop, "KITE")
    placed = await order(shop, LAMP=1, ROPE=2, KITE=1)

    async def kept() -> bool:
        return await ready(shop, placed) == [[False, True, True]]

    await until(shop, kept)
    with pytest.raises(NotEnoughStock):
        await order(shop, LAMP=1)
    assert await violations(shop) == []
    await a_delivery(shop, "KITE", 1)
    await comes_to(shop, "PAID", placed)
    assert [await stock(shop, sku) for sku in ("KITE", "LAMP", "ROPE")] == [(0, 0, 0), (0, 0, 0), (3, 0, 0)]
    assert await violations(shop) == []


async def test_who_calls_it_off_leaves_the_queue_and_what_was_kept_goes_to_the_next(working_shop: Shop) -> None:
    shop = working_shop
    await awaitable(shop, "KITE")
    await a_product(shop, "LAMP", stock=1)
    gone, next_ = await order(shop, KITE=1, LAMP=1), await order(shop, KITE=1)
    await shop.dispatch(CancelOrder(order_id=gone.id), STAFF)
    await comes_to(shop, "CANCELED", gone)
    assert await stock(shop, "LAMP") == (1, 0, 0)
    await a_delivery(shop, "KITE", 1)
    await comes_to(shop, "PAID", next_)
    assert (await told(shop, gone.id))[-2:] == ["backorder.given_up", "order.canceled"]
    assert await violations(shop) == []


async def test_calling_off_and_allotting_at_once_leave_one_of_both(working_shop: Shop) -> None:
    shop = working_shop
    await awaitable(shop, "KITE", limit=100)
    for _ in range(5):
        one = await order(shop, KITE=1)
        await asyncio.gather(
            a_delivery(shop, "KITE", 1), shop.dispatch(CancelOrder(order_id=one.id), STAFF), serve(shop), serve(shop),
            return_exceptions=True,
        )  # fmt: skip

        async def over(order_id: UUID = one.id) -> bool:
            return (await seen(shop, order_id)).status in ("CANCELED", "PAID")

        await until(shop, over)
    on_hand, reserved, waiting = await stock(shop, "KITE")
    assert (reserved, waiting) == (0, 0)
    paid = await shop.db.pool.fetchval("SELECT count(*) FROM orders.orders WHERE status = 'PAID'")
    assert on_hand == 5 - paid
    assert await violations(shop) == []


async def test_a_declined_card_gives_the_goods_to_whoever_waits_next(working_shop: Shop) -> None:
    shop = working_shop
    await awaitable(shop, "KITE")
    poor, rich = await order(shop, "simulated:decline", KITE=1), await order(shop, KITE=1)
    await a_delivery(shop, "KITE", 1)
    await comes_to(shop, "CANCELED", poor)
    await comes_to(shop, "PAID", rich)
    assert await violations(shop) == []


async def test_who_said_nothing_of_paying_is_asked_once_the_goods_are_there(working_shop: Shop) -> None:
    shop = working_shop
    await awaitable(shop, "KITE")
    placed = await order(shop, None, KITE=1)
    with pytest.raises(NotPayable):
        await shop.dispatch(PayOrder(order_id=placed.id, payment_method="simulated:approve"), STAFF)
    await a_delivery(shop, "KITE", 1)
    await comes_to(shop, "PENDING_PAYMENT", placed)
    await shop.dispatch(PayOrder(order_id=placed.id, payment_method="simulated:approve"), STAFF)
    await comes_to(shop, "PAID", placed)


async def test_nobody_gets_a_pre_order_before_its_release_though_it_lies_there(working_shop: Shop) -> None:
    shop = working_shop
    release = now() + timedelta(days=3)
    await awaitable(shop, "GAME", stock=5, limit=2, releases_at=release)
    placed = await order(shop, GAME=2)
    assert placed.backorder is not None
    assert placed.backorder.expected_at == release
    assert placed.backorder.until == release + timedelta(days=30)
    assert await serve(shop) == 0
    shown = await shop.dispatch(QueryStock(sku="GAME"), STAFF)
    assert (shown.available, shown.orderable, shown.releases_at) == (0, 5, release)
    await shop.dispatch(SetBackordering(sku="GAME", limit=0), STAFF)
    await comes_to(shop, "PAID", placed)
    assert (await order(shop, GAME=1)).backorder is None


async def test_who_has_waited_too_long_is_off_and_keeps_nothing(shop: Shop) -> None:
    await awaitable(shop, "KITE")
    await a_product(shop, "LAMP", stock=1)
    placed = await order(shop, KITE=1, LAMP=1)
    await serve(shop)
    async with working(shop):
        assert await ready(shop, placed) == [[False, True]]
        await shop.db.pool.execute("UPDATE inventory.backorder SET until = now()")
        await shop.db.pool.execute(AT_ONCE)
        await comes_to(shop, "CANCELED", placed)
    assert (await seen(shop, placed.id)).why == "the goods did not come in time"
    assert [await stock(shop, sku) for sku in ("KITE", "LAMP")] == [(0, 0, 0), (1, 0, 0)]


async def test_the_place_of_an_order_is_given_up_with_the_order_alone(shop: Shop) -> None:
    await awaitable(shop, "KITE")
    await order(shop, KITE=1)
    place = await shop.db.pool.fetchval("SELECT id FROM inventory.backorder")
    with pytest.raises(NoSuchBackorder):
        await shop.dispatch(CancelBackorder(backorder_id=place), STAFF)


async def test_without_leaving_the_queue_what_is_kept_back_is_nobodys_and_the_auditor_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer, "planted", lambda name: name == "allot_without_leaving_the_queue")
    await awaitable(shop, "KITE")
    await order(shop, KITE=1)
    await a_delivery(shop, "KITE", 1)
    await serve(shop)
    assert any("queue of SKU KITE" in line for line in await violations(shop))


async def test_a_day_passes_between_the_goods_and_the_end_of_the_promise(shop: Shop) -> None:
    await awaitable(shop, "KITE")
    await order(shop, None, KITE=1)
    await a_delivery(shop, "KITE", 1)
    await serve(shop)
    held = "SELECT extract(epoch FROM r.expires_at - b.until) FROM inventory.reservation r, inventory.backorder b"
    assert await shop.db.pool.fetchval(held) == 86_400
