"""The engines a shop needs, for as long as it needs them: join the home's, or start them.

    async with engines(settings, progress=print) as found:
        await asyncpg.connect(found.database_url)

Whoever uses a home holds its users' lock. The kernel drops that lock with the process, so engines never outlive their
last user, and kill -9 is just another way to leave. The addresses stay the same when the engines are restarted.
"""

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg

from tradewind.adapters.database import embedded
from tradewind.adapters.database.privileges import EngineError, require_linux
from tradewind.app.home import Home, KeeperStatus, in_steps, take
from tradewind.app.keeper import POSTGRES, PROVIDER
from tradewind.app.settings import Settings
from tradewind.app.supervision import Progress, gone, silent

__all__ = ["EngineError", "Engines", "connected", "engines"]

POLL_S: Final = 0.02
START_WITHIN_S: Final = 300.0
"""Seconds for a start; long, because Postgres may have much to recover after a crash."""
LEAVE_WITHIN_S: Final = 90.0
CONNECT_WITHIN_S: Final = 30.0
CONNECT_POLL_S: Final = 0.1
RETRY_S: Final = 1.0
_NOT_YET: Final = (
    OSError,
    asyncpg.PostgresConnectionError,  # it died while we spoke; so it did when the next is raised
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,  # it is starting or stopping
    asyncpg.InsufficientResourcesError,  # too many are connected
)


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Where the engines are. `database_url` is an asyncpg DSN and holds a password.

    `provider_url` is empty where payments go to a provider of the world, which has no ledger for us to read.
    """

    database_url: str = field(repr=False)
    provider_url: str


@asynccontextmanager
async def engines(settings: Settings, progress: Progress = silent) -> AsyncIterator[Engines]:
    """The engines that `settings` ask for, up and accepting connections until the block is left.

    They are brought back when they die meanwhile, within seconds and at the same addresses; callers reconnect. Leaving
    waits for their clean stop when nobody else uses the home. `progress` is told each step in a short sentence.
    Raises EngineError, whose message says what to do next.
    """
    wanted = [] if settings.database_url else [POSTGRES]
    wanted += [] if settings.provider_url or settings.takes_payments_outside else [PROVIDER]
    if not wanted:
        yield await _reachable(settings, None, None)
        return
    require_linux()
    home = Home(settings.home)
    home.open()
    membership = _Membership(home, wanted, progress)
    try:
        await membership.join()
        status = await membership.ensure()
        watch = asyncio.create_task(membership.watch(status))
        try:
            yield await _reachable(settings, home, status)
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
    finally:
        await membership.leave()


class _Membership:
    """One user's part in a home."""

    def __init__(self, home: Home, wanted: list[str], progress: Progress) -> None:
        self._home = home
        self._wanted = wanted
        self._progress = progress
        self._lock = home.users_lock()
        self._spawned: subprocess.Popen[bytes] | None = None

    async def join(self) -> None:
        """Become a user. A keeper that is just stopping finishes first."""
        patience, told = _deadline(START_WITHIN_S), False
        while not take(self._lock, fcntl.LOCK_SH):
            if not told:
                self._progress("Waiting for the engines to finish their last stop")
                told = True
            await _pause(POLL_S, patience, f"The engines of {self._home.folder} do not stop.", self._home)

    async def ensure(self) -> KeeperStatus:
        """Wait for a keeper whose engines are ready, and start one where there is none."""
        patience, show = _deadline(START_WITHIN_S), in_steps(self._progress)
        while True:
            status = self._home.status()
            if status and (self._spawned or not status.ready):
                show(status.steps)
            if status and status.ready:
                return self._complete(status)
            if not self._home.has_keeper():
                self._spawn_unless_spawning()
            await _pause(POLL_S, patience, f"The engines of {self._home.folder} do not get ready.", self._home)

    def _complete(self, status: KeeperStatus) -> KeeperStatus:
        missing = [name for name in self._wanted if name not in status.engines]
        if missing:
            raise EngineError(
                f"{self._home.folder} is in use by a Tradewind that was told to do without {' and '.join(missing)} "
                "(TRADEWIND_DATABASE_URL, TRADEWIND_PROVIDER_URL). Start this one with the same settings, or stop that."
            )
        return status

    def _spawn_unless_spawning(self) -> None:
        code = self._spawned.poll() if self._spawned else 0
        if code is None:
            return
        if code != 0:
            raise EngineError(
                f"The engines could not be started. The end of {self._home.log}:\n{self._home.last_words()}"
            )
        log = self._home.open_log()
        try:
            self._spawned = subprocess.Popen(
                [sys.executable, "-m", "tradewind.app.keeper", str(self._home.folder), *self._wanted],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=embedded.environment(),
                start_new_session=True,
            )
        finally:
            os.close(log)

    async def watch(self, status: KeeperStatus) -> None:
        """See to it that there is a keeper until cancelled."""
        while True:
            await gone(status.pid)
            self._forget_spawned(status.pid)
            self._progress("The engines' keeper has died; starting another one")
            try:
                status = await self.ensure()
            except EngineError as failure:
                self._progress(str(failure))
                self._spawned = None
                await asyncio.sleep(RETRY_S)

    def _forget_spawned(self, pid: int) -> None:
        if self._spawned and self._spawned.pid == pid:
            self._spawned.wait()
            self._spawned = None

    async def leave(self) -> None:
        """Stop being a user; when there is no other, wait until the engines are stopped."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        patience = _deadline(LEAVE_WITHIN_S)
        while self._home.has_keeper() and not self._others():
            await asyncio.sleep(POLL_S)
            if patience() <= 0:
                break
        os.close(self._lock)
        if self._spawned:
            self._spawned.poll()

    def _others(self) -> bool:
        """Whether somebody shares the users' lock, which then can be shared but not taken."""
        if take(self._lock, fcntl.LOCK_EX):
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            return False
        shared = take(self._lock, fcntl.LOCK_SH)
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        return shared


async def _reachable(settings: Settings, home: Home | None, status: KeeperStatus | None) -> Engines:
    """The engines, once the database has answered a connection."""
    database_url, provider_url = settings.database_url, settings.provider_url
    if home and status:
        database_url = database_url or embedded.url(home.postgres, status.sockets)
        provider_url = provider_url or status.provider_url
    assert database_url is not None, "what the owner did not name, the keeper has"
    if settings.takes_payments_outside:
        provider_url = ""
    assert provider_url is not None, "likewise"
    patience = _deadline(CONNECT_WITHIN_S)
    while True:
        try:
            connection = await asyncpg.connect(database_url, timeout=max(1.0, patience()))
            await connection.close()
        except _NOT_YET as failure:
            if patience() <= 0:
                raise _unreachable(database_url, failure) from None
            await asyncio.sleep(CONNECT_POLL_S)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as failure:
            raise _unreachable(database_url, failure) from None
        else:
            return Engines(database_url=database_url, provider_url=provider_url)


def _unreachable(url: str, failure: Exception) -> EngineError:
    parts = urlsplit(url)
    where = f"{parts.hostname or parts.query}{parts.path}"
    why = str(failure) or type(failure).__name__
    return EngineError(
        f"The database at {where} does not let us in: {why}. Check that it runs and that TRADEWIND_DATABASE_URL, where "
        "it is set, names its host, database, user and password."
    )


async def connected(context: str, url: str, **how: Any) -> Any:
    """A connection to the database that a context has of its own. `how`: see asyncpg.connect. Raises EngineError."""
    try:
        return await asyncpg.connect(url, **how)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as failure:
        raise EngineError(
            f"The database of {context} does not let us in: {failure or type(failure).__name__}. Check that it runs "
            f"and that TRADEWIND_{context.upper()}_DATABASE_URL names its host, database, user, password."
        ) from None


class _deadline:  # noqa: N801 -- reads as a function
    """Seconds left, as a function."""

    def __init__(self, within_s: float) -> None:
        self._clock = asyncio.get_running_loop().time
        self._end = self._clock() + within_s

    def __call__(self) -> float:
        return self._end - self._clock()


async def _pause(seconds: float, patience: _deadline, complaint: str, home: Home) -> None:
    if patience() <= 0:
        raise EngineError(f"{complaint} The end of {home.log}:\n{home.last_words()}")
    await asyncio.sleep(seconds)
