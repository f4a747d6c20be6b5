"""Load the facts, then let the pure function count: what PricingPeer.quote and POST /quotes share."""

from typing import Final

from tradewind.contexts.pricing._domain.quote.composing import no_price, quote
from tradewind.contexts.pricing._store import quoting
from tradewind.contracts.pricing import Quote, QuoteRequest, UnfitQuote
from tradewind.kernel import clock
from tradewind.runtime.database import Tx

MAX_LINES: Final = 1_000
MAX_QUANTITY: Final = 100_000
MAX_CODES: Final = 10
MAX_CODE: Final = 40


async def make_quote(tx: Tx, request: QuoteRequest) -> Quote:
    """What it all costs, explained.

    Refuses UnfitQuote (nothing or too much to price) and NoSuchPrice, naming every SKU that has none.
    """
    _check(request)
    facts, unknown = await quoting.load(tx, request, normal(request.coupons), clock.now())
    if unknown:
        raise no_price(unknown, request.currency)
    return quote(facts)


def normal(codes: tuple[str, ...]) -> list[str]:
    """Codes as they are kept: in capitals, each once, in an order that does not depend on who typed them."""
    return sorted({code.strip().upper()[:MAX_CODE] for code in codes} - {""})


def _check(request: QuoteRequest) -> None:
    if not 1 <= len(request.quantities) <= MAX_LINES or len(request.coupons) > MAX_CODES:
        raise UnfitQuote(f"A quote has 1 to {MAX_LINES} lines and at most {MAX_CODES} coupons.")
    if not all(1 <= quantity <= MAX_QUANTITY for quantity in request.quantities.values()):
        raise UnfitQuote(f"A line has 1 to {MAX_QUANTITY} pieces.")
    if request.shipping.currency != request.currency or request.shipping.minor < 0:
        raise UnfitQuote("Shipping is charged in the quote's currency, or not at all.")
