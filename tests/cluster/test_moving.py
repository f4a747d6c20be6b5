"""Payments moves to a database of its own by the commands of the guide, and what was under way goes on there."""

import os
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest_asyncio

from tests.adapters.payment_provider.provider_process import ProviderProcess
from tests.builders import a_product, an_ended_order
from tests.comebacks import pieces_refunded_by_hand
from tests.held import comes_to, held
from tests.house.tree import REPOSITORY
from tests.remote.two_databases import Apart, put_apart, where_payments_goes
from tests.shops import a_call, open_shop, until, working
from tradewind.adapters.database.embedded import binaries
from tradewind.app.audit.across import audit_across
from tradewind.app.engines import Engines
from tradewind.app.placement import databases_apart, manifests
from tradewind.app.settings import Settings
from tradewind.app.wiring import migrate_shop
from tradewind.contexts.payments.capture_payment.command import CapturePayment
from tradewind.contexts.payments.refund_payment.command import RefundPayment

GUIDE: Final = REPOSITORY / "docs/guides/operating.md"
HEADING: Final = "### Give payments a database of its own"
STAFF: Final = a_call("admin")
DONE: Final = """
    SELECT count(*) FROM payments.refund AS r JOIN runtime.saga AS s USING (id)
    WHERE r.order_id = $1 AND r.status = 'DONE' AND s.phase = 'COMPLETED'
"""
SAGAS: Final = "SELECT count(*) FROM runtime.saga WHERE name = 'refund_payment'"
JOURNAL: Final = """
    SELECT step, message, detail FROM runtime.saga_journal WHERE saga_id IN (SELECT id FROM runtime.saga
    WHERE name = 'refund_payment') ORDER BY id
"""
PLACES: Final = "SELECT count(*) FROM runtime.position WHERE subscriber LIKE 'payments.%'"
LATER: Final = "UPDATE runtime.saga SET due_at = now() WHERE id = $1"
"""An hour is over: the saga looks by itself. No Kafka brings it the event that would have woken it."""
UNHEARD: Final = "heard across databases"
"""No Kafka carries events between the two databases of these tests."""


@dataclass
class Before:
    """A shop on one database, stopped in the midst of what it did; where payments is to move."""

    found: Engines
    theirs: Engines
    provider: ProviderProcess
    refunded: UUID
    under_way: UUID
    held: UUID


@pytest_asyncio.fixture
async def before(
    settings: Settings, own_engines: Engines, shared_engines: Engines, tmp_path: Path
) -> AsyncIterator[Before]:
    async with AsyncExitStack() as stack:
        theirs, provider = await stack.enter_async_context(where_payments_goes(shared_engines, tmp_path))
        found = replace(own_engines, provider_url=provider.url)
        async with open_shop(settings, found, connections=8) as shop:
            async with working(shop):
                await a_product(shop, "BOOK")
                refunded, under_way = [await an_ended_order(shop, "BOOK", qty=2) for _ in range(2)]
                await pieces_refunded_by_hand(shop, refunded, "BOOK", 1)
                await until(shop, lambda: shop.db.pool.fetchval(DONE, refunded))
                kept = await held(shop, "BOOK")
            await shop.dispatch(RefundPayment(order_id=under_way, amount=Decimal(5), reason="a scratch"), STAFF)
        await migrate_shop(theirs.database_url, manifests(("payments",)))
        yield Before(found, theirs, provider, refunded, under_way, kept)


def moved(before: Before) -> subprocess.CompletedProcess[str]:
    """What the guide's commands say."""
    said = GUIDE.read_text().partition(HEADING)[2]
    found = re.search(r"```sh\n(.*?)```", said, re.DOTALL)
    assert found
    addresses = {"SHOP": before.found.database_url, "PAYMENTS": before.theirs.database_url}
    path = f"{binaries()}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", found[1]],
        env={"PATH": path, **addresses},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def wrong(apart: Apart) -> list[str]:
    """What the auditor finds, the provider's books compared."""
    databases = databases_apart(apart.settings)
    return (await audit_across(apart.shop.engines.database_url, databases, apart.provider.url, settle_s=3.0)).lines()


async def test_what_was_paid_held_and_given_back_is_there_and_goes_on(settings: Settings, before: Before) -> None:
    done = moved(before)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("pg_dump: ")] == []
    async with put_apart(settings, before.found, before.theirs, before.provider) as apart:
        shop, payments = apart.shop, apart.payments
        assert [await one.db.pool.fetchval(SAGAS) for one in (shop, payments)] == [0, 2]
        await until(payments, lambda: payments.db.pool.fetchval(DONE, before.under_way))
        await payments.dispatch(CapturePayment(order_id=before.held), STAFF)
        await pieces_refunded_by_hand(payments, before.refunded, "BOOK", 1)
        await shop.db.pool.execute(LATER, before.held)
        assert await comes_to(shop, before.held, "PAID") == "PAID"
        assert await shop.db.pool.fetchval(PLACES) == 0
        assert [tuple(row) for row in await payments.db.pool.fetch(JOURNAL)], "what was said of sagas came along"
        fresh = await apart.ended()
        assert fresh.status == "PAID"
        assert [line for line in await wrong(apart) if not line.startswith(UNHEARD)] == []


async def test_it_is_all_or_nothing_and_twice_is_refused(settings: Settings, before: Before) -> None:
    assert moved(before).returncode == 0
    again = moved(before)
    assert again.returncode != 0
    assert "duplicate key" in again.stderr
    async with put_apart(settings, before.found, before.theirs, before.provider) as apart:
        pool: Any = apart.payments.db.pool
        await until(apart.payments, lambda: pool.fetchval(DONE, before.under_way))
        assert [line for line in await wrong(apart) if not line.startswith(UNHEARD)] == []
