"""What is owed goes out once an event and channel; what may not go out any more does not."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from tests.posts import AGREED, ErasedMeanwhile, Post
from tests.shops import a_call
from tradewind.contexts.notifications._domain.messages import Channel, Kind
from tradewind.contexts.notifications._domain.timing import MAX_ATTEMPTS
from tradewind.contexts.notifications._store import messages
from tradewind.contexts.notifications._subscribers.owe_messages import owe_messages
from tradewind.contexts.notifications.register_device.command import RegisterDevice
from tradewind.contracts.carts import CartAbandoned
from tradewind.contracts.inventory import AwaitedLine, BackorderAllotted, InventoryBackordered
from tradewind.contracts.orders import OrderCancelled, OrderConfirmed, OrderEdited, OrderFailed, PaymentAwaited
from tradewind.contracts.payments import PaymentRefunded
from tradewind.contracts.returns import ReturnApproved, ReturnReceived, ReturnRejected
from tradewind.contracts.shipping import ShipmentDelivered, ShipmentDispatched
from tradewind.kernel.clock import held
from tradewind.kernel.ids import new_id
from tradewind.kernel.money import Money
from tradewind.ports.mail import Mailer
from tradewind.runtime import failpoints

AMOUNT: Final[dict[str, Any]] = {"total_amount": Money(1250, "EUR").amount, "currency": "EUR"}
NOON: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)
NIGHT: Final = datetime(2026, 11, 28, 23, tzinfo=UTC)


def confirmed(order_id: Any, user_id: str = "ada") -> OrderConfirmed:
    return OrderConfirmed(order_id=order_id, user_id=user_id, **AMOUNT)


def edited(order_id: UUID, total: int) -> OrderEdited:
    """It came to 12.50 EUR before."""
    nothing = Money(0, "EUR").amount
    return OrderEdited(
        order_id=order_id, edit_id=new_id(), user_id="ada", previous_amount=Money(1250, "EUR").amount,
        total_amount=Money(total, "EUR").amount, currency="EUR", items=(), shipping_amount=nothing, tax_amount=nothing,
        discount_amount=nothing, address_changed=False,
    )  # fmt: skip


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


async def test_nobody_is_written_to_who_left_no_address(post: Post) -> None:
    order_id = await post.order("nobody")
    await post.hears(confirmed(order_id, "nobody"), confirmed(new_id()), CartAbandoned(cart_id=new_id(), lines=1))
    assert await post.messages() == []


async def test_who_opted_out_gets_no_marketing_and_the_order_is_told_all_the_same(post: Post) -> None:
    await post.person()
    await post.hears(CartAbandoned(cart_id=await post.cart(), lines=2), confirmed(await post.order()))
    assert await post.messages() == [("order_confirmed", "EMAIL", "OWED", None, 0)]


async def opted_out_in_between(post: Post) -> list[tuple[Any, ...]]:
    """Somebody agreed, a message is owed, and they change their mind before it goes out."""
    await post.person()
    await post.prefers("ada", None, AGREED)
    await post.hears(CartAbandoned(cart_id=await post.cart(), lines=2))
    await post.prefers("ada", None, "{}")
    with held(NOON):
        await post.sends(Channel.EMAIL)
        await post.sends(Channel.SMS)
    return await post.messages()


async def test_an_opt_out_between_owing_and_sending_is_heard(post: Post) -> None:
    assert await opted_out_in_between(post) == [
        ("cart_abandoned", "EMAIL", "SKIPPED", "opted out", 0),
        ("cart_abandoned", "SMS", "SKIPPED", "opted out", 0),
    ]
    assert (post.mails.took, post.carrier.took) == ([], [])


async def test_the_bar_of_the_opt_out_is_seen_to_fail(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"offers_to_who_opted_out"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    await opted_out_in_between(post)
    assert (len(post.mails.took), len(post.carrier.took)) == (1, 1)


async def test_a_cart_that_was_bought_meanwhile_is_not_written_about(post: Post) -> None:
    await post.person()
    await post.prefers("ada", None, AGREED)
    cart_id = await post.cart()
    await post.hears(CartAbandoned(cart_id=cart_id, lines=2))
    await post.shop.db.pool.execute("UPDATE carts.carts SET status = 'EXPIRED' WHERE id = $1", cart_id)
    with held(NOON):
        await post.sends()
    assert (await post.messages())[0][2:4] == ("SKIPPED", "the cart is closed")
    assert post.mails.took == []


async def test_one_event_is_one_message_a_channel_however_often_it_is_heard(post: Post) -> None:
    await post.person()
    await post.prefers("ada", "SMS")
    await post.shop.dispatch(RegisterDevice(token="device-1"), a_call("customer", subject="ada"))
    event = confirmed(await post.order())
    await post.hears(event, event)
    await post.hears(event)
    with held(NOON):
        for channel in (*Channel, *Channel):
            await post.sends(channel)
    assert await post.messages() == [("order_confirmed", name, "SENT", None, 0) for name in ("EMAIL", "PUSH", "SMS")]
    assert len(post.mails.took) == 1
    assert [(one["channel"], one["to"]) for one in post.carrier.took] == [
        ("SMS", "+447911123456"),
        ("PUSH", "device-1"),
    ]
    assert set(post.carrier.keys) == {"Bearer the key"}
    assert "12.50 EUR" in post.carrier.took[0]["body"]


async def test_a_mail_has_both_parts_in_the_language_of_its_receiver(post: Post) -> None:
    await post.person(language="de-CH")
    order_id = await post.order()
    await post.hears(confirmed(order_id))
    await post.sends()
    [mail] = post.mails.took
    assert (mail["Subject"], mail["To"]) == ("Ihre Bestellung ist bestätigt", "ada@example.org")
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    for part in parts:
        assert part is not None
        assert f"Bestellung {order_id} über 12.50 EUR" in part.get_content()
    assert mail["List-Unsubscribe"] is None


async def test_every_shipment_and_every_refund_is_written_about_once(post: Post) -> None:
    await post.person()
    order_id, payment_id, shipments = await post.order(), new_id(), [new_id(), new_id()]
    refund = PaymentRefunded(
        order_id=order_id, payment_id=payment_id, amount=Money(250, "EUR").amount, currency="EUR", reason="r"
    )
    await post.hears(
        *(ShipmentDispatched(order_id=order_id, shipment_id=one, tracking_number="T1") for one in shipments), refund
    )
    await post.hears(refund, *(ShipmentDelivered(order_id=order_id, shipment_id=one) for one in shipments), refund)
    kinds = [kind for kind, *_ in await post.messages()]
    assert sorted(kinds) == ["order_delivered"] * 2 + ["order_refunded"] * 3 + ["order_shipped"] * 2


async def test_a_return_is_written_about_by_mail_when_it_is_decided_and_when_it_has_arrived(post: Post) -> None:
    await post.person()
    await post.prefers("ada", "SMS")
    order, first, second = await post.order(), new_id(), new_id()
    told = [
        ReturnApproved(return_id=first, order_id=order, number="RMA-1"),
        ReturnRejected(return_id=second, order_id=order),
        ReturnReceived(return_id=first, order_id=order),
    ]
    for _ in range(2):
        await post.hears(*told)
    await post.sends()
    assert [row[:3] for row in await post.messages()] == [
        (kind, "EMAIL", "SENT") for kind in ("return_approved", "return_received", "return_rejected")
    ]
    texts = [mail.get_body(("plain",)).get_content() for mail in post.mails.took]  # type: ignore[union-attr]
    assert ["RMA-1" in text for text in texts].count(True) == 1
    assert all(str(order) in text for text in texts)


async def test_everything_that_happens_to_an_order_its_parcels_its_money_and_its_returns_is_written_about(
    post: Post,
) -> None:
    await post.person()
    order, money = await post.order(), {"currency": "EUR"}
    parcel: dict[str, Any] = {"order_id": order, "shipment_id": new_id()}
    back: dict[str, Any] = {"order_id": order, "return_id": new_id()}
    total: dict[str, Any] = {"total_amount": Money(1250, "EUR").amount, **money}
    refund: dict[str, Any] = {"amount": Money(100, "EUR").amount, "payment_id": new_id(), **money}
    told = [
        PaymentAwaited(order_id=order), confirmed(order), OrderCancelled(order_id=order, reason="no", **total),
        OrderFailed(order_id=order, cause="nobody answers"), ShipmentDispatched(tracking_number="TW1", **parcel),
        ShipmentDelivered(**parcel), PaymentRefunded(order_id=order, reason="back", **refund),
        ReturnApproved(number="RMA-1", **back), ReturnRejected(**back), ReturnReceived(**back),
        InventoryBackordered(order_id=order, items=(AwaitedLine("KITE", 2),), until=NOON),
        BackorderAllotted(order_id=order, items=(), still_waiting=0), edited(order, 1500),
    ]  # fmt: skip
    assert {type(one) for one in told} | {CartAbandoned} == set(owe_messages.events)
    await post.hears(*told)
    await post.sends()
    rows = await post.messages()
    assert {row[0] for row in rows} == set(Kind) - {Kind.CART_ABANDONED}
    assert [row[1:3] for row in rows] == [("EMAIL", "SENT")] * len(told)


async def test_a_guests_order_is_told_to_the_address_that_came_with_it(post: Post) -> None:
    order_id = await post.order("guest-1", email="gus@example.org")
    cancelled = OrderCancelled(order_id=order_id, user_id="guest-1", reason="r", **AMOUNT)
    await post.hears(confirmed(order_id, "guest-1"), cancelled)
    await post.sends()
    assert [str(mail["To"]) for mail in post.mails.took] == ["gus@example.org"] * 2


async def test_what_may_not_have_been_taken_goes_again_as_the_same_mail(post: Post) -> None:
    await post.person()
    await post.hears(confirmed(await post.order()))
    post.mails.script = ["later", "full", "lost"]
    for attempt in (1, 2, 3):
        await post.sends()
        assert await post.messages() == [("order_confirmed", "EMAIL", "OWED", None, attempt)]
        assert await post.sends() == 0, "it is not due again at once"
        await post.now_due()
    await post.sends()
    assert (await post.messages())[0][2] == "SENT"
    assert (len(post.mails.took), len(post.mails.mailbox)) == (2, 1)


async def test_a_text_that_may_not_have_been_taken_goes_again_under_the_same_key(post: Post) -> None:
    await post.person()
    await post.prefers("ada", "SMS")
    await post.hears(confirmed(await post.order()))
    post.carrier.script = ["500", "429", "lost"]
    with held(NOON):
        for _ in range(4):
            await post.sends(Channel.SMS)
            await post.now_due()
    assert ("order_confirmed", "SMS", "SENT", None, 3) in await post.messages()
    assert (len(post.carrier.took), len(post.carrier.shown)) == (2, 1)


async def test_a_message_that_is_never_taken_is_given_up_after_so_many_tries(post: Post) -> None:
    await post.person()
    await post.hears(confirmed(await post.order()))
    await post.shop.db.pool.execute("UPDATE notifications.message SET attempt = $1", MAX_ATTEMPTS - 1)
    post.mails.script = ["later"]
    await post.sends()
    assert (await post.messages())[0][2:4] == ("FAILED", "MailServerAway")
    await post.now_due()
    assert await post.sends() == 0


async def test_an_address_that_is_refused_gets_no_more_mail_and_others_do(post: Post) -> None:
    await post.person()
    first, second = await post.order(), await post.order()
    await post.hears(confirmed(first))
    post.mails.script = ["unknown"]
    await post.sends()
    await post.hears(confirmed(second), confirmed(await post.order("ben", email="ben@example.org"), "ben"))
    await post.sends()
    assert sorted((status, why) for _, _, status, why, _ in await post.messages() if status != "SENT") == [
        ("BOUNCED", "refused: 550"),
        ("SKIPPED", "nobody is reached there"),
    ]
    assert [str(mail["To"]) for mail in post.mails.took] == ["ben@example.org"]


async def test_quiet_hours_are_those_of_the_person_and_mails_about_orders_do_not_wait(post: Post) -> None:
    for user_id, zone in (("ada", "UTC"), ("ben", "America/Los_Angeles")):
        await post.person(user_id, zone=zone)
        await post.prefers(user_id, "SMS")
        await post.hears(confirmed(await post.order(user_id), user_id))
    with held(NIGHT):
        await post.sends(Channel.SMS)
        await post.sends(Channel.EMAIL)
    assert (len(post.carrier.took), len(post.mails.took)) == (1, 2)
    due = await post.shop.db.pool.fetchval("SELECT due_at FROM notifications.message WHERE status = 'OWED'")
    assert due == datetime(2026, 11, 29, 8, tzinfo=UTC)


async def test_a_channel_sends_no_more_than_its_pace(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    from tradewind.contexts.notifications.send_messages import timer

    monkeypatch.setattr(timer, "PER_MINUTE", dict.fromkeys(Channel, 2.0))
    await post.person()
    await post.hears(*[confirmed(await post.order()) for _ in range(5)])
    assert [await post.sends() for _ in range(3)] == [2, 0, 0]
    await post.shop.db.pool.execute("UPDATE notifications.pace SET at = at - interval '30 seconds'")
    assert [await post.sends() for _ in range(2)] == [1, 0]
    assert len(post.mails.took) == 3


async def sent_by_one_who_dies(post: Post) -> None:
    """A worker hands a mail over and dies; another finds it under a lease, and sends it when that is over."""
    await post.person()
    await post.hears(confirmed(await post.order()))
    failpoints.arm({"notifications.after_send": "raise"})
    try:
        with pytest.raises(failpoints.FailpointHit):
            await post.sends()
    finally:
        failpoints.arm({})
    assert await post.sends() == 0, "under a lease"
    await post.now_due()
    assert await post.sends() == 1
    assert (await post.messages())[0][2] == "SENT"


async def test_what_a_dead_worker_had_in_its_hands_is_sent_again_as_the_same_mail(post: Post) -> None:
    await sent_by_one_who_dies(post)
    assert (len(post.mails.took), len(post.mails.mailbox)) == (2, 1)


async def test_the_bar_of_once_in_the_mailbox_is_seen_to_fail(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"new_id_each_try"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    await sent_by_one_who_dies(post)
    assert (len(post.mails.took), len(post.mails.mailbox)) == (2, 2)


async def test_a_late_word_of_a_worker_that_was_paused_comes_to_nothing(post: Post) -> None:
    await post.person()
    await post.hears(confirmed(await post.order()))
    async with post.shop.db.transaction(a_call("system")) as tx:
        [paused] = await messages.claim(tx, Channel.EMAIL, 1, 60.0)
    await post.now_due()
    assert await post.sends() == 1
    async with post.shop.db.transaction(a_call("system")) as tx:
        await messages.settle(tx, [(paused, "FAILED", "late", None)])
    assert await post.messages() == [("order_confirmed", "EMAIL", "SENT", None, 0)]


async def test_who_is_erased_while_a_mail_is_on_its_way_has_none_left_in_the_shops_folder(
    post: Post, tmp_path: Path
) -> None:
    peers: Any = post.shop.db.peers
    peers[Mailer] = ErasedMeanwhile(tmp_path / "mail", post.shop.db.pool)
    for user_id in ("ada", "ben"):
        await post.person(user_id)
        await post.hears(confirmed(await post.order(user_id), user_id))
    await post.sends()
    assert [path.name.split(".")[0] for path in (tmp_path / "mail").glob("*.eml")] == ["ben"]
    assert [row[2] for row in await post.messages()] == ["SENT"]


async def test_who_waits_for_goods_hears_of_it_and_then_once_that_all_of_them_are_there(post: Post) -> None:
    await post.person()
    order_id = await post.order()
    waits = InventoryBackordered(order_id=order_id, items=(AwaitedLine("KITE", 2), AwaitedLine("ROPE", 1)), until=NOON)
    first = BackorderAllotted(order_id=order_id, items=(), still_waiting=1)
    last = BackorderAllotted(order_id=order_id, items=(), still_waiting=0)
    await post.hears(waits, first)
    await post.hears(last, last)
    with held(NOON):
        await post.sends(Channel.EMAIL)
    assert sorted((one[0], one[2]) for one in await post.messages()) == [
        ("order_backordered", "SENT"),
        ("order_goods_ready", "SENT"),
    ]
    said = [plain(mail) for mail in post.mails.took if "KITE" in plain(mail)]
    assert ["2 × KITE, 1 × ROPE" in one and "by 2026-11-28" in one for one in said] == [True]


@pytest.mark.parametrize(
    ("total", "said"),
    [(1500, "2.50 EUR more than before (12.50 EUR)"), (1000, "2.50 EUR less than before (12.50 EUR)"), (1250, "")],
)
async def test_who_had_an_order_changed_is_told_what_it_comes_to_now(post: Post, total: int, said: str) -> None:
    await post.person()
    event = edited(await post.order(), total)
    await post.hears(event, event)
    with held(NOON):
        await post.sends(Channel.EMAIL)
    (mail,) = post.mails.took
    text = plain(mail)
    assert f"comes to {Money(total, 'EUR').amount} EUR" in text
    assert said in text
    assert ("more than" in text, "less than" in text) == (total > 1250, total < 1250)
