"""What every adapter of the port `mail` promises, shown by the folder of mails."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from tradewind.adapters.mail.folder import FolderMail, MailNotWritten
from tradewind.kernel.errors import Unavailable
from tradewind.kernel.ids import new_id
from tradewind.ports.mail import Mail

pytestmark = pytest.mark.adapter("folder")


def a_mail(**more: Any) -> Mail:
    given: dict[str, Any] = {
        "id": new_id(),
        "recipient": "ada@shop.test",
        "subject": "Your order",
        "body": "It is on its way.\n",
        "written_at": datetime(2026, 11, 21, tzinfo=UTC),
    }
    return Mail(**(given | more))


def read(folder: Path) -> Any:
    [path] = folder.iterdir()
    return message_from_bytes(path.read_bytes(), policy=default)


@pytest.mark.parametrize(
    "more",
    [
        {"subject": "Your order\r\nBcc: everybody@shop.test"},
        {"subject": "Your order\nX: y"},
        {"recipient": "ada@shop.test\r\nBcc: everybody@shop.test"},
        {"recipient": "ada@shop.test\n\nHello"},
        {"subject": "Your order\u2028X: y"},
        {"unsubscribe_url": "https://shop.test/\r\nX: y"},
    ],
)
async def test_nobody_writes_headers_of_their_own(tmp_path: Path, more: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"(?i)linefeed|newline|header|carriage"):
        await FolderMail(tmp_path / "mail").send(a_mail(**more))
    assert not (tmp_path / "mail").exists()


async def test_a_mail_that_may_not_have_been_taken_is_not_said_to_be_sent(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(MailNotWritten) as refusal:
        await FolderMail(tmp_path / "mail").send(a_mail())
    assert isinstance(refusal.value, Unavailable)


async def test_the_same_mail_again_is_the_same_mail(tmp_path: Path) -> None:
    mailer, mail = FolderMail(tmp_path / "mail"), a_mail()
    await mailer.send(mail)
    [path] = (tmp_path / "mail").iterdir()
    before = path.read_bytes()
    await FolderMail(tmp_path / "mail").send(mail)
    [path] = (tmp_path / "mail").iterdir()
    assert path.read_bytes() == before


async def test_a_mail_says_what_it_was_given_and_only_the_shop_can_read_it(tmp_path: Path) -> None:
    mail = a_mail(subject="Grüße an Zoë", body="Straße 1 – bitte.\n" + "x" * 200 + "\n", recipient="zoe@shop.test")
    await FolderMail(tmp_path / "mail").send(mail)
    found = read(tmp_path / "mail")
    assert (found["Subject"], found["To"]) == ("Grüße an Zoë", "zoe@shop.test")
    assert found["Message-ID"] == f"<{mail.id}@tradewind.localhost>"
    assert found["Date"].datetime == mail.written_at
    assert found.get_content().replace("\r\n", "\n") == mail.body
    [path] = (tmp_path / "mail").iterdir()
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700


async def test_a_long_subject_and_long_lines_are_written_in_pieces_and_read_as_one(tmp_path: Path) -> None:
    long = "Ihr Geld ist auf dem Rückweg " * 10
    mail = a_mail(subject=long.strip(), body="x" * 2_000 + "\n", html=f"<p>{'y' * 2_000}</p>\n")
    await FolderMail(tmp_path / "mail").send(mail)
    [path] = (tmp_path / "mail").iterdir()
    assert max(map(len, path.read_bytes().split(b"\r\n"))) <= 998
    found = read(tmp_path / "mail")
    assert found["Subject"] == mail.subject
    said = [found.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html")]
    assert said == [mail.body, mail.html]
