"""What the simulated provider posts by itself, signed: how it is asked to, and how the shop reads it."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import aiohttp
import msgspec

from tradewind.adapters.payment_provider.wire import WEBHOOK, Endpoint, NoticeBody
from tradewind.adapters.signed_bodies import SignatureError, signed_at
from tradewind.kernel.errors import Invalid, Unauthenticated
from tradewind.ports.payment_provider import REPLAY_WINDOW_S, Notice

SIGNATURE: Final = "simulated-signature"
WITHIN_S: Final = 5.0
_decode: Final = msgspec.json.Decoder(NoticeBody).decode


class SimulatedNotices:
    """The port `NoticeReader` for the simulated provider. `secrets`: any of them may have signed, for rotation."""

    def __init__(self, *secrets: str) -> None:
        self._secrets = secrets

    async def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """The one notice of a body; see the port."""
        try:
            stamp = signed_at(headers.get(SIGNATURE, ""), body, self._secrets, now, within_s=REPLAY_WINDOW_S)
        except SignatureError as reason:
            raise Unauthenticated(str(reason)) from None
        try:
            told = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Invalid("The notice cannot be read.") from None
        return [Notice(notice_id=told.id, key=told.key, at=datetime.fromtimestamp(stamp, UTC))]

    async def keep_proof(self, key: str, proof: str) -> None:
        """Nothing to keep: a look-up shows what came of it."""


async def send_notices_to(url: str, secret: str, provider_url: str) -> None:
    """Have the simulated provider at `provider_url` post to `url` from now on; does nothing where it cannot be told."""
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    body = msgspec.json.encode(Endpoint(url=url, secret=secret))
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with aiohttp.ClientSession(timeout=timeout) as http, http.post(provider_url + WEBHOOK, data=body):
            pass
