"""How users and roles are shown."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.identity._domain.users import Role, User


class UserInfo(Struct, frozen=True, kw_only=True):
    """Claims about the caller, by their OpenID names."""

    sub: str
    email: str
    email_verified: bool
    roles: tuple[str, ...]
    tenant: str


class UserView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A user, as administrators see them."""

    id: UUID
    email: str
    roles: tuple[str, ...]
    status: str
    email_verified: bool
    created_at: datetime


class UserPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some users, and where the next ones begin."""

    items: list[UserView]
    next: str | None


class RoleView(Struct, frozen=True, kw_only=True, rename="camel"):
    """A role and its permissions, which are the scopes of its tokens. `for_users`: it can be given to somebody."""

    name: str
    permissions: tuple[str, ...]
    for_users: bool


class RoleList(Struct, frozen=True, kw_only=True):
    """All roles."""

    items: list[RoleView]


def view(user: User) -> UserView:
    """The user, without what nobody may see."""
    return UserView(
        id=user.id,
        email=user.email,
        roles=user.roles,
        status="ACTIVE" if user.active else "DISABLED",
        email_verified=user.email_verified_at is not None,
        created_at=user.created_at,
    )


def role_view(role: Role) -> RoleView:
    """The role with its permissions by name."""
    return RoleView(name=role.name, permissions=tuple(one.scope for one in role.permissions), for_users=role.for_users)
