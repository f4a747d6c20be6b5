"""GET /api/v1/replenishment-suggestions, PUT /api/v1/inventory/{sku}/replenishment."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, put
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.suggest_replenishment.query import (
    COVER_DAYS,
    LEAD_DAYS,
    MAX_DAYS,
    MAX_PAGE,
    MAX_THRESHOLD,
    PAGE,
    InvalidReplenishment,
    Replenishment,
    SetReplenishment,
    Suggestions,
    SuggestReplenishment,
)
from tradewind.kernel.pages import Cursor, UnfitCursor


class NewReplenishment(Body, frozen=True, kw_only=True):
    """When the SKU is low, how long its supplier takes, and for how long what is ordered shall last."""

    low_threshold: Annotated[int, Meta(ge=0, le=MAX_THRESHOLD)]
    lead_days: Annotated[int, Meta(ge=0, le=MAX_DAYS)] = LEAD_DAYS
    cover_days: Annotated[int, Meta(ge=1, le=MAX_DAYS)] = COVER_DAYS


@put("/api/v1/inventory/{sku}/replenishment", raises=(InvalidReplenishment, NoSuchStock))
async def set_replenishment(sku: str, body: NewReplenishment, call: Call, dispatch: Dispatch) -> Replenishment:
    """Say when a SKU is low: below that, LowStockDetected is told; and how it is ordered again."""
    command = SetReplenishment(
        sku=sku, low_threshold=body.low_threshold, lead_days=body.lead_days, cover_days=body.cover_days
    )
    answer: Replenishment = await dispatch(command, call)
    return answer


@get("/api/v1/replenishment-suggestions", raises=(UnfitCursor,))
async def suggest_replenishment(
    call: Call,
    dispatch: Dispatch,
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE,
    cursor: Cursor | None = None,
) -> Suggestions:
    """What should be ordered again: it would be gone, or low, before a supplier has delivered."""
    answer: Suggestions = await dispatch(SuggestReplenishment(limit=limit, cursor=cursor), call)
    return answer
