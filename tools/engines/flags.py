"""Unleash, which says what is switched on: a program of Node's on a database of its own in the engines' Postgres."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import asyncpg

from tools.engines import postgres
from tools.engines.engine import HOST, Engine, EngineError, Launch, Ports
from tools.engines.home import Home
from tools.engines.packages import NODE, node_program
from tools.engines.probes import says

SOURCES: Final = Path(__file__).parent / "unleash"
"""Its package, with everything that it needs pinned."""
VERSION: Final[str] = json.loads((SOURCES / "package.json").read_text())["dependencies"]["unleash-server"]
DATABASE: Final = "unleash"
CLIENT_TOKEN: Final = "*:development.loopback-only-client"  # noqa: S105 -- of a server that listens on loopback alone
ADMIN_TOKEN: Final = "*:*.loopback-only-admin"  # noqa: S105 -- the same
HEAP_MIB: Final = 256
EXISTS: Final = "SELECT 1 FROM pg_database WHERE datname = $1"


async def _make_database(url: str) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        if not await connection.fetchval(EXISTS, DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def _launch(home: Home, ports: Ports) -> Launch:
    url = postgres.POSTGRES.settings["DATABASE_URL"].format(host=HOST, **home.ports("postgres"))
    try:
        asyncio.run(_make_database(url))
    except (OSError, asyncpg.PostgresError) as error:
        raise EngineError(f"Its database cannot be made ({error}); is the engines' Postgres up?") from None
    environment = {
        "DATABASE_URL": f"{url.rpartition('/')[0]}/{DATABASE}", "DATABASE_SSL": "false", "DATABASE_POOL_MAX": "4",
        "HTTP_HOST": HOST, "HTTP_PORT": str(ports["port"]), "LOG_LEVEL": "warn",
        "CHECK_VERSION": "false", "SEND_TELEMETRY": "false",
        "INIT_CLIENT_API_TOKENS": CLIENT_TOKEN, "INIT_ADMIN_API_TOKENS": ADMIN_TOKEN,
        "NODE_ENV": "production", "NODE_OPTIONS": f"--max-old-space-size={HEAP_MIB}",
    }  # fmt: skip
    server = home.fetched("unleash") / "node_modules" / "unleash-server" / "dist" / "server.js"
    return Launch(argv=["node", str(server)], environment=environment)


UNLEASH: Final = Engine(
    name="unleash", version=VERSION, packages=NODE, fetch=lambda home: node_program(home, "unleash", SOURCES),
    launch=_launch, ready=says("/health"), after=("postgres",),
    settings={"UNLEASH_URL": "http://{host}:{port}", "UNLEASH_TOKEN": CLIENT_TOKEN},
)  # fmt: skip
