"""What an operator's commands share: on whose behalf they act, what they open, how they say what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

from tradewind.app.commands.ending import stop
from tradewind.app.databases import open_all
from tradewind.app.engines import EngineError, engines
from tradewind.app.placement import CONTEXTS, at_home
from tradewind.app.settings import SettingError, Settings
from tradewind.app.wiring import Shop
from tradewind.kernel.errors import Refusal
from tradewind.kernel.ids import new_id, new_trace_id
from tradewind.runtime.call import Actor, Call

T = TypeVar("T")


def operator(correlation_id: str | None = None) -> Call:
    """A call of whoever may run commands on this machine: an administrator to every context, a name in the trail."""
    actor = Actor(subject="operator:cli", roles=frozenset({"admin"}))
    correlation_id = correlation_id or str(new_id())
    return Call(actor=actor, correlation_id=correlation_id, trace_id=new_trace_id(), route="cli")


def outcome(run: Callable[[Settings], Awaitable[T]]) -> T:
    """What comes of `run` with this environment's settings; where something refuses or is away, says what: exit 1."""

    async def settled() -> T:
        return await run(Settings.from_environment())

    try:
        return asyncio.run(settled())
    except (EngineError, SettingError, Refusal) as error:
        stop(str(error))


def outcome_on_all(
    look: Callable[[Sequence[Shop]], Awaitable[T]], wanted: Collection[str] = CONTEXTS, *, listens: bool = True
) -> T:
    """What comes of `look` into every database that has one of the contexts `wanted`. See `outcome`, `open_all`.

    With the settings of a context that is alone with its database, the first of them is that one.
    """

    async def run(settings: Settings) -> T:
        settings = at_home(settings)
        async with engines(settings) as found:
            async with open_all(settings, found, wanted, connections=2, listens=listens) as shops:
                return await look(shops)

    return outcome(run)
