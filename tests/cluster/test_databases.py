"""Commands look into every database of a shop, and say which setting is missing where they cannot."""

import asyncio
import json
import os
import sys
from typing import Any, Final
from uuid import UUID

from tests.comebacks import refunded_by_hand
from tests.remote.two_databases import Apart, two_databases
from tests.shops import until
from tradewind.app.free_ports import free_port
from tradewind.kernel.ids import new_id

__all__ = ["two_databases"]

DONE: Final = """
    SELECT id FROM runtime.saga WHERE name = 'refund_payment' AND phase = 'COMPLETED'
    AND id IN (SELECT id FROM payments.refund WHERE order_id = $1)
"""
PARK: Final = "UPDATE runtime.saga SET phase = 'NEEDS_ATTENTION', step = 0, due_at = NULL WHERE id = $1"
PHASE: Final = "SELECT phase FROM runtime.saga WHERE id = $1"
GIVE_UP: Final = """
    INSERT INTO runtime.dead_letter (subscriber, position, event_id, type, reason, attempts, envelope)
    VALUES ('payments.sold', -1, $1, 'ecommerce.order.order.created.v1', 'a test', 1, '{}')
"""
COMPLETED: Final = "COMPLETED"


def environment(apart: Apart) -> dict[str, str]:
    """What a shell tells commands."""
    settings = apart.settings
    assert settings.database_url
    assert settings.payments_url
    assert settings.payments_database_url
    assert settings.kafka_servers
    return {
        **os.environ,
        "COLUMNS": "400",
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": settings.database_url,
        "TRADEWIND_PROVIDER_URL": apart.provider.url,
        "TRADEWIND_PAYMENTS_URL": settings.payments_url,
        "TRADEWIND_PAYMENTS_DATABASE_URL": settings.payments_database_url,
        "TRADEWIND_KAFKA_SERVERS": settings.kafka_servers,
    }


async def command(told: dict[str, str], *words: str) -> tuple[int, str, str]:
    """How a command ended, and what it said."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tradewind.app.cli", *words),
        env=told,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, err = await child.communicate()
    return child.returncode or 0, out.decode(), err.decode()


async def answered(told: dict[str, str], *words: str) -> Any:
    """The document that a command printed."""
    code, out, err = await command(told, *words, "--json")
    assert code == 0, err
    return json.loads(out)


async def test_sagas_letters_books_and_projections_of_both_databases_are_found(two_databases: Apart) -> None:
    apart, told = two_databases, environment(two_databases)
    pool: Any = apart.payments.db.pool
    order = await apart.ended()
    await refunded_by_hand(apart.payments, order.id, 500)
    refund_id: UUID = await until(apart.payments, lambda: pool.fetchval(DONE, order.id))

    listed = await answered(told, "saga", "list")
    assert {line["saga"].partition("@")[0] for line in listed} == {"place_order", "refund_payment"}
    for one in (order.id, refund_id):
        assert (await answered(told, "saga", "show", str(one)))["saga"]["id"] == str(one)
    await pool.execute(PARK, refund_id)
    assert (await answered(told, "saga", "retry", str(refund_id)))["saga"]["phase"] == "STARTED"

    async def over() -> bool:
        return bool(await pool.fetchval(PHASE, refund_id) == COMPLETED)

    await until(apart.payments, over)
    assert "no saga of that id" in (await command(told, "saga", "show", str(new_id())))[2]

    await pool.execute(GIVE_UP, new_id())
    assert [line["consumer"] for line in await answered(told, "dlq", "list")] == ["payments.sold"]
    assert {"orders.orders_by_customer", "payments.sold"} <= {
        line["projection"] for line in await answered(told, "replay", "list")
    }
    code, out, _ = await command(told, "reconcile", "--json")
    assert (code, json.loads(out)["differences"], json.loads(out)["matched"]) == (0, [], 1)


async def test_a_database_that_nobody_reaches_is_told_with_the_setting_that_names_it(two_databases: Apart) -> None:
    nowhere = f"postgresql://shop:hunter2@127.0.0.1:{free_port('127.0.0.1')}/payments"
    told = environment(two_databases) | {"TRADEWIND_PAYMENTS_DATABASE_URL": nowhere}
    every = (
        ("audit",),
        ("saga", "list"),
        ("dlq", "list"),
        ("reconcile",),
        ("replay", "list"),
        ("analytics", "rebuild"),
    )
    for words in every:
        code, _, said = await command(told, *words)
        assert code != 0, words
        assert "The database of payments does not let us in" in said, (words, said)
        assert "that TRADEWIND_PAYMENTS_DATABASE_URL names its host" in said, words
        assert "Traceback" not in said, words
        assert "hunter2" not in said, words


async def test_whoever_needs_both_databases_says_which_setting_names_the_other(two_databases: Apart) -> None:
    told = environment(two_databases) | {"TRADEWIND_PAYMENTS_DATABASE_URL": ""}
    for words in (("audit",), ("saga", "list"), ("dlq", "list"), ("reconcile",), ("replay", "list")):
        code, _, said = await command(told, *words)
        assert code != 0, words
        assert "TRADEWIND_PAYMENTS_DATABASE_URL must say where it keeps what it has" in said, words
