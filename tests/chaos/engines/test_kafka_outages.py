"""Kafka killed and paused, Connect killed, while people buy: orders need neither, and everybody hears of them later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Outage, Scene
from tests.chaos.engines.processes import EngineProcess
from tests.engines import address
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.engines import Engines
from tradewind.contracts.envelope import EVENTS
from tradewind.kernel.ids import new_id

pytestmark = pytest.mark.timeout(3_600)


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


def outage_of(scene: Scene, name: str, process: EngineProcess, *, paused: bool = False, **setting: str) -> Outage:
    """The doctor tells of it; it is over once the projections have everything that was accepted meanwhile."""

    async def well() -> None:
        await scene.is_listed()
        assert (await scene.finding(**setting)).well

    begin, end = (process.pause, process.go_on) if paused else (process.kill, process.start)
    return Outage(name, begin, end, lambda: scene.unwell(**setting), well)


@pytest.mark.engine("kafka")
async def test_orders_go_through_without_kafka_and_everybody_hears_of_them_once_it_is_back(
    open_scene: OpenScene,
) -> None:
    servers = address("KAFKA_SERVERS")
    process = EngineProcess("kafka", servers)
    async with topics() as names, open_scene("kafka", kafka_servers=servers, kafka_prefix=names.prefix) as scene:
        await scene.suffer(outage_of(scene, "killed", process, kafka_servers=servers))
        await scene.suffer(outage_of(scene, "paused", process, paused=True, kafka_servers=servers))


@pytest.mark.engine("connect")
async def test_orders_go_through_without_connect_and_debezium_publishes_them_once_it_is_back(
    open_scene: OpenScene, own_engines: Engines
) -> None:
    servers, url = address("KAFKA_SERVERS"), address("CONNECT_URL")
    process = EngineProcess("connect", url)
    async with topics() as names, debezium(own_engines, names):
        opened = open_scene("connect", kafka_servers=servers, kafka_prefix=names.prefix, connect_url=url)
        async with opened as scene:
            await scene.suffer(outage_of(scene, "killed", process, connect_url=url))
