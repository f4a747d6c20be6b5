"""ClickHouse in the process that uses it (chdb): nothing to start, and a folder that one process at a time may have."""

from typing import Final

from tools.engines.engine import Engine, at_once

CLICKHOUSE: Final = Engine(
    name="clickhouse", version="chdb, as locked", ports=(), ready=at_once,
    settings={"CLICKHOUSE_URL": "chdb://{run}"},
)  # fmt: skip
