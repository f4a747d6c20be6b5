"""What identity holds of a person: the account without its secret, and the sessions."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tradewind.contexts.identity._domain import passwords
from tradewind.contexts.identity._domain.users import NoSuchUser
from tradewind.contexts.identity._store import accounts, attempts, mail_tokens, sessions
from tradewind.contexts.identity.send_mail import saga
from tradewind.contracts.privacy import Person


class AccountData:
    """Answers to contracts.privacy.PersonalData."""

    async def export(self, tx: Any, person: Person) -> Mapping[str, Any]:
        """The account and its sessions; no hash, no token."""
        user_id = _account_of(person)
        if user_id is None:
            return {}
        try:
            user = await accounts.read(tx, user_id)
        except NoSuchUser:
            return {}
        account = {
            "id": str(user.id),
            "email": user.email,
            "roles": list(user.roles),
            "createdAt": user.created_at,
            "emailVerifiedAt": user.email_verified_at,
            "disabledAt": user.disabled_at,
        }
        return {"account": account, "sessions": [_session(row) for row in await tx.all(sessions.ALL, user_id)]}

    async def erase(self, tx: Any, person: Person) -> None:
        """The row stays without the person, so that ended sessions are still known as ended; nothing leads back."""
        user_id = _account_of(person)
        known = await accounts.lock(tx, [user_id]) if user_id else {}
        emails = {*person.emails, *(user.email for user in known.values())}
        digests = [digest for email in emails for digest in (attempts.of_login(email), attempts.of_mail(email))]
        await attempts.forgive(tx, *digests)
        if user_id not in known:
            return
        await saga.forget(tx, user_id, sorted(emails))
        await mail_tokens.void(tx, user_id)
        await sessions.end(tx, user_id)
        await tx.run(sessions.FORGET_DEVICES, user_id)
        await tx.run(accounts.ERASE, user_id, passwords.NOBODY)
        tx.audit("identity.erase", str(user_id))


def _account_of(person: Person) -> UUID | None:
    try:
        return UUID(person.user_id)
    except ValueError:
        return None


def _session(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "device": row["device"],
        "scope": " ".join(row["scopes"]),
        "openedAt": row["opened_at"],
        "lastUsedAt": row["last_used_at"],
        "expiresAt": row["expires_at"],
        "revokedAt": row["revoked_at"],
    }
