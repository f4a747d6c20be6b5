"""The first administrator: made once, when a shop starts for the first time."""

import secrets
from typing import Final

from tradewind.contexts.identity._domain import passwords
from tradewind.contexts.identity._store import accounts
from tradewind.kernel.ids import new_id
from tradewind.runtime.call import internal_call
from tradewind.runtime.database import Database

LOGIN: Final = "admin@localhost"


async def create_first_admin(db: Database, password: str | None) -> str | None:
    """Make `admin@localhost` where there is none.

    Returns the password that was made up, to be printed once; None where one was given, or where the account exists.
    """
    call = internal_call("identity.first_admin")
    async with db.reading(call) as tx:
        if await accounts.exists(tx, LOGIN):
            return None
    made_up = None if password else secrets.token_urlsafe(18)
    hashed = await passwords.hashed(password or made_up or "")
    async with db.transaction(call) as tx:
        account_id = new_id()
        added = await accounts.add(tx, LOGIN, hashed, ("admin",), id=account_id, tenant="default")
        if added:
            tx.audit("identity.create_first_admin", str(account_id))
    return made_up if added else None
