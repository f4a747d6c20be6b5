"""Filters, facets, sorts and pages: exact, every adapter's promise."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.adapters.search.conftest import LONG_AGO, a_document, counts, leaf, named, names, priced
from tradewind.kernel.money import Money
from tradewind.kernel.pages import UnfitCursor
from tradewind.ports.search import ProductDocument, ProductIndex, Question, Sort


def shelf() -> list[ProductDocument]:
    poetry: dict[str, Any] = {"categories": ("books", "books/poetry")}
    novels: dict[str, Any] = {"categories": ("books", "books/novels")}
    keats, baudelaire, joyce, beckett = ("Keats",), ("Baudelaire",), ("Joyce",), ("Beckett",)
    return [
        a_document("Odes", **poetry, price=Money(500, "EUR"), attributes={"language": ("en",), "author": keats}),
        a_document("Fleurs", **poetry, price=Money(999, "EUR"), available=0,
                   attributes={"language": ("fr",), "author": baudelaire}),
        a_document("Ulysses", **novels, price=Money(2000, "EUR"), attributes={"language": ("en",), "author": joyce}),
        a_document("Beckett", **novels, price=Money(2001, "EUR"),
                   attributes={"language": ("en", "fr"), "author": beckett}),
        a_document("Lamp", categories=("home",), price=Money(150_000, "EUR"), attributes={"a.b c/ü~": ("x.y",)}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"category": "books"}, ["Beckett", "Fleurs", "Odes", "Ulysses"]),
        ({"category": "books/poetry"}, ["Fleurs", "Odes"]),
        ({"category": "book"}, []),
        ({"in_stock": True, "category": "books/poetry"}, ["Odes"]),
        ({"in_stock": False}, ["Fleurs"]),
        ({"min_price": Decimal("9.99"), "max_price": Decimal(20)}, ["Fleurs", "Ulysses"]),
        ({"min_price": Decimal("9.995")}, ["Beckett", "Lamp", "Ulysses"]),
        ({"max_price": Decimal("4.999")}, []),
        ({"min_price": Decimal(30), "max_price": Decimal(20)}, []),
        ({"max_price": Decimal("-0.01")}, []),
        ({"min_price": Decimal("1e30")}, []),
        ({"max_price": Decimal("1e30"), "min_price": Decimal("-1e30"), "category": "home"}, ["Lamp"]),
        ({"attributes": {"language": ("fr",)}}, ["Beckett", "Fleurs"]),
        ({"attributes": {"language": ("fr", "en")}}, ["Beckett", "Fleurs", "Odes", "Ulysses"]),
        ({"attributes": {"language": ("fr",), "author": ("Beckett", "Keats")}}, ["Beckett"]),
        ({"attributes": {"a.b c/ü~": ("x.y",)}}, ["Lamp"]),
        ({"attributes": {"nothing": ("like it",)}}, []),
        ({"attributes": {"language": ("EN",)}}, []),
        ({"text": "beckett", "attributes": {"language": ("en",)}}, ["Beckett"]),
    ],
)
async def test_filters_leave_what_they_say(index: ProductIndex, question: dict[str, Any], expected: list[str]) -> None:
    await index.put(shelf())
    for sort in Sort:
        found = await index.search(Question(**question, sort=sort))
        assert (sorted(named(found)), found.total) == (expected, len(expected))


async def test_facets_count_what_was_found_and_their_own_filter_does_not_narrow_them(index: ProductIndex) -> None:
    await index.put(shelf())
    found = await index.search(Question())
    assert counts(found, "category") == [("books", 4), ("books/novels", 2), ("books/poetry", 2), ("home", 1)]
    assert counts(found, "language") == [("en", 3), ("fr", 2)]
    assert counts(found, "price") == [("5-10", 2), ("20-50", 2), ("1000+", 1)]
    assert counts(found, "inStock") == [("true", 4), ("false", 1)]
    assert counts(found, "a.b c/ü~") == [("x.y", 1)]
    least = [(one.least, one.below) for one in found.facets["price"]]
    assert least == [(Decimal(5), Decimal(10)), (Decimal(20), Decimal(50)), (Decimal(1000), None)]
    narrowed = await index.search(Question(attributes={"language": ("fr",)}, in_stock=True))
    assert counts(narrowed, "language") == [("en", 3), ("fr", 1)]
    assert [one.value for one in narrowed.facets["language"] if one.selected] == ["fr"]
    assert counts(narrowed, "inStock") == [("false", 1), ("true", 1)]
    assert counts(narrowed, "author") == [("Beckett", 1)]
    assert counts(narrowed, "category") == [("books", 1), ("books/novels", 1)]


async def test_what_tells_every_product_apart_is_no_facet(index: ProductIndex) -> None:
    await index.put([a_document(f"B{n}", attributes={"isbn": (f"{n:013}",), "binding": ("soft",)}) for n in range(30)])
    found = await index.search(Question())
    assert (sorted(found.facets), counts(found, "binding")) == (["binding", "inStock", "price"], [("soft", 30)])


@pytest.mark.parametrize(
    "text", ["2026-11-21T06:59:40Z", "9999-12-31T23:59:59.999999999-23:59", "=1+1", "12", "true", "null", "a\x00b"]
)
async def test_a_value_is_the_text_that_it_is_whatever_else_it_looks_like(index: ProductIndex, text: str) -> None:
    await index.put([a_document("A", attributes={"made": (text,)}), a_document("B", attributes={"made": ("by hand",)})])
    assert counts(await index.search(Question()), "made") == sorted([(text, 1), ("by hand", 1)])
    assert await names(index, attributes={"made": (text,)}) == ["A"]


async def test_sorts_are_what_they_say(index: ProductIndex) -> None:
    cheap, dear, middle = priced(["1.00", "3.00", "2.00"])
    await index.put(
        [
            cheap,
            a_document("new", created_at=LONG_AGO + timedelta(days=9), rating=Decimal("4.50"), rating_count=2),
            a_document("loved", rating=Decimal("4.51"), rating_count=1),
            a_document("known", rating=Decimal("4.50"), rating_count=3),
            dear,
            middle,
        ]
    )
    assert (await names(index, sort=Sort.PRICE))[:3] == ["n1.00", "n2.00", "n3.00"]
    assert (await names(index, sort=Sort.DEAREST))[-3:] == ["n3.00", "n2.00", "n1.00"]
    assert (await names(index, sort=Sort.NEWEST))[0] == "new"
    assert (await names(index, sort=Sort.RATING))[:3] == ["loved", "known", "new"]


async def test_prices_of_currencies_without_cents_are_compared_by_what_they_say(index: ProductIndex) -> None:
    await index.put(
        [
            a_document("yen", price=Money(900, "JPY")),
            a_document("dinar", price=Money(899_999, "BHD")),
            a_document("euro", price=Money(90_001, "EUR")),
        ]
    )
    assert await names(index, sort=Sort.PRICE) == ["dinar", "yen", "euro"]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_pages_neither_repeat_nor_skip(index: ProductIndex, sort: Sort, limit: int) -> None:
    everything = [a_document(f"Thing {n}", popularity=n % 3, rating=Decimal(n % 5)) for n in range(50)]
    for some in (everything[:20], everything[20:21], everything[21:]):
        await index.put(some)
    pages = await leaf(index, text="thing", sort=sort, limit=limit)
    assert sorted(name for page in pages for name in page) == sorted(one.name for one in everything)
    assert [len(page) for page in pages] == [limit] * (50 // limit) + ([50 % limit] if 50 % limit else [])


@pytest.mark.parametrize("sort", [Sort.PRICE, Sort.DEAREST, Sort.NEWEST, Sort.RATING])
async def test_a_page_of_a_sort_goes_on_where_the_last_one_ended_whatever_comes_and_goes(
    index: ProductIndex, sort: Sort
) -> None:
    documents = priced([f"{n}.00" for n in range(1, 21)])
    await index.put(documents)
    everything = await names(index, sort=sort, limit=20)
    first = await index.search(Question(sort=sort, limit=5))
    shown = set(named(first))
    await index.put([a_document("late", price=Money(5, "EUR"))], [one.id for one in documents if one.name in shown])
    rest = (await leaf(index, sort=sort, limit=100))[0]
    second = await index.search(Question(sort=sort, limit=100, after=first.next))
    assert [name for name in named(second) if name != "late"] == everything[5:] == [n for n in rest if n != "late"]


async def test_a_page_by_relevance_goes_on_behind_the_last_product_shown_wherever_it_has_moved(
    index: ProductIndex,
) -> None:
    documents = [a_document(f"Thing {n}", popularity=10**n) for n in range(12)]
    await index.put(documents)
    first = await index.search(Question(text="thing", limit=4))
    assert named(first) == [f"Thing {n}" for n in (11, 10, 9, 8)]
    await index.put([a_document("Thing above all", popularity=10**13)], [documents[11].id, documents[10].id])
    second = await index.search(Question(text="thing", limit=4, after=first.next))
    assert named(second) == [f"Thing {n}" for n in (7, 6, 5, 4)]


@pytest.mark.parametrize(
    "other", [{"text": "thing two"}, {"sort": Sort.DEAREST}, {"in_stock": True}, {"attributes": {"a": ("b",)}}]
)
async def test_a_cursor_is_of_one_search_alone(index: ProductIndex, other: dict[str, Any]) -> None:
    await index.put([a_document(f"Thing {n}") for n in range(3)])
    question: dict[str, Any] = {"text": "thing", "sort": Sort.PRICE, "limit": 1}
    found = await index.search(Question(**question))
    assert found.next is not None
    assert (await index.search(Question(**{**question, "limit": 2}, after=found.next))).total == 3
    with pytest.raises(UnfitCursor):
        await index.search(Question(**{**question, **other}, after=found.next))


@pytest.mark.parametrize(
    "cursor", ["", "x", "=", "AAAA", "é", "💥", "\ud800", "/////w", "a" * 200, "lcQIAAAAAAAAAAD_AAA"]
)
async def test_a_cursor_that_nobody_gave_is_refused(index: ProductIndex, cursor: str) -> None:
    await index.put([a_document("Dune")])
    with pytest.raises(UnfitCursor):
        await index.search(Question(after=cursor))


async def test_what_was_counted_once_is_counted_anew_when_something_changes(index: ProductIndex) -> None:
    await index.put([a_document("Odes", attributes={"language": ("en",)})])
    for _ in range(2):
        assert counts(await index.search(Question(text="odes")), "language") == [("en", 1)]
    await index.put([a_document("Odes too", attributes={"language": ("en",)})])
    for sort in Sort:
        assert counts(await index.search(Question(text="odes", sort=sort, limit=1)), "language") == [("en", 2)]
    assert counts(await index.search(Question(text="odes", in_stock=False)), "language") == []
