"""Roles and permissions are said once: in the contract that tokens carry; what is listed is that."""

from typing import Any

from tradewind.contexts.identity._domain.users import ROLES, Permission
from tradewind.contracts.identity import SCOPES


def test_every_role_has_the_permissions_that_its_tokens_carry() -> None:
    assert {role.name: {one.scope for one in role.permissions} for role in ROLES.values()} == {
        name: set(scopes) for name, scopes in SCOPES.items()
    }
    assert Permission("*") in ROLES["admin"].permissions
    assert [role.name for role in ROLES.values() if not role.for_users] == ["guest"]


async def test_an_administrator_sees_every_role_with_its_permissions(admin: Any) -> None:
    items = (await admin.get("/api/v1/roles")).json()["items"]
    assert {one["name"]: set(one["permissions"]) for one in items} == {
        name: set(scopes) for name, scopes in SCOPES.items()
    }
    assert [one["name"] for one in items if one["forUsers"]] == [
        "admin", "customer", "merchandiser", "support", "warehouse",
    ]  # fmt: skip
