"""What a changed order costs: what stays keeps its price, what comes has today's; the client says no amounts."""

from collections.abc import Mapping
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.orders._domain import edit as edits
from tradewind.contexts.orders._domain.edit import Added, Edit, UnfitEdit
from tradewind.contexts.orders._domain.order import Line, Order, Status
from tradewind.contexts.orders.place_order.paying import as_before
from tradewind.contracts.customers import CustomersPeer
from tradewind.contracts.orders import UnfitCurrency, UnknownProduct
from tradewind.contracts.pricing import Price, PricingPeer, QuotedLine, QuoteRequest
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

PLACE = ("country", "region")
"""What taxes and carriage are by."""


async def reprice(
    tx: Tx, order: Order, edit_id: UUID, wanted: Mapping[str, int], address: dict[str, str] | None, method: str | None
) -> Edit:
    """The edit by which the order has so many of these SKUs, and goes to `address` where one is said.

    Refuses with UnfitEdit, UnknownProduct, UnfitCurrency, NoSuchPrice.
    """
    touched = {sku for sku, pieces in wanted.items() if pieces != order.quantities.get(sku, 0)}
    if limited := sorted(touched & await tx.peer(PricingPeer).on_sale(tx, order.id) if touched else ()):
        raise UnfitEdit(f"Pieces of a flash sale stay as they were ordered: {', '.join(limited)}.", skus=limited)
    if address is not None and order.shipping_method is not None:
        _same_place(order.shipping_address, address)
    stays, comes = edits.kept(order, wanted), await added(tx, order, edits.more(order, wanted))
    lines = edits.together(stays, comes)
    edit = Edit(
        id=edit_id,
        order_id=order.id,
        order_version=order.version,
        lines=lines,
        shipping=await _carriage(tx, order, lines),
        tax=stays.tax + comes.tax,
        discount=stays.discount + comes.discount,
        difference=Money(0, order.currency),
        payment_method=method or as_before(order.id, order.payment_method),
        shipping_address=None if address == order.shipping_address else address,
    )
    edits.check(edit, order)
    return edit if order.status is not Status.PAID else _with_difference(edit, order)


def _with_difference(edit: Edit, order: Order) -> Edit:
    return replace(edit, difference=Money(edit.total.minor - order.total.minor, order.currency))


def _same_place(before: Mapping[str, str] | None, address: Mapping[str, str]) -> None:
    """Its taxes and carriage were agreed on for that country and region; what is fetched goes nowhere."""
    if before is None or any(before.get(part) != address.get(part) for part in PLACE):
        raise UnfitEdit("Taxes and carriage are other ones there: cancel it, and order anew.")


async def added(tx: Tx, order: Order, more: Mapping[str, int]) -> Added:
    """What comes, as it would be sold now: of an order that was quoted with its taxes, else by the price alone."""
    nothing = Money(0, order.currency)
    if not more:
        return Added(lines=(), tax=nothing, discount=nothing)
    if order.shipping_method is None:
        return Added(lines=await _priced(tx, order, more), tax=nothing, discount=nothing)
    address = order.shipping_address
    if address is None:
        raise UnfitEdit("What is fetched can be ordered apart; nothing can be added to it.")
    groups = frozenset[str]() if order.guest else await tx.peer(CustomersPeer).groups(tx, order.user_id)
    quote = await tx.peer(PricingPeer).quote(
        tx,
        QuoteRequest(
            quantities=more,
            customer_id=order.user_id,
            groups=groups,
            currency=order.currency,
            country=address["country"],
            region=address.get("region"),
            shipping=nothing,
        ),
    )
    return Added(lines=tuple(_line(one) for one in quote.lines), tax=quote.tax, discount=quote.discount)


async def _priced(tx: Tx, order: Order, more: Mapping[str, int]) -> tuple[Line, ...]:
    prices: Mapping[str | UUID, Price] = await tx.peer(PricingPeer).prices(tx, list(more), [])
    if unknown := sorted(sku for sku in more if sku not in prices):
        raise UnknownProduct("Not sold here: " + ", ".join(unknown[:5]), skus=unknown)
    if any(prices[sku].price.currency != order.currency for sku in more):
        raise UnfitCurrency(currencies=sorted({order.currency, *(prices[sku].price.currency for sku in more)}))
    return tuple(_line(prices[sku], quantity) for sku, quantity in more.items())


def _line(one: QuotedLine | Price, quantity: int = 0) -> Line:
    if one.sale_id is not None:
        raise UnfitEdit(f"{one.sku} is in a flash sale: order it apart.", skus=[one.sku])
    if isinstance(one, QuotedLine):
        return Line(sku=one.sku, product_id=one.product_id, quantity=one.quantity, unit_price=one.unit_price)
    return Line(sku=one.sku, product_id=one.product_id, quantity=quantity, unit_price=one.price)


async def _carriage(tx: Tx, order: Order, lines: tuple[Line, ...]) -> Money:
    """What was agreed on, and what so many more or fewer pieces cost more or less to carry."""
    if order.shipping_method is None or order.shipping_address is None:
        return order.shipping
    before, after = [await _rate(tx, order, pieces) for pieces in (order.quantities, edits.pieces(lines))]
    return Money(max(0, order.shipping.minor + after - before), order.currency)


async def _rate(tx: Tx, order: Order, pieces: Mapping[str, int]) -> int:
    assert order.shipping_address is not None, "what is fetched has no carriage"
    rates = await tx.peer(ShippingPeer).rates(tx, order.shipping_address["country"], pieces, order.currency)
    return next((rate.price.minor for rate in rates if rate.method == order.shipping_method), 0)
