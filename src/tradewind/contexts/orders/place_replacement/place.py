"""An order in exchange for what came back of another one: placed for its buyer, carried by the same saga as any.

What came back pays for it as far as that goes, which payments sees to: only the rest is charged, by the method of the
first order. Where payments is asked in another process, the order waits for its answer. Each order's books are whole,
and whatever becomes of the new one, nobody is left without goods and money.
"""

from collections.abc import Sequence

from msgspec.structs import replace as but

from tradewind.contexts.orders._domain import edit as edits
from tradewind.contexts.orders._domain.order import Order, Status
from tradewind.contexts.orders._store import orders
from tradewind.contexts.orders.edit_order.reprice import added
from tradewind.contexts.orders.place_order.exchange import PLACE_EXCHANGE
from tradewind.contexts.orders.place_order.paying import as_before
from tradewind.contexts.orders.place_order.saga import AFTER_RESERVATION, PLACE_ORDER, Placement
from tradewind.contracts.inventory import InventoryPeer, NotEnoughStock, Wanted
from tradewind.contracts.messages import Event
from tradewind.contracts.orders import Replacement
from tradewind.kernel.clock import now
from tradewind.kernel.errors import Refusal
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx
from tradewind.runtime.saga import store as sagas


async def place(tx: Tx, wish: Replacement) -> Money | Refusal:
    """What it comes to once it is placed; the caller holds the order that it is for. Writes what was put off first."""
    await tx.flush()
    of = await orders.read(tx, wish.of)
    try:
        order = await _draft(tx, of, wish)
    except Refusal as refusal:
        return refusal
    in_place = tx.peer(Placement).in_place
    held = await (_hold(tx, order, waits=wish.waits) if in_place else _look(tx, order))
    if isinstance(held, NotEnoughStock):
        return held
    steps = [(order, order.place()), *held]
    orders.insert(tx, [(steps[-1][0], steps)])
    saga = PLACE_EXCHANGE if wish.waits else PLACE_ORDER
    sagas.begin(tx, saga, [order.id], [tx.call], at_step=AFTER_RESERVATION if in_place else 0)
    tx.tell(*(event for _, event in steps))
    tx.audit("orders.place", str(order.id), in_exchange_for=str(of.id))
    return order.total


async def _hold(tx: Tx, order: Order, *, waits: bool) -> Sequence[tuple[Order, Event]] | NotEnoughStock:
    """The steps by which its goods are held."""
    (held,) = await tx.peer(InventoryPeer).reserve(tx, [Wanted(order.id, order.quantities)])
    return held if isinstance(held, NotEnoughStock) else order.hold(held, in_exchange=waits)


async def _look(tx: Tx, order: Order) -> Sequence[tuple[Order, Event]] | NotEnoughStock:
    """No steps, for its saga holds them: should they be gone by then, it is called off, and the money is back."""
    there = await tx.peer(InventoryPeer).available(tx, list(order.quantities))
    lacking = sorted(sku for sku, pieces in order.quantities.items() if there.get(sku, 0) < pieces)
    return NotEnoughStock(skus=lacking) if lacking else []


async def _draft(tx: Tx, of: Order, wish: Replacement) -> Order:
    had = of.quantities
    same = {sku: min(had[sku], wish.goods.get(sku, 0)) for sku in had}
    stays, comes = edits.kept(of, same, fees=False), await added(tx, of, edits.more(of, wish.goods))
    return but(
        of,
        id=wish.order_id,
        lines=edits.together(stays, comes),
        payment_method=None if wish.waits else as_before(of.id, of.payment_method),
        shipping=Money(0, of.currency),
        tax=stays.tax + comes.tax,
        discount=stays.discount + comes.discount,
        placed_at=now(),
        capture_by_hand=False,
        status=Status.PENDING_RESERVATION,
        version=1,
        why=None,
    )
