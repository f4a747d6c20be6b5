"""What a carrier posts to the shop: JSON, signed with HMAC-SHA256 over the moment and the body, and not too old."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from tradewind.adapters.signed_bodies import SignatureError, signed_at
from tradewind.kernel.errors import Invalid, Unauthenticated
from tradewind.ports.carrier import Notice

TOLERANCE_S: Final = 300
"""So far a notice's moment may be from ours, before or after; older is a replay."""
SIGNATURE: Final = "x-carrier-signature"
MAX_NOTICES: Final = 100


class UnfitSignature(Unauthenticated):
    """The signature is not the carrier's, or too old."""


class UnfitNotice(Invalid):
    """The carrier's notice cannot be read."""


class _Notice(Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=100)]
    key: Annotated[str, Meta(min_length=1, max_length=100)]


class _Notices(Struct, frozen=True):
    notices: Annotated[tuple[_Notice, ...], Meta(max_length=MAX_NOTICES)]


class SignedNotices:
    """The port `NoticeReader`. The header is `t=<seconds since 1970>,v1=<hexadecimal signature>`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """See the port."""
        try:
            signed_at(headers.get(SIGNATURE, ""), body, [self._secret], now, within_s=TOLERANCE_S)
        except SignatureError:
            raise UnfitSignature from None
        try:
            said = msgspec.json.decode(body, type=_Notices)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UnfitNotice from None
        return [Notice(notice_id=one.id, key=one.key) for one in said.notices]
