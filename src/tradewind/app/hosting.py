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
from tradewind.app.sample import add_sample
from tradewind.app.sensors import with_broker
from tradewind.app.settings import Settings
from tradewind.app.supervision import Part, Supervisor
from tradewind.app.welcome import Served, welcome
from tradewind.app.wiring import create_first_admin, migrate_shop, open_shop
from tradewind.app.worker import READY_FILE

Say = Callable[[str], None]
Ready = Callable[[Served], None]
READY_POLL_S: Final = 0.05


async def serve(settings: Settings, say: Say, *, sample: bool = True, ready: Ready | None = None) -> None:
    """Start the shop and keep it until SIGTERM or SIGINT. A part that dies is restarted; none outlives this process.

    `ready` is told where everything is, once it is; without it a welcome is said.
    """
    settings, sensors, broker = with_broker(_with_port(settings))
    async with engines(settings, say) as found:
        applied = await migrate_shop(found.database_url)
        say(f"Database is up to date ({applied} migrations applied)")
        password = await _prepare(settings, found, sample=sample)
        parts = [*broker, _edge(settings, found), _worker(settings, found)]
        if settings.kafka_servers:  # else a chore of the worker does what it does
            parts.append(_part("streaming", _environment(settings, found)))
        served = Served.of(settings, sensors, password)
        on_ready = ready or (lambda served: say(welcome(served, sample=sample)))
        await Supervisor(parts, say).run(on_ready=lambda: on_ready(served))


async def _prepare(settings: Settings, found: Engines, *, sample: bool) -> str | None:
    """What a first start needs once: an administrator and, in an empty catalog, something to buy."""
    async with open_shop(settings, found, connections=2) as shop:
        password = await create_first_admin(shop.db, settings.admin_password)
        if sample:
            await add_sample(shop)
    return password


def _with_port(settings: Settings) -> Settings:
    if settings.port:
        return settings
    port = free_port(settings.host)
    return replace(settings, port=port, public_url=settings.public_url.replace(":0", f":{port}"))


def _edge(settings: Settings, found: Engines) -> Part:
    url = f"http://{settings.host}:{settings.port}/health/ready"

    async def answers() -> None:
        async with aiohttp.ClientSession() as client:
            await _until(lambda: _is_ready(client, url))

    return _part("edge", _environment(settings, found), ready=answers)


async def _is_ready(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with client.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _worker(settings: Settings, found: Engines) -> Part:
    file = settings.home / "run" / "worker.ready"

    async def not_yet() -> Sequence[str]:
        file.unlink(missing_ok=True)
        return ()

    async def is_there() -> bool:
        return file.exists()

    environment = {**_environment(settings, found), READY_FILE: str(file)}
    return _part("worker", environment, ready=lambda: _until(is_there), before=not_yet)


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look every READY_POLL_S; the supervisor bounds how long."""
    while not await look():  # noqa: ASYNC110
        await asyncio.sleep(READY_POLL_S)  # another process cannot set an event of ours


def _part(name: str, environment: Mapping[str, str], **hooks: Any) -> Part:
    return Part(name=name, argv=[sys.executable, "-m", f"tradewind.app.{name}"], env=environment, **hooks)


def _environment(settings: Settings, found: Engines) -> dict[str, str]:
    """What edge and worker are told: the addresses of the engines, which are kept by this process."""
    return {
        **os.environ,
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": found.database_url,
        "TRADEWIND_PROVIDER_URL": found.provider_url,
        "TRADEWIND_MQTT_URL": settings.mqtt_url or "",
        "TRADEWIND_HOST": settings.host,
        "TRADEWIND_PORT": str(settings.port),
        "TRADEWIND_PUBLIC_URL": settings.public_url,
        "PROMETHEUS_MULTIPROC_DIR": str(_metrics_folder(settings.home)),
    }


def _metrics_folder(home: Path) -> Path:
    """Where this start's processes share their figures; what an earlier start left is gone."""
    folder = home / "run" / f"metrics-{os.getpid()}"
    for old in folder.parent.glob("metrics-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    return folder
