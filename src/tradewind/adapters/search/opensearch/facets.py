"""Filters, and what else there would be, in OpenSearch's terms."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tradewind.adapters.search import facets
from tradewind.adapters.search.facets import CATEGORY, IN_STOCK, PRICE, facet
from tradewind.adapters.search.fields import attribute_value
from tradewind.adapters.search.opensearch.asking import Clause
from tradewind.adapters.search.opensearch.mapping import attribute
from tradewind.ports.search import FACET_VALUES, MAX_FACETS, Facets, Question

NAMES: Final[Clause] = {"names": {"terms": {"field": "attribute", "size": MAX_FACETS}}}
"""The aggregation that names the attributes that become facets."""
NOTHING: Final[Clause] = {"match_none": {}}
Filters = Mapping[str, Clause]
"""By the facet whose values they choose."""


def filters(question: Question) -> Filters:
    """What must hold."""
    found: dict[str, Clause] = {}
    if question.category is not None:
        found[CATEGORY] = {"term": {"category": question.category}}
    if question.min_price is not None or question.max_price is not None:
        low, high = facets.prices(question.min_price, question.max_price)
        found[PRICE] = NOTHING if high < low else {"range": {"price": {"gte": low, "lte": high}}}
    if question.in_stock is not None:
        found[IN_STOCK] = {"term": {"stocked": int(question.in_stock)}}
    for name, values in question.attributes.items():
        if name and values:
            found[facet(name)] = {"terms": {"values": [attribute(name) + attribute_value(value) for value in values]}}
    return found


def all_of(chosen: Filters, *, but: str | None = None) -> Clause:
    """Only what the filters let through; `but`: one of them does not count."""
    return {"bool": {"filter": [one for name, one in chosen.items() if name != but]}}


def counting(chosen: Filters, attributes: Sequence[str]) -> Clause:
    """The aggregations of every facet, each behind the filters of all the others."""
    asked: dict[str, Clause] = {facet(name): _values("values", f"{attribute(name)}.*") for name in attributes}
    asked |= {CATEGORY: _values("category"), IN_STOCK: _values("stocked"), PRICE: facets.ranges()}
    return {
        f"f{at}": {"filter": all_of(chosen, but=name), "aggs": {"found": one}}
        for at, (name, one) in enumerate(sorted(asked.items()))
    }


def read(said: Mapping[str, Any], question: Question, attributes: Sequence[str]) -> Facets:
    """What the answer to `counting` says."""
    names = sorted({CATEGORY, IN_STOCK, PRICE, *map(facet, attributes)})
    counted = {name: said[f"f{at}"]["found"]["buckets"] for at, name in enumerate(names)}
    for name in attributes:
        digits = len(attribute(name))
        counted[facet(name)] = [{**one, "key": one["key"][digits:]} for one in counted[facet(name)]]
    return facets.told(counted, question, attributes)


def _values(field: str, include: str | None = None) -> Clause:
    terms = {"field": field, "size": FACET_VALUES}
    return {"terms": terms if include is None else {**terms, "include": include}}
