"""Chores that come round: each runs in one worker at a time, guarded by an advisory lock, unless it says otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database
from tradewind.runtime.telemetry.logs import log

TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtext($1))"


@dataclass(frozen=True)
class Timer:
    """`run(tx)` every `every_s` seconds; it does a bounded piece of work and returns how much it did."""

    name: str
    every_s: float
    run: Callable[[Any], Awaitable[int]]
    everywhere: bool = False
    """In every worker and without the lock: what must be done even while another worker, paused, holds everything."""
    apart: bool = False
    """`run(db)` instead, in transactions of its own: what asks others over the network, and does no harm done twice."""


async def keep(db: Database, timer: Timer, stop: asyncio.Event) -> None:
    """Run `timer` until `stop`; again at once while it finds work; a failure is logged and tried again next time."""
    while not stop.is_set():
        did = await _once(db, timer)
        if did == 0:
            await _pause(stop, timer.every_s)


async def _once(db: Database, timer: Timer) -> int:
    try:
        if timer.apart:
            return await timer.run(db)
        async with db.transaction(internal_call(timer.name)) as tx:
            if not timer.everywhere and not await tx.value(TRY_LOCK, timer.name):
                return 0
            return await timer.run(tx)
    except Exception:
        log.exception("timer failed", timer=timer.name)
        return 0


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
