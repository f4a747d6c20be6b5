"""What carriage costs, and where nobody carries anything."""

from decimal import Decimal

import pytest

from tests.shops import Shop, a_call
from tradewind.contexts.shipping.quote_rates.query import NoCarriage, QuoteRates
from tradewind.contracts.shipping import ShippingPeer


@pytest.mark.parametrize(
    ("country", "currency", "why"),
    [
        ("AQ", "EUR", "Nobody carries goods to Antarctica."),
        ("ZZ", "EUR", "There is no such country."),
        ("DE", "XTS", "There are no rates in XTS."),
    ],
)
async def test_where_nobody_carries_goods_is_said_clearly(shop: Shop, country: str, currency: str, why: str) -> None:
    with pytest.raises(NoCarriage) as refused:
        await shop.dispatch(QuoteRates(country=country, currency=currency), a_call("anonymous"))
    assert refused.value.detail == why
    async with shop.db.reading(a_call("system")) as tx:
        assert not await tx.peer(ShippingPeer).rates(tx, country if country != "ZZ" else "AQ", {"A": 1}, currency)


@pytest.mark.parametrize(
    ("country", "currency", "pieces", "prices"),
    [
        ("DE", "EUR", 1, {"pickup": "0.00", "standard": "4.90", "express": "9.90"}),
        ("DE", "EUR", 3, {"pickup": "0.00", "standard": "5.30", "express": "10.90"}),
        ("FR", "EUR", 1, {"standard": "9.90", "express": "19.90"}),
        ("JP", "JPY", 2, {"standard": "3424", "express": "6864"}),
        ("KW", "KWD", 1, {"standard": "5.970", "express": "11.970"}),
    ],
)
async def test_a_rate_is_flat_and_so_much_for_each_further_piece(
    shop: Shop, country: str, currency: str, pieces: int, prices: dict[str, str]
) -> None:
    seen = await shop.dispatch(QuoteRates(country=country, currency=currency, pieces=pieces), a_call("guest"))
    assert {one.method: one.price for one in seen.items} == {name: Decimal(price) for name, price in prices.items()}
    assert [one.price for one in seen.items] == sorted(one.price for one in seen.items)
