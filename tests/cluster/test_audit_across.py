"""The audit of several databases finds what is wrong between them, and what one told and another has not heard."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from importlib import import_module
from pkgutil import iter_modules

import pytest
import pytest_asyncio

from tests.remote.test_orders_apart import Apart, apart
from tests.remote.two_databases import Apart as TwoDatabases
from tests.remote.two_databases import two_databases
from tests.shops import a_call, until, working
from tradewind.app import audit
from tradewind.app.audit import across, copies
from tradewind.app.audit.across import audit_across
from tradewind.app.placement import databases_apart
from tradewind.contexts.orders._domain.view import OrderView
from tradewind.contexts.payments.manifest import RefundPayment
from tradewind.kernel.ids import new_id

__all__ = ["apart", "two_databases"]

TAKE_BACK = "UPDATE inventory.reservation SET state = 'RELEASED' WHERE order_id = $1"
LESS_TAKEN = "UPDATE payments.payments SET captured_minor = captured_minor - 1 WHERE order_id = $1"
GIVEN_BACK = "SELECT count(*) FROM payments.refund WHERE order_id = $1 AND status = 'DONE'"
ITS_REFUND = "SELECT id FROM payments.refund WHERE order_id = $1"
PARK = "UPDATE runtime.saga SET phase = 'NEEDS_ATTENTION', due_at = NULL WHERE id = $1"
LOSE_SAGA = "DELETE FROM runtime.saga WHERE id = $1"
LEFT_OVER = """
    INSERT INTO payments.payments (id, order_id, amount_minor, currency, method, status, authorization_key)
    VALUES (gen_random_uuid(), $1, 1, 'EUR', 'simulated:approve', 'AUTHORIZED', 'left over')
"""
SETTLE_S = 3.0
FIRST = {"heard across databases"}
"""No Kafka carries events between the two databases of these tests."""


@pytest_asyncio.fixture
async def both(apart: Apart) -> AsyncIterator[Apart]:
    """Two shops that work, gRPC between them."""
    async with working(apart.inventory), apart.answering():
        yield apart


async def audited(apart: Apart) -> list[str]:
    """Every violation."""
    urls = apart.orders.engines.database_url, {"inventory": apart.inventory.engines.database_url}
    return (await audit_across(*urls, None, settle_s=20.0)).lines()


async def test_what_inventory_holds_is_compared_with_the_orders_of_the_other_database(both: Apart) -> None:
    order = await both.ended()
    refused = await both.ended("decline")
    assert {line.partition(":")[0] for line in await audited(both)} == FIRST
    await both.inventory.db.pool.execute(TAKE_BACK, order.id)
    wrong = await audited(both)
    assert {line.partition(":")[0] for line in wrong} == FIRST | {"stock ledger", "reservations"}
    assert any(str(order.id) in line for line in wrong)
    assert not any(str(refused.id) in line for line in wrong)


async def test_what_one_side_told_and_the_other_has_not_heard_is_named(both: Apart) -> None:
    await both.ended()
    unheard = [line for line in await audited(both) if line.startswith("heard across databases")]
    assert any("subscriber catalog.availability has not heard" in line for line in unheard)
    assert any("subscriber inventory.on_order_confirmed has not heard" in line for line in unheard)
    assert any("subscriber webhooks.hear_elsewhere has not heard" in line for line in unheard)


async def test_nothing_is_claimed_of_databases_that_do_not_hold_still(
    both: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copies.copy

    async def meanwhile(sides: copies.Sides, shop: object) -> None:
        await copy(sides, shop)
        await both.ended()

    monkeypatch.setattr(copies, "copy", meanwhile)
    monkeypatch.setattr(across, "TRIES", 2)
    (line,) = await audited(both)
    assert line.startswith("all databases at one moment: The logs went on during each of 2 tries")


async def audited_of_money(apart: TwoDatabases) -> list[str]:
    """Every violation, the provider's books compared."""
    databases = databases_apart(apart.settings)
    report = await audit_across(apart.shop.engines.database_url, databases, apart.provider.url, settle_s=SETTLE_S)
    checked = {check.name: check.checked for check in report.checks}
    assert min(checked[name] for name in ("payments", "payment intents", "provider's ledger")) > 0
    assert checked["order in the log of payments"] > 0
    return report.lines()


async def refunded(apart: TwoDatabases) -> OrderView:
    """An order of which some was given back by hand."""
    order = await apart.ended()
    refund = RefundPayment(order_id=order.id, amount=Decimal("5.00"), reason="a scratch", refund_id=new_id())
    await apart.payments.dispatch(refund, a_call("admin"))
    await until(apart.payments, lambda: apart.payments.db.pool.fetchval(GIVEN_BACK, order.id))
    return order


async def test_what_payments_holds_and_took_is_compared_with_the_orders_of_the_other_database(
    two_databases: TwoDatabases,
) -> None:
    order = await refunded(two_databases)
    refused = await two_databases.ended("decline")
    assert {line.partition(":")[0] for line in await audited_of_money(two_databases)} == FIRST
    await two_databases.payments.db.pool.execute(LESS_TAKEN, order.id)
    wrong = await audited_of_money(two_databases)
    assert {line.partition(":")[0] for line in wrong} == FIRST | {"payments", "provider's ledger"}
    assert any(str(order.id) in line for line in wrong)
    assert not any(str(refused.id) in line for line in wrong)


async def test_a_saga_of_payments_that_nobody_carries_is_named_and_one_that_is_gone_is_missed(
    two_databases: TwoDatabases,
) -> None:
    order = await refunded(two_databases)
    pool = two_databases.payments.db.pool
    refund_id = await pool.fetchval(ITS_REFUND, order.id)
    await pool.execute(PARK, refund_id)
    wrong = await audited_of_money(two_databases)
    assert {line.partition(":")[0] for line in wrong} == FIRST | {"no saga overdue", "refunds"}
    assert all(str(refund_id) in line for line in wrong if not line.startswith(tuple(FIRST)))
    await pool.execute(LOSE_SAGA, refund_id)
    wrong = await audited_of_money(two_databases)
    assert any(f"refund {refund_id}" in line and "no saga carries it" in line for line in wrong)


async def test_what_was_left_in_the_database_of_the_others_is_not_taken_for_what_payments_has(
    two_databases: TwoDatabases,
) -> None:
    """As it is after payments has moved, when nobody has emptied its tables there."""
    order = await two_databases.ended()
    await two_databases.shop.db.pool.execute(LEFT_OVER, order.id)
    assert {line.partition(":")[0] for line in await audited_of_money(two_databases)} == FIRST


async def test_what_payments_told_and_the_others_have_not_heard_is_named_and_so_is_the_reverse(
    two_databases: TwoDatabases,
) -> None:
    await two_databases.ended()
    unheard = [line for line in await audited_of_money(two_databases) if line.startswith("heard across")]
    assert any("subscriber analytics.gather has not heard" in line for line in unheard)
    assert any("subscriber payments.sold has not heard" in line for line in unheard)


def test_every_table_of_a_context_that_may_be_apart_which_a_check_reads_is_copied() -> None:
    """Else the check would read what was left of it in the database of the others."""
    said = [sql for sql in all_statements() if isinstance(sql, str)]
    assert len(said) > 20
    for one in copies.MAY_BE_APART.values():
        read = {name for sql in said for name in re.findall(rf"(?<![.\w]){one.context}\.(\w+)", sql)}
        assert read == {*one.tables}
        renamed = copies._there("\n".join(said), [one.context])
        assert not re.search(rf"(?<![.\w]){one.context}\.\w+", renamed)


def all_statements() -> list[object]:
    """All SQL of the audit's own modules."""
    modules = [import_module(f"tradewind.app.audit.{one.name}") for one in iter_modules(audit.__path__)]
    statements = [
        one for module in modules for name, one in vars(module).items()
        if isinstance(one, str) and re.search(r"\b(FROM|JOIN)\s+[a-z_]+\.", one)
    ]  # fmt: skip
    return list(dict.fromkeys(statements))
