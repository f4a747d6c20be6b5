"""One keyspace of Cassandra, as one part of this process uses it: it answers within a moment, or counts as away.

Whoever asks while it is away is refused at once, so that a Cassandra that hangs costs one wait and not one for each
request. The keyspace and its tables are made by the first who connects, and again where somebody dropped them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

from cassandra import ConsistencyLevel, DriverException, InvalidRequest, ProtocolVersion
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import ConstantReconnectionPolicy, DCAwareRoundRobinPolicy, TokenAwarePolicy
from cassandra.query import BatchStatement, BatchType, SimpleStatement, tuple_factory

from tradewind.adapters.absence import Absence
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.telemetry import metrics

ANSWER_S: Final = 1.0
"""Longest wait for one answer, connecting included; then it counts as away."""
CONNECT_S: Final = 5.0
"""Longest wait for a connection, which is made behind the askers' backs."""
CREATE_S: Final = 30.0
"""Longest wait for a table that is made."""
RETRY_S: Final = 2.0
"""Time for which nobody asks a Cassandra that is away."""
AT_ONCE: Final = 64
"""Statements under way at once, each a request of its own."""
TOGETHER: Final = 32
"""Statements that write, in one request: a request costs the driver and Cassandra as much as a dozen of them. Together
they stay below what Cassandra warns of (5 KiB)."""
PARTITIONS: Final = 10
"""Partitions of one request: Cassandra warns of more, since one node has to pass them on to all others."""
REQUESTS_AT_ONCE: Final = 8
"""Requests of several statements that are under way at once."""
MAX_COPIES: Final = 3
"""Nodes that have each row; fewer where there are fewer."""
KEYSPACE: Final = """CREATE KEYSPACE IF NOT EXISTS {name}
    WITH replication = {{'class': 'NetworkTopologyStrategy', 'replication_factor': {copies}}}"""
AWAY: Final = (DriverException, NoHostAvailable, OSError, TimeoutError)


class WideRowsAway(Unavailable):
    """Cassandra does not answer."""


class Write(NamedTuple):
    """A statement that writes into one partition, and names its own timestamp: to do it again changes nothing."""

    partition: Any
    cql: str
    values: Sequence[Any]


class Link:
    """The keyspace `name` of the cluster at `servers`, with `tables`, which are CREATE statements. Close it."""

    def __init__(
        self,
        servers: str,
        name: str,
        tables: Sequence[str],
        *,
        login: tuple[str, str] | None = None,
        answer_s: float = ANSWER_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._servers, self._name, self._tables, self._login = servers, name, tables, login
        self._answer_s, self._retry_s = answer_s, retry_s
        self._session: Session | None = None
        self._cluster: Cluster | None = None
        self._connecting: asyncio.Task[Session] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._prepared: dict[str, Any] = {}
        self._absence = Absence(metrics.wide_rows_away, "wide rows are", retry_s)

    async def ask(self, cql: str, *values: Any, within_s: float | None = None) -> Sequence[Any]:
        """The rows of the answer, or WideRowsAway: then nobody knows whether it was done."""
        (rows,) = await self.ask_all([(cql, values)], within_s=within_s)
        return rows

    async def ask_all(
        self, asked: Iterable[tuple[str, Sequence[Any]]], *, within_s: float | None = None
    ) -> list[Sequence[Any]]:
        """The rows of each answer, many at once and in any sequence; WideRowsAway where one fails."""
        within_s, waiting, found = within_s or self._answer_s, list(asked), list[Sequence[Any]]()
        for begin in range(0, len(waiting), AT_ONCE):
            async with self._asking(within_s) as session:
                some = waiting[begin : begin + AT_ONCE]
                statements = [(await self._statement(session, cql), values) for cql, values in some]
                found += await asyncio.gather(*(_execute(session, *one, within_s) for one in statements))
        return found

    async def write_all(self, writes: Iterable[Write]) -> None:
        """Do all of it, many in one request and in any sequence; WideRowsAway where one fails: some may be done."""
        waiting = batches(writes)
        for begin in range(0, len(waiting), REQUESTS_AT_ONCE):
            async with self._asking(self._answer_s) as session:
                some = [await self._batch(session, batch) for batch in waiting[begin : begin + REQUESTS_AT_ONCE]]
                await asyncio.gather(*(_execute(session, batch, None, self._answer_s) for batch in some))

    @asynccontextmanager
    async def _asking(self, within_s: float) -> AsyncIterator[Session]:
        """The session, for so long. What goes wrong meanwhile is WideRowsAway."""
        if self._absence.is_left_alone:
            raise WideRowsAway
        try:
            async with asyncio.timeout(within_s):
                yield self._session or await self._connected()
        except AWAY as error:
            self._lost(error)
            raise WideRowsAway from error
        self._absence.found()

    async def close(self) -> None:
        """Give the connections up."""
        if self._connecting is not None:
            with suppress(*AWAY):
                await self._connecting
        if self._closing is not None:
            await self._closing
        await asyncio.to_thread(_shut_down, self._forget())

    async def _connected(self) -> Session:
        """The session; who gives up waiting leaves it to be made for who asks next."""
        if self._connecting is None or (self._connecting.done() and self._connecting.exception()):
            self._connecting = asyncio.create_task(asyncio.to_thread(self._connect))
            self._connecting.add_done_callback(lambda task: task.exception())
        self._session = await asyncio.shield(self._connecting)
        return self._session

    async def _statement(self, session: Session, cql: str) -> Any:
        if cql not in self._prepared:
            self._prepared[cql] = await asyncio.to_thread(session.prepare, cql, keyspace=self._name)
            self._prepared[cql].is_idempotent = True
        return self._prepared[cql]

    async def _batch(self, session: Session, writes: Sequence[Write]) -> BatchStatement:
        """Not logged: each statement may be done without the others, as if it had come alone."""
        batch = BatchStatement(BatchType.UNLOGGED)
        batch.is_idempotent = True
        for one in writes:
            batch.add(await self._statement(session, one.cql), one.values)
        return batch

    def _connect(self) -> Session:
        cluster = cluster_at(self._servers, self._login, answer_s=max(self._answer_s, ANSWER_S), retry_s=self._retry_s)
        try:
            session = cluster.connect()
            copies = min(MAX_COPIES, len(cluster.metadata.all_hosts()))
            session.execute(KEYSPACE.format(name=self._name, copies=copies), timeout=CREATE_S)
            for table in self._tables:
                session.execute(SimpleStatement(table, keyspace=self._name), timeout=CREATE_S)
        except BaseException:
            cluster.shutdown()
            raise
        self._cluster = cluster
        return session

    def _forget(self) -> Cluster | None:
        """Let who asks next connect anew; what there was, to be shut down."""
        cluster, self._cluster = self._cluster, None
        self._session, self._connecting, self._prepared = None, None, {}
        return cluster

    def _lost(self, error: BaseException) -> None:
        self._absence.lost(error)
        if isinstance(error, InvalidRequest):  # somebody dropped what was made; it is made again
            self._closing = asyncio.create_task(asyncio.to_thread(_shut_down, self._forget()))


def cluster_at(
    servers: str, login: tuple[str, str] | None, *, answer_s: float = ANSWER_S, retry_s: float = RETRY_S
) -> Cluster:
    """The cluster, not connected yet: nodes of one data centre, Cassandra 4.0 or newer."""
    logging.getLogger("cassandra").setLevel(logging.CRITICAL)  # it tells of each try to connect; Link tells once
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy()),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        request_timeout=answer_s,
        row_factory=tuple_factory,  # the driver's own makes a class for each answer, which costs more than to ask
    )
    return Cluster(
        [(host, int(port)) for host, _, port in (one.rpartition(":") for one in servers.split(","))],
        auth_provider=PlainTextAuthProvider(*login) if login else None,
        protocol_version=ProtocolVersion.V5,
        compression=False,  # what is said is short
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(retry_s, max_attempts=None),
        connect_timeout=CONNECT_S,
        control_connection_timeout=CONNECT_S,
        idle_heartbeat_interval=5,
        idle_heartbeat_timeout=5,
    )


def batches(writes: Iterable[Write]) -> list[list[Write]]:
    """What goes into one request each; what is of one partition stays together as far as that goes."""
    by_partition: dict[Any, list[Write]] = {}
    for one in writes:
        by_partition.setdefault(one.partition, []).append(one)
    found: list[list[Write]] = []
    partitions = PARTITIONS
    for of_one in by_partition.values():
        for begin in range(0, len(of_one), TOGETHER):
            some = of_one[begin : begin + TOGETHER]
            if partitions == PARTITIONS or len(found[-1]) + len(some) > TOGETHER:
                found.append([])
                partitions = 0
            found[-1] += some
            partitions += 1
    return found


def _shut_down(cluster: Cluster | None) -> None:
    if cluster is not None:
        cluster.shutdown()


async def _execute(session: Session, statement: Any, values: Sequence[Any] | None, within_s: float) -> Sequence[Any]:
    """Hand the driver's answer, which comes in a thread of its own, to the loop."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[Any]] = loop.create_future()

    def settle(rows: Any, error: Any) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(list(rows or ()))
        else:
            answer.set_exception(error)

    def tell(rows: Any, error: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed, nobody waits any more
            loop.call_soon_threadsafe(settle, rows, error)

    asked = session.execute_async(statement, values, timeout=within_s)
    asked.add_callbacks(lambda rows: tell(rows, None), lambda error: tell(None, error))
    return await answer
