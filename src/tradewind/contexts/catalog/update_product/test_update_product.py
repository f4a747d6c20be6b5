"""Saying something else of a product: what is refused, who comes first, what is told; and what is sold when."""

import asyncio
import json
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.catalog._domain.product import LIFECYCLE, InvalidProduct, NoSuchProduct, Status
from tradewind.contexts.catalog.conftest import TOLD, Shelf
from tradewind.contexts.catalog.create_category.command import CreateCategory
from tradewind.contexts.catalog.get_product.query import FindProduct, GetProduct
from tradewind.contexts.catalog.list_products.query import ListProducts
from tradewind.contexts.catalog.update_product.command import UpdateProduct
from tradewind.contracts.pricing import PricingPeer
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove
from tradewind.kernel.versions import Outdated


async def is_sold(shelf: Shelf, sku: str) -> bool:
    """Whether pricing has a price that an order could be placed at."""
    async with shelf.shop.db.reading(a_call()) as tx:
        return sku in await tx.peer(PricingPeer).prices(tx, [sku], [])


async def test_a_customer_changes_no_product(shelf: Shelf) -> None:
    lamp = await shelf.product()
    before = await shelf.written()
    with pytest.raises(Forbidden):
        await shelf.do(UpdateProduct(product_id=lamp.id, name="Mine"), "customer")
    assert await shelf.written() == before


async def test_an_unknown_product_cannot_be_changed(shelf: Shelf) -> None:
    with pytest.raises(NoSuchProduct):
        await shelf.do(UpdateProduct(product_id=new_id(), name="x"))


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"name": " Lamp"}, "/name"),
        ({"category": ""}, "/category"),
        ({"brand": "x" * 101}, "/brand"),
        ({"description": "x" * 10_001}, "/description"),
        ({"description": "a\x00b"}, "/description"),
        ({"attributes": {str(n): 1 for n in range(51)}}, "/attributes"),
        ({"attributes": {"a/b~c ": 1}}, "/attributes/a~1b~0c "),
        ({"attributes": {"watt": float("nan")}}, "/attributes/watt"),
        ({"attributes": {"watt": 1e16}}, "/attributes/watt"),
        ({"attributes": {"colour": ""}}, "/attributes/colour"),
    ],
)
async def test_a_broken_rule_is_named_and_nothing_is_written(shelf: Shelf, said: dict[str, Any], pointer: str) -> None:
    lamp = await shelf.product()
    before = await shelf.written()
    with pytest.raises(InvalidProduct) as refused:
        await shelf.do(UpdateProduct(product_id=lamp.id, **said))
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]
    assert await shelf.written() == before


async def test_whoever_looked_at_an_older_version_is_told_so(shelf: Shelf) -> None:
    lamp = await shelf.product()
    await shelf.do(UpdateProduct(product_id=lamp.id, expected=1, name="Bright lamp"))
    before = await shelf.written()
    with pytest.raises(Outdated) as refused:
        await shelf.do(UpdateProduct(product_id=lamp.id, expected=1, name="Dim lamp"))
    assert refused.value.facts == {"version": 2}
    assert await shelf.written() == before


async def test_of_many_who_change_one_version_at_once_one_wins(shelf: Shelf) -> None:
    lamp = await shelf.product()
    tries = [shelf.do(UpdateProduct(product_id=lamp.id, expected=1, name=f"Lamp {n}")) for n in range(8)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    winners = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert (len(winners), sum(isinstance(answer, Outdated) for answer in answers)) == (1, 7)
    seen = await shelf.do(GetProduct(product_id=lamp.id))
    assert (seen.name, seen.version) == (winners[0].name, 2)


async def test_what_changes_nothing_is_no_change(shelf: Shelf) -> None:
    lamp = await shelf.product(brand="Lux", attributes={"watt": 4})
    before = await shelf.written()
    same = UpdateProduct(product_id=lamp.id, name="Lamp", brand="Lux", attributes={"watt": 4.0}, status=Status.ACTIVE)
    assert (await shelf.do(same)).version == 1
    assert await shelf.written() == before


async def test_a_change_is_shown_told_whole_and_audited(shelf: Shelf) -> None:
    lamp = await shelf.product()
    light = await shelf.do(CreateCategory(name="Light"))
    indoors = await shelf.do(CreateCategory(name="Indoors", parent_id=light.id))
    said: dict[str, Any] = {
        "name": "Reading lamp",
        "description": "Reads\nfor you.",
        "brand": "Lux",
        "attributes": {"watt": 4.5, "dims": True, "colour": "red"},
    }
    changed = await shelf.do(UpdateProduct(product_id=lamp.id, expected=1, category="light/indoors", **said))
    assert (changed.name, changed.version, changed.attributes) == ("Reading lamp", 2, said["attributes"])
    assert (changed.category, changed.category_id, changed.category_path) == (
        "Indoors", indoors.id, ("light", "indoors"),
    )  # fmt: skip
    row = (await shelf.shop.db.pool.fetch(TOLD, str(lamp.id)))[-1]
    told = json.loads(row["payload"])
    assert row["type"] == "ecommerce.product.product.updated.v1"
    assert {name: told[name] for name in said} == said
    assert (told["categoryPath"], told["category"], told["version"], told["status"]) == (
        ["light", "indoors"], "Indoors", 2, "ACTIVE",
    )  # fmt: skip
    audited = await shelf.shop.db.pool.fetchval("SELECT facts::text FROM runtime.audit_entry ORDER BY id DESC LIMIT 1")
    assert json.loads(audited)["said"] == ["attributes", "brand", "category", "description", "name"]


@pytest.mark.parametrize("source", list(Status))
@pytest.mark.parametrize("target", list(Status))
async def test_a_product_moves_as_its_table_says_and_is_sold_only_while_active(
    shelf: Shelf, source: Status, target: Status
) -> None:
    lamp = await shelf.product(status=Status.ACTIVE if source is Status.ARCHIVED else source)
    if source is Status.ARCHIVED:
        await shelf.do(UpdateProduct(product_id=lamp.id, status=source))
    move = UpdateProduct(product_id=lamp.id, status=target)
    if source is target or any((source, target) == (one, other) for one, _, other in LIFECYCLE.arrows):
        assert (await shelf.do(move)).status is target
        assert await is_sold(shelf, "LAMP") is (target is Status.ACTIVE)
    else:
        before = await shelf.written()
        with pytest.raises(IllegalMove):
            await shelf.do(move)
        assert await shelf.written() == before


async def test_a_draft_is_seen_by_staff_alone(shelf: Shelf) -> None:
    lamp = await shelf.product(status=Status.DRAFT)
    for hidden in (GetProduct(product_id=lamp.id), FindProduct(sku="LAMP")):
        with pytest.raises(NoSuchProduct):
            await shelf.do(hidden, "anonymous")
        assert (await shelf.do(hidden)).status is Status.DRAFT
    assert (await shelf.do(ListProducts(sku="LAMP"), "anonymous")).items == ()
    with pytest.raises(Forbidden):
        await shelf.do(ListProducts(status=(Status.DRAFT,)), "customer")
    assert [one.sku for one in (await shelf.do(ListProducts(status=(Status.DRAFT,)))).items] == ["LAMP"]
