"""The SQL of customers.address."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tradewind.contexts.customers._domain.address import Address
from tradewind.runtime.database import Tx

ALL: Final = """
    SELECT id, user_id, version, place::text AS place, default_shipping, default_billing
    FROM customers.address WHERE user_id = $1 ORDER BY id
"""
YIELD: Final = """
    UPDATE customers.address SET default_shipping = default_shipping AND NOT $3,
        default_billing = default_billing AND NOT $4
    WHERE user_id = $1 AND id <> $2 AND (default_shipping AND $3 OR default_billing AND $4)
"""
SAVE: Final = """
    INSERT INTO customers.address (id, user_id, version, place, default_shipping, default_billing)
    VALUES ($1, $2, $3, $4::jsonb, $5, $6)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, place = excluded.place,
        default_shipping = excluded.default_shipping, default_billing = excluded.default_billing, changed_at = now()
"""
REMOVE: Final = "DELETE FROM customers.address WHERE user_id = $1 AND id = $2"
INHERIT: Final = """
    UPDATE customers.address SET default_shipping = default_shipping OR $2, default_billing = default_billing OR $3
    WHERE id = (SELECT id FROM customers.address WHERE user_id = $1 ORDER BY id LIMIT 1)
"""
FORGET: Final = "DELETE FROM customers.address WHERE user_id = $1"


async def all_of(tx: Tx, user_id: str) -> Sequence[Address]:
    """Every address of a customer, the oldest first."""
    return [_address(row) for row in await tx.all(ALL, user_id)]


async def save(tx: Tx, one: Address) -> None:
    """Write an address of a customer whose profile is held; the default it becomes, no other stays."""
    await tx.run(YIELD, one.user_id, one.id, one.default_shipping, one.default_billing)
    place = msgspec.json.encode(one.place).decode()
    await tx.run(SAVE, one.id, one.user_id, one.version, place, one.default_shipping, one.default_billing)


async def remove(tx: Tx, one: Address) -> None:
    """Take an address away; what it was the default for, the oldest that is left becomes."""
    await tx.run(REMOVE, one.user_id, one.id)
    if one.default_shipping or one.default_billing:
        await tx.run(INHERIT, one.user_id, one.default_shipping, one.default_billing)


async def forget(tx: Tx, user_id: str) -> None:
    """No address stays."""
    await tx.run(FORGET, user_id)


def _address(row: Any) -> Address:
    return Address(
        id=row["id"],
        user_id=row["user_id"],
        version=row["version"],
        place=msgspec.json.decode(row["place"], type=dict[str, str]),
        default_shipping=row["default_shipping"],
        default_billing=row["default_billing"],
    )
