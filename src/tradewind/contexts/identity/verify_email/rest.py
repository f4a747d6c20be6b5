"""POST /api/v1/auth/verify-email."""

from typing import Annotated

from msgspec import Meta

from tradewind.api.rest import Body, Call, Dispatch, post
from tradewind.contexts.identity._store.mail_tokens import MAX_TOKEN, MailTokenInvalid
from tradewind.contexts.identity.issue_token.grant import own_call
from tradewind.contexts.identity.verify_email.command import VerifyEmail


class Proof(Body, frozen=True, kw_only=True):
    """The code from the mail."""

    token: Annotated[str, Meta(max_length=MAX_TOKEN)]


@post("/api/v1/auth/verify-email", public="the code is the proof", limit="login", raises=(MailTokenInvalid,))
async def verify_email_route(body: Proof, call: Call, dispatch: Dispatch) -> None:
    """Prove your e-mail address with the code that it was sent; a code is good once."""
    await dispatch(VerifyEmail(token=body.token), own_call(call))
