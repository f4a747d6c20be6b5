"""Filling a cart: what is refused, and what becomes of it when two devices do it at once."""

import asyncio
from typing import Any

import pytest

from tests.builders import a_product
from tradewind.contexts.carts._domain.cart import CartFull, NoSuchCart, NoSuchLine
from tradewind.contexts.carts.add_line.command import AddLine
from tradewind.contexts.carts.change_line.command import ChangeLine, RemoveLine
from tradewind.contexts.carts.conftest import Shopper
from tradewind.contexts.carts.save_for_later.command import MoveBack, SaveForLater
from tradewind.contracts.orders import UnknownProduct
from tradewind.kernel.errors import Forbidden
from tradewind.kernel.ids import new_id
from tradewind.kernel.versions import Outdated

EVENTS = "SELECT count(*) FROM carts.cart_event"


async def test_what_is_not_sold_here_gets_into_no_cart(shopper: Shopper) -> None:
    cart_id = await shopper.opens()
    with pytest.raises(UnknownProduct):
        await shopper.does(AddLine(cart_id=cart_id, sku="NOTHING", quantity=1))
    await a_product(shopper.shop, "A")
    with pytest.raises(CartFull):
        await shopper.does(AddLine(cart_id=cart_id, sku="A", quantity=1_001))
    with pytest.raises(NoSuchCart):
        await shopper.does(AddLine(cart_id=new_id(), sku="A", quantity=1))
    assert await shopper.value(EVENTS) == 1


async def test_nobody_touches_the_cart_of_another_and_support_only_looks(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1)
    changes: list[Any] = [
        AddLine(cart_id=cart_id, sku="A", quantity=1), ChangeLine(cart_id=cart_id, sku="A", quantity=5),
        RemoveLine(cart_id=cart_id, sku="A"), SaveForLater(cart_id=cart_id, sku="A"),
        MoveBack(cart_id=cart_id, sku="A"),
    ]  # fmt: skip
    for other in (shopper.another(), shopper.as_guest()):
        for change in changes:
            with pytest.raises(NoSuchCart):
                await other.does(change)
    for change in changes:
        with pytest.raises(Forbidden):
            await shopper.another("support").does(change)
    assert await shopper.value(EVENTS) == 2


async def test_a_stale_change_is_refused_says_what_the_cart_is_at_and_changes_nothing(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1, B=1)
    stale: list[Any] = [
        ChangeLine(cart_id=cart_id, sku="A", quantity=5, version=2), RemoveLine(cart_id=cart_id, sku="A", version=2),
        AddLine(cart_id=cart_id, sku="A", quantity=1, version=2), SaveForLater(cart_id=cart_id, sku="A", version=4),
    ]  # fmt: skip
    for change in stale:
        with pytest.raises(Outdated) as refused:
            await shopper.does(change)
        assert refused.value.facts == {"version": 3}
    assert await shopper.pieces(cart_id) == {"A": 1, "B": 1}
    with pytest.raises(NoSuchLine):
        await shopper.does(RemoveLine(cart_id=cart_id, sku="C", version=3))


async def test_two_devices_that_add_at_once_lose_nothing(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1, B=1)
    adds = [AddLine(cart_id=cart_id, sku=sku, quantity=1) for sku in "AB" * 12]
    await asyncio.gather(*(shopper.does(add) for add in adds))
    assert await shopper.pieces(cart_id) == {"A": 13, "B": 13}
    assert (await shopper.snapshot(cart_id)).version == 27


async def test_of_two_devices_that_looked_at_one_version_one_wins_and_the_other_is_told(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1, B=1)
    for version in range(3, 15, 2):
        outcomes: tuple[Any, Any] = await asyncio.gather(
            shopper.does(ChangeLine(cart_id=cart_id, sku="A", quantity=version, version=version)),
            shopper.does(RemoveLine(cart_id=cart_id, sku="B", version=version)),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in outcomes) == ["CartView", "Outdated"]
        first_won = not isinstance(outcomes[0], Outdated)
        assert await shopper.pieces(cart_id) == ({"A": version, "B": 1} if first_won else {"A": 1})
        restore = ChangeLine(cart_id=cart_id, sku="A", quantity=1)
        await shopper.does(restore if first_won else AddLine(cart_id=cart_id, sku="B", quantity=1))


async def test_lines_come_change_go_aside_and_go_and_the_trail_tells(shopper: Shopper) -> None:
    cart_id = await shopper.opens(A=1, B=2)
    seen = await shopper.does(ChangeLine(cart_id=cart_id, sku="A", quantity=4))
    seen = await shopper.does(SaveForLater(cart_id=cart_id, sku="B", version=seen.version))
    assert [(line.sku, line.qty) for line in seen.items] == [("A", 4)]
    assert [(line.sku, line.qty) for line in seen.saved] == [("B", 2)]
    same = await shopper.does(SaveForLater(cart_id=cart_id, sku="B"))
    assert same.version == seen.version == 5
    seen = await shopper.does(MoveBack(cart_id=cart_id, sku="B"))
    seen = await shopper.does(RemoveLine(cart_id=cart_id, sku="A"))
    assert ([line.sku for line in seen.items], seen.saved, seen.version) == (["B"], (), 7)
    assert await shopper.pieces(cart_id) == {"B": 2}
    actions = await shopper.value(
        "SELECT array_agg(action ORDER BY id) FROM runtime.audit_entry WHERE subject = $1", str(cart_id)
    )
    assert [one.removeprefix("carts.") for one in actions] == [
        "open", "LineAdded", "LineAdded", "QuantityChanged", "LineSaved", "LineMovedBack", "LineRemoved",
    ]  # fmt: skip
