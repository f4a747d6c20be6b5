"""The simulated legacy gateway: SOAP at /soap/payment in front of a counter with books and faults of its own.

What SOAP asks is asked of the counter in the provider's own words, and its answer, or the fault that strikes, comes
back in SOAP's; so both protocols keep the same books by the same rules. What else lies below /soap is the counter's
own: /soap/v1/ledger, /soap/v1/faults, /soap/v1/settlements.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import msgspec

from tradewind.adapters.payment_provider.simulator.connection import Handle, Line
from tradewind.adapters.payment_provider.soap.offer import NAMESPACE, PATH, wsdl
from tradewind.adapters.payment_provider.wire import PATHS, Amount
from tradewind.api.soap.reading import Request, SoapFault, read
from tradewind.api.soap.writing import answer, fault
from tradewind.kernel.errors import Invalid
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import ActionRequired, Answer, Approved, Declined

PREFIX: Final = "/soap"
DEFAULT_METHOD: Final = "simulated:approve"
"""What is charged where ProcessPayment names no payment method: the gateway knows an account by the order."""
_MOVES: Final = {"CapturePayment": "capture", "RefundPayment": "refund"}
_PARAMETERS: Final = {
    "ProcessPayment": {"orderId", "amount", "currency", "paymentMethod", "transactionKey"},
    "CapturePayment": {"authorizationKey", "amount", "currency", "transactionKey"},
    "VoidPayment": {"authorizationKey", "transactionKey"},
    "RefundPayment": {"authorizationKey", "amount", "currency", "transactionKey"},
    "QueryPayment": {"transactionKey"},
}
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Answer).decode

Then = Callable[[int, bytes], bool]
"""Told the counter's answer first; True where it takes it from there."""


class LegacyGateway:
    """The SOAP face of a counter."""

    def __init__(self, counter: Handle, url: str) -> None:
        self._counter = counter
        self._wsdl = wsdl(url + PATH)

    def handle(self, line: Line, verb: bytes, target: str, body: bytes) -> None:
        """Answer one request, now or when the ledger has it on the disk."""
        if target.partition("?")[0] != PATH:
            self._counter(line, verb, target.removeprefix(PREFIX), body)
        elif verb == b"GET":
            line.answer(200, self._wsdl, xml=True)
        else:
            try:
                self._ask(line, read(body, NAMESPACE))
            except SoapFault as refused:
                _say_fault(line, refused)

    def _ask(self, line: Line, request: Request) -> None:
        known = _PARAMETERS.get(request.operation)
        if known is None:
            raise SoapFault("Client.UnknownOperation", "There is no such operation; see the WSDL.")
        if strange := request.parameters.keys() - known:
            raise SoapFault("Client.UnknownParameter", f"The parameter {min(strange)} is not in the WSDL.")
        match request.operation:
            case "ProcessPayment":
                self._process(line, request)
            case "QueryPayment":
                key = quote(_needed(request, "transactionKey"), safe="")
                self._counter(_Reply(line, request.operation), b"GET", PATHS["look_up"] + key, b"")
            case "VoidPayment":
                self._wish(_Reply(line, request.operation), "void", _keyed(request))
            case _:
                wish = {**_keyed(request), "amount": _amount(request)}
                self._wish(_Reply(line, request.operation), _MOVES[request.operation], wish)

    def _process(self, line: Line, request: Request) -> None:
        """With a key the money is held; without one it is taken, by keys that the order's id gives."""
        order, amount = _needed(request, "orderId"), _amount(request)
        key = request.parameters.get("transactionKey")
        held = f"{order}/sale" if key is None else key
        wish = {
            "key": held,
            "reference": order,
            "method": request.parameters.get("paymentMethod", DEFAULT_METHOD),
            "amount": amount,
        }

        def take(status: int, body: bytes) -> bool:
            if status != 200 or not isinstance(_understood(body), Approved):
                return False
            capture = {"key": f"{held}/capture", "authorization_key": held, "amount": amount}
            self._wish(_Reply(line, request.operation), "capture", capture)
            return True

        self._wish(_Reply(line, request.operation, take if key is None else None), "authorization", wish)

    def _wish(self, reply: "_Reply", call: str, wish: dict[str, Any]) -> None:
        self._counter(reply, b"POST", PATHS[call], _encode(wish))


class _Reply:
    """A line to the counter: what is said on it is said in SOAP on the line behind it."""

    def __init__(self, line: Line, operation: str, then: Then | None = None) -> None:
        self._line, self._operation, self._then = line, operation, then

    def answer(self, status: int, body: bytes = b"", *, page: bool = False, xml: bool = False) -> None:
        """An answer, or the fault that its status stands for."""
        if self._then is not None and self._then(status, body):
            return
        if status == 200:
            self._line.answer(200, self._in_xml(body), xml=True)
        elif status == 404:
            self._line.answer(200, answer(self._operation, NAMESPACE, {"outcome": "UNKNOWN"}), xml=True)
        elif status == 409:
            _say_fault(self._line, SoapFault("Client.KeyReused", "This key was used before with other parameters."))
        elif status == 400:
            _say_fault(self._line, SoapFault("Client.Invalid", "The parameters cannot be understood; see the WSDL."))
        else:
            _say_fault(self._line, SoapFault("Server", "Not now."))

    def hold(self) -> None:
        """Never answer."""
        self._line.hold()

    def drop(self) -> None:
        """Reset the connection."""
        self._line.drop()

    def tear(self, body: bytes) -> None:
        """Send half of the answer."""
        self._line.tear(self._in_xml(body))

    def _in_xml(self, body: bytes) -> bytes:
        said = _understood(body)
        if said is None:  # a scripted fault garbled it
            return answer(self._operation, NAMESPACE, {"outcome": "APPROVED"})[:-9]
        return answer(self._operation, NAMESPACE, _fields(said))


def _say_fault(line: Line, refused: SoapFault) -> None:
    """A fault, with the status that SOAP 1.1 wants."""
    line.answer(500, fault(refused), xml=True)


def _understood(body: bytes) -> Answer | None:
    try:
        said: Answer = _decode(body)
    except msgspec.DecodeError:
        return None
    return said


def _fields(said: Answer) -> dict[str, str]:
    match said:
        case Approved():
            return {"outcome": "APPROVED", "transactionId": said.provider_id}
        case Declined():
            return {"outcome": "DECLINED", "code": said.code, "reason": said.reason}
        case ActionRequired():
            return {"outcome": "ACTION_REQUIRED", "transactionId": said.provider_id, "url": said.url}


def _needed(request: Request, name: str) -> str:
    if name not in request.parameters:
        raise SoapFault("Client.Invalid", f"The parameter {name} is missing.")
    return request.parameters[name]


def _keyed(request: Request) -> dict[str, Any]:
    return {"key": _needed(request, "transactionKey"), "authorization_key": _needed(request, "authorizationKey")}


def _amount(request: Request) -> Amount:
    try:
        money = Money.parse(Decimal(_needed(request, "amount").strip()), _needed(request, "currency").strip())
    except (Invalid, ArithmeticError) as wrong:
        raise SoapFault("Client.Invalid", "The amount cannot be read as money of that currency.") from wrong
    return Amount(money.minor, money.currency)
