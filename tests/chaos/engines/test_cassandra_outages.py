"""Cassandra killed, slow and cut while people buy: Postgres answers in its place, and the lists catch up alone."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest

from tests.adapters.order_lists.conftest import OnCassandra
from tests.adapters.order_lists.test_parity import ROWS, checksum, on_cassandra
from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Outage, until
from tests.chaos.engines.processes import EngineProcess
from tests.engines import address
from tests.wires import wire
from tradewind.app.wiring import WHICH

pytestmark = [pytest.mark.engine("cassandra"), pytest.mark.timeout(3_600)]

LATE_S: Final = 0.3
MISSED: Final = "order_lists_missed_total"


async def test_orders_go_through_whatever_happens_to_cassandra_and_the_lists_catch_up(open_scene: OpenScene) -> None:
    process = EngineProcess("cassandra", address("CASSANDRA_SERVERS"))
    async with wire(f"cql://{address('CASSANDRA_SERVERS')}") as line:
        servers = line.url.removeprefix("cql://")
        async with open_scene("cassandra", cassandra_servers=servers) as scene:
            books: Any = await asyncpg.connect(scene.engines.database_url)
            which = await books.fetchval(WHICH)
            there = OnCassandra(address("CASSANDRA_SERVERS"), f"tradewind_{which}".replace("-", "_"))

            async def _is(value: float) -> None:
                async def look() -> bool:
                    return await scene.metric("wide_rows_away") == value

                await until(look)

            async def away() -> None:
                missed = await scene.metric(MISSED)
                await _is(1.0)
                await scene.unwell(cassandra_servers=servers)

                async def postgres_answers() -> bool:
                    return await scene.metric(MISSED) > missed

                await until(postgres_answers)

            async def well() -> None:
                await _is(0.0)
                listed = {row["order_id"] for row in await books.fetch(ROWS)}

                async def has_all() -> bool:
                    return listed <= {UUID(bytes=row[2]) for row in await there.rows()}

                await until(has_all)
                assert (await scene.finding(cassandra_servers=servers)).well

            async def slow() -> None:
                line.late_s = LATE_S

            async def cut() -> None:
                line.cut()

            async def whole() -> None:
                line.mend()

            async def same_rows() -> bool:
                rows = checksum([tuple(row) for row in await books.fetch(ROWS)])
                return rows == await on_cassandra(there)

            scene.settled = lambda: until(same_rows)
            await scene.suffer(Outage("killed", process.kill, process.start, away, well))
            await scene.suffer(Outage("300 ms", slow, whole, over=well))
            await scene.suffer(Outage("cut", cut, whole, away, well))
        await there.link.close()
        await books.close()
