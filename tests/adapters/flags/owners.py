"""Owners of shops who switch things: in a file, in a real Unleash, in one that is played here."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp
from aiohttp import web

from tests.listening import listening
from tradewind.adapters.flags.file import FlagFile
from tradewind.adapters.flags.open_feature import LASTS_S, OpenFeatureFlags
from tradewind.adapters.flags.unleash import PATH, UnleashFlags
from tradewind.ports.flags import FLAGS, Flag

WITHIN_S: Final = 60.0
AGAIN_S: Final = 0.05
"""Between two questions to an Unleash, which tells of a change a moment after it has taken it."""
TOKEN: Final = "*:development.played"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s

    def later(self) -> None:
        """So much later that whoever remembers an answer asks again."""
        self.now_s += LASTS_S


class Owner(Protocol):
    """`flags`: as the shop asks for them."""

    flags: OpenFeatureFlags

    async def another(self) -> OpenFeatureFlags:
        """As another process of the shop asks for them."""
        ...

    async def say(self, flag: Flag, percent: float) -> None:
        """Have it on for so many customers."""
        ...

    async def sees(self, look: Callable[[], bool]) -> None:
        """Return once it is so."""
        ...


class WithFile:
    """Writes a file."""

    def __init__(self, folder: Path) -> None:
        self.file, self.clock = folder / "flags.toml", Clock()
        self._percents: dict[Flag, float] = {}
        self.write("")
        self.flags = OpenFeatureFlags(FlagFile(self.file), clock=self.clock)

    async def another(self) -> OpenFeatureFlags:
        return OpenFeatureFlags(FlagFile(self.file), clock=self.clock)

    def write(self, text: str) -> None:
        """In place of what there was, at once, as an editor does it: a new file of the same name."""
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    async def say(self, flag: Flag, percent: float) -> None:
        self._percents[flag] = percent
        self.write("".join(f"{one.name} = {_in_toml(value)}\n" for one, value in self._percents.items()))

    async def sees(self, look: Callable[[], bool]) -> None:
        self.clock.later()
        assert look()


def _in_toml(percent: float) -> str:
    return {0: "false", 100: "true"}.get(int(percent), f"{{ percent = {percent} }}")


class WithUnleash:
    """Speaks as an administrator to a real Unleash, which has none of the shop's flags at first."""

    def __init__(self, http: aiohttp.ClientSession, url: str, client: str, admin: str) -> None:
        self.http, self.url, self._client, self._admin = http, url, client, admin
        self.source = UnleashFlags(http, url, client)
        self.flags = OpenFeatureFlags(self.source)

    async def another(self) -> OpenFeatureFlags:
        other = UnleashFlags(self.http, self.url, self._client)
        await other.poll()
        return OpenFeatureFlags(other)

    async def do(self, method: str, path: str, body: Any = None) -> int:
        """As its administrator; the status."""
        headers = {"Authorization": self._admin}
        async with self.http.request(method, f"{self.url}/api/admin{path}", json=body, headers=headers) as answer:
            assert answer.status < 300 or answer.status in (404, 409), await answer.text()
            return answer.status

    async def forget(self) -> None:
        """Have none of the shop's flags."""
        for flag in FLAGS:
            await self.do("DELETE", f"/projects/default/features/{flag.name}")
            await self.do("DELETE", f"/archive/{flag.name}")
        await self.sees(lambda: not any(flag.name in self.source._for_all for flag in FLAGS))

    async def say(self, flag: Flag, percent: float) -> None:
        await self.do("DELETE", f"/projects/default/features/{flag.name}")
        await self.do("DELETE", f"/archive/{flag.name}")
        await self.do("POST", "/projects/default/features", {"name": flag.name, "type": "release"})
        here = f"/projects/default/features/{flag.name}/environments/development"
        rollout = {"rollout": f"{percent:g}", "stickiness": "default", "groupId": flag.name}
        await self.do("POST", f"{here}/strategies", {"name": "flexibleRollout", "parameters": rollout})
        await self.do("POST", f"{here}/{'on' if percent else 'off'}")

    async def sees(self, look: Callable[[], bool]) -> None:
        until_s = time.monotonic() + WITHIN_S
        await self.source.poll()
        while not look():
            assert time.monotonic() < until_s, "not seen in time"
            await asyncio.sleep(AGAIN_S)
            await self.source.poll()


class PlayedUnleash:
    """What speaks Unleash's client protocol. `status` and `body` are what it answers; `asked`: which ETags."""

    def __init__(self) -> None:
        self.status, self.body, self.url = 200, b'{"version":2,"features":[]}', ""
        self.asked: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def features(self, request: web.Request) -> web.Response:
        """GET /api/client/features."""
        self.asked.append(request.headers.get("If-None-Match", ""))
        await self.answers.wait()
        if request.headers.get("Authorization") != TOKEN:
            return web.Response(status=401)
        etag = f'"{hash(self.body):x}"'
        if self.asked[-1] == etag:
            return web.Response(status=304)
        return web.Response(status=self.status, body=self.body, headers={"ETag": etag})


@asynccontextmanager
async def played_unleash() -> AsyncIterator[PlayedUnleash]:
    """One, on a port of its own."""
    played, app = PlayedUnleash(), web.Application()
    app.router.add_get(PATH, played.features)
    async with listening(app, patience_s=0.1) as played.url:
        yield played
