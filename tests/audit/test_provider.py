"""The provider's own ledger against ours: what was charged that nobody wanted is found, what is on its way is not."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from tests.audit.conftest import Place, red
from tradewind.app.audit import provider_ledger
from tradewind.kernel.ids import new_id

LEDGER = "provider's ledger"


async def charge(place: Place, reference: UUID | str, *, capture: bool = True, key: str = "planted") -> None:
    """Hold 5.00 EUR, and take it."""
    amount = {"minor": 500, "currency": "EUR"}
    held = {"key": key, "reference": str(reference), "method": "simulated:approve", "amount": amount}
    await send(place, "/v1/authorizations", held)
    if capture:
        await send(place, "/v1/captures", {"key": f"{key}/capture", "authorization_key": key, "amount": amount})


async def send(place: Place, path: str, wish: Any) -> None:
    """Ask the provider for something that the shop never asked for."""
    status, answer = await place.provider.send("POST", path, msgspec.json.encode(wish))
    assert status == 200, answer


async def test_a_charge_that_our_books_do_not_know_is_a_violation(own_copy: Place) -> None:
    await charge(own_copy, stranger := new_id())
    report = await own_copy.audit()
    assert red(report) == [LEDGER]
    assert (
        f"order {stranger} (there is no such order): the provider knows authorized 500, captured 500"
        in report.lines()[0]
    )


async def test_a_reference_that_is_no_order_at_all_is_a_violation(own_copy: Place) -> None:
    await charge(own_copy, "somebody's else")
    report = await own_copy.audit()
    assert red(report) == [LEDGER]
    assert 'reference "somebody\'s else"' in report.lines()[0]


@pytest.mark.parametrize("ended", ["approve", "delivered", "decline", "timeout", "nowhere"])
async def test_money_held_for_an_order_that_has_ended_is_a_violation(ended: str, own_copy: Place) -> None:
    await charge(own_copy, own_copy.orders[ended], capture=False)
    report = await own_copy.audit()
    assert red(report) == [LEDGER]
    assert "the provider still holds 500 EUR" in report.lines()[0]


async def test_a_second_capture_of_one_order_is_a_violation(own_copy: Place) -> None:
    await charge(own_copy, own_copy.orders["approve"])
    report = await own_copy.audit()
    assert red(report) == [LEDGER]
    assert "the provider captured 2 times" in report.lines()[0]


async def test_a_refund_that_we_did_not_book_is_a_violation(own_copy: Place) -> None:
    order = own_copy.orders["approve"]
    refund = {
        "key": "planted",
        "authorization_key": f"{order}/authorize_payment/0",
        "amount": {"minor": 1, "currency": "EUR"},
    }
    await send(own_copy, "/v1/refunds", refund)
    report = await own_copy.audit()
    assert red(report) == [LEDGER]
    assert "and refunded 1 EUR in minor units, our books say 5000 and 0" in report.lines()[0]


async def test_an_unbooked_charge_of_an_order_that_is_still_moving_is_in_flight(own_copy: Place) -> None:
    method = "UPDATE orders.orders SET payment_method = 'simulated:approve' WHERE id = $1"
    opened = """INSERT INTO payments.payments (order_id, id, status, method, currency, amount_minor, authorization_key)
                VALUES ($1, gen_random_uuid(), 'INITIATED', 'simulated:approve', 'EUR', 5000, 'planted')"""
    for sql in (method, opened):
        await own_copy.run(sql, own_copy.orders["waiting"])
    await charge(own_copy, own_copy.orders["waiting"], capture=False)
    report = await own_copy.audit()
    assert report.ok, report.lines()
    assert {check.name: check.in_flight for check in report.checks}[LEDGER] == 1


async def test_a_charge_that_came_and_was_meant_after_the_snapshot_is_in_flight(
    own_copy: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a busy shop does between the snapshot and the reading of the ledger, made to happen every time."""
    read = provider_ledger.read_ledger
    again = "UPDATE runtime.saga SET fence = fence + 1 WHERE id = $1"

    async def read_later(url: str) -> Any:
        await own_copy.run(again, own_copy.orders["approve"])
        await charge(own_copy, own_copy.orders["approve"], capture=False)
        return await read(url)

    monkeypatch.setattr(provider_ledger, "read_ledger", read_later)
    report = await own_copy.audit()
    assert report.ok, report.lines()
    assert {check.name: check.in_flight for check in report.checks}[LEDGER] == 1
    monkeypatch.undo()
    assert red(await own_copy.audit()) == [LEDGER], "a later audit sees that nothing came of it"


async def test_a_ledger_that_cannot_be_read_proves_nothing(own_copy: Place) -> None:
    await own_copy.provider.stop()
    report = await own_copy.audit()
    assert red(report) == [LEDGER]
    assert "cannot be read" in report.lines()[0]
