"""The adapters of the port `search`, each with an index of its own; products to put into it."""

import importlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.engines import address
from tradewind.adapters.search.tantivy import product_index
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.search import Found, ProductDocument, ProductIndex, Question

ADAPTERS = [
    pytest.param("tantivy", marks=pytest.mark.adapter("tantivy")),
    pytest.param("opensearch", marks=pytest.mark.engine("opensearch")),
]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the index is kept."""
    return tmp_path / "search"


@pytest.fixture
def synonyms(tmp_path: Path) -> Path:
    """The owner's list; it is not there unless a test writes it."""
    return tmp_path / "synonyms.txt"


@pytest_asyncio.fixture(params=ADAPTERS)
async def adapter(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """Opens an index: in a folder, or one that is named after it."""
    if request.param == "tantivy":
        yield product_index
        return
    url = address("OPENSEARCH_URL")
    opensearch = importlib.import_module("tradewind.adapters.search.opensearch.index")
    shops = set[str]()

    def opened(home: Path, synonyms: Path) -> Any:
        shops.add(shop_of(home))
        return opensearch.product_index(url, shop_of(home), home, synonyms)

    yield opened
    async with opensearch.AsyncOpenSearch([url], timeout=30) as client:
        for shop in shops:
            await client.indices.delete(index=f"products-{shop}-v*")


def shop_of(home: Path) -> str:
    """A shop of each test's own."""
    return "test-" + blake2b(bytes(home), digest_size=6).hexdigest()


@pytest_asyncio.fixture
async def index(adapter: Any, home: Path, synonyms: Path) -> AsyncIterator[ProductIndex]:
    """An empty index."""
    async with adapter(home, synonyms) as opened:
        await opened.rebuild(of())
        yield opened


async def of(*chunks: Sequence[ProductDocument]) -> AsyncIterator[Sequence[ProductDocument]]:
    """What a rebuild is given."""
    for chunk in chunks:
        yield chunk


def a_document(name: str, **more: Any) -> ProductDocument:
    """A product with this name at 10 EUR, three in stock."""
    fields: dict[str, Any] = {
        "sku": name.upper().replace(" ", "-")[:60] or "-",
        "price": Money(1000, "EUR"),
        "created_at": LONG_AGO,
    }
    return ProductDocument(**{"id": new_id(), "name": name, "available": 3, **fields, **more})


async def names(index: ProductIndex, text: str = "", **more: Any) -> list[str]:
    """What is found, in order."""
    return named(await index.search(Question(text=text, **more)))


def named(found: Found) -> list[str]:
    """The names on a page."""
    return [item.name for item in found.items]


def counts(found: Found, facet: str) -> list[tuple[str, int]]:
    """A facet's values and counts."""
    return [(one.value, one.count) for one in found.facets.get(facet, ())]


async def leaf(index: ProductIndex, **question: Any) -> list[list[str]]:
    """Page after page, to the end."""
    pages, after = list[list[str]](), None
    while not pages or after:
        found = await index.search(Question(**question, after=after))
        pages.append(named(found))
        after = found.next
    return pages


def priced(amounts: Iterable[str]) -> list[ProductDocument]:
    """A product for each price, named by it."""
    return [a_document(f"n{amount}", price=Money.parse(Decimal(amount), "EUR")) for amount in amounts]
