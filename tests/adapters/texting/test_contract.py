"""What every adapter of the port `texting` promises: the folder, a carrier over HTTP and a provider that fail."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import pytest_asyncio

from tests.firebase import Firebase, a_firebase
from tests.receivers import Carrier, a_carrier
from tradewind.adapters.texting.fcm import fcm_notes
from tradewind.adapters.texting.folder import FolderTexts
from tradewind.adapters.texting.http import http_texts
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.mail import Undeliverable
from tradewind.ports.texting import Carriage, Text, Texter


class Way(NamedTuple):
    """An adapter; what was taken, by id; and how to have it fail."""

    texter: Texter
    shown: Callable[[], dict[str, Any]]
    fail: Callable[[bool], None]


def a_text(**more: Any) -> Text:
    given: dict[str, Any] = {
        "id": new_id(), "carriage": Carriage.SMS, "recipient": "+447911123456", "title": "Grüße", "body": "Straße 1",
        "written_at": datetime(2026, 11, 28, tzinfo=UTC), "user_id": "ada",
    }  # fmt: skip
    return Text(**(given | more))


def in_folder(folder: Path) -> Way:
    def shown() -> dict[str, Any]:
        found = [msgspec.json.decode(path.read_bytes()) for path in folder.glob("*.json")]
        return {one["id"]: one for one in found}

    def fail(fails: bool) -> None:
        if fails:
            folder.write_text("in the way")
        else:
            folder.unlink()

    return Way(FolderTexts(folder), shown, fail)


def over_http(texter: Texter, carrier: Carrier) -> Way:
    def fail(fails: bool) -> None:
        carrier.script = ["503"] if fails else []

    return Way(texter, lambda: carrier.shown, fail)


def by_fcm(texter: Texter, firebase: Firebase) -> Way:
    def fail(fails: bool) -> None:
        firebase.script = ["503"] if fails else []

    return Way(texter, lambda: firebase.shown, fail)


@pytest_asyncio.fixture(
    params=[
        pytest.param("folder", marks=pytest.mark.adapter("folder")),
        pytest.param("http", marks=pytest.mark.adapter("http", played=True)),
        pytest.param("fcm", marks=pytest.mark.adapter("fcm", played=True)),
    ]
)
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Way]:
    if request.param == "folder":
        yield in_folder(tmp_path / "texts")
        return
    if request.param == "fcm":
        async with a_firebase() as firebase, fcm_notes(firebase.account, firebase.url) as texter:
            yield by_fcm(texter, firebase)
        return
    async with a_carrier() as carrier, http_texts(carrier.url, None) as texter:
        yield over_http(texter, carrier)


async def test_a_text_that_may_not_have_been_taken_is_not_said_to_be_sent(way: Way) -> None:
    text = a_text()
    way.fail(True)
    with pytest.raises(Unavailable):
        await way.texter.send(text)
    way.fail(False)
    await way.texter.send(text)
    assert list(way.shown()) == [str(text.id)]


async def test_the_same_text_again_is_the_same_text(way: Way) -> None:
    text, other = a_text(), a_text()
    for one in (text, other, text):
        await way.texter.send(one)
    assert way.shown().keys() == {str(text.id), str(other.id)}
    assert {(one["title"], one["body"]) for one in way.shown().values()} == {("Grüße", "Straße 1")}


async def test_a_folder_forgets_who_is_gone_and_nobody_else(tmp_path: Path) -> None:
    way, theirs, others = in_folder(tmp_path / "texts"), a_text(), a_text(user_id="ada-2")
    for text in (theirs, others):
        await way.texter.send(text)
    await way.texter.forget("ada")
    await way.texter.forget("ada")
    assert list(way.shown()) == [str(others.id)]


@pytest.mark.parametrize(("status", "refusal"), [("404", Undeliverable), ("410", Undeliverable), ("401", Unavailable)])
async def test_a_carriers_no_is_told_from_its_trouble(status: str, refusal: type[Exception]) -> None:
    async with a_carrier() as carrier, http_texts(carrier.url, "key") as texter:
        carrier.script = [status]
        with pytest.raises(refusal):
            await texter.send(a_text())
        assert carrier.took == []


async def test_an_answer_that_was_lost_is_unavailable_and_a_redirect_is_not_followed() -> None:
    async with a_carrier() as carrier, http_texts(carrier.url, None) as texter:
        carrier.script = ["lost", "302"]
        for _ in range(2):
            with pytest.raises(Unavailable):
                await texter.send(a_text())
        assert len(carrier.took) == 1
