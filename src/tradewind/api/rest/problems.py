"""Problem documents (RFC 9457): the one table from refusals to HTTP, and what their bodies say."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tradewind.api.rest import refusals
from tradewind.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from tradewind.kernel.versions import Outdated

MEDIA_TYPE: Final = "application/problem+json"
STATUS: Final[dict[type[Refusal], int]] = {
    Invalid: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Throttled: 429,
    Unavailable: 503,
    refusals.MalformedBody: 400,
    refusals.InvalidHeader: 400,
    refusals.MethodNotAllowed: 405,
    refusals.BodyTooSlow: 408,
    Outdated: 412,
    refusals.BodyTooLarge: 413,
    refusals.UnsupportedMediaType: 415,
    refusals.VersionMissing: 428,
    refusals.InternalFault: 500,
}
_RESERVED: Final = frozenset({"type", "title", "status", "detail", "instance", "traceId"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNDERSCORE = re.compile(r"_([a-z0-9])")
_VALIDATION = re.compile(r"^(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$?(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
_FIELD = re.compile(r"^Object (?:missing required|contains unknown) field `(?P<name>[^`]*)`")
_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def status_of(refusal: type[Refusal]) -> int:
    """The HTTP status of a refusal's class: that of its nearest ancestor in the table."""
    return next((STATUS[kind] for kind in refusal.__mro__ if kind in STATUS), 422)


def slug(refusal: type[Refusal]) -> str:
    """The stable name of a refusal in addresses: `NoSuchOrder` is `no-such-order`."""
    return "-".join(_HUMP.split(refusal.__name__)).lower()


def title(refusal: type[Refusal]) -> str:
    """The fixed title of a refusal's class."""
    return refusal.title or " ".join(_HUMP.split(refusal.__name__)).capitalize()


def document(refusal: Refusal, *, instance: str, trace_id: str) -> bytes:
    """The body of a problem document."""
    kind = type(refusal)
    problem: dict[str, Any] = {
        "type": f"/problems/{slug(kind)}",
        "title": title(kind),
        "status": status_of(kind),
        "detail": refusal.detail,
        "instance": instance,
        "traceId": trace_id,
    }
    for name, value in refusal.facts.items():
        wire = _UNDERSCORE.sub(lambda match: match[1].upper(), name)
        if wire not in _RESERVED:
            problem[wire] = value
    if isinstance(refusal, Invalid) and "errors" not in problem:
        problem["errors"] = [{"pointer": str(refusal.facts.get("pointer", "")), "detail": refusal.detail}]
    return _encoder.encode(problem)


def headers(refusal: Refusal) -> list[tuple[str, str]]:
    """The headers that go with a refusal: Retry-After, Allow, WWW-Authenticate."""
    found = []
    if (retry_after_s := getattr(refusal, "retry_after_s", None)) is not None:
        found.append(("Retry-After", str(int(retry_after_s))))
    if isinstance(refusal, refusals.MethodNotAllowed):
        found.append(("Allow", ", ".join(refusal.facts["allowed"])))
    if isinstance(refusal, Unauthenticated):
        error = "" if isinstance(refusal, refusals.TokenMissing) else ', error="invalid_token"'
        found.append(("WWW-Authenticate", f'Bearer realm="tradewind"{error}'))
    return found


def invalid(kind: type[Invalid], message: str, *, prefix: str = "") -> Invalid:
    """A refusal from a msgspec message, with the JSON pointer of what it complains about."""
    match = _VALIDATION.match(message)
    assert match, "the pattern matches any text"
    steps = [name or index for name, index in _STEP.findall(match["path"] or "")]
    if field := _FIELD.match(match["what"]):
        steps.append(field["name"])
    pointer = prefix + "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps if step != "...")
    detail = match["what"].replace("`", "")
    where = f" ({pointer})" if pointer else ""
    return kind(f"{detail}{where}.", errors=[{"pointer": pointer, "detail": detail}])


def known_refusals(root: type[Refusal] = Refusal) -> Iterable[type[Refusal]]:
    """Every class of refusal that this process has loaded."""
    for kind in root.__subclasses__():
        yield kind
        yield from known_refusals(kind)
