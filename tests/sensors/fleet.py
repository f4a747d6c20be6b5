"""Sensors as they are: each keeps what the broker did not acknowledge, and tells it again when it is back."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import aiomqtt
from msgspec import json

from tradewind.api.mqtt.address import understand

IN_FLIGHT: Final = 20
PAUSE_S: Final = 0.05
TIMEOUT_S: Final = 3.0
ALL_WITHIN_S: Final = 300.0


@dataclass(frozen=True)
class Told:
    """One message."""

    sku: str
    payload: bytes

    @property
    def topic(self) -> str:
        """Where it is published."""
        return f"iot/inventory/{self.sku}/delta"


def deltas(
    dice: random.Random, skus: Sequence[str], count: int, *, duplicates: float
) -> tuple[list[Told], Counter[str]]:
    """So many messages, a share of them told once more somewhere later; and what they come to for each SKU."""
    told, sums = list[Told](), Counter[str]()
    for number in range(count):
        sku, delta = dice.choice(skus), dice.choice((-3, -2, -1, 1, 2, 3))
        payload = {"delta": delta, "reason": "SENSOR", "id": f"shelf-{number % 7}:{number}"}
        told.append(Told(sku, json.encode(payload)))
        sums[sku] += delta
    for one in dice.sample(told, int(count * duplicates)):
        told.insert(dice.randint(told.index(one) + 1, len(told)), one)
    return told, sums


@dataclass
class Fleet:
    """Many sensors that share the work."""

    url: str
    acknowledged: int = 0
    again: int = 0
    """Messages that were told again because no acknowledgement came."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def tell(self, messages: Sequence[Told], *, sensors: int = 8) -> None:
        """Tell all, until all are acknowledged."""
        async with asyncio.timeout(ALL_WITHIN_S), asyncio.TaskGroup() as group:
            for number in range(sensors):
                group.create_task(self._sensor(f"sensor-{number}", list(messages[number::sensors])))

    async def reaches(self, count: int) -> None:
        """Wait until so many are acknowledged."""
        async with asyncio.timeout(ALL_WITHIN_S), self._news:
            await self._news.wait_for(lambda: self.acknowledged >= count)

    async def _sensor(self, name: str, left: list[Told]) -> None:
        at = understand(self.url)
        while left:
            try:
                async with aiomqtt.Client(
                    at.host,
                    at.port,
                    username=at.user,
                    password=at.password,
                    identifier=name,
                    clean_session=False,
                    timeout=TIMEOUT_S,
                ) as client:
                    client.pending_calls_threshold = IN_FLIGHT
                    while left:
                        await self._some(client, left)
            except aiomqtt.MqttError:
                await asyncio.sleep(PAUSE_S)

    async def _some(self, client: aiomqtt.Client, left: list[Told]) -> None:
        """Tell the first of those that are left. Raises MqttError where one was not acknowledged."""
        told = left[:IN_FLIGHT]
        answers = await asyncio.gather(*(self._one(client, one) for one in told))
        failed = [one for one, done in zip(told, answers, strict=True) if not done]
        left[: len(told)] = failed
        async with self._news:
            self.acknowledged += len(told) - len(failed)
            self.again += len(failed)
            self._news.notify_all()
        if failed:
            raise aiomqtt.MqttError("not acknowledged")

    @staticmethod
    async def _one(client: aiomqtt.Client, told: Told) -> bool:
        try:
            await client.publish(told.topic, told.payload, qos=1)
        except aiomqtt.MqttError:
            return False
        return True
