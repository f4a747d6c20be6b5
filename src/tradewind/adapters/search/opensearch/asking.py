"""What a text means, in OpenSearch's terms: what `asking` beside it says to tantivy, clause by clause.

What was typed only ever stands where a value stands, never where a clause, a field or a pattern does: words hold
nothing but letters and digits.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tradewind.adapters.search.asking import (
    AS_SYNONYM,
    IN_MAKERS,
    IN_NAME,
    IN_NAME_AS_STEM,
    IN_REST,
    MISSPELT_BEGINNING,
    NAME_IN_ORDER,
    OTHERS,
    SHORTEST_DOUBTED,
    WHOLE_NAME,
    Asking,
    Span,
    is_doubted,
    needed,
    worth,
)
from tradewind.adapters.search.fields import stem
from tradewind.adapters.search.synonyms import Phrase

Clause = dict[str, Any]
EVERYTHING: Final[Clause] = {"match_all": {}}


class Known:
    """What the index says of words before it is asked for what they find."""

    def __init__(self, everything: int, used: Mapping[str, int]) -> None:
        self.everything, self.used = everything, used


def counted(asking: Asking) -> Clause:
    """The aggregations that `Known` is read from."""
    return {f"w{at}": {"filter": {"term": {"words": word}}} for at, word in enumerate(asking.words)}


def query(asking: Asking, known: Known, *, lenient: bool = False) -> Clause:
    """What matches, by how well. `lenient`: one word of the text is enough. A text without words asks for all."""
    if not asking.words:
        return EVERYTHING
    wanted = [_span(span, known) for span in asking.spans()]
    text = " ".join(asking.words)
    better: list[Clause] = [{"constant_score": {"filter": {"term": {"whole": text}}, "boost": WHOLE_NAME}}]
    if len(asking.words) > 1:
        better.append(_phrase("name", asking.words, NAME_IN_ORDER))
    must = {"bool": {"should": wanted, "minimum_should_match": needed(len(wanted), lenient=lenient)}}
    return {"bool": {"must": [must], "should": better}}


def ranked(matching: Clause) -> Clause:
    """Among equals the more popular first."""
    return {"function_score": {"query": matching, "field_value_factor": {"field": "lift"}, "boost_mode": "multiply"}}


def _span(span: Span, known: Known) -> Clause:
    last = len(span.words) - 1
    mine = [_word(word, known, beginning=span.last and at == last) for at, word in enumerate(span.words)]
    said = mine[0] if len(mine) == 1 else {"bool": {"must": mine}}
    return _best([said, *map(_synonym, span.meant)]) if span.meant else said


def _word(word: str, known: Known, *, beginning: bool) -> Clause:
    root, used = stem(word), known.used[word]
    guessed = worth(used, known.everything)
    places = [
        _term("name", word, IN_NAME),
        _term("name_stem", root, IN_NAME_AS_STEM),
        _term("makers", word, IN_MAKERS),
        _term("rest", root, IN_REST),
    ]
    if beginning:
        places.append({"prefix": {"words": {"value": word, "boost": guessed}}})
    if is_doubted(word, used):
        near = {"value": word, "fuzziness": 1, "rewrite": "constant_score", "boost": guessed}
        places.append({"fuzzy": {"words": near}})
        if beginning and len(word) >= SHORTEST_DOUBTED:
            near = {"value": misspelt_beginning(word), "flags": "NONE", "boost": guessed * MISSPELT_BEGINNING}
            places.append({"regexp": {"words": near}})
    return _best(places)


def misspelt_beginning(word: str) -> str:
    """The pattern of words that begin like this one, but for one letter: another, one more, one less, two exchanged."""
    forms = {word[:at] + ".?" + word[at:] for at in range(len(word) + 1)}
    forms |= {word[:at] + ".?" + word[at + 1 :] for at in range(len(word))}
    forms |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    return f"({'|'.join(sorted(forms))}).*"


def _synonym(phrase: Phrase) -> Clause:
    places = (("name_stem", IN_NAME_AS_STEM * AS_SYNONYM), ("rest", IN_REST * AS_SYNONYM))
    return _best([
        _term(field, phrase[0], boost) if len(phrase) == 1 else _phrase(field, phrase, boost) for field, boost in places
    ])  # fmt: skip


def _best(clauses: Sequence[Clause]) -> Clause:
    return {"dis_max": {"queries": list(clauses), "tie_breaker": OTHERS}}


def _term(field: str, word: str, boost: float) -> Clause:
    return {"term": {field: {"value": word, "boost": boost}}}


def _phrase(field: str, words: Sequence[str], boost: float) -> Clause:
    return {"match_phrase": {field: {"query": " ".join(words), "boost": boost}}}
