"""Forget a person in every context, in one transaction; the books stay."""

from msgspec import Struct

from tradewind.contexts.customers._domain.person import Unconfirmed, person
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import PersonalDataPeer, PersonErased
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class ErasePerson(Command, frozen=True):
    """Who; oneself where nobody is named. `confirm` is the user's id once more."""

    confirm: str
    user_id: str | None = None


class Erased(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is gone, and who was asked to forget."""

    user_id: str
    contexts: tuple[str, ...]


@handler(action="privacy.erase")
async def erase_person(command: ErasePerson, tx: Tx) -> Erased:
    """All contexts forget or none: whoever cannot yet (an order under way) refuses, and nothing is done."""
    user_id = command.user_id or tx.call.actor.subject
    who = await person(tx, "privacy.erase", user_id)
    if command.confirm != user_id:
        raise Unconfirmed(errors=[{"pointer": "/confirm", "detail": "This is not the user's id."}])
    holders = tx.peer(PersonalDataPeer).holders()
    for _, data in holders:
        await data.erase(tx, who)
    tx.audit("privacy.erase", user_id)
    tx.tell(PersonErased(user_id=user_id))
    return Erased(user_id=user_id, contexts=tuple(name for name, _ in holders))
