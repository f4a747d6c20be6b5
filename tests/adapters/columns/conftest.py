"""Columns on every engine: in a file, and on the ClickHouse that the environment names."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.engines import address
from tests.shops import IN_PROCESS
from tradewind.adapters.columns.duckdb import DuckDbColumns
from tradewind.kernel.ids import new_id
from tradewind.ports.columns import Columns


class Counted(Columns, Protocol):
    """Columns whose tables a test may look into."""

    async def ask(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]: ...


def in_a_file(folder: Path) -> Counted:
    return DuckDbColumns(folder / "columns")


def on_clickhouse(_: Path) -> Counted:
    in_process = os.environ.get(f"TRADEWIND_{IN_PROCESS}")
    url = f"{in_process}/{os.getpid()}" if in_process else address("CLICKHOUSE_URL")
    from tradewind.adapters.columns.clickhouse import ClickHouseColumns

    return ClickHouseColumns(url, f"test_{new_id().hex}")


ENGINES = (
    pytest.param(in_a_file, id="duckdb"),
    pytest.param(on_clickhouse, id="clickhouse", marks=pytest.mark.engine("clickhouse")),
)


@pytest.fixture(params=ENGINES)
def columns(request: Any, tmp_path: Path) -> Counted:
    make: Callable[[Path], Counted] = request.param
    return make(tmp_path)
