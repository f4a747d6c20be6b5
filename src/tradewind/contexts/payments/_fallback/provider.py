"""The port `PaymentProvider` over two: new payments go to the gateway, and to REST while its circuit is not closed.

Each payment is one provider's for good (see routes). What the gateway may hold is settled with the gateway alone: asked
again, looked up, voided, never charged at REST too; while it is away, that waits (Unavailable).
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tradewind.contexts.payments._fallback import retries
from tradewind.contexts.payments._fallback.breaker import Breaker, State
from tradewind.contexts.payments._fallback.retries import Chance
from tradewind.contexts.payments._fallback.routes import Holder, Routes
from tradewind.kernel.errors import Refusal, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, NeverAsked, PaymentProvider, Settled
from tradewind.runtime.failpoints import planted
from tradewind.runtime.telemetry import metrics

T = TypeVar("T")


class FallbackProvider:
    """Answers to `PaymentProvider`."""

    def __init__(
        self,
        soap: PaymentProvider,
        rest: PaymentProvider,
        routes: Routes,
        *,
        breaker: Breaker | None = None,
        chance: Chance = retries.AT_RANDOM,
    ) -> None:
        self._soap, self._rest, self._routes = soap, rest, routes
        self._breaker = breaker or Breaker()
        self._chance = chance

    async def authorize(self, amount: Money, method: str, key: str, reference: str) -> Answer:
        """Hold `amount`; see the port."""
        if await self._choose(key) is Holder.REST:
            return await self._rest.authorize(amount, method, key, reference)
        try:
            return await self._ask(lambda: self._soap.authorize(amount, method, key, reference))
        except NeverAsked:
            if await self._routes.never_sent(key) is Holder.SOAP:
                raise
        except Unavailable:
            if not planted("charge_at_both"):
                raise
        metrics.payment_fallbacks_total.inc()
        return await self._rest.authorize(amount, method, key, reference)

    async def capture(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Take `amount` of what is held; see the port."""
        if await self._routes.find(authorization_key) is Holder.SOAP:
            return await self._of_gateway(key, lambda: self._soap.capture(authorization_key, amount, key))
        return await self._rest.capture(authorization_key, amount, key)

    async def void(self, authorization_key: str, key: str) -> Settled:
        """Let go of what is held; see the port. The tombstone lies where a late authorization will be taken to."""
        if await self._routes.take_elsewhere(authorization_key) is Holder.SOAP:
            return await self._of_gateway(key, lambda: self._soap.void(authorization_key, key))
        return await self._rest.void(authorization_key, key)

    async def refund(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Give `amount` back; see the port."""
        if await self._routes.find(authorization_key) is Holder.SOAP:
            return await self._of_gateway(key, lambda: self._soap.refund(authorization_key, amount, key))
        return await self._rest.refund(authorization_key, amount, key)

    async def look_up(self, key: str) -> Answer | None:
        """What became of the call with this key; see the port. A key that is no authorization's may be anybody's."""
        holder = await self._routes.find(key)
        if holder is not Holder.SOAP and (found := await self._rest.look_up(key)) is not None:
            return found
        if holder is Holder.REST:
            return None
        return await self._of_gateway(key, lambda: self._soap.look_up(key))

    async def _choose(self, key: str) -> Holder:
        """Who is asked for this payment: decided once, and written down before."""
        if self._breaker.state() is State.HALF_OPEN:
            await self._probe(key)
        if self._breaker.state() is State.CLOSED:
            return await self._routes.begin(key)
        holder = await self._routes.take_elsewhere(key)
        if holder is Holder.SOAP:
            raise _away(key)
        metrics.payment_fallbacks_total.inc()
        return holder

    async def _of_gateway(self, key: str, call: Callable[[], Awaitable[T]]) -> T:
        """Ask for what the gateway holds; while it is away nobody else can answer."""
        if self._breaker.state() is State.HALF_OPEN:
            await self._probe(key)
        if self._breaker.state() is not State.CLOSED:
            raise _away(key)
        return await self._ask(call)

    async def _ask(self, call: Callable[[], Awaitable[T]]) -> T:
        return await retries.ask(call, self._breaker, self._chance)

    async def _probe(self, key: str) -> None:
        """Ask the gateway something that moves no money: no buyer is the one to find out."""
        if not self._breaker.take_probe():
            return
        answered = False
        try:
            await self._soap.look_up(key)
            answered = True
        except Unavailable:
            pass
        except Refusal:
            answered = True
        finally:
            self._breaker.probed(answered=answered)
            metrics.payment_gateway_circuit.set(self._breaker.state())


def _away(key: str) -> Unavailable:
    return Unavailable("The payment gateway that holds this payment is away.", key=key)
