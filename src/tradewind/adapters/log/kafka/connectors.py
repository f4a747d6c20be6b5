"""Debezium's connectors: the outbox as publisher of events, and three tables whose rows are captured.

The outbox connector routes each row to its context's topic with the very bytes that the relay would send: the trigger
`spelled_out` puts them into the row. Events older than the trigger are spelled out by the snapshot's own statement.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tradewind.adapters.log.kafka.topics import PARTITIONS, TABLES, Names

POLL_MS: Final = 40
"""Time between two looks at what has come from Postgres: all of it is sent together, and each sending costs Connect and
Kafka as much as some ten events."""
HEARTBEAT_MS: Final = 5_000
"""Where other databases of a cluster write and ours is silent, WAL is let go all the same."""
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "orders.orders": ("id", "status", "version", "currency", "total_minor", "placed_at"),
    "inventory.inventory_adjustment": ("id", "sku", "delta", "per", "at", "reference"),
    "catalog.products": (),
}
"""What is captured of tables that hold more than everybody may know; () is everything."""
SNAPSHOT: Final = (
    "SELECT o.position, o.event_id, o.type, o.key, runtime.envelope(o) AS envelope, "
    "runtime.traceparent(o) AS traceparent FROM runtime.outbox AS o ORDER BY o.stamp, o.position"
)
_TO_STRING: Final = "org.apache.kafka.connect.storage.StringConverter"
_TO_JSON: Final = "org.apache.kafka.connect.json.JsonConverter"


@dataclass(frozen=True)
class Source:
    """How Debezium reaches the shop's database: over TCP, as a role that may replicate."""

    host: str
    port: str
    user: str
    password: str
    database: str

    @classmethod
    def of(cls, url: str) -> Self | None:
        """What `url` says; None where it names a socket, which Debezium cannot use."""
        parts, asked = urlsplit(url), parse_qs(urlsplit(url).query)
        host = parts.hostname or asked.get("host", [""])[0]
        if not host or host.startswith("/"):
            return None
        user, password = unquote(parts.username or "postgres"), unquote(parts.password or "")
        return cls(host, str(parts.port or 5432), user, password, parts.path[1:] or user)

    def slot(self, names: Names, what: str) -> str:
        """The replication slot's name: one a database, connector and prefix, in the letters that Postgres allows."""
        return re.sub(r"[^a-z0-9_]", "_", f"{names.prefix}{self.database}_{what}".lower())[-63:]


PLACEHOLDERS: Final = Source("${env:CDC_HOST}", "5432", "${env:CDC_USER}", "${env:CDC_PASSWORD}", "tradewind")
"""For configurations that are written down: Connect's EnvVarConfigProvider fills them in."""


def connectors(source: Source, names: Names) -> dict[str, dict[str, str]]:
    """Each connector's name and configuration."""
    return dict(zip(called(names), (outbox(source, names), cdc(source, names)), strict=True))


def called(names: Names) -> tuple[str, str]:
    """The names of the shop's connectors."""
    return f"{names.prefix}tradewind-outbox", f"{names.prefix}tradewind-cdc"


def outbox(source: Source, names: Names) -> dict[str, str]:
    """The outbox event router: what is told is published, in the order of commits."""
    of_router = {
        "type": "io.debezium.transforms.outbox.EventRouter",
        "table.field.event.id": "event_id",
        "table.field.event.key": "key",
        "table.field.event.type": "type",
        "table.field.event.payload": "envelope",
        "table.fields.additional.placement": "type:header:eventType,traceparent:header,position:header",
        "table.op.invalid.behavior": "warn",
        "route.by.field": "type",
        "route.topic.regex": r"([a-z_]+\.[a-z_]+)\..*",
        "route.topic.replacement": f"{names.prefix}$1",
        "route.tombstone.on.empty.payload": "false",
    }
    wanted = ("position", "event_id", "type", "key", "envelope", "traceparent")
    return {
        **_of_postgres(source, names, "outbox"),
        "topic.prefix": f"{names.prefix}outbox",
        "table.include.list": "runtime.outbox",
        "column.include.list": ",".join(f"runtime.outbox.{column}" for column in wanted),
        "skipped.operations": "u,d,t",
        "snapshot.select.statement.overrides": "runtime.outbox",
        "snapshot.select.statement.overrides.runtime.outbox": SNAPSHOT,
        "transforms": "outbox",
        **{f"transforms.outbox.{key}": value for key, value in of_router.items()},
        "predicates": "isOutbox",
        "predicates.isOutbox.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
        "predicates.isOutbox.pattern": r".*outbox\.runtime\.outbox",
        "transforms.outbox.predicate": "isOutbox",
        "key.converter": _TO_STRING,
        "value.converter": _TO_STRING,
        "header.converter": _TO_STRING,
    }


def cdc(source: Source, names: Names) -> dict[str, str]:
    """Rows of tables as they change: before, after, and what was done, as Debezium says it."""
    columns = [f"{table}.{column}" for table, chosen in COLUMNS.items() for column in chosen or (".*",)]
    return {
        **_of_postgres(source, names, "cdc"),
        "topic.prefix": f"{names.prefix}cdc",
        "table.include.list": ",".join(TABLES),
        "column.include.list": ",".join(columns),
        "tombstones.on.delete": "false",
        "decimal.handling.mode": "string",
        "key.converter": _TO_JSON,
        "key.converter.schemas.enable": "false",
        "value.converter": _TO_JSON,
        "value.converter.schemas.enable": "false",
    }


def _of_postgres(source: Source, names: Names, what: str) -> dict[str, str]:
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "plugin.name": "pgoutput",
        "slot.name": source.slot(names, what),
        "publication.name": source.slot(names, f"{what}_pub"),
        "publication.autocreate.mode": "filtered",
        "database.hostname": source.host,
        "database.port": source.port,
        "database.user": source.user,
        "database.password": source.password,
        "database.dbname": source.database,
        "snapshot.mode": "initial",
        "poll.interval.ms": str(POLL_MS),
        "heartbeat.interval.ms": str(HEARTBEAT_MS),
        "topic.creation.default.replication.factor": "-1",
        "topic.creation.default.partitions": str(PARTITIONS),
        "producer.override.acks": "all",
        "producer.override.compression.type": "lz4",
        "producer.override.linger.ms": "1",
        "errors.tolerance": "none",
        "extended.headers.enabled": "false",
    }


def hidden(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without its password, for people to see."""
    return {key: "***" if key == "database.password" and value else value for key, value in configuration.items()}
