"""Notes to devices by Firebase Cloud Messaging (HTTP v1), as the service account whose file the owner has.

A note carries its id where each kind of device looks for what a later one replaces (tag, collapse id, topic): sent
again, it takes its own place on the screen.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from msgspec import Struct

from tradewind.kernel.clock import now
from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Undeliverable
from tradewind.ports.texting import Text

URL: Final = "https://fcm.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TIMEOUT_S: Final = 10.0
MAX_CONNECTIONS: Final = 16
LIFETIME: Final = timedelta(hours=1)
"""Of what we sign; the provider answers with a token that lives as long."""
EARLY: Final = timedelta(minutes=5)
"""So long before its end a token is not used any more."""
NOBODY: Final = frozenset({"UNREGISTERED", "SENDER_ID_MISMATCH", "INVALID_ARGUMENT"})
"""What the provider says of a device that is gone, is somebody else's, or never was one."""


class CloudMessagingAway(Unavailable):
    """The provider of notes does not answer, does not know us, or says to come again."""


class ServiceAccount(Struct, frozen=True, kw_only=True):
    """What the provider knows the shop by, as its console hands it out."""

    project_id: str
    client_email: str
    private_key_id: str
    private_key: str
    token_uri: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The account in the file. Raises ValueError."""
        try:
            found = msgspec.json.decode(path.read_bytes(), type=cls)
            RSAKey.import_key(found.private_key)
        except (OSError, msgspec.DecodeError, JoseError, ValueError):
            raise ValueError("must be the file (JSON) of a service account") from None
        return found


class FcmNotes:
    """The provider, asked as one account. Opened by `fcm_notes`."""

    def __init__(self, session: aiohttp.ClientSession, account: ServiceAccount, url: str) -> None:
        self._session, self._account = session, account
        self._key = RSAKey.import_key(account.private_key)
        self._url = f"{url}/v1/projects/{account.project_id}/messages:send"
        self._token, self._good_until = "", datetime.min.replace(tzinfo=now().tzinfo)
        self._asking = asyncio.Lock()

    async def send(self, text: Text) -> None:
        """Hand the note over. Raises CloudMessagingAway, or Undeliverable for a no."""
        headers = {"Authorization": f"Bearer {await self._access()}"}
        status, said = await self._post(self._url, headers, json={"message": _message(text)})
        if 200 <= status < 300:
            return
        if _code(said) in NOBODY:
            raise Undeliverable(code=status)
        if status == 401:
            self._token = ""
        raise CloudMessagingAway(f"The provider of notes said {status}.")

    async def forget(self, user_id: str) -> None:
        """What was handed over is with its owner."""

    async def _access(self) -> str:
        """A token that is good for a while yet; of many who need one, one asks."""
        async with self._asking:
            if not self._token or now() >= self._good_until:
                status, said = await self._post(self._account.token_uri, {}, data=self._claim())
                token, seconds = said.get("access_token"), said.get("expires_in")
                if status != 200 or not isinstance(token, str) or not isinstance(seconds, int):
                    raise CloudMessagingAway(f"No token for notes: {status}.")
                self._token, self._good_until = token, now() + timedelta(seconds=seconds) - EARLY
            return self._token

    def _claim(self) -> dict[str, str]:
        at = now()
        account = self._account
        claims = {
            "iss": account.client_email, "scope": SCOPE, "aud": account.token_uri,
            "iat": int(at.timestamp()), "exp": int((at + LIFETIME).timestamp()),
        }  # fmt: skip
        header = {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}
        return {"grant_type": GRANT, "assertion": jwt.encode(header, claims, self._key)}

    async def _post(self, url: str, headers: Mapping[str, str], **body: Any) -> tuple[int, dict[str, Any]]:
        try:
            async with self._session.post(url, headers=headers, allow_redirects=False, **body) as answer:
                return answer.status, _decoded(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as trouble:
            raise CloudMessagingAway(type(trouble).__name__) from None


def _message(text: Text) -> dict[str, Any]:
    id_ = str(text.id)
    return {
        "token": text.recipient,
        "notification": {"title": text.title, "body": text.body},
        "data": {"id": id_},
        "android": {"notification": {"tag": id_}},
        "apns": {"headers": {"apns-collapse-id": id_}},
        "webpush": {"headers": {"Topic": text.id.hex}, "notification": {"tag": id_}},
    }


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _code(said: Mapping[str, Any]) -> str:
    """The provider's own word for what is wrong; an error without one is not about the device."""
    try:
        return next(str(one["errorCode"]) for one in said["error"]["details"] if "errorCode" in one)
    except (KeyError, TypeError, StopIteration):
        return ""


@asynccontextmanager
async def fcm_notes(account: ServiceAccount, url: str = URL) -> AsyncIterator[FcmNotes]:
    """A client of the provider."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS), timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)
    ) as session:
        yield FcmNotes(session, account, url)
