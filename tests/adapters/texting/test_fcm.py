"""Notes by Firebase Cloud Messaging: its own words for a device that is gone, its tokens, and files that are none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.adapters.texting.test_contract import a_text
from tests.firebase import Firebase, a_firebase
from tradewind.adapters.texting.fcm import FcmNotes, ServiceAccount, fcm_notes
from tradewind.kernel.clock import held, now
from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Undeliverable


@asynccontextmanager
async def both() -> AsyncIterator[tuple[Firebase, FcmNotes]]:
    """The provider and its client."""
    async with a_firebase() as firebase, fcm_notes(firebase.account, firebase.url) as notes:
        yield firebase, notes


@pytest.mark.parametrize("word", ["UNREGISTERED", "SENDER_ID_MISMATCH", "INVALID_ARGUMENT"])
async def test_a_device_that_is_gone_or_somebody_elses_is_undeliverable(word: str) -> None:
    async with both() as (firebase, notes):
        firebase.script = [word]
        with pytest.raises(Undeliverable):
            await notes.send(a_text())
        assert firebase.took == []


@pytest.mark.parametrize("word", ["404", "403", "400", "429", "503", "302", "lost", "QUOTA_EXCEEDED"])
async def test_trouble_of_the_provider_or_of_our_account_is_not_the_devices(word: str) -> None:
    async with both() as (firebase, notes):
        firebase.script = [word]
        with pytest.raises(Unavailable):
            await notes.send(a_text())


async def test_a_token_is_asked_for_once_and_again_before_it_ends() -> None:
    async with both() as (firebase, notes):
        for minutes_ago, tokens in ((56, 1), (56, 1), (2, 1), (0, 2)):
            with held(now() - timedelta(minutes=minutes_ago)):
                await notes.send(a_text())
            assert firebase.tokens == tokens
        assert len(firebase.took) == 4


async def test_a_token_that_is_refused_is_thrown_away_and_the_same_note_goes_with_the_next() -> None:
    async with both() as (firebase, notes):
        text = a_text()
        await notes.send(text)
        firebase.tokens += 1  # the provider takes no older ones any more
        with pytest.raises(Unavailable):
            await notes.send(text)
        await notes.send(text)
        assert list(firebase.shown) == [str(text.id)]


async def test_a_stranger_gets_no_token() -> None:
    async with a_firebase() as firebase:
        stranger = msgspec.structs.replace(firebase.account, client_email="stranger@project.iam.example")
        async with fcm_notes(stranger, firebase.url) as notes:
            with pytest.raises(Unavailable, match="No token"):
                await notes.send(a_text())
        assert (firebase.tokens, firebase.took) == (0, [])


@pytest.mark.parametrize("content", ["", "{}", '{"project_id": "p"}', None])
async def test_a_file_that_is_no_account_is_refused_without_showing_it(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "account.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match="must be the file"):
        ServiceAccount.read(file)


async def test_the_file_that_the_console_hands_out_is_read(tmp_path: Path) -> None:
    async with a_firebase() as firebase:
        file = tmp_path / "account.json"
        console = {"type": "service_account", "client_id": "1", **msgspec.to_builtins(firebase.account)}
        file.write_bytes(msgspec.json.encode(console))
        assert ServiceAccount.read(file) == firebase.account
