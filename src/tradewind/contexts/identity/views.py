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
    """A user, as administrators left them. Answers to commands are kept for replays, so it holds no address."""

    id: UUID
    roles: tuple[str, ...]
    status: str
    email_verified: bool
    created_at: datetime


class UserDetail(UserView, frozen=True, kw_only=True):
    """A user, as administrators see them."""

    email: str


class UserPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some users, and where the next ones begin."""

    items: list[UserDetail]
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
    """The user, without address and secret."""
    return UserView(
        id=user.id,
        roles=user.roles,
        status="ACTIVE" if user.active else "DISABLED",
        email_verified=user.email_verified_at is not None,
        created_at=user.created_at,
    )


def detail(user: User) -> UserDetail:
    """The user with their address."""
    seen = view(user)
    return UserDetail(**{name: getattr(seen, name) for name in seen.__struct_fields__}, email=user.email)


def role_view(role: Role) -> RoleView:
    """The role with its permissions by name."""
    return RoleView(name=role.name, permissions=tuple(one.scope for one in role.permissions), for_users=role.for_users)
