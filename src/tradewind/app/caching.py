"""The process of the caches' stream job, a part of `serve` where brokers and a Redis are named.

It has Redis forget what events of the catalog, of pricing and of inventory show otherwise, also those that another
database told. As in app/streaming.py: Quix Streams has the main thread, and nothing here may import regopy.
"""

from collections.abc import Mapping, Sequence
from time import sleep
from typing import TYPE_CHECKING, Any, Final

from tradewind.app.beside import Beside, postgres_beside
from tradewind.app.elsewhere import OF_INVENTORY
from tradewind.app.placement import installed, manifests, named
from tradewind.app.settings import Settings
from tradewind.app.sharing import WHICH, cache_of
from tradewind.kernel.errors import Unavailable
from tradewind.runtime.database import AWAY
from tradewind.runtime.subscriptions import Listener
from tradewind.runtime.telemetry import logs, metrics
from tradewind.runtime.telemetry.logs import log

if TYPE_CHECKING:
    from tradewind.adapters.cache.vouching import Standing, Where
    from tradewind.adapters.streams.forgetting import Forgetting, Message
    from tradewind.runtime.manifest import Manifest

GROUP: Final = "caches"
ANSWER_S: Final = 5.0
"""Longest wait for what the job asks of Redis; nobody waits for it, so it may take its time."""
RETRY_S: Final = 1.0
LISTENERS: Final = frozenset({"catalog.forget_products", "pricing.keep_flash_prices", "inventory.forget_stock"})
"""Those of the contexts' listeners that want nothing but the cache, and show no buyer's own."""


def main() -> None:
    """Keep the shared cache right by the environment's settings, until SIGTERM."""
    from tradewind.adapters.log.kafka.topics import Names
    from tradewind.adapters.streams.caches import application

    settings = Settings.from_environment()
    logs.configure(settings.log_level.upper(), named(settings, "caching"), settings.log_folder)
    servers = settings.kafka_servers
    assert servers is not None, "serve starts this part where brokers and a Redis are named"
    names = Names(settings.kafka_prefix)
    group, listeners = names.group(GROUP), _listeners(settings)
    topics = _begun(servers, group, names.of_events(event.TYPE for one in listeners for event in one.events))
    with postgres_beside(settings) as (beside, pool):
        forgetting = beside.wait_for(_begin(settings, pool, listeners, beside, group, topics))

        def hear(messages: "Sequence[Message]") -> bool:
            return beside.wait_for(_heard(forgetting, messages))

        application(servers, group, topics, settings.home / "streams", hear).run()


def _begun(servers: str, group: str, wanted: Sequence[str]) -> Mapping[str, int]:
    """The topics and how many partitions each has, once Kafka is there and the group has a place in all of them."""
    from tradewind.adapters.log.kafka.standing import Group, partitions_of
    from tradewind.adapters.log.kafka.topics import KafkaAway, ensure

    while True:
        asking = Group(servers, group)
        try:
            topics = ensure(servers, wanted)
            asking.begin_at_end(partitions_of(topics))
        except KafkaAway as error:
            log.warning("caches wait for Kafka", error=str(error))
            sleep(RETRY_S)
        else:
            return topics
        finally:
            asking.close()


def _contexts(settings: Settings) -> "tuple[Manifest, ...]":
    wanted = {one.partition(".")[0] for one in LISTENERS}
    return manifests([one for one in installed(settings) if one in wanted])


def _listeners(settings: Settings) -> list[Listener]:
    return [one for context in _contexts(settings) for one in context.listeners if one.name in LISTENERS]


async def _begin(
    settings: Settings, pool: Any, listeners: Sequence[Listener], beside: Beside, group: str, topics: Mapping[str, int]
) -> "Forgetting":
    """What hears; where some of its topics are told in another log, somebody vouches for it from now on."""
    from tradewind.adapters.cache.streamed import StreamedCache
    from tradewind.adapters.cache.vouching import Voucher
    from tradewind.adapters.redis.link import Link
    from tradewind.adapters.streams.forgetting import Forgetting

    assert settings.redis_url
    space = cache_of(await pool.fetchval(WHICH))
    beside.start(Voucher(Link(settings.redis_url, "vouching"), space, _Standings(settings, group, topics)).run())
    parts = {protocol: answerer for one in _contexts(settings) for protocol, answerer in one.peers.items()}
    return Forgetting(
        pool, StreamedCache(Link(settings.redis_url, "caching", answer_s=ANSWER_S), space), listeners, parts
    )


class _Standings:
    """How far the job is where events of other logs come from; of the other partitions the lag is noted, too."""

    def __init__(self, settings: Settings, group: str, topics: Mapping[str, int]) -> None:
        from tradewind.adapters.log.kafka.standing import Group, partitions_of
        from tradewind.adapters.log.kafka.topics import Names

        assert settings.kafka_servers
        self._group, self._asking = group, Group(settings.kafka_servers, group)
        told_there = Names(settings.kafka_prefix).topic(f"{OF_INVENTORY}*") if settings.inventory_url else None
        self._all = partitions_of(topics)
        self._wanted = [where for where in self._all if where[0] == told_there]

    async def __call__(self) -> "Mapping[Where, Standing]":
        found = await self._asking.standings(self._all)
        for (topic, partition), one in found.items():
            metrics.kafka_lag.labels(self._group, topic, partition).set(max(0, one.end - one.heard))
        if missing := [where for where in self._wanted if where not in found]:
            raise Unavailable(f"Kafka does not say how far {self._group} is in {missing}")
        return {where: found[where] for where in self._wanted}


async def _heard(forgetting: "Forgetting", messages: "Sequence[Message]") -> bool:
    from tradewind.adapters.redis.link import SharedStoreAway

    try:
        await forgetting.hear(messages)
    except (SharedStoreAway, TimeoutError, *AWAY) as error:
        log.warning("caches are not told", error=type(error).__name__)
        return False
    return True


if __name__ == "__main__":
    main()
