"""Engines with a client of their own, loaded when it is needed: Postgres, Redis, Cassandra, MongoDB, Kafka, Vault."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from tradewind.app.caching import GROUP
from tradewind.app.doctor.finding import Finding, UnwellError
from tradewind.app.placement import installed, named_apart
from tradewind.app.settings import Settings
from tradewind.app.wiring import manifests
from tradewind.kernel.ids import new_id

OLDEST_POSTGRES: Final = 150_000
OLDEST_REDIS: Final = (6, 2)
OLDEST_CASSANDRA: Final = (4, 0)
OLDEST_MONGODB: Final = (4, 4)
NEARLY_FULL: Final = 0.95
WITHIN_S: Final = 5.0
MONGODB_REFUSALS: Final = frozenset({13, 18})
"""Its numbers for who may not do that, and for who is not known."""
SLOTS: Final = """
    SELECT slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint AS behind
    FROM pg_replication_slots WHERE database = current_database()
"""
SHOW_NUMBER: Final = "SHOW server_version_num"
SHOW_LEVEL: Final = "SHOW wal_level"
MAY_CREATE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"
PLACES: Final = """
    SELECT topic, partition, min(next) AS next FROM runtime.kafka_position
    WHERE subscriber = ANY($1::text[]) GROUP BY topic, partition
"""
MAX_BEHIND_MESSAGES: Final = 10_000
"""More than a minute's worth of a partition in a busy shop."""
MAX_BEHIND_BYTES: Final = 256 * 1024 * 1024
"""More of the log than this kept for a reader that is away fills the disk some day."""


async def database(settings: Settings, engine: str = "database") -> Finding:
    """Version, the right to make schemas, and for Debezium a log that can be decoded and readers that keep up.

    `engine`: database, or that of a context which has one of its own, as it is called among the findings.
    """
    connection: Any = await asyncpg.connect(getattr(settings, f"{engine}_url"), timeout=WITHIN_S)
    try:
        version = ".".join(map(str, connection.get_server_version()[:2]))
        if int(await connection.fetchval(SHOW_NUMBER)) < OLDEST_POSTGRES:
            raise UnwellError(f"it is {version}", "Postgres 15 or newer is needed.")
        if not await connection.fetchval(MAY_CREATE):
            raise UnwellError("its user may not make schemas", "GRANT CREATE ON DATABASE … TO the shop's user.")
        if settings.connect_url and await connection.fetchval(SHOW_LEVEL) != "logical":
            raise UnwellError("its log cannot be decoded", "Set wal_level = logical and restart it: Debezium reads it.")
        behind = [row["slot_name"] for row in await connection.fetch(SLOTS) if (row["behind"] or 0) > MAX_BEHIND_BYTES]
        if behind:
            advice = "Start the reader again, or drop the slot: SELECT pg_drop_replication_slot('…')."
            raise UnwellError(f"it keeps much of its log for {', '.join(behind)}", advice)
    finally:
        await connection.close(timeout=WITHIN_S)
    return Finding(engine=engine, well=True, version=version)


async def redis(settings: Settings) -> Finding:
    """Version, and whether there is room: a Redis that is full and may forget nothing refuses to be told anything."""
    from redis.asyncio import Redis
    from redis.exceptions import AuthenticationError, NoPermissionError

    assert settings.redis_url
    async with Redis.from_url(settings.redis_url, socket_timeout=WITHIN_S, socket_connect_timeout=WITHIN_S) as client:
        try:
            about: Any = await client.info()
        except (AuthenticationError, NoPermissionError):
            advice = "Set user and password in TRADEWIND_REDIS_URL; the user needs the keys and channels tradewind:*."
            raise UnwellError("it does not let its user in", advice) from None
    version, full = str(about["redis_version"]), int(about["maxmemory"])
    if tuple(int(one) for one in version.split(".")[:2]) < OLDEST_REDIS:
        oldest = ".".join(map(str, OLDEST_REDIS))
        raise UnwellError(f"it is {version}", f"Redis {oldest} or newer is needed.")
    if full and about["used_memory"] > full * NEARLY_FULL and about["maxmemory_policy"] == "noeviction":
        raise UnwellError("its memory is full", "Raise maxmemory, or set maxmemory-policy volatile-lru.")
    return Finding(engine="redis", well=True, version=version, detail=f"{about['used_memory_human']} in use")


async def cassandra(settings: Settings) -> Finding:
    """Version, nodes that are down, and whether the shop's user may make tables."""
    from cassandra import Unauthorized
    from cassandra.cluster import NoHostAvailable

    from tradewind.adapters.cassandra import looking

    assert settings.cassandra_servers
    login = (settings.cassandra_user, settings.cassandra_password or "") if settings.cassandra_user else None
    try:
        seen = await asyncio.to_thread(looking.look, settings.cassandra_servers, login, within_s=WITHIN_S)
    except NoHostAvailable as error:
        if not looking.is_refused(error):
            raise
        advice = "Set TRADEWIND_CASSANDRA_USER and TRADEWIND_CASSANDRA_PASSWORD."
        raise UnwellError("it does not let its user in", advice) from None
    except Unauthorized:
        advice = "GRANT CREATE ON ALL KEYSPACES TO the shop's user."
        raise UnwellError("its user may not make keyspaces", advice) from None
    if tuple(int(one) for one in seen.version.split(".")[:2]) < OLDEST_CASSANDRA:
        raise UnwellError(f"it is {seen.version}", "Cassandra 4.0 or newer is needed.")
    if seen.down:
        raise UnwellError(f"{seen.down} of {seen.nodes} nodes are down", "Start the nodes that are missing.")
    return Finding(engine="cassandra", well=True, version=seen.version, detail=f"{seen.nodes} nodes")


async def mongodb(settings: Settings) -> Finding:
    """Version, and whether the shop may make and drop what it keeps there."""
    from pymongo import AsyncMongoClient
    from pymongo.errors import OperationFailure

    assert settings.mongodb_url
    name = f"looked_{new_id().hex}"
    async with AsyncMongoClient[dict[str, Any]](
        settings.mongodb_url, serverSelectionTimeoutMS=int(WITHIN_S * 1000), appname="tradewind-doctor"
    ) as client:
        version = str((await client.server_info())["version"])
        if tuple(int(one) for one in version.split(".")[:2]) < OLDEST_MONGODB:
            raise UnwellError(f"it is {version}", "MongoDB 4.4 or newer is needed.")
        try:
            await client["tradewind_doctor"][name].insert_one({"_id": 1})
            await client["tradewind_doctor"][name].drop()
        except OperationFailure as refused:
            if refused.code not in MONGODB_REFUSALS:
                raise
            advice = "Let its user read and write databases named tradewind_… (readWriteAnyDatabase does)."
            raise UnwellError("its user may not write", advice) from None
    return Finding(engine="mongodb", well=True, version=version, detail="lets the shop write")


async def kafka(settings: Settings) -> Finding:
    """Its brokers, how many topics the shop has there, and whether the shop reads them as fast as they grow."""
    from confluent_kafka.admin import AdminClient

    assert settings.kafka_servers
    client = AdminClient({"bootstrap.servers": settings.kafka_servers, "socket.timeout.ms": int(WITHIN_S * 1000)})
    about = await asyncio.to_thread(client.list_topics, timeout=WITHIN_S)
    ours = [name for name in about.topics if name.startswith(f"{settings.kafka_prefix}ecommerce.")]
    leaderless = [name for name in ours if any(one.leader < 0 for one in about.topics[name].partitions.values())]
    if leaderless:
        raise UnwellError(f"without a leader: {', '.join(leaderless[:5])}", "Start the brokers that are missing.")
    behind = await _behind(settings, client) if settings.database_url else None
    if behind is not None and behind > MAX_BEHIND_MESSAGES:
        advice = "Is a worker running? Its log names the subscriber that fails; `tradewind dlq list` what was given up."
        raise UnwellError(f"the shop is {behind} messages behind", advice)
    partitions = [(name, one) for name in ours for one in about.topics[name].partitions]
    late = await _caches_behind(settings, partitions) if settings.redis_url else None
    if late is not None and late > MAX_BEHIND_MESSAGES:
        advice = "Is the process up that serves the catalog? Its part `caching` brings Redis what Kafka tells."
        raise UnwellError(f"the caches' stream job is {late} messages behind", advice)
    return Finding(engine="kafka", well=True, detail=standing(len(about.brokers), len(ours), behind, late))


def standing(brokers: int, topics: int, behind: int | None, late: int | None) -> str:
    """How Kafka stands. None: nothing says how far the shop or its caches' job are behind, and no number is claimed."""
    lag = [] if behind is None else [f"{behind} messages behind"]
    of_caches = [] if late is None else [f"{late} {'of' if lag else 'messages behind of'} the caches"]
    return ", ".join([f"{brokers} brokers", f"{topics} topics of ours", *lag, *of_caches])


async def _caches_behind(settings: Settings, partitions: Sequence[tuple[str, int]]) -> int:
    """How far the caches' stream job is behind in its worst partition; 0 where it has not begun."""
    from tradewind.adapters.log.kafka.standing import Group
    from tradewind.adapters.log.kafka.topics import Names

    assert settings.kafka_servers
    asking = Group(settings.kafka_servers, Names(settings.kafka_prefix).group(GROUP))
    try:
        found = await asking.standings(partitions)
    finally:
        asking.close()
    return max((one.end - one.heard for one in found.values()), default=0)


async def _behind(settings: Settings, client: Any) -> int:
    """How far the slowest subscriber of now is behind in its worst partition; 0 where the shop has not begun."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import OffsetSpec

    next_ = await _places(settings.database_url, installed(settings))
    for one, url in named_apart(settings).items():
        for where, place in (await _places(url, (one,))).items():
            next_[where] = min(place, next_.get(where, place))
    ask = {TopicPartition(*where): OffsetSpec.latest() for where in next_}
    ends = client.list_offsets(ask, request_timeout=WITHIN_S) if ask else {}
    found = {(one.topic, one.partition): await asyncio.wrap_future(told) for one, told in ends.items()}
    return max((end.offset - next_[where] for where, end in found.items()), default=0)


async def _places(url: str | None, contexts: Sequence[str]) -> dict[tuple[str, int], int]:
    """What the slowest subscriber of these contexts hears next of each partition; nothing where none has begun."""
    connection: Any = await asyncpg.connect(url, timeout=WITHIN_S)
    try:
        names = [
            one.name for context in manifests(contexts) for one in (*context.subscribers, *context.hears_elsewhere)
        ]
        rows = await connection.fetch(PLACES, names)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        rows = []
    finally:
        await connection.close(timeout=WITHIN_S)
    return {(row["topic"], row["partition"]): row["next"] for row in rows}


async def vault(settings: Settings) -> Finding:
    """Whether the secret can be read. What it holds is not told."""
    from tradewind.adapters.secrets.vault import VaultError, read

    assert settings.vault_url
    try:
        found = await asyncio.to_thread(read, settings.vault_url, settings.vault_token or "", settings.vault_path)
    except VaultError as reason:
        raise UnwellError("nothing can be read out of it", f"{reason} (TRADEWIND_VAULT_URL)") from None
    return Finding(engine="vault", well=True, detail=f"settings: {len(found)}")
