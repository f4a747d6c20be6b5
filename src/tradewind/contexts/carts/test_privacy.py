"""What carts hold of a person is shown, and goes."""

import msgspec

from tests.shops import a_call
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contexts.carts.merge_carts.merge import merge
from tradewind.contexts.carts.privacy import CartsOfPeople
from tradewind.contracts.privacy import Person

LEFT = """
    SELECT (SELECT count(*) FROM carts.carts) + (SELECT count(*) FROM carts.cart_items)
        + (SELECT count(*) FROM carts.cart_event) + (SELECT count(*) FROM carts.quote)
"""


async def test_a_person_sees_and_takes_away_all_that_carts_hold_and_nothing_of_others(shopper: Shopper) -> None:
    guest, other, mine = shopper.as_guest(), shopper.another(), CartsOfPeople()
    person = Person(user_id=shopper.call.actor.subject, emails=("me@home.test",))
    before = await guest.opens(A=1)
    await shopper.opens(B=1)
    async with shopper.shop.db.transaction(a_call("system")) as tx:
        await merge(tx, guest.call.actor.subject, person.user_id)
    later, theirs = await guest.opens(A=1), await other.opens(A=1)
    await guest.quotes(later, email="ME@home.test")
    await other.quotes(theirs, email="not@home.test")
    async with shopper.shop.db.reading(a_call("system")) as tx:
        shown = await mine.export(tx, person)
    assert [len(shown[part]) for part in ("carts", "events", "quotes")] == [1, 3, 1]
    assert shown["quotes"][0]["shipping_address"]["city"] == "London"
    assert b"not@home.test" not in msgspec.json.encode(shown)
    for _ in range(2):
        async with shopper.shop.db.transaction(a_call("system")) as tx:
            await mine.erase(tx, person)
    async with shopper.shop.db.reading(a_call("system")) as tx:
        assert await mine.export(tx, person) == {}
    assert await shopper.value("SELECT count(*) FROM carts.cart_event WHERE cart_id = $1", before) == 0
    # What is left is the guest's later cart (a cart, a line, two events) and all of the other's, the quote included.
    assert await shopper.value(LEFT) == 4 + 5
