"""POST /api/v1/assistant/messages."""

from typing import Annotated, Literal

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.recommendations.assist.command import Assist, Assistance, Said
from tradewind.ports.ai import AiAway
from tradewind.ports.flags import SwitchedOff

MAX_TURNS = 30
MAX_TURN = 2_000


class SpokenTurn(Body, frozen=True):
    """Who said what."""

    role: Literal["user", "assistant"]
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TURN)]


class Conversation(Body, frozen=True):
    """The conversation so far; its last turn is the user's. The shop keeps none of it, its AI provider sees it."""

    messages: Annotated[list[SpokenTurn], Meta(min_length=1, max_length=MAX_TURNS)]


@post("/api/v1/assistant/messages", status=200, limit="ai", raises=(AiAway, SwitchedOff))
async def assist(body: Conversation, call: Call, dispatch: Dispatch) -> Assistance:
    """Ask the shopping assistant. It looks at the shop as you could, and changes nothing."""
    said = tuple(Said(role=one.role, text=one.text) for one in body.messages)
    answer: Assistance = await dispatch(Assist(said=said), call)
    return answer
