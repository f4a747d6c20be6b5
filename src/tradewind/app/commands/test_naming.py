"""Commands that act on what is named act on nothing by themselves, and say what may be named."""

import pytest
import typer
from typer.testing import CliRunner

from tradewind.app.commands import dlq, replay


@pytest.mark.parametrize(
    ("app", "word", "says"),
    [(dlq.app, "redrive", "tradewind dlq list"), (replay.app, "run", "tradewind replay list")],
)
def test_who_names_nothing_is_told_what_may_be_named(
    app: typer.Typer, word: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWIND_CONTEXTS", "nowhere")  # no database is opened for that
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [word, "--json"])
    assert done.exit_code == 2
    assert says in done.output
    assert "--all" in done.output
