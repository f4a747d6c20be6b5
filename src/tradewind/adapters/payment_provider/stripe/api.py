"""Stripe's PaymentIntents as an `Api`.

An authorization is opened first (no money moves, and its id is written down) and confirmed then, so that a void always
has something to cancel: a canceled PaymentIntent cannot be confirmed any more, however late somebody tries.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import aiohttp
import stripe

from tradewind.adapters.payment_provider.journaled.amounts import stripe_minor
from tradewind.adapters.payment_provider.journaled.api import Asked, unknown
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.journaled.provider import JournaledProvider
from tradewind.adapters.payment_provider.journaled.rules import declined
from tradewind.adapters.payment_provider.stripe import answers
from tradewind.adapters.payment_provider.stripe.answers import CAPTURE_KEY, KEY, ORDER, asking
from tradewind.ports.payment_provider import Answer, Approved, DeclineCode, Declined

MEMORY: Final = timedelta(hours=23)
"""Stripe forgets an idempotency key after 24 hours at the earliest."""
MAX_CONNECTIONS: Final = 64
MAX_REFUNDS: Final = 100


class StripeApi:
    """See `Api`."""

    def __init__(self, client: stripe.StripeClient, journal: Journal, return_url: str) -> None:
        self._v1 = client.v1
        self._journal = journal
        self._return_url = return_url

    async def authorize(self, asked: Asked) -> Answer:
        """Open it, confirm it, or see how far an earlier try came."""
        try:
            intent = await self._opened(asked)
            answer = answers.authorization(intent)
            if answer is None and intent.status in ("requires_confirmation", "requires_payment_method"):
                answer = await self._confirm(asked, intent.id)
        except stripe.CardError as refused:
            return answers.refusal(refused.error or refused)
        except stripe.InvalidRequestError as refused:
            return _not_understood(refused)
        if answer is None:
            raise unknown(asked.wish, f"it is {intent.status}")
        return answer

    async def capture(self, asked: Asked, of: Asked) -> Answer:
        """Take the amount; Stripe lets go of the rest."""
        if not asked.fresh and (known := await self.see(asked, of)) is not None:
            return known
        params: Any = {"amount_to_capture": stripe_minor(asked.wish.amount), "metadata": {CAPTURE_KEY: asked.wish.key}}
        try:
            with asking(asked.wish):
                intent = await self._v1.payment_intents.capture_async(_id(of), params, _once("capture", asked))
        except (stripe.CardError, stripe.InvalidRequestError) as refused:
            reason = Declined(code=DeclineCode.CAPTURE_REFUSED, reason=_message(refused))
            return await self.see(asked, of) or reason
        answer = answers.capture(intent, asked)
        if answer is None:
            raise unknown(asked.wish, f"it is {intent.status}")
        return answer

    async def void(self, asked: Asked, of: Asked) -> Answer:
        """Cancel the PaymentIntent, confirmed or not.

        Without an idempotency key: it can be canceled once, and a kept 500 would stand in the way of trying again.
        """
        try:
            intent_id = of.provider_id or (await self._opened(of)).id
            with asking(asked.wish):
                intent = await self._v1.payment_intents.cancel_async(intent_id)
        except stripe.InvalidRequestError:
            if of.provider_id is None:  # it could not even be opened, and never can
                return Approved(provider_id=asked.wish.mark)
            intent = await self._retrieve(asked, of.provider_id)
        if intent.status == "succeeded":
            return declined(DeclineCode.ALREADY_CAPTURED)
        if intent.status != "canceled":
            raise unknown(asked.wish, f"it is {intent.status}")
        return Approved(provider_id=intent.id)

    async def refund(self, asked: Asked, of: Asked) -> Answer:
        """Give the amount back."""
        if not asked.fresh and (known := await self.see(asked, of)) is not None:
            return known
        params: Any = {
            "payment_intent": _id(of),
            "amount": stripe_minor(asked.wish.amount),
            "metadata": {KEY: asked.wish.key},
        }
        try:
            with asking(asked.wish):
                return answers.refund(await self._v1.refunds.create_async(params, _once("refund", asked)))
        except (stripe.CardError, stripe.InvalidRequestError) as refused:
            return Declined(code=DeclineCode.EXCEEDS_CAPTURE, reason=_message(refused))

    async def see(self, asked: Asked, of: Asked) -> Answer | None:
        """Read the PaymentIntent, or the refund with this key. An authorization that nobody opened is opened."""
        match asked.wish.verb:
            case "authorize":
                try:
                    return answers.authorization(await self._opened(asked))
                except stripe.InvalidRequestError as refused:
                    return _not_understood(refused)
            case "capture":
                return answers.capture(await self._retrieve(asked, _id(of)), asked)
            case "void":
                intent = await self._retrieve(asked, _id(of))
                return Approved(provider_id=intent.id) if intent.status == "canceled" else None
            case "refund":
                return await self._refunded(asked, _id(of))

    async def find_out(self, asked: Asked, of: Asked) -> Answer | None:
        """Reading is enough: Stripe itself decides between a capture and a cancellation that meet."""
        return await self.see(asked, of)

    async def _opened(self, asked: Asked) -> Any:
        """The authorization's PaymentIntent as it is now."""
        if asked.provider_id is not None and not asked.fresh:
            return await self._retrieve(asked, asked.provider_id)
        intent = None if asked.fresh else await self._forgotten(asked)
        if intent is None:
            intent = await self._open(asked)
        await self._journal.know(asked.wish.key, intent.id)
        return intent if asked.fresh else await self._retrieve(asked, intent.id)

    async def _open(self, asked: Asked) -> Any:
        wish = asked.wish
        params: Any = {
            "amount": stripe_minor(wish.amount),
            "currency": wish.amount.currency.lower(),
            "capture_method": "manual",
            "payment_method_types": ["card"],
            "payment_method": wish.method,
            "metadata": {KEY: wish.key, ORDER: wish.reference},
        }
        with asking(wish):
            return await self._v1.payment_intents.create_async(params, _once("open", asked))

    async def _forgotten(self, asked: Asked) -> Any:
        """A PaymentIntent that was opened so long ago that the idempotency key may be forgotten."""
        if await self._journal.age(asked) < MEMORY:
            return None
        quoted = asked.wish.key.replace("\\", "\\\\").replace("'", "\\'")
        with asking(asked.wish):
            found = await self._v1.payment_intents.search_async({"query": f"metadata['{KEY}']:'{quoted}'", "limit": 1})
        return found.data[0] if found.data else None

    async def _confirm(self, asked: Asked, intent_id: str) -> Answer | None:
        params: Any = {"return_url": self._return_url}
        try:
            with asking(asked.wish):
                intent = await self._v1.payment_intents.confirm_async(intent_id, params, _once("confirm", asked))
        except stripe.InvalidRequestError as refused:  # it was confirmed or canceled meanwhile: look again
            intent = await self._retrieve(asked, intent_id)
            return answers.authorization(intent) or _not_understood(refused)
        return answers.authorization(intent)

    async def _retrieve(self, asked: Asked, intent_id: str) -> Any:
        with asking(asked.wish):
            return await self._v1.payment_intents.retrieve_async(intent_id)

    async def _refunded(self, asked: Asked, intent_id: str) -> Answer | None:
        with asking(asked.wish):
            page = await self._v1.refunds.list_async({"payment_intent": intent_id, "limit": MAX_REFUNDS})
        found = [one for one in page.data if answers.kept(one, KEY) == asked.wish.key]
        return answers.refund(found[0]) if found else None


@asynccontextmanager
async def stripe_client(*, secret_key: str, timeout_s: float, api_base: str | None) -> AsyncIterator[Any]:
    """Stripe's own client, for as long as the context. It tries nothing twice."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=0,
            http_client=stripe.AIOHTTPClient(timeout=aiohttp.ClientTimeout(total=timeout_s), session=session),
        )


@asynccontextmanager
async def stripe_provider(
    journal: Journal, *, secret_key: str, return_url: str, timeout_s: float, api_base: str | None = None
) -> AsyncIterator[JournaledProvider]:
    """The port, answered by Stripe, for as long as the context."""
    async with stripe_client(secret_key=secret_key, timeout_s=timeout_s, api_base=api_base) as client:
        provider = JournaledProvider(StripeApi(client, journal, return_url), journal, timeout_s=timeout_s)
        try:
            yield provider
        finally:
            await provider.close()


def _once(step: str, asked: Asked) -> Any:
    return {"idempotency_key": f"{step}-{asked.wish.mark}"}


def _id(of: Asked) -> str:
    assert of.provider_id is not None, "the rules let nothing be asked about what was never opened"
    return of.provider_id


def _not_understood(refused: stripe.InvalidRequestError) -> Declined:
    known = refused.code == "resource_missing" and refused.param == "payment_method"
    code = DeclineCode.UNKNOWN_METHOD.value if known else refused.code or "invalid_request"
    return Declined(code=code, reason=_message(refused))


def _message(refused: stripe.StripeError) -> str:
    return (refused.user_message or type(refused).__name__)[: answers.MAX_REASON]
