"""The promotions, oldest first; or one of them."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from tradewind.contexts.pricing._domain.promotion import State
from tradewind.contexts.pricing._domain.promotion_view import Promotion
from tradewind.contexts.pricing._store import promotions
from tradewind.contracts.messages import Command
from tradewind.kernel.pages import cut
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import query

PAGE: Final = 50
MAX_PAGE: Final = 200


class GetPromotion(Command, frozen=True):
    """One promotion."""

    promotion_id: UUID


class ListPromotions(Command, frozen=True):
    """At most `limit` promotions after `cursor`, those that stand at `state` where one is named."""

    limit: int = PAGE
    cursor: UUID | None = None
    state: State | None = None


class Promotions(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some promotions, and where the next ones begin."""

    items: tuple[Promotion, ...]
    next: UUID | None


@query(action="pricing.get_promotion")
async def get_promotion(command: GetPromotion, tx: Tx) -> Promotion:
    """As it stands. Refuses NoSuchPromotion."""
    return await promotions.get(tx, command.promotion_id)


@query(action="pricing.list_promotions")
async def list_promotions(command: ListPromotions, tx: Tx) -> Promotions:
    """A page of them."""
    limit = min(command.limit, MAX_PAGE)
    found = await promotions.page(tx, command.cursor, command.state, limit + 1)
    shown, last = cut(found, limit)
    return Promotions(items=tuple(shown), next=last.id if last else None)
