"""How what is posted to the shop is signed: `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of t.body>`."""

import hmac
from collections.abc import Iterable
from datetime import datetime


class SignatureError(ValueError):
    """The signature is missing, of somebody else, or too old. The message says which."""


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The header's value."""
    stamp = str(int(at.timestamp()))
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def signed_at(header: str, body: bytes, secrets: Iterable[str], now: datetime, *, within_s: float) -> int:
    """When the body was signed, by any of the secrets, in seconds since 1970; raises SignatureError.

    More than `within_s` away from `now`, before or after, it is taken for a replay.
    """
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    stamp, said = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 and said.isascii()):
        raise SignatureError("The notice is not signed.")
    if not any(hmac.compare_digest(said, _digest(secret, stamp, body)) for secret in secrets):
        raise SignatureError("The notice's signature does not fit.")
    if abs(now.timestamp() - int(stamp)) > within_s:
        raise SignatureError("The notice's signature is too old, or from the future.")
    return int(stamp)


def _digest(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), b"%b.%b" % (stamp.encode(), body), "sha256").hexdigest()
