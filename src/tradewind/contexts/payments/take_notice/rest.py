"""POST /api/v1/payment-providers/{provider}/webhooks."""

from typing import Annotated, Final

from msgspec import Meta

from tradewind.api.rest import AllHeaders, Call, Dispatch, RawBody, post
from tradewind.contexts.payments.take_notice.command import NoSuchProvider, TakeNotice

MAX_BYTES: Final = 65_536
READS: Final = RawBody(("application/json", "application/x-www-form-urlencoded", "text/xml"), MAX_BYTES)


@post(
    "/api/v1/payment-providers/{provider}/webhooks",
    public="a provider is known by the signature of what it posts",
    reads=READS,
    raises=(NoSuchProvider,),
)
async def take_notice(
    provider: Annotated[str, Meta(min_length=1, max_length=40)],
    body: bytes,
    headers: AllHeaders,
    call: Call,
    dispatch: Dispatch,
) -> None:
    """What a payment provider tells by itself, signed, not older than five minutes; told twice, it counts once."""
    await dispatch(TakeNotice(provider=provider, headers=headers, body=body), call)
