"""`tradewind serve`: the whole shop as one supervised process tree, with a line for each step of its start.

This process imports nothing of the shop: a nursery does, while the engines come up, and bears what needs it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tradewind.app.engines import EngineError, Engines, engines
from tradewind.app.figures import shared_figures
from tradewind.app.free_ports import free_port
from tradewind.app.nursery import Nursery
from tradewind.app.placement import CONTEXTS, INVENTORY, at_home, installed
from tradewind.app.placement import served as contexts_of
from tradewind.app.sensors import with_broker
from tradewind.app.settings import Settings
from tradewind.app.supervision import Part, PartError, Supervisor, gone
from tradewind.app.told import PREPARED_FILE, READY_FILE, SAMPLE, Prepared
from tradewind.app.welcome import Served, welcome

Say = Callable[[str], None]
Ready = Callable[[Served], None]
READY_POLL_S: Final = 0.02
READY_WITHIN_S: Final = 300.0
"""Whoever starts on a busy machine takes their time and gains nothing by being killed; who dies is noticed at once."""
REQUEST: Final = "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
YES: Final = b"HTTP/1.1 200 "


async def serve(settings: Settings, say: Say, *, sample: bool = True, ready: Ready | None = None) -> None:
    """Start the shop and keep it until SIGTERM or SIGINT. A part that dies is restarted; none outlives this process.

    `ready` is told where everything is, once it is; without it a welcome is said.
    """
    serves, settings = contexts_of(settings), at_home(with_port(settings))
    with shared_figures(settings.home):
        await _serve(serves, settings, say, sample=sample, ready=ready)


async def _serve(serves: Sequence[str], settings: Settings, say: Say, *, sample: bool, ready: Ready | None) -> None:
    async with _nursery(settings) as nursery:
        settings, sensors, broker = with_broker(settings) if INVENTORY in serves else (settings, None, ())
        async with engines(settings, say) as found:
            sample = sample and len(serves) == len(CONTEXTS)
            async with _preparing(nursery, settings, found, sample=sample, say=say) as prepared:
                parts = [*broker, *_parts(settings, found, nursery, prepared)]
                for job in stream_jobs(settings, serves):
                    parts.append(_part(job, _environment(settings, found), before=_once(prepared)))

                def on_ready() -> None:
                    served = Served.of(settings, sensors, prepared.result().password)
                    ready(served) if ready else say(welcome(served, sample=sample))

                await Supervisor(parts, say, at_once=True).run(on_ready=on_ready)


def stream_jobs(settings: Settings, serves: Sequence[str]) -> list[str]:
    """The parts that Kafka asks for, where these contexts are served."""
    if not settings.kafka_servers:  # a chore of the worker adds revenue up, and processes have their caches forget
        return []
    return [*(["streaming"] if "analytics" in serves else []),
            *(["caching"] if "catalog" in serves and settings.redis_url else [])]  # fmt: skip


async def serve_gateway(settings: Settings, say: Say) -> None:
    """Start the gateway and keep it until SIGTERM or SIGINT. Raises SettingError where it is not told the contexts."""
    from tradewind.app.gateway import addresses

    addresses(settings)
    settings = with_port(settings)
    url = settings.own_url
    with shared_figures(settings.home):
        environment = {
            **os.environ,
            "TRADEWIND_HOST": settings.host,
            "TRADEWIND_PORT": str(settings.port),
            "TRADEWIND_PUBLIC_URL": settings.public_url,
        }
        part = _part("gateway", environment, ready=lambda: answers(f"{url}/health/live"))
        await Supervisor([part], say).run(on_ready=lambda: say(f"Serving the gateway at {url}"))


@asynccontextmanager
async def _nursery(settings: Settings) -> AsyncIterator[Nursery]:
    """Who bears the parts; imports what these settings need, from now on."""
    environment = {**os.environ, "TRADEWIND_CONTEXTS": ",".join(settings.contexts)}
    nursery = Nursery(environment, installed(settings))
    try:
        yield nursery
    finally:
        await nursery.close()


@asynccontextmanager
async def _preparing(
    nursery: Nursery, settings: Settings, found: Engines, *, sample: bool, say: Say
) -> AsyncIterator[asyncio.Task[Prepared]]:
    """What comes of preparing; it is given up when the block is left."""
    prepared = asyncio.create_task(_prepared(nursery, settings, found, sample=sample, say=say))
    try:
        yield prepared
    finally:
        prepared.cancel()
        await asyncio.wait([prepared])


async def _prepared(nursery: Nursery, settings: Settings, found: Engines, *, sample: bool, say: Say) -> Prepared:
    file = settings.home / "run" / f"prepared-{os.getpid()}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    told = {PREPARED_FILE: str(file), SAMPLE: "yes" if sample else "no"}
    child = await nursery.bear(_argv("preparing"), {**_environment(settings, found), **told})
    try:
        await gone(child.pid)
    finally:
        os.kill(child.pid, signal.SIGKILL)  # where it is given up; its id is taken until it is waited for
        child.wait()
    try:
        prepared = msgspec.json.decode(file.read_bytes(), type=Prepared)
    except FileNotFoundError:
        raise PartError("the shop could not be prepared; what stands above says why") from None
    finally:
        file.unlink(missing_ok=True)
    if prepared.refused:
        raise EngineError(prepared.refused)
    say(f"Database is up to date ({prepared.applied} migrations applied)")
    return prepared


def with_port(settings: Settings) -> Settings:
    """The settings with a port that is free, where they name none."""
    if settings.port:
        return settings
    port = free_port(settings.host)
    public = settings.public_url  # ends with the port where it says where this process listens; groups of IPv6 do not
    if public.endswith(":0"):
        public = f"{public.removesuffix('0')}{port}"
    return replace(settings, port=port, public_url=public)


def _parts(settings: Settings, found: Engines, nursery: Nursery, prepared: asyncio.Task[Prepared]) -> list[Part]:
    """Edge and worker, which wait for what must be prepared."""
    url = f"{settings.own_url}/health/ready"
    file = settings.home / "run" / f"worker{_apart(settings)}.ready"
    environment, once = _environment(settings, found), _once(prepared)

    async def not_yet() -> Sequence[str]:
        file.unlink(missing_ok=True)
        return await once()

    async def is_there() -> bool:
        return file.exists()

    told = {**environment, READY_FILE: str(file)}
    return [
        _part("edge", environment, ready=lambda: answers(url), before=once, nursery=nursery),
        _part("worker", told, ready=lambda: _until(is_there), before=not_yet, nursery=nursery),
    ]


def _once(prepared: asyncio.Task[Prepared]) -> Callable[[], Awaitable[Sequence[str]]]:
    """What a part waits for before it starts. Raises what preparing raises."""

    async def wait() -> Sequence[str]:
        await asyncio.shield(prepared)
        return ()

    return wait


async def answers(url: str) -> None:
    """Return once an edge there says yes."""
    await _until(lambda: _says_yes(url))


async def _says_yes(url: str) -> bool:
    at = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            writer.write(REQUEST.format(path=at.path, host=at.netloc).encode())
            return (await reader.readline()).startswith(YES)
        finally:
            writer.close()
    except (OSError, ValueError):  # nobody listens, or hangs up, or says what is no HTTP
        return False


def _apart(settings: Settings) -> str:
    """What tells the files of processes that serve some contexts from those of others in the same home."""
    return f"-{'-'.join(settings.contexts)}" if settings.contexts else ""


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    """Look every READY_POLL_S; the supervisor bounds how long."""
    while not await look():  # noqa: ASYNC110
        await asyncio.sleep(READY_POLL_S)  # another process cannot set an event of ours


def _part(name: str, environment: Mapping[str, str], **hooks: Any) -> Part:
    return Part(name=name, argv=_argv(name), env=environment, ready_within_s=READY_WITHIN_S, **hooks)


def _argv(name: str) -> list[str]:
    return [sys.executable, "-m", f"tradewind.app.{name}"]


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
        "TRADEWIND_PAYMENTS_URL": settings.payments_url or "",
        "TRADEWIND_HOST": settings.host,
        "TRADEWIND_PORT": str(settings.port),
        "TRADEWIND_PUBLIC_URL": settings.public_url,
    }
