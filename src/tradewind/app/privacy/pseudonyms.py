"""Pseudonyms of a home: digests of addresses, keyed by a secret that is made once and never leaves the home."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final, Self

from tradewind.runtime.secret_files import secret_of

KEY_FILE: Final = "pseudonyms.key"
KEY_BYTES: Final = 32


class KeyedPseudonyms:
    """HMAC-SHA256 in hexadecimal: who has only the digests cannot try addresses until one fits."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == KEY_BYTES, "a key that was cut short would give everybody another pseudonym"
        self._key = key

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The pseudonyms of a home whose secrets are in `folder`. Of several that start at once, one makes the key."""
        return cls(secret_of(folder / KEY_FILE, lambda: secrets.token_bytes(KEY_BYTES)))

    def of(self, value: str) -> str:
        """The digest of `value` in normal form: stripped, lower case."""
        return hmac.new(self._key, value.strip().lower().encode(), hashlib.sha256).hexdigest()
