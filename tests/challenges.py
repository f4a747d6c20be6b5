"""Buyers who are asked to prove themselves, and how they answer on the simulated provider's page."""

from typing import Any

import aiohttp

from tests.markets import Market, Person
from tests.shops import Shop
from tradewind.adapters.payment_provider.notices import SIGNATURE, send_notices_to
from tradewind.adapters.payment_provider.wire import NoticeBody
from tradewind.adapters.signed_bodies import sign
from tradewind.app.paying import SIMULATED, notice_secret
from tradewind.contracts.privacy import Pseudonyms

__all__ = [
    "SIGNATURE", "SIMULATED", "NoticeBody", "a_challenged_order", "answer", "provider_tells", "secret_of", "sign",
]  # fmt: skip


def secret_of(shop: Shop) -> str:
    """What the simulated provider signs its notices to this shop with."""
    peers: Any = shop.db.peers
    return notice_secret(peers[Pseudonyms])


async def answer(url: str, word: str) -> None:
    """`confirm` or `fail` the challenge at `url`, as its page's form does."""
    async with aiohttp.ClientSession() as http, http.post(url, data={"answer": word}) as page:
        assert page.status == 200, await page.text()


async def provider_tells(market: Market) -> None:
    """The provider that all tests share posts to this market from now on."""
    here = f"{market.urls[0]}/api/v1/payment-providers/{SIMULATED}/webhooks"
    await send_notices_to(here, secret_of(market.shop), market.shop.engines.provider_url)


async def a_challenged_order(market: Market, buyer: Person, pays: str = "challenge", **more: Any) -> dict[str, Any]:
    """An order whose buyer has to prove themselves first."""
    answered = await buyer.order(await market.goods(stock=1, price="80.00"), pays=pays, **more)
    order: dict[str, Any] = answered.json()
    assert order.get("nextAction"), answered.text
    return order
