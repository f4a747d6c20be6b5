"""The columns of a vendor's feed, and what each may say. See docs/guides/catalog.md.

    sku  name  category  price  currency        must be there
    stock  kind  brand  description             may be
    attr:<name>  attr:<name>:number  attr:<name>:boolean    facets; an empty cell says nothing

JSON Lines say the same by the same names, and `attributes` as an object with values of their own types.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tradewind.contexts.catalog.manifest import FeedProduct, FirstPrice, Kind

NEEDED: Final = ("sku", "name", "category", "price", "currency")
OPTIONAL: Final = ("stock", "kind", "brand", "description", "attributes")
TYPES: Final = ("text", "number", "boolean")
BETWEEN: Final = "/"
"""Parts the names of a category's path."""
MAX_DIGITS: Final = 18
_YES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class BadLine(Exception):  # noqa: N818 -- names what was refused
    """A line cannot be understood; the message says which field and why."""


def unknown(columns: Sequence[str]) -> list[str]:
    """Columns that no feed has: a slip in a header would lose what it holds."""
    return [name for name in columns if name not in (*NEEDED, *OPTIONAL[:-1]) and not _is_attribute(name)]


def _is_attribute(column: str) -> bool:
    mark, _, rest = column.partition(":")
    name, _, type_ = rest.partition(":")
    return mark == "attr" and bool(name) and (not type_ or type_ in TYPES)


def product(fields: Mapping[str, Any]) -> FeedProduct:
    """A line as the shop sells it; refuses (BadLine) what is no text or number where there must be one."""
    for name in fields:
        if name not in NEEDED and name not in OPTIONAL and not _is_attribute(name):
            raise BadLine(f"{name}: no feed has such a column")
    kind = _text(fields, "kind").upper() or Kind.PHYSICAL.value
    if kind not in Kind.__members__:
        raise BadLine(f"kind: expected {' or '.join(Kind.__members__)}")
    return FeedProduct(
        sku=_text(fields, "sku"),
        name=_text(fields, "name"),
        category=tuple(name.strip() for name in _text(fields, "category").split(BETWEEN)),
        price=FirstPrice(_decimal(fields, "price"), _text(fields, "currency")),
        stock=_whole(fields, "stock"),
        kind=Kind(kind),
        description=_text(fields, "description"),
        brand=_text(fields, "brand"),
        attributes=dict(_attributes(fields)),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(f"{name}: expected text")
    return value.strip()


def _decimal(fields: Mapping[str, Any], name: str) -> Decimal:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadLine(f"{name}: expected a decimal number")
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        raise BadLine(f"{name}: expected a decimal number with a point, as in 12.50") from None


def _whole(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    if value is None or value == "":
        return 0
    said = str(value).strip()
    if isinstance(value, bool | float) or not (said.isascii() and said.isdecimal() and len(said) <= MAX_DIGITS):
        raise BadLine(f"{name}: expected a whole number, not below zero")
    return int(said)


def _attributes(fields: Mapping[str, Any]) -> Iterator[tuple[str, str | bool | float]]:
    given = fields.get("attributes") or {}
    if not isinstance(given, Mapping):
        raise BadLine("attributes: expected an object")
    for name, value in given.items():
        if not isinstance(value, str | bool | int | float):
            raise BadLine(f"attributes/{name}: expected text, a number, true or false")
        yield name, value
    for column, value in fields.items():
        if column.startswith("attr:") and isinstance(value, str) and value.strip():
            _, name, type_ = (*column.split(":", 2), "text")[:3]
            yield name, _typed(column, value.strip(), type_)


def _typed(column: str, said: str, type_: str) -> str | bool | float:
    if type_ == "number":
        try:
            return float(said)
        except ValueError:
            raise BadLine(f"{column}: expected a number") from None
    if type_ == "boolean":
        if said.lower() not in _YES:
            raise BadLine(f"{column}: expected true or false")
        return _YES[said.lower()]
    return said
