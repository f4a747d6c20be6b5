"""Asks Kafka Connect for its connectors: validated, registered, looked at, taken away again."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import asyncpg
from msgspec import Struct

from tradewind.adapters.log.kafka.connectors import Source, connectors
from tradewind.adapters.log.kafka.topics import Names
from tradewind.kernel.errors import Conflict, Unavailable

ANSWER_S: Final = 30.0
RUNNING_WITHIN_S: Final = 90.0
POLL_S: Final = 0.2
AS_JSON: Final = {"Content-Type": "application/json"}
"""Connect wants it said of an empty body, too."""
PLUGIN: Final = "PostgresConnector"
WAL_LEVEL: Final = "SHOW wal_level"
MAY_REPLICATE: Final = "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user"
SPELL_OUT: Final = "ALTER TABLE runtime.outbox ENABLE TRIGGER spelled_out"
SPELL_NO_MORE: Final = "ALTER TABLE runtime.outbox DISABLE TRIGGER spelled_out"
DROP_SLOTS: Final = """
    SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
    WHERE slot_name = ANY($1::text[]) AND NOT active
"""
SLOTS: Final = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = ANY($1::text[])"
_LOST: Final = (aiohttp.ClientConnectionError, TimeoutError)


class ConnectAway(Unavailable):
    """Kafka Connect does not answer, or is busy with its own affairs."""


class ConnectRefuses(Conflict):
    """Debezium cannot publish from here as things are; the reason says what to change."""


class State(Struct, frozen=True, kw_only=True):
    """What one connector is doing: RUNNING, PAUSED, FAILED, UNASSIGNED or MISSING, with the trace of what failed."""

    name: str
    state: str
    why: str = ""


class Connect:
    """A Kafka Connect at `url` whose connectors read the database of `database_url`."""

    def __init__(self, url: str, database_url: str, names: Names) -> None:
        self._url, self._database_url = url.rstrip("/"), database_url
        source = Source.of(database_url)
        if source is None:
            raise ConnectRefuses("Debezium needs a Postgres over TCP: name one with TRADEWIND_DATABASE_URL")
        self.configurations: Mapping[str, Mapping[str, str]] = connectors(source, names)
        self._slots = [one["slot.name"] for one in self.configurations.values()]

    async def register(self) -> list[State]:
        """Have the connectors run as configured now, whatever ran before; returns once they run. Again it does no harm.

        Refuses (ConnectRefuses) where the database cannot be read that way, or Connect finds fault.
        """
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S)) as client:
            for configuration in self.configurations.values():
                await self._validate(client, configuration)
            await self._prepare()
            for name, configuration in self.configurations.items():
                await self._ask(client, "PUT", f"/connectors/{name}/config", configuration)
                await self._ask(client, "PUT", f"/connectors/{name}/resume")  # the same again starts nothing by itself
                await self._ask(client, "POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")
            return await self._until_running(client)

    async def states(self) -> list[State]:
        """What each connector is doing."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S)) as client:
            return [await self._state(client, name) for name in self.configurations]

    async def unregister(self) -> None:
        """Take the connectors away, with their slots, which would keep WAL for ever, and with their places.

        Whoever finds places takes no snapshot: what was told until the next registration would never be published.
        """
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S)) as client:
            for name in self.configurations:
                if await self._ask(client, "PUT", f"/connectors/{name}/stop") is not None:
                    await self._forget_places(client, name)
                await self._ask(client, "DELETE", f"/connectors/{name}")
        connection: Any = await asyncpg.connect(self._database_url)
        try:
            async with asyncio.timeout(RUNNING_WITHIN_S):
                while await connection.fetchval(SLOTS, self._slots):
                    await connection.execute(DROP_SLOTS, self._slots)
                    await asyncio.sleep(POLL_S)
            await connection.execute(SPELL_NO_MORE)
        finally:
            await connection.close()

    async def _forget_places(self, client: aiohttp.ClientSession, name: str) -> None:
        deadline = asyncio.get_running_loop().time() + RUNNING_WITHIN_S
        while (await self._state(client, name)).state not in ("STOPPED", "MISSING"):
            if asyncio.get_running_loop().time() > deadline:
                raise ConnectAway(f"{name} does not stop")
            await asyncio.sleep(POLL_S)
        await self._ask(client, "DELETE", f"/connectors/{name}/offsets")

    async def _prepare(self) -> None:
        connection: Any = await asyncpg.connect(self._database_url)
        try:
            if (level := await connection.fetchval(WAL_LEVEL)) != "logical":
                raise ConnectRefuses(f"wal_level is {level}; Debezium needs logical (and a restart of Postgres)")
            if not await connection.fetchval(MAY_REPLICATE):
                raise ConnectRefuses("the database's role may not replicate: ALTER ROLE … REPLICATION")
            await connection.execute(SPELL_OUT)
        finally:
            await connection.close()

    async def _validate(self, client: aiohttp.ClientSession, configuration: Mapping[str, str]) -> None:
        whole = {"name": "validated", **configuration}
        answer = await self._ask(client, "PUT", f"/connector-plugins/{PLUGIN}/config/validate", whole)
        if answer is None:
            raise ConnectRefuses(f"Connect knows no {PLUGIN}: install Debezium's plugin for Postgres there")
        values = [one["value"] for one in answer["configs"]]
        if faults := [f"{one['name']}: {'; '.join(one['errors'])}" for one in values if one["errors"]]:
            raise ConnectRefuses(" | ".join(faults))

    async def _until_running(self, client: aiohttp.ClientSession) -> list[State]:
        deadline = asyncio.get_running_loop().time() + RUNNING_WITHIN_S
        while True:
            states = [await self._state(client, name) for name in self.configurations]
            if failed := [one for one in states if one.state == "FAILED"]:
                raise ConnectRefuses(f"{failed[0].name}: {failed[0].why}")
            if all(one.state == "RUNNING" for one in states):
                return states
            if asyncio.get_running_loop().time() > deadline:
                raise ConnectAway(f"{', '.join(f'{one.name} is {one.state}' for one in states)}")
            await asyncio.sleep(POLL_S)

    async def _state(self, client: aiohttp.ClientSession, name: str) -> State:
        answer = await self._ask(client, "GET", f"/connectors/{name}/status")
        if answer is None:
            return State(name=name, state="MISSING")
        parts = [answer["connector"], *answer["tasks"]]
        worst = next((one for one in parts if one["state"] != "RUNNING"), parts[0])
        if not answer["tasks"] and worst["state"] == "RUNNING":
            return State(name=name, state="UNASSIGNED")
        return State(name=name, state=worst["state"], why=worst.get("trace", "")[:500])

    async def _ask(
        self, client: aiohttp.ClientSession, method: str, path: str, body: Mapping[str, str] | None = None
    ) -> Any:
        """Connect's answer; None where there is no such thing. It says 409 while it hands tasks over: asked again."""
        deadline = asyncio.get_running_loop().time() + ANSWER_S
        while True:
            try:
                async with client.request(method, self._url + path, json=body, headers=AS_JSON) as answer:
                    if answer.status == 404:
                        return None
                    if answer.status < 400:
                        return await answer.json(content_type=None) or {}
                    why = (await answer.text())[:500]
            except _LOST as error:
                raise ConnectAway(repr(error)) from error
            if answer.status != 409 or asyncio.get_running_loop().time() > deadline:
                raise ConnectRefuses(why)
            await asyncio.sleep(POLL_S)
