"""Every row of who may do what, allowed and refused, asked of the real rules."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tradewind.adapters.policy.rego import PolicyFault, RegoPolicy
from tradewind.contracts.identity import SCOPES
from tradewind.ports.policy import question

POLICY = RegoPolicy()

ACTIONS = {
    "orders.place", "orders.pay", "orders.cancel", "orders.get", "orders.list", "payments.get", "payments.refund",
    "catalog.create_product", "catalog.get_product", "catalog.list_products", "pricing.set_price",
    "pricing.get_price_history", "pricing.override_price", "inventory.adjust_stock", "inventory.query_stock",
    "shipping.dispatch", "shipping.deliver", "shipping.get", "identity.issue_guest_token", "identity.issue_token",
    "identity.invite_user", "identity.set_roles", "identity.end_any_session", "identity.list_roles",
    "identity.get_own_account", "identity.list_sessions", "identity.end_session", "identity.change_password",
    "customers.get", "customers.change", "customers.groups", "privacy.export", "privacy.erase", "privacy.erase_staff",
    "identity.publish_keys", "saga.list", "saga.show", "saga.retry", "saga.compensate",
    "never.heard_of", "catalog.list_categories", "catalog.get_media", "catalog.update_product",
    "catalog.archive_product",
    "catalog.add_variant", "catalog.create_category", "catalog.update_category", "catalog.add_image",
    "catalog.arrange_image", "catalog.remove_image", "catalog.import_products", "catalog.see_all",
}  # fmt: skip
CATALOG = {
    action for action in ACTIONS if action.startswith("catalog.") and action.split(".")[1].split("_")[0] not in
    ("get", "list")
}  # fmt: skip
OPEN = {"identity.issue_guest_token", "identity.issue_token", "identity.publish_keys"}
ANYONE = OPEN | {
    "catalog.get_product", "catalog.list_products", "catalog.list_categories", "catalog.get_media",
    "inventory.query_stock",
}  # fmt: skip
SHOPPING = {"orders.place", "orders.pay", "orders.cancel", "orders.get", "orders.list", "shipping.get"}
PRIVACY = {"privacy.export", "privacy.erase"}
OWN_LOGIN = {
    "identity.get_own_account", "identity.list_sessions", "identity.end_session", "identity.change_password",
}  # fmt: skip
MAY = {
    "anonymous": ANYONE,
    "guest": ANYONE | SHOPPING,
    "customer": ANYONE | OWN_LOGIN | SHOPPING | {"customers.get", "customers.change"} | PRIVACY,
    "warehouse": ANYONE
    | OWN_LOGIN
    | {"inventory.adjust_stock", "shipping.dispatch", "shipping.deliver", "shipping.get"},
    "merchandiser": ANYONE
    | OWN_LOGIN
    | CATALOG
    | {"pricing.set_price", "pricing.get_price_history", "customers.groups"},
    "support": ANYONE
    | OWN_LOGIN
    | PRIVACY
    | {
        "orders.get",
        "orders.list",
        "orders.cancel",
        "payments.get",
        "shipping.get",
        "customers.get",
        "customers.groups",
    },
    "admin": ACTIONS,
    "system": ACTIONS,
}
PENDING = {"PENDING_RESERVATION", "RESERVED", "PENDING_PAYMENT"}
STATUSES = sorted(PENDING | {"CONFIRMED", "PAID", "FULFILLED", "CANCELED", "FAILED"})


def allowed(action: str, *roles: str, scopes: Sequence[str] = (), **facts: Any) -> bool:
    return POLICY.allows(question(action, roles, scopes, **facts))


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("role", sorted(MAY))
def test_a_role_may_do_exactly_what_its_row_says(role: str, action: str) -> None:
    assert allowed(action, role) is (action in MAY[role])


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_nobody_and_an_unknown_role_may_do_nothing_but_become_somebody(action: str) -> None:
    assert allowed(action) is (action in OPEN)
    assert allowed(action, "root") is (action in OPEN)
    assert allowed(action, "customer", scopes=["nothing"]) is (action in OPEN)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("role", ["customer", "guest"])
def test_a_customer_cancels_only_their_own_order_and_only_while_it_is_pending(role: str, status: str) -> None:
    assert allowed("orders.cancel", role, owner=True, status=status) is (status in PENDING)
    assert not allowed("orders.cancel", role, owner=False, status=status)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("role", ["support", "admin", "system"])
def test_staff_cancel_whatever_the_lifecycle_lets_them(role: str, status: str) -> None:
    assert allowed("orders.cancel", role, owner=False, status=status)


@pytest.mark.parametrize("action", sorted(SHOPPING))
def test_a_customer_touches_nothing_of_another_customer(action: str) -> None:
    assert not allowed(action, "customer", owner=False)
    assert not allowed(action, "customer", owner=None)
    assert not allowed(action, "customer", owner="true")


@pytest.mark.parametrize("action", ["customers.get", "customers.change", "privacy.export", "privacy.erase"])
def test_a_customer_reads_writes_exports_and_erases_nobody_else(action: str) -> None:
    assert allowed(action, "customer", owner=True)
    assert not allowed(action, "customer", owner=False)
    assert allowed(action, "admin", owner=False)
    assert allowed(action, "support", owner=False) is (action != "customers.change")


def test_a_second_role_does_not_lift_the_bound_of_the_first() -> None:
    assert not allowed("orders.get", "customer", "warehouse", owner=False)
    assert not allowed("orders.cancel", "customer", "merchandiser", owner=True, status="PAID")
    assert allowed("orders.get", "customer", "support", owner=False)


def test_scopes_narrow_a_role_and_never_widen_it() -> None:
    assert allowed("orders.get", "customer", scopes=["order:read"])
    assert not allowed("orders.place", "customer", scopes=["order:read"])
    assert not allowed("inventory.adjust_stock", "customer", scopes=["inventory:write", "*"])
    assert not allowed("orders.place", "admin", scopes=["order:read"])
    assert allowed("orders.get", "admin", scopes=["order:read"])
    assert not allowed("payments.refund", "admin", scopes=["order:read", "payments.refund"])
    assert allowed("payments.refund", "admin", scopes=["*"])


@pytest.mark.parametrize(
    "broken", [{}, {"action": "orders.get"}, {"roles": ["admin"]}, {"action": 1, "roles": "admin"}]
)
def test_a_question_that_makes_no_sense_is_denied(broken: dict[str, Any]) -> None:
    assert POLICY.allows(broken) is False


def test_decisions_are_remembered_within_a_bound() -> None:
    policy = RegoPolicy(remember=8)
    for n in range(20):
        assert policy.allows(question("orders.get", ["customer"], [], owner=True, status=str(n)))
    assert len(policy._decisions) == 8
    assert not policy.allows(question("orders.get", ["customer"], [], owner=False))


def test_a_directory_without_rules_is_a_fault_and_not_a_yes(tmp_path: Path) -> None:
    with pytest.raises(PolicyFault):
        RegoPolicy(tmp_path)


def test_the_permissions_of_the_rules_are_the_scopes_of_tokens() -> None:
    output = POLICY._interpreter.query("data.tradewind.authz.permissions")
    permissions = output.results[0].expressions[0]
    assert {role: set(scopes) for role, scopes in SCOPES.items()} == {
        role: set(allowed) for role, allowed in permissions.items() if role not in ("anonymous", "system")
    }
