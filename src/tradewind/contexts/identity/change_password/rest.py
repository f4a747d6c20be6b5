"""POST /api/v1/auth/change-password."""

from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.identity._domain import password_rules, passwords
from tradewind.contexts.identity._domain.password_rules import UnfitPassword
from tradewind.contexts.identity._domain.users import NoSuchUser, User
from tradewind.contexts.identity.change_password.command import (
    ChangedMeanwhile,
    ChangePassword,
    GetOwnUser,
    WrongPassword,
)
from tradewind.contexts.identity.issue_token.grant import own_call, proved


class PasswordChange(Body, frozen=True, kw_only=True):
    """The password until now, and from now on."""

    current_password: Annotated[str, Meta(max_length=1024)]
    new_password: Annotated[str, Meta(max_length=1024)]


@post(
    "/api/v1/auth/change-password",
    limit="login",
    raises=(NoSuchUser, WrongPassword, UnfitPassword, ChangedMeanwhile, passwords.TooManyLogins),
)
async def change_password_route(body: PasswordChange, call: Call, dispatch: Dispatch) -> None:
    """Change your password; your other sessions end.

    A wrong current password counts as a try at your login: after ten within 15 minutes the answer is 429.
    """
    once = replace(call, idempotency_key=None)  # hashes of one password differ, so no two tries are the same request
    user: User = await dispatch(GetOwnUser(), once)
    password_rules.check(body.new_password, user.email, pointer="/newPassword")
    if await proved(user.email, body.current_password, own_call(call), dispatch) is None:
        raise WrongPassword(pointer="/currentPassword")
    new_hash = await passwords.hashed(body.new_password)
    await dispatch(ChangePassword(current_hash=user.password_hash, new_hash=new_hash), once)
