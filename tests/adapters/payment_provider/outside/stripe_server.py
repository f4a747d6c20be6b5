"""Stripe's HTTP API as far as the shop uses it: PaymentIntents and Refunds with state, forms, keys and signed events.

Keys as Stripe's: the first answer that was begun is given again, 500s included; other parameters under a key are an
`idempotency_error`; a key whose request is under way is a 409. Search finds what was indexed (`index`), not more.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec
from stripe import WebhookSignature

from tests.adapters.payment_provider.outside.counterpart import (
    AFTER_THE_FACT,
    Inquiry,
    Outside,
    Said,
    Translate,
    digest,
)
from tradewind.adapters.payment_provider.simulator.faults import strike_of_method
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
from tradewind.ports.payment_provider import ActionRequired, Approved, Declined

Posted = tuple[bytes, dict[str, str]]
"""A notice's body and its headers."""
SECRET_KEY = "sk_test_of_the_stand"
INTENTS, REFUNDS, TRANSACTIONS = "/v1/payment_intents", "/v1/refunds", "/v1/balance_transactions"
_EVENTS = {"authorization.processing": "payment_intent.processing"}


class Intent(msgspec.Struct, kw_only=True):
    """A PaymentIntent. What became of it stands in the ledger, under these keys."""

    id: str
    amount: int
    currency: str
    method: str
    metadata: dict[str, str]
    captures: dict[str, tuple[int, dict[str, str]]] = {}
    voids: list[str] = []
    refunds: dict[str, dict[str, Any]] = {}

    @property
    def account(self) -> str:
        """Its key in the ledger, which begins with the order, as the shop's own keys do."""
        return f"{self.metadata['tradewind_order']}/{self.id}"


class StripeServer(Outside):
    """See the module."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.intents: dict[str, Intent] = {}
        self.page = 100
        """The largest page of the balance."""
        self.loses_next_creation = False
        """Whether the next PaymentIntent is made without an answer: the connection is reset."""
        self.retell: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list
        """What is told of the balance instead of the truth."""
        self._indexed: set[str] = set()
        self._begun: dict[str, tuple[str, Said | None]] = {}
        self._under_way: set[str] = set()

    def index(self) -> None:
        """Let search find everything that is there now."""
        self._indexed = set(self.intents)

    def forget_keys(self) -> None:
        super().forget_keys()
        self._begun.clear()

    def answer(self, connection: Any, verb: str, path: str, body: bytes) -> Said | None:
        if connection.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return _error(401, "invalid_request_error", "Invalid API Key provided")
        path, _, query = path.partition("?")
        if verb == "GET":
            return self._read(connection, path, dict(parse_qsl(query)))
        key = connection.headers.get("idempotency-key", new_id().hex)
        print_ = f"{path} {body.decode()}"
        begun = self._begun.get(key)
        if key in self._under_way:
            return _error(409, "idempotency_error", "A request with this key is under way.", "idempotency_key_in_use")
        if begun is not None and begun[0] != print_:
            return _error(400, "idempotency_error", "Keys can only be used with the same parameters.")
        if begun is not None and begun[1] is not None:
            return begun[1]
        self._begun[key] = (print_, None)
        said = self._write(connection, path, dict(parse_qsl(body.decode())), key)
        if said is not None and said[0] == 400:
            del self._begun[key]  # nothing was begun
        elif said is not None:
            self._begun[key] = (print_, said)
        return said

    def _read(self, connection: Any, path: str, query: dict[str, str]) -> Said | None:
        if path == f"{INTENTS}/search":
            wanted = query["query"].partition(":'")[2][:-1].replace("\\'", "'").replace("\\\\", "\\")
            found = [i for i in self.intents.values() if i.id in self._indexed and wanted in i.metadata.values()]
            return 200, {"object": "search_result", "data": [self.view(one) for one in found], "has_more": False}
        if path == TRANSACTIONS:
            return self._balance(query)
        if path == REFUNDS:
            intent = self.intents[query["payment_intent"]]
            data = [self._refund_view(intent, key) for key in intent.refunds if self._refund_view(intent, key)]
            return 200, {"object": "list", "data": data, "has_more": False, "url": REFUNDS}
        shown = self.intents.get(unquote(path.removeprefix(INTENTS + "/")))
        if shown is None:
            return _missing("id")
        # By the counter, so that the faults of a look-up strike here.
        inquiry: Any = Inquiry(
            connection, lambda: (200, self.view(shown)), _error(500, "api_error", "A scripted error.")
        )
        self.counter.handle(inquiry, b"GET", f"/v1/operations/{quote(shown.account, safe='')}", b"")
        return None

    def _balance(self, asked: dict[str, str]) -> Said:
        """A page of all that moved, newest first."""
        assert asked["expand[0]"] == "data.source"
        told = self.retell([one for intent in self.intents.values() for one in self._moved(intent)][::-1])
        start = next((n + 1 for n, one in enumerate(told) if one["id"] == asked.get("starting_after")), 0)
        size = min(int(asked["limit"]), self.page)
        page = {"object": "list", "data": told[start : start + size], "has_more": len(told) > start + size}
        return 200, {**page, "url": TRANSACTIONS}

    def _moved(self, intent: Intent) -> Iterator[dict[str, Any]]:
        source = {"payment_intent": intent.id, "currency": intent.currency}
        for key, (amount, _) in intent.captures.items():
            if isinstance(self.books.look_up(key), Approved):
                charge = {"id": f"ch_{digest(key, 24)}", "object": "charge", "amount_captured": amount}
                yield _transaction(
                    "charge", amount, {**source, **charge, "amount": amount, "metadata": intent.metadata}
                )
        for key in intent.refunds:
            if refund := self._refund_view(intent, key):
                yield _transaction("refund", -refund["amount"], refund)
                if refund["status"] == "failed":
                    back = _transaction("refund_failure", refund["amount"], refund)
                    yield {**back, "id": f"{back['id']}-back"}

    def fail_refund(self, order: str, event: str = "refund.failed", secret: str = "") -> Posted:
        """The bank would not take the order's last refund; what is posted of that."""
        intent, key = [
            (intent, key)
            for intent in self.intents.values()
            for key in intent.refunds
            if intent.metadata["tradewind_order"] == order
        ][-1]
        refund = intent.refunds[key]
        if refund.get("status") != "failed":
            refund.update(status="failed", failure_reason="expired_or_canceled_card")
            self.give_back(intent.account, refund["amount"])
        told = {
            "id": f"evt_{digest(f'{event}/{key}', 24)}",
            "object": "event",
            "type": event,
            "created": int(clock.now().timestamp()),
            "data": {"object": self._refund_view(intent, key)},
        }
        return signed(told, secret)

    def _write(self, connection: Any, path: str, form: dict[str, str], key: str) -> Said | None:
        if path == INTENTS:
            said = self._create(form)
            if self.loses_next_creation:
                self.loses_next_creation = False
                self._begun[key] = (self._begun[key][0], said)
                connection.drop()
                return None
            return said
        if path == REFUNDS:
            intent = self.intents.get(form["payment_intent"])
            return _missing("payment_intent") if intent is None else self._refund(connection, intent, form, key)
        name, _, verb = path.removeprefix(INTENTS + "/").partition("/")
        intent = self.intents.get(name)
        if intent is None:
            return _missing("intent")
        match verb:
            case "confirm":
                return self._confirm(connection, intent, key)
            case "capture":
                return self._capture(connection, intent, form, key)
            case "cancel":
                return self._cancel(connection, intent, key)
            case _:
                return _error(404, "invalid_request_error", "Unrecognized request URL")

    def _create(self, form: dict[str, str]) -> Said:
        assert form["capture_method"] == "manual"
        assert form["payment_method_types[0]"] == "card"
        if strike_of_method(form["payment_method"]) is None:
            return _missing("payment_method")
        intent = Intent(
            id=f"pi_{new_id().hex}",
            amount=int(form["amount"]),
            currency=form["currency"],
            method=form["payment_method"],
            metadata=_metadata(form),
        )
        self.intents[intent.id] = intent
        return 200, self.view(intent)

    def _confirm(self, connection: Any, intent: Intent, key: str) -> Said | None:
        if self.view(intent)["status"] != "requires_confirmation":
            return self._unexpected(intent)
        wish = AuthorizationWish(
            key=intent.account,
            reference=intent.metadata["tradewind_order"],
            method=intent.method,
            amount=Amount(intent.amount, intent.currency.upper()),
        )
        self._hand_on(connection, wish, key, lambda declined: self._card_error(intent, declined), intent)
        return None

    def _capture(self, connection: Any, intent: Intent, form: dict[str, str], key: str) -> Said | None:
        amount = int(form["amount_to_capture"])
        if self.view(intent)["status"] != "requires_capture":
            return self._unexpected(intent)
        if amount > intent.amount:
            return _error(400, "invalid_request_error", "More than can be captured.", "amount_too_large")
        intent.captures[self.once(key)] = (amount, _metadata(form))
        wish = CaptureWish(
            key=self.once(key), authorization_key=intent.account, amount=Amount(amount, intent.currency.upper())
        )
        self._hand_on(connection, wish, key, lambda declined: self._card_error(intent, declined), intent)
        return None

    def _cancel(self, connection: Any, intent: Intent, key: str) -> Said | None:
        if self.view(intent)["status"] in ("succeeded", "canceled"):
            return self._unexpected(intent)
        intent.voids.append(self.once(key))
        wish = VoidWish(key=self.once(key), authorization_key=intent.account)
        self._hand_on(connection, wish, key, lambda _: self._unexpected(intent), intent)
        return None

    def _refund(self, connection: Any, intent: Intent, form: dict[str, str], key: str) -> Said | None:
        amount, of = int(form["amount"]), self.once(key)
        intent.refunds[of] = {"amount": amount, "metadata": _metadata(form)}
        wish = RefundWish(key=of, authorization_key=intent.account, amount=Amount(amount, intent.currency.upper()))
        too_much = "Refund amount is greater than unrefunded amount on charge"
        self._hand_on(
            connection, wish, key, lambda _: _error(400, "invalid_request_error", too_much), intent, refund=True
        )
        return None

    def _hand_on(
        self, connection: Any, wish: Wish, key: str, refused: Any, intent: Intent, *, refund: bool = False
    ) -> None:
        def translate(status: int, said: Any) -> Said:
            if status == 200 and said["outcome"] == "declined":
                declined = Declined(code=said["code"], reason=said["reason"])
                answer: Said = self._unexpected(intent) if declined.code == "voided" else refused(declined)
                return answer
            if status == 200:
                return 200, self._refund_view(intent, wish.key) if refund else self.view(intent)
            return _error(status, "api_error", said["detail"])

        def ended(said: Said | None) -> None:
            self._under_way.discard(key)
            kept = said is not None and (said[0] < 500 or AFTER_THE_FACT in said[1]["error"]["message"])
            if kept and key in self._begun:
                self._begun[key] = (self._begun[key][0], said)

        self._under_way.add(key)
        hand: Translate = translate
        self.put(connection, wish, hand, ended)

    def view(self, intent: Intent) -> dict[str, Any]:
        """The PaymentIntent as Stripe shows it: what the ledger has come to."""
        status, more = self._status(intent)
        return {
            "id": intent.id,
            "object": "payment_intent",
            "amount": intent.amount,
            "currency": intent.currency,
            "status": status,
            "payment_method": intent.method,
            "capture_method": "manual",
            "last_payment_error": None,
            "latest_charge": None,
            "next_action": None,
            **more,
            "metadata": {**intent.metadata, **more.get("metadata", {})},
        }

    def _status(self, intent: Intent) -> tuple[str, dict[str, Any]]:
        charge = {"latest_charge": f"ch_{digest(intent.id, 24)}"}
        for key, (_, metadata) in intent.captures.items():
            if isinstance(self.books.look_up(key), Approved):
                return "succeeded", {**charge, "metadata": metadata}
        if any(isinstance(self.books.look_up(key), Approved) for key in intent.voids):
            return "canceled", {}
        match self.books.look_up(intent.account):
            case Approved():
                return "requires_capture", charge
            case ActionRequired(url=url):
                action = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}}
                return "requires_action", {"next_action": action}
            case Declined() as declined:
                return "requires_payment_method", {"last_payment_error": _card(declined)}
            case _:
                return "requires_confirmation", {}

    def _refund_view(self, intent: Intent, key: str) -> dict[str, Any] | None:
        if not isinstance(self.books.look_up(key), Approved):
            return None
        made = {**intent.refunds[key], "currency": intent.currency, "payment_intent": intent.id}
        return {
            "status": "succeeded",
            "failure_reason": None,
            **made,
            "id": f"re_{digest(key, 24)}",
            "object": "refund",
        }

    def _card_error(self, intent: Intent, declined: Declined) -> Said:
        return 402, {"error": {**_card(declined), "payment_intent": self.view(intent)}}

    def _unexpected(self, intent: Intent) -> Said:
        status = self.view(intent)["status"]
        return _error(
            400, "invalid_request_error", f"This PaymentIntent is {status}.", "payment_intent_unexpected_state"
        )

    def notice(self, notice: NoticeBody, secret: str) -> tuple[bytes, dict[str, str]] | None:
        intent = self.intents[notice.key.rpartition("/")[2]]
        event = {
            "id": f"evt_{notice.id}",
            "object": "event",
            "type": _EVENTS.get(notice.type, "payment_intent.amount_capturable_updated"),
            "created": int(clock.now().timestamp()),
            "data": {"object": self.view(intent)},
        }
        return signed(event, secret)


def signed(event: Any, secret: str, at: int | None = None) -> Posted:
    """An event and its headers, by Stripe's own signing."""
    body = msgspec.json.encode(event)
    stamp = at if at is not None else int(clock.now().timestamp())
    header = WebhookSignature.generate_signature_header(body.decode(), secret, stamp)
    return body, {"Content-Type": "application/json", "Stripe-Signature": header}


def _transaction(kind: str, amount: int, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"txn_{digest(source['id'], 24)}",
        "object": "balance_transaction",
        "amount": amount,
        "currency": source["currency"],
        "created": int(clock.now().timestamp()),
        "exchange_rate": None,
        "fee": 30,
        "net": amount - 30,
        "reporting_category": kind,
        "status": "available",
        "type": kind,
        "source": source,
    }


def _metadata(form: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


def _card(declined: Declined) -> dict[str, Any]:
    if declined.code == "challenge_failed":
        return {"type": "card_error", "code": "payment_intent_authentication_failure", "message": declined.reason}
    return {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": declined.code,
        "message": declined.reason,
    }


def _missing(param: str) -> Said:
    said = _error(400, "invalid_request_error", f"No such {param}", "resource_missing")
    said[1]["error"]["param"] = param
    return said


def _error(status: int, kind: str, message: str, code: str | None = None) -> Said:
    return status, {"error": {"type": kind, "message": message, "code": code}}
