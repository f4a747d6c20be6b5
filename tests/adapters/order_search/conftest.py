"""Orders that are searched on every engine: in their own rows, and on the OpenSearch that the environment names."""

import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec.structs import astuple

from tests.adapters.order_lists.told import FIRST, NOON
from tests.engines import address
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders.search_orders.rows import LookUpFound
from tradewind.contexts.orders.spread_summaries.timer import bring_on
from tradewind.kernel.ids import new_id
from tradewind.ports.order_search import Found, Question, Row, Summary

ANSWER_S: Final = 30.0
"""On a machine that others use as well."""
KEEP: Final = """
    INSERT INTO orders.orders_by_customer (order_id, user_id, placed_at, status, total_minor, currency)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (order_id) DO UPDATE
    SET user_id = excluded.user_id, status = excluded.status, total_minor = excluded.total_minor
"""
SELL: Final = """
    INSERT INTO orders.order_items (order_id, line, sku, quantity, unit_price_minor)
    SELECT $1, line, sku, 1, 1 FROM unnest($2::text[]) WITH ORDINALITY AS those (sku, line)
"""
UNSELL: Final = "DELETE FROM orders.order_items WHERE order_id = $1"
NEWEST_STAMP: Final = "SELECT coalesce(max(stamp), 0) FROM orders.orders_by_customer"


def an_order(
    user_id: str = "ann", *, at: datetime = NOON, status: str = "PAID", total: int = 1000, currency: str = "EUR",
    order_id: UUID | None = None,
) -> Summary:  # fmt: skip
    """Of 10 EUR, paid."""
    return Summary(order_id or new_id(), user_id, at, status, total, currency)


def after(microseconds: int) -> datetime:
    """So long after noon."""
    return NOON + timedelta(microseconds=microseconds)


def asked(**more: Any) -> Question:
    """All of them, from the first one on, unless a test says otherwise."""
    everything: dict[str, Any] = {"before": FIRST, "many": 100}
    return Question(**everything | more)


def a_row(version: int, summary: Summary, *skus: str) -> Row:
    """As an index is given it."""
    return Row(version, summary, skus)


class Searched(Protocol):
    """Orders that a test writes down, and searches."""

    async def keep(self, *orders: Summary, skus: Sequence[str] = ()) -> None: ...

    async def find(self, **question: Any) -> Found: ...


class InRows:
    """The projection in Postgres, as the shop looks into it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def keep(self, *orders: Summary, skus: Sequence[str] = ()) -> None:
        pool = self.shop.db.pool
        await pool.executemany(UNSELL, [(one.order_id,) for one in orders])
        await pool.executemany(SELL, [(one.order_id, list(skus)) for one in orders])
        await pool.executemany(KEEP, [astuple(one) for one in orders])

    async def find(self, **question: Any) -> Found:
        found: Found = await self.shop.dispatch(LookUpFound(question=asked(**question)), a_call("support"))
        return found


class OnOpenSearch(InRows):
    """The same rows, brought on to an index of the test's own."""

    def __init__(self, shop: Shop, index: Any) -> None:
        super().__init__(shop)
        self.index = index

    async def find(self, **question: Any) -> Found:
        newest = await self.shop.db.pool.fetchval(NEWEST_STAMP)

        async def has_all() -> bool:
            await bring_on(self.shop.db, self.index)
            return bool((await self.index.reached()).stamp >= newest)

        await until(self.shop, has_all)
        found: Found = await self.index.search(asked(**question))
        return found


@asynccontextmanager
async def an_index(shop: str, url: str | None = None, **limits: float) -> AsyncIterator[Any]:
    """Of a shop of this name; nothing is there yet."""
    opensearch = importlib.import_module("tradewind.adapters.order_search.opensearch")
    limits = {"answer_s": ANSWER_S, "retry_s": 0.2} | limits
    async with opensearch.order_search(url or address("OPENSEARCH_URL"), shop, **limits) as index:
        yield index


async def delete_all(shop: str) -> None:
    """As an operator might, from outside."""
    link = importlib.import_module("tradewind.adapters.opensearch.link")
    async with link.client_of(address("OPENSEARCH_URL"), timeout_s=ANSWER_S) as client:
        for name in await client.indices.get(index=f"orders-{shop}-v*"):
            await client.indices.delete(index=name)


@pytest_asyncio.fixture
async def shop_name() -> AsyncIterator[str]:
    """A shop of each test's own; its indexes are gone afterwards."""
    name = f"test-{new_id().hex}"
    yield name
    await delete_all(name)


@pytest_asyncio.fixture
async def index(shop_name: str) -> AsyncIterator[Any]:
    """An index of the test's own, made by nobody yet."""
    async with an_index(shop_name) as found:
        yield found


@pytest.fixture(
    params=[
        pytest.param("rows", marks=pytest.mark.adapter("rows")),
        pytest.param("opensearch", marks=pytest.mark.engine("opensearch")),
    ]
)
def searched(request: pytest.FixtureRequest) -> Searched:
    shop: Shop = request.getfixturevalue("shop")
    if request.param == "rows":
        return InRows(shop)
    return OnOpenSearch(shop, request.getfixturevalue("index"))


def ids(found: Found) -> list[UUID]:
    """Of what was found, in its order."""
    return [one.order_id for one in found.orders]
