"""Row 8: the worker is killed between every pair of steps; each message is in the receiver's mailbox once.

On the wire it may be twice: no protocol lets a sender know that its answer was lost. The receivers judge by the id.
"""

import asyncio
import os
import signal
import sys
from typing import Any, Final

import pytest

from tests.posts import Post
from tests.shops import a_call, until
from tradewind.contracts.orders import OrderConfirmed
from tradewind.kernel.clock import now
from tradewind.kernel.money import Money

STEPS: Final = (
    "notifications.before_owe",
    "notifications.after_owe",
    "relay.after_commit",
    "notifications.before_claim",
    "notifications.after_claim",
    "notifications.before_send",
    "notifications.after_send",
    "notifications.before_record",
    "notifications.after_record",
)
ORDERS: Final = 3
LEFT: Final = "SELECT count(*) FROM notifications.message WHERE status <> 'SENT'"


def where_it_is_noon() -> str:
    """A time zone in which nobody sleeps."""
    ahead = 12 - now().hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


async def a_worker(post: Post, **environment: str) -> asyncio.subprocess.Process:
    settings, engines = post.shop.settings, post.shop.engines
    assert settings.smtp_url is not None
    assert settings.texts_url is not None
    given = {
        "TRADEWIND_HOME": str(settings.home),
        "TRADEWIND_DATABASE_URL": engines.database_url,
        "TRADEWIND_PROVIDER_URL": engines.provider_url,
        "TRADEWIND_SMTP_URL": settings.smtp_url,
        "TRADEWIND_TEXTS_URL": settings.texts_url,
        "TRADEWIND_LOG_LEVEL": "error",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tradewind.app.worker", env={**os.environ, **given, **environment}
    )


@pytest.mark.parametrize("step", STEPS)
async def test_killed_between_any_two_steps_each_message_is_in_the_mailbox_once(post: Post, step: str) -> None:
    await post.person(zone=where_it_is_noon())
    await post.prefers("ada", "SMS")
    amount: dict[str, Any] = {"total_amount": Money(1250, "EUR").amount, "currency": "EUR"}
    orders = [await post.order() for _ in range(ORDERS)]
    async with post.shop.db.transaction(a_call("system")) as tx:
        tx.tell(*(OrderConfirmed(order_id=one, user_id="ada", **amount) for one in orders))
    doomed = await a_worker(post, TRADEWIND_FAILPOINTS=f"{step}=kill")
    async with asyncio.timeout(60):
        assert await doomed.wait() == -signal.SIGKILL

    await post.now_due()
    heir = await a_worker(post)
    try:
        await until(post.shop, lambda: all_sent(post), within_s=60)
    finally:
        heir.terminate()
        await heir.wait()
    rows = await post.messages()
    assert sorted(row[:3] for row in rows) == [
        ("order_confirmed", channel, "SENT") for channel in ("EMAIL", "SMS") for _ in range(ORDERS)
    ]
    assert len(post.mails.mailbox) == len(post.carrier.shown) == ORDERS
    told = " ".join(mail.get_body(("plain",)).get_content() for mail in post.mails.mailbox.values())  # type: ignore[union-attr]
    assert all(str(order_id) in told for order_id in orders)


async def all_sent(post: Post) -> bool:
    return len(await post.messages()) == 2 * ORDERS and await post.shop.db.pool.fetchval(LEFT) == 0
