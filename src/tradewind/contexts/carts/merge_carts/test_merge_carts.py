"""Merging at login: nothing is lost, nothing is merged twice."""

import asyncio
from uuid import UUID

from tests.shops import Shop, a_call, until, working
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contexts.carts.merge_carts.merge import merge
from tradewind.contracts.identity import GuestMerged


async def merged(shop: Shop, guest: Shopper, user: Shopper) -> int:
    async with shop.db.transaction(a_call("system")) as tx:
        return await merge(tx, guest.call.actor.subject, user.call.actor.subject)


async def carts_of(shopper: Shopper) -> list[UUID]:
    found: list[UUID] = await shopper.value(
        "SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM carts.carts WHERE owner = $1 AND status = 'OPEN'",
        shopper.call.actor.subject,
    )
    return found


async def test_a_guest_without_a_cart_changes_nothing(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    assert await merged(shopper.shop, shopper.as_guest(), shopper) == 0
    assert await merged(shopper.shop, shopper, shopper) == 0
    assert (await shopper.snapshot(cart_id)).version == 2


async def test_merging_many_times_at_once_merges_once(shopper: Shopper) -> None:
    guest = shopper.as_guest()
    mine, theirs = await shopper.opens(A=1, B=1), await guest.opens(B=2, C=3)
    counts = await asyncio.gather(*(merged(shopper.shop, guest, shopper) for _ in range(5)))
    assert sorted(counts) == [0, 0, 0, 0, 1]
    assert await shopper.pieces(mine) == {"A": 1, "B": 3, "C": 3}
    gone = await shopper.snapshot(theirs)
    assert (gone.status, gone.merged_into, gone) == ("MERGED", mine, await shopper.folded(theirs))


async def test_a_guests_cart_becomes_that_of_a_user_who_has_none_and_takes_the_others_in(shopper: Shopper) -> None:
    guest = shopper.as_guest()
    older, newer = await guest.opens(A=1), await guest.opens(B=1)
    assert await merged(shopper.shop, guest, shopper) == 2
    assert await carts_of(shopper) == [newer]
    assert await carts_of(guest) == []
    assert await shopper.pieces(newer) == {"A": 1, "B": 1}
    taken = await shopper.snapshot(newer)
    assert (taken.guest, (await shopper.snapshot(older)).merged_into) == (False, newer)


async def test_adding_while_merging_loses_nothing(shopper: Shopper) -> None:
    guest = shopper.as_guest()
    mine, theirs = await shopper.opens(A=1), await guest.opens(B=2)
    adds = [shopper.does(AddLine(cart_id=mine, sku="B", quantity=1)) for _ in range(8)]
    await asyncio.gather(*adds[:4], merged(shopper.shop, guest, shopper), *adds[4:])
    assert await shopper.pieces(mine) == {"A": 1, "B": 10}
    assert await shopper.folded(theirs) == await shopper.snapshot(theirs)


async def test_a_login_that_is_told_brings_the_cart_along(shopper: Shopper) -> None:
    guest = shopper.as_guest()
    theirs = await guest.opens(A=2)
    event = GuestMerged(user_id=shopper.call.actor.subject, guest_id=guest.call.actor.subject)
    async with working(shopper.shop):
        for _ in range(2):
            async with shopper.shop.db.transaction(a_call("system")) as tx:
                tx.tell(event)

        async def arrived() -> bool:
            return await carts_of(shopper) == [theirs]

        await until(shopper.shop, arrived)
    assert await shopper.pieces(theirs) == {"A": 2}
