"""What carts hold of a person: carts and their histories by owner, quotes with an address and an e-mail address."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from tradewind.contracts.privacy import Person
from tradewind.runtime.database import Tx

CARTS: Final = """
    SELECT c.id, c.status, c.version, c.opened_at, c.touched_at, c.order_id FROM carts.carts AS c
    WHERE c.owner = $1 ORDER BY c.id
"""
EVENTS: Final = """
    SELECT e.cart_id, e.version, e.type, e.at, e.body::text AS body FROM carts.cart_event AS e
    JOIN carts.carts AS c ON c.id = e.cart_id WHERE c.owner = $1 ORDER BY e.cart_id, e.version
"""
QUOTES: Final = """
    SELECT q.cart_id, q.given_at, q.expires_at, q.shipping_method, q.shipping_address::text AS shipping_address, q.email
    FROM carts.quote AS q
    WHERE q.email = ANY($2::text[]) OR q.cart_id IN (SELECT id FROM carts.carts WHERE owner = $1)
    ORDER BY q.given_at
"""
FORGET_QUOTES: Final = """
    DELETE FROM carts.quote
    WHERE email = ANY($2::text[]) OR cart_id IN (SELECT id FROM carts.carts WHERE owner = $1)
"""
FORGET_CARTS: Final = """
    WITH RECURSIVE theirs AS (
        SELECT id FROM carts.carts WHERE owner = $1
        UNION SELECT c.id FROM carts.carts AS c JOIN theirs ON c.merged_into = theirs.id),
    events AS (DELETE FROM carts.cart_event WHERE cart_id = ANY(ARRAY(SELECT id FROM theirs))),
    items AS (DELETE FROM carts.cart_items WHERE cart_id = ANY(ARRAY(SELECT id FROM theirs)))
    DELETE FROM carts.carts WHERE id = ANY(ARRAY(SELECT id FROM theirs))
"""


class CartsOfPeople:
    """Answers to PersonalData. Carts are no books: an order says what was bought, so they go as a whole, with the
    guest's carts that were merged into them."""

    async def export(self, tx: Tx, person: Person) -> Mapping[str, Any]:
        """Carts with all that happened to them, and quotes that are still kept."""
        emails = list(person.emails)
        found = {
            "carts": _plain(await tx.all(CARTS, person.user_id)),
            "events": _plain(await tx.all(EVENTS, person.user_id)),
            "quotes": _plain(await tx.all(QUOTES, person.user_id, emails)),
        }
        return {name: rows for name, rows in found.items() if rows}

    async def erase(self, tx: Tx, person: Person) -> None:
        """Forget carts, histories and quotes."""
        await tx.run(FORGET_QUOTES, person.user_id, list(person.emails))
        await tx.run(FORGET_CARTS, person.user_id)


def _plain(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{name: _value(name, value) for name, value in dict(row).items()} for row in rows]


def _value(name: str, value: Any) -> Any:
    if name in ("body", "shipping_address") and value is not None:
        return msgspec.json.decode(value)
    return msgspec.to_builtins(value)
