"""Topics: one a context, `ecommerce.order` for every `ecommerce.order.*`; made by the shop, never by the broker.

Events of one partition key lie in one partition, in the order in which they were told. How many partitions a topic has
is therefore decided once: another number would send the later events of a key elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from logging import getLogger
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tradewind.kernel.errors import Unavailable

PARTITIONS: Final = 6
RETENTION_MS: Final = 30 * 24 * 3600 * 1000
"""A consumer that is away for longer than these thirty days misses events."""
ANSWER_S: Final = 10.0
LOGGER: Final = getLogger("kafka")
"""Takes what clients would write to standard error by themselves."""
TABLES: Final = ("orders.orders", "inventory.inventory_adjustment", "catalog.products")
"""Tables whose rows Debezium captures, each into the topic cdc.<schema>.<table>."""


class KafkaAway(Unavailable):
    """No Kafka broker answers, or it cannot do what it is asked."""


@dataclass(frozen=True)
class Names:
    """What topics and groups are called. `prefix`: of shops that share a Kafka, empty for one that has it alone."""

    prefix: str = ""

    def topic(self, event_type: str) -> str:
        """Where events of this type are."""
        domain, context, *_ = event_type.split(".")
        return f"{self.prefix}{domain}.{context}"

    def of_events(self, types: Iterable[str]) -> list[str]:
        """The topics of all `types`."""
        return sorted({self.topic(one) for one in types})

    def of_tables(self) -> list[str]:
        """The topics of captured tables."""
        return [f"{self.prefix}cdc.{table}" for table in TABLES]

    def group(self, kind: str) -> str:
        """The consumer group of all processes of one kind."""
        return f"{self.prefix}tradewind.{kind}"


def ensure(servers: str, topics: Iterable[str]) -> dict[str, int]:
    """Make the topics that there are not yet; how many partitions each has now. Blocks; raises KafkaAway."""
    admin, wanted = AdminClient({"bootstrap.servers": servers}, logger=LOGGER), sorted(set(topics))
    try:
        there = admin.list_topics(timeout=ANSWER_S).topics
        config = {"retention.ms": str(RETENTION_MS), "cleanup.policy": "delete"}
        new = [NewTopic(name, PARTITIONS, config=config) for name in wanted if name not in there]
        for made in (admin.create_topics(new, request_timeout=ANSWER_S) if new else {}).values():
            _unless_there(made)
        return {name: len(there[name].partitions) if name in there else PARTITIONS for name in wanted}
    except KafkaException as error:
        raise KafkaAway(f"Kafka does not do as it is asked: {error.args[0]}") from error


def _unless_there(made: Any) -> None:
    try:
        made.result(ANSWER_S)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was quicker
            raise
