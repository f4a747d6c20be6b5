"""Change what an order is of, or where it goes, before its goods leave the house.

An order that waits for its payment is changed at once. One that is paid, whole and not dispatched is changed at once
where that costs no more, and what it costs less goes back; where it costs more, goods are held, the parcel is held
back, and a saga asks for the difference first. Nothing else may be under way with the order. Where payments is asked in
another process, a saga carries every edit of a paid order.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.api.postal import checked
from tradewind.contexts.orders._domain import edit as rules
from tradewind.contexts.orders._domain.edit import Edit, EditUnderWay, MethodMissing, NotEditable
from tradewind.contexts.orders._domain.edit import Status as EditStatus
from tradewind.contexts.orders._domain.order import Order, Status
from tradewind.contexts.orders._domain.view import OrderView, view
from tradewind.contexts.orders._store import edits, orders
from tradewind.contexts.orders.edit_order import apart, elsewhere
from tradewind.contexts.orders.edit_order.commit import commit, give_back
from tradewind.contexts.orders.edit_order.reprice import reprice
from tradewind.contexts.orders.edit_order.saga import AT_SETTLING, EDIT_ORDER, others_refund
from tradewind.contexts.orders.get_order.query import GetOrder
from tradewind.contexts.orders.place_order.goods import Placement
from tradewind.contexts.orders.place_order.paying import token_of
from tradewind.contexts.orders.place_order.waiting import PLACING
from tradewind.contracts.inventory import InventoryPeer, NotEnoughStock, Wanted
from tradewind.contracts.messages import Command
from tradewind.contracts.payments import Refunding
from tradewind.contracts.shipping import ShippingPeer
from tradewind.kernel.ids import new_id
from tradewind.kernel.versions import expect
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import failpoint
from tradewind.runtime.handlers import Follow, handler
from tradewind.runtime.saga import signals
from tradewind.runtime.saga import store as sagas
from tradewind.runtime.saga.advance import Phase


class Quantity(Struct, frozen=True):
    """So many of one SKU from now on; none takes it out."""

    sku: str
    qty: int


class EditOrder(Command, frozen=True):
    """Have so many of these SKUs instead, what is not named stays; send it there instead. `expected`: its version.

    `payment_method`: by what to pay the difference, where not as before; the provider's token, or a saved method's
    name, never a card number.
    """

    order_id: UUID
    expected: int | None
    items: tuple[Quantity, ...] = ()
    shipping_address: dict[str, str] | None = None
    payment_method: str | None = None


def is_over(answer: OrderView) -> bool:
    """Whether a client that waits has what it waited for."""
    return answer.edit is None or answer.edit.status in rules.OVER


@handler(action="orders.edit", follow=Follow(lambda answer: GetOrder(order_id=answer.id), is_over))
async def edit_order(command: EditOrder, tx: Tx) -> OrderView:
    """The saga's row is locked before the order's, as its worker does. Somebody else's order looks like none at all.

    Refuses with NoSuchOrder, Outdated, NotEditable, EditUnderWay, NotEnoughStock, MethodMissing, UnknownPaymentMethod,
    CardNumberRefused, InvalidAddress, and what cannot be priced.
    """
    missing = orders.NoSuchOrder(orderId=str(command.order_id))
    placing = await signals.find_or(tx, PLACING, command.order_id, missing)
    order = await orders.lock_one(tx, command.order_id)
    owner = order.user_id == tx.call.actor.subject
    if not tx.allows("orders.edit", owner=owner, status=order.status.value):
        raise missing
    expect(command.expected, order.version)
    await _may_change(tx, order, placing)
    address = checked(command.shipping_address, prefix="/shippingAddress") if command.shipping_address else None
    wanted = {line.sku: line.qty for line in command.items}
    method = await token_of(tx, order.user_id, command.payment_method) if command.payment_method else None
    edit = await reprice(tx, order, new_id(), wanted, address, method)
    tx.audit("orders.edit", str(order.id), edit_id=str(edit.id), difference_minor=edit.difference.minor)
    tx.on_commit.append(lambda: failpoint("edit.after_commit"))
    more, less = rules.changes(order, edit.lines)
    if order.status is Status.PAID and tx.peer(Refunding).away is not None:
        return view(order, edit=edits.view(await apart.begin(tx, order, edit, more, less)))
    if (more or less) and order.status is Status.PAID and tx.peer(Placement).away is not None:
        return view(order, edit=edits.view(await elsewhere.begin(tx, order, edit, more, less)))
    if edit.difference.minor > 0:
        begun = await _begin(tx, order, edit)
        failpoint("edit.before_commit")
        return view(order, edit=edits.view(begun))
    made = await _at_once(tx, order, edit)
    await tx.flush()
    failpoint("edit.before_commit")
    return view(await orders.read(tx, order.id), edit=edits.view(made))


async def _may_change(tx: Tx, order: Order, placing: Any) -> None:
    """Refuses (NotEditable, EditUnderWay) while something else is under way, and once the goods are."""
    before = await edits.newest(tx, order.id)
    if before is not None and before.status not in rules.OVER:
        raise EditUnderWay(editId=str(before.id))
    phase, refusal = placing["phase"], NotEditable(status=order.status.value)
    if order.status is Status.PENDING_PAYMENT:
        if order.payment_method is not None or phase != Phase.STARTED or placing["cancel"] is not None:
            raise refusal
    elif order.status is not Status.PAID or phase != Phase.COMPLETED:
        raise refusal
    else:
        if tx.peer(Refunding).away is None and await others_refund(tx, order):
            raise NotEditable("Some of it is given back.", status=order.status.value)
        if (why := await tx.peer(ShippingPeer).hold(tx, order.id)) is not None:
            raise NotEditable(f"{why[0].upper()}{why[1:]}.", status=order.status.value)


async def _begin(tx: Tx, order: Order, edit: Edit) -> Edit:
    """It costs more: hold what comes, keep the parcel in the house, and let a saga ask for the difference."""
    if edit.payment_method is None:
        raise MethodMissing
    more, _ = rules.changes(order, edit.lines)
    if more:
        (held,) = await tx.peer(InventoryPeer).reserve(tx, [Wanted(edit.id, more)])
        if isinstance(held, NotEnoughStock):
            raise held
        tx.tell(held)
    await edits.insert(tx, edit)
    _carry(tx, [edit.id], at_step=0)
    return edit


async def _at_once(tx: Tx, order: Order, edit: Edit) -> Edit:
    """It costs no more, or nothing was paid: it is true now, and what it costs less goes back."""
    refusal = await commit(tx, order, edit, tx.call)
    if refusal is not None:
        raise refusal
    if order.status is Status.PAID:
        await tx.peer(ShippingPeer).release(tx, [order.id])
    if edit.difference.minor == 0:
        made = replace(edit, status=EditStatus.DONE)
        await edits.insert(tx, made)
        return made
    refund_id = new_id()
    if not await give_back(tx, edit, refund_id):
        raise NotEditable("Less is left of what was paid than would go back.", status=order.status.value)
    first = f"{edit.id}/{EDIT_ORDER.steps[AT_SETTLING].name}/0"
    made = replace(edit, status=EditStatus.COMMITTED, refund_id=refund_id, refund_asked=first)
    await edits.insert(tx, made)
    _carry(tx, [edit.id], at_step=AT_SETTLING)
    return made


def _carry(tx: Tx, ids: Sequence[UUID], *, at_step: int) -> None:
    sagas.begin(tx, EDIT_ORDER, ids, [tx.call] * len(ids), at_step=at_step)
    tx.ring()
