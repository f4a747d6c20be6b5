"""Columns on every engine: in a file, and on the ClickHouse that the environment names."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.engines import address
from tradewind.adapters.columns.duckdb import DuckDbColumns
from tradewind.kernel.ids import new_id
from tradewind.ports.columns import Columns


class Counted(Columns, Protocol):
    """Columns whose tables a test may look into."""

    async def ask(self, sql: str, **values: Any) -> Sequence[tuple[Any, ...]]: ...


def in_a_file(folder: Path) -> Counted:
    return DuckDbColumns(folder / "columns")


def on_clickhouse(_: Path) -> Counted:
    url = address("CLICKHOUSE_URL")
    if url.startswith("chdb:"):  # which lets one process into a folder
        url = f"{url}/{os.getpid()}"
    from tradewind.adapters.columns.clickhouse import ClickHouseColumns

    return ClickHouseColumns(url, f"test_{new_id().hex}")


ENGINES = (
    pytest.param(in_a_file, id="duckdb", marks=pytest.mark.adapter("duckdb")),
    pytest.param(on_clickhouse, id="clickhouse", marks=pytest.mark.engine("clickhouse")),
)


@pytest.fixture(params=ENGINES)
def columns(request: Any, tmp_path: Path) -> Counted:
    make: Callable[[Path], Counted] = request.param
    return make(tmp_path)
