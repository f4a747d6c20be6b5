"""What identity writes to people. ASCII and one thing per line, so that every mail program shows it as it is."""

from msgspec import Struct


class Letter(Struct, frozen=True):
    """Subject and text of a mail."""

    subject: str
    body: str


def verify_email(token: str, issuer: str, hours: int) -> Letter:
    """To whoever registered: prove that the address is yours."""
    return Letter(
        "Confirm your e-mail address",
        f"""Somebody, hopefully you, registered at {issuer} with this address.

Your confirmation code, good for {hours} hours and once:

{token}

If it was not you, do nothing: without the code the address is not taken for yours.
""",
    )


def already_registered(issuer: str) -> Letter:
    """To the owner of an account whose address was registered again."""
    return Letter(
        "You have an account already",
        f"""Somebody, perhaps you, tried to register at {issuer} with this address.

You have an account there already, so nothing was changed. If you forgot your password, ask for a new one.
If it was not you, there is nothing to do.
""",
    )


def reset_password(token: str, issuer: str, minutes: int) -> Letter:
    """To somebody who forgot their password."""
    return Letter(
        "Choose a new password",
        f"""Somebody, hopefully you, asked for a new password at {issuer}.

Your code, good for {minutes} minutes and once:

{token}

If it was not you, do nothing: your password stays as it is.
""",
    )


def invitation(token: str, issuer: str, days: int) -> Letter:
    """To somebody for whom an administrator made an account."""
    return Letter(
        "Your account",
        f"""An administrator of {issuer} made an account for you.

Choose your password with this code, good for {days} days and once:

{token}
""",
    )


def password_changed(issuer: str) -> Letter:
    """To somebody whose password is another now."""
    return Letter(
        "Your password was changed",
        f"""Your password at {issuer} was changed, and other sessions were ended.

If it was not you, ask for a new password now: that ends every session.
""",
    )
