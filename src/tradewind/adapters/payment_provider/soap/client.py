"""The legacy gateway over SOAP: zeep writes and reads the envelopes by our own copy of the WSDL, aiohttp carries them.

Answers are strangers' documents: no document type, no entities, nothing fetched, and no more than a few kilobytes.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, Final, NamedTuple

import aiohttp
import zeep
from lxml import etree
from zeep import exceptions

from tradewind.adapters.payment_provider.soap.offer import BINDING, WSDL
from tradewind.kernel.errors import Invalid, Unavailable
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import (
    ActionRequired,
    Answer,
    Approved,
    Declined,
    KeyReused,
    NeverAsked,
    Settled,
)

MAX_CONNECTIONS: Final = 64
MAX_ANSWER_BYTES: Final = 16_384
SETTINGS: Final = {"strict": True, "forbid_dtd": True, "forbid_entities": True, "forbid_external": True}
_ZEEP: Final[Any] = zeep
"""Its calls are published without types."""
_READABLE: Final = {"Content-Type": "text/xml"}
"""What every answer is read as, whatever it says of itself: nothing in parts, nothing packed."""
_MISREAD: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What zeep breaks with, beside errors of its own, on a document that is not what the WSDL says."""
_UNSENDABLE: Final = re.compile("[^\\t\\n\\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_REACHED: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class SoapPaymentProvider:
    """The port `PaymentProvider`, answered by the SOAP gateway at one address. Opened by `soap_payment_provider`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        carrier: Any = _Carrier(session)
        client: Any = _ZEEP.AsyncClient(BytesIO(WSDL), transport=carrier, settings=zeep.Settings(**SETTINGS))
        self._service = _ZEEP.proxy.AsyncServiceProxy(client, client.wsdl.bindings[BINDING], address=url)

    async def authorize(self, amount: Money, method: str, key: str, reference: str) -> Answer:
        """Hold `amount`; see the port."""
        wish = {"orderId": reference, **_amount(amount), "paymentMethod": method, "transactionKey": key}
        return _answer("ProcessPayment", key, await self._ask("ProcessPayment", key, wish))

    async def capture(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Take `amount` of what is held; see the port."""
        wish = {"authorizationKey": authorization_key, **_amount(amount), "transactionKey": key}
        return _settled("CapturePayment", key, await self._ask("CapturePayment", key, wish))

    async def void(self, authorization_key: str, key: str) -> Settled:
        """Let go of what is held; see the port."""
        wish = {"authorizationKey": authorization_key, "transactionKey": key}
        return _settled("VoidPayment", key, await self._ask("VoidPayment", key, wish))

    async def refund(self, authorization_key: str, amount: Money, key: str) -> Settled:
        """Give `amount` back; see the port."""
        wish = {"authorizationKey": authorization_key, **_amount(amount), "transactionKey": key}
        return _settled("RefundPayment", key, await self._ask("RefundPayment", key, wish))

    async def look_up(self, key: str) -> Answer | None:
        """What became of the call with this key; see the port."""
        result = await self._ask("QueryPayment", key, {"transactionKey": key})
        return None if result.outcome == "UNKNOWN" else _answer("QueryPayment", key, result)

    async def _ask(self, operation: str, key: str, wish: Mapping[str, Any]) -> Any:
        if any(_UNSENDABLE.search(value) for value in wish.values() if isinstance(value, str)):
            raise Invalid("XML has no such characters.", operation=operation, key=key)
        try:
            result = await self._service[operation](**wish)
        except exceptions.Fault as fault:
            raise _refusal(operation, key, fault) from fault
        except _NOT_REACHED as trouble:
            raise NeverAsked(operation=operation, key=key, trouble=type(trouble).__name__) from trouble
        except (aiohttp.ClientError, TimeoutError, OSError, EOFError) as trouble:
            raise _unknown(operation, key, type(trouble).__name__) from trouble
        except (exceptions.Error, *_MISREAD) as trouble:
            raise _unknown(operation, key, f"the answer cannot be read: {type(trouble).__name__}") from trouble
        if getattr(result, "outcome", None) is None:
            raise _unknown(operation, key, "the answer says nothing")
        return result


class _Reply(NamedTuple):
    """What zeep wants to know of an HTTP answer."""

    status_code: int
    content: bytes
    headers: Mapping[str, str] = _READABLE
    encoding: str = "utf-8"


class _Carrier:
    """The transport that zeep is given: it posts envelopes, and loads nothing."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> _Reply:
        """Post the envelope; an answer without a length, or with too much of it, is none."""
        body: bytes = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        async with self._session.post(address, data=body, headers=headers, allow_redirects=False) as response:
            size = response.content_length
            if size is None or size > MAX_ANSWER_BYTES:
                raise EOFError
            return _Reply(response.status, await response.content.readexactly(size))

    def load(self, url: str) -> bytes:
        """Nothing is fetched, whatever a document asks for."""
        raise _ZEEP.exceptions.ExternalReferenceForbidden(url)


@asynccontextmanager
async def soap_payment_provider(
    url: str, *, timeout_s: float, connections: int = MAX_CONNECTIONS
) -> AsyncIterator[SoapPaymentProvider]:
    """A client of the gateway at `url` (its /soap/payment), open for as long as the context.

    `timeout_s` bounds a whole call. No wish is retried here: whoever owns the key decides.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s / 2),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    ) as session:
        yield SoapPaymentProvider(session, url)


def _amount(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}


def _answer(operation: str, key: str, result: Any) -> Answer:
    """The gateway's word; ACTION_REQUIRED comes of ProcessPayment and QueryPayment only."""
    if result.outcome == "ACTION_REQUIRED" and result.transactionId and result.url:
        return ActionRequired(provider_id=result.transactionId, url=result.url)
    return _settled(operation, key, result)


def _settled(operation: str, key: str, result: Any) -> Settled:
    if result.outcome == "APPROVED" and result.transactionId:
        return Approved(provider_id=result.transactionId)
    if result.outcome == "DECLINED" and result.code:
        return Declined(code=result.code, reason=result.reason or "")
    raise _unknown(operation, key, "the answer cannot be understood")


def _refusal(operation: str, key: str, fault: exceptions.Fault) -> Exception:
    """A fault of ours is definite: nothing was recorded. A fault of theirs may have come after the fact."""
    side, _, what = str(fault.code or "").rpartition(":")[2].partition(".")
    if side == "Client" and what == "KeyReused":
        return KeyReused("The payment provider knows this key with other parameters.", operation=operation, key=key)
    if side == "Client":
        return Invalid("The payment provider does not understand the request.", operation=operation, key=key)
    return _unknown(operation, key, "a fault of the gateway")


def _unknown(operation: str, key: str, trouble: str) -> Unavailable:
    return Unavailable(
        "The payment provider gave no answer: the outcome is unknown.", operation=operation, key=key, trouble=trouble
    )
