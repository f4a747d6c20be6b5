"""Revenue: what was captured and what went back, exact, and equal to the books."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, until
from tradewind.contexts.analytics._domain.periods import UnfitPeriod
from tradewind.contexts.analytics.get_revenue.query import GetRevenue, RevenueReport
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.ports.columns import Grain

MANAGER = a_call("merchandiser")
BOOKS = """
    SELECT currency, sum(captured_minor)::bigint AS captured, sum(refunded_minor)::bigint AS refunded
    FROM payments.payments GROUP BY currency HAVING sum(captured_minor) > 0 ORDER BY currency
"""


async def revenue(shop: Shop, by: Grain = Grain.DAY) -> RevenueReport:
    answer: RevenueReport = await shop.dispatch(GetRevenue(by=by, until=now() + timedelta(minutes=1)), MANAGER)
    return answer


@pytest.mark.parametrize("role", ["customer", "guest", "warehouse", "support"])
async def test_who_does_not_run_the_shop_is_told_nothing_of_its_revenue(shop: Shop, role: str) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(GetRevenue(), a_call(role))


@pytest.mark.parametrize(
    ("since", "until_", "by"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), Grain.DAY),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), Grain.DAY),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), Grain.MINUTE),
    ],
)
async def test_a_period_that_is_none_or_too_long_is_refused(
    shop: Shop, since: datetime, until_: datetime, by: Grain
) -> None:
    with pytest.raises(UnfitPeriod):
        await shop.dispatch(GetRevenue(since=since, until=until_, by=by), MANAGER)


async def test_a_shop_without_sales_has_no_revenue(shop: Shop) -> None:
    assert (await revenue(shop)).items == []


async def test_revenue_by_day_is_what_the_books_say_captured_less_refunded(working_shop: Shop) -> None:
    sku = await a_product(working_shop, "LAMP", stock=50)
    yen = await a_product(working_shop, "FAN", stock=50, amount="1500", currency="JPY")
    orders = [await an_ended_order(working_shop, sku, qty=qty) for qty in (1, 2, 3)]
    await an_ended_order(working_shop, yen, qty=1)
    await an_ended_order(working_shop, sku, method="simulated:decline")
    refund = RefundPayment(order_id=orders[2], amount=Decimal("0.01"), reason="a scratch")
    await working_shop.dispatch(refund, a_call("admin"))

    async def counted() -> bool:
        books = await working_shop.db.pool.fetch(BOOKS)
        items = (await revenue(working_shop)).items
        return bool(books) and sum(one.refunds for one in items) == 1 and len(items) == len(books)

    await until(working_shop, counted)
    items = (await revenue(working_shop)).items
    books = await working_shop.db.pool.fetch(BOOKS)
    exponents = {"EUR": 2, "JPY": 0}
    assert [(one.currency, one.captured, one.refunded) for one in items] == [
        (
            row["currency"],
            *(Decimal(row[name]).scaleb(-exponents[row["currency"]]) for name in ("captured", "refunded")),
        )
        for row in books
    ]
    euros = items[0]
    assert (euros.captures, euros.refunds) == (3, 1)
    assert euros.net == euros.captured - Decimal("0.01")
    assert euros.start == now().replace(hour=0, minute=0, second=0, microsecond=0)
    by_minute = (await revenue(working_shop, Grain.MINUTE)).items
    assert sum(one.captured for one in by_minute if one.currency == "EUR") == euros.captured
