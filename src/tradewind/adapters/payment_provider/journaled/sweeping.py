"""Letting go of what came to be held although it was voided: the buyer confirmed late, and a notice told of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tradewind.adapters.payment_provider.journaled.api import Asked
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.journaled.provider import JournaledProvider
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.telemetry.logs import log

EVERY_S: Final = 15.0
MAX_AT_ONCE: Final = 100


@asynccontextmanager
async def sweeping(provider: JournaledProvider, journal: Journal, *, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Ask again, meanwhile, every void that the journal has opened again. Any number of processes may do this."""
    task = asyncio.create_task(_sweep(provider, journal, every_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _sweep(provider: JournaledProvider, journal: Journal, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            for void in await journal.late(MAX_AT_ONCE):
                await _let_go(provider, void)
        except Exception as error:
            log.error("sweep of voids broke", error=repr(error))


async def _let_go(provider: JournaledProvider, void: Asked) -> None:
    """Ask one again. One that cannot be had now keeps no other waiting: the next turn asks it again."""
    key = void.wish.authorization_key
    try:
        answer = await provider.void(key, void.wish.key)
        log.warning("held although voided, let go", key=key, answer=str(answer))
    except Unavailable as trouble:
        log.warning("held although voided, not yet let go", key=key, trouble=str(trouble), **trouble.facts)
