"""What a text finds, and what comes first: every adapter's promise."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.search.conftest import a_document, named, names
from tradewind.adapters.search import synonyms as lists
from tradewind.kernel.ids import new_id
from tradewind.ports.search import MAX_TEXT, ProductIndex, Question, Sort

SYNTAX = [
    '"', '"unbalanced', "a AND", "OR", "NOT NOT", "(((", ")", "name:", "name:*", "*", "?", "~", "~2", "a~99", "^", "a^",
    "[a TO", "{* TO *}", "/regex(/", "\\", "\\\\", "+-!(){}[]^~*?:\\/", "&&", "||", "<script>alert(1)</script>",
    "'; DROP TABLE x; --", "${7*7}", "{{7*7}}", "%00", "%", "_", "a\x00b",
    "\ud800", "\u202e\u200d", "💥" * 50, "é" * 300, "a " * 300, "0" * 5000,
    "id:* OR 1=1", "attributes.x:1", "IN [a b]", "a..b", "-", "--", "—", "ﬁ", "İ", "ß", " ", "\t\n", "."
]  # fmt: skip


@pytest.mark.parametrize("text", SYNTAX)
async def test_there_is_no_syntax_that_could_be_wrong(index: ProductIndex, text: str) -> None:
    await index.put([a_document("Dune")])
    for sort in Sort:
        found = await index.search(Question(text=text, sort=sort))
        assert found.total in (0, 1)
    assert len(await index.suggest(text, 5)) <= 1


async def test_a_text_is_cut_where_it_is_too_long(index: ProductIndex) -> None:
    await index.put([a_document("Dune")])
    assert await names(index, "dune" + " " * MAX_TEXT + "nowhere") == ["Dune"]


async def test_nothing_is_found_of_words_that_nobody_uses(index: ProductIndex) -> None:
    await index.put([a_document("Dune"), a_document("Emma")])
    found = await index.search(Question(text="xyzzyx"))
    assert (found.items, found.total, found.facets, found.next) == ((), 0, {}, None)


async def test_no_text_and_one_without_words_list_everything(index: ProductIndex) -> None:
    await index.put([a_document("Dune", popularity=5), a_document("Emma", popularity=50)])
    assert await names(index) == await names(index, "  ") == await names(index, "?!") == ["Emma", "Dune"]


async def test_the_whole_name_comes_first_then_its_words_in_order_then_makers_then_the_rest(
    index: ProductIndex,
) -> None:
    ranked = [
        a_document("Silent Spring"),
        a_document("A Silent Spring Evening"),
        a_document("Spring and the Silent Wood"),
        a_document("Gardens", makers=("Silent Spring Press",)),
        a_document("Birds", description="A silent spring without birds in the country, told at some length."),
    ]
    await index.put([*ranked[::-1], *(a_document(f"Teapot {n}") for n in range(100))])
    assert await names(index, "silent spring") == [one.name for one in ranked]


async def test_among_equals_the_more_popular_comes_first(index: ProductIndex) -> None:
    editions = [a_document("Emma", sku=f"E{n}", popularity=n) for n in (3, 70_000, 200)]
    await index.put(editions)
    found = await index.search(Question(text="emma"))
    assert [item.popularity for item in found.items] == [70_000, 200, 3]


@pytest.mark.parametrize("text", ["running shoe", "RUNNING SHOES", "runs shoes", "shoes for running", "Rünning shöes"])
async def test_words_are_found_in_other_forms(index: ProductIndex, text: str) -> None:
    await index.put([a_document("Running Shoes"), a_document("Teapot")])
    assert await names(index, text) == ["Running Shoes"]


@pytest.mark.parametrize(
    "text",
    [
        "mockingbidr", "mockingbrd", "mockingbirrd", "mockingbirt", "omckingbird",  # each in another way
        "kill mockngbird", "mockingbird lei", "harpre lee", "lee harper",
    ],
)  # fmt: skip
async def test_a_word_may_be_one_letter_off(index: ProductIndex, text: str) -> None:
    book = a_document("To Kill a Mockingbird", makers=("Harper Lee",))
    await index.put([book, a_document("Teapot"), a_document("Catalogue of Cats", makers=("Ann Cole",))])
    assert await names(index, text) == ["To Kill a Mockingbird"]


async def test_the_word_as_it_was_written_comes_before_one_that_is_a_letter_off(index: ProductIndex) -> None:
    await index.put([a_document("Heart"), a_document("Heard"), a_document("Hearth")])
    assert (await names(index, "heard "))[0] == "Heard"
    assert (await names(index, "hearth "))[0] == "Hearth"


@pytest.mark.parametrize("text", ["d", "du", "dun", "dune m", "dune mess", "dune messih", "frank h", "herb"])
async def test_the_last_word_may_be_a_beginning(index: ProductIndex, text: str) -> None:
    await index.put([a_document("Dune Messiah", makers=("Frank Herbert",)), a_document("Teapot")])
    assert await names(index, text) == ["Dune Messiah"]


async def test_a_word_before_a_space_is_finished(index: ProductIndex) -> None:
    await index.put([a_document("Dune Messiah")])
    assert await names(index, "dun ") == ["Dune Messiah"]  # one letter off
    assert await names(index, "mess ") == []


@pytest.mark.parametrize("text", ["television", "televisions", "telly stand", "sci-fi", "science fiction", "scifi"])
async def test_synonyms_of_the_house_are_found(index: ProductIndex, text: str) -> None:
    await index.put([a_document("TV Stand"), a_document("The Best Sci Fi Stories")])
    expected = "The Best Sci Fi Stories" if text.startswith("sci") else "TV Stand"
    assert await names(index, text) == [expected]


async def test_what_was_said_comes_before_its_synonym(index: ProductIndex) -> None:
    await index.put([a_document("Couch"), a_document("Sofa")])
    assert (await names(index, "sofa"), await names(index, "couch")) == (["Sofa", "Couch"], ["Couch", "Sofa"])


async def test_the_owners_synonyms_count_as_soon_as_they_are_written(
    index: ProductIndex, synonyms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LOOK_EVERY_S", 0)
    await index.put([a_document("Widget"), a_document("Gizmo")])
    assert await names(index, "gizmo") == ["Gizmo"]
    synonyms.write_text("# ours\ngizmo => widget, gadget\n=>\n,,\n\n")
    assert (await names(index, "gizmo"), await names(index, "widget")) == (["Gizmo", "Widget"], ["Widget"])
    synonyms.write_bytes(b"\xff\xfe widget, gizmo")
    os.utime(synonyms, ns=(1, 1))
    assert await names(index, "widget") == ["Widget", "Gizmo"]
    synonyms.unlink()
    assert await names(index, "widget") == ["Widget"]


@pytest.mark.parametrize("text", ["j.r.r. tolkien", "jrr tolkien", "j r r tolkien", "JRR Tolkein", "tolkiens"])
async def test_initials_are_found_however_they_are_written(index: ProductIndex, text: str) -> None:
    await index.put([a_document("The Hobbit", makers=("J.R.R. Tolkien",)), a_document("Teapot")])
    assert await names(index, text) == ["The Hobbit"]


@pytest.mark.parametrize(
    "text", ["philosophers stone", "philosopher's stone", "Philosopher’s Stone", "philosopher stone"]
)
async def test_apostrophes_do_not_matter(index: ProductIndex, text: str) -> None:
    await index.put([a_document("Harry and the Philosopher's Stone"), a_document("Teapot")])
    assert await names(index, text) == ["Harry and the Philosopher's Stone"]


async def test_a_sku_finds_its_product_first(index: ProductIndex) -> None:
    await index.put([a_document("Emma", sku="GB-12"), a_document("Dune", sku="GB-123"), a_document("Rooms", sku="X-1")])
    assert (await names(index, "gb-12"))[0] == "Emma"
    assert (await names(index, "GB-123"))[0] == "Dune"


async def test_one_word_of_four_may_be_missing_and_all_but_one_where_nothing_else_is_found(index: ProductIndex) -> None:
    await index.put([a_document("The Great Gatsby"), a_document("Great Expectations")])
    assert await names(index, "the great gatsby hardcover") == ["The Great Gatsby"]
    assert await names(index, "gatsby qqqq") == ["The Great Gatsby"]


async def test_suggestions_go_on_from_what_was_typed_and_name_each_name_once(index: ProductIndex) -> None:
    await index.put(
        [a_document("Dune", sku=f"D{n}", popularity=n) for n in range(3)]
        + [a_document("Dune Messiah", popularity=100), a_document("Teapot")]
    )
    suggested = await index.suggest("dun", 5)
    assert sorted(one.name for one in suggested) == ["Dune", "Dune Messiah"]
    assert [one.sku for one in suggested if one.name == "Dune"] == ["D2"]
    assert len(await index.suggest("dun", 1)) == 1


async def test_a_name_is_suggested_where_the_most_relevant_of_its_products_stands(index: ProductIndex) -> None:
    await index.put([
        a_document("Dune", sku="FIRST", popularity=1_000_000),
        a_document("Dune Messiah", popularity=1_000),
        a_document("Dune", sku="LAST", popularity=0),
    ])  # fmt: skip
    assert await names(index, "dun") == ["Dune", "Dune Messiah", "Dune"]
    assert [one.name for one in await index.suggest("dun", 5)] == ["Dune", "Dune Messiah"]
    assert [one.sku for one in await index.suggest("dun", 1)] == ["FIRST"]


async def test_what_was_put_comes_back_as_it_was_but_for_its_description(index: ProductIndex) -> None:
    whole: dict[str, Any] = {
        "description": "Long.", "makers": ("Ann",), "category": "Books", "categories": ("books", "books/poetry"),
        "attributes": {"language": ("en", "fr")}, "rating_count": 3, "popularity": 9, "image": "/i/1.webp",
    }  # fmt: skip
    document = a_document("Dune", id=new_id(), **whole)
    await index.put([document])
    (item,) = (await index.search(Question(text="dune"))).items
    assert item == a_document("Dune", **{**whole, "id": document.id, "description": ""})
    assert named(await index.search(Question(text="long"))) == ["Dune"]
