"""Show a person everything that is held of them, in every context."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.customers._domain.archive import Exported
from tradewind.contexts.customers._domain.person import PartIsAway, person
from tradewind.contracts.messages import Command
from tradewind.contracts.outcomes import Waiting
from tradewind.contracts.privacy import OrdersOfPeer, PersonalDataPeer, Persons
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, handler, outside

__all__ = ["ExportPerson", "Exported", "export_person"]


class ExportPerson(Command, frozen=True):
    """Of whom; of oneself where nobody is named."""

    user_id: str | None = None


class ShowHeld(Command, frozen=True):
    """Of whom; of oneself where nobody is named."""

    user_id: str | None = None


class Shown(Struct, frozen=True):
    """What is held in this database, and which orders are theirs, where others are asked by those."""

    exported: Exported
    orders: Sequence[UUID] = ()


@outside(action="privacy.export")
async def export_person(command: ExportPerson, ask: Asking) -> Exported:
    """Everything or nothing: refuses PartIsAway where some of it cannot be had now."""
    shown: Shown = await ask(ShowHeld(user_id=command.user_id))
    away, exported = ask.peer(Persons).away, shown.exported
    if away is None:
        return exported
    held = await away.export(exported.user_id, shown.orders, ask.call)
    if isinstance(held, Waiting):
        raise PartIsAway
    exported.contexts["payments"] = _plain(held)
    return exported


@handler(action="privacy.export")
async def show_held(command: ShowHeld, tx: Tx) -> Shown:
    """Refuses NoSuchCustomer. That it was asked for is in the trail, what it said is nowhere kept."""
    who = await person(tx, "privacy.export", command.user_id or tx.call.actor.subject)
    holders = tx.peer(PersonalDataPeer).holders()
    held = {name: _plain(await data.export(tx, who)) for name, data in holders}
    tx.audit("privacy.export", who.user_id)
    exported = Exported(user_id=who.user_id, exported_at=now(), contexts=held)
    if tx.peer(Persons).away is None:
        return Shown(exported)
    return Shown(exported, await tx.peer(OrdersOfPeer).order_ids(tx, who))


def _plain(held: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in held.items() if value}
