"""POST /api/v1/auth/password-reset and its confirmation."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Answer, Body, Call, Dispatch, post
from tradewind.contexts.identity._domain import password_rules, passwords
from tradewind.contexts.identity._domain.addresses import UnfitAddress, in_normal_form
from tradewind.contexts.identity._domain.password_rules import UnfitPassword
from tradewind.contexts.identity._domain.users import User
from tradewind.contexts.identity._store.mail_tokens import MAX_TOKEN, MailTokenInvalid
from tradewind.contexts.identity.issue_token.grant import own_call
from tradewind.contexts.identity.reset_password.command import AskForReset, CheckReset, ResetPassword


class ForgottenPassword(Body, frozen=True, kw_only=True):
    """Whose password is forgotten."""

    email: Annotated[str, Meta(max_length=254)]


class ResetAsked(Answer, frozen=True, kw_only=True):
    """The same for everybody: what comes next is in the mail, if there is an account."""

    status: str = "CHECK_YOUR_MAIL"


class NewPassword(Body, frozen=True, kw_only=True):
    """The code from the mail, and the password from now on."""

    token: Annotated[str, Meta(max_length=MAX_TOKEN)]
    password: Annotated[str, Meta(max_length=1024)]


@post(
    "/api/v1/auth/password-reset",
    status=202,
    public="who forgot it has no token",
    limit="password-reset",
    raises=(UnfitAddress,),
)
async def ask_for_reset_route(body: ForgottenPassword, call: Call, dispatch: Dispatch) -> ResetAsked:
    """Ask for a mail that lets you choose a new password.

    The answer does not tell whether the address is known.
    """
    await dispatch(AskForReset(email=in_normal_form(body.email)), own_call(call))
    return ResetAsked()


@post(
    "/api/v1/auth/password-reset/confirm",
    public="the code is the proof",
    limit="login",
    raises=(MailTokenInvalid, UnfitPassword, passwords.TooManyLogins),
)
async def reset_password_route(body: NewPassword, call: Call, dispatch: Dispatch) -> None:
    """Choose a new password with the code from the mail; every session of yours ends."""
    own = own_call(call)
    user: User = await dispatch(CheckReset(token=body.token), own)
    password_rules.check(body.password, user.email)
    password_hash = await passwords.hashed(body.password)
    await dispatch(ResetPassword(token=body.token, password_hash=password_hash), own)
