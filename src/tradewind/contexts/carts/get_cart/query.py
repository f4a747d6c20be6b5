"""Look into a cart: what lies in it, what it costs now, whether it is there."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.carts._domain.cart import Cart, Line
from tradewind.contexts.carts._store import carts
from tradewind.contracts.inventory import InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import Price, PricingPeer
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

Prices: TypeAlias = Mapping[str | UUID, Price]
Stock: TypeAlias = Mapping[str, int]


class GetCart(Command, frozen=True):
    """See a cart."""

    cart_id: UUID


class LineNow(Struct, frozen=True, kw_only=True, rename="camel"):
    """A line as it stands now. `price` is what a piece costs now, null where it is no longer sold; `inStock` whether
    there are as many as are wanted, and `available` how many there are."""

    sku: str
    product_id: UUID
    qty: int
    price: Decimal | None
    currency: str
    price_when_added: Decimal
    price_changed: bool
    on_sale: bool
    line_total: Decimal | None
    available: int
    in_stock: bool


class CartNow(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A cart as it stands now. `total` is that of the goods before discounts, shipping and tax; it is missing where
    lines are of several currencies."""

    id: UUID
    version: int
    status: str
    guest: bool
    items: tuple[LineNow, ...]
    saved: tuple[LineNow, ...]
    pieces: int
    prices_changed: bool
    total: Decimal | None = None
    currency: str | None = None
    order_id: UUID | None = None
    merged_into: UUID | None = None


@query(action="carts.get")
async def get_cart(command: GetCart, tx: Tx) -> CartNow:
    """The cart at today's prices; refuses NoSuchCart. Three questions, however many lines."""
    row = await tx.row(carts.READ, command.cart_id)
    cart = carts.own(tx, row, command.cart_id, "carts.get")
    skus = [line.sku for line in cart.lines]
    prices = await tx.peer(PricingPeer).prices(tx, skus, []) if skus else {}
    stock = await tx.peer(InventoryPeer).available(tx, skus) if skus else {}
    return _shown(cart, prices, stock)


def _shown(cart: Cart, prices: Prices, stock: Stock) -> CartNow:
    items = tuple(_line(line, prices.get(line.sku), stock.get(line.sku, 0)) for line in cart.wanted)
    saved = tuple(_line(line, prices.get(line.sku), stock.get(line.sku, 0)) for line in cart.lines if line.saved)
    currencies = {one.currency for one in items}
    one_sum = len(currencies) == 1
    return CartNow(
        id=cart.id,
        version=cart.version,
        status=cart.status.value,
        guest=cart.guest,
        items=items,
        saved=saved,
        pieces=sum(one.qty for one in items),
        prices_changed=any(one.price_changed for one in (*items, *saved)),
        total=sum((one.line_total for one in items if one.line_total), Decimal(0)) if one_sum else None,
        currency=currencies.pop() if one_sum else None,
        order_id=cart.order_id,
        merged_into=cart.merged_into,
    )


def _line(line: Line, now: Price | None, available: int) -> LineNow:
    price: Money | None = now.price if now else None
    return LineNow(
        sku=line.sku,
        product_id=line.product_id,
        qty=line.quantity,
        price=price.amount if price else None,
        currency=(price or line.price).currency,
        price_when_added=line.price.amount,
        price_changed=price is not None and price != line.price,
        on_sale=now is not None and now.sale_id is not None,
        line_total=price.times(line.quantity).amount if price else None,
        available=available,
        in_stock=available >= line.quantity,
    )
