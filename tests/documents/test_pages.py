"""What is written about the shop is what the shop does."""

import re

import pytest

from tests.house.tree import REPOSITORY, Tree
from tools.lifecycle_page import lifecycles
from tools.marks import between
from tools.pages import PAGES, stale
from tradewind.app.wiring import manifests

_VARIABLE = re.compile(r"\bTRADEWIND_[A-Z][A-Z_]*[A-Z]\b")
FOR_OUR_OWN_USE = {
    "TRADEWIND_FAILPOINTS",
    "TRADEWIND_PLANTED_BUGS",
    "TRADEWIND_TEST_BUILD",
    "TRADEWIND_PREPARED_FILE",
    "TRADEWIND_PREPARED_SAMPLE",
    "TRADEWIND_WORKER_READY_FILE",
}
"""Read by our own processes and tests only, and explained where they are read; nothing for owners."""


def test_every_page_that_follows_from_the_code_is_up_to_date() -> None:
    assert sorted(stale()) == [], "run: make docs"


def test_a_page_that_says_something_else_than_the_code_is_noticed() -> None:
    for name, make in PAGES.items():
        held = (REPOSITORY / name).read_text()
        changed = held.replace("OrderCancelled", "OrderForgotten").replace("TRADEWIND_PORT", "TRADEWIND_PIER")
        changed = changed.replace("POST /api/v1/orders/{order_id}/pay", "POST /api/v1/pay")
        changed = changed.replace("tradewind-", "another-")
        assert changed != held, f"{name} says none of this"
        assert make(changed) == held, name


def test_a_page_without_its_marks_is_not_written_over() -> None:
    with pytest.raises(ValueError, match="no marks for settings"):
        between("settings", "# A page of somebody's own\n", "| variable |")


def test_every_variable_that_the_shop_reads_is_documented() -> None:
    read = {
        name
        for source in Tree(REPOSITORY).sources
        if source.floor and not source.is_test
        for name in _VARIABLE.findall(source.text)
    }
    readme = (REPOSITORY / "README.md").read_text()
    assert sorted(read - FOR_OUR_OWN_USE - set(_VARIABLE.findall(readme))) == []


def test_the_lifecycles_of_order_payment_and_shipment_and_both_sagas_are_drawn() -> None:
    page = (REPOSITORY / "docs/lifecycles.md").read_text()
    assert {"Order (orders)", "Payment (payments)", "Shipment (shipping)"} <= lifecycles().keys()
    for title in lifecycles():
        assert f"## {title}\n\n```mermaid\nstateDiagram-v2\n" in page
    for saga in (saga for one in manifests() for saga in one.sagas):
        assert f"### {saga.kind}\n\n```mermaid\nflowchart LR\n" in page


def test_the_readme_names_one_command_to_run_and_one_to_test() -> None:
    readme = (REPOSITORY / "README.md").read_text()
    assert "```\nmake run\n```" in readme
    assert "\nmake test " in readme
    assert "\nmake check " in readme


def test_the_slice_that_places_orders_holds_command_handler_saga_edge_and_tests_together() -> None:
    files = {path.name for path in (REPOSITORY / "src/tradewind/contexts/orders/place_order").iterdir()}
    assert {"command.py", "saga.py", "rest.py", "test_place_order.py", "test_saga.py"} <= files
