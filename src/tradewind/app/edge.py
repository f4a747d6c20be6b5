"""The edge process: HTTP in, commands out. Started and restarted by `tradewind serve`."""

import tradewind.app.first  # noqa: F401 -- see there

# isort: split
import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Protocol

import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from tradewind.adapters.payment_provider.notices import send_notices_to
from tradewind.adapters.payment_provider.soap.offer import NAMESPACE, PATH, wsdl
from tradewind.api.auth.outside import OutsideKeys
from tradewind.api.rest import Route, create_app
from tradewind.api.rest.app import Receive, RestApp, Scope
from tradewind.api.rest.rates import RateLimits
from tradewind.api.rest.replies import Send
from tradewind.api.soap.door import SoapDoor
from tradewind.app.engines import engines
from tradewind.app.memory import set_aside
from tradewind.app.paying import SIMULATED, gateway_url, notice_secret, plays_gateway
from tradewind.app.placement import at_home, named, served
from tradewind.app.remote import answering_remotely, sessions_of
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop, open_shop
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.errors import Unavailable
from tradewind.ports.rates import SharedWindows
from tradewind.runtime.telemetry import logs, traces

HEADERS_WITHIN_MS: Final = 30_000
"""A connection that has not sent its headers by then is closed."""
BACKLOG: Final = 2048
BACKPRESSURE: Final = 6144
"""Requests, streams and sockets under way at once; more wait in the socket."""
PAYMENTS: Final = "payments"
PING: Final = "SELECT 1"


class Application(Protocol):
    """What is asked over HTTP, and may have streams that would never end by themselves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def close_streams(self) -> None: ...


class Leaving:
    """Whether this edge is about to stop: it says so when it is asked whether it is ready, and serves on for a while.

    Whoever closes its socket at once resets the connections that wait in it, whose requests nobody will answer.
    """

    def __init__(self) -> None:
        self._begun = False

    async def check(self) -> None:
        """Raise Unavailable once it is."""
        if self._begun:
            raise Unavailable("This edge is about to stop.")

    def begin(self, drain_s: float, end: Callable[[], None]) -> None:
        """Ask for no more visitors; `end` after `drain_s`, or at once when told a second time."""
        if self._begun:
            end()
            return
        self._begun = True
        asyncio.get_running_loop().call_later(drain_s, end)


def rest_app(shop: Shop, also: Sequence[Route] = (), leaving: Leaving | None = None) -> RestApp:
    """The HTTP application of a shop; `also`: further routes; it is not ready any more once it is `leaving`."""
    routes = [*(route for one in shop.contexts for route in one.routes), *also]
    app = create_app(
        routes,
        verify=shop.keys.verifier(),
        dispatch=shop.dispatch,
        readiness={**_readiness(shop), **({"open": leaving.check} if leaving else {})},
        registry=registry(),
        sessions=sessions_of(shop),
        rates=_rates(shop) if shop.settings.rate_limits else None,
    )
    for path, other in [pair for one in shop.contexts for pair in one.aliases.items()]:
        app.alias(path, other)
    for declared in [declared for one in shop.contexts for declared in one.sockets]:
        app.socket(declared)
    if plays_gateway(shop.settings) and PAYMENTS in served(shop.settings):
        app.mount(PATH, _gateway_sign(gateway_url(shop.settings, shop.engines)))
    return app


def _rates(shop: Shop) -> RateLimits:
    shared: Any = shop.db.peers.get(SharedWindows)
    return RateLimits(trusted=shop.settings.trusted_proxies, shared=shared)


def _gateway_sign(address: str) -> SoapDoor:
    return SoapDoor(wsdl(address), NAMESPACE, address)


def _readiness(shop: Shop) -> Mapping[str, Callable[[], Awaitable[object]]]:
    async def database() -> None:
        await shop.db.pool.fetchval(PING, timeout=2)

    async def provider() -> None:
        parts = shop.engines.provider_url.split("//")[1].split("/")[0].rsplit(":", 1)
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(parts[0], int(parts[1]))
        writer.close()

    # A shop whose outside provider is away can still be looked at: that is no reason to send its visitors elsewhere.
    outside = shop.settings.takes_payments_outside or PAYMENTS not in served(shop.settings)
    provided = {} if outside else {"payment_provider": provider}
    return {"database": database, **provided, **_issuer(shop.db.peers.get(OutsideKeys))}


def _issuer(keys: Any) -> Mapping[str, Callable[[], Awaitable[object]]]:
    """Where an outside issuer is away, visitors are let in by its keys that are known, and by our own tokens."""

    async def issuer() -> str:
        try:
            await keys.check()
        except Unavailable:
            return "AWAY"
        return "UP"

    return {"identity_provider": issuer} if keys else {}


def registry() -> CollectorRegistry:
    """What /metrics shows: every process's figures, where they share a folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


async def serve(settings: Settings, also: Sequence[Route] = ()) -> None:
    """Answer HTTP until SIGTERM, and for a while after it; requests under way are finished."""
    async with engines(settings) as found, open_shop(settings, found, gives_way=True) as shop:
        leaving = Leaving()
        app = rest_app(shop, also, leaving)
        server = http_server(app, settings, leaving)
        async with listening_to_provider(shop), answering_remotely(shop):
            await server.serve()


@asynccontextmanager
async def listening_to_provider(shop: Shop) -> AsyncIterator[None]:
    """Have the simulated provider post its notices here; the shop asks by itself where it cannot be told."""
    if PAYMENTS not in served(shop.settings):
        yield
        return
    if shop.settings.takes_payments_outside:  # its owner tells an outside provider where the shop listens
        yield
        return
    here = f"{shop.settings.own_url}/api/v1/payment-providers/{SIMULATED}/webhooks"
    secret = notice_secret(shop.db.peers[Pseudonyms])  # type: ignore[arg-type]  # peers are found by their protocol
    telling = asyncio.create_task(send_notices_to(here, secret, shop.engines.provider_url))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait([telling])


def http_server(app: Application, settings: Settings, leaving: Leaving) -> Server:
    """What answers HTTP at the settings' address once it is served, until this process is told to leave."""
    server = Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGINL,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MS),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.begin, settings.drain_s, partial(_stop, app, server))
    set_aside(answers=True)
    return server


def _stop(app: Application, server: Server) -> None:
    """Take no more requests; end the streams, which would never end by themselves."""
    server.stop()  # type: ignore[no-untyped-call]
    app.close_streams()


def main() -> None:
    """Run the edge by the environment's settings."""
    settings = at_home(Settings.from_environment())
    logs.configure(settings.log_level.upper(), named(settings, "edge"), settings.log_folder)
    traces.configure("tradewind-edge")
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
