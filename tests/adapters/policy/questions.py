"""The whole policy matrix: every action that a handler asks about or a rule names, put by everybody, of everything."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from tradewind.adapters.policy.rego import HOUSE_POLICIES
from tradewind.app.wiring import manifests
from tradewind.contexts.orders._domain.order import Status
from tradewind.contracts.identity import SCOPES
from tradewind.ports.policy import question

RULES: Final = (HOUSE_POLICIES / "authz.rego").read_text()
ROLES: Final = ("anonymous", "guest", "customer", "warehouse", "merchandiser", "support", "admin", "system", "stranger")
SEVERAL: Final = (("customer", "support"), ("anonymous", "warehouse"), ())
RESOURCES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"owner": True},
    {"owner": False},
    *({"owner": owner, "status": status.value} for owner, status in product((True, False), Status)),
    {"status": "PAID"},
    {"owner": None},
)
SCOPED: Final = ((), ("*",), *((scope,) for scope in sorted(SCOPES)))
ABOUT: Final = ("orders.cancel", "orders.get", "customers.change", "saga.retry")
"""Those that are asked with every resource and every scope; of the others the answer depends on the owner at most."""


def actions() -> list[str]:
    """Those of all handlers, those that the rules name, and one that nobody has heard of."""
    handled = {handler.spec.action for one in manifests() for handler in one.handlers}  # type: ignore[attr-defined]
    named = set(re.findall(r'"([a-z]+\.[a-z_]+)"', RULES))
    return sorted({*handled, *named, "never.heard_of"})


def questions() -> Iterator[dict[str, Any]]:
    """All of them."""
    whose = [(role,) for role in ROLES] + list(SEVERAL)
    for action, roles in product(actions(), whose):
        for facts in RESOURCES[:3]:
            yield question(action, roles, (), **facts)
        yield question(action, roles, ("order:read",))
        yield question(action, roles, ("*",))
    for action, roles, scopes, facts in product(ABOUT, whose, SCOPED, RESOURCES):
        yield question(action, roles, scopes, **facts)
