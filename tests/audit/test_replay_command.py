"""`tradewind replay`: every projection is dropped and learned again by one command, the same to the last row."""

import asyncio
import json
import os
import signal
import sys
from typing import Any, Final

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from tests.audit.conftest import Place
from tests.shops import open_shop, until, working
from tradewind.app.commands.replay import app
from tradewind.app.settings import Settings
from tradewind.app.wiring import manifests
from tradewind.runtime.leading import LEAD
from tradewind.runtime.relay import LOCK

HEARS: Final = {
    one.table: sorted(one.types) for context in manifests() for one in context.subscribers if one.table is not None
}
EMPTY: Final = "SELECT runtime.empty_table($1::text::regclass)"
HELD: Final = "SELECT row_count, checksum FROM runtime.digest_of($1::text::regclass)"
TOLD: Final = "SELECT count(*) FROM runtime.outbox WHERE type = ANY($1::text[])"
WHO_RAN: Final = "SELECT actor FROM runtime.audit_entry WHERE action = 'replay.run' AND subject = $1"
STANDS: Final = """
    SELECT (p.stamp, p.position) >= (newest.stamp, newest.position)
    FROM runtime.position AS p,
         (SELECT stamp, position FROM runtime.outbox ORDER BY stamp DESC, position DESC LIMIT 1) AS newest
    WHERE p.subscriber = $1
"""
LISTING: Final = "catalog.listing"


@pytest.fixture
def environment(copy: Place, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the copy."""
    for name in list(os.environ):
        if name.startswith("TRADEWIND_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRADEWIND_HOME", str(settings.home))
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", copy.found.database_url)
    monkeypatch.setenv("TRADEWIND_PROVIDER_URL", copy.found.provider_url)


async def run(*arguments: str) -> Result:
    """The command, in a thread with a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def of(copy: Place, statement: str, name: str | list[str]) -> Any:
    """What the copy's database answers."""
    connection = await asyncpg.connect(copy.found.database_url)
    try:
        return await connection.fetchrow(statement, name)
    finally:
        await connection.close()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", sorted(HEARS))
async def test_a_projection_that_was_lost_is_learned_again_to_the_last_row(name: str, copy: Place) -> None:
    rows, checksum = await of(copy, HELD, name)
    await of(copy, EMPTY, name)
    (first,) = json.loads((await run("run", name, "--json")).output)
    assert first["after"] == {"rows": rows, "checksum": checksum}
    assert (first["before"]["rows"], first["same"]) == (0, rows == 0)
    (again,) = json.loads((await run("run", name, "--json")).output)
    assert again == {**first, "before": first["after"], "same": True}
    assert again["events"] == (await of(copy, TOLD, HEARS[name]))[0]
    report = await copy.audit()
    assert report.ok, report.lines()


@pytest.mark.usefixtures("environment")
async def test_nothing_is_replayed_while_a_worker_hears_events(copy: Place) -> None:
    held = await of(copy, HELD, LISTING)
    worker = await asyncpg.connect(copy.found.database_url)
    try:
        assert await worker.fetchval(LEAD, LOCK), "the lead is free, and a worker takes it"
        refused = await run("run", LISTING)
    finally:
        await worker.close()
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "Stop every worker" in refused.stderr
    assert await of(copy, HELD, LISTING) == held
    assert await of(copy, WHO_RAN, LISTING) is None


@pytest.mark.usefixtures("environment")
async def test_what_is_no_projection_is_not_replayed(copy: Place) -> None:
    names = {one["projection"] for one in json.loads((await run("list", "--json")).output)}
    assert names == HEARS.keys()
    refused = await run("run", LISTING, "orders.orders")
    assert refused.exit_code == 1
    assert "no projection orders.orders" in refused.stderr
    assert await of(copy, WHO_RAN, LISTING) is None, "nor is what was named before it"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("where", ["relay.before_commit", "relay.after_commit"])
async def test_a_replay_that_was_killed_is_ended_by_the_next_worker(
    where: str, copy: Place, settings: Settings
) -> None:
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.cli", "replay", "run", LISTING,
        env={**os.environ, "TRADEWIND_FAILPOINTS": f"{where}=kill@1"},
    )  # fmt: skip
    assert await killed.wait() == -signal.SIGKILL
    assert await of(copy, WHO_RAN, LISTING), "it had begun"
    heard = False
    while not heard:
        async with open_shop(settings, copy.found, connections=4) as shop, working(shop):
            await until(shop, lambda: shop.db.pool.fetchval(STANDS, LISTING))
        (heard,) = await of(copy, STANDS, LISTING)  # a timer of the worker's may have had the last word
    (again,) = json.loads((await run("run", LISTING, "--json")).output)
    assert again["same"], again
