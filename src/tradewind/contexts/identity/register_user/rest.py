"""POST /api/v1/auth/register."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Answer, Body, Call, Dispatch, post
from tradewind.contexts.identity._domain import password_rules, passwords
from tradewind.contexts.identity._domain.addresses import UnfitAddress, in_normal_form
from tradewind.contexts.identity._domain.password_rules import UnfitPassword
from tradewind.contexts.identity.issue_token.grant import own_call
from tradewind.contexts.identity.register_user.command import RegisterUser


class Registration(Body, frozen=True, kw_only=True):
    """Who wants an account. `guestToken`: the token with which the same person shopped until now."""

    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=1024)]
    guest_token: Annotated[str, Meta(max_length=4096)] | None = None


class Registered(Answer, frozen=True, kw_only=True):
    """The same for everybody: what comes next is in the mail."""

    email: str
    status: str = "CHECK_YOUR_MAIL"


@post(
    "/api/v1/auth/register",
    status=202,
    public="accounts come from here",
    limit="registration",
    raises=(UnfitAddress, UnfitPassword, passwords.TooManyLogins),
)
async def register(body: Registration, call: Call, dispatch: Dispatch) -> Registered:
    """Register with an e-mail address and a password.

    The answer does not tell whether the address is known: its owner is told by mail. You may log in at once; what needs
    a proved address waits for the code from the mail (POST /api/v1/auth/verify-email).
    """
    email = in_normal_form(body.email)
    password_rules.check(body.password, email)
    password_hash = await passwords.hashed(body.password)
    await dispatch(RegisterUser(email=email, password_hash=password_hash, guest_token=body.guest_token), own_call(call))
    return Registered(email=email)
