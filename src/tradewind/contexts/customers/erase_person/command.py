"""Forget a person in every context, in one transaction; the books stay.

What is in another process is forgotten there because of that transaction, a moment later. What has to be known of it
before anything is forgotten is asked there first, outside of the transaction.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contexts.customers._domain.person import PartIsAway, Unconfirmed, person
from tradewind.contexts.customers.erase_person import elsewhere
from tradewind.contracts.messages import Command
from tradewind.contracts.outcomes import Waiting
from tradewind.contracts.privacy import OrdersOfPeer, PersonalDataPeer, PersonErased, Persons
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import Asking, handler, outside, query


class ErasePerson(Command, frozen=True):
    """Who; oneself where nobody is named. `confirm` is the user's id once more."""

    confirm: str
    user_id: str | None = None


class ForgetPerson(Command, frozen=True):
    """Who, as they were confirmed. `paid_back`: as of contracts.privacy.Person."""

    confirm: str
    user_id: str | None = None
    paid_back: tuple[UUID, ...] = ()


class FindLost(Command, frozen=True):
    """Whose orders may be lost."""

    user_id: str | None = None


class Erased(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is gone, and who was asked to forget."""

    user_id: str
    contexts: tuple[str, ...]


@outside(action="privacy.erase")
async def erase_person(command: ErasePerson, ask: Asking) -> Erased:
    """Refuses PartIsAway where it cannot be known whether what was lost is paid back."""
    back = await _paid_back(ask, command.user_id)
    answer: Erased = await ask.under_key(
        ForgetPerson(confirm=command.confirm, user_id=command.user_id, paid_back=tuple(sorted(back)))
    )
    return answer


async def _paid_back(ask: Asking, user_id: str | None) -> frozenset[UUID]:
    away = ask.peer(Persons).away
    lost = await ask(FindLost(user_id=user_id)) if away is not None else ()
    if away is None or not lost:
        return frozenset()
    back = await away.given_back(lost, ask.call)
    if isinstance(back, Waiting):
        raise PartIsAway
    return back


@query(action="privacy.erase")
async def find_lost(command: FindLost, tx: Tx) -> Sequence[UUID]:
    """Orders that hold their buyer up unless they are paid back; refuses as `forget_person` does."""
    who = await person(tx, "privacy.erase", command.user_id or tx.call.actor.subject)
    return await tx.peer(OrdersOfPeer).lost(tx, who)


@handler(action="privacy.erase")
async def forget_person(command: ForgetPerson, tx: Tx) -> Erased:
    """All contexts forget or none: whoever cannot yet (an order under way) refuses, and nothing is done."""
    user_id = command.user_id or tx.call.actor.subject
    who = replace(await person(tx, "privacy.erase", user_id), paid_back=frozenset(command.paid_back))
    if command.confirm != user_id:
        raise Unconfirmed(errors=[{"pointer": "/confirm", "detail": "This is not the user's id."}])
    asked = await elsewhere.begin(tx, who)  # before those forget who know which orders are theirs
    holders = tx.peer(PersonalDataPeer).holders()
    for _, data in holders:
        await data.erase(tx, who)
    tx.audit("privacy.erase", user_id)
    tx.tell(PersonErased(user_id=user_id))
    return Erased(user_id=user_id, contexts=tuple(dict.fromkeys((*(name for name, _ in holders), *asked))))
