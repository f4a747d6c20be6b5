"""How the simulated provider signs what it posts, and how the shop reads it: `t=<seconds>,v1=<HMAC of t.body>`."""

import contextlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.wire import WEBHOOK, Endpoint, NoticeBody
from tradewind.kernel.errors import Invalid, Unauthenticated
from tradewind.ports.payment_provider import REPLAY_WINDOW_S, Notice

SIGNATURE: Final = "simulated-signature"
WITHIN_S: Final = 5.0
_decode: Final = msgspec.json.Decoder(NoticeBody).decode


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The header's value."""
    stamp = int(at.timestamp())
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


class SimulatedNotices:
    """The port `NoticeReader` for the simulated provider. `secrets`: any of them may have signed, for rotation."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets

    async def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """The one notice of a body; see the port."""
        stamp = self._verified(headers.get(SIGNATURE, ""), body, now)
        try:
            told = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Invalid("The notice cannot be read.") from None
        return [Notice(notice_id=told.id, key=told.key, at=datetime.fromtimestamp(stamp, UTC))]

    def _verified(self, signature: str, body: bytes, now: datetime) -> int:
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        stamp, said = parts.get("t", ""), parts.get("v1", "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 and said.isascii()):
            raise Unauthenticated("The notice is not signed.")
        if not any(hmac.compare_digest(said, _digest(secret, int(stamp), body)) for secret in self._secrets):
            raise Unauthenticated("The notice's signature does not fit.")
        if abs(now.timestamp() - int(stamp)) > REPLAY_WINDOW_S:
            raise Unauthenticated("The notice's signature is too old, or from the future.")
        return int(stamp)


async def send_notices_to(url: str, secret: str, provider_url: str) -> None:
    """Have the simulated provider at `provider_url` post to `url` from now on; does nothing where it cannot be told."""
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    body = msgspec.json.encode(Endpoint(url=url, secret=secret))
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with aiohttp.ClientSession(timeout=timeout) as http, http.post(provider_url + WEBHOOK, data=body):
            pass


def _digest(secret: str, stamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%d.%b" % (stamp, body), "sha256").hexdigest()
