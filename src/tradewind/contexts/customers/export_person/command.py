"""Show a person everything that is held of them, in every context."""

from tradewind.contexts.customers._domain.archive import Exported
from tradewind.contexts.customers._domain.person import person
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import PersonalDataPeer
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

__all__ = ["ExportPerson", "Exported", "export_person"]


class ExportPerson(Command, frozen=True):
    """Of whom; of oneself where nobody is named."""

    user_id: str | None = None


@handler(action="privacy.export")
async def export_person(command: ExportPerson, tx: Tx) -> Exported:
    """Refuses NoSuchCustomer. That it was asked for is in the trail, what it said is nowhere kept."""
    who = await person(tx, "privacy.export", command.user_id or tx.call.actor.subject)
    holders = tx.peer(PersonalDataPeer).holders()
    held = {name: _plain(await data.export(tx, who)) for name, data in holders}
    tx.audit("privacy.export", who.user_id)
    return Exported(user_id=who.user_id, exported_at=now(), contexts=held)


def _plain(held: object) -> object:
    return {name: value for name, value in held.items() if value} if isinstance(held, dict) else held
