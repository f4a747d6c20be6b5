"""A week goes into a real shop: once, however often it is run and wherever it was cut off; or not at all."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.importing.dumps import everything, state
from tests.importing.week import TALLIES, WEEK, written
from tests.shops import a_call
from tradewind.app.engines import Engines
from tradewind.app.importing.command import import_online_retail, run_import
from tradewind.app.importing.plan import order_id
from tradewind.app.importing.reading import Unreadable
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import CreateProduct
from tradewind.contexts.inventory.manifest import AdjustStock

CUT_OFF = (
    ("products", 3),
    ("prices", 1),
    ("stock", 2),
    ("orders", 4),
    ("sagas", 0),
    ("write-offs", 1),
    ("refunds", 2),
    ("returned goods", 1),
    ("events", 1),
)
"""Stages, and after how many pieces of work of each the import is cut off."""


class CutOff(Exception):  # noqa: N818 -- what happened
    """The import stops here, whatever is under way."""


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Say nothing."""


async def test_a_broken_line_leaves_the_shop_untouched(shop: Shop, tmp_path: Path) -> None:
    before = await everything(shop)
    with pytest.raises(Unreadable) as refused:
        await import_online_retail(
            shop, written(tmp_path, WEEK + "600018,10001,LAMP,one,1/4/11 12:00,1,,France\n"), quiet
        )
    assert [error["line"] for error in refused.value.facts["errors"]] == [35]
    assert await everything(shop) == before


async def test_the_week_becomes_products_stock_paid_orders_and_refunds(shop: Shop, tmp_path: Path) -> None:
    summary = await import_online_retail(shop, written(tmp_path), quiet)
    assert summary.problems == ()
    assert (summary.lines, summary.orders, summary.returns) == (33, 5, 3)
    assert {name: (one.lines, one.quantity, one.amount) for name, one in summary.buckets.items()} == {
        name: (lines, quantity, Decimal(minor).scaleb(-2)) for name, (lines, quantity, minor) in TALLIES.items()
    }
    found = await state(shop)
    assert found["stock"] == ["('10001', 3, 0)", "('10002A', 0, 0)", "('10003', 0, 0)"]
    assert [row.split(", ")[1] for row in found["shipments"]] == ["'READY')"] * 5
    async with shop.db.pool.acquire() as connection:
        orders = await connection.fetch("SELECT id, user_id, status, total_minor, placed_at FROM orders.orders")
        refunded = await connection.fetch(
            "SELECT order_id, refunded_minor FROM payments.payments WHERE refunded_minor > 0"
        )
    assert {(row["id"], row["user_id"], row["status"], row["total_minor"]) for row in orders} == {
        (order_id("600001"), "retail:501", "PAID", 4300),
        (order_id("600002"), "retail:guest:600002", "PAID", 900),
        (order_id("600003"), "retail:502", "PAID", 1275),
        (order_id("600009"), "retail:501", "PAID", 3307),
        (order_id("600017"), "retail:501", "PAID", 125),
    }
    assert {f"{row['placed_at']:%Y-%m-%d}" for row in orders} == {"2011-01-03", "2011-01-04"}
    assert dict(refunded) == {order_id("600001"): 750, order_id("600009"): 2050}


async def test_running_the_same_week_twice_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    first = await import_online_retail(shop, written(tmp_path), quiet)
    before = await everything(shop)
    second = await import_online_retail(shop, written(tmp_path), quiet)
    assert await everything(shop) == before
    assert (second.buckets, second.orders, second.returns) == (first.buckets, first.orders, first.returns)


async def test_an_import_cut_off_anywhere_and_run_again_ends_like_one_that_was_not(
    shop: Shop, other_shop: Shop, tmp_path: Path
) -> None:
    file = written(tmp_path)
    for stage, after in CUT_OFF:

        def cut(told: str, done: int, _total: int, stage: str = stage, after: int = after) -> None:
            if (told, done) >= (stage, after) and told == stage:
                raise CutOff

        with pytest.raises(CutOff):
            await import_online_retail(shop, file, cut)
    finished = await import_online_retail(shop, file, quiet)
    undisturbed = await import_online_retail(other_shop, file, quiet)
    assert finished.problems == undisturbed.problems == ()
    assert await state(shop) == await state(other_shop)


async def test_goods_that_the_shop_sells_already_keep_their_own_price(shop: Shop, tmp_path: Path) -> None:
    create = CreateProduct(sku="10001", name="Lamp", category="lamps", amount=Decimal("7.00"), currency="GBP")
    await shop.dispatch(create, a_call("admin"))
    await shop.dispatch(AdjustStock(sku="10001", delta=4, reason="delivery"), a_call("admin"))
    summary = await import_online_retail(shop, written(tmp_path), quiet)
    assert summary.problems == ()
    found = await state(shop)
    assert [row for row in found["products"] if "10001" in row] == ["('10001', 'Lamp', 'lamps', 700, 'GBP', 'ACTIVE')"]
    assert len([row for row in found["prices"] if "10001" in row]) == 1
    assert found["stock"][0] == "('10001', 7, 0)"


async def test_an_order_that_the_shop_refuses_is_named_and_the_others_go_on(shop: Shop, tmp_path: Path) -> None:
    file = written(tmp_path)

    def cut(stage: str, _done: int, _total: int) -> None:
        if stage == "orders":
            raise CutOff

    with pytest.raises(CutOff):
        await import_online_retail(shop, file, cut)
    await shop.dispatch(AdjustStock(sku="10003", delta=-4, reason="stolen"), a_call("admin"))
    summary = await import_online_retail(shop, file, quiet)
    assert sorted(problem.split(":")[0] for problem in summary.problems) == [
        "credit note C600010 is not refunded",
        "credit note C600013 is not refunded",
        "invoice 600003 is no order",
        "invoice 600009 is no order",
    ]
    await shop.dispatch(AdjustStock(sku="10003", delta=4, reason="found again"), a_call("admin"))
    assert (await import_online_retail(shop, file, quiet)).problems == ()


def test_the_command_prints_one_json_document_and_nothing_else(
    settings: Settings, own_engines: Engines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = replace(settings, database_url=own_engines.database_url, provider_url=own_engines.provider_url)
    assert run_import(there, written(tmp_path), json=True) == 0
    printed = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert set(printed) == {"lines", "buckets", "orders", "returns", "seconds"}
    assert printed["buckets"]["goods_sold"] == {"lines": 8, "quantity": 28, "amount": Decimal("71.97")}
    assert run_import(there, written(tmp_path), json=False) == 0
    table = capsys.readouterr().out
    assert all(name in table for name in TALLIES)


def test_the_command_names_broken_lines_without_starting_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = Settings(home=tmp_path / "home")
    assert run_import(nowhere, written(tmp_path, "no such file"), json=True) == 1
    heard = capsys.readouterr()
    assert json.loads(heard.out)["errors"][0]["line"] == 1
    assert "line 1: the header must be" in heard.err
    assert not nowhere.home.exists()
