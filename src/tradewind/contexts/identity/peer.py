"""What other contexts may ask of an account."""

from typing import Any
from uuid import UUID

from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity._store import accounts


class Accounts:
    """Answers to contracts.identity.AccountsPeer."""

    async def addresses(self, tx: Any, user_id: str) -> tuple[str, ...]:
        """The e-mail addresses that a user has proved; none of a guest or of who is unknown."""
        try:
            user = await accounts.read(tx, UUID(user_id))
        except (ValueError, NoSuchUser):
            return ()
        return (user.email,) if user.email_verified_at is not None else ()

    async def known_by(self, tx: Any, email: str) -> tuple[str, ...]:
        """The users who have proved this e-mail address, or for whom their issuer vouches; in normal form or not."""
        return await accounts.known_by(tx, email.strip().lower())

    async def roles(self, tx: Any, user_id: str) -> frozenset[str]:
        """The roles of a user's account; none of a guest or of who is unknown."""
        try:
            return frozenset((await accounts.read(tx, UUID(user_id))).roles)
        except (ValueError, NoSuchUser):
            return frozenset()
