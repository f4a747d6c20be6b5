"""S1: a cursor that no list gave is refused by every route that takes one: nothing breaks, and nothing is shown."""

import re
from typing import Final
from urllib.parse import urlencode

import pytest

from tests.markets import Market
from tradewind.app.wiring import manifests
from tradewind.kernel.ids import MAX_ID, new_id
from tradewind.kernel.pages import write

pytestmark = pytest.mark.xdist_group("security")

LISTS: Final = sorted(
    f"{route.method} {route.path}"
    for one in manifests()
    for route in one.routes
    if any(parameter.wire == "cursor" for parameter in route.parameters)
)
MADE_UP: Final = (
    "", "first", "é", "~", "~~", "-1", "9" * 30, "a" * 255, "a" * 256, "' OR 1=1 --", "\0", "%00",
    "0001-01-01T00:00:00+23:59~" + str(MAX_ID), "9999-12-31T23:59:59-23:59~" + str(MAX_ID),
    "helpful~" + "9" * 30 + "~x",
    write(("another list", MAX_ID)), write(("orders", 7)), write(2**64 - 1), write([]),
)  # fmt: skip


def test_the_lists_are_known() -> None:
    assert len(LISTS) >= 18


@pytest.mark.parametrize("route", LISTS)
async def test_a_made_up_cursor_is_refused(quiet_market: Market, route: str) -> None:
    path = route.split(" ")[1]
    path = re.sub(r"\{\w+_id\}", lambda _: str(new_id()), path)
    assert "{" not in path
    for made_up in MADE_UP:
        answer = await quiet_market.admin.get(f"{path}?{urlencode({'cursor': made_up})}")
        assert answer.status_code == 422, (made_up, answer.text)
        assert answer.json()["type"] in ("/problems/unfit-cursor", "/problems/invalid-parameter"), made_up
