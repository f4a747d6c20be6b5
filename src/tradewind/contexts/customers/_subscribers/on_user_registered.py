"""Who has an account has a profile, with the address that they proved where there is one already."""

from typing import Final

import msgspec

from tradewind.contexts.customers._domain.contacts import Contact, Kind
from tradewind.contexts.customers._domain.profile import Profile
from tradewind.contexts.customers._store import profiles
from tradewind.contracts.identity import AccountsPeer, EmailProved, UserRegistered
from tradewind.runtime.database import Tx
from tradewind.runtime.subscriptions import subscriber

FIRST_VERSION: Final = 1


@subscriber
async def on_user_registered(event: UserRegistered | EmailProved, tx: Tx) -> None:
    """Begin the profile; a proved address is the first way to reach somebody who named none yet."""
    known = await tx.peer(AccountsPeer).addresses(tx, event.user_id)
    if not known and isinstance(event, EmailProved):
        return  # erased meanwhile
    profile = await profiles.hold(tx, event.user_id)
    if known and profile.version == 0:
        await profiles.save(tx, _reached(profile, known[0]))


def _reached(profile: Profile, email: str) -> Profile:
    contacts = (Contact(kind=Kind.EMAIL, value=email),)
    return msgspec.structs.replace(profile, contacts=contacts, version=FIRST_VERSION)
