"""Bodies: read within limits of size and time, and decoded without doubt about what they say."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from tradewind.api.rest import moments, problems
from tradewind.api.rest.refusals import BodyTooLarge, BodyTooSlow, InvalidBody, MalformedBody, UnsupportedMediaType
from tradewind.kernel.cards import CardNumberRefused, holds_card_number

MAX_BODY_BYTES: Final = 1024 * 1024
BODY_TIMEOUT_S: Final = 30.0
"""Longest that a body may take to arrive; a client that dribbles is let go."""
MAX_DISCARDED_BYTES: Final = 32 * MAX_BODY_BYTES
DISCARD_TIMEOUT_S: Final = 5.0
"""So much of a body that is too large, and for so long, is read and thrown away before the refusal is sent."""
MAX_FORM_FIELDS: Final = 32
MAX_DIGITS: Final = 18
"""Whole numbers longer than this do not fit a 64-bit column, so no route needs one."""

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class ClientGone(Exception):  # noqa: N818 -- not an error of ours: nobody is left to answer
    """The client hung up before its request was complete."""


def is_coming(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the request says that it has a body."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def read(receive: Receive, headers: Mapping[bytes, bytes], limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The whole body; refuses BodyTooLarge, without keeping what is too much, and BodyTooSlow."""
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit() or int(declared[:20]) > limit_bytes:
        await discard(receive)
        raise BodyTooLarge(limit_bytes=limit_bytes)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            message = await receive()
            body: bytes = message.get("body", b"")
            if message.get("more_body"):
                body = await _rest(body, receive, limit_bytes)
    except TimeoutError:
        raise BodyTooSlow(limit_s=BODY_TIMEOUT_S) from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    if len(body) > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)
    return body


async def _rest(first: bytes, receive: Receive, limit_bytes: int) -> bytes:
    chunks, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit_bytes:
            chunks.clear()
            await discard(receive)
            raise BodyTooLarge(limit_bytes=limit_bytes)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


async def discard(receive: Receive) -> None:
    """Let a client that is still sending come to its end: whoever is cut off in the middle hears no answer, and the
    server hangs up after an answer to what it has not read, so that the next request on the connection is lost."""
    size, more = 0, True
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_TIMEOUT_S):
            while more and size < MAX_DISCARDED_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                more = message.get("more_body", False)


def expect(media_type: bytes, headers: Mapping[bytes, bytes]) -> None:
    """Refuse (UnsupportedMediaType) a body of another kind, in another charset than UTF-8, or compressed."""
    given, _, parameters = headers.get(b"content-type", b"").partition(b";")
    charset = parameters.strip().lower().removeprefix(b"charset=").strip(b'"')
    encoded = headers.get(b"content-encoding", b"identity").lower() != b"identity"
    if given.strip().lower() != media_type or charset not in (b"", b"utf-8") or encoded:
        raise UnsupportedMediaType(f"This route reads {media_type.decode()} in UTF-8, not compressed.")


def expect_one(media_types: Sequence[bytes], headers: Mapping[bytes, bytes]) -> None:
    """Refuse (UnsupportedMediaType) a body of none of these kinds, or a compressed one."""
    given = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    encoded = headers.get(b"content-encoding", b"identity").lower() != b"identity"
    if given not in media_types or encoded:
        raise UnsupportedMediaType(f"This route reads {b', '.join(media_types).decode()}, not compressed on the way.")


def decode_json(body: bytes, decoder: "msgspec.json.Decoder[Any]") -> Any:
    """The value that `body` says; refuses MalformedBody and InvalidBody, never anything else.

    The second reading is for what msgspec lets pass: a field said twice, NUL (Postgres cannot keep it), huge numbers.
    """
    try:
        value = decoder.decode(body)
        reading = _doubtless.decode(body.decode())
    except msgspec.ValidationError as error:
        raise problems.invalid(InvalidBody, str(error)) from None
    except _Doubt as doubt:
        raise problems.invalid(InvalidBody, str(doubt)) from None
    except UnicodeDecodeError:
        raise MalformedBody("The body is not UTF-8.") from None
    except msgspec.DecodeError as error:
        raise MalformedBody(f"{error}.") from None
    except (RecursionError, ArithmeticError):
        raise MalformedBody("The body is nested too deeply or holds a number out of all bounds.") from None
    if (_DIGITS.search(body) or b"\\u003" in body) and any(map(holds_card_number, _texts(reading))):
        raise CardNumberRefused
    if b"\\u0000" in body and any("\0" in text for text in _texts(reading)):
        raise problems.invalid(InvalidBody, "NUL is not a character of any text here")
    if moments.out_of_calendar(body, value):
        raise problems.invalid(InvalidBody, moments.DETAIL)
    return value


def decode_form(body: bytes, type_: Any) -> Any:
    """A form as RFC 6749 sends it: every field once, unknown fields ignored. Refuses MalformedBody and InvalidBody."""
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=MAX_FORM_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise MalformedBody("The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedBody("A field of the form is there twice.")
    if any(map(holds_card_number, fields.values())):
        raise CardNumberRefused
    if any("\0" in value for value in fields.values()):
        raise problems.invalid(InvalidBody, "NUL is not a character of any text here")
    try:
        return msgspec.convert(fields, type_, strict=False)
    except msgspec.ValidationError as error:
        raise problems.invalid(InvalidBody, str(error)) from None


class _Doubt(Exception):  # noqa: N818 -- becomes a refusal in the same module
    """The document can be understood in two ways, or in none."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Doubt("An object says a field twice")
    return fields


def _bounded(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _Doubt(f"A whole number has more than {MAX_DIGITS} digits")
    return 0


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


_DIGITS = re.compile(rb"\d(?:[ -]?\d){13}")
"""What a text with a card number has, unless it is written in escapes."""
# The numbers of the second reading are never used, so they are not made.
_doubtless = json.JSONDecoder(object_pairs_hook=_once, parse_int=_bounded, parse_float=len, parse_constant=len)
