"""A moment that only its offset takes out of the calendar is the client's mistake, wherever in a body it is said."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from tradewind.api.rest.bodies import decode_json
from tradewind.api.rest.refusals import InvalidBody

At = Annotated[datetime, Meta(tz=True)]


class Window(Struct, frozen=True):
    """When something holds."""

    since: At
    until: At | None = None


class Plan(Struct, frozen=True):
    """Several windows, some by name."""

    windows: list[Window] = []
    named: dict[str, Window] = {}


DECODER: Any = msgspec.json.Decoder(Plan)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
@pytest.mark.parametrize("body", ['{"windows": [{"since": "%s"}]}', '{"named": {"x": {"since": "%s"}}}'])
def test_what_no_calendar_holds_is_refused(body: str, moment: str) -> None:
    with pytest.raises(InvalidBody) as refused:
        decode_json((body % moment).encode(), DECODER)
    assert "between the years 1 and 9999" in str(refused.value)


def test_the_first_and_the_last_moment_are_taken() -> None:
    body = b'{"windows": [{"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59.999999Z"}]}'
    (window,) = decode_json(body, DECODER).windows
    assert (window.since.year, window.until.year) == (1, 9999)
