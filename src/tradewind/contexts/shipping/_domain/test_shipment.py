"""A shipment's life, and where nobody carries goods."""

import pytest

from tradewind.contexts.shipping._domain.countries import UNSERVED, unavailable
from tradewind.contexts.shipping._domain.shipment import (
    LIFECYCLE,
    Cancel,
    InvalidTracking,
    Release,
    Shipment,
    Status,
    tracking,
)
from tradewind.contracts.shipping import (
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentInTransit,
    ShipmentLost,
    ShipmentReplaced,
    ShipmentReturned,
)
from tradewind.kernel.ids import new_id
from tradewind.kernel.lifecycle import IllegalMove

MOVES = (
    Release, Cancel, ShipmentDispatched, ShipmentInTransit, ShipmentDelivered, ShipmentLost, ShipmentReplaced,
    ShipmentReturned,
)  # fmt: skip
ARROWS = {(source, by) for source, by, _ in LIFECYCLE.arrows}
REFUSED = [(status, by) for status in Status for by in MOVES if (status, by) not in ARROWS]


@pytest.mark.parametrize(("status", "by"), REFUSED)
def test_what_is_not_in_the_table_is_refused(status: Status, by: type) -> None:
    with pytest.raises(IllegalMove):
        LIFECYCLE.follow(status, by)


def test_a_shipment_that_left_the_house_or_was_canceled_is_canceled_no_more() -> None:
    assert LIFECYCLE.sources(Cancel) == {Status.PLANNED, Status.READY}


@pytest.mark.parametrize("country", [*UNSERVED, "aq", " AQ "])
def test_nobody_carries_goods_to_where_nobody_lives(country: str) -> None:
    reason = unavailable({"country": country})
    assert reason is not None
    assert reason.startswith("nobody carries goods to ")


@pytest.mark.parametrize("address", [{}, {"country": "GB"}, {"country": "United Kingdom"}])
def test_goods_are_carried_everywhere_else(address: dict[str, str]) -> None:
    assert unavailable(address) is None


def a_shipment() -> Shipment:
    return Shipment(id=new_id(), order_id=new_id(), status=Status.READY, tracking_number=None)


@pytest.mark.parametrize("given", ["", "abc", "x" * 41, "no spaces", "1234\n"])
def test_a_tracking_number_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(InvalidTracking):
        tracking(a_shipment(), given)


def test_without_a_tracking_number_the_shop_gives_its_own() -> None:
    shipment = a_shipment()
    assert tracking(shipment, "DHL-1234") == "DHL-1234"
    assert tracking(shipment, tracking(shipment, None)) == tracking(shipment, None)
