"""An outage while people buy: begun, told, ended, over; and a line of the table for each."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

import aiohttp
import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.engines.visitors import OUTAGE_S, UNDISTURBED, Visitors
from tests.chaos.served import PASSWORD, Served
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
LISTED: Final = "SELECT count(*) FROM orders.orders_by_customer WHERE order_id = ANY($1::uuid[])"
Step = Callable[[], Awaitable[Any]]


async def nothing() -> None:
    """Where there is nothing to do."""


@dataclass(frozen=True)
class Outage:
    """`begin` it and `end` it; `told` returns once the shop says so itself, `over` once all has caught up."""

    name: str
    begin: Step
    end: Step = nothing
    told: Step = nothing
    over: Step = nothing


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
    _suffered: list[tuple[str, float]] = field(default_factory=list)

    async def calm(self) -> None:
        """Some time without an outage, to compare with."""
        await asyncio.gather(self.crowd.accepts(AT_LEAST), asyncio.sleep(OUTAGE_S))

    async def suffer(self, outage: Outage) -> None:
        """All of it; people go on buying."""
        self.crowd.phase = outage.name
        try:
            await outage.begin()
            await outage.told()
            await asyncio.gather(self.crowd.accepts(AT_LEAST), asyncio.sleep(OUTAGE_S))
        finally:
            await outage.end()
        ended = monotonic()
        await outage.over()
        self._suffered.append((outage.name, monotonic() - ended))
        self.crowd.phase = UNDISTURBED

    def note(self) -> None:
        """Give the figures to the table."""
        usual = self.crowd.answers(UNDISTURBED)
        self._row(UNDISTURBED, {kind: str(one) for kind, one in usual.items()}, "")
        for name, back_s in self._suffered:
            found = {kind: str(one) for kind, one in self.crowd.answers(name).items()}
            self._row(name, found, f"{back_s:.1f}")

    def _row(self, phase: str, answers: dict[str, str], back_s: str) -> None:
        line = "|".join([self.engine, phase, *answers.values(), back_s])
        self._request.node.user_properties.append((ROW, line))

    async def metric(self, name: str, **labels: str) -> float:
        """The highest value of a metric with these labels, as /metrics says; 0 where it is not there."""
        async with self.http.get(f"{self.served.url}/metrics") as answer:
            said = await answer.text()
        samples = [one for family in text_string_to_metric_families(said) for one in family.samples]
        return max(
            (one.value for one in samples if one.name == name and labels.items() <= one.labels.items()), default=0
        )

    async def finding(self, **named: str) -> Finding:
        """What the doctor says of the engine that one setting names."""
        (found,) = await look(Settings(home=Path("/nowhere"), **named))  # type: ignore[arg-type]  # each is a text
        return found

    async def is_listed(self) -> None:
        """Every order that has been accepted by now is in the projection that customers' lists are read from."""
        accepted = [wish.order_id for wish in self.crowd.accepted]
        connection: Any = await asyncpg.connect(self.engines.database_url)
        try:

            async def all_are() -> bool:
                return bool(await connection.fetchval(LISTED, accepted) == len(accepted))

            await until(all_are)
        finally:
            await connection.close()

    async def admin(self) -> dict[str, str]:
        """The headers of the administrator, by a session of their own."""
        form = {"grant_type": "password", "username": "admin@localhost", "password": PASSWORD}
        async with self.http.post(f"{self.served.url}/api/v1/auth/token", data=form) as answer:
            return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}

    async def unwell(self, **named: str) -> None:
        """The doctor says that it is unwell, and what to do."""
        found = await self.finding(**named)
        assert not found.well, found
        assert found.advice


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so; other processes ring no bell here."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(aiohttp.ClientError, Unavailable):
                if await look():
                    return
            await asyncio.sleep(POLL_S)
