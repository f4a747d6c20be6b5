"""Filters, and what else there would be: for each facet its values and how many products have them."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any, Final

from tantivy import FieldType, Occur, Query, Schema, Searcher

from tradewind.adapters.search.fields import PRICE_DIGITS, VALUE_MARK, attribute_path, attribute_value
from tradewind.ports.search import FACET_VALUES, MAX_FACETS, Facets, FacetValue, Question

CATEGORY: Final = "category"
PRICE: Final = "price"
IN_STOCK: Final = "inStock"
OURS: Final = frozenset({CATEGORY, PRICE, IN_STOCK})
"""All other facets are attributes."""
PRICE_STEPS: Final = (0, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Where the ranges of prices begin."""
COUNTED: Final = 5_000
"""Values of a facet that each segment counts exactly; rarer ones of more may be missed."""
_HIGHEST: Final = 2**63 - 1
_SCALE: Final = 10**PRICE_DIGITS

Buckets = Sequence[Mapping[str, Any]]
Filters = Mapping[str, Query]
"""By the facet whose values they choose."""


def filters(schema: Schema, question: Question) -> Filters:
    """What must hold, none of which changes how well anything matches."""
    found: dict[str, Query] = {}
    if question.category is not None:
        found[CATEGORY] = Query.term_query(schema, "category", question.category)
    if question.min_price is not None or question.max_price is not None:
        found[PRICE] = _prices(schema, question.min_price, question.max_price)
    if question.in_stock is not None:
        found[IN_STOCK] = Query.term_query(schema, "stocked", int(question.in_stock))
    for name, values in question.attributes.items():
        if name and values:
            found[facet(name)] = _any_of(schema, attribute_path(name), values)
    return {name: Query.boost_query(query, 0.0) for name, query in found.items()}


def _any_of(schema: Schema, path: str, values: Sequence[str]) -> Query:
    return Query.boolean_query(
        [(Occur.Should, Query.term_query(schema, path, attribute_value(value))) for value in values]
    )


def prices(least: Decimal | None, most: Decimal | None) -> tuple[int, int]:
    """The lowest and the highest price, in thousandths; none where the highest is below the lowest."""
    low = 0 if least is None else _whole(least, ROUND_CEILING)
    return low, _HIGHEST if most is None else _whole(most, ROUND_FLOOR)


def _prices(schema: Schema, least: Decimal | None, most: Decimal | None) -> Query:
    low, high = prices(least, most)
    if high < low:
        return Query.empty_query()
    return Query.range_query(schema, "price", FieldType.Unsigned, low, high)


def _whole(price: Decimal, rounding: str) -> int:
    bounded = max(Decimal(-1), min(price, Decimal(_HIGHEST // _SCALE)))
    thousandths = int((bounded * _SCALE).to_integral_value(rounding))
    return thousandths if thousandths >= 0 else (0 if rounding == ROUND_CEILING else -1)


def narrowed(query: Query, chosen: Filters, *, but: str | None = None) -> Query:
    """Only what the filters let through; `but`: one of them does not count."""
    clauses = [(Occur.Must, one) for name, one in chosen.items() if name != but]
    return Query.boolean_query([(Occur.Must, query), *clauses]) if clauses else query


def facet(attribute: str) -> str:
    """What the facet of an attribute is called: its name, unless a facet of ours has it."""
    return f"attribute.{attribute}" if attribute in OURS else attribute


def names(searcher: Searcher) -> tuple[str, ...]:
    """The attributes that become facets."""
    return tuple(name for name, _ in searcher.terms_with_prefix("attribute", "", limit=MAX_FACETS))


def count(searcher: Searcher, query: Query, chosen: Filters, question: Question, attributes: Sequence[str]) -> Facets:
    """Every facet of what matches `query`. One that is filtered by is counted without its own filter."""
    asked = {facet(name): _values(attribute_path(name)) for name in attributes}
    asked |= {CATEGORY: _values("category"), IN_STOCK: _values("stocked"), PRICE: ranges()}
    free = {name: one for name, one in asked.items() if name not in chosen}
    counted = searcher.aggregate(narrowed(query, chosen), free)
    for name in chosen.keys() & asked.keys():
        counted |= searcher.aggregate(narrowed(query, chosen, but=name), {name: asked[name]})
    return told({name: counted[name]["buckets"] for name in counted}, question, attributes)


def told(counted: Mapping[str, Buckets], question: Question, attributes: Sequence[str]) -> Facets:
    """What buckets of the aggregations say, in the order of facets."""
    selected = {facet(name): frozenset(values) for name, values in question.attributes.items()}
    if question.category is not None:
        selected[CATEGORY] = frozenset({question.category})
    if question.in_stock is not None:
        selected[IN_STOCK] = frozenset({_truth(question.in_stock)})
    found = {}
    for name in (CATEGORY, PRICE, IN_STOCK, *map(facet, attributes)):
        values = tuple(_read(name, counted[name], selected.get(name, frozenset())))
        if values and not _tells_apart_only(values):
            found[name] = values
    return found


def _values(field: str) -> dict[str, Any]:
    return {"terms": {"field": field, "size": FACET_VALUES, "segment_size": COUNTED}}


def ranges() -> dict[str, Any]:
    """The aggregation that counts prices by their ranges."""
    ranges = [{"from": float(low * _SCALE), "to": float(high * _SCALE)} for low, high in pairwise(PRICE_STEPS)]
    return {"range": {"field": "price", "ranges": [*ranges, {"from": float(PRICE_STEPS[-1] * _SCALE)}]}}


def _read(name: str, buckets: Buckets, selected: frozenset[str]) -> Iterator[FacetValue]:
    for bucket in buckets:
        if not bucket["doc_count"]:
            continue
        if name == PRICE:
            yield _range(bucket)
            continue
        value = _truth(bucket["key"]) if name == IN_STOCK else str(bucket["key"])
        value = value.removeprefix(VALUE_MARK) if name not in OURS else value
        yield FacetValue(value=value, count=bucket["doc_count"], selected=value in selected)


def _range(bucket: Mapping[str, Any]) -> FacetValue:
    least = Decimal(int(bucket.get("from", 0)) // _SCALE)
    below = Decimal(int(bucket["to"]) // _SCALE) if "to" in bucket else None
    value = f"{least}+" if below is None else f"{least}-{below}"
    return FacetValue(value=value, count=bucket["doc_count"], least=least, below=below)


def _truth(value: float) -> str:
    return "true" if value else "false"


def _tells_apart_only(values: Sequence[FacetValue]) -> bool:
    """Whether every product has a value of its own, as numbers and addresses are: nobody filters by those."""
    return len(values) == FACET_VALUES and all(one.count == 1 and not one.selected for one in values)
