"""Who shopped as a guest has logged in: what lay in the guest's carts lies in the user's.

The rule: the user's open cart that was touched last takes all in; where the user has none, the guest's that was touched
last becomes the user's. Of one SKU the pieces add up to the limit; what no longer fits is named in the event. A guest's
cart that was merged is closed, so doing it again finds nothing to do.
"""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from tradewind.contexts.carts._domain.cart import Cart
from tradewind.contexts.carts._domain.events import CartEvent
from tradewind.contexts.carts._store import carts
from tradewind.runtime.database import Tx

Change: TypeAlias = tuple[Cart, Sequence[CartEvent], Cart]
"""A cart as it was, what happened to it, as it is."""


async def merge(tx: Tx, guest_id: str, user_id: str) -> int:
    """Merge every open cart of the guest into the user's, all of them held; how many."""
    if guest_id == user_id:
        return 0
    held = await carts.hold_open_of(tx, [guest_id, user_id])
    guests = [cart for cart in held if cart.owner == guest_id]
    mine = next((cart for cart in held if cart.owner == user_id), None)
    if not guests:
        return 0
    target, others = (mine, guests) if mine else (guests[0], guests[1:])
    first: list[CartEvent] = [] if mine else [target.hand_over(user_id)]
    changes = [_filled(target, first, others), *(_emptied(one, target.id) for one in others)]
    carts.write_all(tx, [one for one in changes if one[1]], by=user_id)
    tx.audit("carts.merge", str(target.id), sources=[str(one.id) for one in others])
    return len(guests)


def _filled(target: Cart, events: list[CartEvent], others: Sequence[Cart]) -> Change:
    after = target
    for event in events:
        after = after.after(event)
    for one in others:
        if one.lines:
            events.append(taken := after.take(one))
            after = after.after(taken)
    return target, events, after


def _emptied(one: Cart, target: UUID) -> Change:
    away = one.go_into(target)
    return one, [away], one.after(away)
