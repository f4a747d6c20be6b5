"""Cassandra killed, slow and cut while people buy: Postgres answers in its place, and the lists catch up alone."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from tests.adapters.order_lists.conftest import OnCassandra
from tests.adapters.order_lists.test_parity import ROWS, checksum, on_cassandra
from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Faults, Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.chaos.engines.visitors import OUTAGE_S
from tests.engines import address
from tests.wires import wire
from tradewind.app.wiring import WHICH

pytestmark = [pytest.mark.engine("cassandra"), pytest.mark.timeout(3_600)]

AWAY: Final = "wide_rows_away"
MISSED: Final = "order_lists_missed_total"


class Lists:
    """Customers' lists of orders, in the books and on Cassandra, `there`."""

    def __init__(self, scene: Scene, servers: str, books: Any, there: OnCassandra) -> None:
        self._scene, self._servers, self._books, self._there = scene, servers, books, there

    async def killed(self) -> str:
        """Postgres answers, and the doctor says why."""
        return f"{await self.away()}, {await self._scene.unwell(cassandra_servers=self._servers)}"

    async def away(self) -> str:
        """The shop says that it does without, and that Postgres answers."""
        missed = await self._scene.metric(MISSED)
        return f"{await self._scene.shows(AWAY, 1.0)}, {await self._scene.rises(MISSED, missed)}"

    async def have_all(self) -> None:
        """Cassandra has every order that the books list by now."""
        await self._scene.shows(AWAY, 0.0)
        listed = {row["order_id"] for row in await self._books.fetch(ROWS)}

        async def are_there() -> bool:
            return listed <= {UUID(bytes=row[2]) for row in await self._there.rows()}

        await until(are_there)
        await self._scene.well(cassandra_servers=self._servers)

    async def are_the_same(self) -> None:
        """Row by row, once nothing is told any more."""

        async def same() -> bool:
            rows = checksum([tuple(row) for row in await self._books.fetch(ROWS)])
            return rows == await on_cassandra(self._there)

        await until(same)


async def test_orders_go_through_whatever_happens_to_cassandra_and_the_lists_catch_up(open_scene: OpenScene) -> None:
    process = EngineProcess("cassandra", address("CASSANDRA_SERVERS"))
    async with wire(f"cql://{address('CASSANDRA_SERVERS')}") as line:
        servers, on_the_way = line.url.removeprefix("cql://"), Faults(line)
        async with open_scene("cassandra", cassandra_servers=servers) as scene:
            books: Any = await asyncpg.connect(scene.engines.database_url)
            keyspace = f"tradewind_{await books.fetchval(WHICH)}".replace("-", "_")
            there = OnCassandra(address("CASSANDRA_SERVERS"), keyspace)
            lists = Lists(scene, servers, books, there)
            scene.settled = lists.are_the_same
            await scene.suffer(Outage("killed", process.kill, process.start, lists.killed, lists.have_all, OUTAGE_S))
            await scene.suffer(Outage("300 ms", on_the_way.slow, on_the_way.whole, over=lists.have_all))
            await scene.suffer(Outage("cut", on_the_way.cut, on_the_way.whole, lists.away, lists.have_all))
        await there.link.ask(f"DROP KEYSPACE {keyspace}")
        await there.link.close()
        await books.close()
