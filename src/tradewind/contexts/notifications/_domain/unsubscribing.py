"""The link by which somebody ends offers on a channel without logging in: it says whose and which, and is keyed."""

from hmac import compare_digest
from typing import Final
from urllib.parse import quote

from tradewind.contexts.notifications._domain.messages import Channel
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.errors import Invalid

PATH: Final = "/unsubscribe"
_PURPOSE: Final = "unsubscribe/{}/{}"


class UnfitLink(Invalid):
    """The link is none that this shop wrote."""


def link(public_url: str, user_id: str, channel: Channel, keyed: Pseudonyms) -> str:
    """Where somebody ends offers on `channel`."""
    token = f"{user_id}.{channel}.{keyed.of(_PURPOSE.format(user_id, channel))}"
    return f"{public_url}{PATH}?token={quote(token)}"


def whose(token: str, keyed: Pseudonyms) -> tuple[str, Channel]:
    """The user and the channel of a link; refuses UnfitLink."""
    user_id, _, rest = token.partition(".")
    channel, _, digest = rest.partition(".")
    if channel not in set(Channel) or not compare_digest(
        digest.encode(), keyed.of(_PURPOSE.format(user_id, channel)).encode()
    ):
        raise UnfitLink
    return user_id, Channel(channel)
