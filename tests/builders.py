"""Things that tests of several contexts need in a shop, made through its own commands."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.shops import Shop, a_call, until
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.manifest import OrderLine, PlaceOrder
from tradewind.contracts.orders import OrderView


async def a_product(shop: Shop, sku: str, *, stock: int = 10, amount: str = "12.50", currency: str = "EUR") -> str:
    """A product with a price and `stock` pieces of it on the shelf; its SKU."""
    admin = a_call("admin")
    product = CreateProduct(sku=sku, name=sku, category="books", amount=Decimal(amount), currency=currency)
    await shop.dispatch(product, admin)
    if stock:
        await a_delivery(shop, sku, stock)
    return sku


async def a_delivery(shop: Shop, sku: str, pieces: int) -> None:
    """So many more on the shelf."""
    await shop.dispatch(AdjustStock(sku=sku, delta=pieces, reason="delivery"), a_call("admin"))


async def an_ended_order(
    shop: Shop,
    sku: str,
    *,
    qty: int = 2,
    method: str = "simulated:approve",
    country: str = "DE",
    user_id: str | None = None,
) -> UUID:
    """An order that a working shop has carried to its end, whichever that is; its id. Of somebody new by default."""
    items = (OrderLine(sku=sku, qty=qty),)
    command = PlaceOrder(items=items, payment_method=method, shipping_address={"country": country})
    order_id: UUID = (await shop.dispatch(command, a_call(subject=user_id))).id

    async def over() -> bool:
        phase = await shop.db.pool.fetchval("SELECT phase FROM runtime.saga WHERE id = $1", order_id)
        return phase in ("COMPLETED", "FAILED")

    await until(shop, over)
    return order_id


async def seen(shop: Shop, order_id: UUID) -> OrderView:
    """The order as staff see it now."""
    found: OrderView = await shop.dispatch(GetOrder(order_id=order_id), a_call("admin"))
    return found


async def ended(shop: Shop, method: str = "approve", **how: Any) -> OrderView:
    """An order of BOOKs as it is after its end, paid by this method of the simulated provider. See `an_ended_order`."""
    return await seen(shop, await an_ended_order(shop, "BOOK", method=f"simulated:{method}", **how))
