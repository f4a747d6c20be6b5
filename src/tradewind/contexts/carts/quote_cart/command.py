"""Quote a cart: what it costs, sent there in that way, with those coupons; promised for a while."""

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.api.postal import checked
from tradewind.contexts.carts._domain.cart import Cart
from tradewind.contexts.carts._domain.quote import (
    MAX_LIVE_QUOTES,
    PICKUP,
    TooManyQuotes,
    chosen,
    currency_of,
    enough,
    quotable,
    reachable,
)
from tradewind.contexts.carts._domain.settings import QUOTE_TTL_S
from tradewind.contexts.carts._store import quotes
from tradewind.contracts.customers import CustomersPeer
from tradewind.contracts.inventory import InventoryPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import Explanation, PricingPeer, Quote, QuoteRequest
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.money import Money, total
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

TOKEN_BYTES: Final = 32


class QuoteCart(Command, frozen=True):
    """What does this cart cost, going there?"""

    cart_id: UUID
    shipping_address: dict[str, str]
    shipping_method: str
    email: str | None = None
    coupons: tuple[str, ...] = ()
    currency: str | None = None


class QuotedItem(Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of a quote. `price` is that of one piece, `discount` the line's share of what comes off."""

    sku: str
    qty: int
    price: Decimal
    discount: Decimal


class QuoteView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A quote. `total` = lines + shipping + tax - discount, exact, and what a checkout with `token` charges until
    `expiresAt` while the cart is at `cartVersion`. `taxIncluded` is what the prices hold of it, told and not added."""

    token: str
    cart_version: int
    expires_at: datetime
    items: tuple[QuotedItem, ...]
    shipping_method: str
    shipping: Decimal
    tax: Decimal
    tax_included: Decimal
    discount: Decimal
    total: Decimal
    currency: str
    coupons: tuple[str, ...]
    explanation: Explanation


@handler(action="carts.quote")
async def quote_cart(command: QuoteCart, tx: Tx) -> QuoteView:
    """The price, promised under a token; refuses what stands in the way, and then promises nothing.

    That is InvalidAddress, NoSuchCart, CartClosed, EmptyCart, EmailNeeded, NotEnoughStock, NoCarriage,
    MixedCurrencies, TooManyQuotes, and what pricing does not sell.
    """
    address = _address(command)
    cart, row = await quotes.hold(tx, command.cart_id, QUOTE_TTL_S)
    cart.may_be_quoted()
    if row["quotes"] >= MAX_LIVE_QUOTES:
        raise TooManyQuotes(retry_after_s=QUOTE_TTL_S, limit=MAX_LIVE_QUOTES)
    email = reachable(command.email, needed=cart.guest)
    quote = await _price(command, cart, address, tx)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    # What is fetched goes nowhere: the order has no address for it.
    destination = None if command.shipping_method == PICKUP else address
    promise = quotes.Promise(
        quote=quote, shipping_method=command.shipping_method, shipping_address=destination, email=email
    )
    quotes.keep(tx, token, cart, promise, row["expires_at"])
    tx.audit("carts.quote", str(cart.id), version=cart.version, total=str(quote.total), coupons=list(quote.coupons))
    return _shown(quote, token, command.shipping_method, cart.version, row["expires_at"])


def _address(command: QuoteCart) -> dict[str, str]:
    """Where the goods go, by the rules of that country; where they are fetched, only which country counts."""
    address = command.shipping_address
    if command.shipping_method == PICKUP:
        return {name: value for name, value in address.items() if value.strip()}
    return checked(address, prefix="/shippingAddress")


async def _price(command: QuoteCart, cart: Cart, address: dict[str, str], tx: Tx) -> Quote:
    lines = quotable(cart)
    quantities = {line.sku: line.quantity for line in lines}
    currency, country = currency_of(lines, command.currency), address["country"]
    enough(quantities, await tx.peer(InventoryPeer).available(tx, list(quantities)))
    rates = await tx.peer(ShippingPeer).rates(tx, country, quantities, currency)
    rate = chosen(rates, command.shipping_method, country)
    groups = frozenset[str]() if cart.guest else await tx.peer(CustomersPeer).groups(tx, cart.owner)
    request = QuoteRequest(
        quantities=quantities,
        customer_id=cart.owner,
        groups=groups,
        currency=currency,
        country=country,
        region=address.get("region"),
        shipping=rate.price,
        coupons=tuple(dict.fromkeys(code.strip().upper() for code in command.coupons)),
    )
    quote = await tx.peer(PricingPeer).quote(tx, request)
    carriage = rate.for_goods(_worth(quote))
    if carriage == rate.price:
        return quote
    return await tx.peer(PricingPeer).quote(tx, replace(request, shipping=carriage))


def _worth(quote: Quote) -> Money:
    """What the goods come to, after what comes off them."""
    goods = total([line.unit_price.times(line.quantity) for line in quote.lines], quote.total.currency)
    return goods - quote.discount


def _shown(quote: Quote, token: str, method: str, version: int, expires_at: Any) -> QuoteView:
    return QuoteView(
        token=token,
        cart_version=version,
        expires_at=expires_at,
        items=tuple(
            QuotedItem(sku=one.sku, qty=one.quantity, price=one.unit_price.amount, discount=one.discount.amount)
            for one in quote.lines
        ),
        shipping_method=method,
        shipping=quote.shipping.amount,
        tax=quote.tax.amount,
        tax_included=quote.tax_included.amount,
        discount=quote.discount.amount,
        total=quote.total.amount,
        currency=quote.total.currency,
        coupons=quote.coupons,
        explanation=quote.explanation,
    )
