"""What other contexts may ask customers."""

from typing import Any

from tradewind.contexts.customers._store import groups


class Customers:
    """Answers to CustomersPeer."""

    async def groups(self, tx: Any, customer_id: str) -> frozenset[str]:
        """The customer groups that a user is in, by name."""
        return frozenset(await groups.of(tx, customer_id))
