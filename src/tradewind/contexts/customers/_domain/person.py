"""Whose data it is, and who may ask for it to be shown or forgotten."""

from typing import Final

from tradewind.contexts.customers._domain.profile import NoSuchCustomer
from tradewind.contracts.identity import AccountsPeer
from tradewind.contracts.privacy import Person
from tradewind.kernel.errors import Conflict, Invalid, Unavailable
from tradewind.runtime.database import Tx

SHOPPERS: Final = frozenset({"customer", "guest"})


class Unconfirmed(Invalid):
    """What cannot be undone needs the user's id once more, in `confirm`."""


class StaffAccount(Conflict):
    """This is an account of staff; only an administrator may erase it."""


class PartIsAway(Unavailable):
    """A part of the shop that holds some of it is away; nothing was done. Try again in a minute."""


async def person(tx: Tx, action: str, user_id: str) -> Person:
    """Who it is about. To a shopper anybody else looks like none at all (NoSuchCustomer)."""
    if not tx.allows(action, owner=user_id == tx.call.actor.subject):
        raise NoSuchCustomer
    accounts = tx.peer(AccountsPeer)
    if not await accounts.roles(tx, user_id) <= SHOPPERS and not tx.allows("privacy.erase_staff"):
        raise StaffAccount
    return Person(user_id=user_id, emails=await accounts.addresses(tx, user_id))
