"""POST /api/v1/quotes."""

from typing import Annotated, Final

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.pricing.make_quote.query import MakeQuote, Preview
from tradewind.contexts.pricing.make_quote.quoting import MAX_CODE, MAX_CODES, MAX_QUANTITY
from tradewind.contracts.pricing import NoSuchPrice, UnfitQuote

MAX_ITEMS: Final = 100

Code = Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]


class QuotedItem(Body, frozen=True):
    """So many of one product."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)] = 1


class NewQuote(Body, frozen=True):
    """What to price, going where. The same SKU twice is added up."""

    items: Annotated[list[QuotedItem], Meta(min_length=1, max_length=MAX_ITEMS)]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    region: Annotated[str, Meta(max_length=10)] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    coupons: Annotated[tuple[Code, ...], Meta(max_length=MAX_CODES)] = ()


@post(
    "/api/v1/quotes",
    public="it asks a question and changes nothing",
    limit="coupon",
    raises=(NoSuchPrice, UnfitQuote),
)
async def make_quote(body: NewQuote, call: Call, dispatch: Dispatch) -> Preview:
    """See what goods cost you now, and why: the price that counts, promotions, coupons and tax, without carriage.

    A coupon that does not count is no error: the explanation says why.
    """
    quantities: dict[str, int] = {}
    for item in body.items:
        quantities[item.sku] = quantities.get(item.sku, 0) + item.qty
    command = MakeQuote(
        quantities=quantities,
        country=body.country,
        region=body.region,
        currency=body.currency,
        coupons=body.coupons,
    )
    answer: Preview = await dispatch(command, call)
    return answer
