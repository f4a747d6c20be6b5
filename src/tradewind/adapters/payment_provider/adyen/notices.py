"""What Adyen posts by itself, signed: kept in the journal, since Adyen shows it nowhere else.

Adyen signs who, what, how much and whether it succeeded; neither the time nor anything else. So nothing else is
believed, there is no replay window, and the journal takes notices in any order and any number to the same end.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from Adyen.util import is_valid_hmac_notification

from tradewind.adapters.payment_provider.adyen import answers
from tradewind.adapters.payment_provider.journaled.api import Asked
from tradewind.adapters.payment_provider.journaled.journal import Journal
from tradewind.kernel.errors import Invalid, Unauthenticated
from tradewind.ports.payment_provider import Approved, DeclineCode, Declined, Notice

MAX_ITEMS: Final = 100
_VERBS: Final = {
    "AUTHORISATION": "authorize",
    "CAPTURE": "capture",
    "CAPTURE_FAILED": "capture",
    "CANCELLATION": "void",
    "TECHNICAL_CANCEL": "void",
    "REFUND": "refund",
    "REFUND_FAILED": "refund",
    "REFUNDED_REVERSED": "refund",
}
_ALWAYS_BAD: Final = frozenset({"CAPTURE_FAILED", "REFUND_FAILED", "REFUNDED_REVERSED"})
_MAY_FAIL_LATER: Final[Mapping[str, Literal["capture", "refund"]]] = {"capture": "capture", "refund": "refund"}
_REFUSED: Final = {
    "capture": DeclineCode.CAPTURE_REFUSED.value,
    "void": "cancellation_failed",
    "refund": "refund_failed",
}


class AdyenNotices:
    """The port `NoticeReader`. `keys`: HMAC keys in hexadecimal; any of them may have signed, for rotation."""

    def __init__(self, journal: Journal, merchant_account: str, *keys: str) -> None:
        self._journal = journal
        self._account = merchant_account
        self._keys = keys

    async def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """Keep what each item tells, and name the call that it is about; see the port."""
        try:
            batch = msgspec.json.decode(body, type=dict[str, Any])["notificationItems"]
            items = [one["NotificationRequestItem"] for one in batch]
            signed = len(items) <= MAX_ITEMS and all(self._is_signed(item) for item in items)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as unreadable:
            raise Invalid("The notice cannot be read.") from unreadable
        if not signed:
            raise Unauthenticated("The notice's signature does not fit.")
        return [notice for item in items if (notice := await self._take(item, now)) is not None]

    async def keep_proof(self, key: str, proof: str) -> None:
        """Adyen tells what came of it to whom it is shown (/payments/details)."""
        await self._journal.keep_proof(key, proof)

    def _is_signed(self, item: dict[str, Any]) -> bool:
        return "hmacSignature" in item.get("additionalData", {}) and any(
            is_valid_hmac_notification(item, key) for key in self._keys
        )

    async def _take(self, item: dict[str, Any], now: datetime) -> Notice | None:
        verb = _VERBS.get(item["eventCode"])
        if verb is None or item["merchantAccountCode"] != self._account:
            return None
        name = str(item["pspReference"])
        asked = await self._journal.marked(answers.mark_in(str(item.get("merchantReference", ""))))
        if asked is None or asked.wish.verb != verb:
            asked = await self._journal.named(name)
        if asked is None or asked.wish.verb != verb:
            return None
        good = str(item["success"]).lower() == "true" and item["eventCode"] not in _ALWAYS_BAD
        await self._keep(asked, item, name, good=good)
        notice_id = f"{item['eventCode']}/{name}/{item['success']}"
        failed = _MAY_FAIL_LATER.get(verb) if not good else None
        return Notice(notice_id=notice_id, key=asked.wish.key, at=now, failed=failed)

    async def _keep(self, asked: Asked, item: dict[str, Any], name: str, *, good: bool) -> None:
        key, verb = asked.wish.key, asked.wish.verb
        if verb == "authorize" and good:
            if item["amount"] != answers.amount(asked.wish):
                raise Invalid("The notice is about another amount.")
            await self._journal.know(key, name)
            stands = await self._journal.settle(key, Approved(provider_id=name))
            if isinstance(stands, Declined):
                await self._journal.reopen_voids(key)
        elif verb == "authorize":
            await self._journal.settle(key, answers.refusal("", str(item.get("reason") or "refused")))
        elif good:
            await self._journal.settle(key, Approved(provider_id=name))
        else:
            refused = Declined(code=_REFUSED[verb], reason=str(item.get("reason") or verb)[: answers.MAX_REASON])
            await self._journal.correct(key, refused)
