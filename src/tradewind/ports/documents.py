"""Where documents lie that people look at: whole, by id, under a few keys. Their schema is their own.

A document here is a copy of something whose own rows stay what counts. Who keeps the documents and is away raises
`DocumentsAway`; the caller looks into its rows.

- **Writing.** Of what is put under an id the greatest version counts, in whichever sequence and however often versions
  come. `Gone` is a version too: it leaves nothing but the id, and no older one comes back. Put has everything,
  durably, before it notes how far it came; one that raised may be there in part, and is to be repeated.
- **Reached** is noted beside the documents, and never goes back: who wipes them has them put anew.
- **Finding.** The newest first, equals by id; only documents that have all the words asked for.
- **Times** are exact to the microsecond. A body is what JSON can say, whole numbers below 2**63.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from msgspec import Struct

from tradewind.kernel.errors import Unavailable

MAX_PUT: Final = 200
"""Documents that are put at once: few enough that a slow engine gets on as well."""
MAX_FOUND: Final = 1_000
"""Documents that one question is answered with."""


class DocumentsAway(Unavailable):
    """The documents cannot be asked or written right now."""


class Collection(NamedTuple):
    """Documents of one kind, and the keys by which they are looked for."""

    name: str
    keys: tuple[str, ...]


class Document(Struct, frozen=True, kw_only=True):
    """One version of a document. `at` never changes, `keys` are words by the names of its collection's keys."""

    id: UUID
    version: int
    at: datetime
    keys: Mapping[str, str]
    body: Mapping[str, Any]


class Gone(Struct, frozen=True, kw_only=True):
    """The version after which there is no document."""

    id: UUID
    version: int


class Reached(NamedTuple):
    """A place among the changes of a collection: everything up to it is there."""

    stamp: int
    id: UUID


NOWHERE: Final = Reached(0, UUID(int=0))
"""Before all changes."""


class Documents(Protocol):
    """Everything that is asked of the keeper of documents."""

    async def reached(self, collection: Collection) -> Reached:
        """How far they are; NOWHERE where nothing is there. Raises DocumentsAway."""
        ...

    async def put(self, collection: Collection, changes: Sequence[Document | Gone], upto: Reached) -> None:
        """Have these, MAX_PUT at most; then they are as far as `upto`. Raises DocumentsAway; ValueError for more."""
        ...

    async def find(
        self, collection: Collection, words: Mapping[str, str], before: tuple[datetime, UUID], many: int
    ) -> Sequence[Document]:
        """At most `many` that lie before a place and have all `words`, by key. Raises DocumentsAway.

        ValueError: a key is none of the collection's, or `many` is more than MAX_FOUND.
        """
        ...
