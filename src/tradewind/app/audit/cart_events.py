"""Every cart against its own history, in one pass: the row and the lines, folded apart from the cart.

One row a cart comes over a server cursor, so memory stays bounded however many carts there are.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from tradewind.app.audit.report import Findings

PREFETCH: Final = 500
CARTS_AND_EVENTS: Final = """
    WITH history AS (
        SELECT cart_id AS id, array_agg(version ORDER BY version) AS versions,
               array_agg(type ORDER BY version) AS types, array_agg(body::text ORDER BY version) AS bodies
        FROM carts.cart_event GROUP BY cart_id),
    item AS (
        SELECT cart_id AS id, jsonb_object_agg(sku, jsonb_build_array(product_id, quantity, price_minor, currency,
                                                                      saved, since))::text AS items
        FROM carts.cart_items GROUP BY cart_id),
    kept AS (
        SELECT id, owner, guest, status, version, order_id::text AS order_id, merged_into::text AS merged_into,
               abandoned_at IS NOT NULL AS abandoned
        FROM carts.carts)
    SELECT * FROM history FULL JOIN kept USING (id) FULL JOIN item USING (id)
"""
ENDS: Final = {"CartCheckedOut": "CHECKED_OUT", "MergedAway": "MERGED", "CartExpired": "EXPIRED"}


class BrokenHistoryError(Exception):
    """An event that could not happen to the cart as it was, or that cannot be read."""


class Kept(Struct):
    """A cart as its history says. Lines by SKU: [product, quantity, price in minor units, currency, saved, since]."""

    owner: str
    guest: bool
    status: str = "OPEN"
    order_id: str | None = None
    merged_into: str | None = None
    abandoned: bool = False
    items: dict[str, list[Any]] = {}


class Happened(NamedTuple):
    """One event of a cart: the version that it made, its type, its body."""

    version: int
    type: str
    body: Any


async def cart_events(connection: Any) -> Findings:
    """Compare all carts with their histories, inside the snapshot of `connection`'s transaction."""
    findings = Findings("carts fold to the row", "compare carts.cart_event of this cart with carts.carts and "
                        "carts.cart_items, and find who wrote one without the other")  # fmt: skip
    async for row in connection.cursor(CARTS_AND_EVENTS, prefetch=PREFETCH):
        findings.checked += 1
        if wrong := _wrong(row):
            findings.violation(f"cart {row['id']}: {wrong}")
    return findings


def _wrong(row: Any) -> str | None:
    versions = list(row["versions"] or ())
    if row["version"] is None:
        return f"it has {len(versions)} events and lines of {len(_items(row))} SKUs, but there is no row"
    if versions != list(range(1, row["version"] + 1)):
        return f"the row is of version {row['version']}, the history's {len(versions)} events are not numbered up to it"
    try:
        cart = fold(
            Happened(version, type_, msgspec.json.decode(body))
            for version, type_, body in zip(versions, row["types"], row["bodies"], strict=True)
        )
    except (BrokenHistoryError, KeyError, TypeError, msgspec.DecodeError) as reason:
        return f"its history cannot be followed: {reason!r}"
    compared = ("owner", "guest", "status", "order_id", "merged_into", "abandoned")
    differences = [
        f"{name} is {row[name]}, the events say {getattr(cart, name)}"
        for name in compared
        if row[name] != getattr(cart, name)
    ]
    items = _items(row)
    for sku in sorted(items.keys() | cart.items.keys()):
        if items.get(sku) != cart.items.get(sku):
            differences.append(f"{sku} is {items.get(sku)}, the events say {cart.items.get(sku)}")
    return ", ".join(differences) or None


def _items(row: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = msgspec.json.decode(row["items"]) if row["items"] else {}
    return found


def fold(history: Iterable[Happened]) -> Kept:
    """Follow a cart's events. Raises BrokenHistoryError for what cannot have happened, KeyError for half a body."""
    events = iter(history)
    first = next(events)
    if first.type != "CartOpened":
        raise BrokenHistoryError(f"it begins with {first.type}")
    cart = Kept(owner=first.body["owner"], guest=first.body["guest"])
    for event in events:
        if cart.status != "OPEN":
            raise BrokenHistoryError(f"{event.type} (version {event.version}) after it was {cart.status}")
        cart.abandoned = event.type == "CartAbandoned" or (event.type == "CartExpired" and cart.abandoned)
        if event.type in ENDS:
            cart.status = ENDS[event.type]
            cart.order_id, cart.merged_into = event.body.get("orderId"), event.body.get("target")
        elif event.type == "HandedOver":
            cart.owner, cart.guest = event.body["owner"], False
        elif event.type != "CartAbandoned":
            _lines(cart.items, event)
    return cart


def _lines(items: dict[str, list[Any]], event: Happened) -> None:
    """What an event does to the lines."""
    body = event.body
    match event.type:
        case "LineAdded":
            _put(items, body, event.version, saved=False)
            items[body["sku"]][2:5] = [body["price"]["minor"], body["price"]["currency"], False]
        case "GuestCartTaken":
            for line in body["lines"]:
                _put(items, line, event.version, saved=line["saved"])
        case "QuantityChanged":
            items[body["sku"]][1] = body["quantity"]
        case "LineRemoved":
            del items[body["sku"]]
        case "LineSaved" | "LineMovedBack":
            items[body["sku"]][4] = event.type == "LineSaved"
        case _:
            raise BrokenHistoryError(f"{event.type} (version {event.version}) is unknown")


def _put(items: dict[str, list[Any]], line: Any, version: int, *, saved: bool) -> None:
    """So many more of a SKU. A line that is there keeps its price, and is wanted if either is."""
    if (here := items.get(line["sku"])) is None:
        price = line["price"]
        items[line["sku"]] = [line["product_id"], line["quantity"], price["minor"], price["currency"], saved, version]
    else:
        here[1] += line["quantity"]
        here[4] = here[4] and saved
