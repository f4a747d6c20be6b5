"""Reports of real providers against a real shop's books, with faults planted on either side; and the command."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.builders import a_product, an_ended_order
from tests.payments.conftest import Pair
from tests.shops import Shop, a_call, until, working
from tradewind.adapters.payment_provider.settlements import settlement_reports
from tradewind.app.settings import Settings
from tradewind.contexts.payments.manifest import Reconciled, RefundPayment, reconcile
from tradewind.contexts.payments.reconcile_settlement.timer import LastReconciled, reconcile_yesterday
from tradewind.kernel.clock import driven, now
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.settlements import SettlementReports

TOLD = "SELECT payload FROM runtime.outbox WHERE type = 'ecommerce.payment.settlement.differed.v1' ORDER BY position"
EVERYTHING = "SELECT (SELECT count(*) FROM runtime.outbox) + (SELECT count(*) FROM payments.settlement_difference)"
REFUNDED = "SELECT refunded_minor FROM payments.payments WHERE order_id = $1"


@pytest_asyncio.fixture
async def lived_in(soap_shop: Shop, pair: Pair) -> AsyncIterator[Shop]:
    """A shop that has sold, refunded and been refused something, over the gateway and over REST; at rest."""
    async with working(soap_shop):
        await a_product(soap_shop, "ROPE", stock=50, amount="10.00")
        await an_ended_order(soap_shop, "ROPE", qty=1)
        back = await an_ended_order(soap_shop, "ROPE", qty=2)
        await an_ended_order(soap_shop, "ROPE", method="simulated:decline")
        await an_ended_order(soap_shop, "ROPE", country="AQ")
        await soap_shop.dispatch(RefundPayment(order_id=back, amount=Decimal(5), reason="scratch"), a_call("admin"))

        async def refunded() -> bool:
            return bool(await soap_shop.db.pool.fetchval(REFUNDED, back) == 500)

        await until(soap_shop, refunded)
    yield soap_shop


async def compared(shop: Shop, day: date | None = None) -> Reconciled:
    """Reconcile, without waiting for the second look."""
    reports: Any = shop.db.peers[SettlementReports]
    with driven(now()):
        return await reconcile(shop.db, reports, day)


async def charge(books: ProviderProcess, reference: str, minor: int, currency: str = "EUR", key: str = "") -> None:
    """Take money of which the shop knows nothing."""
    amount = {"minor": minor, "currency": currency}
    key = key or str(new_id())
    held = {"key": key, "reference": reference, "method": "simulated:approve", "amount": amount}
    for path, wish in (
        ("/v1/authorizations", held),
        ("/v1/captures", {"key": f"{key}/c", "authorization_key": key, "amount": amount}),
    ):
        status, answer = await books.send("POST", path, msgspec.json.encode(wish))
        assert status == 200, answer


async def paid_order(shop: Shop) -> UUID:
    row = await shop.db.pool.fetchrow("SELECT order_id FROM payments.payments WHERE captured_minor = 1000")
    found: UUID = row["order_id"]
    return found


async def test_a_shop_whose_books_are_right_has_nothing_to_tell(lived_in: Shop) -> None:
    for day in (None, now().date()):
        found = await compared(lived_in, day)
        assert (found.provider, found.matched, found.differences, found.in_flight) == ("simulated, soap", 2, [], 0)
    assert (await compared(lived_in, now().date() - timedelta(days=1))).matched == 0


async def test_a_charge_that_only_a_provider_knows_is_named(lived_in: Shop, pair: Pair) -> None:
    here, there = str(new_id()), "somebody's else"
    await charge(pair.books, here, 770)
    await charge(pair.rest, there, 1)
    for day in (None, now().date()):
        found = {one.reference: one for one in (await compared(lived_in, day)).differences}
        assert {one.kind for one in found.values()} == {"missing_here"}
        assert {name: (one.provider, one.theirs, one.ours) for name, one in found.items()} == {
            here: ("soap", Decimal("7.70"), Decimal(0)),
            there: ("simulated", Decimal("0.01"), Decimal(0)),
        }


async def test_money_taken_at_both_providers_is_a_duplicate(lived_in: Shop, pair: Pair) -> None:
    order = await paid_order(lived_in)
    await charge(pair.rest, str(order), 1_000)
    [found] = (await compared(lived_in)).differences
    assert (found.kind, found.theirs, found.ours) == ("duplicated", Decimal(20), Decimal(10))
    assert found.provider == "simulated, soap"
    await charge(pair.books, str(order), 1, "USD")
    [found] = (await compared(lived_in)).differences
    assert found.kind == "currency_differs"


TAMPERED = {
    "UPDATE payments.payments SET captured_minor = 999 WHERE order_id = $1": ("amount_differs", "capture"),
    "UPDATE payments.payments SET refunded_minor = 1 WHERE order_id = $1": ("missing_there", "refund"),
    "UPDATE payments.payments SET captured_minor = 0 WHERE order_id = $1": ("missing_here", "capture"),
    "DELETE FROM payments.payments WHERE order_id = $1": ("missing_here", "capture"),
    "UPDATE payments.payments SET currency = 'USD' WHERE order_id = $1": ("currency_differs", "capture"),
}


async def test_books_that_were_tampered_with_are_noticed(lived_in: Shop) -> None:
    order, pool = await paid_order(lived_in), lived_in.db.pool
    await pool.execute(f"CREATE TABLE kept AS SELECT * FROM payments.payments WHERE order_id = '{order}'")
    for sql, (kind, operation) in TAMPERED.items():
        await pool.execute(sql, order)
        for day in (None, now().date()):
            [found] = (await compared(lived_in, day)).differences
            assert (found.kind, found.operation, found.reference) == (kind, operation, str(order))
        await pool.execute("DELETE FROM payments.payments WHERE order_id = $1", order)
        await pool.execute("INSERT INTO payments.payments SELECT * FROM kept")
    assert (await compared(lived_in)).differences == []


async def test_a_capture_that_the_provider_lost_is_missing_there(lived_in: Shop) -> None:
    sql = """INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, captured_minor,
                                            authorization_key)
             VALUES ($1, gen_random_uuid(), 'CAPTURED', 'm', 'EUR', 500, 500, 'k')"""
    await lived_in.db.pool.execute(sql, order := new_id())
    for day in (None, now().date()):
        [found] = (await compared(lived_in, day)).differences
        assert (found.kind, found.reference, found.provider) == ("missing_there", str(order), "")


async def test_money_that_is_moving_is_no_difference_yet(lived_in: Shop) -> None:
    order = await paid_order(lived_in)
    moving = "UPDATE payments.payments SET status = 'AUTHORIZED', captured_minor = 0 WHERE order_id = $1"
    await lived_in.db.pool.execute(moving, order)
    found = await compared(lived_in)
    assert (found.matched, found.differences, found.in_flight) == (1, [], 1)


async def test_a_report_is_read_page_by_page(lived_in: Shop, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from tradewind.adapters.payment_provider import settlements

    strangers = {str(new_id()) for _ in range(7)}
    await asyncio.gather(*(charge(pair.rest, one, 1) for one in strangers))
    monkeypatch.setattr(settlements, "MAX_PAGE", 3)
    found = await compared(lived_in)
    assert {one.reference for one in found.differences} == strangers
    assert found.matched == 2


async def test_a_report_that_cannot_be_read_is_no_agreement(lived_in: Shop, pair: Pair) -> None:
    await pair.rest.stop()
    with pytest.raises(Unavailable):
        await compared(lived_in)


async def test_every_day_that_is_over_is_reconciled_once_and_a_difference_told_once(lived_in: Shop, pair: Pair) -> None:
    tomorrow = datetime.combine(now().date() + timedelta(days=1), time.min, UTC)
    with driven(tomorrow + timedelta(minutes=61)):
        before = await lived_in.db.pool.fetchval(EVERYTHING)
        assert await reconcile_yesterday(lived_in.db) == 0
        assert await lived_in.db.pool.fetchval(EVERYTHING) == before, "agreement writes nothing"

        await charge(pair.rest, stranger := str(new_id()), 770)
        await reconcile_yesterday(lived_in.db)
        assert await lived_in.db.pool.fetch(TOLD) == [], "this process has done that day"
        for _ in range(3):  # other workers, or this one after a restart
            lived_in.db.peers = {**lived_in.db.peers, LastReconciled: LastReconciled()}
            await reconcile_yesterday(lived_in.db)
        [told] = [msgspec.json.decode(row["payload"]) for row in await lived_in.db.pool.fetch(TOLD)]
        assert (told["kind"], told["reference"], told["theirs"], told["provider"]) == (
            "missing_here", stranger, 7.7, "simulated",
        )  # fmt: skip
    with driven(tomorrow + timedelta(minutes=59)):
        lived_in.db.peers = {**lived_in.db.peers, LastReconciled: (last := LastReconciled())}
        await reconcile_yesterday(lived_in.db)
        assert last.day == now().date() - timedelta(days=2), "late answers have an hour"


async def test_a_report_that_cannot_be_read_is_tried_again_that_day(lived_in: Shop, pair: Pair) -> None:
    lived_in.db.peers = {**lived_in.db.peers, LastReconciled: (last := LastReconciled())}
    await pair.rest.stop()
    with pytest.raises(Unavailable):
        await reconcile_yesterday(lived_in.db)
    assert last.day is None


async def test_a_provider_whose_reports_are_files_is_left_alone(shop: Shop) -> None:
    async with settlement_reports({}) as none:
        shop.db.peers = {**shop.db.peers, SettlementReports: none}
        assert await reconcile_yesterday(shop.db) == 0
        assert (await reconcile(shop.db, none, None)).provider == ""


@pytest.mark.parametrize("query", ["?day=yesterday", "?limit=0", "?limit=1001", "?limit=x"])
async def test_a_report_that_is_asked_for_in_riddles_is_refused(pair: Pair, query: str) -> None:
    assert (await pair.rest.send("GET", f"/v1/settlements{query}"))[0] == 400


async def test_the_command_prints_one_document_and_its_exit_code_tells(
    lived_in: Shop, pair: Pair, settings: Settings
) -> None:
    def run(*options: str) -> tuple[int, str]:
        environment = {
            "TRADEWIND_HOME": str(settings.home),
            "TRADEWIND_DATABASE_URL": lived_in.engines.database_url,
            "TRADEWIND_PROVIDER_URL": pair.rest.url,
            "TRADEWIND_SOAP_URL": pair.soap_url,
            "TRADEWIND_PAYMENT_PROVIDER": "soap",
        }
        command = [sys.executable, "-m", "tradewind.app.cli", "reconcile", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    code, said = await asyncio.to_thread(run, "--json")
    document = msgspec.json.decode(said)
    assert (code, list(document)[:3]) == (0, ["provider", "matched", "differences"])
    assert (document["provider"], document["matched"], document["differences"]) == ("simulated, soap", 2, [])

    await charge(pair.rest, stranger := str(new_id()), 770)
    code, said = await asyncio.to_thread(run, "--json", "--day", now().date().isoformat())
    [difference] = msgspec.json.decode(said)["differences"]
    assert code == 1
    assert difference == {
        "kind": "missing_here", "reference": stranger, "operation": "capture", "provider": "simulated",
        "currency": "EUR", "theirs": 7.7, "ours": 0,
    }  # fmt: skip
    code, said = await asyncio.to_thread(run)
    assert code == 1
    assert stranger in said
    assert "2 orders agree, 1 differences." in said

    await pair.rest.stop()
    assert await asyncio.to_thread(run, "--json") == (2, "")
