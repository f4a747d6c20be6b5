"""The SQL of customers.forgetting: who has yet to be forgotten elsewhere. It keeps ids, and none that is done with."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.runtime.database import Tx

INSERT: Final = "INSERT INTO customers.forgetting (id, user_id, orders) VALUES ($1, $2, $3)"
READ: Final = """
    SELECT id, user_id, orders[1:$2::int] AS orders FROM customers.forgetting WHERE id = ANY($1::uuid[])
"""
TURN: Final = """
    UPDATE customers.forgetting SET orders = orders[$2::int + 1:]
    WHERE id = ANY($1::uuid[]) AND cardinality(orders) > $2 RETURNING id
"""
END: Final = "DELETE FROM customers.forgetting WHERE id = ANY($1::uuid[])"


class Page(Struct, frozen=True):
    """The next to be forgotten: a user, and some orders of theirs."""

    user_id: str
    orders: tuple[UUID, ...]


def insert(tx: Tx, id_: UUID, user_id: str, orders: Sequence[UUID]) -> None:
    """Write down who, and all orders of theirs."""
    tx.later(INSERT, id_, user_id, list(orders))


async def pages(tx: Tx, ids: Sequence[UUID], at_once: int) -> Mapping[UUID, Page]:
    """What is next of each, where something is left."""
    return {row["id"]: Page(row["user_id"], tuple(row["orders"])) for row in await tx.all(READ, list(ids), at_once)}


async def turn(tx: Tx, ids: Sequence[UUID], at_once: int) -> frozenset[UUID]:
    """Those pages are done: those of which another is left. Of the others nothing is kept."""
    left = frozenset(row["id"] for row in await tx.all(TURN, list(ids), at_once))
    await tx.run(END, [one for one in ids if one not in left])
    return left
