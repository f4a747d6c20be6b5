"""Debian's Postgres with a log that can be decoded, as Debezium needs it. It refuses root and is run by `postgres`."""

import os
import shutil
from pathlib import Path
from typing import Final

from tools.engines.engine import HOST, Engine, EngineError, Launch, Ports, run
from tools.engines.home import Home
from tools.engines.probes import logged

USER: Final = "postgres"
PASSWORD: Final = "loopback-only"  # noqa: S105 -- of a server for tests, which listens on loopback alone
OPTIONS: Final = (
    "wal_level=logical", "max_wal_senders=8", "max_replication_slots=8", "max_slot_wal_keep_size=1GB",
    "max_connections=300", "shared_buffers=128MB", "logging_collector=off", "fsync=off",
)  # fmt: skip


def as_user(argv: list[str]) -> list[str]:
    """The command line by which root runs it as `postgres`; anybody else runs it as themselves."""
    if os.geteuid():
        return argv
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--reset-env", *argv]


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
    if not found:
        raise EngineError("There is no Postgres under /usr/lib/postgresql; reinstall Debian's postgresql.")
    return found[-1]


def _launch(home: Home, ports: Ports) -> Launch:
    data, secret = home.run("postgres") / "data", home.run("postgres") / "password"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        secret.write_text(PASSWORD)
        if not os.geteuid():
            shutil.chown(data, USER, USER)
        argv = [str(_programs() / "initdb"), "-D", str(data), "-U", USER, "-A", "scram-sha-256",
                f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8"]  # fmt: skip
        what = "Postgres' folder (every folder above it must let others pass; ENGINES_HOME names another)"
        run(as_user(argv), within_s=120, cwd=Path("/"), what=what)
    options = [part for one in OPTIONS for part in ("-c", one)]
    argv = [str(_programs() / "postgres"), "-D", str(data), "-p", str(ports["port"]), "-h", HOST, "-k", "", *options]
    return Launch(argv=as_user(argv))


POSTGRES: Final = Engine(
    name="postgres", version="Debian's", packages=("postgresql",), launch=_launch, settings={"DATABASE_URL": f"postgresql://{USER}:{PASSWORD}@{{host}}:{{port}}/{USER}"},
    ready=logged("postgres", "database system is ready to accept connections"),
)  # fmt: skip
