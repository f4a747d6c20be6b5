"""What the sentences in tests/journeys/features mean: steps through a served shop. Loaded by the root conftest."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_bdd import given, parsers, then, when

from tests.journeys.shopping import PASSWORD, Shopper, Story, adds_up, eventually, reasons
from tests.markets import Market
from tradewind.kernel.clock import now


@pytest.fixture
def story(market: Market) -> Iterator[Story]:
    told = Story(market)
    with told.http:
        yield told


@given(parsers.parse('the shop sells "{name}" for {amount} {currency}, {stock:d} in stock'))
def _sells(story: Story, name: str, amount: str, currency: str, stock: int) -> None:
    story.sell(name, amount, currency, stock)


@given("a guest")
def _guest(story: Story) -> None:
    story.shopper.become_guest()


@given("somebody with an account")
def _account(story: Story) -> None:
    _register_and_log_in(story)


@given(parsers.parse("a coupon that takes {percent:d} percent off"))
def _coupon(story: Story, percent: int) -> None:
    merchant = story.staff("merchandiser")
    story.coupon = f"TEN-{story.word}".upper()
    promotion = merchant.told("POST", "/api/v1/promotions", promotion_of(percent, story))
    merchant.told("POST", f"/api/v1/promotions/{promotion['id']}/coupons", {"code": story.coupon})
    merchant.told("POST", f"/api/v1/promotions/{promotion['id']}/activate")


def promotion_of(percent: int, story: Story) -> dict[str, object]:
    """What a merchant writes to take some percent off whatever is in the cart."""
    return {
        "name": f"Ten off {story.word}",
        "benefit": {"kind": "PERCENTAGE", "percent": percent},
        "needsCoupon": True,
    }


@when(parsers.parse('they search for "{words}"'))
@when(parsers.parse('a guest searches for "{words}"'))
def _search(story: Story, words: str) -> None:
    story.search(words)


@then(parsers.parse('the first hit is "{name}" for {amount} {currency}'))
def _first_hit(story: Story, name: str, amount: str, currency: str) -> None:
    first = story.hits[0]
    assert (first["sku"], first["name"]) == (story.skus[name], story.named(name))
    assert price_of(first) == (Decimal(amount), currency)


def price_of(shown: dict[str, object]) -> tuple[Decimal, object]:
    """Amount and currency, wherever a view puts the latter."""
    price = shown["price"]
    if isinstance(price, dict):
        return Decimal(str(price["amount"])), price["currency"]
    return Decimal(str(price)), shown.get("currency")


@when(parsers.parse('they put {quantity:d} of "{name}" into a cart'))
@when(parsers.parse('they put {quantity:d} of "{name}" into the cart'))
def _into_cart(story: Story, quantity: int, name: str) -> None:
    story.shopper.put_into_cart(story.skus[name], quantity)


@when("they ask what it costs to send it to Germany")
def _quote(story: Story) -> None:
    story.shopper.ask_for_quote()


@when("they ask what it costs to send it to Germany with the coupon")
def _quote_with_coupon(story: Story) -> None:
    story.shopper.ask_for_quote(story.coupon)


@then("every step of the price adds up")
def _adds_up(story: Story) -> None:
    quote = story.shopper.quote
    assert adds_up(quote["explanation"])
    assert Decimal(str(quote["explanation"]["amount"])) == quote["total"]


@then(parsers.parse("{amount} {currency} come off and the explanation says why"))
def _comes_off(story: Story, amount: str, currency: str) -> None:
    quote = story.shopper.quote
    assert (quote["discount"], quote["currency"]) == (Decimal(amount), currency)
    assert f"Ten off {story.word}" in reasons(quote["explanation"])


@when("they check out and pay")
def _check_out(story: Story) -> None:
    answer = story.shopper.check_out()
    assert answer.status_code == 201, answer.text
    story.shopper.order = answer.json()


@then("the order is confirmed at exactly that price")
def _confirmed(story: Story) -> None:
    def look() -> object:
        seen = story.order_of(story.shopper)
        return seen if seen["status"] in ("CONFIRMED", "PAID") else None

    seen = eventually(look)
    assert (seen["totalAmount"], seen["currency"]) == (story.shopper.quote["total"], story.shopper.quote["currency"])


@then(parsers.parse('{left:d} of "{name}" are left'))
def _left(story: Story, left: int, name: str) -> None:
    shelf = f"/api/v1/inventory/{story.skus[name]}"  # another process may have to hear of it first
    eventually(lambda: story.staff("admin").told("GET", shelf)["available"] == left)


@when(parsers.parse('the merchant changes the price of "{name}" to {amount} {currency}'))
def _reprice(story: Story, name: str, amount: str, currency: str) -> None:
    body = {"amount": float(amount), "currency": currency, "reason": "a test of patience"}
    story.staff("merchandiser").told("PUT", f"/api/v1/products/{story.ids[name]}/price", body)


@then(parsers.parse('checking out is refused as "{problem}"'))
def _refused(story: Story, problem: str) -> None:
    answer = story.shopper.check_out()
    assert (answer.status_code, answer.json()["type"]) == (409, f"/problems/{problem}")


@then("checking out is refused as a conflict")
def _conflict(story: Story) -> None:
    assert story.shopper.check_out().status_code == 409


@then("somebody else does not find the cart")
def _not_theirs(story: Story) -> None:
    other = Shopper(story.http)
    other.become_guest()
    assert other.send("GET", f"/api/v1/carts/{story.shopper.cart}").status_code == 404
    line = {"sku": next(iter(story.skus.values())), "qty": 1}
    assert other.send("POST", f"/api/v1/carts/{story.shopper.cart}/lines", line).status_code == 404


@when("they register, prove their address and log in")
def _register_and_log_in(story: Story) -> None:
    guest = story.shopper.token
    _register(story)
    _prove(story)
    _log_in(story, guest)


def _register(story: Story) -> None:
    body = {"email": story.shopper.address, "password": PASSWORD}
    assert story.shopper.http.post("/api/v1/auth/register", json=body).status_code in (200, 201, 202)


@when("they prove their address")
def _prove(story: Story) -> None:
    token = story.mail_to(story.shopper.address, "address")
    answer = story.http.post("/api/v1/auth/verify-email", json={"token": token})
    assert answer.is_success, answer.text


def _log_in(story: Story, guest: str | None = None) -> None:
    fields = {"grant_type": "password", "username": story.shopper.address, "password": PASSWORD}
    answer = story.shopper.form("/api/v1/auth/token", **fields, **({"guestToken": guest} if guest else {}))
    assert answer.status_code == 200, answer.text
    story.shopper.token = answer.json()["access_token"]


@then(parsers.parse('their cart holds {quantity:d} of "{name}"'))
def _holds(story: Story, quantity: int, name: str) -> None:
    def look() -> str | None:
        for cart in story.shopper.told("GET", "/api/v1/carts")["items"]:
            seen = story.shopper.told("GET", f"/api/v1/carts/{cart['id']}")
            if [(one["sku"], one["qty"]) for one in seen["items"]] == [(story.skus[name], quantity)]:
                return str(cart["id"])
        return None

    story.shopper.cart = eventually(look)


@then("it is among their orders")
def _listed(story: Story) -> None:
    eventually(lambda: story.lists_order(story.shopper))


@when("they register anew with the address of that order")
def _register_anew(story: Story) -> None:
    _register(story)


@then("the order is not among their orders")
def _not_listed(story: Story) -> None:
    answer = story.shopper.form(
        "/api/v1/auth/token", grant_type="password", username=story.shopper.address, password=PASSWORD
    )
    if answer.status_code == 200:  # some shops let one in before the address is proved
        story.shopper.token = answer.json()["access_token"]
        assert not story.lists_order(story.shopper)


@when(parsers.parse('they give "{name}" {stars:d} stars'))
def _review(story: Story, name: str, stars: int) -> None:
    body = {"stars": stars, "text": "It kept me warm."}

    def look() -> bool:
        review = story.shopper.send("POST", f"/api/v1/products/{story.ids[name]}/reviews", body)
        return review.status_code == 201

    eventually(look)


@then(parsers.parse("everybody sees a verified review and an average of {stars:d} stars"))
def _reviewed(story: Story, stars: int) -> None:
    def look() -> object:
        page = Shopper(story.http).told("GET", f"/api/v1/products/{story.ids[story.latest]}/reviews")
        return page if page["count"] else None

    page = eventually(look)
    assert [(one["stars"], one["verified"]) for one in page["items"]] == [(stars, True)]
    assert page["average"] == stars
    eventually(lambda: [one.get("rating") for one in story.search(story.latest)[:1]] == [stars])


@when("they log out")
def _log_out(story: Story) -> None:
    assert story.shopper.token
    answer = story.http.post(
        "/api/v1/auth/revoke",
        data={"token": story.shopper.token},
        headers={"Authorization": f"Bearer {story.shopper.token}"},
    )
    assert answer.status_code == 200, answer.text


@then("their token is refused at the next request")
def _token_refused(story: Story) -> None:
    assert story.shopper.send("GET", "/api/v1/orders").status_code == 401


@when(parsers.parse('the merchant archives "{name}"'))
def _archive(story: Story, name: str) -> None:
    story.staff("merchandiser").told("DELETE", f"/api/v1/products/{story.ids[name]}")


@then(parsers.parse('"{words}" finds nothing of that name'))
def _not_found(story: Story, words: str) -> None:
    # Where nothing is of all the words, the shop shows what is of some: other stories sell lanterns too.
    eventually(lambda: story.ids[story.latest] not in {hit["id"] for hit in story.search(words)})


@then("it cannot be ordered")
def _not_ordered(story: Story) -> None:
    guest = Shopper(story.http)
    guest.become_guest()
    body = {"items": [{"sku": story.skus[story.latest], "qty": 1}], "paymentMethod": "simulated:approve"}
    assert guest.send("POST", "/api/v1/orders", body).status_code == 422


@when(parsers.parse("the merchant starts a flash sale of {pieces:d} of it for {amount} {currency}, {each:d} a buyer"))
def _flash_sale(story: Story, pieces: int, amount: str, currency: str, each: int) -> None:
    body = {
        "sku": story.skus[story.latest],
        "price": {"amount": float(amount), "currency": currency},
        "quantity": pieces,
        "perBuyer": each,
        "startsAt": now().isoformat(),
        "endsAt": (now() + timedelta(hours=1)).isoformat(),
    }
    story.staff("merchandiser").told("POST", "/api/v1/flash-sales", body)


@then(parsers.parse("a guest sees it for {amount} {currency}"))
def _seen_for(story: Story, amount: str, currency: str) -> None:
    eventually(lambda: [price_of(one) for one in story.search(story.latest)[:1]] == [(Decimal(amount), currency)])


def _buy(story: Story, quantity: int) -> Shopper:
    buyer = Shopper(story.http)
    buyer.become_guest()
    body = {"items": [{"sku": story.skus[story.latest], "qty": quantity}], "paymentMethod": "simulated:approve"}
    answer = buyer.send("POST", "/api/v1/orders", body)
    buyer.order = {"status_code": answer.status_code, **answer.json()}
    return buyer


@then(parsers.parse("a buyer gets {quantity:d} of it for {amount} {currency} each"))
def _gets(story: Story, quantity: int, amount: str, currency: str) -> None:
    def look() -> Shopper | None:
        buyer = _buy(story, quantity)
        return buyer if buyer.order.get("totalAmount") == float(amount) * quantity else None

    story.shopper = eventually(look)


@then(parsers.parse('that buyer is refused one more as "{problem}"'))
def _one_more(story: Story, problem: str) -> None:
    body = {"items": [{"sku": story.skus[story.latest], "qty": 1}], "paymentMethod": "simulated:approve"}
    answer = story.shopper.send("POST", "/api/v1/orders", body)
    assert (answer.status_code, answer.json()["type"]) == (409, f"/problems/{problem}")


@then(parsers.parse('another buyer is refused {quantity:d} as "{problem}"'))
def _another(story: Story, quantity: int, problem: str) -> None:
    other = _buy(story, quantity)
    assert (other.order["status_code"], other.order["type"]) == (409, f"/problems/{problem}")


@then("a merchandiser may not override the price")
def _not_overridden(story: Story) -> None:
    answer = story.staff("merchandiser").send("PUT", _override(story), {"amount": 1, "currency": "EUR", "reason": "x"})
    assert answer.status_code == 403


@when(parsers.parse('an administrator overrides the price to {amount} {currency} because "{reason}"'))
def _overridden(story: Story, amount: str, currency: str, reason: str) -> None:
    body = {"amount": float(amount), "currency": currency, "reason": reason}
    story.staff("admin").told("PUT", _override(story), body)


def _override(story: Story) -> str:
    return f"/api/v1/products/{story.ids[story.latest]}/price-override"
