"""The folder of mails: one file a mail, and a user's go when the user goes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tradewind.adapters.mail.folder import FolderMail
from tradewind.kernel.ids import new_id
from tradewind.ports.mail import Mail


def a_mail(user_id: str = "ada", recipient: str = "ada@example.org") -> Mail:
    written_at = datetime(2026, 11, 21, tzinfo=UTC)
    return Mail(id=new_id(), recipient=recipient, subject="Hello", body="x", written_at=written_at, user_id=user_id)


async def test_a_header_of_somebodys_own_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        await FolderMail(tmp_path).send(a_mail(recipient="ada@example.org\nBcc: all@example.org"))
    assert list(tmp_path.iterdir()) == []


async def test_the_same_mail_again_is_the_same_file(tmp_path: Path) -> None:
    mails, mail = FolderMail(tmp_path), a_mail()
    await mails.send(mail)
    await mails.send(mail)
    assert [path.name for path in tmp_path.iterdir()] == [f"ada.{mail.id}.eml"]


@pytest.mark.parametrize("user_id", ["ada", "", "*", "../*", "ada.*"])
async def test_a_user_is_forgotten_and_nobody_else(tmp_path: Path, user_id: str) -> None:
    mails, theirs, others = FolderMail(tmp_path / "mail"), a_mail(), a_mail("ada-2")
    outside = tmp_path / "x.y.eml"
    outside.touch()
    await mails.forget(user_id)
    await mails.send(theirs)
    await mails.send(others)
    await mails.forget(user_id)
    left = {path.name for path in (tmp_path / "mail").iterdir()}
    assert left == {f"ada-2.{others.id}.eml"} | (set() if user_id.startswith("ada") else {f"ada.{theirs.id}.eml"})
    assert outside.exists()
