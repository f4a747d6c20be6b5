"""Redis flushed, killed, slow, cut and silent while people buy: nothing is lost, and who had logged out stays out."""

from typing import Final

import pytest
from redis.asyncio import Redis

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Faults, Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.chaos.engines.visitors import OUTAGE_S
from tests.engines import address
from tests.wires import wire

pytestmark = [pytest.mark.engine("redis"), pytest.mark.timeout(3_600)]

PARTS: Final = ("cache", "revocations")
"""What of the shop says that it goes without Redis; requests are not counted in this shop."""


class Shared:
    """What processes share by Redis: who has logged out, and what is known to be away."""

    def __init__(self, scene: Scene, url: str) -> None:
        self._scene, self._url = scene, url
        self._out = dict[str, str]()

    async def log_out(self) -> None:
        """Somebody's session ends; Redis hears of it."""
        scene, self._out = self._scene, await self._scene.admin()
        sessions = f"{scene.served.url}/api/v1/auth/sessions"
        async with scene.http.get(sessions, headers=self._out) as answer:
            (session,) = [one["id"] for one in (await answer.json())["items"] if one["current"]]
        async with scene.http.delete(f"{sessions}/{session}", headers=self._out) as answer:
            assert answer.status == 204
        await until(is_known)

    async def stays_out(self) -> str:
        """Whoever logged out is let in nowhere; nothing else is any worse."""
        async with self._scene.http.get(f"{self._scene.served.url}/api/v1/auth/sessions", headers=self._out) as answer:
            assert answer.status == 401
        return "-"

    async def away(self) -> str:
        """Each part says that it goes without."""
        await until(lambda: self._all_are(1.0))
        await self.stays_out()
        return "shared_store_away"

    async def killed(self) -> str:
        """The same, and the doctor says it too."""
        return f"{await self.away()}, {await self._scene.unwell(redis_url=self._url)}"

    async def back(self) -> None:
        """No part goes without any more."""
        await until(lambda: self._all_are(0.0))
        await self.known_again()

    async def known_again(self) -> None:
        """Redis knows by itself who has logged out."""
        await until(is_known)
        await self.stays_out()
        await self._scene.well(redis_url=self._url)

    async def _all_are(self, value: float) -> bool:
        return {await self._scene.metric("shared_store_away", part=part) for part in PARTS} == {value}


async def is_known() -> bool:
    """Whether Redis knows of a session that has ended."""
    async with Redis.from_url(address("REDIS_URL")) as client:
        return bool([key async for key in client.scan_iter("tradewind:*:sessions:ended")])


async def flush() -> None:
    """Let Redis forget everything."""
    async with Redis.from_url(address("REDIS_URL")) as client:
        await client.flushall()


async def test_orders_go_through_whatever_happens_to_redis_and_who_logged_out_stays_out(open_scene: OpenScene) -> None:
    process = EngineProcess("redis", address("REDIS_URL"))
    async with wire(address("REDIS_URL")) as line, open_scene("redis", redis_url=line.url) as scene:
        shared, on_the_way = Shared(scene, line.url), Faults(line)
        await shared.log_out()
        await scene.suffer(Outage("flushed", flush, told=shared.stays_out, over=shared.known_again))
        await scene.suffer(Outage("killed", process.kill, process.start, shared.killed, shared.back, OUTAGE_S))
        await scene.suffer(Outage("300 ms", on_the_way.slow, on_the_way.whole, shared.stays_out, shared.back))
        await scene.suffer(Outage("cut", on_the_way.cut, on_the_way.whole, shared.away, shared.back))
        await scene.suffer(Outage("silent", on_the_way.silent, on_the_way.whole, shared.away, shared.back))
