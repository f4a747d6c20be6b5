"""A retailer's week goes into seven processes by the command that brings it into one, and ends with the same money."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from tests.clusters import Cluster
from tests.importing.dumps import STATE
from tests.importing.week import REAL_WEEK
from tests.shops import until
from tradewind.app.importing.command import import_online_retail
from tradewind.app.importing.plan import plan
from tradewind.app.importing.reading import read
from tradewind.app.importing.report import summary
from tradewind.app.wiring import Shop

pytestmark = [pytest.mark.engine("kafka"), pytest.mark.timeout(3600)]

WITHIN_S: Final = 1500.0
KILLED_AFTER: Final = 150
"""Orders that are placed by then, of 561."""
GBP_SOLD_MINOR: Final = 24_892_879
OF_INVENTORY: Final = ("stock", "adjustments", "reservations")
OF_PAYMENTS: Final = ("payments", "refunds")
OF_THE_OTHERS: Final = ("products", "prices", "lines", "shipments", "orders")
THEIRS: Final = {
    **STATE,
    "orders": "SELECT id, user_id, status, total_minor, placed_at FROM orders.orders WHERE user_id LIKE 'retail:%'",
}
"""What is the same whether goods are held when an order is placed, or by its saga."""
PLACED: Final = "SELECT count(*) FROM orders.orders WHERE user_id LIKE 'retail:%'"
SOLD: Final = """
    SELECT sum(quantity * unit_price_minor)::bigint FROM orders.order_items AS i JOIN orders.orders AS o
    ON o.id = i.order_id WHERE i.kind = 'goods' AND o.user_id LIKE 'retail:%'
"""


async def rows(url: str, names: tuple[str, ...]) -> dict[str, set[str]]:
    """What these say of one database."""
    connection: Any = await asyncpg.connect(url)
    try:
        return {name: {str(tuple(row)) for row in await connection.fetch(THEIRS[name])} for name in names}
    finally:
        await connection.close()


async def state(cluster: Cluster) -> dict[str, set[str]]:
    """Of all databases."""
    return {
        **await rows(cluster.market.shop.engines.database_url, OF_THE_OTHERS),
        **await rows(cluster.inventory_database_url, OF_INVENTORY),
        **await rows(cluster.payments_database_url, OF_PAYMENTS),
    }


def importing(cluster: Cluster, folder: Path) -> subprocess.Popen[bytes]:
    """The command, by a shell that was told what the cluster wrote for it."""
    line = f'. "{cluster.environment}" && exec "{sys.executable}" -m tradewind.app.cli import online-retail --json "$0"'
    return subprocess.Popen(
        ["/bin/sh", "-c", line, str(REAL_WEEK)],
        env=cluster.market.environment,
        stdin=subprocess.DEVNULL,
        stdout=(folder / "out").open("wb"),
        stderr=(folder / "err").open("wb"),
    )


async def ended(child: subprocess.Popen[bytes], folder: Path) -> Any:
    """What it printed once it was through."""
    await asyncio.to_thread(child.wait, WITHIN_S)
    assert child.returncode == 0, (folder / "err").read_text()[-4000:]
    return json.loads((folder / "out").read_text())


@pytest.mark.skipif(not REAL_WEEK.exists(), reason="the real week is not beside the repository")
async def test_a_week_that_was_cut_off_ends_as_on_one_database_and_again_changes_nothing(
    cluster: Cluster, shop: Shop, tmp_path: Path
) -> None:
    first = importing(cluster, tmp_path)

    async def well_under_way() -> bool:
        assert first.poll() is None, (tmp_path / "err").read_text()[-4000:]
        return bool(await cluster.market.shop.db.pool.fetchval(PLACED) >= KILLED_AFTER)

    await until(cluster.market.shop, well_under_way, within_s=WITHIN_S)
    first.send_signal(signal.SIGKILL)
    first.wait()
    found = await ended(importing(cluster, tmp_path), tmp_path)
    planned = json.loads(json_of(REAL_WEEK))
    assert (found["buckets"], found["orders"], found["returns"]) == (
        planned["buckets"], planned["orders"], planned["returns"]
    )  # fmt: skip
    assert found["lines"] == sum(one["lines"] for one in found["buckets"].values()) == 14_553
    assert await cluster.market.shop.db.pool.fetchval(SOLD) == GBP_SOLD_MINOR
    before = await state(cluster)

    again = await ended(importing(cluster, tmp_path), tmp_path)
    assert again["buckets"] == found["buckets"]
    assert await state(cluster) == before
    assert await cluster.audited() == []

    here = await import_online_retail(shop, REAL_WEEK, lambda *_: None)
    assert here.problems == ()
    one = await rows(shop.engines.database_url, (*OF_INVENTORY, *OF_PAYMENTS, *OF_THE_OTHERS))
    for name, theirs in one.items():
        assert theirs <= before[name], f"{name}: {sorted(theirs - before[name])[:3]}"
    print(f"\nthe week on seven processes: {found['seconds']} s; again {again['seconds']} s; in one {here.seconds} s")


def json_of(file: Path) -> str:
    """What an import of it would print."""
    from tradewind.app.importing.report import as_json

    return as_json(summary(plan(read(file)), 0.0, ()))
