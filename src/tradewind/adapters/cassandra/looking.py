"""How a Cassandra is, for whoever asks once."""

from typing import Final, NamedTuple

from cassandra import AuthenticationFailed
from cassandra.cluster import NoHostAvailable

from tradewind.adapters.cassandra.link import cluster_at
from tradewind.kernel.ids import new_id

VERSION: Final = "SELECT release_version FROM system.local"
TRY: Final = """CREATE KEYSPACE {name}
    WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}} AND durable_writes = false"""
UNDO: Final = "DROP KEYSPACE {name}"


class Seen(NamedTuple):
    """Its version, its nodes, and how many of them are down."""

    version: str
    nodes: int
    down: int


def look(servers: str, login: tuple[str, str] | None, *, within_s: float) -> Seen:
    """Waits for answers, so it belongs into a thread. Raises what the driver raises."""
    cluster = cluster_at(servers, login, answer_s=within_s)
    try:
        session = cluster.connect()
        (row,) = session.execute(VERSION, timeout=within_s)
        name = f"tradewind_doctor_{new_id().hex[:24]}"
        session.execute(TRY.format(name=name), timeout=within_s)
        session.execute(UNDO.format(name=name), timeout=within_s)
        nodes = cluster.metadata.all_hosts()
        return Seen(row[0], len(nodes), sum(node.is_up is False for node in nodes))
    finally:
        cluster.shutdown()


def is_refused(error: NoHostAvailable) -> bool:
    """Whether nobody was let in, rather than nobody there."""
    return any(isinstance(one, AuthenticationFailed) for one in error.errors.values())
