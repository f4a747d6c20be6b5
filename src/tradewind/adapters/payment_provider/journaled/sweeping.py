"""Letting go of what came to be held although it was voided: the buyer confirmed late, and a notice told of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

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
                answer = await provider.void(void.wish.authorization_key, void.wish.key)
                log.warning("held although voided, let go", key=void.wish.authorization_key, answer=str(answer))
        except Unavailable as trouble:  # the next turn asks again
            log.warning("held although voided, not yet let go", trouble=str(trouble), **trouble.facts)
        except Exception as trouble:
            log.error("sweep of voids broke", error=repr(trouble))
