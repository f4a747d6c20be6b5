"""How the shop does: orders by hour, the average order, carts that were left."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tradewind.contexts.analytics._domain.figures import per_hour, share
from tradewind.contexts.analytics._domain.periods import period
from tradewind.contexts.analytics._domain.sales import SalesView
from tradewind.contracts.messages import Command
from tradewind.ports.columns import Columns
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class SummarizeSales(Command, frozen=True):
    """Of the orders placed, and the carts ended, from `since` up to `until`."""

    since: datetime | None = None
    until: datetime | None = None


class SalesSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """`cartAbandonmentRate`: carts that were left and have not become an order since, among all carts that ended; and
    `conversionRate` the others. Null where no cart ended."""

    since: datetime
    until: datetime
    orders_per_hour: Decimal
    carts_checked_out: int
    carts_abandoned: int
    cart_abandonment_rate: Decimal | None
    conversion_rate: Decimal | None
    currencies: Sequence[SalesView]


@query(action="analytics.read")
async def summarize_sales(command: SummarizeSales, tx: Tx) -> SalesSummary:
    """Refuses UnfitPeriod and ColumnsAway."""
    since, until = period(command.since, command.until)
    columns = tx.peer(Columns)
    found, carts = await columns.sales(since, until), await columns.carts(since, until)
    ended = carts.checked_out + carts.abandoned
    return SalesSummary(
        since=since,
        until=until,
        orders_per_hour=per_hour(sum(one.orders for one in found), until - since),
        carts_checked_out=carts.checked_out,
        carts_abandoned=carts.abandoned,
        cart_abandonment_rate=share(carts.abandoned, ended),
        conversion_rate=share(carts.checked_out, ended),
        currencies=[SalesView.of(one) for one in found],
    )
