"""One's own payment methods."""

from msgspec import Struct

from tradewind.contexts.payments._store import methods
from tradewind.contexts.payments.save_method.command import MethodView, view
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query


class ListMethods(Command, frozen=True):
    """All of one's own; there are few."""


class MethodList(Struct, frozen=True, rename="camel"):
    """Payment methods, the default first."""

    items: tuple[MethodView, ...]


@query(action="payments.keep_methods")
async def list_methods(command: ListMethods, tx: Tx) -> MethodList:
    """The default first, then the oldest."""
    return MethodList(tuple(view(row) for row in await methods.of(tx, tx.call.actor.subject)))
