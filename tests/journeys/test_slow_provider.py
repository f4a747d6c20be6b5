"""R14, R22: a provider that loses answers, and a payment that succeeds when the hold on the goods ends."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.builders import a_product
from tests.challenges import answer
from tests.held import STAFF, a_shop_with_its_provider, all_ended, asked, captures, placed
from tests.journeys.reasons import OWN_SETTINGS
from tests.shops import Shop, until
from tradewind.app.audit.auditor import audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.orders.verify_payment.command import VerifyPayment
from tradewind.runtime import failpoints

pytestmark = [pytest.mark.xdist_group("journeys"), pytest.mark.one_process_tree(OWN_SETTINGS)]
ORDERS: Final = int(os.environ.get("TRADEWIND_TRIALS", "200"))
TRIALS: Final = int(os.environ.get("TRADEWIND_TRIALS", "24"))
AT_ONCE: Final = 20
METHODS: Final = (
    "lost-answer", "torn-answer", "garbled", "error-after", "lost-capture", "error-after-capture", "error-1", "error-2",
    "slow-50", "approve",
)  # fmt: skip
"""Two in ten answer 500 and have done nothing, six in ten have done it and do not say so."""
STATUSES: Final = "SELECT status, count(*) AS n FROM orders.orders GROUP BY status"
EXPIRES: Final = """
    UPDATE inventory.reservation SET expires_at = now() + $2 * interval '1 millisecond' WHERE order_id = $1
"""
LEDGER: Final = """
    SELECT o.status, p.captured_minor, p.refunded_minor, p.status AS payment
    FROM orders.orders AS o JOIN payments.payments AS p ON p.order_id = o.id
"""


@pytest_asyncio.fixture
async def stand(
    settings: Settings, own_engines: Engines, tmp_path: Path
) -> AsyncIterator[tuple[Shop, ProviderProcess]]:
    """A shop, and its own provider."""
    async with a_shop_with_its_provider(settings, own_engines, tmp_path) as found:
        yield found


async def test_however_many_answers_a_provider_loses_nobody_pays_twice(stand: tuple[Shop, ProviderProcess]) -> None:
    shop, provider = stand
    sku = await a_product(shop, "BOOK", stock=ORDERS)
    for operation, fault in (("capture", "torn-answer"), ("look_up", "error"), ("capture", "error-after")):
        await provider.strike(operation, fault, times=ORDERS // 20)  # type: ignore[arg-type]  # both are a Call
    room = asyncio.Semaphore(AT_ONCE)

    async def order(number: int) -> None:
        async with room:
            await placed(shop, sku, f"simulated:{METHODS[number % len(METHODS)]}")

    await asyncio.gather(*(order(number) for number in range(ORDERS)))
    await all_ended(shop, within_s=180)
    statuses = {row["status"]: row["n"] for row in await shop.db.pool.fetch(STATUSES)}
    counted = Counter((await captures(provider)).values())
    print(f"{ORDERS} orders against a lying provider: {statuses}, captures an order: {dict(counted)}")
    assert statuses.keys() <= {"PAID", "FAILED"}
    assert statuses["PAID"] >= ORDERS * 19 // 20, "a few have all their attempts lost, and are undone"
    assert counted == {1: statuses["PAID"]}
    report = await audit(shop.engines.database_url, shop.engines.provider_url, settle_s=10)
    assert report.ok, report.lines()


async def test_a_shop_that_asks_under_new_keys_would_be_noticed(
    stand: tuple[Shop, ProviderProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, provider = stand
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"effect_without_key"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    sku = await a_product(shop, "BOOK", stock=5)
    await asyncio.gather(*(placed(shop, sku, "simulated:lost-answer") for _ in range(5)))

    async def held_twice() -> bool:
        lines = [line for page in await provider.all_pages(1_000) for line in page]
        held = Counter(line.reference for line in lines if line.operation == "authorization" and line.minor)
        return len(held) == 5 and min(held.values()) > 1

    await until(shop, held_twice)
    report = await audit(shop.engines.database_url, shop.engines.provider_url, settle_s=10)
    assert "provider's ledger" in [check.name for check in report.checks if not check.ok]


async def test_a_payment_that_succeeds_as_the_hold_ends_is_confirmed_or_undone(
    stand: tuple[Shop, ProviderProcess],
) -> None:
    shop, _ = stand
    sku = await a_product(shop, "BOOK", stock=TRIALS)
    chance = random.Random(22)

    async def trial() -> None:
        order_id = await placed(shop, sku, "simulated:challenge-never")
        url = await asked(shop, order_id)
        await shop.db.pool.execute(EXPIRES, order_id, chance.randrange(0, 120))
        await answer(url, "confirm")
        await shop.dispatch(VerifyPayment(order_id=order_id), STAFF)

    for _ in range(0, TRIALS, 4):
        await asyncio.gather(*(trial() for _ in range(4)))
    await all_ended(shop)
    found = Counter(tuple(row) for row in await shop.db.pool.fetch(LEDGER))
    print(f"{TRIALS} payments at the end of their hold: {dict(found)}")
    assert set(found) <= {
        ("PAID", 1250, 0, "CAPTURED"),
        ("CANCELED", 0, 0, "VOIDED"),
        ("CANCELED", 1250, 1250, "REFUNDED"),
    }
    paid = sum(count for (status, *_), count in found.items() if status == "PAID")
    stock = await shop.db.pool.fetchrow("SELECT on_hand, reserved FROM inventory.inventory_stock")
    assert tuple(stock) == (TRIALS - paid, 0)
    report = await audit(shop.engines.database_url, shop.engines.provider_url, settle_s=10)
    assert report.ok, report.lines()
