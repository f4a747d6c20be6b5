"""Row 5: ten thousand deltas, told in part twice, a broker that dies and consumers that die: the stock is exact."""

import asyncio
import random
import signal
from collections.abc import Mapping
from typing import Final

import pytest

from tests.sensors.conftest import OUTSIDE, Shelves, nothing_waits
from tests.sensors.fleet import Fleet, deltas
from tests.shops import until

DELTAS: Final = 10_000
DUPLICATES: Final = 0.1
OPENING: Final = 100_000
SKUS: Final = tuple(f"SKU-{number}" for number in range(20))
EVENTS: Final = "SELECT count(*) FROM runtime.outbox WHERE type LIKE '%.stock.adjusted.v1'"


def expected(sums: Mapping[str, int]) -> dict[str, int]:
    return {sku: OPENING + sums.get(sku, 0) for sku in SKUS}


@pytest.mark.timeout(600)
async def test_the_stock_is_exact_whoever_dies_between_the_sensors_and_the_shelf(shelves: Shelves) -> None:
    await tell_and_kill(shelves)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shelves", OUTSIDE, indirect=True)
async def test_the_stock_is_exact_with_a_broker_from_outside_too(shelves: Shelves) -> None:
    await tell_and_kill(shelves)


async def tell_and_kill(shelves: Shelves) -> None:
    """Tell all deltas while consumers and the broker are killed, then count."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    messages, sums = deltas(random.Random(seed), SKUS, DELTAS, duplicates=DUPLICATES)
    await shelves.fill(**dict.fromkeys(SKUS, OPENING))
    fleet = Fleet(shelves.broker.sensor)
    first = shelves.worker(FAILPOINTS="mqtt.after_commit=kill@6")
    async with asyncio.TaskGroup() as group:
        group.create_task(fleet.tell(messages))
        assert await first.ended() == -signal.SIGKILL
        second = shelves.worker()
        await fleet.reaches(DELTAS // 3)
        await shelves.broker.restart()
        await fleet.reaches(DELTAS // 2)
        second.kill(signal.SIGKILL)
        await fleet.reaches(DELTAS * 2 // 3)
        third = shelves.worker()

    async def all_known() -> bool:
        return await shelves.count("sensor_inbox") == DELTAS

    assert await until(shelves.shop, all_known, within_s=120)
    print(f"{len(messages)} messages, {fleet.again} told again by their sensors")
    assert await shelves.stock() == expected(sums)
    assert await shelves.count("inventory_adjustment") == DELTAS + len(SKUS)
    assert await shelves.shop.db.pool.fetchval(EVENTS) == DELTAS
    assert await shelves.count("sensor_dead_letter") == 0
    await nothing_waits(shelves)
    assert await third.stop() == 0
