"""The SQL of customers.customer_group."""

from collections.abc import Iterable
from typing import Final

from tradewind.runtime.database import Tx

OF: Final = "SELECT name FROM customers.customer_group WHERE user_id = $1 ORDER BY name"
LEAVE: Final = "DELETE FROM customers.customer_group WHERE user_id = $1 AND name <> ALL($2::text[])"
JOIN: Final = """
    INSERT INTO customers.customer_group (user_id, name, set_by) SELECT $1, unnest($2::text[]), $3
    ON CONFLICT (user_id, name) DO NOTHING
"""
FORGET: Final = "DELETE FROM customers.customer_group WHERE user_id = $1"


async def of(tx: Tx, user_id: str) -> tuple[str, ...]:
    """The groups that a customer is in, in the order of the alphabet."""
    return tuple(row["name"] for row in await tx.all(OF, user_id))


async def put(tx: Tx, user_id: str, names: Iterable[str], by: str) -> None:
    """Let a customer be in these groups and no other."""
    wanted = sorted(set(names))
    await tx.run(LEAVE, user_id, wanted)
    await tx.run(JOIN, user_id, wanted, by)


async def forget(tx: Tx, user_id: str) -> None:
    """In no group any more."""
    await tx.run(FORGET, user_id)
