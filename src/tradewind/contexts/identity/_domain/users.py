"""Users, roles and permissions: who there is, what each role may do, and who decides about whom."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tradewind.contracts.identity import SCOPES
from tradewind.kernel.errors import Conflict, Invalid, NotFound


class NoSuchUser(NotFound):
    """There is no such user."""


class UnknownRole(Invalid):
    """A user can be customer, merchandiser, warehouse, support or admin."""


class OwnAccount(Conflict):
    """Nobody decides about their own roles or locks themselves out; another administrator does."""


class RolesAreOutside(Conflict):
    """An outside issuer says what this user is: roles are given and taken there. Here they can be disabled."""


class Permission(Struct, frozen=True, order=True):
    """Something that may be done, as tokens (`scope`) and policies name it; "*" is everything."""

    scope: str


class Role(Struct, frozen=True, kw_only=True):
    """A set of permissions with a name. `for_users`: an administrator may give it to somebody."""

    name: str
    permissions: tuple[Permission, ...]
    for_users: bool


ROLES: Final[Mapping[str, Role]] = {
    name: Role(name=name, permissions=tuple(sorted(Permission(scope) for scope in scopes)), for_users=name != "guest")
    for name, scopes in SCOPES.items()
}
"""Every role there is. The permissions are the contract's; authz.rego says the same, held by a test."""


class User(Struct, frozen=True, kw_only=True):
    """Somebody with an account. `email` is their login, in normal form."""

    id: UUID
    email: str
    password_hash: str
    roles: tuple[str, ...]
    tenant: str
    created_at: datetime
    email_verified_at: datetime | None = None
    disabled_at: datetime | None = None
    issuer: str | None = None
    """The outside issuer that vouches for them and says what they are; None where the shop does. `email` may be ''."""

    @property
    def active(self) -> bool:
        """Whether they may log in."""
        return self.disabled_at is None

    def given(self, roles: Iterable[str], *, by: str) -> "User":
        """With exactly these roles; refuses UnknownRole, RolesAreOutside, and OwnAccount where `by` is the user."""
        if self.issuer is not None:
            raise RolesAreOutside
        return replace(self.decided(by), roles=checked_roles(roles))

    def decided(self, by: str) -> "User":
        """Themselves; refuses OwnAccount where `by` is the user."""
        if by == str(self.id):
            raise OwnAccount
        return self


def checked_roles(names: Iterable[str]) -> tuple[str, ...]:
    """The roles, each once, in order; refuses UnknownRole, also where there is none."""
    roles = tuple(sorted(set(names)))
    unknown = [name for name in roles if name not in ROLES or not ROLES[name].for_users]
    if unknown or not roles:
        raise UnknownRole(pointer="/roles", unknown=unknown)
    return roles
