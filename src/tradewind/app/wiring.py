"""A shop put together: its database, its contexts, its adapters; the edge and the worker are two faces of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import asyncpg

from tradewind.adapters.documents.postgres import MIGRATIONS as DOCUMENTS
from tradewind.adapters.payment_provider.journaled.journal import MIGRATIONS as OUTSIDE_PAYMENTS
from tradewind.adapters.policy.opa import OpaPolicy
from tradewind.adapters.policy.rego import RegoPolicy
from tradewind.adapters.streams.rows import MIGRATIONS as STREAMS
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.app import placement
from tradewind.app.elsewhere import elsewhere, note_for_partners, told_there
from tradewind.app.engines import EngineError, Engines
from tradewind.app.eventing import carriers
from tradewind.app.outside import (
    columns,
    documents,
    of_this_process,
    order_search,
    product_index,
    retry_queue,
    wide_rows,
)
from tradewind.app.paying import SIMULATED, notice_secret, paying
from tradewind.app.placement import PAYMENTS, installed, kind, manifests, served
from tradewind.app.settings import Settings
from tradewind.app.sharing import WHICH, shared
from tradewind.app.trusting import trusting
from tradewind.contexts.identity.manifest import SigningKeys, create_first_admin
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.privacy import Pseudonyms
from tradewind.ports.columns import Columns
from tradewind.ports.documents import Documents
from tradewind.ports.order_search import OrderSearch
from tradewind.ports.policy import Policy
from tradewind.ports.retry_queue import RetryQueue
from tradewind.ports.search import ProductIndex
from tradewind.runtime import giving_way, idempotency, outbox, timers
from tradewind.runtime.backlog import note_waiting
from tradewind.runtime.database import Database
from tradewind.runtime.dispatch import Dispatcher
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.migrate import migrate
from tradewind.runtime.saga.runner import Runner
from tradewind.runtime.tail import Tail
from tradewind.runtime.timers import Timer
from tradewind.runtime.wake import Bell

if TYPE_CHECKING:
    from tradewind.api.mqtt.consumer import Consumer

__all__ = [
    "SIMULATED",
    "WHICH",
    "Shop",
    "create_first_admin",
    "manifests",
    "migrate_shop",
    "notice_secret",
    "open_shop",
]

FORGET_KEYS = Timer("idempotency.purge", 60.0, idempotency.purge)


@dataclass
class Shop:
    """A shop that can be dispatched to. `work` carries its sagas, events and timers."""

    settings: Settings
    engines: Engines
    db: Database
    bell: Bell
    tail: Tail
    dispatch: Dispatcher
    contexts: tuple[Manifest, ...]
    """Those that this process serves; others of its database may be asked all the same."""
    keys: SigningKeys
    chores: tuple[Timer, ...] = field(default=(FORGET_KEYS,))

    async def work(self, stop: asyncio.Event) -> None:
        """Carry sagas, relay events and keep timers until `stop`."""
        sagas = [saga for one in self.contexts for saga in one.sagas]
        subscribers = [subscriber for one in self.contexts for subscriber in one.subscribers]
        if placement.elsewhere(self.settings):
            subscribers += [subscriber for one in self.contexts for subscriber in one.hears_elsewhere]
        await note_for_partners(self.settings, self.db)
        silent_s = self.settings.saga_lease_s
        end_silent = Timer("silence.end", silent_s, partial(giving_way.end_silent, silent_s=silent_s), everywhere=True)
        carrying, more = carriers(
            self.settings, self.db, self.bell, self.engines.database_url, subscribers,
            kind=kind(self.settings), passes=told_there(self.settings),
        )  # fmt: skip
        own = [end_silent, note_waiting(subscribers), *self.chores]
        chores = [*own, *more, *(timer for one in self.contexts for timer in one.timers)]
        runner = Runner(self.db, sagas, self.bell, lease_s=silent_s)
        intakes = [intake for one in self.contexts for intake in one.intakes]
        broker = self.settings.mqtt_url if intakes else None
        sensors = [self._sensors(broker, intakes).run(stop)] if broker else []
        await asyncio.gather(
            self.bell.ring_out(stop),
            runner.run(stop),
            *(one.run(stop) for one in carrying),
            *sensors,
            *(timers.keep(self.db, timer, stop) for timer in chores),
        )

    def _sensors(self, broker_url: str, intakes: Sequence[Any]) -> "Consumer":
        from tradewind.api.mqtt.consumer import Consumer

        silent_s = self.settings.saga_lease_s
        return Consumer(self.db, intakes, self.engines.database_url, broker_url, silent_s=silent_s)


async def migrate_shop(url: str, contexts: Sequence[Manifest] | None = None) -> int:
    """Bring the database at `url` up to date; how many migrations were applied.

    Refuses (EngineError) a log that was restored from another cluster, in which new events would not be heard.
    """
    connection = await asyncpg.connect(url)
    try:
        streams = [(one.name, one.migrations) for one in contexts or manifests()]
        own = [("payment_provider", OUTSIDE_PAYMENTS), ("streams", STREAMS), ("documents", DOCUMENTS)]
        applied = await migrate(connection, [*streams, *own])
        if await outbox.is_from_elsewhere(connection):
            raise EngineError(
                "This database was restored from another cluster: its events carry stamps from there, new ones would "
                "not be heard. docs/guides/operating.md, Backup and restore, has the statements that mend it."
            )
        return applied
    finally:
        await connection.close()


def _policy(settings: Settings) -> Policy:
    """Whoever decides: the owner's OPA, or the rules in this process."""
    return RegoPolicy() if settings.opa_url is None else OpaPolicy(settings.opa_url)


async def _of_this_database(
    settings: Settings, db: Database, keys: SigningKeys, stack: AsyncExitStack
) -> dict[type, object]:
    """What is kept beside the database, apart from that of every other one."""
    which = await db.pool.fetchval(WHICH)
    return {
        **await stack.enter_async_context(shared(settings, which, keys.revoked)),
        Columns: columns(settings, which),
        ProductIndex: await stack.enter_async_context(product_index(settings, which)),
        OrderSearch: await stack.enter_async_context(order_search(settings, which)),
        RetryQueue: await stack.enter_async_context(retry_queue(settings, which)),
        **await stack.enter_async_context(wide_rows(settings, which)),
        Documents: await stack.enter_async_context(documents(settings, which, db.pool)),
    }


@asynccontextmanager
async def open_shop(
    settings: Settings,
    engines: Engines,
    *,
    connections: int = 16,
    instead: Mapping[type, object] | None = None,
    gives_way: bool = False,
    listens: bool = True,
) -> AsyncIterator[Shop]:
    """A migrated shop's every part, ready to answer commands. It does no work of its own until `work` is called.

    `instead`: who answers to a peer's protocol in place of the context that usually does. `gives_way`:
    transactions of a process that falls silent are undone after a saga's lease; not for long thinking in between.
    `listens`: follows the log's tail, as whoever answers from what it keeps must; others keep nothing.
    """
    contexts, serves = manifests(installed(settings)), manifests(served(settings))
    async with AsyncExitStack() as stack:
        peers = {protocol: answerer for one in contexts for protocol, answerer in one.peers.items()}
        peers[TokenIssuer] = keys = SigningKeys.open(settings.home / "secrets", issuer=settings.public_url)
        peers |= await stack.enter_async_context(trusting(settings, keys))
        peers |= await of_this_process(settings, contexts, stack)
        peers[RevokedSessions] = keys.revoked
        peers |= {**await stack.enter_async_context(elsewhere(settings, keys)), **(instead or {})}
        db = await Database.open(
            engines.database_url,
            peers,
            _policy(settings),
            size=connections,
            silent_s=settings.saga_lease_s if gives_way else None,
        )
        stack.push_async_callback(db.close)
        if PAYMENTS in installed(settings):  # nobody else asks a provider
            pays = paying(settings, engines, db, cast(Pseudonyms, peers[Pseudonyms]))
            for protocol, answerer in (await stack.enter_async_context(pays)).items():
                peers.setdefault(protocol, answerer)
        for protocol, answerer in (await _of_this_database(settings, db, keys, stack)).items():
            peers.setdefault(protocol, answerer)
        bell = await stack.enter_async_context(Bell(db, engines.database_url))
        listeners = [listener for one in contexts for listener in one.listeners]
        tail = Tail(engines.database_url, bell, listeners, peers)
        if listens:
            await stack.enter_async_context(tail)
        peers |= {Tail: tail, Bell: bell}
        handlers = [handler for one in contexts for handler in one.handlers]
        dispatch = await stack.enter_async_context(Dispatcher(db, handlers, bell))
        yield Shop(settings, engines, db, bell, tail, dispatch, serves, keys)
