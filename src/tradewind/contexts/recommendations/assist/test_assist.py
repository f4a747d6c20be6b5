"""Search by meaning and the assistant, with a provider on the wire: helpful, harmless, and never mute without need."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from tests.ai_provider import ScriptedAi, scripted_ai
from tests.builders import a_product
from tests.shops import Shop, a_call, open_shop, until, working
from tradewind.contexts.recommendations._domain.recommendation import Recommendations
from tradewind.contexts.recommendations.assist.command import MAX_ROUNDS, Assist, Assistance, Said
from tradewind.contexts.recommendations.assist.tools import TOOLS
from tradewind.contexts.recommendations.search_by_meaning.query import SearchByMeaning
from tradewind.ports.ai import AiAway
from tradewind.ports.search import ProductIndex, Question, SearchAway

MEANINGS = "SELECT count(*) FROM recommendations.meaning"
ASKED = Assist(said=(Said("user", "Something about the sea?"),))


@pytest_asyncio.fixture
async def ai() -> AsyncIterator[ScriptedAi]:
    async with scripted_ai() as opened:
        yield opened


@pytest_asyncio.fixture
async def clever_shop(settings: Any, own_engines: Any, ai: ScriptedAi) -> AsyncIterator[Shop]:
    """A working shop with a provider, an anchor and a lamp."""
    clever = replace(settings, ai_url=ai.url, ai_key="the-key")
    async with open_shop(clever, own_engines, connections=8) as shop, working(shop):
        await a_product(shop, "ANCHOR")
        await a_product(shop, "LAMP")
        yield shop


async def learned(shop: Shop) -> None:
    async def look() -> bool:
        return bool(await shop.db.pool.fetchval(MEANINGS) == 2)

    await until(shop, look)


async def indexed(shop: Shop) -> None:
    index: Any = shop.db.peers[ProductIndex]

    async def look() -> bool:
        try:
            return bool((await index.search(Question(text="anchor"))).total)
        except SearchAway:  # its worker is making the first one
            return False

    await until(shop, look)


async def skus(shop: Shop, text: str) -> list[tuple[str, str]]:
    answer: Recommendations = await shop.dispatch(SearchByMeaning(text=text), a_call("guest"))
    return [(one.sku, one.because.kind) for one in answer.items]


async def test_what_is_meant_is_found_once_its_meaning_is_learned(clever_shop: Shop, ai: ScriptedAi) -> None:
    await learned(clever_shop)
    assert (await skus(clever_shop, "an anchor please"))[0] == ("ANCHOR", "meaning")
    assert {text.split("\n")[0] for text in ai.embedded} >= {"ANCHOR", "LAMP", "an anchor please"}


async def test_where_the_provider_is_away_words_are_searched_for(clever_shop: Shop, ai: ScriptedAi) -> None:
    await indexed(clever_shop)
    ai.embedding_status = 503
    assert await skus(clever_shop, "anchor") == [("ANCHOR", "words")]


async def test_the_assistant_recommends_what_its_tools_have_found(clever_shop: Shop, ai: ScriptedAi) -> None:
    await indexed(clever_shop)
    ai.wants("search_products", '{"words": "anchor"}')
    ai.says("Take the [ANCHOR]; forget [LAMP] and [KRAKEN].")
    answer: Assistance = await clever_shop.dispatch(ASKED, a_call("guest"))
    assert [one.sku for one in answer.products] == ["ANCHOR"]
    assert answer.tools == ["search_products"]
    assert '"sku":"ANCHOR"' in ai.heard[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("drop_all_tables", "{}", "There is no such tool."),
        ("search_products", '{"words": ""}', "make no sense"),
        ("search_products", '{"words": "x", "limit": 10000}', "make no sense"),
        ("search_products", "not even JSON", "make no sense"),
        ("products_like", '{"sku": "KRAKEN"}', "no such product"),
    ],
)
async def test_a_model_that_asks_for_nonsense_is_told_so_and_nothing_happens(
    clever_shop: Shop, ai: ScriptedAi, tool: str, arguments: str, told: str
) -> None:
    ai.wants(tool, arguments)
    ai.says("Sorry.")
    answer: Assistance = await clever_shop.dispatch(ASKED, a_call("guest"))
    assert (answer.text, answer.products) == ("Sorry.", [])
    assert told in ai.heard[1]["messages"][-1]["content"]


async def test_a_model_that_never_comes_to_an_end_is_ended(clever_shop: Shop, ai: ScriptedAi) -> None:
    for _ in range(MAX_ROUNDS):
        ai.wants("for_this_buyer", "{}")
    with pytest.raises(AiAway):
        await clever_shop.dispatch(ASKED, a_call("guest"))
    assert len(ai.heard) == MAX_ROUNDS
    assert "tools" not in ai.heard[-1]


async def test_no_tool_writes_anything(clever_shop: Shop, ai: ScriptedAi) -> None:
    await learned(clever_shop)
    trail = "SELECT count(*) FROM runtime.audit_entry"
    before = await clever_shop.db.pool.fetchval(trail), await clever_shop.db.pool.fetchval(MEANINGS)
    for tool in TOOLS:
        ai.wants(tool.name, '{"sku": "ANCHOR"}' if "sku" in tool.parameters.get("properties", {}) else "{}")
        ai.says("Done.")
        await clever_shop.dispatch(ASKED, a_call("guest"))
    assert (await clever_shop.db.pool.fetchval(trail), await clever_shop.db.pool.fetchval(MEANINGS)) == before


async def test_a_shop_without_a_provider_says_so(shop: Shop) -> None:
    with pytest.raises(AiAway):
        await shop.dispatch(ASKED, a_call("guest"))
