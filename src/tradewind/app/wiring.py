"""A shop put together: its database, its contexts, its adapters; the edge and the worker are two faces of it."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import asyncpg

from tradewind.adapters.ai.openai_protocol import ai_provider
from tradewind.adapters.cache.memory import MemoryCache
from tradewind.adapters.mail.folder import FolderMail
from tradewind.adapters.mail.smtp import SmtpMail
from tradewind.adapters.payment_provider.client import payment_provider
from tradewind.adapters.policy.rego import RegoPolicy
from tradewind.adapters.search.tantivy import product_index
from tradewind.adapters.texting.folder import FolderTexts
from tradewind.adapters.texting.http import http_texts
from tradewind.api.auth.revocation import RevokedSessions
from tradewind.app.engines import EngineError, Engines
from tradewind.app.privacy.holders import Holders
from tradewind.app.privacy.pseudonyms import KeyedPseudonyms
from tradewind.app.settings import Settings
from tradewind.contexts.catalog.manifest import MediaFolder
from tradewind.contexts.identity.manifest import SigningKeys, create_first_admin
from tradewind.contexts.notifications.manifest import PublicUrl
from tradewind.contexts.webhooks.manifest import Door, SecretSeal, door
from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.privacy import PersonalDataPeer, Pseudonyms
from tradewind.ports.ai import AiProvider
from tradewind.ports.cache import Cache
from tradewind.ports.mail import Mailer
from tradewind.ports.payment_provider import PaymentProvider
from tradewind.ports.search import ProductIndex
from tradewind.ports.texting import Texter
from tradewind.runtime import giving_way, idempotency, outbox, timers
from tradewind.runtime.database import Database
from tradewind.runtime.dispatch import Dispatcher
from tradewind.runtime.manifest import Manifest
from tradewind.runtime.migrate import migrate
from tradewind.runtime.relay import Relay
from tradewind.runtime.saga.runner import Runner
from tradewind.runtime.tail import Tail
from tradewind.runtime.timers import Timer
from tradewind.runtime.wake import Bell

__all__ = ["Shop", "create_first_admin", "manifests", "migrate_shop", "open_shop"]

CONTEXTS = (
    "identity",
    "customers",
    "catalog",
    "pricing",
    "inventory",
    "payments",
    "shipping",
    "carts",
    "notifications",
    "orders",
    "returns",
    "reviews",
    "recommendations",
    "webhooks",
)
"""Every context, those that others ask before those that ask."""
WHICH: Final = """
    SELECT to_hex(system_identifier) || '-' || oid FROM pg_control_system(), pg_database
    WHERE datname = current_database()
"""
"""Tells a database from every other one, also from its own copies: none may be shown another's search index."""
FORGET_KEYS = Timer("idempotency.purge", 60.0, idempotency.purge)


def manifests(names: Sequence[str] = CONTEXTS) -> tuple[Manifest, ...]:
    """The tables of contents of the contexts named; imports nothing of the others."""
    return tuple(importlib.import_module(f"tradewind.contexts.{name}.manifest").MANIFEST for name in names)


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
    keys: SigningKeys
    chores: tuple[Timer, ...] = field(default=(FORGET_KEYS,))

    async def work(self, stop: asyncio.Event) -> None:
        """Carry sagas, relay events and keep timers until `stop`."""
        sagas = [saga for one in self.contexts for saga in one.sagas]
        subscribers = [subscriber for one in self.contexts for subscriber in one.subscribers]
        silent_s = self.settings.saga_lease_s
        end_silent = Timer("silence.end", silent_s, partial(giving_way.end_silent, silent_s=silent_s), everywhere=True)
        chores = [end_silent, *self.chores, *(timer for one in self.contexts for timer in one.timers)]
        runner = Runner(self.db, sagas, self.bell, lease_s=silent_s)
        relay = Relay(self.db, subscribers, self.bell, self.engines.database_url, silent_s=silent_s)
        await asyncio.gather(
            runner.run(stop), relay.run(stop), *(timers.keep(self.db, timer, stop) for timer in chores)
        )


async def migrate_shop(url: str, contexts: Sequence[Manifest] | None = None) -> int:
    """Bring the database at `url` up to date; how many migrations were applied.

    Refuses (EngineError) a log that was restored from another cluster, in which new events would not be heard.
    """
    connection = await asyncpg.connect(url)
    try:
        applied = await migrate(connection, [(one.name, one.migrations) for one in contexts or manifests()])
        if await outbox.is_from_elsewhere(connection):
            raise EngineError(
                "This database was restored from another cluster: its events carry stamps from there, new ones would "
                "not be heard. docs/guides/operating.md, Backup and restore, has the two statements that mend it."
            )
        return applied
    finally:
        await connection.close()


def _mailer(settings: Settings) -> Mailer:
    """Whoever carries mails: the owner's server, or a folder of the home."""
    if settings.smtp_url is None:
        return FolderMail(settings.home / "mail")
    return SmtpMail(settings.smtp_url, sender=settings.mail_sender)


@asynccontextmanager
async def _texter(settings: Settings) -> AsyncIterator[Texter]:
    """Whoever carries texts: the owner's carrier, or a folder of the home."""
    if settings.texts_url is None:
        yield FolderTexts(settings.home / "texts")
        return
    async with http_texts(settings.texts_url, settings.texts_key) as texts:
        yield texts


async def _of_this_process(
    settings: Settings, engines: Engines, contexts: Sequence[Manifest], stack: AsyncExitStack
) -> dict[type, object]:
    """What contexts ask for beside each other: clients of others, folders, keys, what a process keeps to itself."""
    secrets = settings.home / "secrets"
    return {
        MediaFolder: MediaFolder(settings.home / "media"),
        Mailer: _mailer(settings),
        Texter: await stack.enter_async_context(_texter(settings)),
        PublicUrl: PublicUrl(settings.public_url),
        Pseudonyms: KeyedPseudonyms.open(secrets),
        PersonalDataPeer: Holders(contexts),
        PaymentProvider: await stack.enter_async_context(
            payment_provider(engines.provider_url, timeout_s=settings.provider_timeout_s)
        ),
        Cache: MemoryCache(),
        SecretSeal: SecretSeal.open(secrets),
        Door: await stack.enter_async_context(door(settings.webhook_allow)),
        **{protocol: make() for one in contexts for protocol, make in one.parts.items()},
        AiProvider: await stack.enter_async_context(
            ai_provider(settings.ai_url, settings.ai_key, settings.ai_model, settings.ai_meaning_model)
        ),
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
    contexts = manifests()
    async with AsyncExitStack() as stack:
        peers = {protocol: answerer for one in contexts for protocol, answerer in one.peers.items()}
        peers[TokenIssuer] = keys = SigningKeys.open(settings.home / "secrets", issuer=settings.public_url)
        peers |= await _of_this_process(settings, engines, contexts, stack)
        peers[RevokedSessions] = keys.revoked
        peers |= instead or {}
        db = await Database.open(
            engines.database_url,
            peers,
            RegoPolicy(),
            size=connections,
            silent_s=settings.saga_lease_s if gives_way else None,
        )
        stack.push_async_callback(db.close)
        index = product_index(settings.home / "search" / await db.pool.fetchval(WHICH), settings.home / "synonyms.txt")
        peers.setdefault(ProductIndex, await stack.enter_async_context(index))
        bell = await stack.enter_async_context(Bell(db, engines.database_url))
        listeners = [listener for one in contexts for listener in one.listeners]
        tail = Tail(engines.database_url, bell, listeners, peers)
        if listens:
            await stack.enter_async_context(tail)
        peers |= {Tail: tail, Bell: bell}
        handlers = [handler for one in contexts for handler in one.handlers]
        dispatch = await stack.enter_async_context(Dispatcher(db, handlers, bell))
        yield Shop(settings, engines, db, bell, tail, dispatch, contexts, keys)
