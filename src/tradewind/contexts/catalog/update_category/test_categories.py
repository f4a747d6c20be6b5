"""The tree of categories: what may grow where, what moves along, and what products are found below."""

import asyncio

import pytest

from tradewind.contexts.catalog._domain.category import (
    MAX_DEPTH,
    CategoryInItself,
    InvalidCategory,
    NoSuchCategory,
    SlugTaken,
    TreeFull,
    slug_of,
)
from tradewind.contexts.catalog._domain.views import CategoryView
from tradewind.contexts.catalog.conftest import Shelf
from tradewind.contexts.catalog.create_category.command import CreateCategory
from tradewind.contexts.catalog.get_product.query import FindProduct
from tradewind.contexts.catalog.list_categories.query import ListCategories
from tradewind.contexts.catalog.list_products.query import ListProducts
from tradewind.contexts.catalog.update_category.command import UpdateCategory
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.versions import Outdated


async def grown(shelf: Shelf) -> tuple[CategoryView, CategoryView, CategoryView]:
    """books / fiction / crime."""
    books = await shelf.do(CreateCategory(name="Books"))
    fiction = await shelf.do(CreateCategory(name="Fiction", parent_id=books.id))
    return books, fiction, await shelf.do(CreateCategory(name="Crime", parent_id=fiction.id))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Kinder- & Jugendbücher", "kinder-jugendbucher"),
        ("  --A--B  ", "a-b"),
        ("1990s", "1990s"),
        ("x" * 120, "x" * 100),
    ],
)
def test_a_slug_is_made_from_a_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_name_without_latin_letters_has_a_slug_of_its_own() -> None:
    assert slug_of("科幻") != slug_of("历史")
    assert slug_of("科幻").startswith("c-")


async def test_what_cannot_grow_is_refused_and_nothing_is_written(shelf: Shelf) -> None:
    books, *_ = await grown(shelf)
    before = await shelf.written()
    for command, refusal in [
        (CreateCategory(name=" x"), InvalidCategory),
        (CreateCategory(name="x", slug="No Slug"), InvalidCategory),
        (CreateCategory(name="x", parent_id=new_id()), NoSuchCategory),
        (CreateCategory(name="books"), SlugTaken),
        (CreateCategory(name="Other", slug="fiction", parent_id=books.id), SlugTaken),
    ]:
        with pytest.raises(refusal):
            await shelf.do(command)
    with pytest.raises(Forbidden):
        await shelf.do(CreateCategory(name="x"), "customer")
    assert await shelf.written() == before


async def test_a_category_cannot_be_moved_below_itself_nor_onto_another(shelf: Shelf) -> None:
    books, fiction, crime = await grown(shelf)
    await shelf.do(CreateCategory(name="Crime"))
    before = await shelf.written()
    for category, parent, refusal in [
        (books, books.id, CategoryInItself),
        (books, crime.id, CategoryInItself),
        (fiction, crime.id, CategoryInItself),
        (fiction, new_id(), NoSuchCategory),
        (crime, None, SlugTaken),
    ]:
        with pytest.raises(refusal):
            await shelf.do(UpdateCategory(category_id=category.id, parent_id=parent))
    with pytest.raises(Outdated):
        await shelf.do(UpdateCategory(category_id=books.id, expected=2, name="x"))
    with pytest.raises(NoSuchCategory):
        await shelf.do(UpdateCategory(category_id=new_id(), name="x"))
    assert await shelf.written() == before


async def test_two_moves_at_once_make_no_circle(shelf: Shelf) -> None:
    one, other = await shelf.do(CreateCategory(name="One")), await shelf.do(CreateCategory(name="Other"))
    moves = [(one.id, other.id), (other.id, one.id)]
    answers = await asyncio.gather(
        *(shelf.do(UpdateCategory(category_id=child, parent_id=parent)) for child, parent in moves),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, CategoryInItself) for answer in answers) == 1


async def test_the_tree_has_a_depth_that_is_kept(shelf: Shelf) -> None:
    parent_id = None
    for depth in range(MAX_DEPTH):
        parent_id = (await shelf.do(CreateCategory(name=f"Level {depth}", parent_id=parent_id))).id
    with pytest.raises(TreeFull):
        await shelf.do(CreateCategory(name="too deep", parent_id=parent_id))
    top = await shelf.do(CreateCategory(name="top"))
    (deepest, *_) = [one for one in (await shelf.do(ListCategories())).items if one.parent_id is None]
    with pytest.raises(TreeFull):
        await shelf.do(UpdateCategory(category_id=deepest.id, parent_id=top.id))


async def test_what_is_below_moves_along_and_is_told(shelf: Shelf) -> None:
    books, fiction, crime = await grown(shelf)
    media = await shelf.do(CreateCategory(name="Media"))
    await shelf.do(UpdateCategory(category_id=fiction.id, expected=1, parent_id=media.id, name="Novels", slug="novels"))
    paths = {one.id: (one.path, one.version) for one in (await shelf.do(ListCategories(), "anonymous")).items}
    assert paths == {
        books.id: ("books", 1),
        media.id: ("media", 1),
        fiction.id: ("media/novels", 2),
        crime.id: ("media/novels/crime", 2),
    }
    assert await shelf.told(crime.id) == ["category.created", "category.updated"]
    assert await shelf.told(books.id) == ["category.created"]


async def test_products_are_found_in_a_category_and_in_all_below_it(shelf: Shelf) -> None:
    _, fiction, _ = await grown(shelf)
    await shelf.product("ATLAS", category="books")
    await shelf.product("NOVEL", category="books/fiction")
    await shelf.product("WHODUNIT", category="books/fiction/crime")
    await shelf.product("LABEL", category="no such category")

    async def found(category: str) -> list[str]:
        return [one.sku for one in (await shelf.do(ListProducts(category=category), "anonymous")).items]

    assert await found("books") == await found("Books") == ["ATLAS", "NOVEL", "WHODUNIT"]
    assert await found("books/fiction") == ["NOVEL", "WHODUNIT"]
    assert await found("no such category") == ["LABEL"]
    assert await found("books/nothing") == []
    await shelf.do(UpdateCategory(category_id=fiction.id, name="Novels"))
    seen = await shelf.do(FindProduct(sku="NOVEL"))
    assert (seen.category, seen.category_path, seen.version) == ("Novels", ("books", "fiction"), 1)


async def test_the_tree_is_listed_as_a_menu_shows_it(shelf: Shelf) -> None:
    for name, position in (("Zoo", 0), ("Arts", 1), ("Books", 1)):
        await shelf.do(CreateCategory(name=name, position=position))
    books = next(one for one in (await shelf.do(ListCategories())).items if one.slug == "books")
    await shelf.do(CreateCategory(name="Inner", parent_id=books.id))
    assert [one.path for one in (await shelf.do(ListCategories())).items] == ["zoo", "arts", "books", "books/inner"]
