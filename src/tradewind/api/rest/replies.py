"""What is told a client: an answer's bytes and headers, and a refusal in the form that it knows."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from tradewind.api.rest import headers, problems
from tradewind.api.rest.binding import Binding
from tradewind.api.rest.headers import Trail
from tradewind.api.rest.rates import Pairs, Standing
from tradewind.api.rest.refusals import TokenMissing
from tradewind.kernel.errors import Forbidden, Refusal
from tradewind.runtime.call import ANONYMOUS, Call

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def honest(refusal: Refusal, call: Call | None) -> Refusal:
    """Nobody is forbidden before they have said who they are."""
    return TokenMissing() if isinstance(refusal, Forbidden) and call and call.actor is ANONYMOUS else refusal


def in_words(refusal: Refusal) -> Mapping[str, Any]:
    """A refusal as it is told over a socket: the same words as a problem document, without an address."""
    found: dict[str, Any] = msgspec.json.decode(problems.document(refusal, instance="", trace_id=""))
    return {name: value for name, value in found.items() if value != ""}


def refused(
    refusal: Refusal, binding: Binding | None, path: str, trail: Trail
) -> tuple[int, bytes, bytes, Mapping[str, str]]:
    """Status, media type, body and headers of a refusal; in the route's own form where it has one."""
    status = problems.status_of(type(refusal))
    extra = dict(problems.headers(refusal))
    if binding and binding.route.on_refusal:
        reply = binding.route.on_refusal(refusal, status)
        status, content, more = binding.response(reply)
        return status, b"application/json", content, {**extra, **more}
    content = problems.document(refusal, instance=path, trace_id=trail.trace_id)
    return status, problems.MEDIA_TYPE.encode(), content, extra


def told(standings: Sequence[Standing]) -> Pairs:
    """The headers of the limit that is nearest."""
    if len(standings) == 2 and standings[1].left < standings[0].left:
        return standings[1].headers()
    return standings[0].headers() if standings else []


async def send_all(
    send: Send,
    status: int,
    content_type: bytes,
    content: bytes,
    extra: Mapping[str, str],
    trail: Trail,
    more: Pairs,
    *,
    silent: bool,
) -> None:
    """Send an answer whole, sealed by our headers; `silent`: without its body."""
    own = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in extra.items()]
    replaced = {name for name, _ in own}
    kept = replaced.isdisjoint(headers.SEALED_NAMES)
    pairs = [*headers.SEALED] if kept else [pair for pair in headers.SEALED if pair[0] not in replaced]
    pairs += [(b"correlation-id", trail.correlation_id.encode()), *own, *more]
    if content and b"content-type" not in replaced:
        pairs.append((b"content-type", content_type))
    if status not in (204, 304):
        pairs.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": b"" if silent else content, "more_body": False})
