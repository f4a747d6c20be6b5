"""A price preview without a cart: what these goods cost whoever asks, and why."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.quote.composing import no_price
from tradewind.contexts.pricing._store import prices
from tradewind.contexts.pricing.make_quote.quoting import make_quote
from tradewind.contracts.customers import CustomersPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.pricing import Explanation, Quote, QuoteRequest
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class MakeQuote(Command, frozen=True):
    """What these cost the caller, sent to `country`, without carriage. `currency` None: that of the first SKU."""

    quantities: Mapping[str, int]
    country: str
    region: str | None = None
    currency: str | None = None
    coupons: tuple[str, ...] = ()


class PreviewLine(Struct, frozen=True, kw_only=True, rename="camel"):
    """So many of one product. `price` is that of one piece, `discount` what comes off this line."""

    sku: str
    product_id: UUID
    qty: int
    price: Decimal
    discount: Decimal
    sale_id: UUID | None = None


class Preview(Struct, frozen=True, kw_only=True, rename="camel"):
    """What it all costs. `total` = `subtotal` + `tax` - `discount`; `taxIncluded` is in the prices already."""

    lines: tuple[PreviewLine, ...]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    tax_included: Decimal
    total: Decimal
    currency: str
    coupons: tuple[str, ...]
    explanation: Explanation


@query(action="pricing.make_quote")
async def preview(command: MakeQuote, tx: Tx) -> Preview:
    """The quote of these goods for the caller; a promise only until something changes. Refuses as PricingPeer.quote."""
    currency = command.currency or await _usual_currency(tx, next(iter(command.quantities), ""))
    customer = tx.call.actor
    is_customer = "customer" in customer.roles
    request = QuoteRequest(
        quantities=command.quantities,
        customer_id=customer.subject,
        groups=await tx.peer(CustomersPeer).groups(tx, customer.subject) if is_customer else frozenset(),
        currency=currency,
        country=command.country,
        region=command.region,
        shipping=Money(0, currency),
        coupons=command.coupons,
    )
    return _shown(await make_quote(tx, request), currency)


async def _usual_currency(tx: Tx, sku: str) -> str:
    found = (await prices.counting(tx, [sku], [])).get(sku)
    if found is None:
        raise no_price([sku], "any currency")
    return found.price.currency


def _shown(quote: Quote, currency: str) -> Preview:
    subtotal = sum(line.unit_price.minor * line.quantity for line in quote.lines)
    return Preview(
        lines=tuple(
            PreviewLine(
                sku=line.sku,
                product_id=line.product_id,
                qty=line.quantity,
                price=line.unit_price.amount,
                discount=line.discount.amount,
                sale_id=line.sale_id,
            )
            for line in quote.lines
        ),
        subtotal=Money(subtotal, currency).amount,
        discount=quote.discount.amount,
        tax=quote.tax.amount,
        tax_included=quote.tax_included.amount,
        total=quote.total.amount,
        currency=currency,
        coupons=quote.coupons,
        explanation=quote.explanation,
    )
