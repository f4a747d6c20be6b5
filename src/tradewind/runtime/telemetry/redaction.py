"""What never reaches a log line: secrets, and who somebody is; and how long one value of a line may be."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from tradewind.kernel.cards import holds_card_number

SECRET_KEYS: Final = frozenset(
    """password token accesstoken refreshtoken idtoken authorization cookie setcookie secret clientsecret apikey
    email address shippingaddress billingaddress phone name fullname card cardnumber cvc iban paymentmethod""".split()
)
"""Keys whose values never reach a log line, at any depth; in small letters, without `_` and `-`."""
REDACTED: Final = "[redacted]"
LONGEST_VALUE: Final = 16_384
"""Characters of one text; of a longer one the middle is left out: a traceback says most at its ends."""
CUT: Final = " … "
WORD: Final = 64
"""Characters of a text that counts as short."""
KNOWN_WORDS: Final = 4_096
_HIDDEN: Final = (
    ("@", re.compile(r"(?<=://)[^/\s@]+(?=@)"), REDACTED),  # user and password in an address
    ("@", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), REDACTED),  # a mail address
    ("bearer", re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{8,}"), rf"\1 {REDACTED}"),
    ("basic", re.compile(r"(?i)\b(basic)\s+[\w.~+/=-]{8,}"), rf"\1 {REDACTED}"),
    ("eyj", re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REDACTED),  # a JSON Web Token
    ("detail:", re.compile(r"DETAIL:[^\n]*"), f"DETAIL: {REDACTED}"),  # where Postgres quotes the row that it refused
)
"""What is looked for only where its sign, in small letters, is there: a line is not to cost more than its news."""
_DIGITS: Final = re.compile(r"\d[\d -]{12,}\d")
"""What every number of a card looks like, and little else does."""


def clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without values that may hold a secret or say who somebody is."""
    return {key: REDACTED if _bare(key) in SECRET_KEYS else _inside(value) for key, value in fields.items()}


def text_of(value: object) -> str:
    """What a line says of something that is no JSON."""
    return _hidden(str(value))


def _inside(value: Any) -> Any:
    match value:
        case str():
            return _hidden(value) if len(value) > WORD else _word(value)
        case Mapping():
            return clean(value)
        case list() | tuple():
            return [_inside(one) for one in value]
        case _:
            return value


@lru_cache(maxsize=KNOWN_WORDS)
def _word(text: str) -> str:
    """The same of a short text: most are ids and names that were said a moment ago."""
    return _hidden(text)


def _hidden(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        text = f"{text[: LONGEST_VALUE // 2]}{CUT}{text[-LONGEST_VALUE // 2 :]}"
    small = text.lower()
    for sign, pattern, instead in _HIDDEN:
        if sign in small:
            text = pattern.sub(instead, text)
    return REDACTED if _DIGITS.search(text) and holds_card_number(text) else text


@lru_cache(maxsize=KNOWN_WORDS)
def _bare(key: object) -> str:
    return str(key).lower().replace("_", "").replace("-", "")
