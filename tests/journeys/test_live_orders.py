"""Orders as they move, over WebSockets of a real edge: each buyer hears of their own, and of nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiohttp
import msgspec

from tests.markets import Market, Person
from tests.security.owners import registered

PATIENCE_S: Final = 60.0
WATCHERS: Final = 36
REVOKED: Final = 4401


class Watcher:
    """Somebody's socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def says(self, **said: Any) -> None:
        """Send a message."""
        await self.ws.send_str(msgspec.json.encode(said).decode())

    async def next(self) -> dict[str, Any]:
        """The next frame that is no heartbeat."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.ws.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, f"ended: {self.ws.close_code}"
                found: dict[str, Any] = msgspec.json.decode(message.data)
                if found["event"] != "heartbeat":
                    return found

    async def follows(self, wish: Any, **more: Any) -> list[dict[str, Any]]:
        """Follow; what is said to that. What is told meanwhile of what it follows already comes in between."""
        await self.says(subscribe=wish, **more)
        first = [await self.until("subscribed", "refused")]
        if first[0]["event"] == "subscribed" and wish != "mine" and not first[0]["data"]["resumed"]:
            first.append(await self.until("standing"))
        return first

    async def until(self, *names: str) -> dict[str, Any]:
        """The next event of one of these names."""
        while (found := await self.next())["event"] not in names:
            pass
        return found


@asynccontextmanager
async def watching(market: Market, person: Person) -> AsyncIterator[Watcher]:
    """A socket of theirs, that is ready."""
    headers = {"Authorization": f"Bearer {person.token}"}
    url = market.urls[0].replace("http", "ws", 1) + "/ws/orders"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=headers) as ws:
        watcher = Watcher(ws)
        assert (await watcher.next())["event"] == "ready"
        yield watcher


async def test_nobody_follows_what_is_somebody_elses_and_it_looks_like_nothing(market: Market) -> None:
    sku = await market.goods(stock=10)
    ada, stranger = market.somebody("customer"), market.somebody("customer")
    order_id = (await ada.order(sku, pays=None)).json()["id"]
    await market.comes_to(ada, order_id, "PENDING_PAYMENT")
    async with watching(market, stranger) as watcher:
        told = []
        for wish in (order_id, "019ad0c2-0000-7000-8000-000000000001"):
            [refused] = await watcher.follows({"orderId": wish})
            assert (refused["event"], refused["data"]["status"]) == ("refused", 404)
            told.append({name: str(value).replace(wish, "") for name, value in refused["data"].items()})
        assert told[0] == told[1]
        await watcher.follows("mine")
        assert (await ada.post(f"/api/v1/orders/{order_id}/cancel", {})).status_code in (200, 202)
        own = (await stranger.order(sku)).json()["id"]
        heard = [(await watcher.until(name))["data"]["orderId"] for name in ("order.placed", "order.paid")]
        assert heard == [own, own], "and of nobody else's order before"
    narrow = market.shop.keys.sign(
        subject="ada", roles=("customer",), scopes=("catalog:read",), tenant="default", lifetime_s=60
    )
    async with watching(market, Person(market.http, narrow, "ada")) as watcher:
        [refused] = await watcher.follows("mine")
        assert refused["data"]["type"] == "/problems/forbidden"


async def test_an_order_is_heard_of_at_every_step_by_its_buyer_and_by_support(market: Market) -> None:
    sku, buyer = await market.goods(stock=10), market.somebody("customer")
    order_id = (await buyer.order(sku, pays=None)).json()["id"]
    await market.comes_to(buyer, order_id, "PENDING_PAYMENT")
    async with watching(market, buyer) as mine, watching(market, market.somebody("support")) as support:
        await mine.follows("mine")
        for watcher in (mine, support):
            _, standing = await watcher.follows({"orderId": order_id})
            assert (standing["event"], standing["data"]["status"]) == ("standing", "PENDING_PAYMENT")
        await buyer.post(f"/api/v1/orders/{order_id}/pay", {"paymentMethod": "simulated:approve"})
        for name, status in (("order.confirmed", "CONFIRMED"), ("order.paid", "PAID")):
            heard = await support.until(name)
            assert heard["subscription"] == {"orderId": order_id}
            assert heard["data"]["orderId"] == order_id
            assert heard["data"]["status"] in (status, "PAID")
            labels = [(await mine.until(name))["subscription"] for _ in range(2)]
            assert sorted(map(str, labels)) == sorted(["mine", str({"orderId": order_id})])


async def test_who_comes_back_hears_what_they_missed(market: Market) -> None:
    sku, buyer = await market.goods(stock=10), market.somebody("customer")
    async with watching(market, buyer) as watcher:
        await watcher.follows("mine")
        await buyer.order(sku)
        seen = await watcher.until("order.placed")
        await watcher.until("order.paid")
    async with watching(market, buyer) as again:
        [subscribed] = await again.follows("mine", after=seen["id"])
        assert subscribed["data"] == {"resumed": True}
        missed = await again.until("order.paid")
        assert missed["data"]["orderId"] == seen["data"]["orderId"]


async def test_dozens_of_buyers_each_hear_of_their_own_order_and_of_no_other(market: Market) -> None:
    sku = await market.goods(stock=1_000)
    buyers = [market.somebody("customer") for _ in range(WATCHERS)]
    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watching(market, buyer)) for buyer in buyers]
        for watcher in watchers:
            await watcher.follows("mine")
        orders = [(await buyer.order(sku)).json()["id"] for buyer in buyers]
        for watcher, order_id in zip(watchers, orders, strict=True):
            heard = {frame["data"]["orderId"] async for frame in all_until(watcher, "order.paid")}
            assert heard == {order_id}


async def all_until(watcher: Watcher, name: str) -> AsyncIterator[dict[str, Any]]:
    while True:
        frame = await watcher.next()
        yield frame
        if frame["event"] == name:
            return


async def test_a_socket_ends_with_the_session_of_its_token(market: Market) -> None:
    person = await registered(market)
    async with watching(market, person) as watcher:
        await watcher.follows("mine")
        assert (await market.http.post("/api/v1/auth/revoke", data={"token": person.token})).status_code == 200
        async with asyncio.timeout(PATIENCE_S):
            while not watcher.ws.closed:
                await watcher.ws.receive()
        assert watcher.ws.close_code == REVOKED
