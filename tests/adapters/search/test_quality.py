"""The bar of search: with one typo each, 95 % of 200 queries for ten thousand real books find theirs in the first 3."""

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bench.misspelt import BOOKS, books, misspell, queries
from tests.adapters.search.conftest import LONG_AGO, of
from tradewind.adapters.search.tantivy import product_index
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.search import ProductDocument, ProductIndex, Question

pytestmark = pytest.mark.skipif(not BOOKS.exists(), reason=f"{BOOKS.name} is not in the shared folder")
SEEDS = (11, 12, 13)


@pytest_asyncio.fixture(scope="module")
async def shelf(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ProductIndex]:
    """All books, in the embedded index."""
    home = tmp_path_factory.mktemp("books")
    async with product_index(home / "search", home / "synonyms.txt") as index:
        await index.rebuild(of([_document(product) for product in books()]))
        yield index


def _document(product: Any) -> ProductDocument:
    authors = tuple(str(product.attributes.get("author", "")).split(", "))
    return ProductDocument(
        id=new_id(),
        sku=product.sku,
        name=product.name,
        price=Money.parse(product.price.amount, product.price.currency),
        created_at=LONG_AGO,
        makers=authors,
        attributes={"author": authors, "language": (str(product.attributes.get("language", "")),)},
        popularity=int(product.attributes["goodreads_ratings_count"]),
        available=product.stock,
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_right_book_is_among_the_first_three_though_a_letter_is_wrong(shelf: ProductIndex, seed: int) -> None:
    wrong = []
    for query in queries(books(), 200, seed):
        found = await shelf.search(Question(text=query.text, limit=3))
        if query.sku not in [item.sku for item in found.items]:
            wrong.append((query.text, [item.name for item in found.items]))
    assert len(wrong) <= 10, wrong


async def test_all_ten_thousand_are_listed_once_by_every_sort(shelf: ProductIndex) -> None:
    found = await shelf.search(Question(limit=1))
    assert (found.total, await shelf.holds()) == (10_000, 10_000)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("hunger games", "The Hunger Games (The Hunger Games, #1)"),
        ("harry poter philosophers stone", "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)"),
        ("to kill a mocking", "To Kill a Mockingbird"),
        ("1984", "1984"),
        ("it stephen king", "It"),
        ("the hobit", "The Hobbit"),
    ],
)
async def test_what_everybody_looks_for_comes_first(shelf: ProductIndex, text: str, first: str) -> None:
    found = await shelf.search(Question(text=text, limit=3))
    assert found.items[0].name == first


def test_a_misspelt_word_is_one_edit_away_and_never_as_it_was() -> None:
    chance = random.Random(1)
    for _ in range(500):
        wrong = misspell("letters", chance)
        assert wrong != "letters"
        assert len(wrong) in (6, 7, 8)
