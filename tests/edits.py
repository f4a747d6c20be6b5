"""Orders that are changed, by the shop's own commands, and what else may happen to them meanwhile."""

from typing import Any
from uuid import UUID

from tests.builders import a_product, an_ended_order, seen
from tests.comebacks import SHIPMENT, STAFF
from tests.shops import Shop, until
from tradewind.app.audit import audit
from tradewind.contexts.inventory.expire_reservations.timer import EXPIRE_RESERVATIONS
from tradewind.contexts.orders._domain.edit import OVER
from tradewind.contexts.orders.edit_order.command import EditOrder, Quantity
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.contexts.shipping.manifest import DispatchShipment, ReportLoss
from tradewind.contracts.orders import OrderView
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

STOCK = "SELECT on_hand, reserved FROM inventory.inventory_stock WHERE sku = $1"
PARKED = "SELECT phase = 'NEEDS_ATTENTION' FROM runtime.saga WHERE id = $1"
MONEY = """
    SELECT sum(captured_minor - refunded_minor)::int FROM payments.payments WHERE order_id = $1 OR part_of = $1
"""


async def a_paid_order(shop: Shop, qty: int = 2, method: str = "approve") -> UUID:
    """An order of books at 12.50 that is paid; there are pens at 3.00 too."""
    await a_product(shop, "BOOK")
    await a_product(shop, "PEN", amount="3.00")
    return await an_ended_order(shop, "BOOK", qty=qty, method=f"simulated:{method}")


async def edit(
    shop: Shop, order_id: UUID, *, call: Any = STAFF, version: int | None = None, **changes: Any
) -> OrderView:
    """Have so many of these SKUs instead."""
    more = {name: changes.pop(name) for name in ("shipping_address", "payment_method") if name in changes}
    items = tuple(Quantity(sku, qty) for sku, qty in changes.items())
    answer: OrderView = await shop.dispatch(EditOrder(order_id=order_id, expected=version, items=items, **more), call)
    return answer


async def over(shop: Shop, order_id: UUID) -> OrderView:
    """The order once its last edit is over."""

    async def look() -> OrderView | None:
        order = await seen(shop, order_id)
        return order if order.edit and order.edit.status in OVER else None

    found: OrderView = await until(shop, look)
    return found


async def comes_to(shop: Shop, order_id: UUID, status: str) -> None:
    """Wait until the order has this status."""

    async def look() -> bool:
        return (await seen(shop, order_id)).status == status

    await until(shop, look)


async def stock(shop: Shop, sku: str) -> tuple[int, int]:
    """On hand, and reserved of it."""
    row = await shop.db.pool.fetchrow(STOCK, sku)
    return row["on_hand"], row["reserved"]


async def money(shop: Shop, order_id: UUID) -> int:
    """What is taken and not given back, of the order and its parts."""
    minor: int = await shop.db.pool.fetchval(MONEY, order_id)
    return minor


async def dispatch(shop: Shop, order_id: UUID) -> None:
    """Hand its parcel over."""
    shipment_id = await shop.db.pool.fetchval(SHIPMENT, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)


async def lose(shop: Shop, order_id: UUID) -> None:
    """Report its parcel as lost."""
    await shop.dispatch(ReportLoss(shipment_id=await shop.db.pool.fetchval(SHIPMENT, order_id)), STAFF)


async def expire(shop: Shop, *, due: bool = True) -> None:
    """The time of everything that is held is over, or of what is `due` by now; the timer sees it."""
    if due:
        await shop.db.pool.execute("UPDATE inventory.reservation SET expires_at = now() WHERE state = 'HELD'")
    async with shop.db.transaction(internal_call("test")) as tx:
        await EXPIRE_RESERVATIONS.run(tx)


async def parked(shop: Shop, saga_id: UUID) -> None:
    """Wait until this saga needs a person."""
    await until(shop, lambda: shop.db.pool.fetchval(PARKED, saga_id))


async def undone(shop: Shop, order_id: UUID) -> None:
    """A person has the whole order undone."""
    async with shop.db.transaction(STAFF) as tx:
        await signals.mend(tx, PLACE_ORDER, order_id, Compensate("the buyer phoned"))


async def violations(shop: Shop) -> list[str]:
    """The names of the auditor's checks that do not hold, with what they say."""
    report = await audit(shop.engines.database_url, None, settle_s=20)
    return [*(check.name for check in report.checks if not check.ok), *report.lines()]
