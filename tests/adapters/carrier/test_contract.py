"""What every adapter of the port `carrier` promises: the simulated one, and one over HTTP that fails; its notices."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from msgspec.structs import replace

from tests.carriers import KEY, LABEL, SECRET, CarrierServer, a_parcel_carrier, notice, number, signed
from tradewind.adapters.carrier.notices import TOLERANCE_S, SignedNotices, UnfitNotice, UnfitSignature
from tradewind.adapters.carrier.rest import rest_carrier
from tradewind.adapters.carrier.simulated import ARRIVES_AFTER, COLLECTS_AFTER, SimulatedCarrier
from tradewind.adapters.json_http import MAX_ANSWER_BYTES
from tradewind.kernel import clock
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.carrier import Booked, Carrier, KeyReused, NotCarried, ParcelToCarry, Stage

PARCEL = ParcelToCarry(
    reference="TW-1",
    weight_g=900,
    length_mm=300,
    width_mm=200,
    height_mm=100,
    address={"name": "Łucja", "line1": "1 Main Street", "country": "GB"},
)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Way(NamedTuple):
    """An adapter; an address that it does not carry to; and its server, where it has one."""

    carrier: Carrier
    nowhere: ParcelToCarry
    server: CarrierServer | None


@pytest_asyncio.fixture(
    params=[
        pytest.param("simulated", marks=pytest.mark.adapter("simulated")),
        pytest.param("rest", marks=pytest.mark.adapter("rest", played=True)),
    ]
)
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Way]:
    if request.param == "simulated":
        yield Way(SimulatedCarrier(tmp_path / "c"), replace(PARCEL, address={"line1": "simulated:refused"}), None)
        return
    async with a_parcel_carrier() as server, rest_carrier(server.url, KEY) as carrier:
        yield Way(carrier, replace(PARCEL, address={"line1": "Nowhere"}), server)


@pytest.fixture
def key() -> str:
    return str(new_id())


async def test_where_the_carrier_does_not_go_nothing_is_booked_however_often_it_is_asked(way: Way, key: str) -> None:
    first = await way.carrier.book(way.nowhere, key)
    assert isinstance(first, NotCarried)
    assert await way.carrier.book(way.nowhere, key) == first
    assert await way.carrier.track(key) in (None, Stage.CANCELED)


async def test_a_key_is_of_one_parcel(way: Way, key: str) -> None:
    booked = await way.carrier.book(PARCEL, key)
    with pytest.raises(KeyReused):
        await way.carrier.book(replace(PARCEL, weight_g=901), key)
    assert await way.carrier.book(PARCEL, key) == booked


async def test_a_parcel_that_many_book_at_once_is_booked_once(way: Way, key: str) -> None:
    answers = await asyncio.gather(*(way.carrier.book(PARCEL, key) for _ in range(8)))
    assert len(set(map(str, answers))) == 1
    other = await way.carrier.book(PARCEL, str(new_id()))
    assert isinstance(other, Booked)
    assert other != answers[0]
    assert await way.carrier.track(key) is Stage.BOOKED


async def test_what_was_canceled_is_never_booked_whichever_came_first(way: Way, key: str) -> None:
    late = str(new_id())
    await way.carrier.book(PARCEL, key)
    for one in (key, key, late):
        assert await way.carrier.cancel(one)
    for one in (key, late):
        assert isinstance(await way.carrier.book(PARCEL, one), NotCarried)
        assert await way.carrier.track(one) in (None, Stage.CANCELED)


async def test_what_the_carrier_has_is_not_canceled(way: Way, key: str) -> None:
    with clock.held(NOW):
        await way.carrier.book(PARCEL, key)
    if way.server is not None:
        way.server.stages[key] = "IN_TRANSIT"
    with clock.held(NOW + COLLECTS_AFTER):
        assert not await way.carrier.cancel(key)
        assert await way.carrier.track(key) is Stage.IN_TRANSIT


async def test_a_parcel_that_was_never_seen_is_nowhere(way: Way, key: str) -> None:
    assert await way.carrier.track(key) is None


@pytest.mark.parametrize("end", [Stage.DELIVERED, Stage.LOST, Stage.RETURNED])
async def test_the_simulated_carrier_does_what_its_script_says(tmp_path: Path, key: str, end: Stage) -> None:
    carrier = SimulatedCarrier(tmp_path)
    with clock.held(NOW):
        await carrier.book(replace(PARCEL, address={"line2": f"at the simulated:{end.lower()}"}), key)
    seen = []
    for after in (timedelta(0), COLLECTS_AFTER, ARRIVES_AFTER):
        with clock.held(NOW + after):
            seen.append(await SimulatedCarrier(tmp_path).track(key))
    assert seen == [Stage.BOOKED, Stage.IN_TRANSIT, end]
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"simulated:" not in held, "no word of an address is kept"


async def test_a_simulated_carrier_that_cannot_write_says_that_it_does_not_know(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "in the way"
    folder.write_text("")
    with pytest.raises(Unavailable):
        await SimulatedCarrier(folder).book(PARCEL, key)


@pytest.mark.parametrize("trouble", ["500", "503", "302", "400", "lost", "garbage", "slow"])
async def test_whatever_hides_the_answer_leaves_it_unknown_and_asking_again_books_once(trouble: str, key: str) -> None:
    async with a_parcel_carrier() as server, rest_carrier(server.url, KEY, timeout_s=0.5) as carrier:
        for ask in (lambda: carrier.book(PARCEL, key), lambda: carrier.cancel("other"), lambda: carrier.track(key)):
            server.script = [trouble, trouble]  # a question that changes nothing is asked twice by aiohttp itself
            with pytest.raises(Unavailable):
                await ask()
            server.script = []
        assert await carrier.book(PARCEL, key) == Booked(tracking_number=number(key))
        assert (server.bookings, server.keys) == (1, {f"Bearer {KEY}"})


async def test_a_carriers_own_label_is_handed_on_and_one_that_is_no_pdf_is_not(key: str) -> None:
    async with a_parcel_carrier() as server, rest_carrier(server.url, None) as carrier:
        server.with_labels = True
        assert await carrier.book(PARCEL, key) == Booked(tracking_number=number(key), label=LABEL)


async def test_a_carrier_that_says_too_much_is_not_heard_out(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_parcel_carrier() as server, rest_carrier(server.url, None) as carrier:
        server.with_labels = True
        monkeypatch.setattr("tests.carriers.LABEL", b"%PDF-" + b"x" * MAX_ANSWER_BYTES)
        with pytest.raises(Unavailable):
            await carrier.book(PARCEL, key)


def test_a_notice_is_heard_while_it_is_fresh() -> None:
    reader = SignedNotices(SECRET)
    for seconds in (-TOLERANCE_S, 0, TOLERANCE_S):
        body, signature = notice(("n", "k"), at=NOW + timedelta(seconds=seconds))
        (heard,) = reader.read(signed(signature), body, NOW)
        assert (heard.notice_id, heard.key) == ("n", "k")


FRESH, SIGNATURE = notice(("n", "k"), at=NOW)
STALE = [notice(("n", "k"), at=NOW + timedelta(seconds=s)) for s in (-TOLERANCE_S - 1, TOLERANCE_S + 1)]
FORGED: list[tuple[bytes, str | None]] = [
    (FRESH, None),
    (FRESH, ""),
    (FRESH + b" ", SIGNATURE),
    (FRESH, SIGNATURE.replace("t=1", "t=2")),
    (FRESH, SIGNATURE.replace("v1=", "v0=")),
    (FRESH, SIGNATURE + "0"),
    (FRESH, "t=²,v1=x"),
    (FRESH, "é" * 300),
    notice(("n", "k"), at=NOW, secret="another"),
    *STALE,
]


@pytest.mark.parametrize(("body", "signature"), FORGED)
def test_a_notice_of_somebody_else_or_of_long_ago_is_not_heard(body: bytes, signature: str | None) -> None:
    with pytest.raises(UnfitSignature):
        SignedNotices(SECRET).read({} if signature is None else signed(signature), body, NOW)


@pytest.mark.parametrize("pairs", [(("", "k"),), (("n", ""),), (("n" * 101, "k"),)])
def test_a_notice_that_cannot_be_read_is_refused(pairs: tuple[tuple[str, str], ...]) -> None:
    body, signature = notice(*pairs, at=NOW)
    with pytest.raises(UnfitNotice):
        SignedNotices(SECRET).read(signed(signature), body, NOW)
