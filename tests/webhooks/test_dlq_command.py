"""`tradewind dlq`, as scripts call it."""

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from tests.webhooks.conftest import Desk, a_name
from tradewind.adapters.log.kafka.received import PARK_UNREADABLE, UNREADABLE, letter_of
from tradewind.app.commands.dlq import app
from tradewind.kernel.ids import new_id

TRAIL = "SELECT action, facts->>'why' AS why FROM runtime.audit_entry WHERE subject = $1"


async def run(*arguments: str) -> Result:
    """The command, in a thread with a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


@pytest.fixture(autouse=True)
def environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk's shop, to the command."""
    monkeypatch.setenv("TRADEWIND_HOME", str(desk.shop.settings.home))
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", desk.shop.engines.database_url)
    monkeypatch.setenv("TRADEWIND_PROVIDER_URL", desk.shop.engines.provider_url)


async def test_dead_letters_are_listed_shown_and_redriven_once(desk: Desk) -> None:
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.next[name].append((410, {}))
    await desk.tell("a")
    (letter,) = json.loads((await run("list", "--json")).output)
    id_ = f"webhooks/{subscription.id}/1"
    assert (letter["id"], letter["consumer"], letter["reason"]) == (id_, "webhooks", "HTTP 410")
    assert json.loads((await run("show", id_, "--json")).output)[0]["payload"]["sku"] == "a"
    assert json.loads((await run("redrive", id_, "--json")).output) == {"redriven": [id_]}
    assert (await run("redrive", id_, "--json")).exit_code == 1
    assert json.loads((await run("list", "--json")).output) == []


async def test_a_letter_that_nobody_hears_holds_up_none_of_those_that_are_redriven_together(desk: Desk) -> None:
    of_nobody = letter_of("no JSON", "key")
    await desk.shop.db.pool.execute(PARK_UNREADABLE, UNREADABLE, "topic", 0, 0, new_id(), "not read", of_nobody)
    name = a_name()
    subscription = await desk.subscribe(name)
    desk.partners.next[name].append((410, {}))
    await desk.tell("a")
    before = [letter["consumer"] for letter in json.loads((await run("list", "--json")).output)]
    assert before == [UNREADABLE, "webhooks"]
    result = await run("redrive", "--all", "--json")
    assert (result.exit_code, json.loads(result.output)) == (0, {"redriven": [f"webhooks/{subscription.id}/1"]})
    assert [letter["consumer"] for letter in json.loads((await run("list", "--json")).output)] == [UNREADABLE]
    assert (await run("redrive", "--all")).output.strip() == "0 redriven, 1 left that nobody can hear"


async def test_a_letter_is_dropped_once_with_a_reason_that_stands_in_the_trail(desk: Desk) -> None:
    of_nobody = letter_of("no JSON", "key")
    await desk.shop.db.pool.execute(PARK_UNREADABLE, UNREADABLE, "topic", 0, 0, new_id(), "not read", of_nobody)
    name = a_name()
    await desk.subscribe(name)
    desk.partners.next[name].append((410, {}))
    await desk.tell("a")
    unread, partners = (letter["id"] for letter in json.loads((await run("list", "--json")).output))
    assert (await run("drop", unread)).exit_code == 2
    assert (await run("drop", unread, "--why", " ")).exit_code == 2
    assert (await run("drop", partners, "--why", "the partner has gone")).exit_code == 1
    dropped = await run("drop", unread, "--why", "a test of the integrators'", "--json")
    assert (dropped.exit_code, json.loads(dropped.output)) == (0, {"dropped": [unread]})
    assert (await run("drop", unread, "--why", "again")).exit_code == 1
    assert [letter["id"] for letter in json.loads((await run("list", "--json")).output)] == [partners]
    trail = await desk.shop.db.pool.fetch(TRAIL, unread)
    assert [(row["action"], row["why"]) for row in trail] == [("dead_letters.drop", "a test of the integrators'")]
