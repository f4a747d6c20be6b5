"""An outage while people buy: begun, told, ended, over; and a line of the table for each."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import UUID

import aiohttp
import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.engines.visitors import SHORT_S, UNDISTURBED, Visitors
from tests.chaos.served import PASSWORD, Served
from tests.wires import Wire
from tradewind.app.doctor.finding import Finding
from tradewind.app.doctor.looking import look
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.kernel.errors import Unavailable

ROW: Final = "outage"
"""The property of a test's report that holds a line of the table."""
WITHIN_S: Final = 300.0
"""Longest wait for anything: generous, for the machine may be busy with other things."""
POLL_S: Final = 0.5
AT_LEAST: Final = 10
"""Orders accepted in each phase, at least."""
LATE_S: Final = 0.3
"""By so much an engine's answers come later on a slow wire."""
LISTED: Final = "SELECT count(*) FROM orders.orders_by_customer WHERE order_id = ANY($1::uuid[])"
MISSING: Final = """
    SELECT count(*) FROM unnest($1::uuid[]) AS told (id)
    WHERE NOT EXISTS (SELECT FROM orders.orders AS o WHERE o.id = told.id)
"""
Step = Callable[[], Awaitable[Any]]
Look = Callable[[], Awaitable[bool]]


async def nothing() -> None:
    """Where there is nothing to do."""


async def nobody() -> str:
    """Where nothing goes worse than before, so nobody has anything to tell."""
    return "-"


@dataclass(frozen=True)
class Outage:
    """`begin` it and `end` it; `told` returns who said so, once the shop says so itself, `over` once all caught up."""

    name: str
    begin: Step
    end: Step = nothing
    told: Callable[[], Awaitable[str]] = nobody
    over: Step = nothing
    lasts_s: float = SHORT_S


@dataclass(frozen=True)
class Faults:
    """What may happen on the way between shop and engine."""

    line: Wire

    async def slow(self) -> None:
        """Every answer comes later."""
        self.line.late_s = LATE_S

    async def cut(self) -> None:
        """Connections break, and none is taken."""
        self.line.cut()

    async def silent(self) -> None:
        """Connections are taken, and nothing comes through."""
        self.line.hang()

    async def whole(self) -> None:
        """As before."""
        self.line.mend()


@dataclass(frozen=True)
class Suffered:
    """What an outage came to. `back_s`: from its end until all had caught up."""

    name: str
    away_s: float
    orders: list[UUID]
    """Accepted meanwhile."""
    said: str
    back_s: float


@dataclass
class Scene:
    """A shop as `tradewind serve` runs it on a real engine, and people who buy in it all the while."""

    engine: str
    served: Served
    engines: Engines
    crowd: Visitors
    http: aiohttp.ClientSession
    _request: pytest.FixtureRequest
    settled: Step = nothing
    """Returns once all is as it should be when nobody buys any more and every order has ended."""
    _suffered: list[Suffered] = field(default_factory=list)

    async def calm(self) -> None:
        """Some time without an outage, to compare with."""
        await asyncio.gather(self.crowd.accepts(AT_LEAST), asyncio.sleep(SHORT_S))

    async def suffer(self, outage: Outage) -> None:
        """All of it; people go on buying."""
        self.crowd.phase, before, began = outage.name, set(self._accepted()), monotonic()
        try:
            await outage.begin()
            said = await outage.told()
            await asyncio.gather(self.crowd.accepts(AT_LEAST), asyncio.sleep(outage.lasts_s - (monotonic() - began)))
        finally:
            meanwhile, away_s = [one for one in self._accepted() if one not in before], monotonic() - began
            await outage.end()
        ended = monotonic()
        await outage.over()
        self._suffered.append(Suffered(outage.name, away_s, meanwhile, said, monotonic() - ended))
        self.crowd.phase = UNDISTURBED

    def _accepted(self) -> list[UUID]:
        return [wish.order_id for wish in self.crowd.accepted if wish.order_id]

    async def note(self, violations: list[str]) -> None:
        """Give the figures to the table; `violations` are what the auditor found at the end."""
        usual = [str(one) for one in self.crowd.answers(UNDISTURBED).values()]
        self._row(UNDISTURBED, *["-"] * 6, *usual)
        audit = f"{len(violations)} found" if violations else "clean"
        for one in self._suffered:
            lost = await self._of_the_books(MISSING, one.orders)
            figures = [f"{one.away_s:.1f}", str(len(one.orders)), str(lost), one.said, f"{one.back_s:.1f}", audit]
            self._row(one.name, *figures, *map(str, self.crowd.answers(one.name).values()))

    def _row(self, *cells: str) -> None:
        self._request.node.user_properties.append((ROW, "|".join([self.engine, *cells])))

    async def _of_the_books(self, question: str, orders: list[UUID]) -> int:
        connection: Any = await asyncpg.connect(self.engines.database_url)
        try:
            return int(await connection.fetchval(question, orders))
        finally:
            await connection.close()

    async def metric(self, name: str, **labels: str) -> float:
        """The highest value of a metric with these labels, as /metrics says; 0 where it is not there."""
        async with self.http.get(f"{self.served.url}/metrics") as answer:
            said = await answer.text()
        samples = [one for family in text_string_to_metric_families(said) for one in family.samples]
        return max(
            (one.value for one in samples if one.name == name and labels.items() <= one.labels.items()), default=0
        )

    async def shows(self, name: str, value: float) -> str:
        """Wait until /metrics says so of a metric; its name."""

        async def does() -> bool:
            return await self.metric(name) == value

        await until(does)
        return name

    async def rises(self, name: str, above: float) -> str:
        """Wait until /metrics says more than `above` of a metric; its name."""

        async def has_risen() -> bool:
            return await self.metric(name) > above

        await until(has_risen)
        return name

    async def falls(self, name: str, below: float) -> None:
        """Wait until /metrics says less than `below` of a metric."""

        async def has_fallen() -> bool:
            return await self.metric(name) < below

        await until(has_fallen)

    async def finding(self, **named: str) -> Finding:
        """What the doctor says of the engine that one setting names."""
        (found,) = await look(Settings(home=Path("/nowhere"), **named))  # type: ignore[arg-type]  # each is a text
        return found

    async def is_listed(self) -> None:
        """Every order that has been accepted by now is in the projection that customers' lists are read from."""
        accepted = self._accepted()

        async def all_are() -> bool:
            return await self._of_the_books(LISTED, accepted) == len(accepted)

        await until(all_are)

    async def admin(self) -> dict[str, str]:
        """The headers of the administrator, by a session of their own."""
        form = {"grant_type": "password", "username": "admin@localhost", "password": PASSWORD}
        async with self.http.post(f"{self.served.url}/api/v1/auth/token", data=form) as answer:
            return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}

    async def well(self, **named: str) -> None:
        """Wait until the doctor finds nothing; on a busy machine an engine that has just come back may be too slow."""

        async def is_well() -> bool:
            return (await self.finding(**named)).well

        await until(is_well)

    async def unwell(self, **named: str) -> str:
        """The doctor says that it is unwell, and what to do; who said so."""
        found = await self.finding(**named)
        assert not found.well, found
        assert found.advice
        return "doctor"


async def until(look: Look) -> None:
    """Look until it is so; other processes ring no bell here."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(aiohttp.ClientError, Unavailable):
                if await look():
                    return
            await asyncio.sleep(POLL_S)
