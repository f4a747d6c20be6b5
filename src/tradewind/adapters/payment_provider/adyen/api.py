"""Adyen's Checkout API as an `Api`.

Adyen answers a capture, a cancellation and a refund with `received`, and tells the outcome later (`notices`). Received
counts as accepted here: the journal's rules let nothing through that Adyen's own rules would refuse afterwards, and a
refusal that comes all the same corrects the journal, so that `look_up` tells it.

Adyen shows no payment by its reference. An outcome that was lost is learned by asking again under the same idempotency
key, which Adyen remembers for seven days at least; or from a notice. What a buyer's browser brings back from proving
themselves is shown to /payments/details, which tells what came of it, and of which payment.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import Adyen
import requests
from Adyen.exceptions import AdyenAPIUnprocessableEntity, AdyenAPIValidationError, AdyenError

from tradewind.adapters.payment_provider.adyen import answers
from tradewind.adapters.payment_provider.journaled.api import Asked, Wish, unknown
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.adapters.payment_provider.journaled.provider import JournaledProvider
from tradewind.adapters.payment_provider.journaled.sweeping import EVERY_S, sweeping
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, Declined

MEMORY: Final = timedelta(days=6)
"""Adyen remembers an idempotency key for 7 days at least."""
THREADS: Final = 32
"""The official client blocks; so many questions are under way at once, more wait."""

Send = Callable[..., Any]


class _Refused(Exception):  # noqa: N818 -- an answer
    """Adyen will never take this request."""

    def __init__(self, answer: Declined) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class AdyenApi:
    """See `Api`."""

    def __init__(self, client: Any, threads: ThreadPoolExecutor, journal: Journal, account: str, url: str) -> None:
        self._payments = client.checkout.payments_api
        self._modify = client.checkout.modifications_api
        self._threads = threads
        self._journal = journal
        self._account = account
        self._return_url = url

    async def authorize(self, asked: Asked) -> Answer:
        """Ask, or ask again under the same idempotency key."""
        if isinstance(asked.answer, ActionRequired):
            return asked.answer
        if not asked.fresh and await self._journal.age(asked) > MEMORY:
            raise unknown(asked.wish, "it was asked so long ago that asking again might charge twice")
        request = {
            **answers.payment_method(asked.wish.method),
            "amount": answers.amount(asked.wish),
            "reference": answers.reference(asked.wish, asked.wish),
            "returnUrl": self._return_url,
            "shopperInteraction": "Ecommerce",
            "recurringProcessingModel": "CardOnFile",
            "additionalData": {"manualCapture": "true"},
        }
        try:
            said = await self._ask(asked.wish, self._payments.payments, request)
        except _Refused as refused:
            return refused.answer
        if said.get("pspReference"):
            await self._journal.know(asked.wish.key, str(said["pspReference"]))
        answer = answers.authorization(asked, said)
        if answer is None:
            raise unknown(asked.wish, f"it is {said.get('resultCode')}")
        return answer

    async def capture(self, asked: Asked, of: Asked) -> Answer:
        """Take the amount: received is accepted."""
        return await self._modify_by_name(asked, of, self._modify.capture_authorised_payment)

    async def void(self, asked: Asked, of: Asked) -> Answer:
        """Cancel it by Adyen's name, or by ours where Adyen has not named it."""
        if of.provider_id is None and not isinstance(of.answer, ActionRequired):
            answer = await self.authorize(of)  # the only way to learn its name; it is canceled at once
            if isinstance(answer, Declined):
                return Approved(provider_id=asked.wish.mark)
            of = await self._journal.find(of.wish.key) or of
        if of.provider_id is not None:
            return await self._modify_by_name(asked, of, self._modify.cancel_authorised_payment_by_psp_reference)
        request = {"paymentReference": answers.reference(of.wish, of.wish)}
        return await self._modified(asked, of, self._modify.cancel_authorised_payment, request)

    async def refund(self, asked: Asked, of: Asked) -> Answer:
        """Give the amount back: received is accepted."""
        return await self._modify_by_name(asked, of, self._modify.refund_captured_payment)

    async def see(self, asked: Asked, of: Asked) -> Answer | None:
        """Adyen shows nothing but what a buyer's proof is worth; whatever else it told stands in the journal."""
        if asked.proof is None or not isinstance(asked.answer, ActionRequired):
            return None
        return await self._shown(asked, asked.proof)

    async def _shown(self, asked: Asked, proof: str) -> Answer | None:
        """What /payments/details says. A proof of another payment, or none at all, is forgotten and proves nothing."""
        wish, request = asked.wish, {"details": {"redirectResult": proof}}
        key = f"{wish.mark[:32]}-{hashlib.sha256(proof.encode()).hexdigest()[:24]}"
        try:
            said = await self._sent(wish, lambda: self._payments.payments_details(request, idempotency_key=key))
        except _Refused:
            said = {}
        if answers.mark_in(str(said.get("merchantReference", ""))) != wish.mark:
            await self._journal.forget_proof(wish.key, proof)
            return None
        answer = answers.authorization(asked, said)
        if isinstance(answer, Approved):
            await self._journal.know(wish.key, answer.provider_id)
            if isinstance(stands := await self._journal.settle(wish.key, answer), Declined):
                await self._journal.reopen_voids(wish.key)  # it was voided meanwhile
            return stands
        return answer

    async def find_out(self, asked: Asked, of: Asked) -> Answer | None:
        """Ask again under the same key."""
        return await (self.authorize(asked) if asked.wish.verb == "authorize" else self.capture(asked, of))

    async def _modify_by_name(self, asked: Asked, of: Asked, send: Send) -> Answer:
        amount = {} if asked.wish.verb == "void" else {"amount": answers.amount(asked.wish)}
        return await self._modified(asked, of, send, amount, of.provider_id)

    async def _modified(self, asked: Asked, of: Asked, send: Send, request: Any, *about: Any) -> Answer:
        if not asked.fresh and await self._journal.age(asked) > MEMORY:
            raise unknown(asked.wish, "it was asked so long ago that asking again might move money twice")
        request = {**request, "reference": answers.reference(asked.wish, of.wish)}
        try:
            said = await self._ask(asked.wish, send, request, *about)
        except _Refused as refused:
            return refused.answer
        if said.get("status") != "received" or not said.get("pspReference"):
            raise unknown(asked.wish, f"it is {said.get('status')}")
        return Approved(provider_id=str(said["pspReference"]))

    async def _ask(self, wish: Wish, send: Send, request: dict[str, Any], *about: Any) -> dict[str, Any]:
        def ask() -> Any:
            # A void may have to be asked by our name first and by Adyen's later: those are two requests.
            key = wish.mark if wish.verb != "void" else f"{wish.mark}-{'named' if about else 'unnamed'}"
            return send({"merchantAccount": self._account, **request}, *about, idempotency_key=key)

        return await self._sent(wish, ask)

    async def _sent(self, wish: Wish, ask: Callable[[], Any]) -> dict[str, Any]:
        try:
            said = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        except (AdyenAPIUnprocessableEntity, AdyenAPIValidationError) as refused:
            if str(refused.error_code) == answers.IN_PROGRESS:
                raise unknown(wish, "the same question is under way") from refused
            raise _Refused(answers.not_understood(str(refused.error_code or ""), _said(refused))) from refused
        except (AdyenError, requests.RequestException, OSError, ValueError) as trouble:
            status = getattr(trouble, "status_code", "")
            raise unknown(wish, f"{type(trouble).__name__} {status}".strip()) from trouble
        if not isinstance(said.message, dict):
            raise unknown(wish, "the answer cannot be read")
        return said.message


@asynccontextmanager
async def adyen_provider(
    journal: Journal,
    *,
    api_key: str,
    merchant_account: str,
    return_url: str,
    timeout_s: float,
    live_prefix: str | None = None,
    api_base: str | None = None,
    sweep_every_s: float = EVERY_S,
) -> AsyncIterator[JournaledProvider]:
    """The port, answered by Adyen, while the context lasts. `live_prefix`: the live endpoint's; else the test one."""
    client = Adyen.Adyen(
        xapikey=api_key,
        platform="live" if live_prefix else "test",
        live_endpoint_prefix=live_prefix,
        http_timeout=timeout_s,
    )
    if api_base:
        for part in (client.checkout.payments_api, client.checkout.modifications_api):
            part.baseUrl = f"{api_base.rstrip('/')}/{part.baseUrl.rsplit('/', 1)[-1]}"
    with ThreadPoolExecutor(THREADS, "adyen") as threads:
        api = AdyenApi(client, threads, journal, merchant_account, return_url)
        provider = JournaledProvider(api, journal, timeout_s=timeout_s)
        try:
            async with sweeping(provider, journal, every_s=sweep_every_s):
                yield provider
        finally:
            await provider.close()


def _said(refused: AdyenError) -> str:
    message = refused.message
    return str(message.get("message", "")) if isinstance(message, dict) else str(message)
