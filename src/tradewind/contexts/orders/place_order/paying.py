"""By which token an order is paid: a saved payment method is looked up, and a card's number is refused.

Where payments has a database of its own it looks up what is named when it is asked for the money: the order keeps the
name. Is it gone by then, the order is called off.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from tradewind.contexts.orders.place_order.drafting import Draft
from tradewind.contracts.payers import SAVED, Paying, PaymentsHere, as_paid, saved_name
from tradewind.kernel.cards import CardNumberRefused, looks_like_card_number
from tradewind.kernel.errors import Invalid, Refusal
from tradewind.runtime.database import Tx


class UnknownPaymentMethod(Invalid):
    """You keep no such payment method."""


async def token_of(tx: Tx, user_id: str, method: str) -> str:
    """The token to pay with, or the name that payments elsewhere knows it by.

    Refuses with UnknownPaymentMethod or CardNumberRefused.
    """
    if not method.startswith(SAVED):
        if looks_like_card_number(method):
            raise CardNumberRefused
        return method
    name = _name(method)
    if name is None:
        raise UnknownPaymentMethod
    if tx.peer(Paying).away is not None:
        return f"{SAVED}{name}"
    (token,) = await tx.peer(PaymentsHere).saved_tokens(tx, [(user_id, name)])
    if token is None:
        raise UnknownPaymentMethod
    return token


async def with_tokens(tx: Tx, drafts: Sequence[Draft | Refusal]) -> list[Draft | Refusal]:
    """The drafts, each paid by a token; asks only where a saved method is named."""
    saved = [
        draft for draft in drafts if isinstance(draft, Draft) and (draft.order.payment_method or "").startswith(SAVED)
    ]
    named = [(draft.order.user_id, _name(draft.order.payment_method or "") or "") for draft in saved]
    found = {id(draft): token for draft, token in zip(saved, await _tokens(tx, named), strict=True)}

    def paid(draft: Draft | Refusal) -> Draft | Refusal:
        if isinstance(draft, Refusal) or draft.order.payment_method is None:
            return draft
        if id(draft) not in found:
            return CardNumberRefused() if looks_like_card_number(draft.order.payment_method) else draft
        token = found[id(draft)]
        return replace(draft, order=replace(draft.order, payment_method=token)) if token else UnknownPaymentMethod()

    return [paid(draft) for draft in drafts]


async def _tokens(tx: Tx, named: Sequence[tuple[str, str]]) -> Sequence[str | None]:
    if not named:
        return ()
    if tx.peer(Paying).away is not None:
        return [f"{SAVED}{name}" if name else None for _, name in named]
    return await tx.peer(PaymentsHere).saved_tokens(tx, named)


def _name(method: str) -> str | None:
    """What it is that is kept; None for what is no name of a kept one."""
    try:
        return saved_name(method)
    except ValueError:
        return None


def as_before(order_id: UUID, method: str | None) -> str | None:
    """The method by which to charge more for what this order's paid, whatever its buyer keeps by now."""
    return as_paid(order_id) if method is not None and method.startswith(SAVED) else method
