"""Bring what the log says to a copy that is kept elsewhere, and says itself how far it is.

The copy is written between two looks at the log, inside no transaction. Who dies in between has put what is put again,
and shows once. While it is away the log waits; nothing else does.

Many may bring it on at once, but nobody while it is emptied: who had looked before how far it is would note afterwards
that it is so far still, and what was emptied would count as whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final, Protocol, TypeVar

from prometheus_client import Gauge

from tradewind.ports.progress import Reached
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database, Tx
from tradewind.runtime.leading import leading
from tradewind.runtime.reading import Cursor, read

HORIZON: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
EVERY_S: Final = 0.5
BATCH: Final = 1_000
"""Events of the log that are read at once."""
EMPTY_AGAIN_S: Final = 0.02
"""Time after which who wants to empty a copy looks again whether somebody brings it on."""
C_contra = TypeVar("C_contra", contravariant=True)


class Copy(Protocol[C_contra]):
    """What is made from the log, of words of one kind."""

    async def reached(self) -> Reached | None:
        """How far it is; None where none is kept."""
        ...

    async def put(self, changes: Sequence[C_contra], upto: Reached, *, is_all: bool) -> None:
        """Let these show; then it is as far as `upto`, and up to date if that `is_all`."""
        ...


class Emptied(Copy[C_contra], Protocol[C_contra]):
    """One that can be made anew."""

    async def clear(self) -> None:
        """Forget everything, how far it was as well."""
        ...


async def horizon(tx: Tx) -> int:
    """Stamps of transactions that are still open, and of all to come, are at least this.

    So of rows that bear the stamp of their last change, whoever has read those below it misses none that comes later.
    """
    found: int = await tx.value(HORIZON)
    return found


async def bring_on(
    db: Database, copy: Copy[C_contra], heard: Collection[str], words: Callable[[Sequence[Any]], Sequence[C_contra]],
    *, name: str, lag_ms: Gauge,
) -> int:  # fmt: skip
    """What comes next in the log; how many events that was where more are waiting, otherwise none.

    `words` says of some events (as logged, of the wire types `heard`) what they come to. Raises what the copy raises.
    """
    reached = await copy.reached()
    if reached is None:
        return 0
    async with db.reading(internal_call(name)) as tx:
        batch = await read(tx.connection, Cursor(*reached), BATCH)
    is_all = len(batch) < BATCH
    upto = Reached(*batch[-1].at) if batch else reached
    await copy.put(words([logged for logged in batch if logged.type in heard]), upto, is_all=is_all)
    lag_ms.set(batch[0].age_ms if batch else 0.0)
    return 0 if is_all else len(batch)


async def unless_emptied(db: Database, copy: Copy[Any], name: str, step: Callable[[Tx], Awaitable[int]]) -> int:
    """`step`, which looks how far the copy is and brings it on; 0 where none is kept, or somebody empties it just now.

    It is given the connection that keeps others from emptying it, which must not be silent for long.
    """
    if await copy.reached() is None:
        return 0
    async with leading(db, name, name, shared=True) as tx:
        return 0 if tx is None else await step(tx)


async def anew(db: Database, copy: Emptied[Any], name: str, bring_on: Callable[[], Awaitable[int]]) -> bool:
    """Empty it once nobody is at it, and bring it on to the end; whether any is kept."""
    if await copy.reached() is None:
        return False
    while True:
        async with leading(db, name, name) as tx:
            if tx is not None:
                await copy.clear()
                break
        await asyncio.sleep(EMPTY_AGAIN_S)
    while await bring_on():
        pass
    return True
