"""A log that was restored from another cluster is refused at start, before an event is lost on it."""

import pytest

from tests.builders import a_product
from tests.journeys.reasons import ONE_PROCESS
from tests.shops import Shop
from tradewind.app.engines import EngineError
from tradewind.app.wiring import migrate_shop

pytestmark = pytest.mark.one_process_tree(ONE_PROCESS)

RAISE_STAMPS = "UPDATE runtime.outbox SET stamp = stamp + 1000000000"
MEND_STAMPS = "UPDATE runtime.outbox SET stamp = 0"


async def test_a_log_from_elsewhere_is_refused_until_its_stamps_are_mended(shop: Shop) -> None:
    await a_product(shop, "BOOK")
    assert await migrate_shop(shop.engines.database_url) == 0
    await shop.db.pool.execute(RAISE_STAMPS)
    with pytest.raises(EngineError, match="Backup and restore"):
        await migrate_shop(shop.engines.database_url)
    await shop.db.pool.execute(MEND_STAMPS)
    assert await migrate_shop(shop.engines.database_url) == 0
