"""What every keeper of documents must do, whichever engine it is. An adapter added here must pass all of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest

from tests.adapters.documents.conftest import Keeper
from tradewind.kernel.ids import MAX_ID, new_id
from tradewind.kernel.pages import LAST_MOMENT
from tradewind.ports.documents import (
    MAX_FOUND,
    MAX_PUT,
    NOWHERE,
    Collection,
    Document,
    Documents,
    DocumentsAway,
    Gone,
    Reached,
)
from tradewind.runtime import failpoints

LETTERS: Final = Collection("letters", ("to", "state"))
NOON: Final = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FIRST: Final = (LAST_MOMENT, MAX_ID)
"""Where a list begins."""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


def letter(
    version: int = 1,
    *,
    of: UUID | None = None,
    at: datetime = NOON,
    to: str = "ann",
    body: Any = None,
    state: str = "NEW",
) -> Document:
    return Document(id=of or new_id(), version=version, at=at, keys={"to": to, "state": state}, body=body or {})


async def put(documents: Documents, *changes: Document | Gone, collection: Collection = LETTERS) -> None:
    await documents.put(collection, changes, Reached(1, max(one.id for one in changes)))


async def found(documents: Documents, words: Mapping[str, str] | None = None, many: int = 100) -> Sequence[Document]:
    return list(await documents.find(LETTERS, words or {}, FIRST, many))


async def test_where_nothing_was_put_nothing_is_found_and_nowhere_is_reached(documents: Documents) -> None:
    assert await found(documents) == []
    assert await documents.reached(LETTERS) == NOWHERE


async def test_more_than_the_limits_and_keys_that_it_has_not_are_refused_and_nothing_is_put(
    documents: Documents,
) -> None:
    with pytest.raises(ValueError, match="at most"):
        await put(documents, *(letter() for _ in range(MAX_PUT + 1)))
    with pytest.raises(ValueError, match="at most"):
        await found(documents, many=MAX_FOUND + 1)
    with pytest.raises(ValueError, match="not looked for by colour"):
        await found(documents, {"colour": "red"})
    assert await found(documents) == []
    assert await documents.reached(LETTERS) == NOWHERE


async def test_documents_are_newest_first_and_go_on_behind_any_key_also_among_those_of_one_moment(
    documents: Documents,
) -> None:
    letters = [letter(at=NOON + timedelta(microseconds=number // 3)) for number in range(10)]
    await put(documents, *letters)
    expected = sorted(((one.at, one.id) for one in letters), reverse=True)
    assert [(one.at, one.id) for one in await found(documents)] == expected
    walked, key = [], FIRST
    while page := await documents.find(LETTERS, {"to": "ann"}, key, 3):
        walked += [(one.at, one.id) for one in page]
        key = walked[-1]
    assert walked == expected
    assert await found(documents, many=0) == []


async def test_only_those_with_every_word_that_is_asked_for_are_found(documents: Documents) -> None:
    ann, ben, sent = letter(), letter(to="ben"), letter(state="SENT", at=NOON + timedelta(seconds=1))
    await put(documents, ann, ben, sent)
    assert await found(documents, {"to": "ann"}) == [sent, ann]
    assert await found(documents, {"to": "ann", "state": "SENT"}) == [sent]
    assert await found(documents, {"to": "ben", "state": "SENT"}) == []
    odd = letter(to="""x'; DROP TABLE documents; -- {"$ne": "é"}""")
    await put(documents, odd)
    assert await found(documents, odd.keys) == [odd]


async def test_a_body_of_any_shape_comes_back_as_it_was(documents: Documents) -> None:
    shapes: Sequence[Mapping[str, Any]] = (
        {"text": "é\n'\"\\ \U0001f600", "none": None, "yes": True, "large": 2**62, "small": -1, "part": 0.5},
        {"nested": {"list": [{"a": {"b": 1}}, {}, "2", None], "empty": {}, "none": []}},
        {},
    )
    letters = [letter(body=body, at=NOON + timedelta(seconds=number)) for number, body in enumerate(shapes)]
    await put(documents, *letters)
    assert await found(documents) == letters[::-1]


async def test_what_comes_twice_shows_once(documents: Documents) -> None:
    one, other = letter(3), letter(4, at=NOON + timedelta(seconds=1))
    for changes in ((one,), (one, other), (other, one, one), (one,)):
        await put(documents, *changes)
    assert await found(documents) == [other, one]


async def test_an_older_version_that_comes_late_overwrites_nothing(documents: Documents) -> None:
    old, new = letter(1, state="NEW", body={"n": 1}), letter(2, state="SENT", body={"m": 2})
    new = Document(id=old.id, version=2, at=old.at, keys=new.keys, body=new.body)
    for changes in ((new,), (old,), (new, old), (old, new)):
        await put(documents, *changes)
        assert await found(documents) == [new]
    assert await found(documents, {"state": "NEW"}) == []


async def test_what_is_gone_leaves_nothing_and_no_older_version_brings_it_back(documents: Documents) -> None:
    one, never_seen, other = letter(5), letter(5), letter(5)
    await put(documents, one, other)
    await put(documents, Gone(id=one.id, version=6), Gone(id=never_seen.id, version=6))
    await put(documents, one, never_seen, Gone(id=other.id, version=4))
    assert await found(documents) == [other]
    again = Document(id=one.id, version=7, at=NOON + timedelta(seconds=1), keys=one.keys, body={})
    await put(documents, again)
    assert await found(documents) == [again, other]


@pytest.mark.parametrize("seed", range(3))
async def test_versions_in_any_sequence_by_two_at_once_come_to_the_greatest(keeper: Keeper, seed: int) -> None:
    chance, ids = Random(seed), [new_id() for _ in range(12)]
    told: list[Document | Gone] = [
        Gone(id=one, version=version)
        if chance.random() < 0.2
        else letter(version, of=one, at=NOON + timedelta(seconds=number), body={"v": version})
        for number, one in enumerate(ids)
        for version in range(1, 9)
    ]
    last = [one for one in told if one.version == 8 and isinstance(one, Document)]
    shuffled = [chance.sample(told, len(told)) for _ in range(2)]
    for begin in range(0, len(told), 16):
        await keeper.together(*(put(keeper.documents, *one[begin : begin + 16]) for one in shuffled))
    assert await found(keeper.documents) == last[::-1]


async def test_how_far_they_are_never_goes_back(documents: Documents) -> None:
    low, high = sorted((new_id(), new_id()))
    for upto in (Reached(5, low), Reached(5, high), Reached(4, high), Reached(5, low), Reached(5, high)):
        await documents.put(LETTERS, [], upto)
    assert await documents.reached(LETTERS) == Reached(5, high)


async def test_who_dies_before_the_place_is_noted_puts_it_again_and_it_shows_once(documents: Documents) -> None:
    one = letter()
    failpoints.arm({"documents.before_reached": "raise"})
    with pytest.raises(failpoints.FailpointHit):
        await put(documents, one)
    assert await documents.reached(LETTERS) == NOWHERE
    failpoints.arm({})
    await put(documents, one)
    assert (await found(documents), await documents.reached(LETTERS)) == ([one], Reached(1, one.id))


async def test_collections_know_nothing_of_each_other(documents: Documents) -> None:
    notes, one = Collection("notes", ("to",)), letter(2)
    await put(documents, one)
    await put(documents, Gone(id=one.id, version=9), collection=notes)
    assert await found(documents) == [one]
    assert await documents.find(notes, {"to": "ann"}, FIRST, 9) == []


async def test_as_many_as_are_allowed_are_put_and_found_at_once(documents: Documents) -> None:
    letters = [letter(at=NOON + timedelta(seconds=number)) for number in range(MAX_PUT)]
    await put(documents, *letters)
    assert await found(documents, many=MAX_FOUND) == letters[::-1]


async def test_what_somebody_wiped_says_that_nothing_is_there(keeper: Keeper) -> None:
    one = letter(9)
    await put(keeper.documents, one)
    await keeper.dropped()
    assert (await found(keeper.documents), await keeper.documents.reached(LETTERS)) == ([], NOWHERE)
    await put(keeper.documents, one)
    assert await found(keeper.documents) == [one]


async def test_an_engine_that_is_away_is_told_by_the_ports_own_refusal(keeper: Keeper) -> None:
    away = await keeper.away()
    for _ in range(2):
        with pytest.raises(DocumentsAway):
            await away.reached(LETTERS)
        with pytest.raises(DocumentsAway):
            await put(away, letter())
        with pytest.raises(DocumentsAway):
            await found(away)


async def test_an_engine_that_hangs_holds_nobody_up_and_has_lost_nothing_afterwards(keeper: Keeper) -> None:
    one = letter()
    await put(keeper.documents, one)
    async with keeper.hanging() as slow:
        with pytest.raises(DocumentsAway):
            await slow.reached(LETTERS)
        with pytest.raises(DocumentsAway):
            await found(slow)
    assert await found(keeper.documents) == [one]
