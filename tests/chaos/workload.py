"""Orders of every fate, and what must have become of each however often the shop died meanwhile."""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from tests.shops import a_call
from tradewind.app.wiring import Shop
from tradewind.contexts.catalog.create_product.command import CreateProduct
from tradewind.contexts.inventory.adjust_stock.command import AdjustStock
from tradewind.contexts.orders.cancel_order.command import CancelOrder
from tradewind.contexts.orders.place_order.command import OrderLine, PlaceOrder
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER, Placement
from tradewind.runtime.call import internal_call
from tradewind.runtime.saga import signals
from tradewind.runtime.saga.advance import Compensate

SKUS: Final = ("ANCHOR", "BARREL", "COMPASS")
STOCK: Final = 100_000


class Kind(NamedTuple):
    """A fate: how the order is placed, and where it must end."""

    name: str
    method: str | None
    ends: str
    country: str = "DE"
    in_place: bool = True
    """Whether its goods are held in the placing transaction or by the saga's first step."""
    call_off: bool = False


APPROVE: Final = Kind("approve", "simulated:approve", "PAID")
RESERVED_LATER: Final = Kind("reserved later", "simulated:approve", "PAID", in_place=False)
NO_CARRIER: Final = Kind("no carrier", "simulated:approve", "CANCELED", country="AQ")
ALWAYS: Final = (
    APPROVE,
    RESERVED_LATER,
    Kind("lost answer", "simulated:lost-answer", "PAID"),
    Kind("lost capture", "simulated:lost-capture", "PAID"),
    Kind("declined", "simulated:decline", "CANCELED"),
    Kind("declined, reserved later", "simulated:decline", "CANCELED", in_place=False),
    NO_CARRIER,
    Kind("no carrier, lost answer", "simulated:lost-answer", "CANCELED", country="AQ"),
    Kind("called off", None, "CANCELED", call_off=True),
)
SOMETIMES: Final = (
    Kind("torn answer", "simulated:torn-answer", "PAID"),
    Kind("error after", "simulated:error-after", "PAID"),
    Kind("error twice", "simulated:error-2", "PAID"),
    Kind("error after capture", "simulated:error-after-capture", "PAID"),
    Kind("slow", "simulated:slow-50", "PAID"),
    Kind("called off while paying", "simulated:approve", "CANCELED", call_off=True),
    Kind("silence", "simulated:timeout", "FAILED"),
    Kind("held, then silence", "simulated:timeout-after", "PAID"),
)


async def stock_the_shelves(shop: Shop) -> None:
    """Goods that never run out."""
    call = internal_call("chaos")
    for sku in SKUS:
        product = CreateProduct(sku=sku, name=sku.title(), category="sea", amount=Decimal("19.90"), currency="EUR")
        await shop.dispatch(product, call)
        await shop.dispatch(AdjustStock(sku=sku, delta=STOCK, reason="opening"), call)


def fates(rng: random.Random) -> list[Kind]:
    """One of each kind that every trial needs to reach its boundary, two of the others, in any order."""
    kinds = [*ALWAYS, *rng.sample(SOMETIMES, 2)]
    rng.shuffle(kinds)
    return kinds


async def place(shop: Shop, kinds: Sequence[Kind], rng: random.Random) -> dict[UUID, str]:
    """Place an order of each kind; where each must end."""
    return {await _place(shop, kind, rng): kind.ends for kind in kinds}


async def _place(shop: Shop, kind: Kind, rng: random.Random) -> UUID:
    skus = rng.sample(SKUS, rng.randint(1, len(SKUS)))
    command = PlaceOrder(
        items=tuple(OrderLine(sku=sku, qty=rng.randint(1, 3)) for sku in skus),
        payment_method=kind.method,
        shipping_address={"country": kind.country},
    )
    peers = dict(shop.db.peers)
    shop.db.peers = {**peers, Placement: Placement(in_place=kind.in_place)}
    try:
        call = a_call("customer")
        order_id: UUID = (await shop.dispatch(command, call)).id
        if kind.call_off:
            await shop.dispatch(CancelOrder(order_id=order_id, reason="changed my mind"), call)
    finally:
        shop.db.peers = peers
    return order_id


async def undo(shop: Shop, order_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """A person has completed orders undone, all the way back; where each must end."""
    for order_id in order_ids:
        async with shop.db.transaction(internal_call("chaos")) as tx:
            await signals.mend(tx, PLACE_ORDER, order_id, Compensate("a person said so"))
    return dict.fromkeys(order_ids, "CANCELED")
