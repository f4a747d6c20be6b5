"""A cart becomes an order: what the placing transaction asks, and what it has written at its end (S4)."""

from collections.abc import Sequence
from typing import Any

from tradewind.contexts.carts._domain.cart import NoSuchCart, Status, closed
from tradewind.contexts.carts._domain.events import written
from tradewind.contexts.carts._store import quotes
from tradewind.contracts.carts import Agreed, CartCheckedOut, Checkout
from tradewind.kernel.errors import Conflict, Refusal
from tradewind.runtime.database import Tx
from tradewind.runtime.telemetry import metrics


class UnknownQuote(Conflict):
    """There is no such quote of this cart; ask for one."""


class QuoteExpired(Conflict):
    """The price was promised for a while, which is over; ask for another quote."""


class QuoteOutdated(Conflict):
    """The cart has changed since it was quoted; ask for another quote."""


class CheckoutUnderWay(Conflict):
    """Somebody is checking out this cart at this moment."""


async def agree(tx: Tx, checkouts: Sequence[Checkout]) -> list[Agreed | Refusal]:
    """What each token stands for, every cart locked in the order of ids; of one cart only the first is agreed to."""
    digests = [quotes.digest(one.quote_token) for one in checkouts]
    rows = await tx.all(quotes.LOCK, [one.cart_id for one in checkouts], digests)
    found = {(row["id"], row["digest"]): row for row in rows}
    carts = {row["id"]: row for row in rows}
    answers: list[Agreed | Refusal] = []
    taken = set()
    for one, digest in zip(checkouts, digests, strict=True):
        answer = _answer(one, carts.get(one.cart_id), found.get((one.cart_id, digest)))
        if isinstance(answer, Agreed):
            answer = CheckoutUnderWay(cartId=str(one.cart_id)) if one.cart_id in taken else answer
            taken.add(one.cart_id)
        answers.append(answer)
    return answers


def _answer(one: Checkout, cart: Any, quote: Any) -> Agreed | Refusal:
    if cart is None or cart["owner"] != one.user_id:
        return NoSuchCart(cartId=str(one.cart_id))
    if cart["status"] != Status.OPEN:
        return closed(Status(cart["status"]), cart["order_id"])
    if quote is None:
        return UnknownQuote()
    if quote["cart_version"] != cart["version"]:
        return QuoteOutdated(version=cart["version"])
    if quote["expired"]:
        return QuoteExpired()
    promise = quotes.promise_of(quote)
    return Agreed(
        cart_id=one.cart_id,
        order_id=one.order_id,
        quote=promise.quote,
        shipping_method=promise.shipping_method,
        shipping_address=promise.shipping_address,
        email=promise.email,
    )


def complete(tx: Tx, agreed: Sequence[Agreed]) -> None:
    """Those became orders: close their carts, held by `agree`, and forget their quotes with the addresses in them."""
    if not agreed:
        return
    events = [CartCheckedOut(cart_id=one.cart_id, order_id=one.order_id) for one in agreed]
    rows = [(one.cart_id, one.order_id, *written(one)) for one in events]
    tx.later(quotes.TELL, rows)
    tx.later(quotes.CLOSE, rows)
    tx.later(quotes.FORGET, [one.cart_id for one in agreed])
    for one in events:
        call = tx.calls.get(str(one.order_id))
        tx.tell(one, call=call)
        tx.audit("carts.CartCheckedOut", str(one.cart_id), call=call, order_id=str(one.order_id))
    tx.on_commit.append(lambda: metrics.carts_checked_out_total.inc(len(events)))
