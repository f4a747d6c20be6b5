"""The sensors' broker of `serve`: on a port that stays the same, because sensors know it by that."""

import asyncio
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tradewind.adapters.sensor_broker.accounts import SENSOR, SHOP, Accounts
from tradewind.api.mqtt.address import OF_ITS_OWN
from tradewind.app.free_ports import free_port
from tradewind.app.settings import Settings
from tradewind.app.supervision import Part
from tradewind.contracts.inventory import SENSOR_DEAD_LETTERS, SENSOR_TOPICS

POLL_S: Final = 0.05
MODULE: Final = "tradewind.adapters.sensor_broker"


def with_broker(settings: Settings) -> tuple[Settings, str | None, Sequence[Part]]:
    """The settings with a broker's address; where its owner named none, the sensors' address and the broker to run."""
    if settings.mqtt_url:
        return settings, None, ()
    folder, secrets = settings.home / "sensors", settings.home / "secrets" / "sensors.json"
    host, port = settings.mqtt_host, _port(settings, folder)
    accounts = Accounts.open(secrets)
    shops = f"mqtt://{SHOP}:{accounts.tradewind}@{_to_connect(host)}:{port}{OF_ITS_OWN}"
    sensors = f"mqtt://{SENSOR}:{accounts.sensor}@{_to_connect(host)}:{port}"
    return replace(settings, mqtt_url=shops), sensors, (broker(folder, secrets, host, port, settings.log_folder),)


def broker(folder: Path, secrets: Path, host: str, port: int, logs: Path | None = None) -> Part:
    """The embedded broker as a part to supervise; what it must not lose is in `folder`."""

    async def listens() -> None:
        while not _answers(host, port):  # noqa: ASYNC110 -- another process cannot set an event of ours
            await asyncio.sleep(POLL_S)

    kept = ("--journal", str(folder / "journal.sqlite"), "--accounts", str(secrets))
    topics = ("--deltas", SENSOR_TOPICS, "--dead-letters", SENSOR_DEAD_LETTERS)
    logged = ("--logs", str(logs)) if logs else ()
    argv = (sys.executable, "-m", MODULE, "--host", host, "--port", str(port), *kept, *topics, *logged)
    return Part(name="Sensor broker", argv=argv, ready=listens)


def _port(settings: Settings, folder: Path) -> int:
    """The port that was chosen; else that of last time while it is free; else another, remembered from now on."""
    if settings.mqtt_port:
        return settings.mqtt_port
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "port"
    if file.exists() and not _answers(settings.mqtt_host, known := int(file.read_text())):
        return known
    port = free_port(settings.mqtt_host)
    file.write_text(str(port))
    return port


def _answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_to_connect(host), port)) == 0


def _to_connect(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 -- everywhere is nowhere to go to
