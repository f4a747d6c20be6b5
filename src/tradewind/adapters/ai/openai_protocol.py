"""The port AiProvider, answered by any server that speaks OpenAI's HTTP protocol, and by none where there is none.

The client library is loaded only where a provider is configured: it takes a second and a half.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tradewind.ports.ai import MAX_TEXT, MAX_TEXTS, AiAway, AiProvider, Tool, ToolUse, Turn

TIMEOUT_S: Final = 20.0
"""Longest that one answer may take; the shop's own deadline of a command is longer."""
MAX_RETRIES: Final = 1
TOKENS_A_WORD: Final = 2
MAX_USES: Final = 8
"""Tools that the model may ask for in one turn; more are not looked at."""
MAX_ARGUMENTS: Final = 4_000
MAX_REPLY: Final = 20_000


class NoAi:
    """Where no provider is configured."""

    meanings: str | None = None

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Refuses (AiAway)."""
        raise AiAway("No AI provider is configured: set TRADEWIND_AI_URL.")

    async def reply(self, turns: Sequence[Turn], tools: Sequence[Tool], *, max_words: int) -> Turn:
        """Refuses (AiAway)."""
        raise AiAway("No AI provider is configured: set TRADEWIND_AI_URL.")


class OpenAiProtocol:
    """One server, one model for conversations, one for meanings."""

    def __init__(self, client: Any, errors: type[Exception], model: str, meanings: str) -> None:
        self._client = client
        self._errors = errors
        self._model = model
        self.meanings: str | None = meanings

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each text; see the port."""
        assert len(texts) <= MAX_TEXTS, "ask in batches"
        cut = [text[:MAX_TEXT] or " " for text in texts]
        try:
            answer = await self._client.embeddings.create(model=self.meanings, input=cut, encoding_format="float")
            vectors = [list(map(float, one.embedding)) for one in sorted(answer.data, key=lambda one: one.index)]
        except (self._errors, TypeError, ValueError, AttributeError) as error:
            raise _away(error) from None
        if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) > 1:
            raise AiAway("The AI provider answered something else than was asked.")
        return vectors

    async def reply(self, turns: Sequence[Turn], tools: Sequence[Tool], *, max_words: int) -> Turn:
        """The model's next turn; see the port."""
        offered = {"tools": [_tool(one) for one in tools]} if tools else {}
        try:
            answer = await self._client.chat.completions.create(
                model=self._model,
                messages=[_message(turn) for turn in turns],
                max_completion_tokens=max_words * TOKENS_A_WORD,
                **offered,
            )
            message = answer.choices[0].message
            uses = tuple(_use(one) for one in (message.tool_calls or [])[:MAX_USES])
            return Turn(role="assistant", text=str(message.content or "")[:MAX_REPLY], uses=uses)
        except (self._errors, TypeError, ValueError, AttributeError, IndexError) as error:
            raise _away(error) from None


def _away(error: Exception) -> AiAway:
    """Which kind of failure it was, and not what the server wrote: that may repeat what was asked."""
    return AiAway(f"The AI provider does not answer ({type(error).__name__}); ask again later.", retry_after_s=5)


def _tool(tool: Tool) -> Mapping[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _message(turn: Turn) -> Mapping[str, Any]:
    said: dict[str, Any] = {"role": turn.role, "content": turn.text}
    if turn.answers is not None:
        said["tool_call_id"] = turn.answers
    if turn.uses:
        said["tool_calls"] = [
            {"id": use.id, "type": "function", "function": {"name": use.name, "arguments": use.arguments}}
            for use in turn.uses
        ]
    return said


def _use(wanted: Any) -> ToolUse:
    arguments = str(wanted.function.arguments or "{}")[:MAX_ARGUMENTS]
    return ToolUse(id=str(wanted.id)[:100], name=str(wanted.function.name)[:100], arguments=arguments)


@asynccontextmanager
async def ai_provider(url: str | None, key: str | None, model: str, meanings: str) -> AsyncIterator[AiProvider]:
    """The provider at `url` (…/v1), or one that is always away where there is none."""
    if url is None:
        yield NoAi()
        return
    from openai import AsyncOpenAI, OpenAIError

    async with AsyncOpenAI(
        base_url=url, api_key=key or "none", timeout=TIMEOUT_S, max_retries=MAX_RETRIES
    ) as client:  # fmt: skip
        yield OpenAiProtocol(client, OpenAIError, model, meanings)
