"""Creating a product: what is refused, who wins a race, what stands afterwards."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.shops import a_call
from tradewind.contexts.catalog._domain.product import InvalidProduct, Kind, SkuTaken, Status
from tradewind.contexts.catalog._domain.views import PriceView, ProductView
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.kernel.errors import Forbidden


def a_product(**different: Any) -> CreateProduct:
    """A command that would be obeyed."""
    usual = {"sku": "85123A", "name": "Holder", "category": "light", "amount": Decimal("2.55"), "currency": "GBP"}
    return CreateProduct(**{**usual, **different})


async def written(shop: Any) -> tuple[int, ...]:
    """How many products, prices, events and audit entries there are."""
    return tuple(
        await shop.db.pool.fetchrow(
            "SELECT (SELECT count(*) FROM catalog.products), (SELECT count(*) FROM pricing.product_price_history), "
            "(SELECT count(*) FROM runtime.outbox), (SELECT count(*) FROM runtime.audit_entry)"
        )
    )


async def test_a_customer_may_not_create_a_product(shop: Any) -> None:
    with pytest.raises(Forbidden):
        await shop.dispatch(a_product(), a_call("customer"))
    assert await written(shop) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("different", "pointer"),
    [
        ({"sku": ""}, "/sku"),
        ({"sku": "85123A\n"}, "/sku"),
        ({"sku": "../etc"}, "/sku"),
        ({"sku": "x" * 65}, "/sku"),
        ({"name": " Holder"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"category": "a\x07b"}, "/category"),
        ({"amount": Decimal(0)}, "/price/amount"),
        ({"amount": Decimal(-1)}, "/price/amount"),
        ({"amount": Decimal("1e10")}, "/price/amount"),
        ({"amount": Decimal("1e999999")}, "/price/amount"),
        ({"amount": Decimal("1.0000000000000000000000000000001")}, "/price/amount"),
        ({"amount": Decimal("2.555")}, "/price/amount"),
        ({"amount": Decimal("NaN")}, "/price/amount"),
        ({"currency": "gbp"}, "/price/currency"),
    ],
)
async def test_a_broken_rule_is_named_and_nothing_is_written(
    shop: Any, different: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidProduct) as refused:
        await shop.dispatch(a_product(**different), a_call("merchandiser"))
    assert [error["pointer"] for error in refused.value.facts["errors"]] == [pointer]
    assert await written(shop) == (0, 0, 0, 0)


async def test_every_broken_rule_is_named_at_once(shop: Any) -> None:
    with pytest.raises(InvalidProduct) as refused:
        await shop.dispatch(a_product(sku="", name="", category="", amount=Decimal(0)), a_call("merchandiser"))
    pointers = [error["pointer"] for error in refused.value.facts["errors"]]
    assert pointers == ["/sku", "/name", "/category", "/price/amount"]


async def test_a_sku_belongs_to_one_product(shop: Any) -> None:
    await shop.dispatch(a_product(), a_call("merchandiser"))
    before = await written(shop)
    with pytest.raises(SkuTaken) as refused:
        await shop.dispatch(a_product(name="Another"), a_call("merchandiser"))
    assert refused.value.facts == {"sku": "85123A"}
    assert await written(shop) == before


async def test_of_many_who_create_one_sku_at_once_one_wins(shop: Any) -> None:
    tries = [shop.dispatch(a_product(name=f"Holder {n}"), a_call("merchandiser")) for n in range(8)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, ProductView) for answer in answers) == 1
    assert sum(isinstance(answer, SkuTaken) for answer in answers) == 7
    assert await written(shop) == (1, 1, 2, 1)


async def test_a_product_is_created_with_its_price_and_told(shop: Any) -> None:
    created = await shop.dispatch(a_product(), a_call("merchandiser"))
    assert created == ProductView(
        id=created.id,
        sku="85123A",
        name="Holder",
        category="light",
        price=PriceView(amount=Decimal("2.55"), currency="GBP"),
    )
    told = await shop.db.pool.fetch("SELECT type, key FROM runtime.outbox ORDER BY position")
    assert [tuple(row) for row in told] == [
        ("ecommerce.product.product.created.v1", str(created.id)),
        ("ecommerce.pricing.price.changed.v1", str(created.id)),
    ]


async def test_a_product_is_physical_or_digital_and_a_draft_where_it_says_so(shop: Any) -> None:
    said: dict[str, Any] = {"description": "Of 300 pages.", "brand": "Penguin", "attributes": {"pages": 300}}
    book = await shop.dispatch(a_product(sku="BOOK", **said), a_call("merchandiser"))
    assert (book.kind, book.status, book.description, book.brand, book.attributes) == (
        Kind.PHYSICAL, Status.ACTIVE, "Of 300 pages.", "Penguin", {"pages": 300},
    )  # fmt: skip
    file = await shop.dispatch(a_product(sku="E-BOOK", kind=Kind.DIGITAL, status=Status.DRAFT), a_call("merchandiser"))
    assert (file.kind, file.status) == (Kind.DIGITAL, Status.DRAFT)
    told = await shop.db.pool.fetch(
        "SELECT payload->>'kind' AS kind, payload->>'status' AS status "
        "FROM runtime.outbox WHERE type LIKE '%product.created%' ORDER BY position"
    )
    assert [tuple(row) for row in told] == [("PHYSICAL", "ACTIVE"), ("DIGITAL", "DRAFT")]
