"""A log that was restored from another cluster is refused at start, before an event is lost on it."""

import re

import pytest

from tests.builders import a_product
from tests.journeys.reasons import ONE_PROCESS
from tests.restoring import as_restored, mending, stamped
from tests.shops import Shop
from tradewind.app.engines import EngineError
from tradewind.app.wiring import migrate_shop

pytestmark = pytest.mark.one_process_tree(ONE_PROCESS)


async def test_a_log_from_elsewhere_is_refused_until_its_stamps_are_mended(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    assert await migrate_shop(shop.engines.database_url) == 0
    await as_restored(shop.db.pool)
    with pytest.raises(EngineError, match="Backup and restore"):
        await migrate_shop(shop.engines.database_url)
    await shop.db.pool.execute(mending())
    assert await migrate_shop(shop.engines.database_url) == 0


async def test_the_guide_mends_every_table_that_bears_stamps(shop: Shop) -> None:
    tables = await stamped(shop.db.pool)
    assert "runtime.outbox" in tables
    assert set(tables) - set(re.findall(r"(?:UPDATE|TRUNCATE|,) (\w+\.\w+)", mending())) == set()
