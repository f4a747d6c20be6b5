"""The shapes of what we ask Stripe, judged by Stripe's own mock server, which knows the whole published interface.

It keeps no state, so that nothing but shapes is shown here. It is built by Go (`make stripemock`), which takes a
minute and fetches modules: this is run only where TRADEWIND_STRIPE_MOCK names the built program.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
import stripe

from tests.adapters.payment_provider.parties import eventually
from tradewind.adapters.payment_provider.journaled.api import Asked, Verb, Wish
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.stripe.api import StripeApi
from tradewind.app.free_ports import free_port
from tradewind.kernel import clock
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Approved, Declined

PROGRAM = os.environ.get("TRADEWIND_STRIPE_MOCK", "")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="TRADEWIND_STRIPE_MOCK names no program: see `make stripemock`")


@pytest_asyncio.fixture
async def api(journal: Journal) -> AsyncIterator[StripeApi]:
    port = free_port("127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "-http-port", str(port), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with aiohttp.ClientSession() as session:

        async def listens() -> bool:
            try:
                async with session.get(f"http://127.0.0.1:{port}/"):
                    return True
            except aiohttp.ClientError:
                return False

        await eventually(listens)
        client = stripe.StripeClient(
            "sk_test_123",
            base_addresses={"api": f"http://127.0.0.1:{port}"},
            max_network_retries=0,
            http_client=stripe.AIOHTTPClient(session=session),
        )
        yield StripeApi(client, journal, "http://localhost/back")
    process.terminate()
    await process.wait()


def asked(verb: Verb, order: str, *, fresh: bool) -> Asked:
    wish = Wish(
        verb=verb, key=f"{order}/{verb}", authorization_key=f"{order}/authorize", amount=Money(1_000, "EUR"),
        method="pm_card_visa", reference=order,
    )  # fmt: skip
    return Asked(
        position=1, wish=wish, method_digest="", provider_id="pi_123", answer=None, asked_at=clock.now(), fresh=fresh
    )


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("verb", ["authorize", "capture", "void", "refund"])
async def test_stripe_understands_everything_that_it_is_asked(
    api: StripeApi, journal: Journal, order: str, verb: Verb, fresh: bool
) -> None:
    """Whatever the mock's fixed answers mean: a shape that it refuses would be a Declined with its complaint."""
    of, wish = asked("authorize", order, fresh=False), asked(verb, order, fresh=fresh)
    match verb:
        case "authorize":
            call = api.authorize(wish)
        case "capture":
            call = api.capture(wish, of)
        case "void":
            call = api.void(wish, of)
        case _:
            call = api.refund(wish, of)
    try:
        answer = await call
    except Unavailable as trouble:
        assert str(trouble.facts["trouble"]).startswith("it is "), trouble.facts  # noqa: PT017 -- either may be
    else:
        assert isinstance(answer, Approved | Declined)
        assert "Request validation error" not in repr(answer), answer


async def test_stripe_understands_a_search_for_what_it_may_have_forgotten(api: StripeApi, journal: Journal) -> None:
    wish = asked("authorize", "o'r\\der", fresh=False)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    old = Asked(position=1, wish=wish.wish, method_digest="", provider_id=None, answer=None, asked_at=long_ago)
    assert (await api._forgotten(old)).object == "payment_intent"


async def test_the_mock_refuses_a_shape_that_is_wrong(api: StripeApi) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await api._v1.payment_intents.create_async({"amount": 1, "currency": "eur", "capture": "by hand"})  # type: ignore[typeddict-unknown-key]
