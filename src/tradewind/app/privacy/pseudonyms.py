"""Pseudonyms of a home: digests of addresses, keyed by a secret that is made once and never leaves the home."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final, Self

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
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / KEY_FILE
        if not path.exists():
            _make(path)
        return cls(path.read_bytes())

    def of(self, value: str) -> str:
        """The digest of `value` in normal form: stripped, lower case."""
        return hmac.new(self._key, value.strip().lower().encode(), hashlib.sha256).hexdigest()


def _make(path: Path) -> None:
    """Write a fresh key so that it is there whole or not at all, and never replaces another."""
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # somebody else made it in the meantime; theirs is as good
    finally:
        draft.unlink()
