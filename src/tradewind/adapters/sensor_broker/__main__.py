"""`python -m tradewind.adapters.sensor_broker`: the embedded MQTT broker as a process, for this machine only."""

import argparse
import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

from amqtt.broker import Broker


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tradewind.adapters.sensor_broker")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True, help="the SQLite file of what nobody took in yet")
    parser.add_argument("--consumer", required=True, help="the client id whose acknowledgement strikes a message out")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    asked.journal.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(asked.host, asked.port, asked.journal, asked.consumer))


async def _serve(host: str, port: int, journal: Path, consumer: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = Broker(_config(host, port, journal, consumer))
    await broker.start()
    await stop.wait()
    await broker.shutdown()


def _config(host: str, port: int, journal: Path, consumer: str) -> dict[str, Any]:
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "plugins": {
            "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True},
            "tradewind.adapters.sensor_broker.journal.Journal": {"file": str(journal), "consumer": consumer},
        },
    }


if __name__ == "__main__":
    main()
