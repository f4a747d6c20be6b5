"""Mails that come back, as mail servers report it; read by the command that an alias pipes them into."""

import asyncio
import json
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from tests.posts import Post
from tradewind.app.commands.notifications import app
from tradewind.contexts.notifications._domain.bounces import came_back
from tradewind.contracts.orders import OrderConfirmed
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

REPORT = """\
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: shop@tradewind.localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4Xyz
Arrival-Date: Sat, 28 Nov 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 No such user

--B
Content-Description: Undelivered Message
Content-Type: {quoted}

From: shop@tradewind.localhost
To: ada@example.org
Message-ID: <{id}@{domain}>
Subject: Your order

{body}
--B--
"""


def report(id_: object, **changed: str) -> bytes:
    """What Postfix writes."""
    said = {
        "action": "failed", "status": "5.1.1", "quoted": "message/rfc822", "domain": "tradewind.localhost",
        "body": "Thank you.\n", **changed,
    }  # fmt: skip
    return REPORT.format(id=id_, **said).encode()


def a_reply() -> bytes:
    """Somebody on holiday."""
    mail = EmailMessage()
    mail["Subject"], mail["In-Reply-To"] = "Out of office", f"<{new_id()}@tradewind.localhost>"
    mail.set_content("Action: failed\nStatus: 5.1.1\n")
    return bytes(mail)


@pytest.mark.parametrize(
    "changed",
    [{"action": "delayed", "status": "4.4.1"}, {"action": "failed", "status": "4.4.7"}, {"action": "delivered"}],
)
def test_what_is_not_refused_for_good_has_not_come_back(changed: dict[str, str]) -> None:
    assert came_back(report(new_id(), **changed)) is None


@pytest.mark.parametrize("strange", [b"", b"\xff\xfe\x00", report("not-ours"), a_reply()])
def test_what_is_no_report_about_a_message_of_the_shop_is_left_alone(strange: bytes) -> None:
    assert came_back(strange) is None


@pytest.mark.parametrize("quoted", ["message/rfc822", "text/rfc822-headers"])
def test_the_message_that_was_refused_for_good_is_found_by_its_id(quoted: str) -> None:
    id_ = new_id()
    assert came_back(report(id_, quoted=quoted)) == id_


async def bounced(post: Post, mail: bytes, *words: str) -> Result:
    """The command, in a thread with a loop of its own."""
    environment = {
        "TRADEWIND_HOME": str(post.shop.settings.home),
        "TRADEWIND_DATABASE_URL": post.shop.engines.database_url,
        "TRADEWIND_PROVIDER_URL": post.shop.engines.provider_url,
    }
    return await asyncio.to_thread(CliRunner(env=environment).invoke, app, ["bounced", *words], input=mail)


async def confirmed(post: Post) -> None:
    """Ada is told that her order is confirmed."""
    total: dict[str, Any] = {"total_amount": Money(1250, "EUR").amount, "currency": "EUR"}
    await post.hears(OrderConfirmed(order_id=await post.order(), user_id="ada", **total))
    await post.sends()


async def test_after_a_mail_came_back_nothing_more_goes_to_that_address(post: Post) -> None:
    await post.person()
    await confirmed(post)
    (mail,) = post.mails.took
    id_ = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    for _ in range(2):
        result = await bounced(post, report(id_, domain="example.org"))
        assert (result.exit_code, result.stdout) == (0, f"message {UUID(id_)} came back\n"), result.output
    result = await bounced(post, report(id_, domain="example.org"), "--json")
    assert json.loads(result.stdout) == {"cameBack": str(UUID(id_))}, result.output
    await confirmed(post)
    assert [row[2:4] for row in await post.messages()] == [
        ("BOUNCED", "came back"), ("SKIPPED", "nobody is reached there"),
    ]  # fmt: skip
    assert len(post.mails.took) == 1


async def test_a_report_about_a_message_that_was_never_sent_changes_nothing(post: Post) -> None:
    await post.person()
    assert (await bounced(post, report(new_id()))).exit_code == 1
    assert (await bounced(post, a_reply())).stdout == "nothing came back\n"
    assert json.loads((await bounced(post, a_reply(), "--json")).stdout) == {"cameBack": None}
    await confirmed(post)
    assert [row[2] for row in await post.messages()] == ["SENT"]
