"""The schemas of events in a registry beside Kafka: Confluent's, Apicurio's, Karapace, by the protocol they share.

A subject is a wire type, whatever topic it is told on (Confluent calls that RecordNameStrategy). No level of a
registry's own is what decision 0013 asks for: BACKWARD refuses a new optional field, FORWARD a new value of an enum.
So what is to be published is held by our rule against what the registry has, which is what was ever deployed, and the
registry is told to take what we let through.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import httpx
from confluent_kafka.schema_registry import AsyncSchemaRegistryClient
from confluent_kafka.schema_registry import Schema as Written
from confluent_kafka.schema_registry.error import SchemaRegistryError
from msgspec import Struct

from tradewind.contracts.evolution import NotAdditive, Schema, refuse
from tradewind.kernel.errors import Conflict, Unavailable

T = TypeVar("T")
AT_ONCE: Final = 8
"""Questions that are asked side by side."""
ANSWER_S: Final = 10.0
TRIES: Final = 2
"""How often a registry that is busy is asked again."""
KIND: Final = "JSON"
OURS: Final = "NONE"
"""The level of our subjects: the registry refuses nothing, as we did so before."""
ABSENT: Final = frozenset({40401, 40402, 40403})
"""The protocol's codes for no such subject, version or schema."""
NOT_FOUND: Final = 404
BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
NO_API: Final = "it answers with {}; does the address name its API (of Apicurio that is …/apis/ccompat/v7)?"
MAX_REASON: Final = 500
"""Characters of what a registry says that are told."""


class RegistryAway(Unavailable):
    """No schema registry answers, or it fails."""


class RegistryRefuses(Conflict):
    """What is to be published says less than what was, or the registry does not take it; the reason names it."""


class Registered(Struct, frozen=True, kw_only=True):
    """A schema as the registry has it. `is_new`: it was not there before."""

    subject: str
    version: int
    id: int
    is_new: bool


class Registry:
    """A registry at `url`, with user and password in it where it wants them. `prefix`: of shops that share a Kafka."""

    def __init__(self, url: str, prefix: str = "") -> None:
        self._url, self._prefix = url, prefix

    async def publish(self, schemas: Mapping[str, Schema]) -> list[Registered]:
        """Register, by wire type, what is not there yet; again it does no harm, and an older release finds its own.

        Raises RegistryRefuses where one of them is not additive to the latest there is, and then registers none of
        them, and RegistryAway. Publish one release at a time: two at once are held against what was before both.
        """
        async with self._asked() as asked:
            there = await asked.each(schemas, asked.lookup)
            new = {name: schema for name, schema in schemas.items() if there[name] is None}
            latest = await asked.each(new, asked.latest)
            _refuse({name: old for name, old in latest.items() if old is not None}, new)

            async def register(name: str, schema: Schema) -> Registered:
                return await asked.register(name, schema, is_first=latest[name] is None)

            made = await asked.each(new, register)
        return [there[name] or made[name] for name in schemas]

    async def lacks(self, schemas: Mapping[str, Schema]) -> list[str]:
        """The wire types whose schema, as it is here, the registry does not have. Raises as `publish` does."""
        async with self._asked() as asked:
            there = await asked.each(schemas, asked.lookup)
        return [name for name, found in there.items() if found is None]

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator["_Asked"]:
        conf = {"url": self._url, "timeout": ANSWER_S, "max.retries": TRIES}
        async with AsyncSchemaRegistryClient(conf) as client:
            yield _Asked(client, self._prefix)


class _Asked:
    """One conversation with a registry, by wire type."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client, self._prefix, self._room = client, prefix, asyncio.Semaphore(AT_ONCE)

    async def each(self, schemas: Mapping[str, Schema], ask: Callable[[str, Schema], Awaitable[T]]) -> dict[str, T]:
        """What is answered for each of them, some side by side; the first failure is raised."""

        async def one(name: str, schema: Schema) -> T:
            async with self._room:
                return await ask(name, schema)

        return dict(zip(schemas, await asyncio.gather(*(one(*pair) for pair in schemas.items())), strict=True))

    async def lookup(self, name: str, schema: Schema) -> Registered | None:
        """How exactly this schema is registered, as whichever version."""
        found = await self._unless_absent(self._client.lookup_schema(self._prefix + name, _written(schema)))
        return None if found is None else self._registered(name, found.version, found.schema_id, is_new=False)

    async def latest(self, name: str, _: Schema) -> Schema | None:
        """What was registered last under this name."""
        found = await self._unless_absent(self._client.get_latest_version(self._prefix + name))
        return None if found is None else json.loads(found.schema.schema_str)

    async def register(self, name: str, schema: Schema, *, is_first: bool) -> Registered:
        """Register it. The level of a subject can be told once there is one; whoever died before is made up for."""
        subject, written = self._prefix + name, _written(schema)
        if not is_first:
            await _answer(self._client.set_compatibility(subject, OURS))
        made = await _answer(self._client.register_schema_full_response(subject, written))
        if is_first:
            await _answer(self._client.set_compatibility(subject, OURS))
        found = await _answer(self._client.lookup_schema(subject, written))
        return self._registered(name, found.version, made.schema_id, is_new=True)

    def _registered(self, name: str, version: int, number: int, *, is_new: bool) -> Registered:
        return Registered(subject=self._prefix + name, version=version, id=number, is_new=is_new)

    async def _unless_absent(self, asking: Awaitable[T]) -> T | None:
        try:
            return await _answer(asking)
        except RegistryRefuses as refused:
            if refused.facts.get("code") in ABSENT:
                return None
            raise


async def _answer(asking: Awaitable[T]) -> T:
    try:
        return await asking
    except SchemaRegistryError as error:
        if error.http_status_code in BUSY:
            raise RegistryAway(f"the schema registry answers with {error.http_status_code}") from error
        if error.http_status_code == NOT_FOUND and error.error_code not in ABSENT:
            raise RegistryRefuses(NO_API.format(error.http_status_code)) from error
        raise RegistryRefuses(str(error.error_message)[:MAX_REASON], code=error.error_code) from error
    except httpx.HTTPError as error:
        raise RegistryAway(f"no schema registry answers: {type(error).__name__}") from error


def _refuse(latest: Mapping[str, Schema], now: Mapping[str, Schema]) -> None:
    try:
        refuse(
            {f"{name}.json": old for name, old in latest.items()}, {f"{name}.json": one for name, one in now.items()}
        )
    except NotAdditive as reason:
        raise RegistryRefuses(str(reason)) from reason


def _written(schema: Schema) -> Written:
    return Written(json.dumps(schema), KIND)
