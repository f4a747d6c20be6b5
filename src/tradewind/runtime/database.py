"""One transaction at a time, and the rule that what is written at its end is written in one statement."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import lru_cache, partial
from typing import Any, Final, LiteralString, Self, TypeVar, cast

import asyncpg
from opentelemetry.trace import SpanKind

from tradewind.contracts.messages import Event
from tradewind.kernel.errors import Conflict, Forbidden, Stale, Unavailable
from tradewind.ports.policy import Policy
from tradewind.runtime import audit_trail, giving_way, outbox
from tradewind.runtime.call import Call
from tradewind.runtime.failpoints import planted
from tradewind.runtime.pool import MAX_CONNECTIONS, open_pool
from tradewind.runtime.quiet import Quiet
from tradewind.runtime.telemetry import metrics
from tradewind.runtime.telemetry.traces import span

P = TypeVar("P")
FULL_AGAIN_S = 10
"""Seconds after which a caller may look whether somebody has made room."""
STALE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.InvalidCachedStatementError)
"""What the driver says when the same may succeed at the next try; the last where a migration has just given a table
that was asked for all its columns one more, in the midst of a transaction."""
AWAY = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.DiskFullError,
    OSError,
)
"""What the driver says when the database is gone, goes in the middle of a word, or has no room for it."""
SYSTEM: Final = {"db.system.name": "postgresql"}
"""What a span says of whom is asked."""
_PARAMETER = re.compile(r"\$(\d+)")


class Busy(Unavailable):
    """Somebody else holds what this needs; nothing was done, ask again."""


class AlreadyExists(Conflict):
    """There is one already."""


class DatabaseAway(Unavailable):
    """The database does not answer right now; ask again with the same Idempotency-Key."""


class DatabaseFull(DatabaseAway):
    """The database has no room on its disk, nothing was written; ask again later with the same Idempotency-Key."""


class Tx:
    """An open transaction, on behalf of one call.

    `later`, `tell` and `audit` collect what is to be written; it goes out as one statement just before the commit.
    What goes out earlier, at a `flush`, is all but the events.
    Rows that events speak of must be locked by an earlier statement (see docs/decisions on the log's order).
    """

    def __init__(
        self, connection: Any, call: Call, peers: Mapping[type, object], policy: Policy, quiet: Quiet | None = None
    ) -> None:
        self.connection = connection
        self._quiet, self._xid = quiet, 0
        self.call = call
        self.calls: Mapping[str, Call] = {}
        """Where a batch serves several: on whose behalf, by the key of the events that it tells."""
        self.told: list[Event] = []
        self.on_commit: list[Callable[[], None]] = []
        """Called once it is certain; for metrics and bells only."""
        self._ring = False
        self._peers = peers
        self.policy = policy
        self._later: list[tuple[LiteralString, tuple[Any, ...]]] = []
        self._audit: list[audit_trail.Entry] = []
        self._outbox: list[outbox.Row] = []

    async def all(self, sql: LiteralString, *args: Any) -> Sequence[asyncpg.Record]:
        """Every row of the answer."""
        return cast(Sequence[asyncpg.Record], await self.connection.fetch(sql, *args))

    async def row(self, sql: LiteralString, *args: Any) -> asyncpg.Record | None:
        """The first row, or None."""
        return cast(asyncpg.Record | None, await self.connection.fetchrow(sql, *args))

    async def value(self, sql: LiteralString, *args: Any) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    async def run(self, sql: LiteralString, *args: Any) -> int:
        """Run at once; the number of rows that it touched."""
        status: str = await self.connection.execute(sql, *args)
        return int(status.rsplit(" ", 1)[-1]) if status[-1].isdigit() else 0

    def later(self, sql: LiteralString, *args: Any) -> None:
        """Run `sql` in the one statement before the commit. No two may touch the same row."""
        self._later.append((sql, args))

    def tell(self, *events: Event, call: Call | None = None) -> None:
        """Put events into the outbox, on behalf of `call`, of the call under the event's key, or of this call."""
        self.told.extend(events)
        for event in events:
            key = event.key()
            self._outbox.append(outbox.row(event, key, call or self.calls.get(key) or self.call))

    def ring(self) -> None:
        """Wake readers after the commit although nothing is told."""
        self._ring = True

    def audit(self, action: str, subject: str, *, call: Call | None = None, **facts: Any) -> None:
        """Note in the audit trail who did what. `facts` hold no secrets and no personal data."""
        self._audit.append(audit_trail.entry(call or self.call, action, subject, facts))

    def peer(self, protocol: type[P]) -> P:
        """The context that answers to `protocol` (contracts/peers)."""
        return cast(P, self._peers[protocol])

    def allows(self, action: str, **resource: Any) -> bool:
        """Whether the policy lets this call's actor do `action` to such a resource."""
        return allows(self.policy, self.call, action, resource)

    def authorize(self, action: str, **resource: Any) -> None:
        """Refuse (Forbidden) what the policy does not allow."""
        if not self.allows(action, **resource):
            raise Forbidden(action=action)

    def is_quiet(self, xid: int) -> None:
        """Let the log's reader of this process know that this transaction, of that id, has told nothing yet."""
        if self._quiet is not None and not self.told:
            self._xid = xid
            self._quiet.add(xid)

    def _speak(self) -> None:
        if self._quiet is not None and not planted("quiet_for_ever"):
            self._quiet.speaks(self._xid)

    def ended(self) -> None:
        """It is committed or undone."""
        if self._quiet is not None:
            self._quiet.ended(self._xid)

    async def finish(self) -> None:
        """Write everything that was put off, and the events, in one round trip: the last before the commit.

        Until then the transaction is quiet, however far it goes: the log's reader need not wait for it.
        """
        if self._outbox:
            self._speak()
            self._later.append((outbox.APPEND, (self._outbox,)))
        self._outbox = []
        await self.flush()

    async def flush(self) -> None:
        """Write what was put off until now, in one round trip; events wait for the end."""
        if self._audit:
            self._later.append((audit_trail.APPEND, (self._audit,)))
        if self._later:
            statement = _as_one(tuple(sql for sql, _ in self._later))
            await self.connection.execute(statement, *(arg for _, args in self._later for arg in args))
        self._later, self._audit = [], []


def allows(policy: Policy, call: Call, action: str, resource: Mapping[str, Any]) -> bool:
    """The policy's answer about this call's actor."""
    actor = call.actor
    who = {"roles": sorted(actor.roles), "scopes": sorted(actor.scopes)}
    return policy.allows({"action": action, **who, "resource": dict(resource)})


@lru_cache(maxsize=256)
def _as_one(statements: tuple[str, ...]) -> str:
    """Several data-modifying statements as one: a CTE each, parameters numbered on."""
    parts, offset = [], 0
    for index, sql in enumerate(statements):
        highest = max((int(n) for n in _PARAMETER.findall(sql)), default=0)
        parts.append(f"w{index} AS ({_shifted(sql, offset)})")
        offset += highest
    return f"WITH {', '.join(parts)} SELECT 1"


def _shifted(sql: str, offset: int) -> str:
    return _PARAMETER.sub(lambda match: f"${int(match[1]) + offset}", sql)


class Database:
    """The shop's Postgres. `on_told` hears, after each commit, that events were told."""

    def __init__(self, pool: Any, peers: Mapping[type, object], policy: Policy) -> None:
        self.pool = pool
        self.peers = peers
        self.policy = policy
        self.on_told: Callable[[], None] = lambda: None
        self.quiet = Quiet()

    @classmethod
    async def open(
        cls,
        url: str,
        peers: Mapping[type, object],
        policy: Policy,
        *,
        size: int = MAX_CONNECTIONS,
        silent_s: float | None = None,
    ) -> Self:
        """Connect to the Postgres at `url` with at most `size` connections.

        A transaction in which nothing is said for `silent_s` seconds is undone (see runtime.giving_way).
        """
        return cls(await open_pool(url, size=size, silent_s=silent_s), peers, policy)

    async def close(self) -> None:
        """Hang up."""
        await self.pool.close()

    async def beside(self, url: str, silent_s: float) -> Any:
        """A connection to the same Postgres, at `url`, for what all of a process depends on and one process does.

        Where the server lets nobody in any more, one of the pool that nobody uses just now leaves for it. A process
        that is silent for `silent_s` seconds loses it (see runtime.giving_way). The caller closes it.
        """
        connect = partial(asyncpg.connect, url, server_settings=giving_way.when_idle(silent_s))
        try:
            return await connect()
        except asyncpg.TooManyConnectionsError:
            async with self.pool.acquire() as connection:
                await connection.close()
            return await connect()

    @asynccontextmanager
    async def transaction(self, call: Call) -> AsyncIterator[Tx]:
        """All or nothing; refuses with Busy, Stale, AlreadyExists or DatabaseAway (or Full) in the driver's place."""
        try:
            async with self.pool.acquire() as connection, AsyncExitStack() as stack:
                stack.enter_context(span("postgres transaction", call.trace_id, kind=SpanKind.CLIENT, **SYSTEM))
                tx = Tx(connection, call, self.peers, self.policy, self.quiet)
                stack.callback(tx.ended)
                await stack.enter_async_context(connection.transaction())
                yield tx
                told = bool(tx.told) or tx._ring
                await tx.finish()
        except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError):
            raise Busy from None
        except STALE:
            raise Stale from None
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "idempotency_pkey":
                raise Stale from None
            raise AlreadyExists(constraint=error.constraint_name) from None
        except AWAY as error:
            raise _away(error) from error
        for certain in tx.on_commit:
            certain()
        if told:
            self.on_told()

    @asynccontextmanager
    async def reading(self, call: Call, *, at_once: bool = False) -> AsyncIterator[Tx]:
        """A connection for a question: nothing may be written. Refuses with Busy, Stale or DatabaseAway.

        Each statement sees its own moment, without a transaction; with `at_once` all see the same.
        """
        try:
            async with self.pool.acquire() as connection, AsyncExitStack() as stack:
                stack.enter_context(span("postgres reading", call.trace_id, kind=SpanKind.CLIENT, **SYSTEM))
                if at_once:
                    moment = connection.transaction(isolation="repeatable_read", readonly=True)
                    await stack.enter_async_context(moment)
                yield Tx(connection, call, self.peers, self.policy)
        except asyncpg.QueryCanceledError:
            raise Busy from None
        except STALE:
            raise Stale from None
        except AWAY as error:
            raise _away(error) from error


def _away(error: BaseException) -> BaseException:
    """What to raise when the database is gone: a task that is being cancelled stays so, though its connection broke."""
    task = asyncio.current_task()
    if task and task.cancelling():
        return asyncio.CancelledError()
    if isinstance(error, asyncpg.DiskFullError):
        metrics.database_full_total.inc()
        return DatabaseFull(retry_after_s=FULL_AGAIN_S)
    return DatabaseAway()
