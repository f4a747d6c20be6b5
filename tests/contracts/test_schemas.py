"""The published schemas are what the classes give, and only ever say more."""

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tools import schemas
from tools.schemas import FOLDER, REPOSITORY, committed, published, text
from tradewind.contracts.envelope import EVENTS
from tradewind.contracts.evolution import breaches, refusals, successor

ORDER_CREATED = "ecommerce.order.order.created.v1.json"
CATALOGUE = """
    ecommerce.product.product.created.v1 ecommerce.product.product.updated.v1 ecommerce.product.product.deleted.v1
    ecommerce.product.category.created.v1
    ecommerce.pricing.price.changed.v1 ecommerce.pricing.flash_sale.started.v1 ecommerce.pricing.flash_sale.ended.v1
    ecommerce.inventory.stock.adjusted.v1 ecommerce.inventory.stock.low.v1 ecommerce.inventory.stock.depleted.v1
    ecommerce.inventory.reservation.reserved.v1 ecommerce.inventory.reservation.confirmed.v1
    ecommerce.inventory.reservation.released.v1 ecommerce.inventory.reservation.expired.v1
    ecommerce.order.order.created.v1 ecommerce.order.order.confirmed.v1 ecommerce.order.order.paid.v1
    ecommerce.order.order.fulfilled.v1 ecommerce.order.order.canceled.v1 ecommerce.order.order.failed.v1
    ecommerce.payment.payment.initiated.v1 ecommerce.payment.payment.authorized.v1
    ecommerce.payment.payment.captured.v1 ecommerce.payment.payment.failed.v1 ecommerce.payment.payment.voided.v1
    ecommerce.payment.payment.refunded.v1
    ecommerce.shipping.shipment.created.v1 ecommerce.shipping.shipment.dispatched.v1
    ecommerce.shipping.shipment.in_transit.v1 ecommerce.shipping.shipment.delivered.v1
    ecommerce.shipping.shipment.unavailable.v1
    ecommerce.customer.profile.updated.v1 ecommerce.webhook.delivery.failed.v1
    ecommerce.rating.review.created.v1 ecommerce.rating.review.moderated.v1 ecommerce.rating.review.deleted.v1
""".split()
"""Part 3 of the requirements: every event that any of the documents names."""
KEYS = {
    "ecommerce.order.order.created.v1": ("order_id", "orderId"),
    "ecommerce.order.order.paid.v1": ("order_id", "orderId"),
    "ecommerce.order.order.canceled.v1": ("order_id", "orderId"),
    "ecommerce.order.order.fulfilled.v1": ("order_id", "orderId"),
    "ecommerce.inventory.stock.adjusted.v1": ("product_id", "productId"),
    "ecommerce.product.product.updated.v1": ("product_id", "productId"),
    "ecommerce.pricing.flash_sale.started.v1": ("sale_id", "saleId"),
    "ecommerce.webhook.delivery.failed.v1": ("subscription_id", "subscriptionId"),
}
"""The partition keys of the eight events that S0 fixes."""


def test_the_catalogue_of_events_is_complete() -> None:
    assert sorted(set(CATALOGUE) - EVENTS.keys()) == []


@pytest.mark.parametrize("wire_type", KEYS)
def test_an_event_is_keyed_as_the_domain_architecture_says(wire_type: str) -> None:
    attribute, field = KEYS[wire_type]
    assert attribute == EVENTS[wire_type].KEY
    assert field in committed()[f"{wire_type}.json"]["required"]


def test_each_committed_schema_is_what_its_class_gives() -> None:
    files = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert files == {name: text(schema) for name, schema in schemas.schemas().items()}, "run: make schemas"


def test_each_committed_schema_is_a_schema_with_a_name_of_its_own() -> None:
    found = committed()
    assert len({schema["$id"] for schema in found.values()}) == len(found) == len(EVENTS) + 1
    for schema in found.values():
        jsonschema_rs.meta.validate(schema)
        assert schema["description"]


def test_nothing_that_was_ever_committed_is_said_otherwise_now() -> None:
    now = committed()
    for commit, before in published(REPOSITORY):
        assert refusals(before, now) == [], f"since {commit}: {refusals(before, now)}"


def test_order_created_says_what_the_domain_architecture_says_and_more() -> None:
    payload = committed()[ORDER_CREATED]
    assert {"orderId", "userId", "totalAmount", "currency", "items"} <= set(payload["required"])
    assert {"productId", "qty", "price"} <= set(payload["properties"]["items"]["items"]["required"])
    assert payload["properties"]["totalAmount"] == {"type": "number"}


def test_the_envelope_has_the_nine_fields_of_the_domain_architecture() -> None:
    nine = "eventId eventType occurredAt producer traceId correlationId schemaVersion partitionKey payload".split()
    assert sorted(committed()["envelope.json"]["required"]) == sorted(nine)


Change = Callable[[dict[str, Any]], Any]
ITEM = "items"
REFUSED: dict[str, Change] = {
    "a field is removed": lambda s: s["properties"].pop("currency"),
    "a field is renamed": lambda s: s["properties"].update(customerId=s["properties"].pop("userId")),
    "a field changes its type": lambda s: s["properties"].update(totalAmount={"type": "string"}),
    "a field changes its format": lambda s: s["properties"].update(placedAt={"type": "string", "format": "date"}),
    "a field may suddenly be null": lambda s: s["properties"].update(
        currency={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "a field is never null any more": lambda s: s["properties"][ITEM]["items"]["properties"].update(
        productId={"type": "string", "format": "uuid"}
    ),
    "a field that may be null may be something else": lambda s: s["properties"][ITEM]["items"]["properties"].update(
        productId={"anyOf": [{"type": "integer"}, {"type": "null"}]}
    ),
    "a new field is required": lambda s: (
        s["properties"].update(channel={"type": "string"}),
        s["required"].append("channel"),
    ),
    "a required field need not be there": lambda s: s["required"].remove("userId"),
    "a field is bounded": lambda s: s["properties"]["currency"].update(maxLength=3),
    "a field is narrowed to an enum": lambda s: s["properties"]["currency"].update(enum=["EUR"]),
    "an enum loses a value": lambda s: s["properties"]["channel"].update(enum=["web"]),
    "a field deep inside is removed": lambda s: s["properties"][ITEM]["items"]["properties"].pop("price"),
    "a field deep inside is required": lambda s: s["properties"][ITEM]["items"]["required"].append("batch"),
    "unknown fields are closed out": lambda s: s.update(additionalProperties=False),
    "the schema is called otherwise": lambda s: s.update({"$id": "https://tradewind.example/other.json"}),
}
ALLOWED: dict[str, Change] = {
    "an optional field comes": lambda s: s["properties"].update(note={"type": "string"}),
    "an optional field comes deep inside": lambda s: s["properties"][ITEM]["items"]["properties"].update(
        batch={"type": "string"}
    ),
    "an enum gains a value": lambda s: s["properties"]["channel"].update(enum=["web", "till", "partner"]),
    "it is described better": lambda s: s.update(description="Somebody buys."),
}


def a_schema() -> dict[str, Any]:
    """The schema of order.created with an enum added, to have one to narrow."""
    schema = deepcopy(committed()[ORDER_CREATED])
    schema["properties"]["channel"] = {"enum": ["web", "till"]}
    return schema


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_a_change_that_somebody_would_not_understand_is_refused(change: Change) -> None:
    before, after = a_schema(), a_schema()
    change(after)
    assert list(breaches(before, after)) != []


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_a_change_that_only_adds_is_let_through(change: Change) -> None:
    before, after = a_schema(), a_schema()
    change(after)
    assert list(breaches(before, after)) == []


def test_a_type_that_goes_is_refused_and_one_that_comes_is_not() -> None:
    found = committed()
    without = {name: schema for name, schema in found.items() if name != ORDER_CREATED}
    assert [line.split(":")[0] for line in refusals(found, without)] == [ORDER_CREATED]
    assert refusals(without, found) == []


def test_what_is_written_over_a_published_schema_must_be_additive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "published"))
    wider = json.loads((folder / ORDER_CREATED).read_text())
    wider["properties"]["giftWrap"] = {"type": "boolean"}
    (folder / ORDER_CREATED).write_text(text(wider))
    (folder / "envelope.json").unlink()
    assert schemas.main([], folder) == 1
    said = capsys.readouterr().err
    assert f"{ORDER_CREATED}: /giftWrap is gone or was renamed" in said
    assert "Make a new type instead: a class ecommerce.order.order.created.v2" in said
    assert json.loads((folder / ORDER_CREATED).read_text()) == wider
    assert not (folder / "envelope.json").exists()


def test_what_only_adds_is_written_and_then_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "published"))
    older = json.loads((folder / ORDER_CREATED).read_text())
    older["description"] = "Somebody buys."
    (folder / ORDER_CREATED).write_text(text(older))
    (folder / "envelope.json").unlink()
    assert schemas.main(["--check"], folder) == 1
    assert "is not what its class gives; run: make schemas" in capsys.readouterr().out
    assert schemas.main([], folder) == 0
    assert schemas.main(["--check"], folder) == 0


def test_the_next_major_version_of_a_type_is_named() -> None:
    assert successor("ecommerce.order.order.created.v1") == "ecommerce.order.order.created.v2"
    assert successor("ecommerce.order.order.created.v9") == "ecommerce.order.order.created.v10"
