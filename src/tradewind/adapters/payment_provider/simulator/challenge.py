"""The page on which a buyer proves themselves, as their bank would show it."""

from html import escape
from typing import Final

from tradewind.adapters.payment_provider.wire import AuthorizationWish
from tradewind.kernel.money import Money
from tradewind.ports.payment_provider import Answer, Approved, DeclineCode, Declined

FAILED: Final = Declined(code=DeclineCode.CHALLENGE_FAILED, reason="The buyer could not prove themselves.")
ANSWERS: Final = {b"answer=confirm": None, b"answer=fail": FAILED}
"""What the page's form may post, and the refusal that comes of it."""
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Is it you?</title>'
    "<style>body{font:1rem/1.5 sans-serif;max-width:28rem;margin:4rem auto}button{font:inherit}</style>"
    "<h1>Is it you?</h1>%s</html>"
)
_FORM: Final = (
    '<p>A shop asks for %s.</p><form method="post"><button name="answer" value="confirm">Yes, pay</button>'
    '<button name="answer" value="fail">No, that is not me</button></form>'
)


def asking(wish: AuthorizationWish) -> bytes:
    """The page that asks."""
    return (_PAGE % (_FORM % escape(str(Money(wish.amount.minor, wish.amount.currency))))).encode()


def answered(answer: Answer | None) -> bytes:
    """The page that says what came of it."""
    said = "Thank you, it is paid for" if isinstance(answer, Approved) else "Nothing was paid"
    return (_PAGE % f"<p>{said}. You may go back to the shop.</p>").encode()
