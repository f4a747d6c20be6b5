"""What never reaches a log line: secrets, and who somebody is; and how long one value of a line may be."""

import re
from collections.abc import Mapping
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
_HIDDEN: Final = (
    (re.compile(r"(?<=://)[^/\s@]+(?=@)"), REDACTED),  # user and password in an address
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), REDACTED),  # a mail address
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REDACTED),  # a JSON Web Token
    (re.compile(r"DETAIL:[^\n]*"), f"DETAIL: {REDACTED}"),  # where Postgres quotes the row that it refused
)


def clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without values that may hold a secret or say who somebody is."""
    return {key: REDACTED if _bare(key) in SECRET_KEYS else _inside(value) for key, value in fields.items()}


def text_of(value: object) -> str:
    """What a line says of something that is no JSON."""
    return _hidden(str(value))


def _inside(value: Any) -> Any:
    match value:
        case str():
            return _hidden(value)
        case Mapping():
            return clean(value)
        case list() | tuple():
            return [_inside(one) for one in value]
        case _:
            return value


def _hidden(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        text = f"{text[: LONGEST_VALUE // 2]}{CUT}{text[-LONGEST_VALUE // 2 :]}"
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return REDACTED if holds_card_number(text) else text


def _bare(key: object) -> str:
    return str(key).lower().replace("_", "").replace("-", "")
