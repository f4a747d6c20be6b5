"""Sales day by day, as people meet them: by a worker, by command, over HTTP; killed, side by side, and too early."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest

from tests.markets import Market
from tests.shops import Shop, a_call, until
from tradewind.app.free_ports import free_port
from tradewind.contexts.analytics._store.staged import stage
from tradewind.contexts.analytics.list_daily_sales.query import DailySalesPage, ListDailySales
from tradewind.contracts.orders import OrderPaid, OrderPlaced
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.columns import Batch, Columns, OrderFact, StepFact
from tradewind.runtime.call import internal_call

MANAGER: Final = a_call("merchandiser")
ROWS: Final = "SELECT day, currency, orders, paid, total_minor FROM analytics.daily_sales ORDER BY day, currency"
LOADED: Final = """
    SELECT NOT EXISTS (SELECT FROM analytics.staged) AND EXISTS (
        SELECT FROM runtime.position WHERE subscriber = 'analytics.gather'
        AND position = (SELECT max(position) FROM runtime.outbox))
"""
SEVERAL: Final = """
    INSERT INTO analytics.daily_sales
        (day, currency, orders, paid, called_off, customers, pieces, total_minor, computed_at)
    SELECT date '2001-02-03' + n, currency, 3, 2, 1, 2, 6, 1401, timestamptz '2001-03-01 00:00Z'
    FROM generate_series(0, 2) AS n, (VALUES ('EUR'), ('JPY')) AS c (currency)
"""
STEPS: Final = ("analytics.before_summing_up", "analytics.while_summing_up", "analytics.after_summing_up")


def day(ago: int) -> date:
    return now().date() - timedelta(days=ago)


def on(ago: int) -> datetime:
    return datetime.combine(day(ago), time(12), UTC)


def environment(shop: Shop, **more: str) -> dict[str, str]:
    given = {
        "TRADEWIND_HOME": str(shop.settings.home),
        "TRADEWIND_DATABASE_URL": shop.engines.database_url,
        "TRADEWIND_PROVIDER_URL": shop.engines.provider_url,
        "TRADEWIND_LOG_LEVEL": "error",
    }
    return {**os.environ, **given, **more}


async def command(shop: Shop, *options: str, **more: str) -> tuple[int | None, str, str]:
    """`tradewind sales-summary`: how it ended, what it printed, what it said aside."""
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.cli", "sales-summary", *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(shop, **more),
    )  # fmt: skip
    printed, aside = await run.communicate()
    return run.returncode, printed.decode(), " ".join(aside.decode().split())


async def two_days(shop: Shop) -> None:
    """An order that is paid and one in yen on one day, one more two days later."""
    paid = an_order(5, 700)
    columns: Any = shop.db.peers[Columns]
    orders = (paid, an_order(5, 9, currency="JPY"), an_order(3, 100))
    await columns.put(Batch(orders=orders, steps=(StepFact(new_id(), paid.order_id, "PAID", on(5)),)))


def an_order(ago: int, total_minor: int, *, currency: str = "EUR") -> OrderFact:
    return OrderFact(new_id(), new_id(), 1, on(ago), "ann", currency, 1, 0, 0, 0, total_minor)


async def rows(shop: Shop) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await shop.db.pool.fetch(ROWS)]


TWO_DAYS: Final = [(5, "EUR", 1, 1, 700), (5, "JPY", 1, 0, 9), (3, "EUR", 1, 0, 100)]


def dated(wanted: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(day(ago), *rest) for ago, *rest in wanted]


async def test_the_command_sums_up_what_is_due_and_says_how_much_it_was(shop: Shop) -> None:
    await two_days(shop)
    code, printed, aside = await command(shop, "--until", f"{day(2)}", "--json")
    assert (code, aside) == (0, "")
    said = json.loads(printed)
    assert datetime.fromisoformat(said.pop("loadedUntil")) <= now()
    assert said == {
        "first": f"{day(5)}", "last": f"{day(3)}", "days": 3, "rows": 3, "waiting": [], "rebuilding": False,
    }  # fmt: skip
    assert await rows(shop) == dated(TWO_DAYS)
    code, printed, _ = await command(shop, "--until", f"{day(2)}")
    assert (code, "No day is due" in printed) == (0, True)
    code, printed, aside = await command(shop, "--since", f"{day(5)}", "--until", f"{day(4)}", "--again")
    assert (code, printed) == (0, f"Summed up {day(5)} to {day(5)}: days 1, rows 2\n")
    assert aside.endswith(printed.strip()), "it says how far it is after each batch"
    assert await rows(shop) == dated(TWO_DAYS)


@pytest.mark.parametrize("step", STEPS)
async def test_a_command_that_was_killed_is_made_good_by_the_next_one(shop: Shop, step: str) -> None:
    await two_days(shop)
    code, printed, _ = await command(shop, "--json", TRADEWIND_FAILPOINTS=f"{step}=kill")
    assert (code, printed) == (-signal.SIGKILL, "")
    assert await rows(shop) == (dated(TWO_DAYS) if step == "analytics.after_summing_up" else [])
    assert (await command(shop, "--json"))[0] == 0
    assert await rows(shop) == dated(TWO_DAYS)


async def test_two_commands_at_once_leave_one_set_of_rows(shop: Shop) -> None:
    await two_days(shop)
    ended = await asyncio.gather(*(command(shop, "--again", "--json") for _ in range(2)))
    assert [code for code, _, _ in ended] == [0, 0]
    assert await rows(shop) == dated(TWO_DAYS)


async def test_the_command_says_which_days_wait_and_what_to_do(shop: Shop) -> None:
    await two_days(shop)
    async with shop.db.transaction(internal_call("test")) as tx:
        stage(tx, Batch(), on(4))
    code, printed, aside = await command(shop, "--until", f"{day(2)}", "--json")
    said = json.loads(printed)
    assert (code, said["days"], said["waiting"]) == (1, 1, [f"{day(4)}", f"{day(3)}"])
    assert datetime.fromisoformat(said["loadedUntil"]) == on(4)
    assert f"Days wait: {day(4)}, {day(3)}. The columns have everything until {day(4)} 12:00 UTC" in aside
    assert "`tradewind serve`" in aside
    assert await rows(shop) == dated(TWO_DAYS[:2])


async def test_the_command_says_what_to_do_where_the_columns_are_away(shop: Shop) -> None:
    away = f"http://127.0.0.1:{free_port('127.0.0.1')}"
    code, printed, aside = await command(shop, "--json", TRADEWIND_CLICKHOUSE_URL=away)
    assert (code, printed) == (1, "")
    assert "`tradewind doctor`" in aside


async def test_the_command_refuses_days_that_are_not_over_and_spans_that_are_none(shop: Shop) -> None:
    for options, why in (
        (("--until", f"{day(-2)}"), "is not over yet"),
        (("--since", f"{day(2)}", "--until", f"{day(2)}"), f"{day(2)} is not before {day(2)}"),
        (("--since", "yesterday"), "yesterday"),
    ):
        code, printed, aside = await command(shop, *options)
        assert (code, printed) == (2, "")
        assert why in aside.replace("│", "").replace("  ", " ")


async def test_a_worker_sums_up_by_itself_what_it_finds(shop: Shop) -> None:
    await two_days(shop)
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "tradewind.app.worker", env=environment(shop))
    try:
        await until(shop, lambda: rows(shop))
    finally:
        worker.terminate()
        await worker.wait()
    assert await rows(shop) == dated(TWO_DAYS)


async def test_what_is_told_by_others_is_in_the_row_of_the_day_of_the_order(working_shop: Shop) -> None:
    amount: dict[str, Any] = {"total_amount": Money(1250, "EUR").amount, "currency": "EUR"}
    nothing = Money(0, "EUR").amount
    order = OrderPlaced(
        order_id=new_id(), user_id="ada", items=(), placed_at=on(3), shipping_amount=nothing, tax_amount=nothing,
        discount_amount=nothing, **amount,
    )  # fmt: skip
    async with working_shop.db.transaction(internal_call("test")) as tx:
        tx.tell(order, OrderPaid(order_id=order.order_id, user_id="ada", **amount))
    await until(working_shop, lambda: working_shop.db.pool.fetchval(LOADED))
    assert (await command(working_shop, "--json"))[0] == 0
    assert await rows(working_shop) == [(day(3), "EUR", 1, 1, 1250)]


@pytest.mark.parametrize("role", ["customer", "guest", "warehouse", "support"])
async def test_who_does_not_run_the_shop_is_not_told_what_it_sold(shop: Shop, role: str) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(ListDailySales(), a_call(role))


async def test_the_list_asks_rows_alone_and_goes_on_within_a_day(shop: Shop) -> None:
    peers: Any = shop.db.peers
    del peers[Columns]
    await shop.db.pool.execute(SEVERAL)
    seen, cursor = [], None
    while True:
        page: DailySalesPage = await shop.dispatch(ListDailySales(limit=1, cursor=cursor), MANAGER)
        seen += [(one.day, one.currency) for one in page.items]
        if (cursor := page.next) is None:
            break
    february = [date(2001, 2, 5), date(2001, 2, 4), date(2001, 2, 3)]
    assert seen == [(one, currency) for one in february for currency in ("JPY", "EUR")]
    asked = ListDailySales(since=february[1], until=february[0])
    page = await shop.dispatch(asked, MANAGER)
    assert [(one.day, one.currency) for one in page.items] == seen[2:4]


async def test_the_list_over_http_says_when_each_row_was_computed(quiet_market: Market) -> None:
    manager = quiet_market.somebody("merchandiser")
    await quiet_market.shop.db.pool.execute(SEVERAL)
    path = "/api/v1/analytics/sales/daily"
    first = (await manager.get(f"{path}?since=2001-02-03&until=2001-02-04&limit=1")).json()
    assert first["items"] == [
        {
            "day": "2001-02-03", "currency": "JPY", "orders": 3, "ordersPaid": 2, "ordersCalledOff": 1, "customers": 2,
            "pieces": 6, "total": 1401, "averageOrderValue": 700, "computedAt": "2001-03-01T00:00:00Z",
        }
    ]  # fmt: skip
    second = (await manager.get(f"{path}?since=2001-02-03&until=2001-02-04&cursor={first['next']}")).json()
    assert [(one["currency"], one["total"], one["averageOrderValue"]) for one in second["items"]] == [
        ("EUR", 14.01, 7.00)
    ]
    assert second["next"] is None
    unfit = await manager.get(f"{path}?since=2001-02-04&until=2001-02-03")
    assert (unfit.status_code, unfit.json()["type"]) == (422, "/problems/unfit-period")
