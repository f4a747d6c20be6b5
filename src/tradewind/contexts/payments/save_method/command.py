"""Keep a payment method: the provider's token, and what its owner tells it by. A card's number is refused."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.payments._store import methods
from tradewind.contracts.messages import Command
from tradewind.kernel.cards import CardNumberRefused, looks_like_card_number
from tradewind.kernel.errors import Conflict
from tradewind.kernel.ids import new_id
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

MAX_METHODS: Final = 20


class TooManyPaymentMethods(Conflict):
    """So many payment methods are enough; remove one first."""


class SaveMethod(Command, frozen=True):
    """A token that the provider gave for a card that was typed in there. The same token again is the same method."""

    token: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    default: bool
    provider: str


class MethodView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A payment method. To pay with it, `saved:` and its id; `saved:default` names the default."""

    id: UUID
    provider: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    default: bool
    created_at: datetime


@handler(action="payments.keep_methods")
async def save_method(command: SaveMethod, tx: Tx) -> MethodView:
    """The first is the default; there is always one, so false takes nothing away."""
    if any(map(looks_like_card_number, (command.token, command.brand, command.provider))):
        raise CardNumberRefused
    me = tx.call.actor.subject
    await methods.hold(tx, me)
    known = {(row["provider"], row["token"]): row for row in await methods.of(tx, me)}
    before = known.get((command.provider, command.token))
    if before is None and len(known) >= MAX_METHODS:
        raise TooManyPaymentMethods(most=MAX_METHODS)
    is_default = command.default or not known or bool(before and before["is_default"])
    if is_default:
        await tx.run(methods.YIELD, me)
    row = await tx.row(
        methods.SAVE, new_id(), me, command.provider, command.token, command.brand, command.last4, command.exp_month,
        command.exp_year, is_default,
    )  # fmt: skip
    tx.audit("payments.save_method", me)
    return view(row)


def view(row: Any) -> MethodView:
    """What its owner sees of it: not the token."""
    return MethodView(
        id=row["id"],
        provider=row["provider"],
        brand=row["brand"],
        last4=row["last4"],
        exp_month=row["exp_month"],
        exp_year=row["exp_year"],
        default=row["is_default"],
        created_at=row["created_at"],
    )
