"""The payment provider over HTTP: pooled connections, one deadline a call, and no guessing.

Spoken by aiohttp: a call costs it a seventh of httpx2's processor time
(docs/decisions/0010-simulated-payment-provider.md).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.wire import (
    PATHS,
    Amount,
    AuthorizationWish,
    Call,
    CaptureWish,
    RefundWish,
    VoidWish,
)
from tradewind.kernel.errors import Invalid, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, KeyReused, Settled

T = TypeVar("T")

MAX_CONNECTIONS: Final = 64
MAX_CALLS: Final = 2_048
"""Calls under way or waiting for a connection; one more is refused at once."""
MAX_ANSWER_BYTES: Final = 16_384
_JSON: Final = {"Content-Type": "application/json"}
_encode: Final = msgspec.json.Encoder().encode
_decode: Final[Callable[[bytes], Answer]] = msgspec.json.Decoder(Answer).decode
_decode_settled: Final[Callable[[bytes], Settled]] = msgspec.json.Decoder(Settled).decode


class HttpPaymentProvider:
    """The port `PaymentProvider`, answered by the server at one address. Opened by `payment_provider`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._urls = {call: url.rstrip("/") + path for call, path in PATHS.items()}
        self._calls = 0

    async def authorize(self, amount: Money, method: str, key: str, reference: str) -> Answer:
        """Hold `amount`; see the port."""
        wish = AuthorizationWish(key=key, reference=reference, method=method, amount=_amount(amount))
        status, body = await self._send("authorization", key, wish)
        return _read("authorization", key, status, body, _decode)

    async def capture(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Take `amount` of what is held; see the port."""
        wish = CaptureWish(key=key, authorization_key=authorization_key, amount=_amount(amount))
        return await self._ask("capture", key, wish)

    async def void(self, authorization_key: str, key: str) -> Settled:
        """Let go of what is held; see the port."""
        return await self._ask("void", key, VoidWish(key=key, authorization_key=authorization_key))

    async def refund(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Give `amount` back; see the port."""
        wish = RefundWish(key=key, authorization_key=authorization_key, amount=_amount(amount))
        return await self._ask("refund", key, wish)

    async def look_up(self, key: str) -> Answer | None:
        """What became of the call with this key; see the port."""
        status, body = await self._exchange("look_up", "GET", self._urls["look_up"] + quote(key, safe=""), key, None)
        return None if status == 404 else _read("look_up", key, status, body, _decode)

    async def _ask(self, call: Call, key: str, wish: msgspec.Struct) -> Settled:
        status, body = await self._send(call, key, wish)
        return _read(call, key, status, body, _decode_settled)

    async def _send(self, call: Call, key: str, wish: msgspec.Struct) -> tuple[int, bytes]:
        return await self._exchange(call, "POST", self._urls[call], key, _encode(wish))

    async def _exchange(self, call: Call, verb: str, url: str, key: str, body: bytes | None) -> tuple[int, bytes]:
        if self._calls >= MAX_CALLS:
            raise _unknown(call, key, "too many calls are waiting")
        self._calls += 1
        try:
            async with self._session.request(verb, url, data=body, headers=_JSON, allow_redirects=False) as response:
                size = response.content_length
                if size is None or size > MAX_ANSWER_BYTES:
                    raise _unknown(call, key, "the answer has no length, or too much of it")
                return response.status, await response.content.readexactly(size)
        except (aiohttp.ClientError, TimeoutError, OSError, EOFError) as trouble:
            raise _unknown(call, key, type(trouble).__name__) from trouble
        finally:
            self._calls -= 1


@asynccontextmanager
async def payment_provider(
    url: str, *, timeout_s: float, connections: int = MAX_CONNECTIONS
) -> AsyncIterator[HttpPaymentProvider]:
    """A client of the provider at `url`, open for as long as the context.

    `timeout_s` bounds a whole call, the wait for one of the `connections` included. No wish is retried here:
    whether to ask again is the caller's decision, for the caller owns the key. (A look-up, which changes nothing, is
    asked once more by aiohttp when the provider had closed the pooled connection.)
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    ) as session:
        yield HttpPaymentProvider(session, url)


def _amount(money: Money) -> Amount:
    return Amount(money.minor, money.currency)


def _read(call: Call, key: str, status: int, body: bytes, decode: Callable[[bytes], T]) -> T:
    """The provider's word. Refusals of the request itself are definite: the provider has recorded nothing."""
    if status == 200:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as trouble:
            raise _unknown(call, key, "the answer cannot be read") from trouble
    if status == 409:
        raise KeyReused("The payment provider knows this key with other parameters.", operation=call, key=key)
    if status in (400, 413):
        raise Invalid("The payment provider does not understand the request.", operation=call, key=key)
    raise _unknown(call, key, f"status {status}")


def _unknown(call: Call, key: str, trouble: str) -> Unavailable:
    return Unavailable(
        "The payment provider gave no answer: the outcome is unknown.", operation=call, key=key, trouble=trouble
    )
