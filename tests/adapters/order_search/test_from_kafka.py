"""Orders whose events go by Kafka are found on OpenSearch: the read side of the whole, with every process real."""

from typing import Any

import pytest

from tests.adapters.log.test_shop_on_kafka import on_kafka, settled
from tests.adapters.order_search.conftest import an_index, asked, delete_all
from tests.engines import address
from tests.markets import Market
from tests.shops import until
from tradewind.adapters.log.kafka.topics import Names
from tradewind.app.wiring import WHICH
from tradewind.ports.order_search import OrderSearchAway

__all__ = ["on_kafka"]
pytestmark = [pytest.mark.engine("kafka"), pytest.mark.engine("opensearch")]


@pytest.fixture
def more_settings() -> dict[str, str]:
    """What the market of this test is told beside its brokers."""
    return {"TRADEWIND_OPENSEARCH_URL": address("OPENSEARCH_URL")}


async def test_an_order_told_of_by_kafka_is_found_by_support_in_the_index(
    on_kafka: tuple[Market, str, Names],
) -> None:
    market, _, _ = on_kafka
    name = await market.shop.db.pool.fetchval(WHICH)
    sku, buyer = await market.goods(stock=9), market.somebody()
    placed = [(await buyer.order(sku)).json()["id"] for _ in range(2)]
    assert await settled(market) == []
    async with an_index(name) as index:

        async def are_there() -> bool:
            try:
                found: Any = await index.search(asked(skus=(sku,), statuses=("PAID", "CONFIRMED")))
            except OrderSearchAway:
                return False
            return [str(one.order_id) for one in found.orders] == placed[::-1]

        await until(market.shop, are_there)
    answer = await market.admin.get(f"/api/v1/orders/search?item={sku}")
    assert [one["id"] for one in answer.json()["items"]] == placed[::-1]
    await delete_all(name)
