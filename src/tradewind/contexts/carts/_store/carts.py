"""The cart's SQL: its history is appended to, its snapshot follows in the same transaction."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from tradewind.contexts.carts._domain.cart import Cart, Line, NoSuchCart, Status
from tradewind.contexts.carts._domain.events import CartEvent, CartOpened, read, written
from tradewind.kernel.money import Money
from tradewind.runtime.database import Tx

OPEN: Final = """
    INSERT INTO carts.carts (id, owner, guest) SELECT $1, $2, $3
    WHERE (SELECT count(*) FROM (
        SELECT FROM carts.carts WHERE owner = $2 AND status = 'OPEN' LIMIT $4) AS open) < $4
"""
OWNERS: Final = "SELECT id, owner FROM carts.carts WHERE id = ANY($1::uuid[]) AND status = 'OPEN'"
READ: Final = """
    SELECT c.*, c.version AS seen,
           ARRAY(SELECT i FROM carts.cart_items AS i WHERE i.cart_id = c.id ORDER BY i.since, i.sku) AS items
    FROM carts.carts AS c WHERE c.id = $1
"""
HOLD: Final = """
    SELECT c.*, (SELECT s.version FROM carts.carts AS s WHERE s.id = c.id) AS seen,
           ARRAY(SELECT i FROM carts.cart_items AS i WHERE i.cart_id = c.id ORDER BY i.since, i.sku) AS items
    FROM carts.carts AS c WHERE c.id = $1 FOR NO KEY UPDATE OF c
"""
LOCK_OPEN_OF: Final = """
    SELECT id FROM carts.carts WHERE owner = ANY($1::text[]) AND status = 'OPEN' ORDER BY id FOR NO KEY UPDATE
"""
READ_MANY: Final = """
    SELECT c.*, ARRAY(SELECT i FROM carts.cart_items AS i WHERE i.cart_id = c.id ORDER BY i.since, i.sku) AS items
    FROM carts.carts AS c WHERE c.id = ANY($1::uuid[]) ORDER BY c.touched_at DESC, c.id DESC
"""
APPEND: Final = """
    INSERT INTO carts.cart_event (cart_id, version, type, body, by) SELECT * FROM unnest($1::carts.new_event[])
"""
SNAPSHOT: Final = """
    UPDATE carts.carts AS c
    SET owner = u.owner, guest = u.guest, status = u.status, version = u.version, merged_into = u.merged_into,
        touched_at = now(), abandoned_at = NULL
    FROM unnest($1::carts.changed_cart[]) AS u WHERE c.id = u.id
"""
PUT_ITEMS: Final = """
    INSERT INTO carts.cart_items (cart_id, sku, product_id, quantity, price_minor, currency, saved, since)
    SELECT * FROM unnest($1::carts.cart_items[])
    ON CONFLICT (cart_id, sku) DO UPDATE
    SET quantity = excluded.quantity, price_minor = excluded.price_minor, currency = excluded.currency,
        saved = excluded.saved
"""
DROP_ITEMS: Final = """
    DELETE FROM carts.cart_items AS i USING unnest($1::uuid[], $2::text[]) AS u (cart_id, sku)
    WHERE i.cart_id = u.cart_id AND i.sku = u.sku
"""
HISTORY: Final = """
    SELECT version, type, body::text AS body, at, by FROM carts.cart_event
    WHERE cart_id = $1 AND version <= $2 ORDER BY version
"""


async def hold(tx: Tx, cart_id: UUID) -> Cart:
    """The cart, the caller's own, locked until the transaction ends. Refuses NoSuchCart.

    Whoever waited for the lock is shown the new row and the old items, for the statement's snapshot is from before the
    wait: then it asks again, and under the lock both agree.
    """
    row = await tx.row(HOLD, cart_id)
    if row is not None and row["seen"] != row["version"]:
        row = await tx.row(HOLD, cart_id)
    return own(tx, row, cart_id, "carts.change")


def own(tx: Tx, row: Any, cart_id: UUID, action: str) -> Cart:
    """The cart of a row; somebody else's looks like none at all (NoSuchCart)."""
    if row is None or not tx.allows(action, owner=row["owner"] == tx.call.actor.subject):
        raise NoSuchCart(cartId=str(cart_id))
    return from_row(row)


def write(tx: Tx, before: Cart, events: Sequence[CartEvent]) -> Cart:
    """Append what happened to a held cart and bring its snapshot to where that leads."""
    after = before
    for event in events:
        after = after.after(event)
    write_all(tx, [(before, events, after)])
    return after


def write_all(tx: Tx, changes: Sequence[tuple[Cart, Sequence[CartEvent], Cart]], *, by: str | None = None) -> None:
    """Write the histories and snapshots of held carts: each as it was, what happened, as it is. Once a transaction."""
    append(tx, [(old.id, old.version + n, one) for old, events, _ in changes for n, one in enumerate(events, 1)], by=by)
    tx.later(
        SNAPSHOT,
        [(one.id, one.owner, one.guest, one.status.value, one.version, one.merged_into) for _, _, one in changes],
    )
    put, gone = [], []
    for old, _, new in changes:
        known = {line.sku: line for line in old.lines}
        put += [_item(new.id, line) for line in new.lines if known.pop(line.sku, None) != line]
        gone += [(new.id, sku) for sku in known]
    if put:
        tx.later(PUT_ITEMS, put)
    if gone:
        tx.later(DROP_ITEMS, [cart_id for cart_id, _ in gone], [sku for _, sku in gone])


def append(tx: Tx, happened: Iterable[tuple[UUID, int, CartEvent]], *, by: str | None = None) -> None:
    """Add to histories: (cart, version, event). Two of one version cannot be: the key refuses."""
    who = by or tx.call.actor.subject
    tx.later(APPEND, [(cart_id, version, *written(event), who) for cart_id, version, event in happened])


async def open_cart(tx: Tx, cart_id: UUID, event: CartOpened, limit: int) -> bool:
    """Write a new cart; false where its owner has `limit` open ones."""
    if not await tx.run(OPEN, cart_id, event.owner, event.guest, limit):
        return False
    append(tx, [(cart_id, 1, event)])
    return True


async def hold_open_of(tx: Tx, owners: Sequence[str]) -> list[Cart]:
    """Every open cart of these owners, locked in the order of their ids; the one touched last comes first."""
    locked = [row["id"] for row in await tx.all(LOCK_OPEN_OF, owners)]
    return [from_row(row) for row in await tx.all(READ_MANY, locked)] if locked else []


async def history(tx: Tx, cart_id: UUID, until: int) -> list[tuple[Any, CartEvent]]:
    """All that happened to a cart up to a version: each row with its event."""
    return [(row, read(row["type"], row["body"])) for row in await tx.all(HISTORY, cart_id, until)]


def from_row(row: Any) -> Cart:
    """A row with its items, as the domain knows it."""
    return Cart(
        id=row["id"],
        owner=row["owner"],
        guest=row["guest"],
        status=Status(row["status"]),
        version=row["version"],
        lines=tuple(_line(item) for item in row["items"]),
        order_id=row["order_id"],
        merged_into=row["merged_into"],
    )


def _line(item: Any) -> Line:
    _, sku, product_id, quantity, minor, currency, saved, since = item
    price = Money(minor, currency)
    return Line(sku=sku, product_id=product_id, quantity=quantity, price=price, saved=saved, since=since)


def _item(cart_id: UUID, line: Line) -> tuple[Any, ...]:
    price = line.price
    return (cart_id, line.sku, line.product_id, line.quantity, price.minor, price.currency, line.saved, line.since)
