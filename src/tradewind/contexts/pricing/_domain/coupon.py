"""Codes: how they look, how they are made up, and what may be said of their limits. Pure but for chance."""

import re
import secrets
from typing import Final

from tradewind.kernel.errors import Conflict, Invalid

MAX_BATCH: Final = 10_000
MAX_PREFIX: Final = 16
CODE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$"
_CODE = re.compile(CODE_PATTERN.strip("^$"))
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Nothing that is taken for something else when it is read aloud."""
_RANDOM_LETTERS: Final = 10
"""50 bits: with a million codes of one prefix, a guess hits one in a thousand million."""


class InvalidCoupon(Invalid):
    """The coupon breaks a rule. `errors` names each."""


class CodeTaken(Conflict):
    """There is such a code already. `code` names it."""


class NoCouponsHere(Conflict):
    """The promotion counts without a coupon; only one that needs coupons has codes."""


def normal(code: str) -> str:
    """The code as it is kept, in capitals. Refuses InvalidCoupon."""
    if not _CODE.fullmatch(code):
        detail = "A code has 3 to 40 letters, digits, dashes and underscores and begins with a letter or digit."
        raise InvalidCoupon(errors=[{"pointer": "/code", "detail": detail}])
    return code.upper()


def made_up(count: int, prefix: str) -> list[str]:
    """So many different codes that nobody can guess."""
    head = normal(f"{prefix}000")[:-3] if prefix else ""
    codes: set[str] = set()
    while len(codes) < count:
        codes.add(head + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_LETTERS)))
    return sorted(codes)
