"""Adyen's Checkout API as far as the shop uses it: payments, their modifications, keys and signed notices.

As Adyen does, it answers every modification it understands with `received`, decides afterwards, and tells by notice. It
shows no payment by its reference, and a cancellation by reference of what is not authorized yet comes to nothing.
"""

import base64
import csv
import hmac
import io
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from Adyen.util import generate_notification_sig

from tests.adapters.payment_provider.outside.counterpart import Inquiry, Outside, Said, digest
from tradewind.adapters.payment_provider.wire import (
    Amount,
    AuthorizationWish,
    CaptureWish,
    NoticeBody,
    RefundWish,
    VoidWish,
    Wish,
)
from tradewind.kernel import clock
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, Declined

API_KEY, ACCOUNT = "AQE_test_of_the_stand", "TradewindStand"
HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
_CODES = {"insufficient_funds": "12", "challenge_failed": "11"}
_EVENTS = {"authorization": "AUTHORISATION", "capture": "CAPTURE", "void": "CANCELLATION", "refund": "REFUND"}


Posted = tuple[bytes, dict[str, str]]
"""A notice's body and its headers."""
DEBIT, CREDIT = "Gross Debit (GC)", "Gross Credit (GC)"
REPORTS = f"/reports/download/MerchantAccount/{ACCOUNT}/settlement_detail_report_batch_"
SETTLED = (
    "Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method", "Creation Date",
    "TimeZone", "Type", "Modification Reference", "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)",
    "Exchange Rate", "Net Currency", "Net Debit (NC)", "Net Credit (NC)", "Commission (NC)", "Batch Number",
)  # fmt: skip


class Known(msgspec.Struct, kw_only=True):
    """One call as Adyen keeps it: the ledger's key, its own reference and the merchant's."""

    wish: Wish
    psp: str
    reference: str
    original: str = ""


class AdyenServer(Outside):
    """See the module."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.calls: dict[str, Known] = {}
        """By the ledger's key."""
        self.withheld: list[str] | None = None
        """Keys of modifications whose outcome is told later, once somebody has it told; None: told at once."""
        self.batches: list[str] = []
        """The settlement detail reports that there are."""
        self._settled: set[str] = set()
        self._failed: list[str] = []
        """Keys of refunds that banks would not take."""
        self._taken_back: set[str] = set()
        self._bodies: dict[str, bytes] = {}
        self._under_way: set[str] = set()

    def forget_keys(self) -> None:
        super().forget_keys()
        self._bodies.clear()

    def answer(self, connection: Any, verb: str, path: str, body: bytes) -> Said | None:
        if connection.headers.get("x-api-key") != API_KEY:
            return _error(401, "000", "HTTP Status Response - Unauthorized")
        if verb == "GET" and path.startswith(REPORTS):
            number = int(path.rpartition("_")[2].removesuffix(".csv"))
            if not 0 < number <= len(self.batches):
                return _error(404, "", "Not Found")
            connection.answer(200, self.batches[number - 1].encode())
            return None
        asked = msgspec.json.decode(body)
        if path == "/v72/payments/details":
            return self._details(connection, asked["details"]["redirectResult"])
        if verb != "POST" or asked["merchantAccount"] != ACCOUNT:
            return _error(403, "901", "Invalid Merchant Account")
        key = connection.headers.get("idempotency-key", new_id().hex)
        if key in self._under_way or self._bodies.setdefault(key, path.encode() + body) != path.encode() + body:
            return _error(422, "704", "request already processed or in progress")
        match path.removeprefix("/v72/").split("/"):
            case ["payments"]:
                return self._pay(connection, asked, key)
            case ["cancels"]:
                return self._cancel_by_reference(connection, asked, key)
            case ["payments", psp, verb]:
                of = next((one for one in self.calls.values() if one.psp == psp), None)
                return (
                    _error(422, "167", "Original pspReference required for this operation")
                    if of is None
                    else self._modify(connection, of, verb, asked, key)
                )
            case _:
                return _error(404, "", "Not Found")

    def tell_withheld(self) -> None:
        """Tell now what came of them."""
        withheld, self.withheld = self.withheld or [], None
        for key in withheld:
            self.notifier.tell(key)

    def fail_refund(self, order: str, event: str = "REFUND_FAILED", secret: str = HMAC_KEY) -> Posted:
        """The bank would not take the order's last refund; what is posted of that."""
        refunds = [one for one in self.calls.values() if isinstance(one.wish, RefundWish)]
        known = [one for one in refunds if one.reference.startswith(order)][-1]
        assert isinstance(known.wish, RefundWish)
        if known.wish.key not in self._failed:
            self._failed.append(known.wish.key)
            self.give_back(known.wish.authorization_key, known.wish.amount.minor)
        return posted(
            {
                "eventCode": event, "success": "true", "pspReference": known.psp, "originalReference": known.original,
                "merchantReference": known.reference, "merchantAccountCode": ACCOUNT, "reason": "Card expired",
                "amount": {"value": known.wish.amount.minor, "currency": known.wish.amount.currency},
            },
            secret,
        )  # fmt: skip

    def close_batch(self) -> None:
        """What was taken and given back since the last batch is settled, and told in a report."""
        out = io.StringIO()
        report = csv.DictWriter(out, SETTLED, restval="", lineterminator="\n")
        report.writeheader()
        for known in self.calls.values():
            wish = known.wish
            moved = isinstance(wish, CaptureWish | RefundWish) and isinstance(self.books.look_up(wish.key), Approved)
            if moved and wish.key not in self._settled:
                self._settled.add(wish.key)
                report.writerow(self._row(known, wish))
        for key in [key for key in self._failed if key not in self._taken_back]:
            self._taken_back.add(key)
            row = self._row(self.calls[key], self.calls[key].wish)
            report.writerow({**row, "Type": "RefundedReversed", CREDIT: row.pop(DEBIT), DEBIT: ""})
        report.writerow(
            {"Merchant Account": ACCOUNT, "Type": "MerchantPayout", "Gross Currency": "", "TimeZone": "CET"}
        )
        self.batches.append(out.getvalue())

    def _row(self, known: Known, wish: Wish) -> dict[str, Any]:
        assert isinstance(wish, CaptureWish | RefundWish)
        of = self.calls[wish.authorization_key]
        amount = Money(wish.amount.minor, wish.amount.currency).amount
        captured = isinstance(wish, CaptureWish)
        return {
            "Company Account": "Tradewind",
            "Merchant Account": ACCOUNT,
            "Psp Reference": of.psp,
            "Merchant Reference": of.reference,
            "Payment Method": "visa",
            "Creation Date": (clock.now() + timedelta(hours=1, seconds=1)).strftime("%Y-%m-%d %H:%M:%S"),
            "TimeZone": "CET",
            "Type": "Settled" if captured else "Refunded",
            "Modification Reference": known.psp,
            "Gross Currency": wish.amount.currency,
            CREDIT if captured else DEBIT: str(amount),
            "Batch Number": len(self.batches) + 1,
        }

    def _pay(self, connection: Any, asked: Any, key: str) -> Said | None:
        assert asked["additionalData"] == {"manualCapture": "true"}
        assert len(asked["reference"]) <= 80
        wish = AuthorizationWish(
            key=self.once(key),
            reference=asked["reference"].rpartition(".")[0],
            method=asked["paymentMethod"]["storedPaymentMethodId"],
            amount=Amount(asked["amount"]["value"], asked["amount"]["currency"]),
        )
        known = self._know(wish, asked["reference"])
        self._hand_on(connection, known, key, lambda answer: _paid(known, answer))
        return None

    def _details(self, connection: Any, proof: str) -> Said | None:
        """What came of it, to whoever shows what the browser was given; by the counter, so that faults strike here."""
        known = next((one for one in self.calls.values() if redirect_result(one) == proof), None)
        if known is None:
            return _error(422, "14_029", "Invalid redirectResult")
        inquiry: Any = Inquiry(
            connection, lambda: _proved(known, self.books.look_up(known.wish.key)), _error(500, "", "Down")
        )
        self.counter.handle(inquiry, b"GET", f"/v1/operations/{quote(known.wish.key, safe='')}", b"")
        return None

    def _cancel_by_reference(self, connection: Any, asked: Any, key: str) -> Said | None:
        of = next((one for one in self.calls.values() if one.reference == asked["paymentReference"]), None)
        wish = VoidWish(key=self.once(key), authorization_key="" if of is None else of.wish.key)
        if of is not None and isinstance(self.books.look_up(of.wish.key), Approved):
            return self._modify(connection, of, "cancels", asked, key)
        known = Known(wish=wish, psp=_psp(wish.key), reference=asked["reference"])
        return 201, {**_received(known), "paymentReference": asked["paymentReference"]}

    def _modify(self, connection: Any, of: Known, verb: str, asked: Any, key: str) -> Said | None:
        once, about = self.once(key), of.wish.key
        wish: Wish
        match verb:
            case "captures":
                wish = CaptureWish(key=once, authorization_key=about, amount=_amount(asked))
            case "refunds":
                wish = RefundWish(key=once, authorization_key=about, amount=_amount(asked))
            case "cancels":
                wish = VoidWish(key=once, authorization_key=about)
            case _:
                return _error(404, "", "Not Found")
        known = self._know(wish, asked["reference"], of.psp)
        self._hand_on(connection, known, key, lambda _: (201, {**_received(known), "paymentPspReference": of.psp}))
        return None

    def _know(self, wish: Wish, reference: str, original: str = "") -> Known:
        known = Known(wish=wish, psp=_psp(wish.key), reference=reference, original=original)
        return self.calls.setdefault(wish.key, known)

    def _hand_on(self, connection: Any, known: Known, key: str, say: Any) -> None:
        def translate(status: int, said: Any) -> Said:
            if status != 200:
                return _error(status, "905", said["detail"])
            if known.original and self.withheld is not None:
                self.withheld.append(known.wish.key)
            elif known.original:
                self.notifier.tell(known.wish.key)
            answer: Said = say(said)
            return answer

        self._under_way.add(key)
        self.put(connection, known.wish, translate, lambda _: self._under_way.discard(key))

    def notice(self, notice: NoticeBody, secret: str) -> tuple[bytes, dict[str, str]] | None:
        known = self.calls[notice.key]
        answer = self.books.look_up(notice.key)
        if notice.type == "authorization.processing" or not isinstance(answer, Approved | Declined):
            return None  # Adyen has no word for it
        amount = getattr(known.wish, "amount", None) or Amount(0, "EUR")
        reason = "3D Not Authenticated" if isinstance(answer, Declined) and answer.code == "challenge_failed" else ""
        return posted(
            {
                "eventCode": _EVENTS[known.wish.OPERATION],
                "success": "true" if isinstance(answer, Approved) else "false",
                "pspReference": known.psp,
                "originalReference": known.original,
                "merchantReference": known.reference,
                "merchantAccountCode": ACCOUNT,
                "amount": {"value": amount.minor, "currency": amount.currency},
                "reason": reason or ("" if isinstance(answer, Approved) else answer.reason),
            },
            secret,
        )


def posted(item: dict[str, Any], key: str) -> tuple[bytes, dict[str, str]]:
    """A notice and its headers, by Adyen's own signing."""
    item = {**item, "eventDate": clock.now().isoformat(), "additionalData": {"hmacSignature": signature(item, key)}}
    body = {"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}
    return msgspec.json.encode(body), {"Content-Type": "application/json"}


def signature(item: dict[str, Any], key: str) -> str:
    """Checked here against the words of Adyen's documentation, so that the reader is not its own judge."""
    words = [item.get(n, "") for n in ("pspReference", "originalReference", "merchantAccountCode", "merchantReference")]
    words += [item["amount"]["value"], item["amount"]["currency"], item["eventCode"], item["success"]]
    made = base64.b64encode(hmac.digest(bytes.fromhex(key), ":".join(map(str, words)).encode(), "sha256"))
    assert made == generate_notification_sig(item, key)
    return made.decode()


def _paid(known: Known, said: Any) -> Said:
    if said["outcome"] == "action_required":
        action = {"type": "redirect", "method": "GET", "url": said["url"], "paymentMethodType": "scheme"}
        return 200, {"resultCode": "RedirectShopper", "action": action}
    if said["outcome"] == "approved":
        return 200, {"resultCode": "Authorised", "pspReference": known.psp, "merchantReference": known.reference}
    if said["code"] == "unknown_method":
        return _error(422, "803", "PaymentDetail not found")
    refused = {"refusalReason": said["reason"], "refusalReasonCode": _CODES.get(said["code"], "2")}
    return 200, {"resultCode": "Refused", "pspReference": known.psp, **refused}


def _proved(known: Known, answer: Answer | None) -> Said:
    match answer:
        case Approved():
            said = _paid(known, {"outcome": "approved"})
        case Declined(code=code, reason=reason):
            said = _paid(known, {"outcome": "declined", "code": code, "reason": reason})
        case _:
            return 200, {"resultCode": "Pending", "merchantReference": known.reference}
    return said[0], {**said[1], "merchantReference": known.reference}


def redirect_result(known: Known) -> str:
    """What the buyer's browser is given to bring back to the shop."""
    return f"X6Xtf.{digest(known.psp, 40)}!return"


def _received(known: Known) -> dict[str, Any]:
    return {"status": "received", "pspReference": known.psp, "reference": known.reference, "merchantAccount": ACCOUNT}


def _psp(key: str) -> str:
    return digest(key, 16).upper()


def _amount(asked: Any) -> Amount:
    return Amount(asked["amount"]["value"], asked["amount"]["currency"])


def _error(status: int, code: str, message: str) -> Said:
    return status, {"status": status, "errorCode": code, "message": message, "errorType": "validation"}
