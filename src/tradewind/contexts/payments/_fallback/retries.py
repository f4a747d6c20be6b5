"""How often a call to the gateway is repeated, and after which pauses: five attempts, doubling, with jitter (S0-88)."""

import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from tradewind.contexts.payments._fallback.breaker import Breaker, State
from tradewind.kernel.clock import sleep
from tradewind.kernel.errors import Refusal, Unavailable
from tradewind.ports.payment_provider import NeverAsked
from tradewind.runtime.telemetry import metrics

ATTEMPTS: Final = 5
FIRST_PAUSE_S: Final = 0.2
"""Longest pause after the first attempt; each further one is twice as long: 0.2, 0.4, 0.8, 1.6 seconds."""

T = TypeVar("T")
Chance = Callable[[], float]
"""From 0 to 1: where in its upper half a pause lies."""
AT_RANDOM: Final[Chance] = random.random


def pause_s(attempt: int, chance: Chance = AT_RANDOM) -> float:
    """How long to wait after the `attempt`-th attempt."""
    longest: float = FIRST_PAUSE_S * 2 ** (attempt - 1)
    return longest * (1 + chance()) / 2


async def ask(call: Callable[[], Awaitable[T]], breaker: Breaker, chance: Chance = AT_RANDOM) -> T:
    """Ask up to ATTEMPTS times while the circuit is closed; every attempt counts for it.

    Raises NeverAsked when no attempt reached the gateway, Unavailable when one may have: then the outcome is unknown.
    """
    doubt: Unavailable | None = None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = await call()
        except NeverAsked as away:
            _count(breaker, "not_reached", answered=False)
            last: Unavailable = away
        except Unavailable as unknown:
            _count(breaker, "unknown", answered=False)
            last = doubt = unknown
        except Refusal:
            _count(breaker, "answered", answered=True)
            raise
        else:
            _count(breaker, "answered", answered=True)
            return answer
        if attempt == ATTEMPTS or breaker.state() is not State.CLOSED:
            raise doubt or last
        await sleep(pause_s(attempt, chance))
        if breaker.state() is not State.CLOSED:
            raise doubt or last
    raise AssertionError("the last attempt returns or raises")


def _count(breaker: Breaker, outcome: str, *, answered: bool) -> None:
    metrics.payment_gateway_attempts_total.labels(outcome).inc()
    breaker.attempted(answered=answered)
    metrics.payment_gateway_circuit.set(breaker.state())
