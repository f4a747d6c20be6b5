"""`tradewind cluster`: the shop as seven processes on this machine, each `tradewind serve` of its contexts."""

import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from msgspec import Struct

from tradewind.app.certificates import init_authority, issue_certificate
from tradewind.app.engines import Engines, engines
from tradewind.app.free_ports import free_port
from tradewind.app.hosting import answers, with_port
from tradewind.app.placement import GATEWAY, MAY_BE_APART
from tradewind.app.settings import SettingError, Settings
from tradewind.app.supervision import Part, Supervisor

GROUPS: Final = (
    ("orders", "carts", "returns", "customers", "identity"),
    ("inventory",),
    ("catalog", "pricing", "reviews", "recommendations"),
    ("payments",),
    ("shipping", "notifications", "webhooks"),
    ("analytics",),
)
"""Contexts that share a process; the gateway is the seventh."""
SPELL_DATABASE: Final = """
    SELECT format('CREATE DATABASE %I', $1::text) WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = $1)
"""
"""Nothing where it is there."""
TOLD: Final = (
    "TRADEWIND_HOME", "TRADEWIND_PUBLIC_URL", "TRADEWIND_KAFKA_SERVERS", "TRADEWIND_KAFKA_PREFIX",
    *(f"TRADEWIND_{one.upper()}_{what}" for one in MAY_BE_APART for what in ("DATABASE_URL", "URL")),
    "TRADEWIND_GRPC_CERT", "TRADEWIND_GRPC_KEY", "TRADEWIND_GRPC_CA",
)  # fmt: skip
"""What commands need that work on all databases of a cluster."""
READY_WITHIN_S: Final = 600.0
"""Seven processes that start on a busy machine take their time; one that dies is noticed at once."""
STOP_GRACE_S: Final = 30.0
CERTIFICATE: Final = timedelta(days=90)


class Up(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where everything is, once all of it serves: what `cluster --json` prints.

    `environment`: a file for a shell to read, so that `tradewind import` and `audit` find all databases.
    """

    url: str
    inventory_database_url: str
    payments_database_url: str
    environment: str
    processes: dict[str, str]


async def cluster(settings: Settings, say: Callable[[str], None], ready: Callable[[Up], None]) -> None:
    """Start them and keep them until SIGTERM or SIGINT; one that dies is started again, none outlives this process.

    Inventory and payments have databases of their own beside that of the others, on the same server unless the settings
    name one, and are asked over gRPC with certificates on both sides. Raises SettingError, EngineError and PartError.
    """
    if settings.kafka_servers is None:
        raise SettingError("TRADEWIND_KAFKA_SERVERS names no Kafka: `make engines ENGINES=kafka` starts one.")
    settings = with_port(settings)
    async with engines(settings, say) as found:
        apart = {one: getattr(settings, f"{one}_database_url") or await _beside(found, one) for one in MAY_BE_APART}
        ports: dict[tuple[str, ...], int] = {names: free_port(settings.host) for names in GROUPS}
        urls = {"-".join(names): f"http://{settings.host}:{port}" for names, port in ports.items()}
        environment = _environment(settings, found, apart, ports)
        parts = [_part("-".join(names), names, port, environment) for names, port in ports.items()]
        parts.append(_part(GATEWAY, (GATEWAY,), settings.port, environment))
        file = settings.home / "run" / f"cluster-{settings.port}.env"
        databases = {f"{one}_database_url": url for one, url in apart.items()}
        up = Up(url=settings.public_url, processes=urls, environment=str(file), **databases)
        _write(file, environment)
        try:
            await Supervisor(parts, say).run(on_ready=lambda: ready(up))
        finally:
            file.unlink(missing_ok=True)


def _write(file: Path, environment: Mapping[str, str]) -> None:
    """For its owner's eyes alone: addresses of databases have passwords in them."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.unlink(missing_ok=True)
    lines = [f"export {name}={quote(environment[name])}\n" for name in TOLD if name in environment]
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as out:
        out.writelines(lines)


async def _beside(found: Engines, context: str) -> str:
    """A database named like the others' with _CONTEXT behind it, made where there is none."""
    address = urlsplit(found.database_url)
    name = f"{address.path[1:]}_{context}"
    connection: Any = await asyncpg.connect(found.database_url)
    try:
        if statement := await connection.fetchval(SPELL_DATABASE, name):
            await connection.execute(statement)
    finally:
        await connection.close()
    return urlunsplit(address._replace(path=f"/{name}"))


def _environment(
    settings: Settings, found: Engines, apart: Mapping[str, str], ports: Mapping[tuple[str, ...], int]
) -> dict[str, str]:
    """What all of them are told; each knows by its contexts what of it is its own."""
    folder = settings.home / "ca"
    asked = {name: free_port(settings.host) for name in apart}
    where = (f"{name}=http://{settings.host}:{port}" for names, port in ports.items() for name in names)
    return {
        **os.environ,
        **_certificates(folder, settings.host),
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_HOST": settings.host,
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "TRADEWIND_DATABASE_URL": found.database_url,
        "TRADEWIND_PROVIDER_URL": found.provider_url,
        **{f"TRADEWIND_{name.upper()}_DATABASE_URL": url for name, url in apart.items()},
        **{f"TRADEWIND_{name.upper()}_URL": f"grpcs://{settings.host}:{port}" for name, port in asked.items()},
        "TRADEWIND_CONTEXT_URLS": ",".join(where),
    }


def _certificates(folder: Path, host: str) -> dict[str, str]:
    """One for all processes of this machine, of the home's own authority, made anew at each start."""
    if not (folder / "ca.pem").exists():
        init_authority(folder)
    made = issue_certificate(folder, "cluster", [host], CERTIFICATE)
    return {
        "TRADEWIND_GRPC_CERT": made.certificate,
        "TRADEWIND_GRPC_KEY": made.key,
        "TRADEWIND_GRPC_CA": made.authority,
    }


def _part(name: str, contexts: tuple[str, ...], port: int, environment: Mapping[str, str]) -> Part:
    """One process: only the gateway counts how much a client asks, for it alone sees who that is."""
    own = {"TRADEWIND_PORT": str(port), "TRADEWIND_CONTEXTS": ""}
    if contexts != (GATEWAY,):
        own["TRADEWIND_RATE_LIMITS"] = "off"
    if url := environment.get(f"TRADEWIND_{name.upper()}_URL"):  # others ask it over gRPC
        own["TRADEWIND_GRPC_PORT"] = str(urlsplit(url).port)
    path = "live" if contexts == (GATEWAY,) else "ready"
    health = f"http://{environment['TRADEWIND_HOST']}:{port}/health/{path}"
    return Part(
        name=name,
        argv=[sys.executable, "-m", "tradewind.app.cli", "serve", *contexts],
        env={**environment, **own},
        ready=lambda: answers(health),
        ready_within_s=READY_WITHIN_S,
        stop_grace_s=STOP_GRACE_S,
    )
