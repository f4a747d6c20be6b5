"""By which version products were put last, in a file beside a build: so that what is late undoes nothing.

Whoever has the build's writer reads it and puts another one in its place, before the commit: of one that dies in
between, what it was to put waits and is put again by a higher version, so what is late may be left out already. It does
not wait for the disk: who is late does not outlive the machine either, and a file that is damaged has all built anew.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from tradewind.adapters.search.writing import trouble
from tradewind.ports.search import ProductDocument

FILE: Final = "versions"
KEPT: Final = 2_000
"""Products that are remembered, those of the highest versions."""
_encode: Final = msgspec.msgpack.Encoder().encode


class Versions(Struct, array_like=True):
    """Of products, by id. Of those that are not remembered none is taken to be below `floor`.

    Puts have first what has waited longest, so what one that is so late had to say was said by who replaced it.
    """

    floor: int = 0
    newest: dict[UUID, int] = {}

    def is_late(self, product_id: UUID, version: int) -> bool:
        """Whether somebody has put it by a higher one."""
        return version < self.newest.get(product_id, self.floor)

    def note(self, product_ids: Iterable[UUID], version: int) -> None:
        """These are of this one now."""
        self.newest.update(dict.fromkeys(product_ids, version))
        for product_id in sorted(self.newest, key=self.newest.__getitem__)[: max(0, len(self.newest) - KEPT)]:
            self.floor = max(self.floor, self.newest.pop(product_id))


_decode: Final = msgspec.msgpack.Decoder(Versions).decode


def begun(build: Path, version: int | None) -> None:
    """All of a build is of this version."""
    if version is not None:
        _write(build, Versions(version))


def in_time(
    build: Path, documents: Sequence[ProductDocument], gone: Sequence[UUID], version: int | None
) -> tuple[Sequence[ProductDocument], Sequence[UUID]]:
    """Those that nobody has put by a higher version; it is noted that they are of this one."""
    if version is None:
        return documents, gone
    with trouble():
        known = _read(build)
        documents = [one for one in documents if not known.is_late(one.id, version)]
        gone = [product_id for product_id in gone if not known.is_late(product_id, version)]
        known.note((*gone, *(one.id for one in documents)), version)
        _write(build, known)
    return documents, gone


def _read(build: Path) -> Versions:
    try:
        return _decode((build / FILE).read_bytes())
    except FileNotFoundError:
        return Versions()


def _write(build: Path, known: Versions) -> None:
    draft = build / f"{FILE}.draft"
    draft.write_bytes(_encode(known))
    draft.replace(build / FILE)
