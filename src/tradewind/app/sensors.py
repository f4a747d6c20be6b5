"""The sensors' broker of `serve`: on a port that stays the same, because sensors know it by that."""

import asyncio
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tradewind.api.mqtt.consumer import CLIENT_ID
from tradewind.app.edge import free_port
from tradewind.app.settings import Settings
from tradewind.app.supervision import Part

HOST: Final = "127.0.0.1"
"""The embedded broker asks nobody who he is, so it serves this machine only. Sensors elsewhere need another broker."""
POLL_S: Final = 0.05


def with_broker(settings: Settings) -> tuple[Settings, Sequence[Part]]:
    """The settings with a broker's address; and the broker to run, where its owner named none."""
    if settings.mqtt_url:
        return settings, ()
    folder = settings.home / "sensors"
    port = _port(folder)
    return replace(settings, mqtt_url=f"mqtt://{HOST}:{port}"), (broker(folder, port),)


def broker(folder: Path, port: int) -> Part:
    """The embedded broker as a part to supervise; what it must not lose is in `folder`."""

    async def listens() -> None:
        while not _answers(port):  # noqa: ASYNC110 -- another process cannot set an event of ours
            await asyncio.sleep(POLL_S)

    journal = ("--journal", str(folder / "journal.sqlite"), "--consumer", CLIENT_ID)
    module = ("-m", "tradewind.adapters.sensor_broker")
    argv = (sys.executable, *module, "--host", HOST, "--port", str(port), *journal)
    return Part(name="Sensor broker", argv=argv, ready=listens)


def _port(folder: Path) -> int:
    """The port of last time while it is free; else another one, remembered from now on."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "port"
    if file.exists() and not _answers(known := int(file.read_text())):
        return known
    port = free_port(HOST)
    file.write_text(str(port))
    return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
