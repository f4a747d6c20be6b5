"""`tradewind serve` brings a broker along, says where it is, and starts it again when it dies."""

import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from msgspec import json

from tests.sensors.fleet import Fleet, Told
from tradewind.adapters.database.privileges import die_with_parent
from tradewind.app.supervision import gone
from tradewind.app.told import SAMPLE_SKU

READY_WITHIN_S: Final = 120.0
LOOK_S: Final = 0.05


async def on_hand(url: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/api/v1/inventory/{SAMPLE_SKU}") as response:
        return int((await response.json())["onHand"])


async def becomes(url: str, count: int) -> None:
    async with asyncio.timeout(60):
        while await on_hand(url) != count:  # noqa: ASYNC110 -- another process cannot set an event of ours
            await asyncio.sleep(LOOK_S)


def the_broker_of(home: Path) -> int:
    """The process whose journal is in this home."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                said = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"sensor_broker" in said and os.fsencode(home) in said:
                return int(entry.name)
    raise AssertionError("no broker runs")


@pytest.mark.timeout(300)
async def test_serve_prints_where_its_broker_is_and_a_sensor_is_heard_even_if_the_broker_was_killed(
    tmp_path: Path,
) -> None:
    with (tmp_path / "serve.log").open("wb") as log:
        shop = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tradewind.app.cli", "serve", "--port", "0", "--json",
            env={**os.environ, "TRADEWIND_HOME": str(tmp_path / "home")},
            stdout=asyncio.subprocess.PIPE, stderr=log,
            preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),
        )  # fmt: skip
    assert shop.stdout
    async with asyncio.timeout(READY_WITHIN_S):
        told: dict[str, Any] = json.decode(await shop.stdout.readline())
    assert told["mqttUrl"].endswith(told["mqttBroker"].removeprefix("mqtt://"))
    assert told["mqttBroker"].startswith("mqtt://127.0.0.1:")
    fleet, delta = Fleet(told["mqttUrl"]), Told(SAMPLE_SKU, b'{ "delta": -2, "reason": "SENSOR" }')
    before = await on_hand(told["url"])
    await fleet.tell([delta], sensors=1)
    await becomes(told["url"], before - 2)
    broker = the_broker_of(tmp_path / "home")
    os.kill(broker, signal.SIGKILL)
    await gone(broker)
    await fleet.tell([delta], sensors=1)
    await becomes(told["url"], before - 4)
    shop.terminate()
    assert await shop.wait() == 0
    assert await shop.stdout.read() == b""
