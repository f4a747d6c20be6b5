"""What every keeper of documents refuses, and what it makes of versions that come together."""

from collections.abc import Mapping, Sequence

from tradewind.ports.documents import MAX_FOUND, MAX_PUT, Collection, Document, Gone


def newest(changes: Sequence[Document | Gone]) -> list[Document | Gone]:
    """Of each id the greatest version, by id: two who put the same take them in the same sequence."""
    if len(changes) > MAX_PUT:
        raise ValueError(f"{len(changes)} documents at once; at most {MAX_PUT} are put")
    found: dict[str, Document | Gone] = {}
    for one in changes:
        if (known := found.get(str(one.id))) is None or known.version < one.version:
            found[str(one.id)] = one
    return [found[key] for key in sorted(found)]


def check(collection: Collection, words: Mapping[str, str], many: int) -> None:
    """Raises ValueError where the port says so."""
    if unknown := words.keys() - set(collection.keys):
        raise ValueError(f"{collection.name} are not looked for by {min(unknown)}")
    if many > MAX_FOUND:
        raise ValueError(f"{many} documents wanted; at most {MAX_FOUND} are found at once")
