"""E-mail addresses: read by their syntax alone, and brought into the one form in which they are compared."""

from typing import Final

from email_validator import EmailNotValidError, validate_email

from tradewind.kernel.errors import Invalid

MAX_ADDRESS: Final = 254


class UnfitAddress(Invalid):
    """This is not an e-mail address that mail can be sent to."""


def in_normal_form(address: str) -> str:
    """Lower case, the domain in ASCII; refuses UnfitAddress. Nobody's name server is asked.

    Reserved domains such as `.test` are taken: whoever runs a shop on a laptop has no other addresses.
    """
    if len(address) > MAX_ADDRESS:
        raise UnfitAddress(pointer="/email")
    try:
        read = validate_email(address.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise UnfitAddress(pointer="/email") from None
    assert read.ascii_email is not None, "without SMTPUTF8 every address has an ASCII form"
    return read.ascii_email.lower()
