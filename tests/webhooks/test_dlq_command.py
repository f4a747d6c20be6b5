"""`tradewind dlq`, as scripts call it."""

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from tests.webhooks.conftest import Desk, a_name
from tradewind.app.commands.dlq import app


async def run(*arguments: str) -> Result:
    """The command, in a thread with a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


async def test_dead_letters_are_listed_shown_and_redriven_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_HOME", str(desk.shop.settings.home))
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", desk.shop.engines.database_url)
    monkeypatch.setenv("TRADEWIND_PROVIDER_URL", desk.shop.engines.provider_url)
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
