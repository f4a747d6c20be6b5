"""`tradewind serve`: the whole shop as one supervised process tree, with a line for each step of its start."""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from tradewind.app.engines import Engines, engines
from tradewind.app.free_ports import free_port
from tradewind.app.placement import CONTEXTS, INVENTORY, at_home, is_apart
from tradewind.app.placement import served as contexts_of
from tradewind.app.sample import add_sample
from tradewind.app.sensors import with_broker
from tradewind.app.settings import Settings
from tradewind.app.supervision import Part, Supervisor
from tradewind.app.welcome import Served, welcome
from tradewind.app.wiring import create_first_admin, manifests, migrate_shop, open_shop
from tradewind.app.worker import READY_FILE

Say = Callable[[str], None]
Ready = Callable[[Served], None]
READY_POLL_S: Final = 0.05
READY_WITHIN_S: Final = 300.0
"""Whoever starts on a busy machine takes their time and gains nothing by being killed; who dies is noticed at once."""


async def serve(settings: Settings, say: Say, *, sample: bool = True, ready: Ready | None = None) -> None:
    """Start the shop and keep it until SIGTERM or SIGINT. A part that dies is restarted; none outlives this process.

    `ready` is told where everything is, once it is; without it a welcome is said.
    """
    serves, settings = contexts_of(settings), at_home(with_port(settings))
    settings, sensors, broker = with_broker(settings) if INVENTORY in serves else (settings, None, ())
    async with engines(settings, say) as found:
        applied = await migrate_shop(found.database_url, manifests((INVENTORY,)) if is_apart(settings) else None)
        say(f"Database is up to date ({applied} migrations applied)")
        sample = sample and len(serves) == len(CONTEXTS)
        password = await _prepare(settings, found, sample=sample) if "identity" in serves else None
        parts = [*broker, _edge(settings, found), _worker(settings, found)]
        if settings.kafka_servers and "analytics" in serves:  # else a chore of the worker does what it does
            parts.append(_part("streaming", _environment(settings, found)))
        served = Served.of(settings, sensors, password)
        on_ready = ready or (lambda served: say(welcome(served, sample=sample)))
        await Supervisor(parts, say).run(on_ready=lambda: on_ready(served))


async def serve_gateway(settings: Settings, say: Say) -> None:
    """Start the gateway and keep it until SIGTERM or SIGINT. Raises SettingError where it is not told the contexts."""
    from tradewind.app.gateway import addresses

    addresses(settings)
    settings = with_port(settings)
    environment = {
        **os.environ,
        "TRADEWIND_HOST": settings.host,
        "TRADEWIND_PORT": str(settings.port),
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "PROMETHEUS_MULTIPROC_DIR": str(_metrics_folder(settings)),
    }
    url = f"http://{settings.host}:{settings.port}"
    part = _part("gateway", environment, ready=lambda: answers(f"{url}/health/live"))
    await Supervisor([part], say).run(on_ready=lambda: say(f"Serving the gateway at {url}"))


async def _prepare(settings: Settings, found: Engines, *, sample: bool) -> str | None:
    """What a first start needs once: an administrator and, in an empty catalog, something to buy."""
    async with open_shop(settings, found, connections=2) as shop:
        password = await create_first_admin(shop.db, settings.admin_password)
        if sample:
            await add_sample(shop)
    return password


def with_port(settings: Settings) -> Settings:
    """The settings with a port that is free, where they name none."""
    if settings.port:
        return settings
    port = free_port(settings.host)
    return replace(settings, port=port, public_url=settings.public_url.replace(":0", f":{port}"))


def _edge(settings: Settings, found: Engines) -> Part:
    url = f"http://{settings.host}:{settings.port}/health/ready"
    return _part("edge", _environment(settings, found), ready=lambda: answers(url))


async def answers(url: str) -> None:
    """Return once an edge there says yes."""
    async with aiohttp.ClientSession() as client:
        await _until(lambda: _is_ready(client, url))


async def _is_ready(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with client.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _worker(settings: Settings, found: Engines) -> Part:
    file = settings.home / "run" / f"worker{_apart(settings)}.ready"

    async def not_yet() -> Sequence[str]:
        file.unlink(missing_ok=True)
        return ()

    async def is_there() -> bool:
        return file.exists()

    environment = {**_environment(settings, found), READY_FILE: str(file)}
    return _part("worker", environment, ready=lambda: _until(is_there), before=not_yet)


def _apart(settings: Settings) -> str:
    """What tells the files of processes that serve some contexts from those of others in the same home."""
    return f"-{'-'.join(settings.contexts)}" if settings.contexts else ""


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look every READY_POLL_S; the supervisor bounds how long."""
    while not await look():  # noqa: ASYNC110
        await asyncio.sleep(READY_POLL_S)  # another process cannot set an event of ours


def _part(name: str, environment: Mapping[str, str], **hooks: Any) -> Part:
    argv = [sys.executable, "-m", f"tradewind.app.{name}"]
    return Part(name=name, argv=argv, env=environment, ready_within_s=READY_WITHIN_S, **hooks)


def _environment(settings: Settings, found: Engines) -> dict[str, str]:
    """What edge and worker are told: the addresses of the engines, which are kept by this process."""
    return {
        **os.environ,
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": found.database_url,
        "TRADEWIND_PROVIDER_URL": found.provider_url,
        "TRADEWIND_MQTT_URL": settings.mqtt_url or "",
        "TRADEWIND_CONTEXTS": ",".join(settings.contexts),
        "TRADEWIND_INVENTORY_URL": settings.inventory_url or "",
        "TRADEWIND_HOST": settings.host,
        "TRADEWIND_PORT": str(settings.port),
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "PROMETHEUS_MULTIPROC_DIR": str(_metrics_folder(settings)),
    }


def _metrics_folder(settings: Settings) -> Path:
    """Where this start's processes share their figures; what an earlier start left is gone."""
    start = f"metrics{_apart(settings)}"
    folder = settings.home / "run" / f"{start}-{os.getpid()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    for old in folder.parent.glob(f"{start}-[0-9]*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    return folder
