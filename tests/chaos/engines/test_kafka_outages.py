"""Kafka killed, paused, slow and cut, Connect killed, while people buy: everybody hears of their orders later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Faults, Outage, Scene
from tests.chaos.engines.processes import EngineProcess
from tests.chaos.engines.visitors import OUTAGE_S
from tests.engines import address
from tests.wires import wire
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.engines import Engines
from tradewind.contracts.envelope import EVENTS
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.timeout(3_600)

WAITING: Final = "event_oldest_waiting_seconds"
LONG_S: Final = 5.0
"""An event that waits for longer is waited for in vain for now."""


@asynccontextmanager
async def topics() -> AsyncIterator[Names]:
    """Names of this shop's own; its topics are gone afterwards."""
    from confluent_kafka.admin import AdminClient

    names = Names(f"o{new_id().hex[-12:]}.")
    yield names
    admin = AdminClient({"bootstrap.servers": address("KAFKA_SERVERS")})
    mine = [name for name in admin.list_topics(timeout=10).topics if name.startswith(names.prefix)]
    for done in (admin.delete_topics(mine) if mine else {}).values():
        done.result(10)


@asynccontextmanager
async def debezium(found: Engines, names: Names) -> AsyncIterator[None]:
    """Debezium publishes the outbox of this shop."""
    from tradewind.adapters.log.kafka.connect import Connect
    from tradewind.adapters.log.kafka.connectors import Source
    from tradewind.adapters.log.kafka.topics import ensure

    if Source.of(found.database_url) is None:
        pytest.skip("engine: TRADEWIND_DATABASE_URL names no Postgres that Debezium can reach")
    await asyncio.to_thread(ensure, address("KAFKA_SERVERS"), [*names.of_events(EVENTS), *names.of_tables()])
    connect = Connect(address("CONNECT_URL"), found.database_url, names)
    await connect.register()
    try:
        yield
    finally:
        await connect.unregister()


class Ears:
    """Those who hear of orders by the engine that `setting` names."""

    def __init__(self, scene: Scene, **setting: str) -> None:
        self._scene, self._setting = scene, setting

    async def deaf(self) -> str:
        """The shop says that its events wait, and the doctor why."""
        return f"{await self._scene.rises(WAITING, LONG_S)}, {await self._scene.unwell(**self._setting)}"

    async def have_heard(self) -> None:
        """The lists have everything that has been accepted, and nothing waits for long any more."""
        await self._scene.is_listed()
        await self._scene.falls(WAITING, LONG_S)
        await self._scene.well(**self._setting)


@pytest.mark.engine("kafka")
async def test_orders_go_through_without_kafka_and_everybody_hears_of_them_once_it_is_back(
    open_scene: OpenScene,
) -> None:
    process = EngineProcess("kafka", address("KAFKA_SERVERS"))
    listens, advertised = process.port("wired"), process.port("wire")
    async with topics() as names, wire(f"kafka://127.0.0.1:{listens}", advertised) as line:
        servers, on_the_way = f"127.0.0.1:{advertised}", Faults(line)
        async with open_scene("kafka", kafka_servers=servers, kafka_prefix=names.prefix) as scene:
            ears = Ears(scene, kafka_servers=servers)
            await scene.suffer(Outage("killed", process.kill, process.start, ears.deaf, ears.have_heard, OUTAGE_S))
            await scene.suffer(Outage("paused", process.pause, process.go_on, ears.deaf, ears.have_heard))
            await scene.suffer(Outage("300 ms", on_the_way.slow, on_the_way.whole, over=ears.have_heard))
            await scene.suffer(Outage("cut", on_the_way.cut, on_the_way.whole, ears.deaf, ears.have_heard))


@pytest.mark.engine("connect")
async def test_orders_go_through_without_connect_and_debezium_publishes_them_once_it_is_back(
    open_scene: OpenScene, own_engines: Engines
) -> None:
    servers, url = address("KAFKA_SERVERS"), address("CONNECT_URL")
    process = EngineProcess("connect", url)
    async with topics() as names, debezium(own_engines, names):
        opened = open_scene("connect", kafka_servers=servers, kafka_prefix=names.prefix, connect_url=url)
        async with opened as scene:
            ears = Ears(scene, connect_url=url)
            await scene.suffer(Outage("killed", process.kill, process.start, ears.deaf, ears.have_heard, OUTAGE_S))
