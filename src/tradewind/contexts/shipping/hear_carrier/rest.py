"""POST /api/v1/carriers/{carrier}/webhooks."""

from typing import Annotated, Final

from msgspec import Meta

from tradewind.api.rest import AllHeaders, Call, Dispatch, RawBody, post
from tradewind.contexts.shipping.hear_carrier.command import HearCarrier, NoSuchCarrier

MAX_BYTES: Final = 65_536


@post(
    "/api/v1/carriers/{carrier}/webhooks",
    public="the carrier proves itself by its signature over the body",
    reads=RawBody(("application/json",), MAX_BYTES),
    raises=(NoSuchCarrier,),
)
async def hear_carrier(
    carrier: Annotated[str, Meta(max_length=40)], body: bytes, headers: AllHeaders, call: Call, dispatch: Dispatch
) -> None:
    """Hear what a carrier tells by itself: `{notices: [{id, key}]}`, signed (`X-Carrier-Signature: t=…,v1=…`).

    A notice is heard once, and only as a reason to ask the carrier: late, twice and out of order come to the same.
    """
    await dispatch(HearCarrier(carrier=carrier, headers=headers, body=body), call)
