"""Keep an account and a session of ours for who comes by a token of an outside issuer; as often as they come, once.

Everything else is then as for anybody else: the profile that begins with the account, the list of one's sessions, their
end at once and everywhere, what is held of a person and its end.
"""

from typing import Final
from uuid import UUID

from tradewind.api.auth.outside import OutsideActor
from tradewind.contexts.identity._domain import passwords
from tradewind.contexts.identity._domain.users import NoSuchUser, User
from tradewind.contexts.identity._store import accounts, sessions
from tradewind.contexts.identity._store.sessions import Session
from tradewind.contracts.identity import EmailProved, UserRegistered
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import Pseudonyms
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

SESSION_LIFETIME_S: Final = 30 * 24 * 3600.0
"""A session that nobody comes with for so long is forgotten; the issuer must have ended it before."""


class AdmitOutsider(Command, frozen=True, kw_only=True):
    """Who came, and with which session; ids are ours. `email`: one that the issuer says is theirs."""

    user_id: UUID
    session_id: UUID
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    tenant: str
    issuer: str
    email: str | None = None


def admission(actor: OutsideActor) -> AdmitOutsider:
    """The command to let them in."""
    return AdmitOutsider(
        user_id=UUID(actor.subject),
        session_id=UUID(actor.session),
        roles=tuple(sorted(actor.roles)),
        scopes=tuple(sorted(actor.scopes)),
        tenant=actor.tenant,
        issuer=actor.outsider.issuer,
        email=actor.outsider.email,
    )


@handler(action="identity.admit_outsider")
async def admit_outsider(command: AdmitOutsider, tx: Tx) -> bool:
    """Whether they are let in: not with a session that has ended, nor where the account is disabled or erased.

    What is found out is kept also where the answer is no, so it is answered and not raised.
    """
    try:
        user = await known(command, tx)
    except NoSuchUser:
        return False
    if not user.active:
        return False
    await _note(command, user, tx)
    return await seen(command, tx)


async def known(command: AdmitOutsider, tx: Tx) -> User:
    """Their account, made where there is none, and locked; refuses NoSuchUser where they were erased."""
    added = await accounts.add_outsider(
        tx, command.user_id, passwords.NOBODY, command.roles, tenant=command.tenant, issuer=command.issuer
    )
    user = await accounts.lock_one(tx, command.user_id)
    if added:
        tx.tell(UserRegistered(user_id=str(user.id)))
        tx.audit("identity.admit_outsider", str(user.id), issuer=command.issuer, roles=command.roles)
    return user


async def seen(command: AdmitOutsider, tx: Tx) -> bool:
    """Keep the session; whether it is alive."""
    session = Session(id=command.session_id, account_id=command.user_id, scopes=command.scopes)
    return await sessions.see_outside(tx, session, SESSION_LIFETIME_S)


async def _note(command: AdmitOutsider, user: User, tx: Tx) -> None:
    """What the issuer says of them now, where it said something else before."""
    if ({*user.roles}, user.tenant, user.email) == ({*command.roles}, command.tenant, command.email or ""):
        return
    await accounts.set_outsider(tx, user.id, command.roles, tenant=command.tenant, email=command.email)
    if {*user.roles} != {*command.roles}:
        tx.audit("identity.set_roles", str(user.id), before=user.roles, after=command.roles)
    if command.email and command.email != user.email:
        tx.tell(EmailProved(user_id=str(user.id), email_digest=tx.peer(Pseudonyms).of(command.email)))
