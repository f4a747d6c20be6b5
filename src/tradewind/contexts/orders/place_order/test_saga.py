"""The saga step by step: the three failures end as written (S3-79 to S3-81), and each step may run again."""

from uuid import UUID

import pytest

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga.definition import Local, Task

STAFF = a_call("admin")
LOCAL = ("reserve_inventory", "confirm_reservation", "create_shipment", "confirm_order")


async def ended(shop: Shop, method: str, *, country: str = "DE") -> OrderView:
    await a_product(shop, "BOOK")
    order_id = await an_ended_order(shop, "BOOK", method=f"simulated:{method}", country=country)
    seen: OrderView = await shop.dispatch(GetOrder(order_id=order_id), STAFF)
    return seen


async def stock(shop: Shop) -> tuple[int, int]:
    row = await shop.db.pool.fetchrow("SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = 'BOOK'")
    return row["on_hand"], row["reserved"]


async def payment(shop: Shop, order_id: UUID) -> str:
    status: str = await shop.db.pool.fetchval("SELECT status FROM payments.payments WHERE order_id = $1", order_id)
    return status


async def test_an_approved_order_is_confirmed_then_paid_and_its_goods_leave_the_stock(working_shop: Shop) -> None:
    order = await ended(working_shop, "approve")
    assert [step.status for step in order.history or ()] == ["PENDING_RESERVATION", "RESERVED", "CONFIRMED", "PAID"]
    assert await stock(working_shop) == (8, 0)
    assert await payment(working_shop, order.id) == "CAPTURED"


async def test_a_declined_card_gives_the_stock_back_before_the_order_is_canceled(working_shop: Shop) -> None:
    order = await ended(working_shop, "decline")
    assert (order.status, order.why) == ("CANCELED", "payment declined: insufficient_funds")
    assert await stock(working_shop) == (10, 0)
    assert await payment(working_shop, order.id) == "FAILED"


async def test_an_order_nobody_carries_is_canceled_its_payment_voided_and_its_goods_back(working_shop: Shop) -> None:
    order = await ended(working_shop, "approve", country="AQ")
    assert order.status == "CANCELED"
    assert await stock(working_shop) == (10, 0)
    assert await payment(working_shop, order.id) == "VOIDED"
    told = await working_shop.db.pool.fetch(
        "SELECT type FROM runtime.outbox WHERE key = $1 ORDER BY position", str(order.id)
    )
    assert [row["type"].removeprefix("ecommerce.") for row in told] == [
        "order.order.created.v1",
        "inventory.reservation.reserved.v1",
        "payment.payment.initiated.v1",
        "payment.payment.authorized.v1",
        "inventory.reservation.confirmed.v1",
        "shipping.shipment.unavailable.v1",
        "payment.payment.voided.v1",
        "inventory.reservation.released.v1",
        "order.order.canceled.v1",
    ]


async def test_an_answer_that_was_lost_is_asked_for_again_and_charges_once(working_shop: Shop) -> None:
    order = await ended(working_shop, "lost-answer")
    assert order.status == "PAID"
    assert await payment(working_shop, order.id) == "CAPTURED"


async def test_what_a_silent_provider_holds_is_found_by_look_up(working_shop: Shop) -> None:
    order = await ended(working_shop, "timeout-after")
    assert order.status == "PAID"
    assert await payment(working_shop, order.id) == "CAPTURED"


async def test_a_provider_that_never_answers_fails_the_order_and_leaves_nothing_held(working_shop: Shop) -> None:
    order = await ended(working_shop, "timeout")
    assert order.status == "FAILED"
    assert await stock(working_shop) == (10, 0)
    assert await payment(working_shop, order.id) == "VOIDED"


@pytest.mark.parametrize("step", LOCAL)
async def test_a_local_step_that_runs_again_changes_nothing(working_shop: Shop, step: str) -> None:
    order = await ended(working_shop, "approve")
    work = next(one.do for one in PLACE_ORDER.steps if one.name == step)
    before = await stock(working_shop), await working_shop.db.pool.fetchval("SELECT count(*) FROM runtime.outbox")
    async with working_shop.db.transaction(internal_call("again")) as tx:
        tasks = [Task(order.id, f"{order.id}/{step}/0", internal_call("again"))]
        await (work.run(tx, tasks) if isinstance(work, Local) else work.prepare(tx, tasks))
    after = await stock(working_shop), await working_shop.db.pool.fetchval("SELECT count(*) FROM runtime.outbox")
    assert after == before
