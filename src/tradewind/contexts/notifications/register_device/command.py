"""The device that one's notes (push) go to: the last that was registered, or none."""

from typing import Final

from tradewind.contracts.messages import Command
from tradewind.runtime.database import Tx
from tradewind.runtime.handlers import handler

MAX_TOKEN: Final = 4096
KEEP: Final = """
    INSERT INTO notifications.device (user_id, token) VALUES ($1, $2)
    ON CONFLICT (user_id) DO UPDATE SET token = excluded.token, at = now()
"""
FORGET: Final = "DELETE FROM notifications.device WHERE user_id = $1"


class RegisterDevice(Command, frozen=True):
    """Have notes sent to this device, in place of the one before; to none without a token."""

    token: str | None


@handler(action="notifications.register_device")
async def register_device(command: RegisterDevice, tx: Tx) -> None:
    """For oneself alone."""
    me = tx.call.actor.subject
    if command.token is None:
        await tx.run(FORGET, me)
    else:
        await tx.run(KEEP, me, command.token)
