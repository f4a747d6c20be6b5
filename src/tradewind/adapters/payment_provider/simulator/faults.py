"""The scripted faults, in one table: deterministic, and chosen by the payment method's name (`simulated:decline`).

A number may follow where the table says so: `simulated:slow-300`, `simulated:error-2`.
"""

from enum import Enum, auto
from typing import Final

from msgspec import Struct

from tradewind.adapters.payment_provider.wire import Operation
from tradewind.ports.payment_provider import DeclineCode, Declined

PREFIX: Final = "simulated:"
CHALLENGED: Final = "tok_3ds"
"""A token that begins so is challenged, as `simulated:challenge` is."""
MAX_SLOW_MS: Final = 60_000


class Effect(Enum):
    """How a fault misbehaves."""

    NONE = auto()
    DECLINE = auto()
    SLOW = auto()
    """Waits, then performs, even when the caller has gone: the classic late authorization."""
    HOLD = auto()
    """Records nothing and never answers."""
    ERROR = auto()
    """Records nothing and answers 500."""
    HOLD_AFTER = auto()
    """Records, and never answers."""
    DROP_AFTER = auto()
    """Records, then resets the connection."""
    TEAR_AFTER = auto()
    """Records, then resets the connection in the middle of the answer."""
    GARBLE_AFTER = auto()
    """Records, then answers 200 with something that is not JSON."""
    ERROR_AFTER = auto()
    """Records, then answers 500."""


ONLY_FIRST: Final = frozenset({Effect.DROP_AFTER, Effect.TEAR_AFTER, Effect.GARBLE_AFTER, Effect.ERROR_AFTER})
"""These strike the attempt that records; every later attempt with the key is answered from the record."""


class Telling(Enum):
    """When the shop is posted a notice of what came of an authorization, beside the answer to its call."""

    NEVER = "never"
    BEFORE = "before"
    AT = "at"
    AFTER = "after"
    DOUBLED = "doubled"
    PROCESSING = "processing"
    LATE = "late"


_TELLS: Final = {
    Telling.BEFORE: "the notice is there before the answer",
    Telling.AT: "the notice races the answer",
    Telling.AFTER: "the notice comes after the answer",
    Telling.DOUBLED: "the same notice comes twice at once",
    Telling.PROCESSING: "a notice comes before anything is recorded, another one at the answer",
    Telling.LATE: "the notice comes at the answer, and once more when the authorization was voided",
}


class Fault(Struct, frozen=True, kw_only=True):
    """One line of the table. `strikes` is the operation that misbehaves when the method bears this name."""

    name: str
    effect: Effect
    says: str
    strikes: Operation = "authorization"
    number: str = ""
    declined: Declined | None = None
    challenges: bool = False
    tells: Telling = Telling.NEVER


class Strike(Struct, frozen=True):
    """A fault with its number (0 where none was given)."""

    fault: Fault
    number: int = 0


FAULTS: Final = (
    Fault(name="approve", effect=Effect.NONE, says="approves everything"),
    Fault(
        name="decline",
        effect=Effect.DECLINE,
        says="declines the authorization: insufficient_funds",
        declined=Declined(code=DeclineCode.INSUFFICIENT_FUNDS, reason="The account does not hold that much."),
    ),
    Fault(name="timeout", effect=Effect.HOLD, says="never answers authorizations, records nothing"),
    Fault(name="timeout-after", effect=Effect.HOLD_AFTER, says="records the authorization, never answers it"),
    Fault(name="lost-answer", effect=Effect.DROP_AFTER, says="records, then resets the first attempt of each key"),
    Fault(name="torn-answer", effect=Effect.TEAR_AFTER, says="records, then resets the first attempt mid-answer"),
    Fault(name="garbled", effect=Effect.GARBLE_AFTER, says="records, then answers the first attempt with no JSON"),
    Fault(
        name="error", effect=Effect.ERROR, number="tries", says="500 on the first N tries of a key; without N, on all"
    ),
    Fault(name="error-after", effect=Effect.ERROR_AFTER, says="records, then answers the first attempt with 500"),
    Fault(name="slow", effect=Effect.SLOW, number="ms", says="waits N ms, then performs, even if the caller has gone"),
    Fault(
        name="decline-capture",
        effect=Effect.DECLINE,
        strikes="capture",
        says="authorizes, declines the capture: capture_refused",
        declined=Declined(code=DeclineCode.CAPTURE_REFUSED, reason="The bank takes back its promise."),
    ),
    Fault(name="lost-capture", effect=Effect.DROP_AFTER, strikes="capture", says="as lost-answer, when capturing"),
    Fault(
        name="error-after-capture", effect=Effect.ERROR_AFTER, strikes="capture", says="as error-after, when capturing"
    ),
    Fault(
        name="challenge",
        effect=Effect.NONE,
        says="asks the buyer to confirm first, and tells the shop when they did",
        challenges=True,
        tells=Telling.AT,
    ),
    *(Fault(name=f"notice-{when.value}", effect=Effect.NONE, says=f"approves; {says}", tells=when)
      for when, says in _TELLS.items()),
    *(Fault(name=f"challenge-{when.value}", effect=Effect.NONE, says=f"as challenge; {says}", tells=when,
            challenges=True)
      for when, says in {Telling.NEVER: "no notice is sent", **_TELLS}.items()),
)  # fmt: skip
_BY_NAME: Final = {fault.name: fault for fault in FAULTS}


def strike_of(name: str) -> Strike | None:
    """The fault of this name, without the prefix; None when the table has none, or its number is missing or absurd."""
    fault = _BY_NAME.get(name)
    if fault is not None:
        return None if fault.effect is Effect.SLOW else Strike(fault)
    stem, _, digits = name.rpartition("-")
    fault = _BY_NAME.get(stem)
    if fault is None or not fault.number or not digits.isdecimal() or len(digits) > 5 or int(digits) > MAX_SLOW_MS:
        return None
    return Strike(fault, int(digits))


def strike_of_method(method: str) -> Strike | None:
    """The fault that this payment method asks for; None for a method that the simulated provider does not know."""
    if method.startswith(CHALLENGED):
        return Strike(_BY_NAME["challenge"])
    return strike_of(method.removeprefix(PREFIX)) if method.startswith(PREFIX) else None


def fault_table() -> str:
    """The table for people, one line a fault."""
    names = {fault: PREFIX + fault.name + (f"-<{fault.number}>" if fault.number else "") for fault in FAULTS}
    width = max(map(len, names.values())) + 2
    return "\n".join(f"  {name:<{width}}{fault.says}" for fault, name in names.items())
