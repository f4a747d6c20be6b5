"""The one table from refusals to gRPC's status codes, and how a refusal travels beside its code."""

from typing import Any, Final

import grpc
import msgspec

from tradewind.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Stale,
    Throttled,
    Unauthenticated,
    Unavailable,
)

REFUSAL: Final = "tradewind-refusal"
"""Trailing metadata: the refusal's name, which is stable."""
FACTS: Final = "tradewind-facts-bin"
"""Trailing metadata: the refusal's facts, as JSON."""
MAX_FACTS_BYTES: Final = 4096
"""Facts that are longer are left out: metadata has limits of its own."""
STATUS: Final[dict[type[Refusal], grpc.StatusCode]] = {
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Conflict: grpc.StatusCode.FAILED_PRECONDITION,
    Stale: grpc.StatusCode.ABORTED,
    Throttled: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
}
_encoder = msgspec.json.Encoder(enc_hook=str)


def status_of(refusal: type[Refusal]) -> grpc.StatusCode:
    """The code of a refusal's class: that of its nearest ancestor in the table."""
    return next((STATUS[kind] for kind in refusal.__mro__ if kind in STATUS), grpc.StatusCode.UNKNOWN)


def trailers(refusal: Refusal) -> tuple[tuple[str, str | bytes], ...]:
    """What goes beside the code."""
    facts = _encoder.encode(refusal.facts)
    named = ((REFUSAL, type(refusal).__name__),)
    return (*named, (FACTS, facts)) if len(facts) <= MAX_FACTS_BYTES else named


def facts_in(metadata: Any) -> dict[str, Any]:
    """The facts that came beside a code; none where there were none, or they cannot be read."""
    raw = dict(metadata or ()).get(FACTS, b"")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
