"""Rotate the signing keys now: what the shop's owner does when a key may have leaked, or to see that it works."""

from tradewind.contracts.identity import TokenIssuer
from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler


class RotateKeys(Command, frozen=True, kw_only=True):
    """Let the next key sign from now on."""


@handler(action="identity.rotate_keys")
async def rotate_keys(command: RotateKeys, tx: Tx) -> dict[str, str | int | bool]:
    """Ids of the keys that sign from now on and next; how many old ones were removed."""
    rotation = tx.peer(TokenIssuer).rotate()
    tx.audit("identity.rotate_keys", rotation.current, removed=rotation.removed)
    return {
        "rotated": rotation.rotated,
        "current": rotation.current,
        "next": rotation.next,
        "removed": rotation.removed,
    }
