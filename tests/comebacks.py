"""Goods that come back, by the shop's own commands."""

from typing import Any
from uuid import UUID

from tests.builders import an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.contexts.payments.refund_payment.goods import RefundLine
from tradewind.contexts.returns._domain.returned import Line, Reason
from tradewind.contexts.returns.manifest import ApproveReturn, InspectReturn, ReceiveReturn, RequestReturn
from tradewind.contexts.returns.request_return.command import Wanted
from tradewind.contexts.shipping.manifest import DeliverShipment, DispatchShipment
from tradewind.kernel.money import Money

STAFF = a_call("admin", subject="staff")
SHIPMENT = "SELECT id FROM shipping.shipments WHERE order_id = $1"
FULFILLED = "SELECT status = 'FULFILLED' FROM orders.orders WHERE id = $1"
STATUS = "SELECT status FROM returns.returns WHERE id = $1"


async def a_delivered_order(shop: Shop, sku: str, qty: int, **how: Any) -> UUID:
    """An order that its buyer has; its id."""
    order_id = await an_ended_order(shop, sku, qty=qty, **how)
    shipment_id = await shop.db.pool.fetchval(SHIPMENT, order_id)
    await shop.dispatch(DispatchShipment(shipment_id=shipment_id), STAFF)
    await shop.dispatch(DeliverShipment(shipment_id=shipment_id), STAFF)
    await until(shop, lambda: shop.db.pool.fetchval(FULFILLED, order_id))
    return order_id


async def asked(shop: Shop, order_id: UUID, sku: str, qty: int, **exchange: int) -> Any:
    """A return that somebody asked for; `exchange`: what they would rather have, by SKU."""
    rather = tuple(Wanted(*one) for one in exchange.items())
    wish = RequestReturn(order_id=order_id, lines=(Wanted(sku, qty),), reason=Reason.DAMAGED, exchange=rather)
    return await shop.dispatch(wish, STAFF)


async def approved(shop: Shop, order_id: UUID, sku: str, qty: int, **exchange: int) -> Any:
    """A return that is on its way."""
    one = await asked(shop, order_id, sku, qty, **exchange)
    return await shop.dispatch(ApproveReturn(return_id=one.id), STAFF)


async def received(
    shop: Shop, order_id: UUID, sku: str, qty: int, *, warehouse: str | None = None, **exchange: int
) -> Any:
    """A return whose parcel is in the warehouse."""
    one = await approved(shop, order_id, sku, qty, **exchange)
    return await shop.dispatch(ReceiveReturn(return_id=one.id, warehouse=warehouse), STAFF)


async def inspected(shop: Shop, one: Any, restocked: int = 0, written_off: int = 0, refused: int = 0) -> Any:
    """What the shop says once somebody has looked into the parcel of a return of one SKU."""
    sku, pieces = one.lines[0].sku, restocked + written_off + refused
    line = Line(sku=sku, quantity=pieces, restocked=restocked, written_off=written_off, refused=refused)
    return await shop.dispatch(InspectReturn(return_id=one.id, lines=(line,)), STAFF)


async def comes_to(shop: Shop, return_id: UUID, status: str) -> None:
    """Wait until the return has this status."""

    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(STATUS, return_id) == status)

    await until(shop, look)


async def refunded_by_hand(shop: Shop, order_id: UUID, minor: int) -> None:
    """Some of what was paid is promised back beside any return."""
    amount = Money(minor, "EUR").amount
    await shop.dispatch(RefundPayment(order_id=order_id, amount=amount, reason="a scratch"), STAFF)


async def pieces_refunded_by_hand(shop: Shop, order_id: UUID, sku: str, pieces: int) -> None:
    """Somebody of the shop gives back what was paid for so many pieces, whatever becomes of them."""
    lines = (RefundLine(sku=sku, qty=pieces),)
    await shop.dispatch(RefundPayment(order_id=order_id, reason="goodwill", lines=lines), STAFF)
