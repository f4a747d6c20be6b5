"""What the owner of a shop decides about messages, read once from the environment."""

import os
from collections.abc import Mapping
from typing import Final

from tradewind.contexts.notifications._domain.messages import Channel


class PublicUrl(str):
    """How people reach the shop: what links in messages begin with."""

    __slots__ = ()


PER_MINUTE: Final[Mapping[Channel, float]] = {
    Channel.EMAIL: float(os.environ.get("TRADEWIND_EMAILS_PER_MINUTE") or 6000),
    Channel.SMS: float(os.environ.get("TRADEWIND_SMS_PER_MINUTE") or 600),
    Channel.PUSH: float(os.environ.get("TRADEWIND_PUSHES_PER_MINUTE") or 6000),
}
"""Messages of each channel that go out in a minute, over all workers."""
LOOK_EVERY_S: Final = 1.0
AT_ONCE: Final = 20
"""Messages that one worker has in its hands at once; all of them are sent side by side."""
SEND_WITHIN_S: Final = 20.0
LEASE_S: Final = 60.0
"""After so long another worker may send what a silent one had in its hands."""
