"""What a shop says of itself when it serves."""

from dataclasses import replace
from pathlib import Path

from msgspec import json

from tradewind.app.settings import Settings
from tradewind.app.welcome import Served, welcome

SETTINGS = Settings(home=Path("a-home"), port=9000, mqtt_url="mqtts://shop:hunter2@broker.example:8883")


def test_a_broker_of_the_owners_is_named_without_its_password() -> None:
    served = Served.of(SETTINGS, None, None)
    assert served.mqtt_broker == "mqtts://broker.example:8883"
    assert "hunter2" not in json.encode(served).decode() + welcome(served, sample=False)


def test_the_shops_own_broker_is_named_with_what_lets_a_sensor_in_and_not_with_what_lets_the_shop_in() -> None:
    served = Served.of(SETTINGS, "mqtt://sensor:abc@127.0.0.1:4000", "secret")
    assert json.decode(json.encode(served)) == {
        "url": "http://127.0.0.1:9000",
        "home": "a-home",
        "mqttBroker": "mqtt://127.0.0.1:4000",
        "mqttUrl": "mqtt://sensor:abc@127.0.0.1:4000",
        "adminPassword": "secret",
    }
    said = welcome(served, sample=False)
    assert "mqtt://sensor:abc@127.0.0.1:4000" in said
    assert "hunter2" not in said


def test_mails_are_said_to_be_where_they_go() -> None:
    assert "Mails it sent      a-home/mail" in welcome(Served.of(SETTINGS, None, None), sample=False)
    carried = Served.of(replace(SETTINGS, smtp_url="smtp://shop:hunter3@mx.example:587"), None, None)
    said = welcome(carried, sample=False)
    assert "Mails go to        smtp://mx.example:587" in said
    assert "a-home/mail" not in said
    assert "hunter3" not in json.encode(carried).decode() + said
