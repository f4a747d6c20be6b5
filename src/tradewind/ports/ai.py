"""A provider of artificial intelligence: what texts mean, as vectors, and what a language model answers.

- **Order.** Vectors come in the order of the texts. One reply to one conversation.
- **Delivery.** Nothing is remembered from one call to the next; asking again may bring another answer.
- **Failure.** `AiAway` where no provider is configured, or it does not answer in time or in form. What it says is
  somebody else's word: callers check it like any input and let it do nothing that its user may not do.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Protocol

from msgspec import Struct

from tradewind.kernel.errors import Unavailable

MAX_TEXTS: Final = 64
"""Texts whose meaning is asked for at once."""
MAX_TEXT: Final = 2_000
"""Characters of a text that count for its meaning."""


class AiAway(Unavailable):
    """There is no AI provider, or it does not answer right now."""


class Tool(Struct, frozen=True, kw_only=True):
    """Something that the model may ask for. `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class ToolUse(Struct, frozen=True, kw_only=True):
    """The model asks for a tool; `arguments` is JSON, or what the model takes for it."""

    id: str
    name: str
    arguments: str


class Turn(Struct, frozen=True, kw_only=True):
    """One turn of a conversation. `answers` names the use of a tool that a turn of the role `tool` answers."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    uses: tuple[ToolUse, ...] = ()
    answers: str | None = None


class AiProvider(Protocol):
    """Two verbs."""

    meanings: str | None
    """The model that `embed` asks; vectors of two models do not compare. None where there is no provider."""

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each of at most MAX_TEXTS texts, all of one length; texts of like meaning point alike."""
        ...

    async def reply(self, turns: Sequence[Turn], tools: Sequence[Tool], *, max_words: int) -> Turn:
        """The model's next turn: a text, or the tools that it wants used first."""
        ...
