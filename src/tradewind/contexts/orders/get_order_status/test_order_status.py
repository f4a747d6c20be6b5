"""The cached status of an order: put there by its events, for its owner alone, and gone at its end."""

from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.get_order_status.kept import KEY, GetOrderStatus
from tradewind.contexts.orders.get_order_status.standing import Standing
from tradewind.contexts.orders.place_order.command import PlaceOrder
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import (
    OrderCancelled,
    OrderClaimed,
    OrderConfirmed,
    OrderFailed,
    OrderFulfilled,
    OrderLine,
    OrderPaid,
)
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.cache import Cache
from tradewind.runtime import tail
from tradewind.runtime.keeping import Encoded, own_key

TOTAL: Final[dict[str, Any]] = {"total_amount": Money(1250, "EUR").amount, "currency": "EUR"}
MOVE: Final = "UPDATE orders.orders SET status = $2 WHERE id = $1"


async def shown(shop: Shop, order_id: UUID, subject: str = "ada", role: str = "customer") -> str:
    body: Encoded = await shop.dispatch(GetOrderStatus(order_id=order_id), a_call(role, subject=subject))
    found: dict[str, str] = msgspec.json.decode(body.content)
    assert found["id"] == str(order_id)
    return found["status"]


async def kept(shop: Shop, order_id: UUID, subject: str = "ada") -> bytes | None:
    cache: Any = shop.db.peers[Cache]
    found: bytes | None = await cache.get(own_key(KEY.format(order_id), subject))
    return found


async def an_order(shop: Shop) -> UUID:
    """Ada's, which waits for its payment; heard by this process."""
    await a_product(shop, "BOOK")
    placed = await shop.dispatch(PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),)), a_call(subject="ada"))
    await shop.tail.caught_up()
    order_id: UUID = placed.id
    return order_id


async def tell(shop: Shop, *events: Event) -> None:
    async with shop.db.transaction(a_call("system")) as tx:
        tx.tell(*events)
    await shop.tail.caught_up()


async def test_other_users_find_no_order_whatever_is_kept_and_nothing_is_kept_for_them(shop: Shop) -> None:
    order_id = await an_order(shop)
    assert await kept(shop, order_id)
    for stranger in ("ben", "ada:x", ""):
        with pytest.raises(NoSuchOrder):
            await shown(shop, order_id, stranger or "nobody")
        assert await kept(shop, order_id, stranger or "nobody") is None
    with pytest.raises(NoSuchOrder):
        await shown(shop, new_id())


async def test_the_event_that_moves_an_order_puts_its_status_there_and_nobody_asks_the_database(shop: Shop) -> None:
    order_id = await an_order(shop)
    await shop.db.pool.execute(MOVE, order_id, "FAILED")
    assert await shown(shop, order_id) == "PENDING_PAYMENT"
    await tell(shop, OrderConfirmed(order_id=order_id, user_id="ada", **TOTAL))
    assert await shown(shop, order_id) == "CONFIRMED"
    await tell(shop, OrderPaid(order_id=order_id, user_id="ada", **TOTAL))
    assert await shown(shop, order_id) == "PAID"


async def test_what_is_heard_late_does_not_lead_an_order_back(shop: Shop) -> None:
    order_id = await an_order(shop)
    await shop.db.pool.execute(MOVE, order_id, "PAID")
    paid, confirmed = (one(order_id=order_id, user_id="ada", **TOTAL) for one in (OrderPaid, OrderConfirmed))
    await tell(shop, paid, confirmed)
    assert await shown(shop, order_id) == "PAID"


@pytest.mark.parametrize("end", ["FULFILLED", "CANCELED", "FAILED"])
async def test_an_order_that_is_over_is_kept_no_more(shop: Shop, end: str) -> None:
    order_id = await an_order(shop)
    ends: dict[str, Event] = {
        "FULFILLED": OrderFulfilled(order_id=order_id, user_id="ada"),
        "CANCELED": OrderCancelled(order_id=order_id, user_id="ada", reason="off", **TOTAL),
        "FAILED": OrderFailed(order_id=order_id, user_id="ada", cause="broken"),
    }
    await shop.db.pool.execute(MOVE, order_id, end)
    await tell(shop, ends[end])
    assert await kept(shop, order_id) is None
    assert await shown(shop, order_id) == end
    await tell(shop, OrderPaid(order_id=order_id, user_id="ada", **TOTAL))
    assert (await kept(shop, order_id), await shown(shop, order_id)) == (None, end)


async def test_where_the_tail_is_stale_the_database_is_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = await an_order(shop)
    await shop.db.pool.execute(MOVE, order_id, "PAID")
    monkeypatch.setattr(tail, "STALE_AFTER_S", -1.0)
    assert await shown(shop, order_id) == "PAID"


async def test_who_has_lost_an_order_to_its_claimer_sees_it_no_more(shop: Shop) -> None:
    order_id = await an_order(shop)
    await shop.db.pool.execute("UPDATE orders.orders SET user_id = 'ben' WHERE id = $1", order_id)
    await tell(shop, OrderClaimed(order_id=order_id, user_id="ben"))
    with pytest.raises(NoSuchOrder):
        await shown(shop, order_id)
    assert await shown(shop, order_id, "ben") == "PENDING_PAYMENT"


async def test_staff_may_see_it_and_what_is_kept_for_them_goes_with_the_order(shop: Shop) -> None:
    order_id = await an_order(shop)
    assert await shown(shop, order_id, "sue", "support") == "PENDING_PAYMENT"
    await shop.db.pool.execute(MOVE, order_id, "CONFIRMED")
    await tell(shop, OrderConfirmed(order_id=order_id, user_id="ada", **TOTAL))
    assert await shown(shop, order_id, "sue", "support") == "CONFIRMED"


async def test_a_real_order_says_whose_it_is_with_every_event_but_those_of_others(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_ended_order(working_shop, "BOOK")
    told = """SELECT count(*) FILTER (WHERE payload->>'userId' IS NULL), count(*) FROM runtime.outbox
              WHERE key = $1 AND type LIKE 'ecommerce.order.order.%'"""

    async def paid() -> bool:
        await working_shop.tail.caught_up()
        return bool(await working_shop.db.pool.fetchval("SELECT status = 'PAID' FROM orders.orders"))

    await until(working_shop, paid)
    assert tuple(await working_shop.db.pool.fetchrow(told, str(order_id))) == (0, 3)


def test_statuses_are_declared_in_the_order_in_which_orders_go_through_them() -> None:
    standing, order_id = Standing(), new_id()
    assert standing.rises(order_id, Status.RESERVED, None) is None
    assert standing.rises(order_id, Status.CONFIRMED, "ada") == "ada"
    assert standing.rises(order_id, Status.PENDING_PAYMENT, "ada") is None
    assert standing.rises(order_id, Status.PAID, None) == "ada"
    assert standing.rises(order_id, Status.FULFILLED, None) == "ada"
