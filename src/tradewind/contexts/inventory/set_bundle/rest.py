"""PUT /api/v1/inventory/bundles/{sku}."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, put
from tradewind.contexts.inventory._domain.bundle import (
    MAX_PARTS,
    MAX_PIECES,
    BundleHasStock,
    InvalidBundle,
    NestedBundle,
)
from tradewind.contexts.inventory._domain.stock import NoSuchStock
from tradewind.contexts.inventory.query_stock.query import StockView
from tradewind.contexts.inventory.set_bundle.command import SetBundle


class NewPart(Body, frozen=True):
    """So many of one SKU in each bundle."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_PIECES)]


class NewBundle(Body, frozen=True):
    """What it is made of."""

    parts: Annotated[list[NewPart], Meta(min_length=1, max_length=MAX_PARTS)]

    def counted(self) -> dict[str, int]:
        """SKU to pieces; what is named twice is counted together."""
        counts: dict[str, int] = {}
        for part in self.parts:
            counts[part.sku] = counts.get(part.sku, 0) + part.qty
        return counts


@put("/api/v1/inventory/bundles/{sku}", raises=(InvalidBundle, NoSuchStock, NestedBundle, BundleHasStock))
async def set_bundle(sku: str, body: NewBundle, call: Call, dispatch: Dispatch) -> StockView:
    """Say what a product is made of. Its stock is theirs from now on; orders hold the parts."""
    answer: StockView = await dispatch(SetBundle(sku=sku, parts=body.counted()), call)
    return answer
