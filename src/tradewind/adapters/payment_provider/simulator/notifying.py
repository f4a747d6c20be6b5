"""Posting notices to the shop, signed: bounded, tried a few times, and scripted by the payment method."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.notices import SIGNATURE
from tradewind.adapters.payment_provider.simulator.faults import Telling
from tradewind.adapters.payment_provider.wire import Endpoint, NoticeBody
from tradewind.adapters.signed_bodies import sign
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id

WITHIN_S: Final = 2.0
PAUSES_S: Final = (0.2, 1.0, 5.0)
"""Between the tries of one notice."""
AFTER_S: Final = 0.05
"""How long after the answer a notice comes that comes after it."""
MAX_UNDER_WAY: Final = 1_000
"""Notices on their way; one more is not sent: the shop asks by itself in the end."""


class Notifier:
    """Knows the shop's address, also after a restart, and posts to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoint = msgspec.json.decode(path.read_bytes(), type=Endpoint) if path.exists() else None
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def send_to(self, endpoint: Endpoint) -> None:
        """From now on, and after a restart too."""
        draft = self._path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_bytes(msgspec.json.encode(endpoint))
        draft.replace(self._path)
        self._endpoint = endpoint

    def around(self, telling: Telling, key: str, answer: Callable[[], None]) -> None:
        """Give the answer to a call that has settled, and the notice of it, in the scripted order."""
        match telling:
            case Telling.NEVER:
                answer()
            case Telling.BEFORE:
                self.tell(key, then=answer)
            case Telling.AFTER:
                answer()
                asyncio.get_running_loop().call_later(AFTER_S, self.tell, key)
            case _:
                self.tell(key, times=2 if telling is Telling.DOUBLED else 1)
                answer()

    def tell(
        self, key: str, *, kind: str = "authorization.settled", times: int = 1, then: Callable[[], None] | None = None
    ) -> None:
        """Post a notice about the call with `key`, the same one `times` at once; `then` once it was tried."""
        notice = NoticeBody(id=new_id().hex, type=kind, key=key)
        for _ in range(times):
            if self._endpoint is None or len(self._tasks) >= MAX_UNDER_WAY:
                break
            task = asyncio.create_task(self._deliver(self._endpoint, notice, then))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            return
        if then is not None:
            then()

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, to: Endpoint, notice: NoticeBody, then: Callable[[], None] | None) -> None:
        taken = await self._post(to, notice)
        if then is not None:
            then()
        for pause_s in PAUSES_S:
            if taken:
                return
            await asyncio.sleep(pause_s)
            taken = await self._post(to, notice)

    async def _post(self, to: Endpoint, notice: NoticeBody) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITHIN_S))
        body = msgspec.json.encode(notice)
        headers = {"Content-Type": "application/json", SIGNATURE: sign(to.secret, body, clock.now())}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._session.post(to.url, data=body, headers=headers, allow_redirects=False) as response:
                return response.status < 300
        return False
