"""Shops of one database in which only some contexts are installed: asking another within a transaction fails."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from tests.shops import Shop
from tradewind.app.wiring import manifests
from tradewind.runtime.dispatch import Dispatcher
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.relay import Relay

SILENT_S = 10.0


@asynccontextmanager
async def only(shop: Shop, contexts: Sequence[Manifest], keeps: Sequence[type] = ()) -> AsyncIterator[Shop]:
    """`shop` with these contexts alone; `keeps`: protocols of others that somebody else answers to here."""
    others = {protocol for one in manifests() if one not in contexts for protocol in one.peers} - {*keeps}
    peers = {protocol: answerer for protocol, answerer in shop.db.peers.items() if protocol not in others}
    shop.db.peers = peers
    handlers = [handler for one in contexts for handler in one.handlers]
    async with Dispatcher(shop.db, handlers, shop.bell) as dispatch:
        yield replace(shop, contexts=tuple(contexts), dispatch=dispatch)


@asynccontextmanager
async def hearing(shop: Shop) -> AsyncIterator[None]:
    """Have its subscribers hear what is told in its database, beside whoever leads the relay of the others."""
    stop = asyncio.Event()
    subscribers = [one for context in shop.contexts for one in context.subscribers]
    relay = Relay(shop.db, subscribers, shop.bell, shop.engines.database_url)
    async with AsyncExitStack() as stack:
        connection = await shop.db.beside(shop.engines.database_url, SILENT_S)
        stack.push_async_callback(connection.close)
        led = asyncio.gather(relay._lead(connection, stop), shop.bell.ring_out(stop))
        stack.push_async_callback(asyncio.wait, [led])
        stack.callback(stop.set)
        yield
