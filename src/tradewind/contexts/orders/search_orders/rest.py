"""GET /api/v1/orders/search."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Call, Dispatch, get
from tradewind.contexts.orders._domain.order import Status
from tradewind.contexts.orders.search_orders.named import TooManyNamed
from tradewind.contexts.orders.search_orders.query import MAX_PAGE, FoundOrders, SearchOrders, UnfitSearch
from tradewind.kernel.money import NotMoney
from tradewind.kernel.pages import Cursor, Text, UnfitCursor

MAX_ADDRESS = 254
MAX_ITEM = 200


@get("/api/v1/orders/search", raises=(UnfitSearch, TooManyNamed, NotMoney, UnfitCursor))
async def search_orders(  # noqa: PLR0913, PLR0917 -- each is a parameter of the query
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20,
    cursor: Cursor | None = None,
    order: Annotated[str, Meta(max_length=36)] | None = None,
    email: Annotated[Text, Meta(max_length=MAX_ADDRESS)] | None = None,
    item: Annotated[Text, Meta(min_length=1, max_length=MAX_ITEM)] | None = None,
    status: Annotated[list[Status], Meta(max_length=len(Status))] | None = None,
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None,
    min_total: Annotated[Decimal, Meta()] | None = None,
    max_total: Annotated[Decimal, Meta()] | None = None,
    since: Annotated[datetime, Meta(tz=True)] | None = None,
    until: Annotated[datetime, Meta(tz=True)] | None = None,
) -> FoundOrders:
    """Find orders, the newest first, with counts by status; for support and administrators.

    `order` is an order's number or its first eight digits or more; `email` the buyer's whole address; `item` a SKU, or
    words (or how they begin) of a product's name. `status` may be given several times. Totals are in units of
    `currency`, which they need. What was placed at `since` is included, at `until` is not.
    """
    command = SearchOrders(
        limit=limit,
        cursor=cursor,
        order=order,
        email=email,
        item=item,
        statuses=tuple(status or ()),
        currency=currency,
        min_total=min_total,
        max_total=max_total,
        since=since,
        until=until,
    )
    answer: FoundOrders = await dispatch(command, call)
    return answer
