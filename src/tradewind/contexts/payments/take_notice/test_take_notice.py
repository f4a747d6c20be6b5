"""A provider's notice is taken once, believed never, and wakes whoever waits; a forged one changes nothing."""

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from tests.builders import a_product
from tests.challenges import SIGNATURE, SIMULATED, NoticeBody, secret_of, sign
from tests.held import asked, placed
from tests.shops import Shop, a_call, until
from tradewind.contexts.payments.take_notice.command import NoSuchProvider, TakeNotice, forget
from tradewind.contracts.inventory import InventoryReserved
from tradewind.kernel import clock
from tradewind.kernel.cards import CardNumberRefused
from tradewind.kernel.errors import Invalid, Refusal, Unauthenticated
from tradewind.kernel.ids import new_id
from tradewind.runtime import failpoints

ANYBODY = a_call("anonymous")
NOTICES = "SELECT count(*) FROM payments.notice"
ASLEEP = "SELECT due_at > now() + interval '10 seconds' FROM runtime.saga WHERE id = $1"
HEARD = """
    SELECT (p.stamp, p.position) >= (o.stamp, o.position)
    FROM runtime.outbox AS o JOIN runtime.position AS p ON p.subscriber = 'orders.on_peer_answer'
    WHERE o.type = $1 AND o.payload->>'orderId' = $2
"""
"""That its goods are held wakes a saga, too."""
HINTS = "SELECT hints FROM payments.challenge WHERE order_id = $1"


def a_notice(
    shop: Shop, key: str, notice_id: str | None = None, *, secret: str = "", late_s: int = 0, body: bytes = b""
) -> TakeNotice:
    body = body or msgspec.json.encode(NoticeBody(id=notice_id or new_id().hex, type="t", key=key))
    signature = sign(secret or secret_of(shop), body, clock.now() - timedelta(seconds=late_s))
    return TakeNotice(provider=SIMULATED, headers={SIGNATURE: signature}, body=body)


async def a_waiting_order(shop: Shop) -> UUID:
    order_id = await placed(shop, await a_product(shop, "BOOK"), "simulated:challenge-never")
    await asked(shop, order_id)

    async def asleep() -> bool:
        heard = await shop.db.pool.fetchval(HEARD, InventoryReserved.TYPE, str(order_id))
        return bool(heard and await shop.db.pool.fetchval(ASLEEP, order_id))

    await until(shop, asleep)
    return order_id


async def test_what_is_not_signed_by_the_provider_changes_nothing(shop: Shop) -> None:
    refused: list[tuple[type[Refusal], TakeNotice]] = [
        (NoSuchProvider, msgspec.structs.replace(a_notice(shop, "k"), provider="nobody")),
        (Unauthenticated, msgspec.structs.replace(a_notice(shop, "k"), headers={})),
        (Unauthenticated, msgspec.structs.replace(a_notice(shop, "k"), body=b"{}")),
        (Unauthenticated, a_notice(shop, "k", secret="another")),
        (Unauthenticated, a_notice(shop, "k", late_s=301)),
        (Unauthenticated, a_notice(shop, "k", late_s=-400)),
        (Invalid, a_notice(shop, "k", body=b"not JSON")),
        (CardNumberRefused, a_notice(shop, "4111 1111 1111 1111")),
        (CardNumberRefused, a_notice(shop, "k", "4111111111111111")),
    ]
    for kind, command in refused:
        with pytest.raises(kind):
            await shop.dispatch(command, ANYBODY)
    assert await shop.db.pool.fetchval(NOTICES) == 0


async def test_a_notice_of_nothing_that_the_shop_asked_for_is_noted_and_no_more(shop: Shop) -> None:
    for key in ("nonsense", str(new_id()), f"{new_id()}/authorize_payment/0"):
        await shop.dispatch(a_notice(shop, key), ANYBODY)
    assert await shop.db.pool.fetchval(NOTICES) == 3


async def test_a_notice_wakes_who_waits_once_however_often_it_comes(working_shop: Shop) -> None:
    order_id = await a_waiting_order(working_shop)
    notice = a_notice(working_shop, f"{order_id}/authorize_payment/0", "n1")
    for _ in range(3):
        await working_shop.dispatch(notice, ANYBODY)
    assert await working_shop.db.pool.fetchval(HINTS, order_id) == 1
    assert await working_shop.db.pool.fetchval(NOTICES) == 1
    status = "SELECT status FROM payments.payments WHERE order_id = $1"
    assert await working_shop.db.pool.fetchval(status, order_id) == "REQUIRES_ACTION"


async def test_a_shop_that_drops_notices_would_be_noticed(working_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = await a_waiting_order(working_shop)
    monkeypatch.setattr(failpoints, "_PLANTED", frozenset({"notices_are_dropped"}))
    monkeypatch.setattr(failpoints, "_TEST_BUILD", True)
    await working_shop.dispatch(a_notice(working_shop, f"{order_id}/authorize_payment/0"), ANYBODY)
    assert await working_shop.db.pool.fetchval(HINTS, order_id) == 0
    assert await working_shop.db.pool.fetchval(ASLEEP, order_id)


async def test_notices_are_forgotten_when_their_signatures_are_long_too_old(shop: Shop) -> None:
    for notice_id in ("old", "new"):
        await shop.dispatch(a_notice(shop, "k", notice_id), ANYBODY)
    await shop.db.pool.execute(
        "UPDATE payments.notice SET received_at = now() - interval '8 days' WHERE notice_id = 'old'"
    )
    async with shop.db.transaction(a_call("system")) as tx:
        assert await forget(tx) == 1
    assert await shop.db.pool.fetchval("SELECT notice_id FROM payments.notice") == "new"
