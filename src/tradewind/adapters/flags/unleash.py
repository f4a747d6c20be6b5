"""Flags out of an Unleash: asked for all of them every POLL_S, decided here by Unleash's own engine (Yggdrasil).

Of its client library that engine alone is used: the rest brings threads of its own, a cache on the disk and twelve more
libraries for what is one question over HTTP. What was heard last holds while Unleash is away; before it was ever heard
the defaults do. Nothing of a customer leaves this process: Unleash is told no names and no counts.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp
import msgspec
from yggdrasil_engine.engine import UnleashEngine, YggdrasilError

from tradewind.adapters.flags.source import EVERYBODY, Source, on_or_off
from tradewind.ports.flags import Flag
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.logs import log

POLL_S: Final = 5.0
"""Between two questions; a change counts in every process within that."""
ANSWER_S: Final = 2.0
"""Longest wait for an answer, and so longest delay of a start whose Unleash is away."""
MAX_BYTES: Final = 8 * 1024 * 1024
"""Of all flags of an Unleash together, those included that are not ours."""
PATH: Final = "/api/client/features"
NOT_LET_IN: Final = frozenset({401, 403})


class UnleashError(Exception):
    """Unleash did not tell its flags. The message says why, without the token."""


class Strategy(msgspec.Struct, frozen=True):
    """For whom a flag is on: any one of them is enough."""

    name: str
    parameters: dict[str, Any] = {}
    constraints: list[Any] = []
    segments: list[Any] = []

    @property
    def is_for_all(self) -> bool:
        """Whether it is for everybody."""
        narrows = self.constraints or self.segments or str(self.parameters.get("rollout", 100)) != "100"
        return self.name in ("default", "flexibleRollout") and not narrows


class Toggle(msgspec.Struct, frozen=True):
    """What of a flag can be understood without the engine, which breaks where something has no name or strategies."""

    name: str
    enabled: bool
    strategies: list[Strategy]
    dependencies: list[Any] = []

    @property
    def for_all(self) -> bool | None:
        """What it is for everybody, whoever asks and whenever; None where the engine has to decide."""
        if not self.enabled:
            return False
        return True if not self.dependencies and any(one.is_for_all for one in self.strategies) else None


class _Told(msgspec.Struct, frozen=True):
    features: list[Toggle]


async def ask(http: aiohttp.ClientSession, url: str, token: str, etag: str = "") -> tuple[bytes | None, str]:
    """All its flags, None where they are those of `etag`, with the new one. Raises UnleashError within ANSWER_S."""
    headers = {"Authorization": token, **({"If-None-Match": etag} if etag else {})}
    try:
        async with asyncio.timeout(ANSWER_S), http.get(url + PATH, headers=headers) as answer:
            if answer.status == 304:
                return None, etag
            if answer.status in NOT_LET_IN:
                raise UnleashError("it does not take the token")
            if answer.status != 200:
                raise UnleashError(f"it answers with {answer.status}")
            body = await answer.content.read(MAX_BYTES + 1)
            while not answer.content.at_eof() and len(body) <= MAX_BYTES:
                body += await answer.content.read(MAX_BYTES + 1 - len(body))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise UnleashError(f"it does not answer ({type(error).__name__})") from None
    if len(body) > MAX_BYTES:
        raise UnleashError("it tells more than 8 MiB")
    return body, answer.headers.get("ETag", "")


def toggles(body: bytes) -> dict[str, Toggle]:
    """What it told, by name. Raises UnleashError."""
    try:
        return {one.name: one for one in msgspec.json.decode(body, type=_Told).features}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UnleashError("it answers what are no flags") from None


class UnleashFlags(Source):
    """What the Unleash at `url` says to whoever has this client token. Call `poll` once before it is asked."""

    name = "unleash"

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        super().__init__()
        self._http, self._url, self._token = http, url, token
        self._engine = UnleashEngine()
        self._for_all: Mapping[str, bool | None] = {}
        """By flag, those included that are not ours."""
        self._etag = ""

    async def poll(self) -> None:
        """Ask it once, and take over what it says. That it is away, or back, is logged once."""
        try:
            body, etag = await ask(self._http, self._url, self._token, self._etag)
            if body is not None:
                self._take(body)
                self._etag = etag
        except UnleashError as error:
            self._lost(str(error))
            return
        if self.trouble:
            self.trouble = ""
            metrics.flags_away.set(0)
            log.info("unleash is back")

    def decide(self, flag: str, customer: str) -> bool | None:
        known = self._for_all.get(flag)
        if known is not None or flag not in self._for_all:
            return known  # most questions end here; the engine would take a hundred times as long
        found = self._engine.check_enabled(flag, {"userId": customer})
        return found.is_enabled if found.is_found else None

    def says(self, flag: Flag) -> tuple[str, str]:
        if flag.name not in self._for_all:
            return on_or_off(flag.default), "default" if self.generation else "default: unleash was never heard"
        if flag.by_customer and self._for_all[flag.name] is None:
            return "on for some customers", self.name
        return on_or_off(bool(self.decide(flag.name, EVERYBODY))), self.name

    def _take(self, body: bytes) -> None:
        """All of it, or nothing. Of what it cannot read the engine says nothing and keeps what it had: a new one is
        asked, which then knows none of it."""
        found, engine = toggles(body), UnleashEngine()
        try:
            engine.take_state(body.decode())
            known = {one.name for one in engine.list_known_toggles()}
        except (LookupError, TypeError, ValueError, AttributeError, YggdrasilError):
            known = None
        if known != found.keys():
            raise UnleashError("it tells flags that its own engine does not understand")
        self._engine = engine
        self._for_all = {name: one.for_all for name, one in found.items()}
        self.generation += 1

    def _lost(self, why: str) -> None:
        if why == self.trouble:
            return
        self.trouble = why
        metrics.flags_away.set(1)
        held = "what it said last holds" if self.generation else "the defaults hold"
        log.error("unleash cannot be asked", problem=why, advice=f"`tradewind doctor` says more; until then {held}")


@asynccontextmanager
async def unleash(url: str, token: str, *, every_s: float = POLL_S) -> AsyncIterator[UnleashFlags]:
    """Its flags as they are now, and kept up to date meanwhile."""

    async def follow(source: UnleashFlags) -> None:
        while True:
            await asyncio.sleep(every_s)
            await source.poll()

    async with aiohttp.ClientSession() as http:
        source = UnleashFlags(http, url, token)
        await source.poll()
        task = asyncio.create_task(follow(source))
        try:
            yield source
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
