"""The request headers that mean something to us, read once and checked, and the headers that every answer carries."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from tradewind.api.rest.refusals import InvalidHeader
from tradewind.kernel.ids import new_id, new_trace_id

MAX_WAIT_S: Final = 30
"""Longest that `Prefer: wait` is honoured."""
MAX_IDEMPOTENCY_KEY: Final = 255
MAX_CORRELATION_ID: Final = 128
MAX_DEVICE: Final = 120
"""So much of a User-Agent is kept as the label of a device."""
CONTENT_SECURITY_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"

Pairs = list[tuple[bytes, bytes]]

_WANTED: Final = frozenset(
    (
        b"authorization",
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"correlation-id",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"last-event-id",
        b"prefer",
        b"traceparent",
        b"transfer-encoding",
        b"user-agent",
        b"x-forwarded-for",
    )
)
_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e]+")
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_WAIT = re.compile(rb'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:;[^,]*)?(?=,|$)', re.IGNORECASE)

SECURITY: Final[Pairs] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
"""On every answer; the content security policy goes with them, except on the documentation page, which has its own."""
SEALED: Final[Pairs] = [*SECURITY, (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())]
SEALED_NAMES: Final = frozenset(name for name, _ in SEALED)


class Trail(Struct, frozen=True):
    """What a request is called in logs and traces. `fault` says what was wrong with the name it came with."""

    correlation_id: str
    trace_id: str
    fault: str = ""


def read(pairs: Iterable[tuple[bytes, bytes]], *, every: bool = False) -> dict[bytes, bytes]:
    """The headers we know, or `every` one, by lower-case name. A repeated one is joined by commas, as HTTP says."""
    found: dict[bytes, bytes] = {}
    for name, value in pairs:
        if every or name in _WANTED:
            found[name] = found[name] + b", " + value if name in found else value
    return found


def trail(headers: Mapping[bytes, bytes]) -> Trail:
    """Correlation-Id and W3C trace id as the client named them, or fresh ones. Never refuses."""
    traced = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    trace_id = traced[1].decode() if traced else new_trace_id()
    given = headers.get(b"correlation-id")
    if given is None:
        return Trail(str(new_id()), trace_id)
    if len(given) > MAX_CORRELATION_ID or not _PRINTABLE.fullmatch(given):
        return Trail(str(new_id()), trace_id, f"Correlation-Id takes 1 to {MAX_CORRELATION_ID} printable characters.")
    return Trail(given.decode(), trace_id)


def idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    """The key, or None; refuses (InvalidHeader) an empty, overlong or unprintable one."""
    given = headers.get(b"idempotency-key")
    if given is None:
        return None
    if len(given) > MAX_IDEMPOTENCY_KEY or not _PRINTABLE.fullmatch(given):
        raise InvalidHeader(f"Idempotency-Key takes 1 to {MAX_IDEMPOTENCY_KEY} printable characters.")
    return given.decode()


def wait_s(headers: Mapping[bytes, bytes]) -> int:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most MAX_WAIT_S; 0 where there is none that can be read."""
    found = _WAIT.search(headers[b"prefer"]) if b"prefer" in headers else None
    return min(int(found[1]), MAX_WAIT_S) if found else 0


def device(headers: Mapping[bytes, bytes]) -> str:
    """What the client says it is, in printable ASCII, cut short; never refuses."""
    return _UNPRINTABLE.sub(b" ", headers.get(b"user-agent", b"")[:MAX_DEVICE]).decode().strip()
