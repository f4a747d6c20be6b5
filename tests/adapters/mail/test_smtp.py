"""The port `mail` over SMTP, against a real server: once by its id, a no told from trouble, headers that stay ours."""

import pytest

from tests.adapters.mail.test_mail import a_mail
from tests.receivers import a_mail_server
from tradewind.adapters.mail.smtp import MailServerAway, SmtpMail
from tradewind.kernel.errors import Unavailable
from tradewind.ports.mail import Undeliverable

pytestmark = pytest.mark.adapter("smtp", played=True)

SENDER = "shop@shop.test"


async def test_nobody_writes_headers_of_their_own_and_nothing_is_sent() -> None:
    async with a_mail_server() as server:
        for more in ({"subject": "x\r\nBcc: all@shop.test"}, {"recipient": "ada@shop.test\nBcc: all@shop.test"}):
            with pytest.raises(ValueError):
                await SmtpMail(server.url, sender=SENDER).send(a_mail(**more))
        assert server.took == []


@pytest.mark.parametrize("word", ["later", "full", "lost"])
async def test_what_may_not_have_been_taken_is_not_said_to_be_sent(word: str) -> None:
    async with a_mail_server() as server:
        server.script = [word]
        mailer, mail = SmtpMail(server.url, sender=SENDER), a_mail()
        with pytest.raises(MailServerAway):
            await mailer.send(mail)
        await mailer.send(mail)
        assert list(server.mailbox) == [f"<{mail.id}@shop.test>"]


async def test_an_address_at_which_nobody_is_reached_is_undeliverable() -> None:
    async with a_mail_server() as server:
        server.script = ["unknown"]
        with pytest.raises(Undeliverable):
            await SmtpMail(server.url, sender=SENDER).send(a_mail())


async def test_a_server_that_is_not_there_is_away() -> None:
    async with a_mail_server() as server:
        mailer = SmtpMail(server.url, sender=SENDER)
    with pytest.raises(Unavailable):
        await mailer.send(a_mail())


async def test_a_mail_says_what_it_was_given() -> None:
    mail = a_mail(subject="Grüße an Zoë", body="Straße\n", html="<p>Straße</p>", unsubscribe_url="https://shop.test/u")
    async with a_mail_server() as server:
        await SmtpMail(server.url, sender=SENDER).send(mail)
        [found] = server.took
    assert (found["Subject"], found["From"], found["To"]) == ("Grüße an Zoë", SENDER, "ada@shop.test")
    assert found["List-Unsubscribe"] == "<https://shop.test/u>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts = [found.get_body((kind,)) for kind in ("plain", "html")]
    assert [part and part.get_content().strip() for part in parts] == ["Straße", "<p>Straße</p>"]
