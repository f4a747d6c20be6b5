"""`python -m tradewind.adapters.sensor_broker`: the embedded MQTT broker as a process."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tradewind.adapters.sensor_broker.bounded import BoundedBroker
from tradewind.kernel.ids import new_id
from tradewind.runtime.telemetry.log_files import Both, LogFiles
from tradewind.runtime.telemetry.lossy import Lossy
from tradewind.runtime.telemetry.redaction import clean

MAX_CONNECTIONS: Final = 1000
SESSION_S: Final = 3600
"""Seconds after which a sensor that is away is forgotten. Nothing of it is lost: what it said is in the journal."""
PLUGINS: Final = "tradewind.adapters.sensor_broker"
PROCESS: Final = "sensor-broker"


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog=f"python -m {PLUGINS}")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True, help="the SQLite file of what nobody took in yet")
    parser.add_argument("--accounts", type=Path, required=True, help="the file with the passwords")
    parser.add_argument("--deltas", required=True, help="the topics that sensors publish on, with + for one level")
    parser.add_argument("--dead-letters", required=True, help="the topic that tells what could not be used")
    parser.add_argument("--most", type=int, default=1_000_000, help="messages that may wait for the shop")
    parser.add_argument("--most-bytes", type=int, default=256 * 1024 * 1024, help="what they may weigh together")
    parser.add_argument("--logs", type=Path, help="a folder into which the log is written, too")
    asked = parser.parse_args()
    stream: Any = Lossy(sys.stderr)
    said = logging.StreamHandler(Both(stream, LogFiles(asked.logs, PROCESS)) if asked.logs else stream)
    said.setFormatter(_Line())
    logging.basicConfig(level=logging.ERROR, handlers=[said])
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # what it calls errors is what clients do
    asked.journal.parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(asked))


class _Line(logging.Formatter):
    """A line like those of the shop's log, without the import of what writes those."""

    def format(self, record: logging.LogRecord) -> str:
        said = {"event": record.getMessage(), "level": record.levelname.lower(), "process": PROCESS}
        said["at"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        said["lineId"] = str(new_id())
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(clean(said))


async def _serve(asked: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = BoundedBroker(_config(asked))
    await broker.start()
    await stop.wait()
    await broker.shutdown()


def _config(asked: argparse.Namespace) -> dict[str, Any]:
    topics = {"deltas": asked.deltas, "dead_letters": asked.dead_letters}
    journal = {"file": str(asked.journal), "most": asked.most, "most_bytes": asked.most_bytes}
    listener = {"type": "tcp", "bind": f"{asked.host}:{asked.port}", "max_connections": MAX_CONNECTIONS}
    return {
        "listeners": {"default": listener},
        "session_expiry_interval": SESSION_S,
        "plugins": {
            f"{PLUGINS}.gate.Gate": {"accounts": str(asked.accounts), **topics},
            f"{PLUGINS}.feed.Feed": {**journal, **topics},
        },
    }


if __name__ == "__main__":
    main()
