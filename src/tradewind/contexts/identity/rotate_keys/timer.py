"""Rotates the signing keys by their age, and removes those that verify nothing any more."""

from typing import Final

from tradewind.contracts.identity import TokenIssuer
from tradewind.runtime.database import Tx

KEY_AGE_S: Final = 90 * 24 * 3600.0
"""So long a key signs. Its successor has been published all that time."""
LOOK_EVERY_S: Final = 3600.0


async def rotate_by_age(tx: Tx) -> int:
    """Guarded by the timer's lock; the folder itself lets one of several through."""
    rotation = tx.peer(TokenIssuer).rotate(older_than_s=KEY_AGE_S)
    if rotation.rotated:
        tx.audit("identity.rotate_keys", rotation.current, removed=rotation.removed)
    return 0
