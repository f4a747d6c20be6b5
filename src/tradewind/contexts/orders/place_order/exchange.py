"""The saga of an order that waits until it is known how much of it is paid by what came back of another one.

That is asked of payments in another process once goods have come back, by whoever took them back. Until then the order
has no payment method: no buyer is asked for one, no provider for money, and the step that authorizes waits. Its goods
are held meanwhile; should their time run out, or somebody call it off, it ends as any order, and all money goes back.
"""

from dataclasses import replace
from typing import Final

from tradewind.contexts.orders.place_order.goods import RESERVE_IN_EXCHANGE
from tradewind.contexts.orders.place_order.saga import PLACE_ORDER
from tradewind.runtime.saga.definition import Saga

PLACE_EXCHANGE: Final = Saga(
    name="place_exchange",
    version=1,
    steps=(replace(PLACE_ORDER.steps[0], do=RESERVE_IN_EXCHANGE), *PLACE_ORDER.steps[1:]),
    pivot=PLACE_ORDER.pivot,
    end=PLACE_ORDER.end,
)
"""As many steps as PLACE_ORDER, and the same pivot: whoever cancels or mends an order need not know which it has. By a
name of its own, so that no process of a release before this one takes it for an order whose buyer has yet to pay."""
