"""A guest's order becomes a user's only by an address that is proved, or by the guest's own token."""

from uuid import UUID

import pytest

from tests.builders import a_product
from tests.shops import Shop, a_call, until
from tradewind.contexts.orders._store.orders import NoSuchOrder
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.list_orders.query import ListOrders
from tradewind.contracts.identity import EmailProved, GuestMerged
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import OrderLine, PlaceOrder
from tradewind.contracts.privacy import Pseudonyms
from tradewind.runtime.call import internal_call

ADDRESS = "Ada@Example.org"
HEARD = """
    SELECT (SELECT max(position) FROM runtime.outbox) <= min(position) FROM runtime.position
    WHERE subscriber IN ('orders.on_email_proved', 'orders.on_guest_merged', 'orders.orders_by_customer')
"""
CLAIMS = "SELECT key, payload->>'userId' FROM runtime.outbox WHERE type = 'ecommerce.order.order.claimed.v1'"


async def an_order(shop: Shop, *roles: str, subject: str, email: str | None = ADDRESS) -> UUID:
    command = PlaceOrder(items=(OrderLine(sku="BOOK", qty=1),), email=email)
    order_id: UUID = (await shop.dispatch(command, a_call(*roles, subject=subject))).id
    return order_id


async def proved(shop: Shop, user: str, address: str) -> EmailProved:
    async with shop.db.reading(internal_call("test")) as tx:
        return EmailProved(user_id=user, email_digest=tx.peer(Pseudonyms).of(address))


async def told(shop: Shop, event: Event) -> None:
    """Tell it, and wait until everybody concerned has heard it and all that followed."""
    async with shop.db.transaction(internal_call("test")) as tx:
        tx.tell(event)
    await until(shop, lambda: shop.db.pool.fetchval(HEARD))
    await until(shop, lambda: shop.db.pool.fetchval(HEARD))


async def owner(shop: Shop, order_id: UUID) -> str:
    found: str = await shop.db.pool.fetchval("SELECT user_id FROM orders.orders WHERE id = $1", order_id)
    return found


async def test_a_typed_address_or_another_proved_one_claims_nothing(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_order(working_shop, "guest", subject="guest-1")
    await an_order(working_shop, "customer", subject="typed it only")
    await told(working_shop, await proved(working_shop, "somebody else", "ida@example.org"))
    assert await owner(working_shop, order_id) == "guest-1"
    assert await working_shop.db.pool.fetch(CLAIMS) == []
    with pytest.raises(NoSuchOrder):
        await working_shop.dispatch(GetOrder(order_id=order_id), a_call("customer", subject="typed it only"))


async def test_an_order_of_somebody_with_an_account_is_not_claimed_by_the_address_on_it(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_order(working_shop, "customer", subject="ben")
    await told(working_shop, await proved(working_shop, "ada", ADDRESS))
    assert await owner(working_shop, order_id) == "ben"


async def test_who_proves_the_address_sees_what_a_guest_ordered_with_it_and_the_guest_does_no_more(
    working_shop: Shop,
) -> None:
    await a_product(working_shop, "BOOK")
    mine = await an_order(working_shop, "guest", subject="guest-1")
    other = await an_order(working_shop, "guest", subject="guest-1", email="ida@example.org")
    await told(working_shop, await proved(working_shop, "ada", " ada@example.ORG "))
    ada = a_call("customer", subject="ada")
    assert (await working_shop.dispatch(GetOrder(order_id=mine), ada)).id == mine
    assert [one.id for one in (await working_shop.dispatch(ListOrders(), ada)).items] == [mine]
    assert await owner(working_shop, other) == "guest-1"
    with pytest.raises(NoSuchOrder):
        await working_shop.dispatch(GetOrder(order_id=mine), a_call("guest", subject="guest-1"))
    assert [tuple(row) for row in await working_shop.db.pool.fetch(CLAIMS)] == [(str(mine), "ada")]


async def test_a_claimed_order_is_claimed_once(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_order(working_shop, "guest", subject="guest-1")
    await told(working_shop, await proved(working_shop, "ada", ADDRESS))
    await told(working_shop, await proved(working_shop, "a later owner of the address", ADDRESS))
    await told(working_shop, GuestMerged(user_id="thief", guest_id="guest-1"))
    assert await owner(working_shop, order_id) == "ada"
    assert len(await working_shop.db.pool.fetch(CLAIMS)) == 1


async def test_who_logs_in_with_the_guests_token_takes_the_guests_orders_along(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    order_id = await an_order(working_shop, "guest", subject="guest-1", email=None)
    other = await an_order(working_shop, "guest", subject="guest-2", email=None)
    await told(working_shop, GuestMerged(user_id="ada", guest_id="guest-1"))
    assert (await owner(working_shop, order_id), await owner(working_shop, other)) == ("ada", "guest-2")


async def test_the_address_is_in_no_event_and_in_no_trail(working_shop: Shop) -> None:
    await a_product(working_shop, "BOOK")
    await an_order(working_shop, "guest", subject="guest-1")
    await told(working_shop, await proved(working_shop, "ada", ADDRESS))
    for table in ("runtime.outbox", "runtime.audit_entry", "runtime.saga", "runtime.idempotency"):
        found = await working_shop.db.pool.fetchval(
            f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE '%ada@example%'"
        )
        assert (table, found) == (table, 0)
