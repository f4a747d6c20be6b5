"""The home: the folder of everything a shop keeps on this machine, and who may do what in it at the same time.

    <home>/run/users.lock    shared by all who use the home's engines; exclusive for their keeper when nobody does
    <home>/run/keeper.lock   exclusive for the one keeper
    <home>/run/engines.json  how far the keeper is; locked by it, so that what a dead keeper wrote is known to be old
    <home>/run/keeper.log    what the keeper and the engines say
    <home>/postgres          see adapters.database.embedded
    <home>/provider          the simulated payment provider's ledger and port

The kernel releases a lock when its holder dies, however it dies: no lock is ever stale.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from tradewind.adapters.database.privileges import EngineError

LOG_LIMIT_BYTES: Final = 8 * 1024 * 1024
LOG_EXCERPT_LINES: Final = 12


class KeeperStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a keeper tells the users of its home."""

    pid: int
    engines: tuple[str, ...]
    steps: tuple[str, ...] = ()
    ready: bool = False
    stopping: bool = False
    sockets: str = ""
    provider_url: str = ""


class Home:
    """The paths and locks of one home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self.postgres = folder / "postgres"
        self.provider = folder / "provider"
        self.log = self.run / "keeper.log"
        self.provider_address = self.run / "provider.json"
        self._status = self.run / "engines.json"

    def open(self) -> None:
        """Make the folders. Raises EngineError when that is not allowed."""
        closed = 0o711 if os.geteuid() == 0 else 0o700  # root's engines run as somebody else, who must get through
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=closed)
            for folder in (self.run, self.postgres, self.provider):
                folder.mkdir(exist_ok=True, mode=0o700)
            self._refuse_foreign()
            os.close(self.users_lock())
        except OSError as failure:
            raise EngineError(
                f"The shop's home {self.folder} cannot be written ({failure.strerror}: {failure.filename}). Give this "
                "user the folder, or name another one with TRADEWIND_HOME."
            ) from failure

    def _refuse_foreign(self) -> None:
        owner = self.postgres.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise EngineError(
                f"The engines in {self.folder} belong to user id {owner}, because another user or root started them "
                f"first. Run Tradewind as that user again, or give this user the folder: chown -R {os.geteuid()} "
                f"'{self.folder}', or name another one with TRADEWIND_HOME."
            )

    def users_lock(self) -> int:
        """A descriptor of the lock of those who use the engines, not yet locked."""
        return _open(self.run / "users.lock")

    def keeper_lock(self) -> int:
        """A descriptor of the lock of the keeper, not yet locked."""
        return _open(self.run / "keeper.lock")

    def has_keeper(self) -> bool:
        """Whether a keeper lives."""
        return _is_locked(self.keeper_lock())

    def open_log(self) -> int:
        """A descriptor to append to the log, which starts again once it has become long."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.rename(self.log.with_suffix(".log.1"))
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)

    def last_words(self) -> str:
        """The end of the log, for a person who must find out what went wrong."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return "(no log)"
        return "\n".join(f"    {line}" for line in lines[-LOG_EXCERPT_LINES:])

    def status(self) -> KeeperStatus | None:
        """What the living keeper says; None when there is none, or it has not said anything yet."""
        try:
            descriptor = os.open(self._status, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        said = os.read(descriptor, 65536)
        return msgspec.json.decode(said, type=KeeperStatus) if _is_locked(descriptor) else None

    def say(self, status: KeeperStatus) -> int:
        """For the keeper: tell the users. The descriptor that is returned holds the lock that makes it true."""
        new = self._status.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = _open(new)
        take(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, msgspec.json.encode(status))
        new.rename(self._status)
        return descriptor


def take(descriptor: int, how: int) -> bool:
    """Lock (fcntl.LOCK_SH or LOCK_EX) when that is possible at once; answers whether it was."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def in_steps(say: Callable[[str], None]) -> Callable[[tuple[str, ...]], None]:
    """A function that is shown a growing list again and again, and says each entry once."""
    said = 0

    def show(steps: tuple[str, ...]) -> None:
        nonlocal said
        for step in steps[said:]:
            say(step)
        said = len(steps)

    return show


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_locked(descriptor: int) -> bool:
    try:
        return not take(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
