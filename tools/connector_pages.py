"""Writes deploy/debezium/*.json from the code: what `tradewind connect register` would ask Connect for.

Connect's own EnvVarConfigProvider fills in where the database is and who reads it.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from tradewind.adapters.log.kafka.connectors import PLACEHOLDERS, connectors
from tradewind.adapters.log.kafka.topics import Names


def page(name: str) -> str:
    """The connector's configuration as Connect's REST interface takes it."""
    encoded = msgspec.json.encode({"name": name, "config": connectors(PLACEHOLDERS, Names())[name]})
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def _made(name: str) -> Callable[[str], str]:
    return lambda _old: page(name)


CONNECTORS: Final[dict[str, Callable[[str], str]]] = {
    f"deploy/debezium/{name}.json": _made(name) for name in connectors(PLACEHOLDERS, Names())
}
"""File to what it should hold."""
