"""Every question of the port, over any engine that understands the statements of `questions`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tradewind.adapters.columns import questions
from tradewind.adapters.columns.tables import in_utc
from tradewind.ports.columns import (
    MAX_ROWS,
    CartsEnded,
    DailyRevenue,
    DailySales,
    Grain,
    ProductSales,
    Revenue,
    Sales,
    TooManyRows,
)


class Asking:
    """What both engines answer alike: an adapter sends a statement and brings back rows."""

    async def ask(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """The rows that the statement finds; raises ColumnsAway."""
        raise NotImplementedError

    async def revenue(self, since: datetime, until: datetime, grain: Grain) -> Sequence[Revenue]:
        rows = await self._all(questions.REVENUE[grain], since=since, until=until)
        return [Revenue(in_utc(row[0]), *row[1:]) for row in rows]

    async def daily_revenue(self, since: datetime, until: datetime) -> Sequence[DailyRevenue]:
        rows = await self._all(questions.DAILY_REVENUE, since=since, until=until)
        return [DailyRevenue(in_utc(row[0]), *row[1:]) for row in rows]

    async def top_products(self, since: datetime, until: datetime, currency: str, many: int) -> Sequence[ProductSales]:
        rows = await self.ask(questions.TOP_PRODUCTS, since=since, until=until, currency=currency, many=many)
        return [ProductSales(*row) for row in rows]

    async def sales(self, since: datetime, until: datetime) -> Sequence[Sales]:
        return [Sales(*row) for row in await self.ask(questions.SALES, since=since, until=until)]

    async def daily_sales(self, since: datetime, until: datetime) -> Sequence[DailySales]:
        rows = await self.ask(questions.DAILY_SALES, since=since, until=until)
        return [DailySales(in_utc(row[0]), Sales(*row[1:])) for row in rows]

    async def first_order(self) -> datetime | None:
        rows = await self.ask(questions.FIRST_ORDER)
        return in_utc(rows[0][0]) if rows else None

    async def carts(self, since: datetime, until: datetime) -> CartsEnded:
        rows = await self.ask(questions.CARTS, since=since, until=until)
        return CartsEnded(*rows[0]) if rows else CartsEnded(0, 0)

    async def _all(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]:
        """Every row; raises TooManyRows, for one that leaves some out would be wrong and not look it."""
        rows = await self.ask(sql, **values, most=MAX_ROWS + 1)
        if len(rows) > MAX_ROWS:
            raise TooManyRows(most=MAX_ROWS)
        return rows
