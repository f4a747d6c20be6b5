"""Whether Debezium publishes: connectors of the shop that do nothing, or that nobody registered, are told of."""

import pytest

from tests.doctor.test_doctor import only, served, settings
from tradewind.app.doctor.looking import look
from tradewind.app.engines import Engines

RUNS = ("RUNNING", "RUNNING")


def connectors(**states: tuple[str, ...]) -> str:
    """The address of a Connect whose connectors, and their tasks, are in these states."""
    told = {
        f"tradewind-{name}": {"status": {"connector": {"state": first}, "tasks": [{"state": one} for one in tasks]}}
        for name, (first, *tasks) in states.items()
    }
    return served({"/": (200, {"version": "4.3.1"}), "/connectors?expand=status": (200, told)})


@pytest.mark.parametrize(
    ("outbox", "state"),
    [
        (("PAUSED", "PAUSED"), "PAUSED"),
        (("STOPPED",), "STOPPED"),
        (("UNASSIGNED", "UNASSIGNED"), "UNASSIGNED"),
        (("RUNNING", "UNASSIGNED"), "UNASSIGNED"),
        (("RUNNING",), "UNASSIGNED"),
    ],
)
async def test_a_connector_of_the_shop_that_does_nothing_is_told_of(outbox: tuple[str, ...], state: str) -> None:
    found = await only(connect_url=connectors(outbox=outbox, cdc=RUNS))
    assert (found.well, found.detail) == (False, f"publishes nothing: tradewind-outbox is {state}")
    assert "/resume" in found.advice
    elsewhere = await only(connect_url=connectors(outbox=RUNS, cdc=RUNS, of_others=outbox))
    assert (elsewhere.well, elsewhere.detail) == (True, "3 connectors")


async def test_connectors_of_the_shop_that_nobody_registered_are_missed_where_they_could_be(
    shared_engines: Engines,
) -> None:
    named = {"connect_url": connectors(outbox=RUNS), "database_url": shared_engines.database_url}
    (found,) = [one for one in await look(settings(**named)) if one.engine == "connect"]
    assert (found.well, found.detail) == (False, "not registered: tradewind-cdc")
    assert "tradewind connect register" in found.advice
    nowhere = await only(connect_url=connectors())
    assert (nowhere.well, nowhere.detail) == (True, "0 connectors, not registered: tradewind-outbox, tradewind-cdc")
