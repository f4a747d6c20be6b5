"""The SQL of quotes: what was promised under a token, of which only a digest is kept."""

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.contexts.carts._domain.settings import MAX_AT_ONCE
from tradewind.contexts.carts._store import carts
from tradewind.contracts.pricing import Quote
from tradewind.runtime.database import Tx

HOLD: Final = """
    SELECT c.*, (SELECT s.version FROM carts.carts AS s WHERE s.id = c.id) AS seen,
           ARRAY(SELECT i FROM carts.cart_items AS i WHERE i.cart_id = c.id ORDER BY i.since, i.sku) AS items,
           (SELECT count(*) FROM carts.quote AS q
            WHERE q.cart_id = c.id AND q.cart_version = c.version AND q.expires_at > now()) AS quotes,
           now() + make_interval(secs => $2) AS expires_at
    FROM carts.carts AS c WHERE c.id = $1 FOR NO KEY UPDATE OF c
"""
KEEP: Final = """
    INSERT INTO carts.quote (digest, cart_id, cart_version, quote, shipping_method, shipping_address, email, expires_at)
    VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb, $7, $8)
"""
FORGET_OUTDATED: Final = """
    DELETE FROM carts.quote WHERE cart_id = $1 AND (cart_version <> $2 OR expires_at <= now())
"""
LOCK: Final = """
    SELECT c.id, c.owner, c.status, c.version, c.order_id, q.digest, q.cart_version, q.quote::text AS quote,
           q.shipping_method, q.shipping_address::text AS shipping_address, q.email, q.expires_at <= now() AS expired
    FROM carts.carts AS c
    LEFT JOIN carts.quote AS q ON q.cart_id = c.id AND q.digest = ANY((SELECT $2::bytea[])::bytea[])
    WHERE c.id = ANY((SELECT $1::uuid[])::uuid[]) ORDER BY c.id FOR NO KEY UPDATE OF c
"""
"""The sub-selects hide from the planner how many are asked for: else it plans each time anew."""
TELL: Final = """
    INSERT INTO carts.cart_event (cart_id, version, type, body, by)
    SELECT c.id, c.version + 1, u.type, u.body, c.owner
    FROM unnest($1::carts.checked_out[]) AS u JOIN carts.carts AS c ON c.id = u.cart_id
"""
CLOSE: Final = """
    UPDATE carts.carts AS c
    SET status = 'CHECKED_OUT', version = c.version + 1, order_id = u.order_id, touched_at = now(), abandoned_at = NULL
    FROM unnest($1::carts.checked_out[]) AS u WHERE c.id = u.cart_id
"""
FORGET: Final = "DELETE FROM carts.quote WHERE cart_id = ANY($1::uuid[])"
PURGE: Final = """
    DELETE FROM carts.quote WHERE digest IN (
        SELECT digest FROM carts.quote WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
"""
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Quote)
_address = msgspec.json.Decoder(dict[str, str])


class Promise(Struct, frozen=True, kw_only=True):
    """What a quote says besides its token."""

    quote: Quote
    shipping_method: str
    shipping_address: dict[str, str] | None
    email: str | None


def digest(token: str) -> bytes:
    """What a token is kept as. It is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def hold(tx: Tx, cart_id: UUID, ttl_s: int) -> tuple[Any, Any]:
    """The cart, locked, and the row that also says how many quotes of it live and when a new one ends."""
    row = await tx.row(HOLD, cart_id, float(ttl_s))
    if row is not None and row["seen"] != row["version"]:
        row = await tx.row(HOLD, cart_id, float(ttl_s))
    return carts.own(tx, row, cart_id, "carts.quote"), row


def keep(tx: Tx, token: str, cart: Any, promise: Promise, expires_at: Any) -> None:
    """Write a quote of a held cart; those of other versions, and expired ones, go."""
    address = _encode(promise.shipping_address).decode() if promise.shipping_address is not None else None
    tx.later(FORGET_OUTDATED, cart.id, cart.version)
    tx.later(
        KEEP, digest(token), cart.id, cart.version, _encode(promise.quote).decode(), promise.shipping_method, address,
        promise.email, expires_at,
    )  # fmt: skip


def promise_of(row: Any) -> Promise:
    """What a row of a quote promises."""
    address = row["shipping_address"]
    return Promise(
        quote=_decoder.decode(row["quote"]),
        shipping_method=row["shipping_method"],
        shipping_address=None if address is None else _address.decode(address),
        email=row["email"],
    )


async def purge(tx: Tx) -> int:
    """Forget expired quotes with the addresses in them; how many."""
    return await tx.run(PURGE, MAX_AT_ONCE)
