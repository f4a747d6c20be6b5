"""The port AiProvider over the wire: what is asked arrives, what fails is AiAway, and keys stay where they belong."""

import pytest

from tests.ai_provider import scripted_ai, vector
from tradewind.adapters.ai.openai_protocol import MAX_USES, ai_provider
from tradewind.ports.ai import AiAway, Tool, ToolUse, Turn

pytestmark = pytest.mark.adapter("openai", played=True)

HELLO = (Turn(role="system", text="Be kind."), Turn(role="user", text="Hello"))
LOOK = Tool(name="look", description="Look.", parameters={"type": "object", "properties": {}})


async def test_without_a_provider_everything_is_away() -> None:
    async with ai_provider(None, None, "m", "e") as nobody:
        assert nobody.meanings is None
        with pytest.raises(AiAway, match="TRADEWIND_AI_URL"):
            await nobody.embed(["x"])
        with pytest.raises(AiAway, match="TRADEWIND_AI_URL"):
            await nobody.reply(HELLO, (), max_words=10)


async def test_vectors_come_in_the_order_of_the_texts() -> None:
    async with scripted_ai() as ai, ai_provider(ai.url, "key", "m", "e") as provider:
        assert await provider.embed(["one", "two words", ""]) == [vector("one"), vector("two words"), vector(" ")]
        assert provider.meanings == "e"


async def test_a_conversation_arrives_as_it_was_held_and_tools_are_asked_for() -> None:
    async with scripted_ai() as ai, ai_provider(ai.url, "key", "m", "e") as provider:
        ai.wants("look", '{"at": 1}')
        wanted = await provider.reply(HELLO, (LOOK,), max_words=50)
        assert wanted.uses == (ToolUse(id="use-0", name="look", arguments='{"at": 1}'),)
        ai.says("Good day")
        answered = Turn(role="tool", text="a chair", answers="use-0")
        assert (await provider.reply((*HELLO, wanted, answered), (), max_words=50)).text == "Good day"
    first, second = ai.heard
    assert (first["model"], first["max_completion_tokens"]) == ("m", 100)
    assert first["tools"][0]["function"]["name"] == "look"
    assert [one["role"] for one in second["messages"]] == ["system", "user", "assistant", "tool"]
    assert second["messages"][3]["tool_call_id"] == "use-0"
    assert "tools" not in second


@pytest.mark.parametrize("fault", [500, 401, {"role": "assistant"}, {"content": {"no": "text"}}])
async def test_a_provider_that_fails_is_away_and_its_words_stay_out_of_the_refusal(fault: object) -> None:
    async with scripted_ai() as ai, ai_provider(ai.url, "secret-key", "m", "e") as provider:
        ai.replies += [fault, fault]
        if isinstance(fault, dict):
            assert isinstance((await provider.reply(HELLO, (), max_words=5)).text, str)
            return
        with pytest.raises(AiAway) as refused:
            await provider.reply(HELLO, (), max_words=5)
        assert "scripted" not in str(refused.value)
        assert "secret" not in str(refused.value)


async def test_a_provider_nobody_listens_at_is_away() -> None:
    async with ai_provider("http://127.0.0.1:9/v1", None, "m", "e") as provider:
        with pytest.raises(AiAway):
            await provider.embed(["x"])


async def test_a_model_that_asks_for_too_much_at_once_is_heard_in_part() -> None:
    async with scripted_ai() as ai, ai_provider(ai.url, None, "m", "e") as provider:
        use = {"id": "u", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        ai.replies.append({"role": "assistant", "content": None, "tool_calls": [use] * 50})
        assert len((await provider.reply(HELLO, (LOOK,), max_words=5)).uses) == MAX_USES
