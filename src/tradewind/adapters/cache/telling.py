"""What Redis is told of the shared cache, in order: by processes that have heard the log, and by the stream job."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final, NamedTuple, TypeAlias, cast

import msgspec

from tradewind.adapters.cache.scripts import FORGET, KEEP
from tradewind.adapters.redis.link import Client, Link
from tradewind.ports.cache import BORN, Loaded, Place

TOGETHER: Final = 200
"""Told at once, at most."""
SCANNED: Final = 1_000
"""Keys that Redis looks at in one step while it is emptied."""
MARKS_MS: Final = 600_000
"""How long Redis remembers that something was forgotten; longer than any load takes."""
HEARD: Final = "heard"
"""Where a stream job vouches for what is forgotten, below the space."""
_ESCAPED: Final = str.maketrans({one: f"\\{one}" for one in "\\*?[]^-"})


class Value(msgspec.Struct, frozen=True, array_like=True):
    """A value as it lies in Redis. `complete`: (stamp, position) by who writes. `elsewhere`: see ports.cache.Loaded."""

    value: bytes
    complete: dict[str, tuple[int, int]]
    tags: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()


class Script(NamedTuple):
    """Something for Redis to do."""

    text: str
    arguments: tuple[Any, ...]


class Forgetting(NamedTuple):
    """Whatever has one of these keys or tags is to go, if it was complete before `place`, as Redis spells it."""

    by: str
    place: str
    tags: tuple[str, ...]


class Clearing(NamedTuple):
    """Everything whose key begins so is to go."""

    prefix: str


Waiting: TypeAlias = Script | Forgetting | Clearing
"""What Redis has yet to be told."""
_encode = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Value)


def read(body: bytes) -> Value:
    """What lies there."""
    return _decoder.decode(body)


def keeping(space: str, key: str, loaded: Loaded, ttl_s: float) -> Script:
    """Keep what was loaded."""
    return _value(space, key, loaded, ttl_s, said=False)


def putting(space: str, key: str, value: bytes, ttl_s: float, tags: tuple[str, ...], at: Place) -> Script:
    """Keep what the event at `at` says."""
    return _value(space, key, Loaded(value, {BORN: at}, 0, tags), ttl_s, said=True)


def _value(space: str, key: str, loaded: Loaded, ttl_s: float, *, said: bool) -> Script:
    body = _encode(Value(loaded.value, dict(loaded.complete), loaded.tags, loaded.elsewhere))
    complete, ttl_ms = places(loaded.complete), max(1, int(ttl_s * 1000))
    return Script(
        KEEP,
        (space, key, body, ttl_ms, _json(complete), _json(loaded.tags), int(said), MARKS_MS, _json(loaded.elsewhere)),
    )


def forgetting(tags: Iterable[str], at: Place, by: str) -> Forgetting:
    """Forget whatever has one of these keys or tags."""
    return Forgetting(by, place(at), tuple(tags))


def places(by_name: Mapping[str, Place]) -> dict[str, str]:
    """Each place as a word."""
    return {name: place(at) for name, at in by_name.items()}


def place(at: Place) -> str:
    """A place as a word that sorts as places do: Lua's numbers are too short for stamps."""
    return f"{at[0]:020d}{at[1]:020d}"


async def say(link: Link, space: str, waiting: deque[Waiting]) -> Clearing | None:
    """Tell Redis the next of what waits, in order; the clearing, where it was one. Raises SharedStoreAway."""
    if isinstance(first := waiting[0], Clearing):
        waiting.popleft()
        await empty(link, space, first.prefix)
        return first
    some: list[Script | Forgetting] = []
    while waiting and len(some) < TOGETHER and not isinstance(one := waiting[0], Clearing):
        some.append(one)
        waiting.popleft()
    scripts = list(_scripts(space, some))

    async def ask(client: Client) -> None:
        async with client.pipeline(transaction=False) as pipe:
            for script in scripts:
                pipe.eval(script.text, 0, *script.arguments)
            await pipe.execute()

    await link.ask(ask)
    return None


def _scripts(space: str, some: Iterable[Script | Forgetting]) -> Iterator[Script]:
    """What comes to the same: all that is forgotten in a row by one script, each tag for the last event alone."""
    for forgets, row in groupby(some, lambda one: isinstance(one, Forgetting)):
        if not forgets:
            yield from cast(Iterable[Script], row)
            continue
        last: dict[tuple[str, str], str] = {}
        for one in cast(Iterable[Forgetting], row):
            for tag in one.tags:
                last[one.by, tag] = max(one.place, last.get((one.by, tag), ""))
        said: dict[tuple[str, str], list[str]] = {}
        for (by, tag), where in last.items():
            said.setdefault((by, where), []).append(tag)
        words = [(by, where, tags) for (by, where), tags in said.items()]
        if words:
            yield Script(FORGET, (space, MARKS_MS, _json(words)))


async def empty(link: Link, space: str, prefix: str) -> None:
    """Drop every value whose key begins so, in steps; without a prefix all that is known of any.

    What a stream job vouched for was lost on the way, then: its word goes last, so that nothing kept meanwhile counts.
    """
    pattern = space.translate(_ESCAPED) + (f"v:{prefix.translate(_ESCAPED)}*" if prefix else "*")
    cursor = 0
    while True:
        cursor, keys = await link.ask(
            lambda client, at=cursor: client.scan(at, match=pattern, count=SCANNED)  # type: ignore[misc]
        )
        if keys:
            await link.ask(lambda client, them=keys: client.unlink(*them))  # type: ignore[misc]
        if not cursor:
            break
    if not prefix:
        await link.ask(lambda client: client.unlink(space + HEARD))
