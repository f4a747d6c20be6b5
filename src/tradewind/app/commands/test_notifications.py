"""`tradewind notifications preview`: every message as its reader will see it, without a shop."""

import json

import pytest
from typer.testing import CliRunner, Result

from tradewind.app.commands.notifications import app


def preview(*words: str) -> Result:
    return CliRunner().invoke(app, ["preview", *words])


@pytest.mark.parametrize("words", [("order_lost",), ("order_shipped", "--language", "fr")])
def test_what_the_shop_does_not_write_is_refused_by_name(words: tuple[str, ...]) -> None:
    result = preview(*words)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_message_is_shown_in_the_language_and_the_part_that_was_asked_for() -> None:
    plain = preview("order_shipped", "--language", "de")
    assert (plain.exit_code, plain.stdout.splitlines()[0]) == (0, "Ihre Bestellung ist unterwegs")
    assert "Sendungsnummer: TW123456789" in plain.stdout
    assert preview("order_shipped", "--html").stdout.startswith("<!doctype html>")
    said = json.loads(preview("order_shipped", "--json").stdout)
    assert (said["subject"], said.keys()) == ("Your order is on its way", {"subject", "text", "html"})
