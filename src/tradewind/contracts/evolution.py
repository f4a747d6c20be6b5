"""What may become of an event's schema once it was published: it may say more, and never less or otherwise.

Old consumers read new events, and new consumers read old events out of the log; both must go on understanding.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

Schema = dict[str, Any]
PROSE: Final = frozenset({"title", "description", "$comment", "examples"})
"""What is for people only, and may be said better at any time."""
_LOOKED_INTO: Final = frozenset({"properties", "required", "enum", "items", "anyOf"})
ADVICE: Final = (
    "Published events only gain optional fields. Make a new type instead: a class {successor}, told beside the old one "
    "until nobody hears that any more."
)


class NotAdditive(Exception):  # noqa: N818 -- names what was refused
    """A change of published schemas that somebody would not understand. The message names each, and what to do."""


def refusals(published: Mapping[str, Schema], now: Mapping[str, Schema]) -> list[str]:
    """What is not additive between two sets of schemas, by file name; one sentence each."""
    return [
        f"{name}: {breach}"
        for name, old in published.items()
        for breach in (breaches(old, now[name]) if name in now else ("the type is gone; events of it are in the log",))
    ]


def breaches(old: Schema, new: Schema, at: str = "") -> Iterator[str]:
    """What is not additive between two versions of one schema."""
    yield from _fields(old, new, at)
    if gone := [value for value in old.get("enum", ()) if value not in new.get("enum", ())]:
        yield f"{at or '/'} is no longer said to be {', '.join(map(repr, gone))}"
    if "enum" in new and "enum" not in old:
        yield f"{at or '/'} is narrowed to an enum"
    if "items" in old and "items" in new:
        yield from breaches(old["items"], new["items"], f"{at}/items")
    for index, (before, after) in enumerate(zip_longest(old.get("anyOf", ()), new.get("anyOf", ()))):
        if before is None or after is None:
            yield f"{at or '/'} changed what it may be: {_kind(old)} became {_kind(new)}"
            break
        yield from breaches(before, after, f"{at}/anyOf/{index}")
    for keyword in sorted((old.keys() | new.keys()) - PROSE - _LOOKED_INTO):
        if old.get(keyword) != new.get(keyword):
            yield f"{at or '/'} changed its {keyword}: {old.get(keyword)!r} became {new.get(keyword)!r}"


def _fields(old: Schema, new: Schema, at: str) -> Iterator[str]:
    fields, later = old.get("properties", {}), new.get("properties", {})
    for name, before in fields.items():
        if name in later:
            yield from breaches(before, later[name], f"{at}/{name}")
        else:
            yield f"{at}/{name} is gone or was renamed"
    required, needed = old.get("required", []), new.get("required", [])
    yield from (f"{at}/{name} is required now, and was not before" for name in needed if name not in required)
    yield from (f"{at}/{name} was always there, and need not be now" for name in required if name not in needed)


def _kind(schema: Schema) -> str:
    return " or ".join(str(one.get("type")) for one in schema.get("anyOf", [schema]))


def successor(event_type: str) -> str:
    """The wire type that comes after this one: `….created.v1` is followed by `….created.v2`."""
    stem, _, major = event_type.rpartition(".v")
    return f"{stem}.v{int(major) + 1}"


def refuse(published: Mapping[str, Schema], now: Mapping[str, Schema]) -> None:
    """Raise NotAdditive where `now` says less, or otherwise, than `published`."""
    if found := refusals(published, now):
        names = sorted({line.split(".json:")[0] for line in found} - {"envelope"})
        after = successor(names[0]) if names else "of the envelope"
        raise NotAdditive("\n".join([*found, ADVICE.format(successor=after)]))
