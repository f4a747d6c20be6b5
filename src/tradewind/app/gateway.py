"""The gateway process: listens for buyers, passes on what they ask to the processes of contexts. Needs no database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

import aiohttp
import uvloop

from tradewind.api.rest.app import TOKEN_URL, RestApp
from tradewind.api.rest.matching import PathTable
from tradewind.api.rest.openapi import describe
from tradewind.api.rest.pages import host_of
from tradewind.api.rest.passing_on import Behind, Gateway, client
from tradewind.api.rest.rates import RateLimits
from tradewind.app.edge import Leaving, http_server
from tradewind.app.gathering import gathered
from tradewind.app.placement import CONTEXTS, GATEWAY
from tradewind.app.settings import SettingError, Settings
from tradewind.app.trusting import trusting
from tradewind.app.wiring import manifests
from tradewind.contexts.identity.manifest import SigningKeys
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.call import Call
from tradewind.runtime.telemetry import logs, traces

ASK_S = 2.0
"""Seconds within which a process says that it is ready."""


def addresses(settings: Settings) -> dict[str, str]:
    """Context to the address of a process that serves it. Raises SettingError unless each of them has one."""
    found = dict(one.split("=", 1) for one in settings.context_urls)
    unknown, missing = sorted(found.keys() - {*CONTEXTS}), [one for one in CONTEXTS if one not in found]
    if unknown:
        raise SettingError(f"TRADEWIND_CONTEXT_URLS names {', '.join(unknown)}; there are {', '.join(CONTEXTS)}.")
    if missing:
        raise SettingError(f"TRADEWIND_CONTEXT_URLS does not say where these are: {', '.join(missing)}.")
    return found


@asynccontextmanager
async def gateway(settings: Settings, ask: aiohttp.ClientSession, leaving: Leaving) -> AsyncIterator[Gateway]:
    """The application that passes on to the processes that the settings name. Raises SettingError."""
    where, contexts = addresses(settings), manifests()
    table: PathTable[Behind] = PathTable()
    for one in contexts:
        for route in one.routes:
            table.add(route.method, route.path, Behind(one.name, where[one.name], route.limit))
    for path, other in [pair for one in contexts for pair in one.aliases.items()]:
        table.alias(path, other)
    keys = SigningKeys.open(settings.home / "secrets", issuer=settings.public_url)
    document = partial(describe, [route for one in contexts for route in one.routes], token_url=TOKEN_URL)
    ready = {**_readiness(where, ask), "open": leaving.check}
    host = host_of(document, ready, gathered(GATEWAY, _processes(where), ask), None)
    rates = RateLimits(trusted=settings.trusted_proxies) if settings.rate_limits else None
    sockets = {declared.path: where[one.name] for one in contexts for declared in one.sockets}
    async with trusting(settings, keys):
        verify = keys.verifier()
        yield Gateway(table, RestApp(PathTable(), host, verify, _nobody), ask, verify, rates, sockets)


async def _nobody(command: Command, call: Call) -> NoReturn:
    raise AssertionError("the gateway has no routes of its own")


def _readiness(where: Mapping[str, str], ask: aiohttp.ClientSession) -> dict[str, Callable[[], Awaitable[None]]]:
    """One check of each process, named after what it serves."""

    async def check(url: str) -> None:
        try:
            async with asyncio.timeout(ASK_S), ask.get(f"{url}/health/ready") as answer:
                if answer.status == 200:
                    return
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        raise Unavailable("It does not say that it is ready.")

    return {name: partial(check, url) for name, url in _processes(where).items()}


def _processes(where: Mapping[str, str]) -> dict[str, str]:
    """The addresses of all that stand behind, each named after what it serves."""
    names = {url: "-".join(name for name, at in where.items() if at == url) for url in where.values()}
    return {name: url for url, name in names.items()}


async def serve(settings: Settings) -> None:
    """Pass on until SIGTERM, and for a while after it; requests under way are finished."""
    leaving = Leaving()
    async with client() as ask, gateway(settings, ask, leaving) as application:
        await http_server(application, settings, leaving).serve()


def main() -> None:
    """Run the gateway by the environment's settings."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper(), GATEWAY, settings.log_folder)
    traces.configure("tradewind-gateway")
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
