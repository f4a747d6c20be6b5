"""Secrets, sealed while they rest, and the headers by which a partner knows that a message is ours."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from cryptography.fernet import Fernet

from tradewind.runtime.secret_files import secret_of

KEY_FILE: Final = "webhooks.key"
PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


class SecretSeal:
    """Seals subscriptions' secrets with a key of the home that never leaves it (AES-CBC and HMAC: Fernet)."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The seal of a home whose secrets are in `folder`. Of several that start at once, one makes the key."""
        return cls(secret_of(folder / KEY_FILE, Fernet.generate_key))

    def seal(self, secret: str) -> bytes:
        """As it may be stored."""
        return self._fernet.encrypt(secret.encode())

    def open_secret(self, sealed: bytes) -> str:
        """What was sealed."""
        return self._fernet.decrypt(sealed).decode()


def new_secret() -> str:
    """A fresh one, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


class Signer:
    """Signs messages with every secret of a subscription that is good, the newest first."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._written = [secret.encode() for secret in secrets]
        self._meant = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in secrets]

    def signed(self, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The headers of one attempt.

        `webhook-signature` is Standard Webhooks': base64 of HMAC-SHA256 over id.timestamp.body, by the secret's bytes.
        `X-BV-Signature` is sha256=hexadecimal HMAC-SHA256 over the body alone, by the secret as it is written.
        """
        moment = str(int(at.timestamp()))
        content = b"%s.%s.%s" % (message_id.encode(), moment.encode(), body)
        standard = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in self._meant)
        plain = (hmac.digest(key, body, "sha256").hex() for key in self._written)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": moment,
            "webhook-signature": " ".join(f"v1,{one}" for one in standard),
            "X-BV-Signature": ",".join(f"sha256={one}" for one in plain),
        }
