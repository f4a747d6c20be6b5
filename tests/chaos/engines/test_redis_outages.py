"""Redis flushed, killed, slow, cut and silent while people buy: nothing is lost, and who had logged out stays out."""

from typing import Final

import pytest
from redis.asyncio import Redis

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.engines import address
from tests.wires import wire

pytestmark = [pytest.mark.engine("redis"), pytest.mark.timeout(3_600)]

LATE_S: Final = 0.3
PARTS: Final = ("cache", "revocations")
"""What of the shop says that it goes without Redis; requests are not counted in this shop."""


async def logged_out(scene: Scene) -> dict[str, str]:
    """The headers of somebody whose session has ended."""
    headers = await scene.admin()
    sessions = f"{scene.served.url}/api/v1/auth/sessions"
    async with scene.http.get(sessions, headers=headers) as answer:
        (session,) = [one["id"] for one in (await answer.json())["items"] if one["current"]]
    async with scene.http.delete(f"{sessions}/{session}", headers=headers) as answer:
        assert answer.status == 204
    return headers


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
        out = await logged_out(scene)

        async def away() -> None:
            await until(lambda: _all_are(scene, 1.0))
            await stays_out()

        async def back() -> None:
            await until(lambda: _all_are(scene, 0.0))
            await known_again()

        async def known_again() -> None:
            await until(is_known)
            await stays_out()
            assert (await scene.finding(redis_url=line.url)).well

        async def stays_out() -> None:
            async with scene.http.get(f"{scene.served.url}/api/v1/auth/sessions", headers=out) as answer:
                assert answer.status == 401

        async def killed_and_told() -> None:
            await away()
            await scene.unwell(redis_url=line.url)

        async def slow() -> None:
            line.late_s = LATE_S

        async def cut() -> None:
            line.cut()

        async def silent() -> None:
            line.hang()

        async def whole() -> None:
            line.mend()

        await until(is_known)
        await scene.suffer(Outage("flushed", flush, told=stays_out, over=known_again))
        await scene.suffer(Outage("killed", process.kill, process.start, killed_and_told, back))
        await scene.suffer(Outage("300 ms", slow, whole, told=stays_out, over=back))
        await scene.suffer(Outage("cut", cut, whole, away, back))
        await scene.suffer(Outage("silent", silent, whole, away, back))


async def _all_are(scene: Scene, value: float) -> bool:
    return {await scene.metric("shared_store_away", part=part) for part in PARTS} == {value}
