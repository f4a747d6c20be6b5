"""`tradewind privacy export` and `erase`, as an operator runs them beside a shop that serves."""

import asyncio
import json
import sys
import zipfile
from pathlib import Path
from stat import S_IMODE

import pytest

from tests.markets import Market, Person

pytestmark = pytest.mark.xdist_group("quiet")

REACHED = {"name": "Ada", "contactMethods": [{"kind": "EMAIL", "value": "ada@example.org"}]}


async def privacy(market: Market, folder: Path, *arguments: str, said: str = "") -> tuple[int, str, str]:
    """Run `tradewind privacy …` in a folder; its exit code, what it printed, what it complained of."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.cli", "privacy", *arguments,
        env=market.environment, cwd=folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complained = await running.communicate(said.encode())
    assert running.returncode is not None
    return running.returncode, printed.decode(), complained.decode()


async def somebody(market: Market) -> Person:
    """A customer with a profile."""
    person = market.somebody("customer")
    await person.send("PATCH", "/api/v1/customers/me", REACHED, If_Match="*")
    return person


async def test_whose_orders_are_under_way_is_not_forgotten_and_the_orders_are_named(
    quiet_market: Market, tmp_path: Path
) -> None:
    ada, sku = await somebody(quiet_market), await quiet_market.goods(stock=1)
    order = (await ada.order(sku, pays=None)).json()["id"]
    code, printed, complained = await privacy(quiet_market, tmp_path, "erase", ada.subject, "--yes")
    assert (code, printed) == (1, "")
    assert "under way" in complained
    assert order in complained
    assert (await ada.get("/api/v1/customers/me")).json()["version"] == 1


async def test_who_does_not_type_the_id_again_erases_nobody(quiet_market: Market, tmp_path: Path) -> None:
    ada = await somebody(quiet_market)
    code, _, complained = await privacy(quiet_market, tmp_path, "erase", ada.subject, said="yes\n")
    assert (code, "Nothing was done" in complained) == (1, True)
    assert (await ada.get("/api/v1/customers/me")).json()["version"] == 1


async def test_an_operator_exports_and_erases(quiet_market: Market, tmp_path: Path) -> None:
    ada = await somebody(quiet_market)
    code, printed, complained = await privacy(quiet_market, tmp_path, "export", ada.subject, "--json")
    assert (code, complained) == (0, "")
    assert json.loads(printed)["contexts"]["customers"]["profile"]["name"] == "Ada"
    code, printed, _ = await privacy(quiet_market, tmp_path, "export", ada.subject, "--to", "ada.zip")
    assert (code, "customers" in printed) == (0, True)
    assert S_IMODE((tmp_path / "ada.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        assert json.loads(archive.read("index.json"))["userId"] == ada.subject
    code, _, complained = await privacy(quiet_market, tmp_path, "export", ada.subject, "--to", "ada.zip")
    assert (code, "ada.zip cannot be written" in complained) == (1, True)
    code, printed, _ = await privacy(quiet_market, tmp_path, "erase", ada.subject, "--yes", "--json")
    assert (code, json.loads(printed)["userId"]) == (0, ada.subject)
    assert (await ada.get("/api/v1/customers/me")).json()["version"] == 0
