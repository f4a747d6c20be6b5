"""Keep a payment method no longer."""

from uuid import UUID

from tradewind.contexts.payments._store import methods
from tradewind.contracts.messages import Command
from tradewind.kernel.errors import NotFound
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class NoSuchPaymentMethod(NotFound):
    """You have no such payment method."""


class RemoveMethod(Command, frozen=True):
    """Which one."""

    payment_method_id: UUID


@handler(action="payments.keep_methods")
async def remove_method(command: RemoveMethod, tx: Tx) -> None:
    """Was it the default, the oldest that is left becomes that. Orders that were paid with it stay paid."""
    me = tx.call.actor.subject
    await methods.hold(tx, me)
    if not await methods.remove(tx, me, command.payment_method_id):
        raise NoSuchPaymentMethod
    tx.audit("payments.remove_method", me)
