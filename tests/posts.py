"""A shop whose messages go to real parties on the wire, and people to write to."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest_asyncio

from tests.receivers import Carrier, MailServer, a_carrier, a_mail_server
from tests.shops import Shop, a_call, open_shop
from tradewind.adapters.mail.folder import FolderMail
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings
from tradewind.contexts.notifications._domain.messages import Channel
from tradewind.contexts.notifications._subscribers.owe_messages import owe_messages
from tradewind.contexts.notifications.send_messages.timer import send_due
from tradewind.contracts.messages import Event
from tradewind.kernel.ids import new_id
from tradewind.ports.mail import Mail

PROFILE: Final = """
    INSERT INTO customers.profile (user_id, version, contacts, language, currency, time_zone)
    VALUES ($1, 1, $2::jsonb, $3, 'EUR', $4)
"""
PREFERENCE: Final = """
    INSERT INTO customers.preference (user_id, version, preferred_channel, marketing) VALUES ($1, 1, $2, $3::jsonb)
    ON CONFLICT (user_id) DO UPDATE SET preferred_channel = excluded.preferred_channel, marketing = excluded.marketing
"""
ORDER: Final = """
    INSERT INTO orders.orders (id, user_id, status, version, currency, items_minor, shipping_minor, tax_minor,
        discount_minor, total_minor, placed_at, email, guest)
    VALUES ($1, $2, 'CONFIRMED', 1, 'EUR', 1250, 0, 0, 0, 1250, now(), $3, $4)
"""
CART: Final = "INSERT INTO carts.carts (id, owner, guest) VALUES ($1, $2, false)"
CONTACTS: Final = '[{"kind": "EMAIL", "value": "ada@example.org"}, {"kind": "PHONE", "value": "+447911123456"}]'
AGREED: Final = '{"EMAIL": "2026-01-01T00:00:00Z", "SMS": "2026-01-01T00:00:00Z"}'
MESSAGES: Final = """
    SELECT kind, channel, status, why, attempt FROM notifications.message ORDER BY owed_at, kind, channel
"""


class ErasedMeanwhile(FolderMail):
    """The shop's folder of mails; somebody's messages are erased right after one was written."""

    def __init__(self, folder: Path, pool: Any) -> None:
        super().__init__(folder)
        self._pool = pool

    async def send(self, mail: Mail) -> None:
        """Write it, and erase."""
        await super().send(mail)
        await self._pool.execute("DELETE FROM notifications.message WHERE user_id = 'ada'")


class Post:
    """A shop whose messages go to real parties; people, orders and carts of it."""

    def __init__(self, shop: Shop, mails: MailServer, carrier: Carrier) -> None:
        self.shop, self.mails, self.carrier = shop, mails, carrier

    async def person(self, user_id: str = "ada", *, language: str = "en", zone: str = "UTC") -> str:
        """Somebody with an address and a telephone."""
        await self.shop.db.pool.execute(PROFILE, user_id, CONTACTS, language, zone)
        return user_id

    async def prefers(self, user_id: str, channel: str | None = None, agreed: str = "{}") -> None:
        """How somebody likes to be spoken to."""
        await self.shop.db.pool.execute(PREFERENCE, user_id, channel, agreed)

    async def order(self, user_id: str = "ada", *, email: str | None = None) -> UUID:
        """An order of theirs."""
        order_id = new_id()
        await self.shop.db.pool.execute(ORDER, order_id, user_id, email, email is not None)
        return order_id

    async def cart(self, user_id: str = "ada") -> UUID:
        """A cart of theirs."""
        cart_id = new_id()
        await self.shop.db.pool.execute(CART, cart_id, user_id)
        return cart_id

    async def hears(self, *events: Event) -> None:
        """Notifications hears of these together."""
        async with self.shop.db.transaction(a_call("system")) as tx:
            await owe_messages.react(events, tx)

    async def sends(self, channel: Channel = Channel.EMAIL) -> int:
        """One look at what is due."""
        return await send_due(self.shop.db, channel)

    async def now_due(self) -> None:
        """Whatever waits is due, and no worker holds it."""
        change = "UPDATE notifications.message SET due_at = now(), lease_until = '-infinity' WHERE status = 'OWED'"
        await self.shop.db.pool.execute(change)

    async def messages(self) -> list[tuple[Any, ...]]:
        """Kind, channel, status, why, attempt of all."""
        return [tuple(row) for row in await self.shop.db.pool.fetch(MESSAGES)]


@pytest_asyncio.fixture
async def post(settings: Settings, own_engines: Engines, tmp_path: Any) -> AsyncIterator[Post]:
    """A shop that does no work by itself, a mail server and a carrier."""
    async with a_mail_server() as mails, a_carrier() as carrier:
        chosen = replace(settings, home=tmp_path, smtp_url=mails.url, texts_url=carrier.url, texts_key="the key")
        async with open_shop(chosen, own_engines, connections=8) as shop:
            yield Post(shop, mails, carrier)
