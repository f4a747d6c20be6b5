"""RabbitMQ killed, slow and cut while people buy: partners hear of every order, at the latest a minute later."""

from collections import deque
from typing import Final

import pytest

from tests.chaos.engines.conftest import OpenScene
from tests.chaos.engines.outages import Outage, Scene, until
from tests.chaos.engines.processes import EngineProcess
from tests.engines import address
from tests.partners import Partners, partners
from tests.wires import wire
from tradewind.contracts.orders import OrderPlaced

pytestmark = [pytest.mark.engine("rabbitmq"), pytest.mark.timeout(3_600)]

LATE_S: Final = 0.3
REFUSED: Final = 3
"""Messages that the partner takes only when they come again."""


class Partner:
    """Hears of every order from now on; now and then it has trouble of its own."""

    def __init__(self, scene: Scene, server: Partners) -> None:
        self._scene, self._server = scene, server
        self._first = 0

    async def subscribe(self) -> None:
        """Orders that are accepted after this are to be heard of."""
        wish = {"url": f"{self._server.url}/shop", "eventTypes": [OrderPlaced.TYPE]}
        url = f"{self._scene.served.url}/api/v1/webhook-subscriptions"
        async with self._scene.http.post(url, json=wish, headers=await self._scene.admin()) as answer:
            assert answer.status == 201, await answer.text()
        self._first = len(self._scene.crowd.wishes)

    async def has_trouble(self) -> None:
        """With the next messages, which are to come again."""
        self._server.next["shop"] = deque([(503, {})] * REFUSED)

        async def refused() -> bool:
            return not self._server.next["shop"]

        await until(refused)

    async def has_heard(self) -> None:
        """Of every order that was accepted."""
        wanted = {str(wish.order_id) for wish in self._scene.crowd.wishes[self._first :] if wish.order_id}

        async def all_of_them() -> bool:
            return wanted <= {one.event["partitionKey"] for one in self._server.heard["shop"]}

        await until(all_of_them)


async def test_orders_go_through_whatever_happens_to_rabbitmq_and_partners_hear_of_all(open_scene: OpenScene) -> None:
    process = EngineProcess("rabbitmq", address("RABBITMQ_URL"))
    async with (
        partners() as server,
        wire(address("RABBITMQ_URL")) as line,
        open_scene("rabbitmq", rabbitmq_url=line.url, webhook_allow="127.0.0.0/8") as scene,
    ):
        partner = Partner(scene, server)

        async def _is(value: float) -> None:
            async def look() -> bool:
                return await scene.metric("retry_queue_away") == value

            await until(look)

        async def away() -> None:
            await _is(1.0)
            await scene.unwell(rabbitmq_url=line.url)
            await partner.has_trouble()

        async def slow() -> None:
            line.late_s = LATE_S

        async def cut() -> None:
            line.cut()

        async def whole() -> None:
            line.mend()

        async def well() -> None:
            await _is(0.0)
            await partner.has_heard()
            assert (await scene.finding(rabbitmq_url=line.url)).well

        await partner.subscribe()
        await scene.suffer(Outage("killed", process.kill, process.start, away, well))
        await scene.suffer(Outage("300 ms", slow, whole, partner.has_trouble, well))
        await scene.suffer(Outage("cut", cut, whole, away, well))
