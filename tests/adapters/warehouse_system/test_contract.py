"""What every adapter of the port `warehouse_system` promises: the simulated one, and one over HTTP that fails."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from msgspec.structs import replace

from tests.warehouse_systems import WarehouseServer, a_warehouse_system
from tradewind.adapters.warehouse_system.rest import rest_warehouse
from tradewind.adapters.warehouse_system.simulated import PICKS_WITHIN, SimulatedWarehouse
from tradewind.kernel import clock
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.warehouse_system import FulfillmentOrder, KeyReused, NotTaken, Taken, WarehouseSystem

ORDER = FulfillmentOrder(reference="s", lines={"LAMP": 2, "ROPE": 1})
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Way(NamedTuple):
    """An adapter, and its server, where it has one."""

    system: WarehouseSystem
    server: WarehouseServer | None


@pytest_asyncio.fixture(
    params=[
        pytest.param("simulated", marks=pytest.mark.adapter("simulated")),
        pytest.param("rest", marks=pytest.mark.adapter("rest", played=True)),
    ]
)
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Way]:
    if request.param == "simulated":
        yield Way(SimulatedWarehouse(tmp_path), None)
        return
    async with a_warehouse_system() as server, rest_warehouse(server.url, None) as system:
        yield Way(system, server)


@pytest.fixture
def key() -> str:
    return str(new_id())


async def test_a_key_is_of_one_order(way: Way, key: str) -> None:
    for _ in range(2):
        assert await way.system.send(ORDER, key) == Taken()
    with pytest.raises(KeyReused):
        await way.system.send(replace(ORDER, lines={"LAMP": 3}), key)
    assert await way.system.picked(key) is None


async def test_what_was_canceled_is_never_picked_whichever_came_first(way: Way, key: str) -> None:
    late = str(new_id())
    await way.system.send(ORDER, key)
    for one in (key, key, late):
        assert await way.system.cancel(one)
    for one in (key, late):
        assert isinstance(await way.system.send(ORDER, one), NotTaken)
        assert await way.system.picked(one) is None


async def test_what_was_picked_is_told_and_not_canceled(way: Way, key: str) -> None:
    with clock.held(NOW):
        await way.system.send(ORDER, key)
    if way.server is not None:
        way.server.reports_that(key, {"LAMP": 2, "ROPE": 1})
    with clock.held(NOW + PICKS_WITHIN):
        found = await way.system.picked(key)
        assert found is not None
        assert (dict(found.lines), len(found.boxes)) == (ORDER.lines, 1)
        assert not await way.system.cancel(key)


async def test_what_the_system_does_not_take_is_said_with_its_reason(key: str) -> None:
    async with a_warehouse_system() as server, rest_warehouse(server.url, None) as system:
        answer = await system.send(replace(ORDER, lines={"UNKNOWN": 1}), key)
        assert answer == NotTaken(reason="no such SKU")


@pytest.mark.parametrize("trouble", ["500", "302", "lost", "slow"])
async def test_whatever_hides_the_answer_leaves_it_unknown_and_asking_again_asks_for_one(
    trouble: str, key: str
) -> None:
    async with a_warehouse_system() as server, rest_warehouse(server.url, None, timeout_s=0.5) as system:
        for ask in (lambda: system.send(ORDER, key), lambda: system.cancel("other"), lambda: system.picked(key)):
            server.script = [trouble, trouble]
            with pytest.raises(Unavailable):
                await ask()
            server.script = []
        assert await system.send(ORDER, key) == Taken()
        assert server.to_pick == 1


@pytest.mark.parametrize(
    "report", [{"lines": {"LAMP": -1}, "boxes": []}, {"lines": {}, "boxes": [{"weightG": 0}]}, {"lines": 1}]
)
async def test_a_report_that_cannot_be_read_is_not_guessed(report: Any, key: str) -> None:
    async with a_warehouse_system() as server, rest_warehouse(server.url, None) as system:
        await system.send(ORDER, key)
        server.reports[key] = report
        with pytest.raises(Unavailable):
            await system.picked(key)
