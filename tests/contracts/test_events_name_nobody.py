"""Events cannot be taken back, so they say nothing of a person but an id: every text in every event is known here."""

from typing import Any, get_args

import msgspec
from msgspec import Struct

from tradewind.app.wiring import manifests
from tradewind.contracts.messages import Event
from tradewind.runtime.telemetry.redaction import SECRET_KEYS

IDS = {"user_id", "customer_id", "guest_id", "session_id", "email_digest"}
"""Pseudonyms, which lead to nobody once the person is erased."""
OF_GOODS = {
    "sku", "currency", "status", "kind", "name", "category", "category_path", "description", "brand", "attributes",
    "option_names", "options", "image", "slug", "path",
}  # fmt: skip
"""What the shop says of what it sells; `name` in events of products and categories alone."""
OF_THE_SHOP = {
    "reason": "a code, or what staff wrote for the books: never what a buyer wrote",
    "cause": "a code",
    "changed": "names of fields",
    "tracking_number": "the carrier's number of a parcel",
    "reference": "an order's id, as a payment provider was told it",
    "provider": "whose settlement report it is",
    "operation": "capture or refund",
    "number": "what a parcel that comes back is labelled with",
    "bundle": "a SKU",
    "warehouse": "the code of a place of the shop's own",
}


def _events(kind: type[Event]) -> set[type[Event]]:
    below = {one for child in kind.__subclasses__() for one in _events(child)}
    mine = str(getattr(kind, "TYPE", "test."))
    return below if mine.startswith("test.") else below | {kind}  # other tests have events of their own


def _texts(annotation: Any, name: str = "") -> set[str]:
    """The names of the fields in which text is found, at any depth."""
    if annotation is str:
        return {name}
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return {text for field in msgspec.structs.fields(annotation) for text in _texts(field.type, field.name)}
    return {text for inner in get_args(annotation) for text in _texts(inner, name)}


def test_no_event_has_room_for_what_a_person_says_of_themselves() -> None:
    manifests()
    events = _events(Event)
    assert len(events) > 40
    unknown = {event.TYPE: left for event in events if (left := _texts(event) - IDS - OF_GOODS - OF_THE_SHOP.keys())}
    assert unknown == {}
    named = {event.TYPE.split(".")[1] for event in events if _texts(event) & SECRET_KEYS}
    assert named == {"product"}
