"""What a text means to the index: for each word, where it may stand and how it may be misspelt; nothing is syntax."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tantivy import Occur, Query, Schema, Searcher

from tradewind.adapters.search.fields import stem, words
from tradewind.adapters.search.synonyms import MAX_PHRASE, Phrase, Synonyms
from tradewind.ports.search import MAX_TEXT

MAX_WORDS: Final = 12
"""Words of a text that count; they cost about the same each."""
SHORTEST_MISSPELT: Final = 3
"""Letters from which on a word that nobody uses may be a misspelt one."""
SHORTEST_DOUBTED: Final = 4
"""Letters from which on a word that is used may be a misspelt one, or the beginning of one."""
LONGEST_MISSPELT: Final = 30
IN_NAME: Final = 3.0
IN_NAME_AS_STEM: Final = 2.0
IN_MAKERS: Final = 2.0
IN_REST: Final = 0.6
AS_SYNONYM: Final = 0.7
WHOLE_NAME: Final = 25.0
NAME_IN_ORDER: Final = 4.0
MISSPELT: Final = 8.0
"""What a word one letter off is worth where the word itself is not in use."""
MISSPELT_SHARE: Final = 0.5
"""What it is worth beside the word itself, where that is in use."""
MISSPELT_BEGINNING: Final = 0.5
OTHERS: Final = 0.1
"""What a word's second-best place adds to its best."""
SPARE: Final = 4
"""One word of so many may be missing."""


class Span(NamedTuple):
    """A word, or several that have a synonym together. `last`: the text ends here with what may be a beginning."""

    words: tuple[str, ...]
    last: bool
    meant: tuple[Phrase, ...]


class Asking:
    """One text, as words. `beginning`: its last word may go on."""

    def __init__(self, text: str, synonyms: Synonyms) -> None:
        text = text[:MAX_TEXT]
        self.words = words(text)[:MAX_WORDS]
        self.beginning = bool(text) and not text[-1].isspace()
        self._synonyms = synonyms

    def query(self, schema: Schema, searcher: Searcher, *, lenient: bool = False) -> Query:
        """What matches, by how well. `lenient`: one word of the text is enough. A text without words asks for all."""
        if not self.words:
            return Query.all_query()
        clauses = _Clauses(schema, searcher)
        wanted = [_span(clauses, span) for span in self.spans()]
        must = needed(len(wanted), lenient=lenient)
        matches = Query.boolean_query([(Occur.Should, one) for one in wanted], minimum_number_should_match=must)
        better = [
            Query.boost_query(Query.const_score_query(clauses.term("whole", " ".join(self.words)), 1), WHOLE_NAME)
        ]
        if len(self.words) > 1:
            better.append(Query.boost_query(Query.phrase_query(schema, "name", list(self.words)), NAME_IN_ORDER))
        return Query.boolean_query([(Occur.Must, matches), *((Occur.Should, one) for one in better)])

    def spans(self) -> Iterator[Span]:
        """One for each word, or for several that have a synonym together."""
        stems, at = [stem(word) for word in self.words], 0
        while at < len(stems):
            length, meant = self._meant(stems, at)
            end = at + length
            yield Span(tuple(self.words[at:end]), self.beginning and end == len(stems), meant)
            at = end

    def _meant(self, stems: Sequence[str], at: int) -> tuple[int, tuple[Phrase, ...]]:
        for length in range(min(MAX_PHRASE, len(stems) - at), 0, -1):
            if meant := self._synonyms.of(stems[at : at + length]):
                return length, meant
        return 1, ()


def needed(spans: int, *, lenient: bool) -> int:
    """How many of so many must be there. `lenient`: one is enough."""
    return 1 if lenient else spans - spans // SPARE


def worth(used: int, everything: int) -> float:
    """What a guess is worth: never more than half of the word itself, which is worth more the rarer it is."""
    if not used:
        return MISSPELT
    return min(MISSPELT, MISSPELT_SHARE * IN_NAME * math.log(1 + (everything - used + 0.5) / (used + 0.5)))


def is_doubted(word: str, used: int) -> bool:
    """Whether it may be a misspelt one."""
    return (SHORTEST_DOUBTED if used else SHORTEST_MISSPELT) <= len(word) <= LONGEST_MISSPELT


def _span(clauses: "_Clauses", span: Span) -> Query:
    mine = [clauses.word(word, beginning=span.last and at == len(span.words) - 1) for at, word in enumerate(span.words)]
    said = mine[0] if len(mine) == 1 else Query.boolean_query([(Occur.Must, one) for one in mine])
    return clauses.best([said, *map(clauses.synonym, span.meant)]) if span.meant else said


class _Clauses:
    """Makes queries against one state of the index."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self._searcher = searcher

    def term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)

    def best(self, queries: Sequence[Query]) -> Query:
        return Query.disjunction_max_query(queries, OTHERS)

    def word(self, word: str, *, beginning: bool) -> Query:
        """The word in any place and form; as the beginning of a word; one letter off."""
        root = stem(word)
        places = [
            Query.boost_query(self.term("name", word), IN_NAME),
            Query.boost_query(self.term("name_stem", root), IN_NAME_AS_STEM),
            Query.boost_query(self.term("makers", word), IN_MAKERS),
            Query.boost_query(self.term("rest", root), IN_REST),
        ]
        used = self._searcher.doc_freq("words", word)
        guessed = worth(used, self._searcher.num_docs)
        if beginning:
            places.append(Query.boost_query(self._near(word, distance=0, prefix=True), guessed))
        if is_doubted(word, used):
            places.append(Query.boost_query(self._near(word, distance=1, prefix=False), guessed))
            if beginning and len(word) >= SHORTEST_DOUBTED:
                places.append(
                    Query.boost_query(self._near(word, distance=1, prefix=True), guessed * MISSPELT_BEGINNING)
                )
        return self.best(places)

    def synonym(self, phrase: Phrase) -> Query:
        """What was not said, but may be meant."""
        places = [
            Query.boost_query(
                self.term(field, phrase[0])
                if len(phrase) == 1
                else Query.phrase_query(self._schema, field, list(phrase)),
                boost * AS_SYNONYM,
            )
            for field, boost in (("name_stem", IN_NAME_AS_STEM), ("rest", IN_REST))
        ]
        return self.best(places)

    def _near(self, word: str, *, distance: int, prefix: bool) -> Query:
        return Query.fuzzy_term_query(self._schema, "words", word, distance, True, prefix)
