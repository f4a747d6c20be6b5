"""Texts to telephones by one carrier, notes to devices by another."""

from typing import Final

from tradewind.ports.texting import Carriage, Text, Texter


class Apart:
    """Two carriers that look like one."""

    def __init__(self, sms: Texter, push: Texter) -> None:
        self._by: Final = {Carriage.SMS: sms, Carriage.PUSH: push}

    async def send(self, text: Text) -> None:
        """By its own carrier."""
        await self._by[text.carriage].send(text)

    async def forget(self, user_id: str) -> None:
        """By both."""
        for texter in self._by.values():
            await texter.forget(user_id)
