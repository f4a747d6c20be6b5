"""The keeper: the one process that runs the engines of a home for everybody who uses them.

    python -m tradewind.app.keeper HOME ENGINE...

It is started by the first user (see app.engines) and belongs to none of them: it lives until nobody holds the users'
lock any more, then stops the engines, clean, and only then lets the next user in. Losing the race for the keeper's lock
is no failure: then somebody else keeps the home.
"""

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tradewind.adapters.database.embedded import EmbeddedPostgres, binaries, environment
from tradewind.adapters.database.privileges import (
    EngineError,
    account_for,
    drop_root,
    give,
    require_linux,
    require_reachable,
)
from tradewind.app.home import Home, KeeperStatus, take
from tradewind.app.supervision import Part, PartError, Supervisor
from tradewind.runtime.telemetry.lossy import Lossy

POSTGRES: Final = "postgres"
PROVIDER: Final = "provider"
RECOVERY_WITHIN_S: Final = 240.0
POSTGRES_GRACE_S: Final = 60.0
ADDRESS_POLL_S: Final = 0.02


class Keeper:
    """The engines of one home, and what is told about them."""

    def __init__(self, home: Home, engines: Sequence[str]) -> None:
        self._home = home
        self._told: int | None = None
        self._status = KeeperStatus(pid=os.getpid(), engines=tuple(engines))
        self._postgres = EmbeddedPostgres(home.postgres) if POSTGRES in engines else None
        self._provider = SimulatedProvider(home) if PROVIDER in engines else None

    async def keep(self, users_lock: int) -> None:
        """Run the engines until nobody uses them, or SIGTERM. Raises EngineError or PartError."""
        parts = [*self._postgres_part(), *([self._provider.part()] if self._provider else [])]
        supervisor = Supervisor(parts, self._step, at_once=True)
        _when_unused(users_lock, supervisor.stop)
        try:
            await supervisor.run(on_ready=self._ready, on_stop=self._stop)
        finally:
            if self._postgres:
                self._postgres.close_sockets()
        self._step("Everything is stopped")

    def _postgres_part(self) -> list[Part]:
        postgres = self._postgres
        if postgres is None:
            return []
        self._step("Looking after the database")
        if postgres.make():
            self._step("Made a new database")

        async def clear_the_way() -> Sequence[str]:
            await postgres.clear_the_way()
            return ()

        return [
            Part(
                name="Postgres",
                argv=postgres.argv(),
                env=environment() | {"HOME": str(postgres.folder)},
                cwd=postgres.folder,
                before=clear_the_way,
                ready=postgres.ready,
                ready_within_s=RECOVERY_WITHIN_S,
                stop_signal=signal.SIGINT,
                stop_grace_s=POSTGRES_GRACE_S,
                death_signal=signal.SIGQUIT,
            )
        ]

    def _step(self, step: str) -> None:
        _write(step)
        if not self._status.ready:
            self._tell(steps=(*self._status.steps, step))

    def _ready(self) -> None:
        sockets = str(self._postgres.sockets) if self._postgres else ""
        self._tell(ready=True, sockets=sockets, provider_url=self._provider.url() if self._provider else "")

    def _stop(self) -> None:
        self._tell(ready=False, stopping=True)

    def _tell(self, **changes: object) -> None:
        self._status = msgspec.structs.replace(self._status, **changes)
        before, self._told = self._told, self._home.say(self._status)
        if before is not None:
            os.close(before)


class SimulatedProvider:
    """The payment provider's process, on a port that stays the same: webhooks and open payments know it by that."""

    def __init__(self, home: Home) -> None:
        self._folder = home.provider
        self._address = home.provider_address
        self._port_file = home.provider / "port"
        self._started = False

    def part(self) -> Part:
        """The provider as a part to supervise."""
        module = ("-m", "tradewind.adapters.payment_provider.simulator")
        ledger = ("--ledger", str(self._folder / "ledger.sqlite"), "--address-file", str(self._address))
        return Part(
            name="Payment provider",
            argv=(sys.executable, *module, *ledger),
            env=environment(),
            before=self._on_its_port,
            ready=self._ready,
        )

    def url(self) -> str:
        """Where it answers, once it is ready."""
        return str(json.loads(self._address.read_text())["url"])

    async def _on_its_port(self) -> Sequence[str]:
        self._address.unlink(missing_ok=True)
        port = int(self._port_file.read_text()) if self._port_file.exists() else 0
        if not self._started and not _is_free(port):  # taken while we were away; nobody relies on it yet
            port = 0
        self._started = True
        return ("--port", str(port))

    async def _ready(self) -> None:
        while not self._says_where():  # noqa: ASYNC110 -- a file gives no events
            await asyncio.sleep(ADDRESS_POLL_S)

    def _says_where(self) -> bool:
        try:
            port = urlsplit(self.url()).port
        except (FileNotFoundError, ValueError):  # not written yet, or not to its end
            return False
        new = self._port_file.with_suffix(".new")
        new.write_text(str(port))
        new.rename(self._port_file)
        return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _when_unused(users_lock: int, stop: Callable[[], None]) -> None:
    """Call `stop` once nobody shares the users' lock, which then is ours until this process is gone."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        fcntl.flock(users_lock, fcntl.LOCK_EX)
        loop.call_soon_threadsafe(stop)

    threading.Thread(target=wait, name="users", daemon=True).start()


def _give_up_root(home: Home) -> None:
    if os.geteuid() != 0:
        return
    account = account_for(home.postgres)
    give(home.run, account)
    for folder in (home.postgres, home.provider):
        if folder.stat().st_uid == 0:
            give(folder, account)
    drop_root(account)
    require_reachable((Path(sys.executable), binaries() / "postgres", Path(__file__), home.run, home.postgres))


def _write(line: str) -> None:
    print(f"keeper: {line}", file=Lossy(sys.stderr), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Keep the home named by the first argument; the others name its engines. Answers the exit code."""
    home = Home(Path(arguments[0]))
    try:
        require_linux()
        home.open()
        if not take(home.keeper_lock(), fcntl.LOCK_EX):
            return 0
        users_lock = home.users_lock()
        _give_up_root(home)
        asyncio.run(Keeper(home, arguments[1:]).keep(users_lock))
    except (EngineError, PartError, OSError) as failure:
        _write(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
