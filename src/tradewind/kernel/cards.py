"""Card numbers, which the shop takes nowhere and keeps nowhere: how one is told, and the refusal of it."""

import re
from typing import Final

from tradewind.kernel.errors import Invalid

SHORTEST, LONGEST = 13, 19
_RUN = re.compile(r"\d(?:[ .-]?\d){12,}")
"""Digits in a row, perhaps with single blanks, dots or dashes between, wherever they stand."""
_ALONE = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){13,18}(?![\w-])")
"""The same as a word of its own, 14 to 19 digits: not a piece of an id, and not the number on a book."""
_NOT_DIGITS = re.compile(r"\D")
_BRANDS: Final = (
    (re.compile(r"4"), (16, 19)),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"3(?:0[0-5]|[689])"), (14,)),
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),
    (re.compile(r"35(?:2[89]|[3-8])"), (16, 19)),
    (re.compile(r"62"), (16, 17, 18, 19)),
    (re.compile(r"50|5[6-9]|6"), (16,)),
)
"""How the numbers of each brand begin, and how long they are."""


class CardNumberRefused(Invalid):
    """This looks like a card number. Send the payment provider's token instead: card numbers are not taken here."""


def looks_like_card_number(text: str) -> bool:
    """Whether anything in `text` may be a card number: 13 to 19 digits that check out. For where money is spoken of."""
    for run in _RUN.findall(text):
        digits = _NOT_DIGITS.sub("", run)
        if len(digits) <= LONGEST and checks_out(digits):
            return True
        sizes = range(SHORTEST, min(len(digits), LONGEST + 1))
        if any(_is_of_brand(digits[:size]) or _is_of_brand(digits[-size:]) for size in sizes):
            return True
    return False


def holds_card_number(text: str) -> bool:
    """Whether a number of some brand of cards stands in `text`. For free text, where other long numbers are at home."""
    return any(_is_of_brand(_NOT_DIGITS.sub("", run)) for run in _ALONE.findall(text))


def checks_out(digits: str) -> bool:
    """Luhn's check of the last digit."""
    total = sum(map(int, digits[-1::-2])) + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def _is_of_brand(digits: str) -> bool:
    return any(len(digits) in sizes and begins.match(digits) for begins, sizes in _BRANDS) and checks_out(digits)
