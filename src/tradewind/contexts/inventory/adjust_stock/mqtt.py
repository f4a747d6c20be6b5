"""iot/inventory/{sku}/delta: what sensors on the shelves say came and went."""

from typing import Final

from tradewind.api.mqtt.intake import Intake
from tradewind.contexts.inventory._store.sensors import announced
from tradewind.contexts.inventory.adjust_stock.letters import owed
from tradewind.contexts.inventory.adjust_stock.sensors import book, give_up
from tradewind.contracts.inventory import SENSOR_DEAD_LETTERS, SENSOR_TOPICS

SENSORS: Final = Intake(
    name="sensors",
    topics=SENSOR_TOPICS,
    dead_letters=SENSOR_DEAD_LETTERS,
    take=book,
    give_up=give_up,
    owed=owed,
    announced=announced,
)
