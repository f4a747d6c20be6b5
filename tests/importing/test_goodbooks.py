"""Ten thousand real books: all of them, the second time none, and made-up prices that are the same everywhere."""

import csv
import json
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.house.tree import REPOSITORY
from tests.importing.dumps import everything
from tests.shops import a_call
from tradewind.app.engines import Engines
from tradewind.app.importing.feeds.command import run_feed
from tradewind.app.importing.feeds.goodbooks import MADE_UP
from tradewind.app.importing.feeds.load import load, open_goodbooks
from tradewind.app.settings import Settings
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.manifest import ListProducts
from tradewind.contexts.pricing.manifest import SetPrice

BOOKS = REPOSITORY.parent / "shared" / "data" / "goodbooks_books.csv"
LIMIT_S = 60
HEADER = (
    "book_id,isbn,authors,original_publication_year,original_title,title,language_code,average_rating,ratings_count\n"
)
HOBBIT = "7,618260307,J.R.R. Tolkien,1937.0,The Hobbit or There and Back Again,The Hobbit,en-US,4.25,2071616\n"
PLAIN = "8,,\u200eHomer,-750.0,,The  Odyssey ,,3.73,670326\n"
CRCS = (3423476182, 1555104839)
"""CRC-32 of GB-7 and GB-8."""
BAD = [
    "x,,A,2000.0,,T,eng,4,1\n", "9,,A,soon,,T,eng,4,1\n", "10,,A,2000.0,,,eng,4,1\n", "11,,A,2000.0,,T,eng,9,1\n",
]  # fmt: skip


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Say nothing."""


def shortened(folder: Path, *lines: str) -> Path:
    """A file of the same columns with these lines."""
    file = folder / "books.csv"
    file.write_text(HEADER + "".join(lines))
    return file


async def test_a_book_is_what_the_file_says_and_its_price_follows_the_rule(shop: Shop, tmp_path: Path) -> None:
    found = await load(shop, open_goodbooks(shortened(tmp_path, HOBBIT, *BAD, PLAIN)), quiet)
    assert (found.rows, found.created, [one.line for one in found.failed]) == (6, 2, [3, 4, 5, 6])
    books = (await shop.dispatch(ListProducts(category="books"), a_call("anonymous"))).items
    hobbit, odyssey = sorted(books, key=lambda book: book.sku)
    assert (hobbit.sku, hobbit.name, hobbit.category_path) == ("GB-7", "The Hobbit", ("books", "1930s"))
    assert hobbit.attributes == {
        "author": "J.R.R. Tolkien",
        "year": 1937,
        "language": "English",
        "original_title": "The Hobbit or There and Back Again",
        "isbn": "0618260307",
        "goodreads_rating": 4.25,
        "goodreads_ratings_count": 2071616,
    }
    assert (hobbit.rating.count, hobbit.price.currency) == (0, "EUR")
    assert (odyssey.name, odyssey.attributes["author"], odyssey.category) == ("The Odyssey", "Homer", "Before 1900")
    stock = await shop.db.pool.fetch("SELECT sku, on_hand FROM inventory.inventory_stock ORDER BY sku")
    assert [(hobbit.price.amount, stock[0][1]), (odyssey.price.amount, stock[1][1])] == [
        (Decimal(499 + 50 * (crc % 41)).scaleb(-2), 5 + crc // 41 % 96) for crc in CRCS
    ]


async def test_a_price_that_the_shop_has_set_is_stronger_than_a_made_up_one(shop: Shop, tmp_path: Path) -> None:
    file = shortened(tmp_path, HOBBIT)
    await load(shop, open_goodbooks(file), quiet)
    book = (await shop.dispatch(ListProducts(sku="GB-7"), a_call("admin"))).items[0]
    price = SetPrice(product_id=book.id, amount=Decimal("77.00"), currency="EUR", reason="first edition")
    await shop.dispatch(price, a_call("admin"))
    assert (await load(shop, open_goodbooks(file), quiet)).unchanged == 1
    history = await shop.db.pool.fetch("SELECT amount_minor FROM pricing.product_price_history ORDER BY id")
    assert history[-1]["amount_minor"] == 7700


@pytest.mark.skipif(not BOOKS.exists(), reason="goodbooks_books.csv is not on this machine")
async def test_ten_thousand_books_load_within_a_minute_and_a_second_run_changes_nothing(shop: Shop) -> None:
    told: list[tuple[int, int]] = []
    began = time.perf_counter()
    found = await load(shop, open_goodbooks(BOOKS), lambda _, done, total: told.append((done, total)))
    assert time.perf_counter() - began < LIMIT_S
    assert (found.rows, found.created, found.failed) == (10_000, 10_000, ())
    assert (told[0], told[-1], len(told)) == ((0, 10_000), (10_000, 10_000), 41)
    with BOOKS.open(newline="", encoding="utf-8") as file:
        titles = {f"GB-{row['book_id']}": " ".join(row["title"].split()) for row in csv.DictReader(file)}
    rows = await shop.db.pool.fetch("SELECT sku, name FROM catalog.products")
    visible = {sku: "".join(c for c in title if c.isprintable()).strip() for sku, title in titles.items()}
    assert {row["sku"]: row["name"] for row in rows} == {sku: " ".join(name.split()) for sku, name in visible.items()}
    before = await everything(shop)
    again = await load(shop, open_goodbooks(BOOKS), quiet)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 10_000)
    assert await everything(shop) == before


def test_the_command_says_that_prices_are_made_up(
    settings: Settings, own_engines: Engines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = replace(settings, database_url=own_engines.database_url, provider_url=own_engines.provider_url)
    assert run_feed(there, "goodbooks", shortened(tmp_path, HOBBIT, *BAD), dry_run=False, json=True) == 0
    heard = capsys.readouterr()
    printed = json.loads(heard.out)
    assert (printed["rows"], printed["created"], [one["line"] for one in printed["failed"]]) == (5, 1, [3, 4, 5, 6])
    assert " ".join(MADE_UP.split()) in " ".join(heard.err.split())
