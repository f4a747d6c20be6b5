"""Columns on every engine: in a file, and on the ClickHouse that the environment names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engines import address
from tradewind.adapters.columns.duckdb import DuckDbColumns
from tradewind.kernel.ids import new_id
from tradewind.ports.columns import Columns


def in_a_file(folder: Path) -> Columns:
    return DuckDbColumns(folder / "columns")


def on_clickhouse(_: Path) -> Columns:
    url = address("CLICKHOUSE_URL")
    from tradewind.adapters.columns.clickhouse import ClickHouseColumns

    return ClickHouseColumns(url, f"test_{new_id().hex}")


ENGINES = (
    pytest.param(in_a_file, id="duckdb"),
    pytest.param(on_clickhouse, id="clickhouse", marks=pytest.mark.engine("clickhouse")),
)


@pytest.fixture(params=ENGINES)
def columns(request: Any, tmp_path: Path) -> Columns:
    make: Callable[[Path], Columns] = request.param
    return make(tmp_path)
