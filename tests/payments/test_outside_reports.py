"""The settlement reports of Stripe and Adyen, fetched from servers that speak their interfaces, against our books."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from tests.adapters.payment_provider.outside import adyen_server, stripe_server
from tests.adapters.payment_provider.outside.adyen_server import AdyenServer
from tests.adapters.payment_provider.outside.counterpart import outside
from tests.adapters.payment_provider.outside.stripe_server import StripeServer
from tests.builders import a_product, an_ended_order
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.payments.manifest import Reconciled, RefundPayment, reconcile
from tradewind.kernel.clock import driven, now
from tradewind.kernel.errors import Unavailable
from tradewind.ports.settlements import SettlementReports

REFUNDED = "SELECT refunded_minor = 500 FROM payments.payments WHERE order_id = $1"
LOSE = "UPDATE payments.payments SET captured_minor = 0, status = 'VOIDED' WHERE order_id = $1"
Change = Callable[[str, str], str]
"""A report, and the order that it is changed about, to the report that is told instead."""


@dataclass
class Place:
    """A shop whose payments are taken to one outside provider; `once` and `back` are two orders of it."""

    name: str
    shop: Shop
    stand: Any
    chosen: dict[str, Any]
    once: UUID
    back: UUID

    async def compared(self, **options: Any) -> Reconciled:
        """Reconcile, without waiting for the second look."""
        reports: Any = self.shop.db.peers[SettlementReports]
        with driven(now() + timedelta(seconds=5)):
            return await reconcile(self.shop.db, reports, options.get("day"))

    def tell(self, what: str) -> None:
        """From now on the provider's report is wrong about the order `once` in this way."""
        (_tell_stripe if self.name == "stripe" else _tell_adyen)(self.stand, str(self.once), what)


def _tell_stripe(stand: StripeServer, order: str, what: str) -> None:
    def about(one: dict[str, Any]) -> bool:
        return str(one["source"].get("metadata", {}).get("tradewind_order")) == order

    def retell(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        (one,) = (one for one in told if about(one))
        others = [other for other in told if other is not one]
        stranger = {**one["source"], "id": "ch_x", "payment_intent": "pi_nobody", "metadata": {}}
        return {
            "missing there": others,
            "missing here": [*told, {**one, "id": "txn_x", "source": stranger}],
            "other amount": [*others, {**one, "amount": one["amount"] - 1}],
            "other currency": [*others, {**one, "currency": "usd"}],
            "twice": [*told, {**one, "id": "txn_x"}],
            "unreadable": [*others, {**one, "amount": "ten"}],
        }[what]

    stand.retell = retell


def _tell_adyen(stand: AdyenServer, order: str, what: str) -> None:
    (number,) = (n for n, text in enumerate(stand.batches) if f",{order}." in text)
    lines = stand.batches[number].splitlines()
    (at,) = (n for n, line in enumerate(lines) if f",{order}." in line)
    line = lines[at]
    lines[at : at + 1] = {
        "missing there": [],
        "missing here": [line, line.replace(order, "somebody-else")],
        "other amount": [line.replace(",10.00,", ",9.99,")],
        "other currency": [line.replace(",EUR,", ",USD,")],
        "twice": [line, line],
        "unreadable": [line.replace(",10.00,", ",ten,")],
    }[what]
    stand.batches[number] = "\n".join(lines) + "\n"


@pytest_asyncio.fixture(params=["stripe", "adyen"])
async def place(
    request: pytest.FixtureRequest, settings: Settings, own_engines: Engines, tmp_path: Path
) -> AsyncIterator[Place]:
    """It has sold two things, given some of one back, and been refused a third; at rest."""
    name: str = request.param
    async with AsyncExitStack() as stack:
        stand: Any = await stack.enter_async_context(
            outside(tmp_path, {"stripe": StripeServer, "adyen": AdyenServer}[name])
        )
        of_adyen = {
            "adyen_key": adyen_server.API_KEY,
            "adyen_account": adyen_server.ACCOUNT,
            "adyen_url": stand.url,
            "adyen_reports_url": stand.url + adyen_server.REPORTS.rpartition("/")[0],
        }
        of_stripe = {"stripe_key": stripe_server.SECRET_KEY, "stripe_url": stand.url}
        chosen = {"payment_provider": name, **(of_stripe if name == "stripe" else of_adyen)}
        shop = await stack.enter_async_context(open_shop(replace(settings, **chosen), own_engines, connections=8))
        async with working(shop):
            await a_product(shop, "ROPE", stock=50, amount="10.00")
            once = await an_ended_order(shop, "ROPE", qty=1)
            back = await an_ended_order(shop, "ROPE", qty=2)
            await an_ended_order(shop, "ROPE", method="simulated:decline")
            await shop.dispatch(RefundPayment(order_id=back, amount=Decimal(5), reason="scratch"), a_call("admin"))
            await until(shop, lambda: shop.db.pool.fetchval(REFUNDED, back))
        if name == "adyen":
            stand.close_batch()
        yield Place(name, shop, stand, chosen, once, back)


async def test_books_that_fit_the_report_match_whatever_day_is_asked_for(place: Place) -> None:
    place.stand.page = 2  # of Stripe's balance
    for day, orders in ((None, 2), (now().date(), 2), (now().date() - timedelta(days=1), 0)):
        found = await place.compared(day=day)
        assert (found.provider, found.matched, found.differences, found.in_flight) == (place.name, orders, [], 0)


@pytest.mark.parametrize(
    ("what", "kind", "theirs", "ours"),
    [
        ("missing there", "missing_there", "0", "10"),
        ("missing here", "missing_here", "10", "0"),
        ("other amount", "amount_differs", "9.99", "10"),
        ("other currency", "currency_differs", "10", "10"),
        ("twice", "duplicated", "20", "10"),
    ],
)
async def test_a_report_that_differs_is_named_by_how_it_does(
    place: Place, what: str, kind: str, theirs: str, ours: str
) -> None:
    place.tell(what)
    for day in (None, now().date()):
        [found] = (await place.compared(day=day)).differences
        assert (found.kind, found.operation) == (kind, "capture")
        assert (found.theirs, found.ours) == (Decimal(theirs), Decimal(ours))
        strangers = ("pi_nobody", "somebody-else")
        assert found.reference in (strangers if kind == "missing_here" else (str(place.once),))


async def test_what_our_books_lost_is_missing_here(place: Place) -> None:
    await place.shop.db.pool.execute(LOSE, place.once)
    [found] = (await place.compared()).differences
    assert (found.kind, found.reference, found.theirs) == ("missing_here", str(place.once), Decimal(10))


async def test_a_report_that_cannot_be_read_is_refused_by_its_place_and_nothing_agrees(place: Place) -> None:
    place.tell("unreadable")
    with pytest.raises(Unavailable) as refused:
        await place.compared()
    if place.name == "adyen":
        assert refused.value.detail.endswith("batch 1, line 2, column Gross Credit (GC): 'ten' is no amount.")
    else:
        assert "transaction txn_" in refused.value.detail
        assert "Expected `int`, got `str` - at `$.amount`" in refused.value.detail


async def test_what_adyen_has_not_settled_yet_is_on_its_way(place: Place) -> None:
    if place.name != "adyen":
        pytest.skip("stripe tells its balance at once")
    async with working(place.shop):
        await asyncio.sleep(1.1)  # a report tells whole seconds
        late = await an_ended_order(place.shop, "ROPE", qty=3)
    found = await place.compared()
    assert (found.matched, found.differences, found.in_flight) == (2, [], 1)
    place.stand.close_batch()
    place.stand.questions.clear()
    found = await place.compared()
    assert (found.matched, found.differences, found.in_flight) == (3, [], 0)
    assert f",{late}." in place.stand.batches[1]
    assert f"GET {adyen_server.REPORTS}1.csv" not in place.stand.questions, "a batch never changes"


async def test_the_command_prints_one_document_and_its_exit_code_tells(place: Place, settings: Settings) -> None:
    def run() -> tuple[int, str, str]:
        environment = {
            "TRADEWIND_HOME": str(settings.home),
            "TRADEWIND_DATABASE_URL": place.shop.engines.database_url,
            "TRADEWIND_PROVIDER_URL": place.stand.url,
            **{f"TRADEWIND_{name.upper()}": str(value) for name, value in place.chosen.items()},
        }
        command = [sys.executable, "-m", "tradewind.app.cli", "reconcile", "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    code, said, trouble = await asyncio.to_thread(run)
    assert code == 0, trouble
    batches = list(getattr(place.stand, "batches", ()))
    document = msgspec.json.decode(said)
    assert (document["provider"], document["matched"], document["differences"]) == (place.name, 2, [])
    place.tell("twice")
    code, said, _ = await asyncio.to_thread(run)
    [difference] = msgspec.json.decode(said)["differences"]
    assert code == 1
    assert difference == {
        "kind": "duplicated", "reference": str(place.once), "operation": "capture", "provider": place.name,
        "currency": "EUR", "theirs": 20, "ours": 10,
    }  # fmt: skip
    place.stand.batches = batches
    place.tell("unreadable")
    code, said, trouble = await asyncio.to_thread(run)
    assert (code, said) == (2, "")
    assert f"The settlement report of {place.name} cannot be read: " in trouble
