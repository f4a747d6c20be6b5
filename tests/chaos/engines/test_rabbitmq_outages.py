"""RabbitMQ killed, slow and cut while people buy: partners hear of every order, at the latest a minute later."""

from collections import deque
from typing import Final

import pytest

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Faults, Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.chaos.engines.visitors import OUTAGE_S
from tests.engines import address
from tests.partners import Partners, partners
from tests.wires import wire
from tradewind.contracts.orders import OrderPlaced

pytestmark = [pytest.mark.engine("rabbitmq"), pytest.mark.timeout(3_600)]

AWAY: Final = "retry_queue_away"
REFUSED: Final = 3
"""Messages that the partner takes only when they come again."""


class Partner:
    """Hears of every order from now on; now and then it has trouble of its own."""

    def __init__(self, scene: Scene, url: str, server: Partners) -> None:
        self._scene, self._url, self._server = scene, url, server
        self._first = 0

    async def subscribe(self) -> None:
        """Orders that are accepted after this are to be heard of."""
        wish = {"url": f"{self._server.url}/shop", "eventTypes": [OrderPlaced.TYPE]}
        url = f"{self._scene.served.url}/api/v1/webhook-subscriptions"
        async with self._scene.http.post(url, json=wish, headers=await self._scene.admin()) as answer:
            assert answer.status == 201, await answer.text()
        self._first = len(self._scene.crowd.wishes)

    async def has_trouble(self) -> str:
        """With the next messages, which are to come again; nothing is worse than that."""
        self._server.next["shop"] = deque([(503, {})] * REFUSED)

        async def refused() -> bool:
            return not self._server.next["shop"]

        await until(refused)
        return "-"

    async def away(self) -> str:
        """The shop says that retries wait in their rows, and it has some."""
        await self.has_trouble()
        return await self._scene.shows(AWAY, 1.0)

    async def killed(self) -> str:
        """The same, and the doctor says it too."""
        return f"{await self.away()}, {await self._scene.unwell(rabbitmq_url=self._url)}"

    async def has_heard(self) -> None:
        """Of every order that was accepted."""
        wanted = {str(wish.order_id) for wish in self._scene.crowd.wishes[self._first :] if wish.order_id}

        async def all_of_them() -> bool:
            return wanted <= {one.event["partitionKey"] for one in self._server.heard["shop"]}

        await until(all_of_them)
        await self._scene.shows(AWAY, 0.0)
        await self._scene.well(rabbitmq_url=self._url)


async def test_orders_go_through_whatever_happens_to_rabbitmq_and_partners_hear_of_all(open_scene: OpenScene) -> None:
    process = EngineProcess("rabbitmq", address("RABBITMQ_URL"))
    async with (
        partners() as server,
        wire(address("RABBITMQ_URL")) as line,
        open_scene("rabbitmq", rabbitmq_url=line.url, webhook_allow="127.0.0.0/8") as scene,
    ):
        partner, on_the_way = Partner(scene, line.url, server), Faults(line)
        await partner.subscribe()
        await scene.suffer(Outage("killed", process.kill, process.start, partner.killed, partner.has_heard, OUTAGE_S))
        await scene.suffer(Outage("300 ms", on_the_way.slow, on_the_way.whole, partner.has_trouble, partner.has_heard))
        await scene.suffer(Outage("cut", on_the_way.cut, on_the_way.whole, partner.away, partner.has_heard))
