"""Whoever has the link ends the offers on its channel; who made a link up ends nothing; bounces stop an address."""

import json
from typing import Any

import pytest

from tests.posts import AGREED, Post
from tests.shops import a_call
from tradewind.contexts.notifications._domain.messages import Channel
from tradewind.contexts.notifications._domain.unsubscribing import UnfitLink, link
from tradewind.contexts.notifications.report_bounce.command import ReportBounce
from tradewind.contexts.notifications.show_message.query import NoSuchMessage, ShowMessage
from tradewind.contexts.notifications.unsubscribe.command import Unsubscribe
from tradewind.contracts.orders import OrderConfirmed
from tradewind.contracts.privacy import Pseudonyms
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money

MARKETING = "SELECT marketing::text FROM customers.preference WHERE user_id = 'ada'"
TOLD = "SELECT count(*) FROM runtime.outbox WHERE type = 'ecommerce.customer.profile.updated.v1'"


def token(post: Post, user_id: str, channel: Channel) -> str:
    keyed: Any = post.shop.db.peers[Pseudonyms]
    return link("", user_id, channel, keyed).partition("token=")[2]


async def test_a_link_that_was_made_up_or_changed_ends_nothing(post: Post) -> None:
    await post.person()
    await post.prefers("ada", None, AGREED)
    good = token(post, "ben", Channel.EMAIL)
    for bad in (
        "",
        "ada",
        "ada.EMAIL",
        "ada.EMAIL.",
        good.replace("ben", "ada"),
        good.replace("EMAIL", "SMS"),
        good[:-1],
    ):
        with pytest.raises(UnfitLink):
            await post.shop.dispatch(Unsubscribe(token=bad), a_call("anonymous"))
    assert json.loads(await post.shop.db.pool.fetchval(MARKETING)) == json.loads(AGREED)
    assert await post.shop.db.pool.fetchval(TOLD) == 0


async def test_a_link_ends_the_offers_on_its_channel_alone_once_or_again(post: Post) -> None:
    await post.person()
    await post.prefers("ada", "SMS", AGREED)
    for _ in range(2):
        wish = Unsubscribe(token=token(post, "ada", Channel.EMAIL))
        await post.shop.dispatch(wish, a_call("anonymous", subject="anonymous"))
    left = await post.shop.db.pool.fetchval(MARKETING)
    assert "EMAIL" not in left
    assert "SMS" in left
    assert await post.shop.db.pool.fetchval(TOLD) == 1


async def test_who_is_gone_can_unsubscribe_and_nothing_comes_of_it(post: Post) -> None:
    await post.shop.dispatch(Unsubscribe(token=token(post, "gone", Channel.SMS)), a_call("anonymous"))
    assert await post.shop.db.pool.fetchval(TOLD) == 0


async def test_what_was_never_sent_does_not_come_back(post: Post) -> None:
    await post.person()
    await post.hears(confirmed(await post.order()))
    message_id = await post.shop.db.pool.fetchval("SELECT id FROM notifications.message")
    for unsent in (message_id, new_id()):
        with pytest.raises(NoSuchMessage):
            await post.shop.dispatch(ReportBounce(message_id=unsent), a_call("admin"))
    assert await post.shop.db.pool.fetchval("SELECT count(*) FROM notifications.bounced") == 0


async def test_a_message_that_came_back_stops_all_mail_to_its_address(post: Post) -> None:
    await post.person()
    await post.hears(confirmed(await post.order()))
    await post.sends()
    message_id = await post.shop.db.pool.fetchval("SELECT id FROM notifications.message")
    for _ in range(2):
        await post.shop.dispatch(ReportBounce(message_id=message_id), a_call("admin"))
    await post.hears(confirmed(await post.order()))
    await post.sends()
    assert [row[2] for row in await post.messages()] == ["BOUNCED", "SKIPPED"]
    assert len(post.mails.took) == 1


async def test_staff_reads_a_message_in_the_words_of_its_receiver(post: Post) -> None:
    await post.person(language="de")
    order_id = await post.order()
    await post.hears(confirmed(order_id))
    message_id = await post.shop.db.pool.fetchval("SELECT id FROM notifications.message")
    said = await post.shop.dispatch(ShowMessage(message_id=message_id), a_call("support"))
    assert said.subject == "Ihre Bestellung ist bestätigt"
    assert f"Bestellung {order_id}" in said.text


def confirmed(order_id: Any) -> OrderConfirmed:
    return OrderConfirmed(order_id=order_id, user_id="ada", total_amount=Money(1250, "EUR").amount, currency="EUR")
