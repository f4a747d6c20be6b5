"""PUT /api/v1/inventory/{sku}/backordering."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.inventory._domain.bundle import NoStockOfItsOwn
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.set_backordering.command import (
    MAX_LIMIT,
    MAX_PATIENCE_DAYS,
    PATIENCE_DAYS,
    Backordering,
    InvalidBackordering,
    SetBackordering,
)


class NewBackordering(Body, frozen=True, kw_only=True):
    """`limit` pieces more than there are may be ordered (0: none). `releasesAt` makes it a pre-order until then."""

    limit: Annotated[int, Meta(ge=0, le=MAX_LIMIT)]
    releases_at: Annotated[datetime, Meta(tz=True)] | None = None
    patience_days: Annotated[int, Meta(ge=1, le=MAX_PATIENCE_DAYS)] = PATIENCE_DAYS


@put("/api/v1/inventory/{sku}/backordering", raises=(InvalidBackordering, NoSuchStock, NoStockOfItsOwn))
async def set_backordering(sku: str, body: NewBackordering, call: Call, dispatch: Dispatch) -> Backordering:
    """Say whether a SKU may be ordered though it is not there: orders then wait, first come, first served."""
    command = SetBackordering(sku=sku, limit=body.limit, releases_at=body.releases_at, patience_days=body.patience_days)
    answer: Backordering = await dispatch(command, call)
    return answer
