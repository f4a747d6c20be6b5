"""Flags are asked at the edge of a use case, and by nobody who carries on what has begun."""

import asyncio
import re
from dataclasses import replace
from typing import Final

import pytest

from tests.adapters.flags.owners import WithFile
from tests.builders import a_product
from tests.house.tree import REPOSITORY
from tests.shops import Shop, a_call, open_shop
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contracts.orders import Imported, OrderLine, PlaceOrder
from tradewind.kernel.clock import now
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.flags import CHECKOUT, SwitchedOff

pytestmark = pytest.mark.adapter("file")

ASKS: Final = re.compile(r"tradewind\.(ports\.flags|runtime\.switches)")
MAY_ASK: Final = {"command.py", "query.py", "rest.py"}
COUNT: Final = "SELECT count(*)::int FROM orders.orders"


def test_no_saga_subscriber_projection_or_timer_asks_for_a_flag() -> None:
    contexts = REPOSITORY / "src" / "tradewind" / "contexts"
    asking = [file for file in contexts.rglob("*.py") if ASKS.search(file.read_text())]
    assert asking
    assert {file.name for file in asking} <= MAY_ASK


async def test_orders_of_the_past_are_brought_in_while_checkout_is_off_and_neighbours_are_turned_away(
    settings: Settings, own_engines: Engines, with_file: WithFile
) -> None:
    await with_file.say(CHECKOUT, 0)
    async with open_shop(replace(settings, flags_file=with_file.file), own_engines, connections=8) as shop:
        await a_product(shop, "BOOK", stock=10)
        outcomes = await together(shop)
    assert [isinstance(one, SwitchedOff) for one in outcomes] == [True, False, True], outcomes


async def together(shop: Shop) -> list[object]:
    """Three at once, of which the second is of the past."""
    price = Money(1_250, "EUR")
    past = Imported(
        order_id=new_id(), user_id="ada", placed_at=now(), shipping=Money(0, "EUR"), discount=Money(0, "EUR")
    )
    line = OrderLine(sku="BOOK", qty=1)
    imported = PlaceOrder(items=(OrderLine(sku="BOOK", qty=1, unit_price=price),), currency="EUR", imported=past)
    asked = (PlaceOrder(items=(line,)), imported, PlaceOrder(items=(line,)))
    calls = (shop.dispatch(one, a_call("admin")) for one in asked)
    found = list(await asyncio.gather(*calls, return_exceptions=True))
    assert await shop.db.pool.fetchval(COUNT) == 1
    return found
