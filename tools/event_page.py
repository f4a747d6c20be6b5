"""Writes docs/events.md: every event type, who tells it and who hears it, from classes, manifests and code."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import inspect

from tradewind.app.wiring import manifests
from tradewind.contracts.envelope import EVENTS, producer
from tradewind.contracts.messages import Event

CONTEXTS: Final = Path(__file__).resolve().parent.parent / "src" / "tradewind" / "contexts"
HEAD: Final = """# Events

Every type of event that there is. A row links to the type's JSON Schema; its class says the same in Python. *Told by*
is the context whose code makes the event (– where the contract stands and no use case tells it yet), *heard by* are the
subscribers, in italics those that only build a table for reading. Made by `make docs`; do not edit.

An event is told in the transaction that makes it true, kept in `runtime.outbox`, and carried to every subscriber in the
order of its key: two events of one key are never heard the other way round. It travels in the
[envelope](../src/tradewind/contracts/jsonschema/envelope.json): `eventId`, `eventType`, `occurredAt`, `producer`,
`traceId`, `correlationId`, `schemaVersion`, `partitionKey`, `payload`. Money is an exact decimal number. A published
type only gains optional fields; whatever else must change becomes a new type, `….v2`, told beside the old one.

| event | class | what happened | key | producer | told by | heard by |
| --- | --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """The page, as docs/events.md holds it."""
    tellers = _tellers()
    rows = [_row(wire_type, event, tellers.get(event.__name__, [])) for wire_type, event in sorted(EVENTS.items())]
    return HEAD + "\n".join(rows) + "\n"


def _row(wire_type: str, event: type[Event], tellers: list[str]) -> str:
    link = f"[`{wire_type}`](../src/tradewind/contracts/jsonschema/{wire_type}.json)"
    said = " ".join((event.__doc__ or "").split())
    cells = (
        link,
        event.__name__,
        said,
        f"`{_on_the_wire(event)}`",
        producer(wire_type),
        ", ".join(tellers) or "–",
        ", ".join(_hearers(event)) or "–",
    )
    return f"| {' | '.join(cells)} |"


def _on_the_wire(event: type[Event]) -> str:
    shape = inspect.type_info(event)
    assert isinstance(shape, inspect.StructType)
    return next(field.encode_name for field in shape.fields if field.name == event.KEY)


def _hearers(event: type[Event]) -> Iterator[str]:
    for context in manifests():
        for one in (*context.subscribers, *context.hears_elsewhere):
            if event in one.events:
                yield f"*{one.name}*" if one.table else one.name


def _tellers() -> dict[str, list[str]]:
    """Class name to the contexts whose code makes one."""
    found: dict[str, set[str]] = {}
    for path in CONTEXTS.rglob("*.py"):
        if not path.name.startswith(("test_", "conftest")):
            for name in _called(ast.parse(path.read_text())):
                found.setdefault(name, set()).add(path.relative_to(CONTEXTS).parts[0])
    return {name: sorted(contexts) for name, contexts in found.items()}


def _called(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
