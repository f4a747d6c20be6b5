"""From an empty cart to a paid order, as scripts do it: over HTTP, as a guest."""

from typing import Any

import pytest

from tests.markets import Market, Person

pytestmark = pytest.mark.xdist_group("journeys")
ADDRESS = {"country": "GB", "line1": "1 Main Street", "city": "London", "postalCode": "SW1A 1AA"}


async def a_cart(person: Person, *skus: str, word: str = "carts") -> str:
    """A cart with two of each; its address."""
    opened = await person.post(f"/api/v1/{word}")
    assert (opened.status_code, set(opened.json())) == (201, {"id", "version"})
    assert opened.headers["Location"] == f"/api/v1/{word}/{opened.json()['id']}"
    for sku in skus:
        added = await person.post(f"{opened.headers['Location']}/lines", {"sku": sku, "qty": 2})
        assert added.status_code == 201, added.text
    return str(opened.headers["Location"])


async def a_quote(person: Person, cart: str) -> Any:
    """A quote to London."""
    wish = {"email": "guest@home.test", "shippingAddress": ADDRESS, "shippingMethod": "standard", "coupons": []}
    quoted = await person.post(f"{cart}/quote", wish)
    assert quoted.status_code == 201, quoted.text
    return quoted.json()


async def test_a_guest_fills_a_cart_is_quoted_and_pays_exactly_that(market: Market) -> None:
    guest, skus = market.somebody(), [await market.goods(5), await market.goods(5, price="3.99")]
    cart = await a_cart(guest, *skus)
    quote = await a_quote(guest, cart)
    body = {"quoteToken": quote["token"], "paymentMethod": "simulated:approve"}
    done = await guest.post(f"{cart}/checkout", body, Prefer="wait=20", Idempotency_Key="once")
    assert done.status_code == 201, done.text
    order = done.json()
    assert done.headers["Location"] == f"/api/v1/orders/{order['id']}"
    assert order["status"] in ("CONFIRMED", "PAID")
    assert (order["totalAmount"], order["currency"]) == (quote["total"], quote["currency"])
    assert quote["explanation"]["amount"] == quote["total"]
    again = await guest.post(f"{cart}/checkout", body, Idempotency_Key="once")
    assert (again.status_code, again.json()["id"]) == (201, order["id"])
    other_key = await guest.post(f"{cart}/checkout", body, Idempotency_Key="twice")
    assert (other_key.status_code, other_key.json()["type"]) == (409, "/problems/cart-closed")
    assert other_key.json()["orderId"] == order["id"]
    looked = (await guest.get(cart)).json()
    assert (looked["status"], looked["orderId"]) == ("CHECKED_OUT", order["id"])


async def test_a_stale_device_gets_412_and_changes_nothing(market: Market) -> None:
    buyer, sku = market.somebody("customer"), await market.goods(5)
    cart = await a_cart(buyer, sku)
    looked = await buyer.get(cart)
    line = f"{cart}/lines/{sku}"
    won = await buyer.send("PUT", line, {"qty": 3}, If_Match=looked.headers["ETag"])
    assert (won.status_code, won.json()["version"]) == (200, 3)
    for method, body in (("PUT", {"qty": 4}), ("DELETE", None)):
        lost = await buyer.send(method, line, body, If_Match=looked.headers["ETag"])
        assert (lost.status_code, lost.json()["type"], lost.json()["version"]) == (412, "/problems/outdated", 3)
    assert [(one["qty"], one["inStock"]) for one in (await buyer.get(cart)).json()["items"]] == [(3, True)]
    gone = await buyer.send("DELETE", line)
    assert (gone.status_code, gone.json()["items"]) == (200, [])


async def test_a_cart_changed_since_and_a_place_nobody_reaches_are_told_clearly(market: Market) -> None:
    guest, sku = market.somebody(), await market.goods(9)
    cart = await a_cart(guest, sku)
    quote = await a_quote(guest, cart)
    await guest.post(f"{cart}/lines", {"sku": sku, "qty": 1})
    outdated = await guest.post(f"{cart}/checkout", {"quoteToken": quote["token"]})
    assert (outdated.status_code, outdated.json()["type"]) == (409, "/problems/quote-outdated")
    wish = {"email": "a@b.test", "shippingMethod": "standard", "shippingAddress": ADDRESS | {"country": "AQ"}}
    nowhere = await guest.post(f"{cart}/quote", wish)
    assert (nowhere.status_code, nowhere.json()["type"]) == (422, "/problems/no-carriage")
    unknown = await guest.post(f"{cart}/lines", {"sku": "NOTHING", "qty": 1})
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/unknown-product")


async def test_a_basket_is_a_cart(market: Market) -> None:
    guest, sku = market.somebody(), await market.goods(5)
    basket = await a_cart(guest, sku, word="baskets")
    listed = (await guest.get("/api/v1/baskets")).json()["items"]
    same = (await guest.get(basket.replace("baskets", "carts"))).json()
    assert [one["id"] for one in listed] == [same["id"]]
    assert (await guest.send("DELETE", f"{basket}/lines/{sku}")).status_code == 200
    assert (await market.nobody.get("/api/v1/baskets")).status_code == 401
    rates = (await market.nobody.get("/api/v1/shipping/rates?country=GB")).json()
    assert {one["method"] for one in rates["items"]} == {"standard", "express", "pickup"}
