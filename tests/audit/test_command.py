"""`tradewind audit` where it cannot look: it says of which database, and what to do, and claims nothing."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tradewind.app.audit.command import run_audit
from tradewind.app.engines import Engines
from tradewind.app.settings import Settings


def nowhere(engines: Engines) -> str:
    """A database that there is not, on a server that there is."""
    return urlsplit(engines.database_url)._replace(path="/nowhere").geturl()


def test_a_database_that_lets_nobody_in_is_named_with_what_to_do(
    shared_engines: Engines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path, database_url=nowhere(shared_engines), provider_url="http://127.0.0.1:1")
    assert run_audit(settings, json=True) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "Check that it runs and that TRADEWIND_DATABASE_URL" in " ".join(told.err.split())


def test_so_is_one_of_a_context_that_runs_apart(
    shared_engines: Engines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(
        home=tmp_path, database_url=shared_engines.database_url, provider_url="http://127.0.0.1:1",
        payments_url="grpcs://127.0.0.1:1", payments_database_url=nowhere(shared_engines),
    )  # fmt: skip
    assert run_audit(settings, json=True) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "TRADEWIND_PAYMENTS_DATABASE_URL" in told.err
