"""How far a consumer group that keeps its places in Kafka itself is in each partition.

A client that consumes nothing asks: the client's functions for administrators end the process by an assertion of their
own where the brokers go away meanwhile.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from tradewind.adapters.cache.vouching import Standing, Where
from tradewind.adapters.log.kafka.topics import LOGGER, KafkaAway

ANSWER_S: Final = 5.0
SETTINGS: Final[dict[str, Any]] = {"enable.auto.commit": False, "reconnect.backoff.max.ms": 1_000, "log_level": 3}


class Group:
    """Of one name, at these brokers. Close it."""

    def __init__(self, servers: str, name: str) -> None:
        self._name = name
        self._client = Consumer({"bootstrap.servers": servers, "group.id": name, **SETTINGS}, logger=LOGGER)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    async def standings(self, partitions: Iterable[Where]) -> Mapping[Where, Standing]:
        """Of each of these in which the group has noted a place. Raises KafkaAway."""
        return await asyncio.to_thread(self._standings, list(partitions))

    def _standings(self, partitions: list[Where]) -> Mapping[Where, Standing]:
        try:
            noted = self._client.committed([TopicPartition(*where) for where in partitions], timeout=ANSWER_S)
            known = {(one.topic, one.partition): one.offset for one in noted if one.offset >= 0}
            ends = self._ends(known)
        except KafkaException as error:
            raise KafkaAway(f"Kafka does not say how far {self._name} is: {error.args[0]}") from error
        return {where: Standing(known[where], end) for where, end in ends.items()}

    def _ends(self, partitions: Iterable[Where]) -> Mapping[Where, int]:
        return ends(self._client, partitions)

    def begin_at_end(self, partitions: Iterable[Where]) -> None:
        """Have it begin where each of these ends now, in which it has no place. Raises KafkaAway."""
        wanted = list(partitions)
        known = self._standings(wanted)
        try:
            ends = self._ends(where for where in wanted if where not in known)
            if ends:
                new = [TopicPartition(*where, end) for where, end in ends.items()]
                self._client.commit(offsets=new, asynchronous=False)
        except KafkaException as error:
            raise KafkaAway(f"Kafka does not let {self._name} begin: {error.args[0]}") from error


def ends(client: Consumer, partitions: Iterable[Where]) -> Mapping[Where, int]:
    """Where they end. Blocks; raises KafkaException."""
    asked = [TopicPartition(*where, OFFSET_END) for where in partitions]
    found = client.offsets_for_times(asked, timeout=ANSWER_S) if asked else []
    for one in found:
        if one.error is not None:
            raise KafkaException(one.error)
    return {(one.topic, one.partition): one.offset for one in found}


def partitions_of(topics: Mapping[str, int]) -> list[Where]:
    """All of topics that have so many each."""
    return [(topic, one) for topic, count in topics.items() for one in range(count)]
