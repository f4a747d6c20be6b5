"""A shop in which nothing is wrong: at rest, in the middle of its work, and without its tables."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import msgspec
import pytest
from rich.console import Console

from tests.audit.conftest import Place, place, red, rest
from tests.house.tree import REPOSITORY, Tree
from tests.shops import working
from tradewind.app.audit import audit
from tradewind.app.audit.command import run_audit
from tradewind.app.settings import Settings
from tradewind.app.wiring import open_shop
from tradewind.contexts.analytics.manifest import rebuild_columns
from tradewind.contracts.privacy import Pseudonyms
from tradewind.ports.columns import Columns

PAID = (
    "approve", "lost-answer", "lost-capture", "returned", "part", "coupon", "guests", "dearer", "cheaper",
    "instead",
)  # fmt: skip
EVERYTHING = (
    "carts fold to the row", "carts agree with orders", "merged carts", "coupons", "coupon uses", "price history",
    "prices told", "price books", "reviews", "ratings", "recommendations", "messages",
    "webhooks", "order at partners", "edits", "credits",
)  # fmt: skip


async def test_a_shop_at_rest_with_orders_in_every_state_is_clean(copy: Place) -> None:
    report = await copy.audit()
    assert report.ok, report.lines()
    checked = {check.name: check.checked for check in report.checks}
    assert checked["events fold to the row"] == checked["order money"] == len(copy.orders)
    assert checked["provider's ledger"] > 8
    assert all(checked[name] for name in EVERYTHING), checked
    assert {check.name: check.in_flight for check in report.checks}["payments"] == 1, "the order that waits to be paid"


async def test_the_copy_holds_every_end_that_an_order_can_come_to(copy: Place) -> None:
    connection = await asyncpg.connect(copy.found.database_url)
    rows = await connection.fetch("SELECT id, status FROM orders.orders")
    await connection.close()
    ends = {row["id"]: row["status"] for row in rows}
    assert {name: ends[order_id] for name, order_id in copy.orders.items()} == {
        **dict.fromkeys(PAID, "PAID"),
        **dict.fromkeys(("decline", "decline-capture", "canceled", "nowhere", "off"), "CANCELED"),
        "timeout": "FAILED",
        "waiting": "PENDING_PAYMENT",
        "delivered": "FULFILLED",
        "exchanged": "FULFILLED",
    }


async def test_a_shop_that_is_working_is_never_accused(own_copy: Place, settings: Settings) -> None:
    async with (
        open_shop(replace(settings, provider_timeout_s=0.3), own_copy.found, connections=6) as shop,
        working(shop),
    ):
        buying = asyncio.gather(*(
            place(shop, method, qty=quantity)
            for quantity in range(10, 30)
            for method in ("approve", "slow-50", "lost-capture", "decline")
        ))  # fmt: skip
        audits = 0
        while audits < 3 or not buying.done():
            report = await own_copy.audit()
            assert report.ok, report.lines()
            audits += 1
        await buying
        await rest(shop)
        report = await own_copy.audit(settle_s=20)
    assert report.ok, report.lines()
    assert {check.name: check.checked for check in report.checks}["order money"] == len(own_copy.orders) + 80


async def test_a_database_without_a_shop_is_told_so(copy: Place) -> None:
    await copy.run("DROP SCHEMA orders CASCADE")
    report = await audit(copy.found.database_url, None)
    assert red(report) == ["tables"]
    assert "tradewind serve" in report.lines()[0]


async def test_the_report_is_json_of_the_agreed_shape_and_a_table(copy: Place) -> None:
    report = await copy.audit()
    told = msgspec.json.decode(report.to_json())
    assert set(told) == {"ok", "checks"}
    assert all({"name", "ok", "checked", "violations"} <= set(check) for check in told["checks"])
    console = Console(width=120)
    with console.capture() as shown:
        console.print(report.table())
    assert "stock ledger" in shown.get()


@pytest.mark.parametrize("as_json", [True, False])
async def test_the_command_shows_the_report_and_ends_with_its_verdict(
    as_json: bool, copy: Place, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    there = replace(settings, database_url=copy.found.database_url, provider_url=copy.found.provider_url)
    async with open_shop(there, copy.found, connections=2, listens=False) as shop:  # a copy has columns of its own
        peers: Any = shop.db.peers
        await rebuild_columns([shop.db], peers[Columns], peers[Pseudonyms])
    assert await asyncio.to_thread(run_audit, there, as_json) == 0
    shown = capsys.readouterr().out
    assert msgspec.json.decode(shown)["ok"] if as_json else "Everything holds." in shown
    await copy.run("UPDATE inventory.inventory_stock SET on_hand = on_hand + 1 WHERE sku = 'LAMP'")
    assert await asyncio.to_thread(run_audit, there, as_json) == 1
    shown = capsys.readouterr().out
    assert "SKU LAMP in MAIN: on_hand is" in shown
    assert not as_json or not msgspec.json.decode(shown)["ok"]


def test_the_auditor_imports_no_context() -> None:
    auditor = [
        source for source in Tree(REPOSITORY).sources if source.path.parts[:4] == ("src", "tradewind", "app", "audit")
    ]
    assert auditor
    imported = [name for source in auditor for _, name in source.imported()]
    assert not [name for name in imported if name.startswith(("tradewind.contexts", "tradewind.contracts"))]
    assert not [name for name in imported if name.startswith(("tradewind.runtime", "tradewind.adapters"))]
