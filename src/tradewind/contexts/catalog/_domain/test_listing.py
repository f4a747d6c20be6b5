"""What search shows of a product, by what was heard of it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tradewind.contexts.catalog._domain.listing import Listing, shown, unheard_of
from tradewind.contracts.catalog import ProductCreated
from tradewind.contracts.pricing import ProductPriceChanged
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.search import ProductDocument

ID = UUID("0193a3c5-8f00-7000-8000-000000000001")


def a_listing(**described: Any) -> Listing:
    fields: dict[str, Any] = {"product_id": ID, "sku": "A", "name": "Thing", "category": "Things", **described}
    price = ProductPriceChanged(product_id=ID, sku="A", amount=Decimal("9.99"), currency="EUR", valid_from=now())
    return unheard_of(ID).described(ProductCreated(**fields)).priced(price)


def a_document(**described: Any) -> ProductDocument:
    found = a_listing(**described).document()
    assert found is not None
    return found


@pytest.mark.parametrize("described", [{"status": "DRAFT"}, {"status": "ARCHIVED"}, {"option_names": ("size",)}])
def test_what_is_not_sold_is_not_shown(described: dict[str, Any]) -> None:
    assert a_listing(**described).document() is None


def test_what_has_no_price_or_no_name_yet_is_not_shown() -> None:
    priced = unheard_of(ID).priced(
        ProductPriceChanged(product_id=ID, sku="A", amount=Decimal(1), currency="EUR", valid_from=now())
    )
    created = unheard_of(ID).described(ProductCreated(product_id=ID, sku="A", name="Thing", category="x"))
    assert (priced.document(), created.document()) == (None, None)


def test_a_sale_of_another_time_changes_nothing() -> None:
    sale, other = new_id(), new_id()
    on_sale = a_listing().on_sale(sale, Money(500, "EUR"))
    assert on_sale.after_sale(other) == on_sale == on_sale.with_sale(other, sold_out=True)
    assert on_sale.after_sale(sale) == a_listing()


def test_a_product_without_a_moment_was_made_when_its_id_was() -> None:
    assert a_listing().created_at == datetime.fromtimestamp(0x0193A3C58F00 / 1000, UTC)
    said = datetime(2020, 1, 1, tzinfo=UTC)
    assert a_listing(created_at=said).created_at == said


def test_attributes_become_facets_makers_or_popularity_by_their_names() -> None:
    document = a_document(
        brand="Penguin",
        attributes={
            "author": "Jane Austen, , Ann Other", "language": "English", "year": 1813.0, "signed": False,
            "original_title": "First Impressions", "isbn": "0141439513", "goodreads_rating": 4.2,
            "goodreads_ratings_count": 2_000_000.0, "empty": "",
        },
        options={"binding": "soft"},
        description="A novel.",
    )  # fmt: skip
    assert document.makers == ("Penguin", "Jane Austen", "Ann Other")
    assert document.attributes == {
        "brand": ("Penguin",),
        "author": ("Jane Austen", "Ann Other"),
        "language": ("English",),
        "year": ("1813",),
        "signed": ("no",),
        "empty": ("",),
        "binding": ("soft",),
    }
    assert (document.popularity, document.description) == (2_000_000, "A novel.\nFirst Impressions\n0141439513")


@pytest.mark.parametrize("count", [-1.0, 1e300, "many"])
def test_a_popularity_that_nobody_has_counts_for_nothing(count: object) -> None:
    assert a_document(attributes={"ratings_count": count}).popularity == 0


@pytest.mark.parametrize(("available", "told"), [(-3, 0), (0, 0), (1, 1), (20, 20), (21, 20), (10**6, 20)])
def test_stock_is_told_exactly_up_to_twenty(available: int, told: int) -> None:
    assert shown(available) == told


def test_a_category_holds_what_is_below_it() -> None:
    assert a_document(category_path=("home", "lamps")).categories == ("home", "home/lamps")
    assert a_document().categories == ("Things",)
