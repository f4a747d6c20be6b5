"""Reads through the cache: one load however many ask, and never an answer older than an event that was heard here.

A query that is `kept` answers with an `Encoded`, a body as it goes over the wire. A hit costs no connection and no
encoding. Where the log's tail is not fresh the cache is passed by; who may see more than others always is.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from msgspec import Struct

from tradewind.ports.cache import BORN, Cache, Loaded, Place, from_elsewhere
from tradewind.runtime.call import Call
from tradewind.runtime.database import Database
from tradewind.runtime.relay import POSITIONS
from tradewind.runtime.tail import Tail
from tradewind.runtime.telemetry import metrics

IN_PARTITIONS: Final = """
    SELECT subscriber, topic, partition, next FROM runtime.kafka_position WHERE subscriber = ANY($1::text[])
"""
TELL_EVERY_S: Final = 0.5
"""Time between two updates of the metrics."""


class Encoded(Struct, frozen=True):
    """A body as it goes over the wire, with its entity tag. `shows`: tags of all that it shows beside its key.

    `to_keep`: whether it is worth keeping, where its query is kept.
    """

    content: bytes
    tag: str
    shows: tuple[str, ...] = ()
    to_keep: bool = True

    def as_bytes(self) -> bytes:
        """As it is kept."""
        return b"%b\n%b" % (self.tag.encode(), self.content)


def decoded(value: bytes) -> Encoded:
    """What was kept."""
    tag, _, content = value.partition(b"\n")
    return Encoded(content, tag.decode())


@dataclass(frozen=True)
class Kept:
    """That a query's answers are kept under `key(command)`, at most for `ttl_s` seconds; events forget them sooner.

    `name`: for metrics. `written_by`: subscribers that write what is shown some time after the event that forgets it.
    `elsewhere`: those of them that hear events which may be told in another log. `unless`: an action; who may do it
    sees more than others, and is answered from the source. `own`: everybody has answers of their own, under the key and
    who asks.
    """

    name: str
    key: Callable[[Any], str]
    ttl_s: float
    written_by: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    unless: str | None = None
    own: bool = False


@dataclass(frozen=True)
class KeptAtMost:
    """Among the peers of a process: some of what it shows is told in another log, whose events forget nothing here.

    `seconds`: see ports.cache.Loaded, `unheard_s`.
    """

    seconds: float


def own_key(key: str, subject: str) -> str:
    """Where the answer to one asker is kept, where everybody has their own."""
    return f"{key}:{subject}"


class _Flight:
    """One load that others may join, as long as nothing was forgotten since it began."""

    def __init__(self, generation: int, task: "asyncio.Task[Encoded]") -> None:
        self.generation = generation
        self.task = task


class Keeper:
    """The cache as one process's dispatcher uses it."""

    def __init__(self, db: Database, cache: Cache, tail: Tail) -> None:
        self._db, self._cache, self._tail = db, cache, tail
        bound: Any = db.peers.get(KeptAtMost)
        self._unheard_s = inf if bound is None else bound.seconds
        self._flights: dict[str, _Flight] = {}
        self._counted: Counter[tuple[str, str]] = Counter()
        self._total: Counter[tuple[str, str]] = Counter()
        self._telling = False

    @classmethod
    def of(cls, db: Database) -> "Keeper | None":
        """The keeper of this process, where it has a cache and follows the log."""
        cache, tail = db.peers.get(Cache), db.peers.get(Tail)
        return cls(db, cache, tail) if cache is not None and isinstance(tail, Tail) else None  # type: ignore[arg-type]

    async def answer(self, kept: Kept, command: Any, call: Call, load: Callable[[], Awaitable[Encoded]]) -> Encoded:
        """What is kept, or what `load` says, which is kept then. A refusal is everybody's who waits for it."""
        if not self._tail.fresh:
            self._count(kept.name, "bypass")
            return await load()
        key = own_key(kept.key(command), call.actor.subject) if kept.own else kept.key(command)
        value = await self._cache.get(key, self._tail.since)
        if value is not None:
            self._count(kept.name, "hit")
            return decoded(value)
        self._count(kept.name, "miss")
        flight = self._flights.get(key)
        if flight is None or flight.generation != self._cache.generation:
            task = asyncio.create_task(self._load(kept, key, call, load))
            flight = self._flights[key] = _Flight(self._cache.generation, task)
        return await asyncio.shield(flight.task)

    async def _load(self, kept: Kept, key: str, call: Call, load: Callable[[], Awaitable[Encoded]]) -> Encoded:
        try:
            era, elsewhere = self._cache.era, () if self._unheard_s == inf else kept.elsewhere
            complete = await self._complete(kept.written_by, elsewhere, call)
            answer = await load()
            if answer.to_keep:
                unheard_s = self._unheard_s if elsewhere else inf
                loaded = Loaded(answer.as_bytes(), complete, era, answer.shows, elsewhere, unheard_s)
                await self._cache.keep(key, loaded, kept.ttl_s)
            return answer
        finally:
            flight = self._flights.get(key)
            if flight is not None and flight.task is asyncio.current_task():
                del self._flights[key]

    async def _complete(self, writers: Sequence[str], elsewhere: Sequence[str], call: Call) -> dict[str, Place]:
        """Up to where each of them has come: in this log, and by events of other logs in the partitions of topics."""
        complete: dict[str, Place] = {BORN: self._tail.at}
        if not writers:
            return complete
        async with self._db.reading(call) as tx:
            for row in await tx.all(POSITIONS, list(writers)):
                complete[row["subscriber"]] = (row["stamp"], row["position"])
            for row in await tx.all(IN_PARTITIONS, list(elsewhere)) if elsewhere else ():
                complete[from_elsewhere(row["subscriber"], row["topic"], row["partition"])] = (0, row["next"])
        return complete

    def _count(self, name: str, outcome: str) -> None:
        """Note it; the metrics are told once in a while, as each telling costs as much as the rest of a hit."""
        self._counted[name, outcome] += 1
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_later(TELL_EVERY_S, self._tell)

    def _tell(self) -> None:
        self._telling = False
        for (name, outcome), number in self._counted.items():
            metrics.cache_reads_total.labels(name, outcome).inc(number)
            self._total[name, outcome] += number
        self._counted.clear()
        reads = sum(number for (name, _), number in self._total.items() if name == "product")
        if reads:
            metrics.product_cache_hit_ratio.set(self._total["product", "hit"] / reads)
