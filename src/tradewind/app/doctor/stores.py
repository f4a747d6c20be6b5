"""Engines that have a client of their own: Postgres, Kafka. The client is loaded when it is needed."""

import asyncio
from typing import Any, Final

import asyncpg

from tradewind.app.doctor.finding import Finding, UnwellError
from tradewind.app.settings import Settings

OLDEST_POSTGRES: Final = 150_000
WITHIN_S: Final = 5.0
SLOTS: Final = """
    SELECT slot_name, active, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint AS behind
    FROM pg_replication_slots WHERE database = current_database()
"""
SHOW_NUMBER: Final = "SHOW server_version_num"
SHOW_LEVEL: Final = "SHOW wal_level"
MAY_CREATE: Final = "SELECT has_database_privilege(current_database(), 'CREATE')"
MAX_BEHIND_BYTES: Final = 256 * 1024 * 1024
"""More of the log than this kept for a reader that is away fills the disk some day."""


async def database(settings: Settings) -> Finding:
    """Version, the right to make schemas, and for Debezium a log that can be decoded and readers that keep up."""
    assert settings.database_url
    connection: Any = await asyncpg.connect(settings.database_url, timeout=WITHIN_S)
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
    return Finding(engine="database", well=True, version=version)


async def kafka(settings: Settings) -> Finding:
    """Its brokers, and how many topics the shop has there."""
    from confluent_kafka.admin import AdminClient

    assert settings.kafka_servers
    client = AdminClient({"bootstrap.servers": settings.kafka_servers, "socket.timeout.ms": int(WITHIN_S * 1000)})
    about = await asyncio.to_thread(client.list_topics, timeout=WITHIN_S)
    ours = [name for name in about.topics if name.startswith("ecommerce.")]
    leaderless = [name for name in ours if any(one.leader < 0 for one in about.topics[name].partitions.values())]
    if leaderless:
        raise UnwellError(f"without a leader: {', '.join(leaderless[:5])}", "Start the brokers that are missing.")
    return Finding(engine="kafka", well=True, detail=f"{len(about.brokers)} brokers, {len(ours)} topics of ours")
