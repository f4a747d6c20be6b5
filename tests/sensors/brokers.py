"""Brokers as processes that a test may kill: the shop's own, and Mosquitto where it is installed."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tradewind.adapters.database.privileges import die_with_parent
from tradewind.adapters.sensor_broker.accounts import Accounts
from tradewind.api.mqtt.address import OF_ITS_OWN, understand
from tradewind.api.mqtt.client import Client
from tradewind.app.free_ports import free_port
from tradewind.contexts.inventory.manifest import SENSORS

HOST: Final = "127.0.0.1"
ANSWERS_WITHIN_S: Final = 60.0
POLL_S: Final = 0.02
MOSQUITTO: Final = """
listener {port} {host}
allow_anonymous true
user root
persistence true
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 200
"""
"""What is not the default: nothing that waits is thrown away, and it is on the disk when the broker is stopped."""


class Broker:
    """One broker on one port, started as often as it ends. `shop` and `sensor` are the addresses for each of them."""

    shop: str
    sensor: str

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port(HOST)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """What starts it."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start it; back once it answers."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=partial(die_with_parent, signal.SIGKILL, os.getpid()),  # noqa: PLW1509 -- takes no lock
            )  # fmt: skip
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while not await self._answers():
                assert self._process.poll() is None, (self.folder / "broker.log").read_text()
                await asyncio.sleep(POLL_S)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def end(self, number: signal.Signals) -> None:
        """Send it a signal, and wait for its end."""
        assert self._process
        self._process.send_signal(number)
        await asyncio.to_thread(self._process.wait)

    def waiting(self) -> int:
        """Messages that the shop has not acknowledged, as far as the broker tells."""
        return 0

    async def restart(self) -> None:
        """End it as hard as it promises to survive, and start it again."""
        raise NotImplementedError


class OwnBroker(Broker):
    """The shop's own: survives kill -9 with everything that it acknowledged."""

    def __init__(self, folder: Path, *more: str) -> None:
        super().__init__(folder)
        self._more = more
        self.accounts = Accounts.open(folder / "secrets" / "sensors.json")
        self.shop = f"mqtt://tradewind:{self.accounts.tradewind}@{HOST}:{self.port}{OF_ITS_OWN}"
        self.sensor = f"mqtt://sensor:{self.accounts.sensor}@{HOST}:{self.port}"

    @property
    def journal(self) -> Path:
        """Its file."""
        return self.folder / "journal.sqlite"

    def command(self) -> Sequence[str]:
        """What starts it."""
        files = ("--journal", str(self.journal), "--accounts", str(self.folder / "secrets" / "sensors.json"))
        topics = ("--deltas", SENSORS.topics, "--dead-letters", SENSORS.dead_letters)
        module = ("-m", "tradewind.adapters.sensor_broker")
        return [sys.executable, *module, "--port", str(self.port), *files, *topics, *self._more]

    def waiting(self) -> int:
        """Messages that the shop has not acknowledged."""
        with closing(sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)) as file:
            return int(file.execute("SELECT count(*) FROM message").fetchone()[0])

    async def restart(self) -> None:
        """With SIGKILL."""
        await self.end(signal.SIGKILL)
        await self.start()


class Mosquitto(Broker):
    """An outside broker. It writes what it keeps when it is stopped: after SIGKILL the best client could not know."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if found is None:
            pytest.skip("engine: Mosquitto is not installed on this machine: apt-get install mosquitto")
        self._binary = found
        self.shop = self.sensor = f"mqtt://{HOST}:{self.port}"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(MOSQUITTO.format(host=HOST, port=self.port, folder=folder))

    def command(self) -> Sequence[str]:
        """What starts it."""
        return [self._binary, "-c", str(self._config)]

    async def start(self) -> None:
        """Start it, as one that the shop has subscribed at before: it keeps nothing for those whom it never met."""
        await super().start()
        async with Client(understand(self.shop)) as client:
            await client.subscribe(f"{SENSORS.topics}/#", qos=1)

    async def restart(self) -> None:
        """With SIGTERM."""
        await self.end(signal.SIGTERM)
        await super().start()
