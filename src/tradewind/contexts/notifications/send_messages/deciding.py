"""What becomes of messages that are due, as things stand then: whether they still may go, to whom, saying what.

Addresses, languages and agreements are asked for here, in the claiming transaction, and kept nowhere.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from tradewind.contexts.notifications._domain.messages import MARKETING, Channel, Kind, may_hear_of_offers
from tradewind.contexts.notifications._domain.rendering import Rendered, language_of, render
from tradewind.contexts.notifications._domain.timing import is_quiet, not_before
from tradewind.contexts.notifications._domain.unsubscribing import link
from tradewind.contexts.notifications._store import messages
from tradewind.contexts.notifications._store.messages import Claimed
from tradewind.contexts.notifications.settings import PublicUrl
from tradewind.contracts.carts import CartsPeer
from tradewind.contracts.customers import CustomersPeer, Reach
from tradewind.contracts.orders import Buyer, BuyersPeer
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.clock import now
from tradewind.runtime.database import Tx
from tradewind.runtime.failpoints import planted


class Ready(NamedTuple):
    """A message that goes out: to whom, in which words. `digest`: the address's pseudonym."""

    message: Claimed
    user_id: str
    address: str
    digest: str
    rendered: Rendered
    unsubscribe_url: str | None


class Later(NamedTuple):
    """Not now: somebody sleeps."""

    message: Claimed
    due_at: datetime


class Never(NamedTuple):
    """Not any more, and why."""

    message: Claimed
    why: str


class _Known(NamedTuple):
    """What others say about those who are to be written to."""

    buyers: Mapping[UUID, Buyer]
    reached: Mapping[str, Reach]
    devices: Mapping[str, str]
    carts: frozenset[str]


async def decide(tx: Tx, claimed: Sequence[Claimed]) -> Sequence[Ready | Later | Never]:
    """What becomes of each; a handful of questions, however many there are."""
    known = await _ask(tx, claimed)
    found = [_decided(tx, one, known) for one in claimed]
    gone = await messages.bounced(tx, [one.digest for one in found if isinstance(one, Ready)])
    return [
        Never(one.message, "nobody is reached there") if isinstance(one, Ready) and one.digest in gone else one
        for one in found
    ]


async def _ask(tx: Tx, claimed: Sequence[Claimed]) -> _Known:
    orders = [one.order_id for one in claimed if one.order_id]
    buyers = await tx.peer(BuyersPeer).buyers(tx, orders) if orders else {}
    people = list({_user(one, buyers) for one in claimed})
    carts: Mapping[UUID, Any] = {}
    if left := [UUID(subject) for one in claimed if (subject := one.facts.get("cart"))]:
        carts = await tx.peer(CartsPeer).owners(tx, left)
    return _Known(
        buyers,
        await tx.peer(CustomersPeer).reach(tx, people),
        await messages.devices(tx, people),
        frozenset(map(str, carts)),
    )


def _user(one: Claimed, buyers: Mapping[UUID, Buyer]) -> str:
    """Whose it is now: a guest's order may have found its owner."""
    buyer = buyers.get(one.order_id) if one.order_id else None
    return buyer.user_id if buyer else one.user_id


def _decided(tx: Tx, one: Claimed, known: _Known) -> Ready | Later | Never:
    user_id = _user(one, known.buyers)
    reach = known.reached.get(user_id)
    address = _address(one, user_id, known)
    marketing = one.kind in MARKETING
    if address is None:
        return Never(one, "no address")
    if marketing and not may_hear_of_offers(reach, one.channel) and not planted("offers_to_who_opted_out"):
        return Never(one, "opted out")
    if one.kind is Kind.CART_ABANDONED and one.facts["cart"] not in known.carts:
        return Never(one, "the cart is closed")
    if is_quiet(one.kind, one.channel) and (due_at := not_before(now(), reach.time_zone if reach else "UTC")) > now():
        return Later(one, due_at)
    shop = tx.peer(PublicUrl)
    url = link(shop, user_id, one.channel, tx.peer(Pseudonyms)) if marketing else None
    facts = {**one.facts, "shop": str(shop), **({"unsubscribe": url} if url else {})}
    rendered = render(one.kind, language_of(reach.language if reach else ""), facts)
    return Ready(one, user_id, address, tx.peer(Pseudonyms).of(address), rendered, url)


def _address(one: Claimed, user_id: str, known: _Known) -> str | None:
    reach = known.reached.get(user_id)
    if one.channel is Channel.PUSH:
        return known.devices.get(user_id)
    buyer = known.buyers.get(one.order_id) if one.order_id else None
    if one.channel is Channel.EMAIL and buyer and buyer.email:
        return buyer.email
    return reach.addresses.get(one.channel) if reach else None
