"""Whom and what a question names, as ids and SKUs: so no address and no title goes any further than this database."""

import re
from typing import Any, Final

from msgspec import Struct

from tradewind.contracts.catalog import CatalogPeer
from tradewind.contracts.identity import AccountsPeer
from tradewind.contracts.messages import Command
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.errors import Invalid
from tradewind.ports.order_search import MAX_NAMED, Buyers
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

MAX_WORDS: Final = 16
OF_ADDRESS: Final = """
    SELECT id FROM orders.orders WHERE email_digest = $1 AND user_id <> ALL($2::text[])
    ORDER BY placed_at DESC LIMIT $3
"""
_WORD: Final = re.compile(r"\w+")


class TooManyNamed(Invalid):
    """So many goods, or guests' orders of one address, go by this that nobody can be meant: say more of it."""


class LookUpNamed(Command, frozen=True):
    """See which orders and users go by an address, and which SKUs by a text."""

    email: str | None
    item: str | None


class Named(Struct, frozen=True):
    """None where nothing was named."""

    buyers: Buyers | None
    skus: tuple[str, ...] | None


@query(action="orders.search")
async def look_up_named(command: LookUpNamed, tx: Tx) -> Named:
    """Staff only. Refuses TooManyNamed."""
    return Named(
        None if command.email is None else await _buyers(tx, command.email),
        None if command.item is None else await _skus(tx, command.item),
    )


async def _buyers(tx: Tx, email: str) -> Buyers:
    """Whose address it is, and the orders that were confirmed to it; of who was erased neither is known any more."""
    users = await tx.peer(AccountsPeer).known_by(tx, email)
    rows = await tx.all(OF_ADDRESS, tx.peer(Pseudonyms).of(email), list(users), MAX_NAMED + 1)
    return Buyers(tuple(users), tuple(_few([row["id"] for row in rows])))


async def _skus(tx: Tx, item: str) -> tuple[str, ...]:
    """What is its SKU, or has a name with words that begin like all of these."""
    words = _WORD.findall(item)[:MAX_WORDS]
    named = await tx.peer(CatalogPeer).named(tx, words, MAX_NAMED + 1) if words else ()
    return tuple(_few(dict.fromkeys([item.strip(), *named])))


def _few(found: Any) -> Any:
    if len(found) > MAX_NAMED:
        raise TooManyNamed
    return found
