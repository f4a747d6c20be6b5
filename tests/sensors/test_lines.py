"""The broker's process imports little of the shop, and yet its log is as that of the others."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiomqtt

from tests.log_lines import ALWAYS
from tradewind.api.mqtt.address import understand
from tradewind.app.sensors import with_broker
from tradewind.app.settings import Settings
from tradewind.runtime.telemetry.redaction import REDACTED


async def test_a_line_of_the_broker_is_like_those_of_the_shop_and_goes_where_those_go(tmp_path: Path) -> None:
    settings = replace(Settings.from_environment({}), home=tmp_path / "home", log_folder=tmp_path / "logs")
    _, sensors, (part,) = with_broker(settings)
    assert sensors is not None
    broker = await asyncio.create_subprocess_exec(*part.argv, stderr=asyncio.subprocess.PIPE)
    assert broker.stderr
    async with asyncio.timeout(60):
        await part.ready()
        at = understand(sensors)
        with suppress(aiomqtt.MqttError):
            async with aiomqtt.Client(at.host, at.port, username=at.user, password=at.password) as client:
                await client.publish("of/ada@example.com", b"x", qos=1)
        said = await broker.stderr.readline()
    line: dict[str, Any] = json.loads(said)
    assert line.keys() == ALWAYS
    assert (line["process"], line["level"]) == ("sensor-broker", "error")
    assert line["event"] == f"A sensor may not publish on 'of/{REDACTED}'; its connection is closed"
    (file,) = (tmp_path / "logs").iterdir()
    assert file.read_bytes().startswith(said)
    broker.terminate()
    await broker.wait()
