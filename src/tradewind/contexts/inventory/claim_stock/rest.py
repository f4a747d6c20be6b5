"""POST /api/v1/inventory/reservations, and what becomes of one."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, get, post
from tradewind.contexts.inventory._domain.claim import (
    MAX_LINES,
    MAX_QUANTITY,
    MAX_TTL_S,
    ClaimView,
    InvalidClaim,
    NoSuchReservation,
    ReservationEnded,
)
from tradewind.contexts.inventory._domain.settings import RESERVATION_TTL_S
from tradewind.contexts.inventory.claim_stock.command import (
    CancelReservation,
    ConfirmReservation,
    GetReservation,
    TryReservation,
)
from tradewind.contracts.inventory import NotEnoughStock
from tradewind.kernel.ids import new_id


class Wish(Body, frozen=True):
    """So many of one SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class Destination(Body, frozen=True, kw_only=True):
    """Where it shall go: what the nearest warehouse is chosen by."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    postal_code: Annotated[str, Meta(max_length=16)] = ""

    def facts(self) -> dict[str, Any]:
        """As addresses say it."""
        return {"country": self.country, "postalCode": self.postal_code}


class NewReservation(Body, frozen=True, kw_only=True):
    """What to hold, and for how long. Who names its id may ask again and holds it once."""

    items: Annotated[list[Wish], Meta(min_length=1, max_length=MAX_LINES)]
    id: UUID | None = None
    ttl_seconds: Annotated[int, Meta(ge=1, le=MAX_TTL_S)] = RESERVATION_TTL_S
    ship_to: Destination | None = None

    def command(self) -> TryReservation:
        """The wish; what is named twice is counted together."""
        counts: dict[str, int] = {}
        for item in self.items:
            counts[item.sku] = counts.get(item.sku, 0) + item.qty
        ship_to = None if self.ship_to is None else self.ship_to.facts()
        return TryReservation(
            reservation_id=self.id or new_id(), quantities=counts, ttl_s=self.ttl_seconds, ship_to=ship_to
        )


@post(
    "/api/v1/inventory/reservations",
    status=201,
    raises=(InvalidClaim, NotEnoughStock, NoSuchReservation, ReservationEnded),
)
async def try_reservation(body: NewReservation, call: Call, dispatch: Dispatch) -> ClaimView:
    """Try: hold goods for something that is no order, until it is confirmed, canceled, or the time is over."""
    answer: ClaimView = await dispatch(body.command(), call)
    return answer


@post("/api/v1/inventory/reservations/{reservation_id}/confirm", raises=(NoSuchReservation, ReservationEnded))
async def confirm_reservation(reservation_id: UUID, call: Call, dispatch: Dispatch) -> ClaimView:
    """Confirm: the goods have left the stock for good."""
    answer: ClaimView = await dispatch(ConfirmReservation(reservation_id=reservation_id), call)
    return answer


@post("/api/v1/inventory/reservations/{reservation_id}/cancel", status=204, raises=(NoSuchReservation,))
async def cancel_reservation(reservation_id: UUID, call: Call, dispatch: Dispatch) -> None:
    """Cancel: the goods are free again. One that was never tried is canceled too, and cannot be tried any more."""
    await dispatch(CancelReservation(reservation_id=reservation_id), call)


@get("/api/v1/inventory/reservations/{reservation_id}", raises=(NoSuchReservation,))
async def get_reservation(reservation_id: UUID, call: Call, dispatch: Dispatch) -> ClaimView:
    """How a reservation stands that is no order's."""
    answer: ClaimView = await dispatch(GetReservation(reservation_id=reservation_id), call)
    return answer
