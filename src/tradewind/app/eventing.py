"""Who carries events: the relay from the log in Postgres, or Kafka where its owner names brokers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from tradewind.adapters.streams.log import ADD_UP
from tradewind.app.settings import Settings
from tradewind.runtime.database import Database
from tradewind.runtime.relay import Relay
from tradewind.runtime.subscriptions import Subscriber
from tradewind.runtime.timers import Timer
from tradewind.runtime.wake import Bell


class Runs(Protocol):
    """Works until it is told to stop."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        ...


def carriers(
    settings: Settings,
    db: Database,
    bell: Bell,
    url: str,
    subscribers: Sequence[Subscriber],
    *,
    kind: str = "shop",
    passes: Callable[[str, bool], bool] | None = None,
) -> tuple[list[Runs], list[Timer]]:
    """What runs in a worker so that `subscribers` hear what is told in the database at `url`, and its chores.

    `kind`: what processes with the same subscribers are called. `passes`: see the consumer on Kafka.
    """
    silent_s = settings.saga_lease_s
    if settings.kafka_servers is None:
        return [Relay(db, subscribers, bell, url, silent_s=silent_s)], [ADD_UP]
    from tradewind.adapters.log.kafka.consuming import Consumer
    from tradewind.adapters.log.kafka.publishing import Publisher
    from tradewind.adapters.log.kafka.received import FORGET
    from tradewind.adapters.log.kafka.topics import Names

    servers, names = settings.kafka_servers, Names(settings.kafka_prefix)
    consumer = Consumer(db, subscribers, servers, names, kind=kind, passes=passes)
    if settings.connect_url is not None:  # Debezium publishes
        return [consumer], [FORGET]
    return [Publisher(db, bell, url, servers, names, silent_s=silent_s), consumer], [FORGET]
