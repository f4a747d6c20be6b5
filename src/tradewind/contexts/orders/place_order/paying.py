"""By which token an order is paid: a saved payment method is looked up, and a card's number is refused."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from tradewind.contexts.orders.place_order.drafting import Draft
from tradewind.contracts.payments import PaymentsPeer
from tradewind.kernel.cards import CardNumberRefused, looks_like_card_number
from tradewind.kernel.errors import Invalid, Refusal
from tradewind.runtime.database import Tx

SAVED: Final = "saved:"
"""What a payment method begins with that its owner keeps: `saved:<id>` or `saved:default`."""


class UnknownPaymentMethod(Invalid):
    """You keep no such payment method."""


async def token_of(tx: Tx, user_id: str, method: str) -> str:
    """The token to pay with; refuses with UnknownPaymentMethod or CardNumberRefused."""
    if not method.startswith(SAVED):
        if looks_like_card_number(method):
            raise CardNumberRefused
        return method
    (token,) = await tx.peer(PaymentsPeer).saved_tokens(tx, [(user_id, method.removeprefix(SAVED))])
    if token is None:
        raise UnknownPaymentMethod
    return token


async def with_tokens(tx: Tx, drafts: Sequence[Draft | Refusal]) -> list[Draft | Refusal]:
    """The drafts, each paid by a token; asks only where a saved method is named."""
    saved = [
        draft for draft in drafts if isinstance(draft, Draft) and (draft.order.payment_method or "").startswith(SAVED)
    ]
    named = [(draft.order.user_id, (draft.order.payment_method or "").removeprefix(SAVED)) for draft in saved]
    tokens = await tx.peer(PaymentsPeer).saved_tokens(tx, named) if named else ()
    found = {id(draft): token for draft, token in zip(saved, tokens, strict=True)}

    def paid(draft: Draft | Refusal) -> Draft | Refusal:
        if isinstance(draft, Refusal) or draft.order.payment_method is None:
            return draft
        if id(draft) not in found:
            return CardNumberRefused() if looks_like_card_number(draft.order.payment_method) else draft
        token = found[id(draft)]
        return replace(draft, order=replace(draft.order, payment_method=token)) if token else UnknownPaymentMethod()

    return [paid(draft) for draft in drafts]
